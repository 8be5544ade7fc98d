import { describe, expect, test } from "vitest";
import { compareTexts } from "../src/code-point-order.js";
import { asCategory, checkRoles, featureColumns, idColumns } from "../src/columns.js";
import { tableShape } from "../src/table-data.js";
import { randomOf, tableOf } from "./tables.js";

const count = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("idColumns()", () => {
  test("names running numbers, UUID-like texts and named ids, and no measurement", () => {
    const random = randomOf(1);
    const n = 300;
    const { table } = tableOf({
      row: count(n).map((i) => 1000 + 3 * i),
      uuid: count(n).map((i) => `a${(i * 7919).toString(36)}z`),
      user_id: count(n).map((i) => i * 999_983),
      income: count(n).map((i) => i * 999_983 + 5),
      float: count(n).map(() => random()),
      age: count(n).map(() => Math.floor(random() * 90)),
      name: count(n).map((i) => `person number ${i}`),
    });
    expect(idColumns(table)).toEqual(["row", "uuid", "user_id"]);
  });
  test("is not misled by copies of whole records", () => {
    const n = 100;
    const ids = [...count(n), ...count(n)];
    const { table } = tableOf({ id: ids, x: ids.map((i) => i / 7) });
    expect(idColumns(table)).toEqual(["id"]);
  });
  test("needs 20 records", () => {
    expect(idColumns(tableOf({ id: count(19) }).table)).toEqual([]);
    expect(idColumns(tableOf({ id: count(20) }).table)).toEqual(["id"]);
  });
});

describe("checkRoles()", () => {
  const { table } = tableOf({ a: [1], b: ["x"] });
  test("names the role, the column and the columns there are", () => {
    expect(() => checkRoles(tableShape(table, { label: "c" }))).toThrow(
      new RangeError('label: there is no column "c"; the columns are "a", "b"'),
    );
    expect(() => checkRoles(tableShape(table, { label: "constructor" }))).toThrow(
      /label: there is no column "constructor"/,
    );
    expect(() => checkRoles(tableShape(table, { exclude: ["z"] }))).toThrow(/^exclude/);
    expect(() => checkRoles(tableShape(table, { trusted: { column: "q", value: "1" } }))).toThrow(/^trusted/);
  });
  test("refuses a label that is excluded too", () => {
    expect(() => checkRoles(tableShape(table, { label: "a", exclude: ["a"] }))).toThrow(/excluded too/);
  });
});

test("featureColumns() leaves out roles and excluded columns, and takes named features as they are", () => {
  const { table } = tableOf({ y: [1], b: [1], a: [1], s: ["q"], z: [0] });
  expect(featureColumns(tableShape(table, { label: "y", source: "s", exclude: ["z"] }))).toEqual(["a", "b"]);
  expect(featureColumns(tableShape(table, { label: "y", features: ["b"] }))).toEqual(["b"]);
});

test("asCategory() names numbers by their shortest text and keeps odd cells", () => {
  const column = {
    name: "y",
    kind: "number" as const,
    values: Float64Array.of(1, -0, Number.NaN, 0.1, Number.NaN),
    odd: [{ row: 2, text: "?" }],
  };
  const { codes, categories } = asCategory(column);
  expect(categories).toEqual(["0", "0.1", "1", "?"]);
  expect([...codes]).toEqual([2, 0, 3, 1, -1]);
});

test("compareTexts() orders by code point, as UTF-8 bytes do", () => {
  const texts = ["\uffee", "😀", "a", "", "a\u0000", "\ud7ff", "\ue000", "z"];
  const byBytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect([...texts].sort(compareTexts)).toEqual(byBytes);
});
