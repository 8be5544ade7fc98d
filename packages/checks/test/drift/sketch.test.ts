import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Roles } from "../../src/check.js";
import { gridOf, kindText, sketchData, withoutValues } from "../../src/drift/sketch.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { randomOf, tableOf } from "../tables.js";

const sketch = (columns: Parameters<typeof tableOf>[0], roles: Roles = {}) => {
  const { table } = tableOf(columns);
  return sketchData(tableData(table, tableShape(table, roles)));
};

describe("gridOf()", () => {
  test("says of each point how many numbers are below it and up to it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true })), { maxLength: 900 }),
        (numbers) => {
          const sorted = Float64Array.from(numbers, (value) => value + 0).sort();
          const { grid, distinct } = gridOf(sorted);
          expect(distinct).toBe(new Set(sorted).size);
          expect(grid.points.length).toBe(distinct <= 257 ? distinct : grid.points.length);
          expect(grid.points.length).toBeLessThanOrEqual(257);
          for (const [i, point] of grid.points.entries()) {
            expect(grid.below[i]).toBe(sorted.filter((value) => value < point).length);
            expect(grid.upTo[i]).toBe(sorted.filter((value) => value <= point).length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
  test("keeps the least, the greatest and every 256th of many numbers", () => {
    const { grid, distinct } = gridOf(Float64Array.from({ length: 2561 }, (_, i) => i));
    expect(distinct).toBe(2561);
    expect(grid.points).toEqual(Array.from({ length: 257 }, (_, i) => 10 * i));
  });
});

describe("sketchData()", () => {
  const random = randomOf(3);
  const columns = {
    id: Array.from({ length: 60 }, (_, i) => i),
    x: Array.from({ length: 60 }, (_, i) => (i % 6 === 0 ? null : Math.floor(random() * 9))),
    t: Array.from({ length: 60 }, (_, i) => (i % 2 ? "yes" : i % 3 ? "no" : null)),
    s: Array.from({ length: 60 }, (_, i) => `site ${i % 4}`),
    secret: Array.from({ length: 60 }, (_, i) => `hush ${i % 5}`),
    y: Array.from({ length: 60 }, (_, i) => i % 3),
  };
  const roles = { label: "y", source: "s", exclude: ["secret"] };

  test("tells features, label, ids and what is not looked at apart", async () => {
    const { records, columns: all } = await sketch(columns, roles);
    expect(records).toBe(60);
    expect(all.map(({ column, role, form }) => [column, role, form])).toEqual([
      ["id", "id", "counts"],
      ["s", "other", "name"],
      ["secret", "excluded", "name"],
      ["t", "feature", "values"],
      ["x", "feature", "numbers"],
      ["y", "label", "values"],
    ]);
    expect(all[3]).toMatchObject({
      missing: 10,
      distinct: 2,
      values: [
        { value: "yes", count: 30 },
        { value: "no", count: 20 },
      ],
    });
    expect(all[4]).toMatchObject({ missing: 10, kind: "number" });
    expect(all[5]).toMatchObject({
      values: [
        { value: "0", count: 20 },
        { value: "1", count: 20 },
        { value: "2", count: 20 },
      ],
    });
    expect(JSON.stringify(all)).not.toMatch(/hush|site/);
  });
  test("is the same when records stand in another order", async () => {
    const turned = Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, [...cells].reverse()]));
    expect(await sketch(turned, roles)).toEqual(await sketch(columns, roles));
  });
  test("pools what is rare or long, and keeps lengths", async () => {
    const many = Array.from({ length: 700 }, (_, i) => (i < 300 ? "often" : i < 310 ? "l".repeat(129) : `w${i}`));
    const [column] = (await sketch({ many })).columns;
    expect(column).toMatchObject({ distinct: 392, values: expect.arrayContaining([{ value: "often", count: 300 }]) });
    if (column?.form !== "values") throw new Error("no values");
    expect(column.values).toHaveLength(256);
    expect(column.values.every(({ value }) => value.length < 129)).toBe(true);
    expect(column.grid).toEqual({ points: [4, 5, 129], below: [0, 390, 690], upTo: [390, 690, 700] });
  });
  test("withoutValues() leaves counts", async () => {
    const bare = withoutValues(await sketch(columns, roles));
    expect(bare.columns.map(({ form }) => form)).toEqual(["counts", "name", "name", "counts", "counts", "counts"]);
    expect(JSON.stringify(bare)).not.toMatch(/yes|no"|points/);
  });
});

test("kindText() writes nested kinds as JSON, long ones as a digest", () => {
  expect(kindText("number")).toBe("number");
  expect(kindText({ list: "text" })).toBe('{"list":"text"}');
  const struct = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`field ${i}`, "text" as const]));
  expect(kindText({ struct })).toMatch(/^sha256:[0-9a-f]{64}$/);
});
