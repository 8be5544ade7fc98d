import { describe, expect, test } from "vitest";
import type { Outcome, Roles } from "../../src/check.js";
import { type Baseline, type DriftOptions, drift } from "../../src/drift/drift.js";
import { sketchData, withoutValues } from "../../src/drift/sketch.js";
import { formatSketches, parseSketches } from "../../src/drift/sketch-file.js";
import { accusesRecord } from "../../src/findings.js";
import { allChecks } from "../../src/registry.js";
import { runChecks } from "../../src/run-checks.js";
import { badSources } from "../../src/source/bad-sources.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

type Cells = (number | string | null)[];

/** Twelve columns of several shapes and a label, from one distribution whatever the seed. */
function honest(seed: number, records: number): Record<string, Cells> {
  const random = randomOf(seed);
  const normal = normalOf(seed + 5000);
  const column = (cell: (i: number) => number | string | null): Cells =>
    Array.from({ length: records }, (_, i) => cell(i));
  return {
    id: column((i) => 1e6 * seed + i),
    normal: column(normal),
    skewed: column(() => 1 / (random() + 0.001)),
    grades: column(() => Math.floor(random() * 4)),
    flag: column(() => (random() < 0.5 ? 0 : 1)),
    rounded: column(() => Math.round(normal() * 20)),
    gaps: column(() => (random() < 0.1 ? null : random())),
    colour: column(() => `colour ${Math.floor(random() * 5)}`),
    word: column(() => `word ${Math.floor(random() * random() * 400)}`),
    text: column(() => `${"x".repeat(Math.floor(random() * 30))} ${random()}`),
    sparse: column(() => (random() < 0.02 ? null : `m${Math.floor(random() * 2)}`)),
    y: column(() => `c${Math.floor(random() * 3)}`),
  };
}

const dataOf = (columns: Record<string, Cells>, roles: Roles = { label: "y" }) => {
  const { table } = tableOf(columns);
  return tableData(table, tableShape(table, roles));
};
const baselineOf = async (columns: Record<string, Cells>, roles?: Roles): Promise<Baseline> => ({
  name: "before",
  sha256: "ab".repeat(32),
  sketches: await sketchData(dataOf(columns, roles)),
});
async function compare(
  before: Record<string, Cells>,
  now: Record<string, Cells>,
  options: DriftOptions = {},
  showValues = true,
) {
  const baseline = options.baseline ?? (await baselineOf(before));
  return drift().run(dataOf(now), { ...options, baseline }, contextOf({ showValues }));
}

describe("drift() is quiet", () => {
  test.each([
    [200, 8],
    [1500, 2],
  ])(
    "on two samples of one distribution, %d records: at most %d of 60 runs with any finding, at fdr .05",
    async (records, most) => {
      let runs = 0;
      for (let seed = 0; seed < 60; seed++) {
        const { findings } = await compare(honest(2 * seed, records), honest(2 * seed + 1, Math.floor(0.8 * records)));
        if (findings.length > 0) runs++;
      }
      expect(runs).toBeLessThanOrEqual(most);
    },
    60_000,
  );
  test("on random halves of one table", async () => {
    let runs = 0;
    for (let seed = 0; seed < 40; seed++) {
      const all = honest(seed, 800);
      const random = randomOf(seed + 77);
      const first = Array.from({ length: 800 }, () => random() < 0.5);
      const half = (which: boolean) =>
        Object.fromEntries(
          Object.entries(all).map(([name, cells]) => [name, cells.filter((_, i) => first[i] === which)]),
        );
      if ((await compare(half(true), half(false))).findings.length > 0) runs++;
    }
    expect(runs).toBeLessThanOrEqual(4);
  }, 60_000);
  test("on many records that differ by little, unless the floor is taken away", async () => {
    const shifted = honest(2, 20_000);
    shifted.normal = (shifted.normal as number[]).map((value) => value + 0.1);
    const before = honest(1, 20_000);
    expect((await compare(before, shifted)).findings).toEqual([]);
    const { findings, outcome } = await compare(before, shifted, { leastEffect: 0 });
    expect(findings.map(({ evidence }) => evidence.column)).toContain("normal");
    expect(outcome.details?.measures).toEqual(expect.arrayContaining([expect.objectContaining({ column: "normal" })]));
  });
  test("on the same records", async () => {
    expect((await compare(honest(1, 300), honest(1, 300), { leastEffect: 0 })).findings).toEqual([]);
  });
});

