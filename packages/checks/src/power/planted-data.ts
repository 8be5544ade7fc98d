/** A copy of the data in which some records are planted: tables as a check reads them, made on demand from the real ones. */

import type { CheckData, Fold, Table, TableColumn } from "../check.js";
import { compareTexts } from "../code-point-order.js";
import type { ImageFeatures } from "../image/image-table.js";
import type { MatrixUse, RecordMatrix } from "../matrices.js";
import { compareLeavesOf, leafHex, tableData } from "../table-data.js";
import { plantedLeaves } from "./planting-order.js";
import type { PlantedCell, PlantedCells, Poison } from "./poison.js";

/** A record that is planted. */
export interface PlantedRecord {
  /** Row of the record that it is made of. */
  readonly source: number;
  /** Its planting key, 32 bytes. */
  readonly key: Uint8Array;
  readonly cells: PlantedCells;
}

export interface PlantedData {
  readonly data: CheckData;
  /** Row of the real table that each row is, or is made of. */
  readonly sourceOf: Int32Array;
  /** Index of the planted record that each row is, −1 for a real one. */
  readonly plantedOf: Int32Array;
}

/**
 * The data with planted records. `place` and `row` speak of rows of the copy, and its file is named `planted`: nothing of it is
 * ever shown.
 *
 * @param table - Leaves of the real data.
 * @param planted - Each of a row of its own.
 */
export function plantedData(
  data: CheckData,
  table: Pick<Table, "length" | "leaves">,
  planted: readonly PlantedRecord[],
  stands: Poison["stands"],
): PlantedData {
  const rows = plantedRows(table, planted, stands);
  const { sourceOf, plantedOf, leaves } = rows;
  const shape = { ...data.shape, records: sourceOf.length };
  const columnsOf = async (names: readonly string[]): Promise<Table> => {
    const { columns } = await data.table(names);
    return {
      length: sourceOf.length,
      leaves,
      columns: columns.map((column) => plantedColumn(column, rows, planted)),
    };
  };
  const imagesOf = async (column: string, own: NonNullable<CheckData["images"]>): Promise<ImageFeatures> => {
    const { columns, read, notes } = await own(column);
    const moved = columns.map((feature) => ({
      ...feature,
      values: Float64Array.from(sourceOf, (row) => feature.values[row] as number),
    }));
    return { columns: moved, read: Uint8Array.from(sourceOf, (row) => read[row] as number), notes };
  };
  const matrixOf = (use: MatrixUse): RecordMatrix | undefined => {
    const own = data.matrix?.(use);
    if (!own) return undefined;
    const { columns } = own;
    const values =
      own.values.constructor === Float32Array
        ? new Float32Array(columns * sourceOf.length)
        : new Float64Array(columns * sourceOf.length);
    for (const [row, source] of sourceOf.entries())
      values.set(own.values.subarray(columns * source, columns * (source + 1)), columns * row);
    return { ...own, rows: sourceOf.length, values };
  };
  const { images } = data;
  return {
    sourceOf,
    plantedOf,
    data: {
      shape,
      table: columnsOf,
      matrix: matrixOf,
      ...(data.trusted ? { trusted: data.trusted } : {}),
      ...(images ? { images: (column: string) => imagesOf(column, images) } : {}),
      async fold<State, Options, Result>(
        fold: Fold<State, Options, Result>,
        columns: readonly string[],
        options: Options,
      ): Promise<Result> {
        return tableData(await columnsOf(columns), shape).fold(fold, columns, options);
      },
      place(row) {
        if (!Number.isInteger(row) || row < 0 || row >= sourceOf.length)
          throw new RangeError(`row: ${row} is not in the table`);
        return { file: "planted", ordinal: row, record: row, leaf: leafHex(leaves, row) };
      },
      row: (record) => record,
    },
  };
}

interface PlantedRows extends Omit<PlantedData, "data"> {
  /** Ascending. A repeated record stands behind the one that it repeats. */
  readonly leaves: Uint8Array;
}

