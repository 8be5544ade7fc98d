/** The views of `outliers` beside those of numbers, each against its definition. */

import { describe, expect, it } from "vitest";
import type { TableColumn } from "../../src/check.js";
import { standardisedView } from "../../src/outlier/added-view.js";
import { missingPattern } from "../../src/outlier/missing-pattern.js";
import { surpriseView } from "../../src/outlier/surprise-view.js";
import { textView } from "../../src/outlier/text-view.js";
import { evidenceText } from "../../src/quoted.js";
import { tableOf } from "../tables.js";

type CategoryColumn = Extract<TableColumn, { kind: "category" }>;
const everyRow = (length: number): Int32Array => Int32Array.from({ length }, (_, row) => row);
const cells = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

describe("missingPattern()", () => {
  it("is one category for each set of missing values, and pools rare sets by their size", () => {
    // Ten rows lack both, ten lack a, three lack b, one lacks c, the rest nothing.
    const { table, rowOf } = tableOf({
      id: cells(60, (i) => i),
      a: cells(60, (i) => (i < 20 ? null : 1)),
      b: cells(60, (i) => (i < 10 || (i >= 20 && i < 23) ? null : 1)),
      c: cells(60, (i) => (i === 23 ? null : "x")),
    });
    const pattern = missingPattern(table, everyRow(60))!;
    const code = (i: number) => pattern.codes[rowOf[i]!]!;
    expect(pattern.count).toBe(4);
    expect(new Set([0, 10, 20, 30].map(code)).size).toBe(4);
    expect([code(9), code(19), code(22), code(59)]).toEqual([code(0), code(10), code(20), code(30)]);
    // Three and one: too few for patterns of their own, one value missing in each.
    expect(code(23)).toBe(code(20));
  });

  it("is nothing where nothing is missing, or the same in every row", () => {
    const { table } = tableOf({ a: cells(20, (i) => i), b: cells(20, () => null) });
    expect(missingPattern({ ...table, columns: table.columns.slice(0, 1) }, everyRow(20))).toBeUndefined();
    expect(missingPattern(table, everyRow(20))).toBeUndefined();
  });
});

describe("surpriseView()", () => {
  const n = 200;
  const { table, rowOf } = tableOf({
    id: cells(n, (i) => i),
    colour: cells(n, (i) => (i === 0 ? "green" : i % 4 === 0 ? "blue" : "red")),
  });
  const colour = table.columns[1] as CategoryColumn;

  it("is how far −ln of the smoothed frequency is above the average, in deviations", () => {
    const view = surpriseView(table, [colour], everyRow(n))!;
    const surprise = [1, 49, 150].map((c) => [-Math.log((c + 0.5) / (n + 1.5)), c / n] as const);
    const mean = surprise.reduce((sum, [own, share]) => sum + own * share, 0);
    const deviation = Math.sqrt(surprise.reduce((sum, [own, share]) => sum + (own - mean) ** 2 * share, 0));
    expect(view.values[rowOf[0]!]).toBeCloseTo(Math.min(10, (surprise[0]![0] - mean) / deviation), 9);
    expect(view.values[rowOf[1]!]).toBe(0);
    expect(view.rareValues(rowOf[0]!, 3)).toMatchObject([{ column: { name: "colour" }, records: 1 }]);
    expect(view.rareValues(rowOf[1]!, 3)).toEqual([]);
  });

  it("is nothing where all values are as frequent as each other", () => {
    const { table } = tableOf({ id: cells(30, (i) => i), c: cells(30, (i) => "xyz"[i % 3]!) });
    expect(surpriseView(table, [table.columns[1] as CategoryColumn], everyRow(30))).toBeUndefined();
  });
});

describe("textView()", () => {
  it("names the measure in which a text is odd, and is finite for texts without words or characters", () => {
    const usual = ["the parcel came late", "a small parcel came again", "the refund came late today"];
    const odd: Record<number, string | null> = {
      0: "",
      1: "!!! ???",
      2: "the parcel came late ".repeat(200),
      3: "zyx wvu tsr qpo",
      4: null,
    };
    const { table, rowOf } = tableOf({
      id: cells(120, (i) => i),
      note: cells(120, (i) => (i in odd ? odd[i]! : `${usual[i % 3]}${i % 5 === 0 ? "." : ""}`)),
    });
    const view = textView([table.columns[1] as CategoryColumn], 120, everyRow(120))!;
    expect([...view.values].every(Number.isFinite)).toBe(true);
    expect(view.oddText(rowOf[0]!)).toMatchObject({ measure: "length", value: 0 });
    expect(["letters", "other characters"]).toContain(view.oddText(rowOf[1]!)!.measure);
    expect(view.oddText(rowOf[2]!)).toMatchObject({ measure: "length", value: 4200 });
    expect(view.oddText(rowOf[3]!)).toMatchObject({ column: "note", measure: "rarity of words" });
    expect(view.oddText(rowOf[4]!)).toBeUndefined();
    // Missing: one deviation in each of five measures.
    expect(view.values[rowOf[4]!]).toBeCloseTo(Math.sqrt(5), 12);
  });
});

describe("standardisedView()", () => {
  it("never divides by an interquartile range of next to nothing", () => {
    const values = Float64Array.from(cells(100, (i) => (i === 0 ? 5 : i % 2 === 0 ? 1 : 1 + 1e-12)));
    const view = standardisedView(values, everyRow(100));
    // One of a hundred: 1 / √.0099 = 10.05 deviations, of which what is above 10 counts like a logarithm.
    expect(view[0]).toBeCloseTo(10 * (1 + Math.log(4 / Math.sqrt(0.0099 * 16) / 10)), 6);
    expect(Math.abs(view[1]!)).toBeLessThan(1e-9);
    expect([...standardisedView(new Float64Array(10), everyRow(10))]).toEqual(Array(10).fill(0));
  });
});

describe("evidenceText()", () => {
  it("attack: a long value whose thousandth unit is the first half of a character", () => {
    expect(evidenceText(`${"a".repeat(999)}😀 and more`)).toBe("a".repeat(999));
    expect(evidenceText("short 😀")).toBe("short 😀");
  });
});
