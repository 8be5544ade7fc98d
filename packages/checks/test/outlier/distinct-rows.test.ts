import { describe, expect, it } from "vitest";
import { comparedRows, distinctRows } from "../../src/outlier/distinct-rows.js";
import { tableOf } from "../tables.js";

const seed = new Uint8Array(32).fill(7);

/** 900 distinct rows of three copies each; of row i as many copies are trusted as `trustedOf` says. */
function copied(trustedOf: (i: number) => number) {
  const values = Array.from({ length: 2700 }, (_, record) => Math.floor(record / 3) + 0.25);
  const { table, rowOf } = tableOf({ value: values });
  const marks = new Set(values.flatMap((_, i) => (i % 3 < trustedOf(Math.floor(i / 3)) ? [rowOf[i]!] : [])));
  const isTrusted = (row: number): boolean => marks.has(row);
  return { table, isTrusted, distinct: distinctRows(table, isTrusted, seed) };
}
const count = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0);

describe("distinctRows()", () => {
  it("lets a row calibrate as often as its records are trusted, not as often as any of them is", () => {
    const { distinct } = copied(() => 1);
    expect(distinct.first).toHaveLength(900);
    expect(count(distinct.trusted)).toBe(900);
    // A third of 900; standard deviation 14.
    expect(count(distinct.calibrating)).toBeGreaterThan(250);
    expect(count(distinct.calibrating)).toBeLessThan(350);
  });

  it("leaves nothing to chance where all records of a row are trusted, or none", () => {
    const { distinct, table, isTrusted } = copied((i) => (i % 2 === 0 ? 3 : 0));
    expect(distinct.calibrating).toEqual(distinct.trusted);
    expect(count(distinct.trusted)).toBe(450);
    for (let row = 0; row < table.length; row++)
      expect(distinct.trusted[distinct.placeOf(row)]).toBe(isTrusted(row) ? 1 : 0);
  });
});

describe("comparedRows()", () => {
  it("counts every record where features are coarse, each with its own trust", () => {
    const { table, rowOf } = tableOf({ colour: Array.from({ length: 300 }, (_, i) => ["red", "blue"][i % 2]!) });
    const marks = new Set([...rowOf.subarray(0, 99)]);
    const isTrusted = (row: number): boolean => marks.has(row);
    const { first, trusted, calibrating } = comparedRows(table, distinctRows(table, isTrusted, seed), isTrusted, seed);
    expect(first).toHaveLength(300);
    expect(count(trusted)).toBe(99);
    expect(calibrating).toEqual(trusted);
  });
});
