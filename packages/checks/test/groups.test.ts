import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Table } from "../src/check.js";
import { groupKeys, groupOrder, groupsOf, isCoarse } from "../src/groups.js";
import { tableOf } from "./tables.js";

/** The definition, word by word: rows are in one group when every cell is equal. */
function slowGroups({ length, columns }: Table): number[] {
  const texts = Array.from({ length }, (_, row) =>
    JSON.stringify(columns.map((c) => (c.kind === "number" ? String((c.values[row] as number) + 0) : c.codes[row]))),
  );
  const first = [...new Set(texts)];
  return texts.map((text) => first.indexOf(text));
}

const cell = fc.oneof(fc.constant(null), fc.constantFrom(0, -0, 1, 0.5));
const word = fc.oneof(fc.constant(null), fc.constantFrom("a", "b", "__proto__", "constructor"));

describe("groupsOf()", () => {
  test("agrees with its definition", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, word), { maxLength: 40 }), (rows) => {
        const { table } = tableOf({ x: rows.map(([x]) => x), y: rows.map(([, y]) => y), w: rows.map(([, , w]) => w) });
        const { groupOf, count, first, sizes } = groupsOf(table);
        const slow = slowGroups(table);
        expect([...groupOf]).toEqual(slow);
        expect(count).toBe(new Set(slow).size);
        expect([...first]).toEqual(Array.from({ length: count }, (_, group) => slow.indexOf(group)));
        expect([...sizes]).toEqual(Array.from({ length: count }, (_, group) => slow.filter((g) => g === group).length));
      }),
      { numRuns: 60 },
    );
  });
  test("joins clusters", () => {
    const { table } = tableOf({ x: [1, 2, 3, 4] });
    expect(groupsOf(table, { clusters: Int32Array.of(5, -1, 5, -1) })).toMatchObject({
      count: 3,
      groupOf: Int32Array.of(0, 1, 0, 2),
    });
  });
});

describe("groupKeys()", () => {
  const seed = new Uint8Array(32).fill(1);
  const keyed = (columns: Parameters<typeof tableOf>[0], features: readonly string[]) => {
    const { table } = tableOf(columns);
    const narrow = { ...table, columns: table.columns.filter(({ name }) => features.includes(name)) };
    const groups = groupsOf(narrow);
    const keys = groupKeys(narrow, groups, seed);
    return Array.from({ length: groups.count }, (_, g) =>
      Buffer.from(keys.subarray(32 * g, 32 * g + 32)).toString("hex"),
    ).sort();
  };
  test("depends on the values of the features alone: not on ids, order, other records or the order of columns", () => {
    const plain = keyed({ x: [1, 2, null], c: ["b", null, "é"] }, ["x", "c"]);
    expect(keyed({ id: [7, 8, 9], c: ["é", "b", null], x: [null, 1, 2] }, ["x", "c"])).toEqual(plain);
    expect(keyed({ x: [1, 2, null, 5], c: ["b", null, "é", "a"] }, ["x", "c"])).toEqual(expect.arrayContaining(plain));
    expect(new Set(plain).size).toBe(3);
  });
  test("changes with the seed", () => {
    const { table } = tableOf({ x: [1, 2] });
    const groups = groupsOf(table);
    expect(groupKeys(table, groups, new Uint8Array(32).fill(2))).not.toEqual(groupKeys(table, groups, seed));
  });
  test("groupOrder() sorts groups by key", () => {
    const { table } = tableOf({ x: Array.from({ length: 50 }, (_, i) => i) });
    const keys = groupKeys(table, groupsOf(table), seed);
    const hex = [...groupOrder(keys)].map((g) => Buffer.from(keys.subarray(32 * g, 32 * g + 32)).toString("hex"));
    expect(hex).toEqual([...hex].sort());
  });
});

test("isCoarse() is true where few values are shared by many records, and for no number of copies where a column tells them apart", () => {
  const count = (n: number) => Array.from({ length: n }, (_, i) => i);
  const coarse = tableOf({
    id: count(60),
    c: count(60).map((i) => `c${i % 3}`),
    d: count(60).map((i) => `d${i % 7}`),
  }).table;
  const narrow = { ...coarse, columns: coarse.columns.slice(1) };
  expect(isCoarse(narrow, groupsOf(narrow))).toBe(true);
  expect(isCoarse(coarse, groupsOf(coarse))).toBe(false);
  const single = tableOf({ id: count(60), c: count(60).map((i) => `c${i % 3}`) }).table;
  const one = { ...single, columns: single.columns.slice(1) };
  expect(isCoarse(one, groupsOf(one))).toBe(true);
  const copies = tableOf({
    id: count(60),
    x: count(60).map((i) => (i < 50 ? 0.5 : i / 7)),
    d: count(60).map((i) => i % 2),
  }).table;
  const features = { ...copies, columns: copies.columns.slice(1) };
  expect(isCoarse(features, groupsOf(features))).toBe(false);
});
