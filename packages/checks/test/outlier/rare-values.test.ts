import { describe, expect, it } from "vitest";
import type { CheckContext, Roles } from "../../src/check.js";
import { rareValues } from "../../src/outlier/rare-values.js";
import { similarValues } from "../../src/outlier/similar-values.js";
import { runChecks } from "../../src/run-checks.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

type Columns = Record<string, (number | string | null)[]>;

async function run(columns: Columns, roles: Roles = {}, over: Partial<CheckContext> = {}) {
  const { table, rowOf } = tableOf(columns);
  const data = tableData(table, tableShape(table, roles));
  return { ...(await rareValues().run(data, {}, contextOf(over))), rowOf };
}

/** Height, weight that follows it, a city, and whether somebody looked at the record; heavy tails. */
function people(seed: number, n: number): { height: number[]; weight: number[]; city: string[]; seen: string[] } {
  const [random, normal] = [randomOf(seed), normalOf(seed + 1000)];
  const columns = { height: [] as number[], weight: [] as number[], city: [] as string[], seen: [] as string[] };
  for (let i = 0; i < n; i++) {
    const height = 170 + 10 * normal();
    columns.height.push(height);
    columns.weight.push(height - 100 + 5 * normal() ** 3);
    columns.city.push(["Utrecht", "Rotterdam", "Gent"][Math.floor(3 * random())]!);
    columns.seen.push(i % 3 === 0 ? "yes" : "no");
  }
  return columns;
}
/** A day of 2024 as text. */
function dayText(day: number): string {
  return new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
}
const trusted = { trusted: { column: "seen", value: "yes" } };

describe("similarValues()", () => {
  const find = (values: Record<string, number>) => {
    const cells = Object.entries(values).flatMap(([text, count]) => Array<string>(count).fill(text));
    const { table } = tableOf({ cell: cells });
    const column = table.columns[0]! as Extract<(typeof table.columns)[0], { kind: "category" }>;
    const rows = Int32Array.from({ length: table.length }, (_, row) => row);
    return similarValues(column, rows).map(({ rare, common }) => [column.categories[rare], column.categories[common]]);
  };

  it.each([
    ["a missing character", "Roterdam", "Rotterdam"],
    ["a wrong one", "Utrechd", "Utrecht"],
    ["two exchanged", "Utrehct", "Utrecht"],
    ["two slips of a long word", "Rottredan", "Rotterdam"],
    ["case", "GENT", "Gent"],
    ["spaces", " Gent  ", "Gent"],
    ["the Unicode form", "Liége".normalize("NFD"), "Liége"],
  ])("knows %s", (_, rare, common) => {
    expect(find({ [common]: 200, Amsterdam: 150, [rare]: 2 })).toEqual([[rare, common]]);
  });

  it.each([
    ["short words", "cat", "car"],
    ["two slips of a short word", "Utrxcyt", "Utrecht"],
    ["other digits", "grade 11", "grade 10"],
    ["other words", "Brugge", "Utrecht"],
  ])("leaves %s alone", (_, rare, common) => {
    expect(find({ [common]: 200, [rare]: 2 })).toEqual([]);
  });

  it("compares with what is fifty times as frequent, and leaves free text alone", () => {
    expect(find({ Rotterdam: 149, Roterdam: 3 })).toEqual([]);
    expect(find({ Rotterdam: 150, Roterdam: 3 })).toHaveLength(1);
    expect(find({ Rotterdam: 4000, Roterdam: 4 })).toEqual([]);
    expect(find(Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`value ${"ab".repeat(i)}`, 50])))).toEqual(
      [],
    );
  });
});

