import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ColumnSketch, type DataSketch, gridOf } from "../../src/drift/sketch.js";
import { formatSketches, parseSketches } from "../../src/drift/sketch-file.js";

const grid = (...numbers: number[]) => gridOf(Float64Array.from(numbers).sort()).grid;
const numbers: ColumnSketch = {
  column: "a",
  kind: "number",
  role: "feature",
  form: "numbers",
  missing: 1,
  distinct: 3,
  grid: grid(1, 2.5, 2.5, Number.POSITIVE_INFINITY),
};
const values: ColumnSketch = {
  column: "ä",
  kind: '{"list":"text"}',
  role: "label",
  form: "values",
  missing: 0,
  distinct: 3,
  grid: grid(0, 3, 3, 3, 4),
  values: [
    { value: "cat", count: 3 },
    { value: "", count: 1 },
    { value: "😀😀", count: 1 },
  ],
};
const counts: ColumnSketch = { column: "b", kind: "text", role: "id", form: "counts", missing: 0, distinct: 5 };
const name: ColumnSketch = { column: "c", kind: "date", role: "excluded", form: "name" };
const sample: DataSketch = { records: 5, columns: [numbers, counts, name, values] };

describe("formatSketches() and parseSketches()", () => {
  test("are inverses", async () => {
    expect(await parseSketches(await formatSketches(sample))).toEqual(sample);
    expect(await parseSketches(await formatSketches({ records: 0, columns: [] }))).toEqual({ records: 0, columns: [] });
  });
  test("write the same bytes for the same sketches", async () => {
    expect(await formatSketches(structuredClone(sample))).toEqual(await formatSketches(sample));
  });

  const refused: readonly [string, object, RegExp][] = [
    ["a column that stands twice", { columns: [numbers, numbers] }, /do not ascend/],
    ["a role that there is none of", { columns: [{ ...numbers, role: "king" }] }, /role "king"/],
    ["a form that there is none of", { columns: [{ ...name, form: "shape" }] }, /form "shape"/],
    ["more missing than records", { columns: [{ ...counts, missing: 6 }] }, /missing/],
    ["a negative count", { columns: [{ ...counts, missing: -1 }] }, /missing/],
    ["more different values than values", { columns: [{ ...counts, distinct: 6 }] }, /distinct/],
    ["values of an excluded column", { columns: [{ ...numbers, role: "excluded" }] }, /role excluded/],
    ["values of an id", { columns: [{ ...numbers, role: "id" }] }, /role id/],
    [
      "points that do not ascend",
      { columns: [{ ...numbers, grid: { points: [2, 1], below: [0, 2], upTo: [2, 4] } }] },
      /points do not ascend/,
    ],
    [
      "a point that is NaN",
      { columns: [{ ...numbers, grid: { points: [Number.NaN], below: [0], upTo: [4] } }] },
      /no number/,
    ],
    [
      "a grid that ends early",
      { columns: [{ ...numbers, grid: { points: [1], below: [0], upTo: [3] } }] },
      /every value/,
    ],
    [
      "counts of a grid that go back",
      { columns: [{ ...numbers, grid: { points: [1, 2], below: [0, 1], upTo: [3, 4] } }] },
      /ascend/,
    ],
    [
      "lists of unequal length",
      { columns: [{ ...numbers, grid: { points: [1, 2], below: [0], upTo: [4] } }] },
      /differ in length/,
    ],
    [
      "counts that do not add up",
      { columns: [{ ...values, values: [...values.values.slice(0, 2), { value: "z", count: 2 }] }] },
      /order|add up|counts/,
    ],
    [
      "a value that is too long",
      { columns: [{ ...values, values: [{ value: "v".repeat(129), count: 5 }] }] },
      /longer/,
    ],
    ["a value without a count", { columns: [{ ...values, values: [{ value: "cat", count: 0 }] }] }, /no count/],
  ];
  test.each(refused)("refuse %s", async (_, change, reason) => {
    const bytes = await formatSketches({ ...sample, ...change } as DataSketch);
    await expect(parseSketches(bytes)).rejects.toMatchObject({
      name: "FormatError",
      code: "bad-arrow",
      message: expect.stringMatching(reason),
    });
  });
  test("refuse an Arrow file of something else", async () => {
    const { toArrowFile } = await import("@assay/records/arrow");
    const other = toArrowFile([
      { length: 1, columns: [{ name: "x", type: "int32", length: 1, validity: null, values: Int32Array.of(1) }] },
    ]);
    await expect(parseSketches(other)).rejects.toMatchObject({ code: "bad-arrow" });
    await expect(parseSketches(new Uint8Array(0))).rejects.toMatchObject({ code: "bad-arrow" });
  });
  test("read damaged bytes as sketches or refuse them, and never do anything else", async () => {
    const good = await formatSketches(sample);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, mask, cut) => {
          const bad = cut ? good.slice(0, at) : Uint8Array.from(good, (byte, i) => (i === at ? byte ^ mask : byte));
          await parseSketches(bad).catch((error) => expect(error).toMatchObject({ name: "FormatError" }));
        },
      ),
      { numRuns: 400 },
    );
  });
});