function plantedRows(
  { length, leaves }: Pick<Table, "length" | "leaves">,
  planted: readonly PlantedRecord[],
  stands: Poison["stands"],
): PlantedRows {
  const own = new Uint8Array(32 * planted.length);
  for (const [i, { key, source }] of planted.entries()) {
    own.set(stands === "repeated" ? leaves.subarray(32 * source, 32 * source + 32) : key, 32 * i);
  }
  const ownLeaves = stands === "repeated" ? own : plantedLeaves(own);
  const order = Int32Array.from(planted.keys()).sort((a, b) => compareLeavesOf(ownLeaves, a, ownLeaves, b) || a - b);
  const gone = new Uint8Array(length);
  if (stands === "instead") for (const { source } of planted) gone[source] = 1;

  const total = length + (stands === "instead" ? 0 : planted.length);
  const sourceOf = new Int32Array(total);
  const plantedOf = new Int32Array(total).fill(-1);
  const merged = new Uint8Array(32 * total);
  let at = 0;
  let next = 0;
  const put = (source: number, index: number, from: Uint8Array, i: number): void => {
    sourceOf[at] = source;
    plantedOf[at] = index;
    merged.set(from.subarray(32 * i, 32 * i + 32), 32 * at);
    at++;
  };
  const putPlanted = (): void => {
    const index = order[next++] as number;
    put((planted[index] as PlantedRecord).source, index, ownLeaves, index);
  };
  for (let row = 0; row < length; row++) {
    if (gone[row] === 1) continue;
    while (next < order.length && compareLeavesOf(ownLeaves, order[next] as number, leaves, row) < 0) putPlanted();
    put(row, -1, leaves, row);
  }
  while (next < order.length) putPlanted();
  return { sourceOf, plantedOf, leaves: merged };
}

/** A column of the copy. */
function plantedColumn(column: TableColumn, rows: PlantedRows, planted: readonly PlantedRecord[]): TableColumn {
  const { sourceOf, plantedOf } = rows;
  const cells = new Map<number, PlantedCell>();
  for (const [row, index] of plantedOf.entries()) {
    const cell = index < 0 ? undefined : (planted[index] as PlantedRecord).cells.get(column.name);
    if (cell) cells.set(row, cell);
  }
  // Where a cell is copied from another row, all that is known of that cell is copied with it.
  const from = cells.size === 0 ? sourceOf : sourceOf.slice();
  const values = new Map<number, number | string>();
  for (const [row, cell] of cells) {
    if ("from" in cell) from[row] = cell.from;
    else values.set(row, cell.value);
  }
  return column.kind === "number" ? numbers(column, from, values) : categories(column, from, values);
}

type OfKind<K> = Extract<TableColumn, { readonly kind: K }>;
type Texts = readonly { readonly row: number; readonly text: string }[];

function numbers(
  column: OfKind<"number">,
  from: Int32Array,
  changed: ReadonlyMap<number, number | string>,
): TableColumn {
  const values = Float64Array.from(from, (source) => column.values[source] as number);
  for (const [row, value] of changed) values[row] = Number(value);
  const texts = (cells: Texts | undefined): Texts => {
    if (!cells || cells.length === 0) return [];
    const textOf = new Map(cells.map(({ row, text }) => [row, text]));
    const kept: { row: number; text: string }[] = [];
    for (const [row, source] of from.entries()) {
      const text = changed.has(row) ? undefined : textOf.get(source);
      if (text !== undefined) kept.push({ row, text });
    }
    return kept;
  };
  const odd = texts(column.odd);
  const rounded = texts(column.rounded);
  return {
    name: column.name,
    kind: "number",
    values,
    ...(odd.length > 0 ? { odd } : {}),
    ...(rounded.length > 0 ? { rounded } : {}),
  };
}

function categories(
  column: OfKind<"category">,
  from: Int32Array,
  changed: ReadonlyMap<number, number | string>,
): TableColumn {
  const codes = Int32Array.from(from, (source) => column.codes[source] as number);
  const known = new Map(column.categories.map((text, code) => [text, code]));
  const all = [...column.categories];
  for (const [row, value] of changed) {
    const text = String(value);
    let code = known.get(text);
    if (code === undefined) {
      code = all.push(text) - 1;
      known.set(text, code);
    }
    codes[row] = code;
  }
  // As a table that was read: distinct texts that are there, ascending.
  const used = new Uint8Array(all.length);
  for (const code of codes) if (code >= 0) used[code] = 1;
  if (all.length === column.categories.length && used.every((mark) => mark === 1)) return { ...column, codes };
  const sorted = [...all.keys()]
    .filter((code) => used[code] === 1)
    .sort((a, b) => compareTexts(all[a] as string, all[b] as string));
  const codeOf = new Int32Array(all.length).fill(-1);
  for (const [code, before] of sorted.entries()) codeOf[before] = code;
  return {
    name: column.name,
    kind: "category",
    codes: codes.map((code) => (code < 0 ? -1 : (codeOf[code] as number))),
    categories: sorted.map((code) => all[code] as string),
  };
}