describe("drift() finds", () => {
  const before = honest(1, 600);
  const kindsOf = ({ findings }: Awaited<ReturnType<typeof compare>>) =>
    findings.map(({ kind, severity, evidence }) => [kind, severity, evidence.column, evidence.measure]);

  test("numbers that moved, mixes that changed, values that went missing, longer texts and another mix of labels", async () => {
    const random = randomOf(9);
    const now = honest(2, 500);
    now.normal = (now.normal as number[]).map((value) => value + 0.6);
    now.colour = now.colour?.map((cell) => (random() < 0.4 ? "colour 1" : cell)) ?? [];
    now.skewed = now.skewed?.map((cell) => (random() < 0.25 ? null : cell)) ?? [];
    now.text = now.text?.map((cell) => `${"y".repeat(12)}${cell}`) ?? [];
    now.y = now.y?.map((cell) => (random() < 0.4 ? "c0" : cell)) ?? [];
    const result = await compare(before, now);
    expect(kindsOf(result).sort()).toEqual([
      ["drift-column", "medium", "colour", "values"],
      ["drift-column", "medium", "normal", "values"],
      ["drift-column", "medium", "text", "lengths"],
      ["drift-label", "medium", "y", "values"],
      ["missing-share", "medium", "skewed", "missing"],
    ]);
    for (const { q, score, record } of result.findings) {
      expect(q).toBeLessThanOrEqual(0.05);
      expect(score).toBeGreaterThanOrEqual(0.1);
      expect(record).toBe(0);
    }
    expect(result.outcome).toMatchObject({ status: "completed", calibration: "asymptotic", examined: 500, fdr: 0.05 });
    expect(result.outcome.notes.join()).toMatch(/ids by nature: "id"/);
  });
  test("columns that came, went, or are of another kind", async () => {
    const { grades: _, ...now } = honest(2, 500);
    const result = await compare(before, {
      ...now,
      flag: (now.flag as number[]).map((value) => `is ${value}`),
      fresh: now.colour ?? [],
    });
    expect(kindsOf(result).sort()).toEqual([
      ["column-added", "low", "fresh", undefined],
      ["column-removed", "medium", "grades", undefined],
      ["kind-changed", "medium", "flag", undefined],
    ]);
  });
  test("nothing in a column that is excluded now or was then", async () => {
    const now = honest(2, 500);
    now.normal = (now.normal as number[]).map((value) => `n${value}`);
    const { normal: _, ...without } = now;
    const roles = { label: "y", exclude: ["normal"] };
    const baseline = await baselineOf(before);
    const is = (columns: Record<string, Cells>, from: Baseline, of: Roles) =>
      drift().run(dataOf(columns, of), { baseline: from }, contextOf());
    expect((await is(now, baseline, roles)).findings).toEqual([]);
    expect((await is(now, await baselineOf(before, roles), { label: "y" })).findings).toEqual([]);
    expect((await is(without, baseline, { label: "y" })).findings.map(({ kind }) => kind)).toEqual(["column-removed"]);
  });
  test("the same from the sketches of a file", async () => {
    const now = honest(2, 500);
    now.normal = (now.normal as number[]).map((value) => value * 3);
    const baseline = await baselineOf(before);
    const read = { ...baseline, sketches: await parseSketches(await formatSketches(baseline.sketches)) };
    expect(await compare(before, now, { baseline: read })).toEqual(await compare(before, now, { baseline }));
  });
  test("missing values, but no values, where the baseline has only counts", async () => {
    const now = honest(2, 500);
    now.normal = (now.normal as number[]).map((value, i) => (i % 3 === 0 ? null : value + 9));
    const baseline = await baselineOf(before);
    const result = await compare(before, now, {
      baseline: { ...baseline, sketches: withoutValues(baseline.sketches) },
    });
    expect(kindsOf(result)).toEqual([["missing-share", "medium", "normal", "missing"]]);
    expect(result.outcome.notes.join()).toMatch(/only counts were compared/);
  });
  test("and names no value when values may not be shown", async () => {
    const now = honest(2, 500);
    now.colour = now.colour?.map(() => "crimson") ?? [];
    now.normal = now.normal?.map(() => 123456.5) ?? [];
    const shown = JSON.stringify(await compare(before, now));
    expect(shown).toMatch(/colour 1/);
    const hidden = await compare(before, now, {}, false);
    expect(hidden.findings).toHaveLength(2);
    expect(JSON.stringify({ ...hidden, sketches: undefined })).not.toMatch(/crimson|colour \d|123456/);
  });
});

