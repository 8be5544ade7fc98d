import { describe, expect, it } from "vitest";
import type { CheckContext, CheckResult, Roles } from "../../src/check.js";
import * as tasks from "../../src/numeric-tasks.js";
import { outliers } from "../../src/outlier/outliers.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

type Columns = Record<string, (number | string | null)[]>;

async function run(columns: Columns, roles: Roles = {}, over: Partial<CheckContext> = {}): Promise<Run> {
  const { table, rowOf } = tableOf(columns);
  const result = await outliers().run(tableData(table, tableShape(table, roles)), {}, contextOf(over));
  return { ...result, rowOf, found: new Set(result.findings.map(({ record }) => record)) };
}
type Run = CheckResult & { rowOf: Int32Array; found: Set<number> };

/** Correlated normal columns; the first `bad` records have a third of their cells moved by 8 to 12 deviations. */
function planted(seed: number, n: number, d: number, bad: number): Columns {
  const [random, normal] = [randomOf(seed), normalOf(seed + 1000)];
  const columns: Columns = {};
  for (let j = 0; j < d; j++) columns[`c${j}`] = [];
  for (let i = 0; i < n; i++) {
    const common = normal();
    for (let j = 0; j < d; j++) {
      const moved = i < bad && j % 3 === i % 3 ? (random() < 0.5 ? -1 : 1) * (8 + 4 * random()) : 0;
      columns[`c${j}`]!.push(0.6 * common + 0.8 * normal() + moved);
    }
  }
  return columns;
}

