import { describe, expect, test } from "vitest";
import {
  type Batch,
  type Column,
  type ColumnType,
  columnToCategories,
  columnToNumbers,
  columnToTexts,
  createColumnBuilder,
  kindOfColumn,
  kindsOf,
  parseJson,
} from "../src/index.js";
import { utf8 } from "./bytes.js";

function column(type: ColumnType | null, ...values: string[]): Column {
  const builder = createColumnBuilder("a", type);
  for (const value of values) builder.appendJson(parseJson(utf8(value)));
  return builder.finish();
}

describe("columnToNumbers()", () => {
  test.each<[ColumnType | null, string[], number[]]>([
    ["int8", ["1", "null", "-5"], [1, Number.NaN, -5]],
    ["int64", ["9007199254740993", "-1"], [2 ** 53, -1]],
    ["uint64", ["18446744073709551615"], [2 ** 64]],
    ["float32", ["0.1", '"-0"', '"inf"'], [Math.fround(0.1), 0, Infinity]],
    ["decimal(38,10)", ["0.1", "12345678901234567890.12"], [0.1, Number("12345678901234567890.12")]],
    ["boolean", ["true", "false"], [1, 0]],
    ["date", ['"1970-01-02"'], [1]],
    ["instant", ['"1970-01-01T00:00:01.5Z"', '"1969-12-31T23:59:59.5Z"'], [1.5, -0.5]],
    ["text", ['"1"'], [Number.NaN]],
    [{ list: "int8" }, ["[1]"], [Number.NaN]],
    [
      "json",
      ["1", "1.5", '"1"', "null", "true", "[1]", "{}", "-7", "123456789012345678901234567890"],
      [1, 1.5, Number.NaN, Number.NaN, 1, Number.NaN, Number.NaN, -7, Number("123456789012345678901234567890")],
    ],
    [null, ["null"], [Number.NaN]],
  ])("reads %j %j", (type, values, expected) => {
    expect([...columnToNumbers(column(type, ...values))]).toEqual(expected);
  });
});

describe("columnToTexts()", () => {
  test.each<[ColumnType | null, string[], (string | null)[]]>([
    ["text", ['"cat"', "null", '"1"'], ["cat", null, "1"]],
    ["int64", ["9007199254740993"], ["9007199254740993"]],
    [
      "float64",
      ["1.0", "-0.0", "1e300", '"nan"', "1152921504606846976"],
      ["1", "0", "1e+300", "NaN", "1152921504606846976"],
    ],
    ["decimal(10,2)", ["1.50", "-0.10", "3"], ["1.5", "-0.1", "3"]],
    ["bytes", ['"AAEC/w=="'], ["AAEC/w=="]],
    ["date", ['"0001-01-01"', '"2024-02-29"'], ["0001-01-01", "2024-02-29"]],
    ["duration", ['"-PT0.5S"', '"P1D"'], ["-PT0.5S", "PT86400S"]],
    [{ list: "text" }, ['["a",null]'], ['["a",null]']],
    [{ struct: { b: "date", a: "int8" } }, ['{"b":"2024-01-01","a":1}'], ['{"a":1,"b":2024-01-01}']],
    ["json", ['"1"', "1", '["x"]'], ["1", "1", '["x"]']],
  ])("shows %j %j", (type, values, expected) => {
    expect(columnToTexts(column(type, ...values))).toEqual(expected);
  });
});

describe("columnToCategories()", () => {
  test("parts texts from the values they look like, in any format", () => {
    const mixed = ["1", '"1"', "true", '"true"', "[1]", '"[1]"', '"\\"1\\""', '"cat"', "null", '"NaN"', '"-"', '"1st"'];
    const categories = columnToCategories(column("json", ...mixed));
    expect(categories).toEqual([
      "1",
      '"1"',
      "true",
      '"true"',
      "[1]",
      '"[1]"',
      '"\\"1\\""',
      "cat",
      null,
      '"NaN"',
      "-",
      "1st",
    ]);
    expect(new Set(categories).size).toBe(mixed.length);
    expect(columnToCategories(column("text", '"1"', '"cat"'))).toEqual(['"1"', "cat"]);
    expect(columnToCategories(column("int8", "1"))).toEqual(["1"]);
  });
});

describe("kindsOf()", () => {
  test("takes kinds from types, and those of untyped JSON from the data", () => {
    const untyped = column("json", "1", "null", '{"a":[null],"b":null}');
    expect(kindOfColumn(untyped)).toBe("mixed");
    const objects = column("json", '{"a":[],"b":null}', '{"a":[1],"c":{"d":true}}');
    const expected = { struct: { a: { list: "number" }, c: { struct: { d: "boolean" } } } };
    expect(kindOfColumn(objects)).toEqual(expected);
    const { kind: _, ...unnoted } = objects as Extract<Column, { type: "json" }>;
    expect(kindOfColumn(unnoted as Column)).toEqual(expected);
    const batch: Batch = {
      length: 2,
      columns: [
        { ...column("decimal(10,2)", "1", "2"), name: "n" },
        { ...column({ map: ["text", { list: "date" }] }, "{}", "{}"), name: "m" },
        { ...column(null, "null", "null"), name: "__proto__" },
      ],
    };
    expect(Object.entries(kindsOf(batch))).toEqual([
      ["n", "number"],
      ["m", { map: ["text", { list: "date" }] }],
      ["__proto__", "null"],
    ]);
  });
});