describe("rareValues()", () => {
  it("claims nothing about numbers without trusted records, and ranks", async () => {
    const columns = people(1, 500);
    columns.weight[7] = columns.height[7]! + 60;
    const { outcome, findings, scores, rowOf } = await run(columns);
    expect(outcome).toMatchObject({ status: "completed", calibration: "uncalibrated", findings: 0 });
    expect(outcome).not.toHaveProperty("fdr");
    expect(findings).toEqual([]);
    expect(outcome.notes.join()).toContain("without trusted records");
    expect(outcome.suspects![0]).toBe(rowOf[7]);
    expect(scores![rowOf[7]!]).toBe(Math.max(...scores!));
  });

  it("says of suspects which cell it is and what would have been expected: a number, a category, a date", async () => {
    const columns: Columns = { ...people(3, 500), day: Array.from({ length: 500 }, (_, i) => dayText(i % 200)) };
    columns.weight = columns.height!.map((height, i) => Number(height) - 100 + (i % 7));
    columns.weight[7] = 900;
    columns.city![8] = "Atlantis";
    columns.day![9] = "2091-05-01";
    const { outcome, rowOf } = await run(columns);
    expect(outcome.reasons!.map(({ record }) => record)).toEqual(outcome.suspects);
    const reasonOf = (i: number) => outcome.reasons!.find(({ record }) => record === rowOf[i])!;
    expect(reasonOf(7).message).toMatch(/^Column "weight" holds 900 here, where the rest suggests \d+(\.\d+)?\.$/);
    expect(reasonOf(7).evidence).toMatchObject({ column: "weight", value: 900 });
    expect(reasonOf(8).message).toMatch(
      /^Column "city" holds "Atlantis" here that 1 of 500 distinct records have, where the most frequent is "/,
    );
    expect(reasonOf(9).evidence).toMatchObject({ column: "day", value: "2091-05-01" });
    expect(reasonOf(9).evidence.expected).toMatch(/^2024-\d\d-\d\d$/);
    expect(outcome).not.toHaveProperty("fdr");
  });

  it("says nothing of values in reasons where leaves are keyed", async () => {
    const columns = people(3, 300);
    columns.city[8] = "Atlantis";
    const { outcome } = await run(columns, {}, { showValues: false });
    expect(outcome.reasons).toHaveLength(10);
    expect(JSON.stringify(outcome)).not.toContain("Atlantis");
    for (const { evidence } of outcome.reasons!) {
      expect(evidence).not.toHaveProperty("value");
      expect(evidence).not.toHaveProperty("expected");
    }
  });

  it("names the cell, its value and the value to expect, where records are trusted", async () => {
    const columns = people(2, 1500);
    const wrong = Array.from({ length: 20 }, (_, i) => 69 * i + 1);
    for (const i of wrong) columns.weight[i] = columns.weight[i]! * 10;
    const { outcome, findings, rowOf } = await run(columns, trusted, { fdr: 0.1 });
    expect(outcome).toMatchObject({ status: "completed", calibration: "conformal", fdr: 0.1 });
    const planted = new Set(wrong.map((i) => rowOf[i]!));
    const right = findings.filter(({ record, evidence }) => planted.has(record) && evidence["column"] === "weight");
    expect(right).toHaveLength(20);
    expect(findings.length - right.length).toBeLessThanOrEqual(4);
    for (const { evidence, kind, q } of right) {
      expect(kind).toBe("far-value");
      expect(q).toBeLessThanOrEqual(0.1);
      // The others of the record hardly know the weight to 30 kg, but they know that it is not 700.
      expect(evidence["expected"]).toBeGreaterThan(20);
      expect(evidence["expected"]).toBeLessThan(130);
    }
  });

  it("is quiet on clean data: findings in at most 10 % of 60 tables at .05", async () => {
    let loud = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { findings } = await run(people(100 + seed, 900), trusted);
      if (findings.length > 0) loud++;
    }
    expect(loud).toBeLessThanOrEqual(6);
  });

  it("finds a value that looks like a frequent one, and texts and infinities among numbers", async () => {
    const columns: Columns = people(3, 600);
    columns["city"]![11] = "Roterdam";
    columns["height"]![12] = "1,80";
    columns["weight"]![13] = Number.POSITIVE_INFINITY;
    const { findings, rowOf, scores } = await run(columns);
    expect(findings.map(({ kind, severity, record }) => [kind, severity, record]).sort()).toEqual(
      [
        ["non-finite", "low", rowOf[13]],
        ["odd-cell", "low", rowOf[12]],
        ["similar-value", "low", rowOf[11]],
      ].sort(),
    );
    expect(findings.find(({ kind }) => kind === "similar-value")!.evidence).toEqual({
      column: "city",
      expected: "Rotterdam",
      value: "Roterdam",
    });
    expect([...scores!].every(Number.isFinite)).toBe(true);
    expect(scores![rowOf[11]!]).toBeGreaterThan(3);
    const hidden = await run(columns, {}, { showValues: false });
    expect(JSON.stringify([hidden.outcome, hidden.findings])).not.toMatch(/Roterdam|1,80/);
    expect(hidden.findings).toHaveLength(3);
  });

  it("works on categories alone and on one column of numbers", async () => {
    const { city, height } = people(4, 300);
    expect((await run({ city })).outcome).toMatchObject({ status: "completed", calibration: "uncalibrated" });
    expect((await run({ height })).outcome).toMatchObject({ status: "completed" });
    expect((await run({ same: Array(50).fill(1) })).outcome).toMatchObject({ status: "skipped" });
    expect(rareValues().reads(tableShape(tableOf({ label: ["a", "b"] }).table, { label: "label" }), {})).toHaveProperty(
      "skip",
    );
  });

  it("gives the same answer when records are shuffled", async () => {
    const columns = people(5, 900);
    for (let i = 1; i < 900; i += 50) columns.weight[i] = 900;
    const answer = async (own: Columns) => {
      const { outcomes, findings } = await runChecks(
        { data: tableData(tableOf(own).table), setRoot: new Uint8Array(32) },
        [rareValues()],
        { roles: trusted },
      );
      return [outcomes, findings];
    };
    const reversed = Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, [...cells].reverse()]));
    expect(await answer(reversed)).toEqual(await answer(columns));
  });
});
