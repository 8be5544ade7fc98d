import { describe, expect, test } from "vitest";
import type { Finding, Outcome } from "../../src/check.js";
import { runChecks } from "../../src/run-checks.js";
import { badSources } from "../../src/source/bad-sources.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

interface Plan {
  readonly sources: number;
  readonly records: number;
  /** Share that another check disputes, by source. */
  readonly rate: (source: number) => number;
}

/** What is found when another check disputes records by this plan. */
async function find(seed: number, { sources, records, rate }: Plan, showValues = true) {
  const random = randomOf(seed);
  const s = Array.from({ length: records }, () => Math.floor(random() * sources));
  const columns = {
    id: s.map((_, i) => i),
    s: s.map((k) => `site ${k}`),
    y: s.map(() => `c${Math.floor(random() * 3)}`),
  };
  const { table, rowOf } = tableOf({ ...columns, x: s.map(() => (random() < 0.05 ? null : random())) });
  const disputed = s.flatMap((source, i) => (random() < rate(source) ? [rowOf[i] as number] : []));
  const outcome = { check: "label-flips", version: "1", status: "completed", disputed } as unknown as Outcome;
  const data = tableData(table, tableShape(table, { label: "y", source: "s" }));
  return badSources().run(data, {}, contextOf({ showValues, results: [{ outcome, findings: [] }] }));
}

