/**
 * Data that is already in memory as a table: for notebooks, and for tests of checks. What the framework reads from files
 * gives the same tables, so a check cannot tell the difference.
 */

import type { CheckData, DataShape, Fold, RecordPlace, Roles, Table, TableColumn } from "./check.js";

/** Records of one block, as in a file (DESIGN, 3.2). */
const BLOCK_RECORDS = 65_536;

/**
 * The shape of a table: its columns with the kinds that they could have come from.
 *
 * @example
 * tableShape(table, { label: "species" }).kinds; // { petal: "number", species: "text" }
 */
export function tableShape(table: Table, roles: Roles = {}): DataShape {
  const kinds = Object.fromEntries(
    table.columns.map(({ name, kind }) => [name, kind === "number" ? "number" : "text"]),
  );
  const types = Object.fromEntries(
    table.columns.map(({ name, kind }) => [name, kind === "number" ? "float64" : "text"]),
  );
  return { records: table.length, files: 1, kinds, types, roles } as DataShape;
}

/**
 * A table as data for checks. Its records stand in one file named `table`, in the order of the table.
 *
 * @param table - Rows in ascending leaf order (`RangeError` when they are not).
 * @example
 * const data = tableData(table, tableShape(table, { label: "species" }));
 * await labelFlips().run(data, {}, context);
 */
export function tableData(table: Table, shape: DataShape = tableShape(table)): CheckData {
  checkLeafOrder(table);
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const pick = (names: readonly string[]): TableColumn[] =>
    names.map((name) => {
      const column = byName.get(name);
      if (!column) throw new RangeError(`columns: the table has no column ${JSON.stringify(name)}`);
      return column;
    });
  return {
    shape,
    async fold<State, Options, Result>(
      fold: Fold<State, Options, Result>,
      columns: readonly string[],
      options: Options,
    ): Promise<Result> {
      const whole: Table = { ...table, columns: pick(columns) };
      let state = fold.start(options);
      for (let begin = 0; begin < table.length; begin += BLOCK_RECORDS) {
        const block = sliceTable(whole, begin, Math.min(begin + BLOCK_RECORDS, table.length));
        state = fold.merge(state, fold.add(fold.start(options), block, options), options);
      }
      return fold.finish(state, options);
    },
    async table(columns) {
      return { length: table.length, leaves: table.leaves, columns: pick(columns) };
    },
    place(row): RecordPlace {
      if (!Number.isInteger(row) || row < 0 || row >= table.length)
        throw new RangeError(`row: ${row} is not in the table`);
      return { file: "table", ordinal: row, record: row, leaf: leafHex(table.leaves, row) };
    },
    row: (record) => record,
  };
}

/** Rows [begin, end) of a table; columns are views, not copies. */
export function sliceTable(table: Table, begin: number, end: number): Table {
  return {
    length: end - begin,
    leaves: table.leaves.subarray(32 * begin, 32 * end),
    columns: table.columns.map((column): TableColumn => {
      if (column.kind === "category") return { ...column, codes: column.codes.subarray(begin, end) };
      const { odd, rounded, ...rest } = column;
      const inside = (cells: typeof odd): { readonly row: number; readonly text: string }[] =>
        (cells ?? [])
          .filter(({ row }) => row >= begin && row < end)
          .map(({ row, text }) => ({ row: row - begin, text }));
      return {
        ...rest,
        values: column.values.subarray(begin, end),
        ...(odd ? { odd: inside(odd) } : {}),
        ...(rounded ? { rounded: inside(rounded) } : {}),
      };
    }),
  };
}

/** Leaf of a row, lower-case hex. */
export function leafHex(leaves: Uint8Array, row: number): string {
  let hex = "";
  for (let i = 32 * row; i < 32 * row + 32; i++) hex += (leaves[i] as number).toString(16).padStart(2, "0");
  return hex;
}

/** Compares the leaves of two rows, byte by byte: negative, 0 or positive. */
export function compareLeaves(leaves: Uint8Array, a: number, b: number): number {
  return compareLeavesOf(leaves, a, leaves, b);
}

/** Order of leaf `i` of some leaves and leaf `j` of others, 32 bytes each. */
export function compareLeavesOf(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  for (let k = 0; k < 32; k++) {
    const difference = (a[32 * i + k] as number) - (b[32 * j + k] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function checkLeafOrder({ length, leaves }: Table): void {
  if (leaves.length !== 32 * length) throw new RangeError(`table: ${leaves.length} leaf bytes for ${length} records`);
  for (let row = 1; row < length; row++) {
    if (compareLeaves(leaves, row - 1, row) > 0)
      throw new RangeError(`table: row ${row} has a smaller leaf than the row before`);
  }
}
