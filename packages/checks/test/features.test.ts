import { describe, expect, it } from "vitest";
import { encodeFeatures, featuresOf, robustScale } from "../src/features.js";
import { textFeatures, wordsOf } from "../src/text-features.js";
import { normalOf, tableOf } from "./tables.js";

const rows = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

describe("featuresOf()", () => {
  it("sorts columns by what they are and says why one is left", () => {
    const n = 200;
    const cells = <T>(make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
    const { table } = tableOf({
      measure: cells((i) => i / 7),
      level: cells((i) => i % 5),
      colour: cells((i) => ["red", "green", "blue"][i % 3]!),
      sentence: cells((i) => `this is the sentence number ${i}`),
      id: cells((i) => `user-${i}`),
      constant: cells(() => "same"),
      town: cells((i) => `town ${i % 150}`),
      nearly: cells((i) => (i === 3 ? "n/a?" : String(i / 3 + 0.5))),
    });
    const features = featuresOf(table);
    expect(features.numbers.map(({ name }) => name)).toEqual(["measure", "level", "nearly"]);
    expect(features.categories.map(({ name }) => name)).toEqual(["colour"]);
    expect(features.texts.map(({ name }) => name)).toEqual(["sentence"]);
    expect(features.left.map(({ column }) => column)).toEqual(["id", "constant", "town"]);
    expect(features.oddCells).toMatchObject([{ column: "nearly", text: "n/a?" }]);
    expect(featuresOf(table, { text: "town" }).texts.map(({ name }) => name)).toContain("town");
  });

  it("reads as numbers only what nearly all is a number", () => {
    const codes = Array.from({ length: 100 }, (_, i) => (i < 10 ? "x" : String(i % 4)));
    expect(featuresOf(tableOf({ codes }).table).numbers).toEqual([]);
    const padded = Array.from({ length: 100 }, (_, i) => `0${i % 4}`);
    expect(featuresOf(tableOf({ padded }).table).categories).toHaveLength(1);
  });

  it("takes infinite numbers as missing and reports them", () => {
    const features = featuresOf(tableOf({ x: [1, 2, Number.NEGATIVE_INFINITY, 4] }).table);
    expect([...features.numbers[0]!.values].filter(Number.isNaN)).toHaveLength(1);
    expect(features.infiniteCells).toMatchObject([{ column: "x", text: "-Infinity" }]);
  });
});

describe("robustScale()", () => {
  const normal = normalOf(3);
  const values = Float64Array.from({ length: 2000 }, () => 5 + 2 * normal());

  it("is the deviation of normal values, whatever one of them is", () => {
    for (const absurd of [5, 1e6, -1e300]) {
      const { centre, scale } = robustScale(Float64Array.from([...values, absurd]));
      expect(Math.abs(centre - 5)).toBeLessThan(0.2);
      expect(Math.abs(scale - 2)).toBeLessThan(0.15);
    }
  });

  it("is the deviation where most values are equal, also beside an absurd one", () => {
    const mostly = Float64Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? i / 100 : 0));
    const { scale } = robustScale(mostly);
    expect(scale).toBeGreaterThan(0.5);
    const beside = robustScale(Float64Array.from([...mostly, 1e300])).scale;
    expect(beside).toBeLessThan(20 * scale);
    expect(robustScale(new Float64Array(5)).scale).toBe(1);
  });
});

describe("encodeFeatures()", () => {
  it("standardises numbers, marks what is missing and pools rare categories", () => {
    const n = 60;
    const { table } = tableOf({
      x: Array.from({ length: n }, (_, i) => (i === 0 ? null : i)),
      kind: Array.from({ length: n }, (_, i) => (i < 2 ? `rare ${i}` : i < 5 ? null : i % 2 ? "odd" : "even")),
    });
    const { matrix, columns, numbers } = encodeFeatures(featuresOf(table, { named: ["x"] }), rows(n));
    expect(columns.map(({ name, part }) => (part ? `${name} ${part}` : name))).toEqual([
      "x",
      "x missing",
      "kind odd",
      "kind even",
      "kind (rare)",
      "kind (missing)",
    ]);
    expect(numbers).toBe(1);
    const sums = columns.map((_, j) => rows(n).reduce((sum, i) => sum + matrix.values[i * columns.length + j]!, 0));
    expect(Math.abs(sums[0]!)).toBeLessThan(1e-9);
    expect(sums.slice(1)).toEqual([1, 28, 27, 2, 3]);
  });
});

describe("textFeatures()", () => {
  it("reads words of any script, and categories that no text can imitate", () => {
    expect(wordsOf("Ünder the 東京タワー, a B2B!")).toEqual(["ünder", "the", "東京タワー", "b2b"]);
    const { table } = tableOf({ text: ["red car", "red car", "blue car"], colour: ["red", "red", "blue"] });
    const [text, colour] = table.columns as never[];
    const { terms } = textFeatures([text!], [colour!], rows(3), 100);
    expect(terms).toEqual(["\u0000colour\u0000red", "car", "red", "red car"]);
  });
});