describe("badSources()", () => {
  test("is quiet when sources are alike: at most 5 of 60 runs with any finding, at fdr .05", async () => {
    let runs = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { findings } = await find(seed, { sources: 3 + (seed % 20), records: 400, rate: () => 0.1 });
      if (findings.length > 0) runs++;
    }
    expect(runs).toBeLessThanOrEqual(5);
  });
  test("is quiet when honest sources differ by a third: at most 4 of 20 runs accuse one", async () => {
    let runs = 0;
    for (let seed = 0; seed < 20; seed++) {
      const normal = normalOf(seed);
      const rates = Array.from({ length: 20 }, () => Math.min(0.5, 0.08 * Math.exp(0.33 * normal())));
      const { findings } = await find(seed, { sources: 20, records: 3000, rate: (k) => rates[k] as number });
      if (findings.some(({ kind }) => kind === "source")) runs++;
    }
    expect(runs).toBeLessThanOrEqual(4);
  });
  test("finds the one source of 20 whose labels are flipped for a fifth, and accuses no other", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const { findings, outcome } = await find(seed, {
        sources: 20,
        records: 3000,
        rate: (k) => (k === 7 ? 0.25 : 0.05),
      });
      const accused = findings.filter(({ kind }) => kind === "source");
      expect(accused.map(({ evidence }) => evidence.source)).toEqual(["site 7"]);
      expect(accused[0]).toMatchObject({ severity: "high", check: "bad-sources" });
      expect(accused[0]?.evidence.measures).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ measure: "label-flips disputed", marked: expect.any(Number) }),
        ]),
      );
      expect(outcome).toMatchObject({ calibration: "exact", fdr: 0.05 });
    }
  });
  test("names no source when values may not be shown", async () => {
    const result = await find(1, { sources: 20, records: 3000, rate: (k) => (k === 7 ? 0.4 : 0.05) }, false);
    expect(result.findings.length).toBeGreaterThan(0);
    expect(JSON.stringify(result)).not.toMatch(/site/);
  });
  test("counts copies of a record once", async () => {
    const n = 400;
    const copied = Array.from({ length: 80 }, () => 0);
    const rows = [...Array.from({ length: n }, (_, i) => i), ...copied];
    const { table } = tableOf({ id: rows, s: rows.map((i) => `s${i % 4}`), x: rows.map((i) => i / 7) });
    const suspects = Array.from({ length: table.length }, (_, row) => row).filter(
      (row) => table.columns[0]?.kind === "number" && table.columns[0].values[row] === 0,
    );
    const outcome = { check: "outliers", status: "completed", suspects } as unknown as Outcome;
    const data = tableData(table, tableShape(table, { source: "s" }));
    const { findings } = await badSources().run(data, {}, contextOf({ results: [{ outcome, findings: [] }] }));
    expect(suspects).toHaveLength(81);
    expect(findings).toEqual([]);
  });
  test("calls a source that holds most of what outliers merely rank first a composition, and one that it accuses bad", async () => {
    const { table } = tableOf({ s: Array.from({ length: 600 }, (_, i) => `s${i % 6}`), x: [...Array(600).keys()] });
    const data = tableData(table, tableShape(table, { source: "s" }));
    const ofOne = [...Array(600).keys()].filter((row) => {
      const [s] = table.columns;
      return s?.kind === "category" && s.categories[s.codes[row] as number] === "s1";
    });
    const outcome = { check: "outliers", status: "completed", suspects: ofOne.slice(0, 12) } as unknown as Outcome;
    const accused = ofOne.slice(0, 12).map((row) => ({ ...data.place(row), check: "outliers" }) as Finding);
    const answers = async (findings: readonly Finding[]) =>
      (await badSources().run(data, {}, contextOf({ results: [{ outcome, findings }] }))).findings
        .map(({ kind, severity }) => `${kind} ${severity}`)
        .sort();
    expect(await answers([])).toEqual(["composition low"]);
    expect(await answers(accused)).toEqual(["composition low", "source high"]);
  });
  test("calls missing values and label mix of a source a composition, low", async () => {
    const n = 600;
    const { table } = tableOf({
      id: Array.from({ length: n }, (_, i) => i),
      s: Array.from({ length: n }, (_, i) => `s${i % 6}`),
      y: Array.from({ length: n }, (_, i) => (i % 6 === 2 ? "a" : `c${i % 5}`)),
      x: Array.from({ length: n }, (_, i) => (i % 6 === 1 ? null : i / 7)),
    });
    const { findings } = await runChecks({ data: tableData(table), setRoot: new Uint8Array(32) }, [badSources()], {
      roles: { label: "y", source: "s" },
    });
    expect(findings.map(({ kind, severity, evidence }) => [kind, severity, evidence.source]).sort()).toEqual([
      ["composition", "low", "s1"],
      ["composition", "low", "s2"],
    ]);
  });
  test.each([
    ["no source column", {}, /needs the source column/],
    ["one source", { source: "one" }, /nothing to compare/],
    ["a source for each record", { source: "id" }, /too few of each/],
  ])("is skipped with %s", async (_, roles, reason) => {
    const { table } = tableOf({ id: Array.from({ length: 30 }, (_, i) => i), one: Array(30).fill("s") });
    const { outcomes } = await runChecks({ data: tableData(table), setRoot: new Uint8Array(32) }, [badSources()], {
      roles,
    });
    expect(outcomes[0]).toMatchObject({ status: "skipped", reason: expect.stringMatching(reason) });
  });
});

test("runChecks() answers by source for every check when there is a source column", async () => {
  const rows = [...Array.from({ length: 40 }, (_, i) => i), 0, 0, 4];
  const { table } = tableOf({ x: rows, s: rows.map((i) => `s${i % 4}`) });
  const { exactDuplicates } = await import("../../src/duplicate/exact-duplicates.js");
  const { outcomes } = await runChecks({ data: tableData(table), setRoot: new Uint8Array(32) }, [exactDuplicates()], {
    roles: { source: "s" },
  });
  // The interval is Wilson's, as statsmodels gives it: proportion_confint(3, 13, method="wilson").
  expect(outcomes[0]?.sources?.[0]).toEqual({
    source: "s0",
    records: 13,
    findings: 3,
    suspects: 0,
    rate: 0.230769231,
    low: 0.0817952872,
    high: 0.502563759,
  });
  expect(outcomes[0]?.sources).toHaveLength(4);
});
