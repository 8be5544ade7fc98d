import { describe, expect, test } from "vitest";
import type { TableColumn } from "../../src/check.js";
import { plantedData } from "../../src/power/planted-data.js";
import { plantingOrder } from "../../src/power/planting-order.js";
import type { PlantedCells } from "../../src/power/poison.js";
import { compareLeaves, tableData } from "../../src/table-data.js";
import { tableOf } from "../tables.js";

const seed = new Uint8Array(32).fill(3);
const n = 200;
const { table } = tableOf({
  x: Array.from({ length: n }, (_, i) => (i % 9 === 0 ? null : i / 7)),
  t: Array.from({ length: n }, (_, i) => (i === 5 ? "only once" : ["a", "b", "c"][i % 3]!)),
});
const data = tableData(table);
const { rows, keys } = plantingOrder(table, seed, "test");
const made = (row: number, cells: PlantedCells = new Map()) => ({
  source: row,
  key: keys.slice(32 * row, 32 * row + 32),
  cells,
});
const cell = (column: TableColumn, row: number) =>
  column.kind === "number" ? column.values[row] : (column.categories[column.codes[row]!] ?? null);

describe("plantingOrder()", () => {
  test("takes every row once, in an order of the seed's and the attack's own", () => {
    expect([...rows].sort((a, b) => a - b)).toEqual([...rows.keys()]);
    expect(plantingOrder(table, seed, "test").rows).toEqual(rows);
    expect(plantingOrder(table, seed, "other").rows).not.toEqual(rows);
    expect(plantingOrder(table, new Uint8Array(32), "test").rows).not.toEqual(rows);
  });
  test("tells equal leaves apart", () => {
    const leaves = new Uint8Array(96);
    const own = plantingOrder({ length: 3, leaves }, seed, "test").keys;
    expect(new Set([0, 1, 2].map((row) => own.slice(32 * row, 32 * row + 32).join())).size).toBe(3);
  });
});

describe("plantedData()", () => {
  test.each(["instead", "beside", "repeated"] as const)(
    "keeps leaf order and every other record, %s",
    async (stands) => {
      const planted = [...rows.slice(0, 40)].map((row) => made(row));
      const copy = plantedData(data, table, planted, stands);
      const { length, leaves, columns } = await copy.data.table(["x", "t"]);
      expect(length).toBe(stands === "instead" ? n : n + 40);
      expect(copy.data.shape.records).toBe(length);
      for (let row = 1; row < length; row++) expect(compareLeaves(leaves, row - 1, row)).toBeLessThanOrEqual(0);
      expect([...copy.plantedOf].filter((index) => index >= 0)).toHaveLength(40);
      for (let row = 0; row < length; row++) {
        for (const [j, column] of columns.entries())
          expect(cell(column, row)).toEqual(cell(table.columns[j]!, copy.sourceOf[row]!));
      }
      const kept = [...copy.sourceOf].filter((_, row) => copy.plantedOf[row]! < 0).sort((a, b) => a - b);
      const gone = new Set(stands === "instead" ? planted.map(({ source }) => source) : []);
      expect(kept).toEqual([...Array(n).keys()].filter((row) => !gone.has(row)));
      if (stands !== "repeated") return;
      for (const [row, index] of copy.plantedOf.entries()) {
        if (index < 0) continue;
        // A repeated record stands behind those that it repeats.
        expect(compareLeaves(leaves, row - 1, row)).toBe(0);
      }
    },
  );

  test("gives changed cells to planted records alone, with the categories that are then there", async () => {
    const once = [...rows].find((row) => cell(table.columns[1]!, row) === "only once")!;
    const others = [...rows].filter((row) => row !== once).slice(0, 2);
    const planted = [
      made(once, new Map([["t", { from: others[0]! }]])),
      made(
        others[0]!,
        new Map<string, { value: string | number }>([
          ["t", { value: "B" }],
          ["x", { value: 1e6 }],
        ]),
      ),
      made(others[1]!, new Map([["x", { value: Number.NaN }]])),
    ];
    const copy = plantedData(data, table, planted, "instead");
    const [x, t] = (await copy.data.table(["x", "t"])).columns as [TableColumn, TableColumn & { kind: "category" }];
    expect(t.categories).toEqual(["B", "a", "b", "c"]);
    const at = (index: number) => copy.plantedOf.indexOf(index);
    expect(cell(t, at(0))).toBe(cell(table.columns[1]!, others[0]!));
    expect([cell(t, at(1)), cell(x, at(1))]).toEqual(["B", 1e6]);
    expect([cell(t, at(2)), cell(x, at(2))]).toEqual([cell(table.columns[1]!, others[1]!), Number.NaN]);
    for (const [row, index] of copy.plantedOf.entries()) {
      if (index >= 0) continue;
      expect(cell(t, row)).toBe(cell(table.columns[1]!, copy.sourceOf[row]!));
      expect(cell(x, row)).toEqual(cell(table.columns[0]!, copy.sourceOf[row]!));
    }
    // The real data stay what they are.
    expect(table.columns[1]).toMatchObject({ categories: ["a", "b", "c", "only once"] });
  });

  test("carries odd cells and long numbers with their records, and drops those that are replaced", async () => {
    const column: TableColumn = {
      name: "x",
      kind: "number",
      values: table.columns[0]!.kind === "number" ? table.columns[0]!.values : new Float64Array(),
      odd: [{ row: 3, text: "odd" }],
      rounded: [
        { row: 4, text: "12345678901234567" },
        { row: 5, text: "12345678901234568" },
      ],
    };
    const real = { ...table, columns: [column] };
    const planted = [made(3), made(5, new Map([["x", { value: 1 }]])), made(6, new Map([["x", { from: 4 }]]))];
    const copy = plantedData(tableData(real), real, planted, "beside");
    const [x] = (await copy.data.table(["x"])).columns as [TableColumn & { kind: "number" }];
    expect(x.odd!.map(({ row }) => copy.sourceOf[row])).toEqual([3, 3]);
    expect(x.rounded!.map(({ row, text }) => [copy.sourceOf[row], text]).sort()).toEqual([
      [4, "12345678901234567"],
      [5, "12345678901234568"],
      [6, "12345678901234567"],
    ]);
  });
});