describe("runChecks() with drift()", () => {
  const setRoot = new Uint8Array(32);
  test("is skipped without a baseline, and says what it needs", async () => {
    const { outcomes } = await runChecks({ data: dataOf(honest(1, 50)), setRoot }, [drift()]);
    expect(outcomes[0]).toMatchObject({
      status: "skipped",
      reason: expect.stringMatching(/needs a baseline \(baseline\)/),
    });
  });
  test("is skipped when the baseline has no records", async () => {
    const baseline = { name: "none", sha256: "", sketches: { records: 0, columns: [] } };
    const { outcomes } = await runChecks({ data: dataOf(honest(1, 50)), setRoot }, [drift()], {
      checkOptions: { drift: { baseline } },
    });
    expect(outcomes[0]).toMatchObject({ status: "skipped", reason: expect.stringMatching(/no records/) });
  });
  test("refuses a floor that is no share", async () => {
    const wrong = runChecks({ data: dataOf(honest(1, 50)), setRoot }, [drift()], {
      checkOptions: { drift: { leastEffect: 2 } },
    });
    await expect(wrong).rejects.toThrow(/leastEffect: 2 is not between 0 and 1/);
  });
  test("sketches when asked, whatever checks run; counts only when leaves are keyed", async () => {
    const data = dataOf(honest(1, 50));
    const sketches = await sketchData(data);
    expect((await runChecks({ data, setRoot }, [])).sketches).toBeUndefined();
    expect((await runChecks({ data, setRoot }, [], { sketch: true })).sketches).toEqual(sketches);
    expect((await runChecks({ data, setRoot, keyed: true }, [], { sketch: true })).sketches).toEqual(
      withoutValues(sketches),
    );
    const kept = await runChecks({ data, setRoot, keyed: true }, [], { sketch: true, showValues: true });
    expect(kept.sketches).toEqual(sketches);
  });
  test("accuses no record and no source", async () => {
    const columns = honest(1, 300);
    const now = { ...columns, normal: (columns.normal as number[]).map((value) => value + 5), s: columns.colour ?? [] };
    const baseline = await baselineOf(columns);
    const roles = { label: "y", source: "s" };
    const { findings, outcomes } = await runChecks({ data: dataOf(now, roles), setRoot }, [drift(), badSources()], {
      roles,
      checkOptions: { drift: { baseline } },
    });
    expect(findings.map(({ check, kind }) => [check, kind])).toEqual([
      ["drift", "column-added"],
      ["drift", "drift-column"],
    ]);
    expect(findings.some(accusesRecord)).toBe(false);
    expect(outcomes[0]?.sources).toBeUndefined();
    expect((outcomes[1] as Outcome).sources?.every(({ findings: accused }) => accused === 0)).toBe(true);
  });
  test("runs with all the others", () => expect(allChecks().map(({ id }) => id)).toContain("drift"));
});