describe("outliers()", () => {
  it("is quiet on clean data: at most one of twelve tables has a finding at fdr .05", async () => {
    let loud = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { outcome } = await run(planted(seed, 400, 4, 0));
      expect(outcome.status).toBe("completed");
      if (outcome.findings > 0) loud++;
    }
    expect(loud).toBeLessThanOrEqual(1);
  });

  it("does not accuse a group that stands apart: it may be honest", async () => {
    const normal = normalOf(5);
    const columns: Columns = { a: [], b: [], c: [] };
    for (let i = 0; i < 4000; i++)
      for (const name of ["a", "b", "c"]) columns[name]!.push(i < 40 ? 9 + 0.3 * normal() : normal());
    const island = await run(columns);
    expect([island.findings.length, island.outcome.calibration]).toEqual([0, "uncalibrated"]);
    expect(island.outcome.notes.join()).toContain("stand off in much the same direction");
  });

  it("finds moved records with a decoy, explains them, and few that are not", async () => {
    const { outcome, findings, rowOf, found, scores } = await run(planted(3, 1000, 9, 50));
    expect(outcome).toMatchObject({ calibration: "decoy", examined: 1000, fdr: 0.05 });
    const bad = new Set([...rowOf.subarray(0, 50)]);
    const hits = [...found].filter((row) => bad.has(row)).length;
    expect(hits).toBeGreaterThan(40);
    expect(found.size - hits).toBeLessThanOrEqual(5);
    for (const { evidence, q, score } of findings) {
      expect(q).toBeLessThanOrEqual(0.05);
      expect(score).toBeGreaterThanOrEqual(evidence["threshold"] as number);
    }
    const first = findings.find(({ record }) => record === rowOf[0])!;
    const explained = first.evidence["columns"] as { column: string; value: number; expected: number }[];
    expect(explained.map(({ column }) => column).sort()).toEqual(["c0", "c3", "c6"]);
    for (const { value, expected } of explained) expect(Math.abs(value - expected)).toBeGreaterThan(5);
    expect([...scores!].every(Number.isFinite)).toBe(true);
    expect(outcome.suspects).toHaveLength(findings.length);
  });

  it("calibrates by a trusted slice, which it does not accuse", async () => {
    const columns = planted(4, 1200, 6, 60);
    columns["site"] = columns["c0"]!.map((_, i) => (i >= 200 && i % 2 === 0 ? "own" : "web"));
    const trusted = { column: "site", value: "own" };
    const { outcome, findings, rowOf } = await run(columns, { trusted });
    expect(outcome.calibration).toBe("conformal");
    const input = new Map([...rowOf].map((row, i) => [row, i]));
    expect(findings.length).toBeGreaterThan(30);
    for (const { record, p } of findings) {
      expect(columns["site"]![input.get(record)!]).toBe("web");
      expect(p).toBeGreaterThan(0);
    }
    expect(findings.filter(({ record }) => input.get(record)! >= 60).length).toBeLessThanOrEqual(5);
    const few = await run(columns, { trusted: { column: "site", value: "nobody" } });
    expect(few.outcome.calibration).not.toBe("conformal");
  });

  it("gives the same findings and scores after a shuffle, with an id column, and however work is cut", async () => {
    const columns = planted(5, 600, 6, 40);
    const plain = await run(columns);
    const shuffled = Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, [...cells].reverse()]));
    const again = await run(shuffled);
    expect(again.outcome).toEqual(plain.outcome);
    expect(again.findings).toEqual(plain.findings);
    const withId = await run({ ...columns, id: columns["c0"]!.map((_, i) => `r${i}`) });
    for (let i = 0; i < 600; i++) expect(withId.scores![withId.rowOf[i]!]).toBe(plain.scores![plain.rowOf[i]!]);
    expect(withId.outcome.notes.join("\n")).toContain('not looked at: "id"');
    // Parts in any order, through copies, as another thread would get them.
    const map: CheckContext["map"] = async (task, parts) => {
      const part = tasks[task.name as "isolationPart"] as (options: never, range: never) => unknown;
      const outputs = [...parts].reverse().map((range) => part(structuredClone(task.options) as never, range as never));
      return outputs.reverse() as never;
    };
    expect((await run(columns, {}, { map })).findings).toEqual(plain.findings);
  });

  it("attack: twelve copies of each outlier do not hide it", async () => {
    const columns = planted(3, 1000, 9, 50);
    const copied = Object.fromEntries(
      Object.entries(columns).map(([name, cells]) => [
        name,
        [...cells, ...Array.from({ length: 11 }, () => cells.slice(0, 50)).flat()],
      ]),
    );
    const { findings, rowOf, found } = await run(copied);
    const caught = [...rowOf.keys()].filter((i) => (i < 50 || i >= 1000) && found.has(rowOf[i]!)).length;
    expect(caught).toBeGreaterThan(0.8 * 600);
    expect(findings.length - caught).toBeLessThanOrEqual(5);
  });

  it("attack: one odd cell that hides a numeric column", async () => {
    const columns = planted(3, 1000, 9, 50);
    const plain = await run(columns);
    columns["c0"]![999] = "12,5";
    const { outcome, findings } = await run(columns);
    expect(outcome.lookedAt.columns).toEqual(plain.outcome.lookedAt.columns);
    expect(findings.length).toBeGreaterThan(0.8 * plain.findings.length);
    expect(outcome.notes.join("\n")).toContain('"c0" was read as numbers; 1 odd cell');
    const hidden = await run(columns, {}, { showValues: false });
    expect(JSON.stringify([hidden.findings, hidden.outcome])).not.toContain("12,5");
  });

  it("attack: one absurd value does not flatten its column", async () => {
    const columns = planted(3, 1000, 9, 50);
    columns["c0"]![999] = 1e300;
    columns["c1"]![998] = -1e308;
    const { found, rowOf } = await run(columns);
    const caught = [...rowOf.subarray(0, 50)].filter((row) => found.has(row)).length;
    expect(caught).toBeGreaterThan(40);
  });

  it("never writes a number that is not finite: constant, empty, infinite and missing cells", async () => {
    const columns = planted(8, 300, 3, 15);
    columns["constant"] = columns["c0"]!.map(() => 7);
    columns["empty"] = columns["c0"]!.map(() => null);
    columns["c1"]![5] = Number.POSITIVE_INFINITY;
    columns["c1"]![6] = Number.NaN;
    columns["c2"] = columns["c2"]!.map((cell, i) => (i % 3 === 0 ? null : cell));
    const { outcome, findings, scores } = await run(columns);
    expect([...scores!].every(Number.isFinite)).toBe(true);
    expect(outcome.notes.join("\n")).toContain('"c1" was read as numbers; 1 infinite cell');
    expect(JSON.stringify(findings)).not.toMatch(/null|NaN|Infinity(?!\\?")/);
    expect(outcome.notes.join("\n")).toContain('not looked at: "constant", "empty": it has the same value');
  });

  it("says so where no claim is possible: few records, one column, ties", async () => {
    const few = await run(planted(9, 100, 3, 5));
    expect(few.outcome).toMatchObject({ calibration: "uncalibrated", findings: 0 });
    expect(few.outcome.notes.join("\n")).toContain("only 100 distinct records");
    expect(few.outcome.suspects).toHaveLength(10);
    expect(few.outcome.suspects!.filter((row) => few.rowOf.indexOf(row) < 5).length).toBeGreaterThan(3);
    const one = await run({ c0: planted(9, 500, 1, 0)["c0"]! });
    expect(one.outcome).toMatchObject({ status: "completed", calibration: "uncalibrated", findings: 0 });
    const flat = await run({
      a: Array.from({ length: 500 }, (_, i) => i % 2),
      b: Array.from({ length: 500 }, (_, i) => i % 3),
    });
    expect(flat.outcome.calibration).toBe("uncalibrated");
  });

  it("says which columns repeat another", async () => {
    const { c0, c1 } = planted(2, 300, 2, 0);
    const columns = { c0: c0!, again: [...c0!], c1: c1! };
    const { outcome } = await run(columns);
    expect(outcome.notes[0]).toMatch(/^"c0": the same numbers as another column/);
    expect((await run({ c0: c0!, c1: c1! })).outcome.notes.join()).not.toContain("same numbers");
  });

  it("skips with a reason what holds no numbers", async () => {
    const texts = await run({ word: ["a", "b", "a"] });
    expect(texts.outcome).toMatchObject({
      status: "skipped",
      reason: expect.stringMatching(/^No column of numbers varies, and no category/),
    });
    const one = await run({ x: [1] });
    expect(one.outcome.status).toBe("skipped");
    const shape = tableShape(tableOf({ word: ["a"] }).table);
    expect(outliers().reads({ ...shape, kinds: { picture: "bytes" } }, {})).toHaveProperty("skip");
  });
});
