import { describe, expect, test } from "vitest";
import type { Roles } from "../../src/check.js";
import { nearDuplicates } from "../../src/duplicate/near-duplicates.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, randomOf, tableOf } from "../tables.js";

async function find(columns: Parameters<typeof tableOf>[0], roles: Roles = {}) {
  const { table, rowOf } = tableOf(columns);
  const result = await nearDuplicates().run(tableData(table, tableShape(table, roles)), {}, contextOf());
  return { ...result, rowOf, kinds: result.findings.map(({ kind }) => kind).sort() };
}

const random = randomOf(2);
const word = () => Math.floor(random() * 36 ** 5).toString(36);
const message = () => Array.from({ length: 15 }, word).join(" ");

describe("nearDuplicates()", () => {
  test("finds records copied under another id, label or source, once", async () => {
    const n = 100;
    const x = Array.from({ length: n }, () => random());
    const id = Array.from({ length: n + 3 }, (_, i) => i);
    const { findings } = await find(
      { id, x: [...x, x[0] as number, x[0] as number, x[9] as number], y: id.map((i) => `c${i % 2}`) },
      { label: "y" },
    );
    expect(findings.map(({ kind, severity, score }) => [kind, severity, score])).toEqual(
      Array(3).fill(["equal-features", "low", 1]),
    );
    expect(findings[0]?.evidence.differs).toEqual(expect.arrayContaining(["id"]));
  });
  test("leaves exact copies to exact-duplicates", async () => {
    expect((await find({ x: [1, 1, 1, 2, 3] })).findings).toEqual([]);
  });
  test("takes equal coarse features for no finding, and says how many there are", async () => {
    const n = 200;
    const { findings, outcome } = await find({
      id: Array.from({ length: n }, (_, i) => i),
      colour: Array.from({ length: n }, (_, i) => `c${i % 3}`),
      size: Array.from({ length: n }, (_, i) => i % 4),
    });
    expect(findings).toEqual([]);
    expect(outcome.notes.join()).toMatch(/188 records have the features of another/);
  });
  test("finds texts that are equal, equal but for formatting, and nearly equal", async () => {
    const t = Array.from({ length: 60 }, message);
    const [a, b, c] = t as [string, string, string];
    const n = t.length + 4;
    const { kinds, findings } = await find(
      { t: [...t, a, ` ${b.toUpperCase()}!`, `${c} now`, message()], x: Array.from({ length: n }, () => random()) },
      { text: "t" },
    );
    expect(kinds).toEqual(["equal-text", "formatting", "similar-text"]);
    const similar = findings.find(({ kind }) => kind === "similar-text");
    expect(similar?.score).toBeGreaterThan(0.9);
    expect(similar?.score).toBeLessThan(1);
  });
  test("finds the free text by itself, and nothing among different ones", async () => {
    const t = Array.from({ length: 60 }, message);
    expect((await find({ t })).findings).toEqual([]);
    const { findings, outcome } = await find({ t: [...t, `${t[0]} now`] });
    expect(findings).toHaveLength(1);
    expect(outcome.details).toMatchObject({ text: "t" });
  });
  test("gives clusters of copies for the checks after", async () => {
    const t = Array.from({ length: 30 }, message);
    const { clusters, rowOf } = await find(
      { t: [...t, `${t[4]}!`], y: t.concat("z").map((_, i) => i % 2) },
      { text: "t", label: "y" },
    );
    const of = (i: number) => (clusters as Int32Array)[rowOf[i] as number];
    expect(of(4)).toBe(of(30));
    expect(of(5)).toBe(-1);
  });
  test("refuses a similarity that is none", () => {
    const { table } = tableOf({ x: [1] });
    for (const similarity of [0, 1.1, Number.NaN]) {
      expect(() => nearDuplicates().reads(tableShape(table), { similarity })).toThrow(/^similarity/);
    }
  });
});
