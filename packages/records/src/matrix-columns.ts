/** A matrix from the columns of a table: every column numeric, or one column of lists of equal length. */

import { type Batch, type Column, isPresent, type ListColumn } from "./batch.js";
import { columnToNumbers } from "./column-values.js";
import { readBatches } from "./hash-source.js";
import type { Matrix, ReadMatrixOptions } from "./matrix.js";
import { badMatrix, refuseLargeMatrix } from "./matrix-refusals.js";
import { scanSource } from "./scan-source.js";
import type { Source } from "./source.js";
import { type DecodedValue, decodeValue } from "./value-decoding.js";

/**
 * Reads the matrix of a source of one file of any format that has columns.
 *
 * @throws FormatError `bad-matrix`, `limit-exceeded`, and what the reader refuses.
 */
export async function readMatrixColumns(source: Source, options: ReadMatrixOptions, maxBytes: number): Promise<Matrix> {
  const work = {
    ...(options.executor !== undefined && { executor: options.executor }),
    ...(options.signal !== undefined && { signal: options.signal }),
  };
  const scanned = await scanSource(source, work);
  const [{ file, index }] = scanned.files as [(typeof scanned.files)[number]];
  const { path } = file;
  const rows = index.records;
  let layout: Layout | undefined;
  let values = new Float64Array(0);
  for await (const { begin, batch } of readBatches(scanned, work)) {
    options.signal?.throwIfAborted();
    if (layout === undefined) {
      layout = layoutOf(batch, path);
      refuseLargeMatrix(path, rows, layout.columns, 8, maxBytes);
      values = new Float64Array(rows * layout.columns);
    }
    if (layout.names === undefined) addLists(batch, begin, layout.columns, values, path);
    else addColumns(batch, begin, layout.names, values, path);
  }
  if (layout === undefined) throw badMatrix(path, "it has no rows");
  return { name: path, rows, ...layout, values, sha256: index.bytes };
}

interface Layout {
  readonly columns: number;
  /** Absent for a column of lists. */
  readonly names?: readonly string[];
}

function layoutOf({ columns, length }: Batch, path: string): Layout {
  const [first] = columns;
  if (first === undefined || length === 0) throw badMatrix(path, "it has no columns");
  if (columns.length > 1 || !isList(first)) return { columns: columns.length, names: columns.map(({ name }) => name) };
  const width = lengthAt(first, 0);
  if (width === undefined || width === 0) {
    throw badMatrix(
      path,
      `row 0 of column ${JSON.stringify(first.name)} is ${width === 0 ? "an empty list" : "no list"}`,
      {
        row: 0,
      },
    );
  }
  return { columns: width };
}

function isList(column: Column): boolean {
  return column.type === "list" || (column.type === "json" && lengthAt(column, 0) !== undefined);
}

/** Length of the list at a row, `undefined` where there is none. */
function lengthAt(column: Column, row: number): number | undefined {
  if (!isPresent(column, row)) return undefined;
  if (column.type === "list") return (column.offsets[row + 1] as number) - (column.offsets[row] as number);
  return elementsAt(column, row)?.length;
}

function elementsAt(column: Column, row: number): readonly DecodedValue[] | undefined {
  if (column.type !== "json") return undefined;
  const value = decodeValue(column.data, column.offsets[row] as number, column.offsets[row + 1] as number, 1);
  return value.is === "list" ? value.elements : undefined;
}

function addLists({ columns, length }: Batch, begin: number, width: number, values: Float64Array, path: string): void {
  const column = columns[0] as Column;
  const numbers = column.type === "list" ? listNumbers(column, path) : undefined;
  for (let i = 0; i < length; i++) {
    const row = begin + i;
    const found = columns.length === 1 ? lengthAt(column, i) : undefined;
    if (found !== width) {
      const what = found === undefined ? "there is no list" : `the list has ${found} elements`;
      throw badMatrix(path, `in row ${row} (from 0) ${what}, and ${width} in row 0; all must be equally long`, { row });
    }
    const elements = numbers === undefined ? elementsAt(column, i) : undefined;
    const at = numbers === undefined ? 0 : ((column as ListColumn).offsets[i] as number);
    for (let j = 0; j < width; j++) {
      const value = numbers === undefined ? numberOf(elements?.[j]) : (numbers[at + j] as number);
      if (!Number.isFinite(value)) throw noNumber(path, row, `element ${j}`, value);
      values[row * width + j] = value + 0;
    }
  }
}

function listNumbers(column: ListColumn, path: string): Float64Array {
  if (!isNumeric(column.child))
    throw badMatrix(
      path,
      `column ${JSON.stringify(column.name)} holds lists of ${wordOf(column.child)}, not of numbers`,
    );
  return columnToNumbers(column.child);
}

function numberOf(value: DecodedValue | undefined): number {
  if (value?.is === "double") return value.value;
  if (value?.is === "integer") return Number(value.value);
  if (value?.is === "decimal") return Number(`${value.unscaled}e-${value.scale}`);
  return Number.NaN;
}

function addColumns(
  { columns, length }: Batch,
  begin: number,
  names: readonly string[],
  values: Float64Array,
  path: string,
): void {
  const known = new Set(names);
  for (const { name } of columns) {
    if (!known.has(name)) throw badMatrix(path, `column ${JSON.stringify(name)} is not in every row`, { column: name });
  }
  const byName = new Map(columns.map((column) => [column.name, column]));
  for (const [j, name] of names.entries()) {
    const column = byName.get(name);
    if (column === undefined || !(isNumeric(column) || column.type === "null")) {
      const what = column === undefined ? "is not in every row" : `is ${wordOf(column)}`;
      throw badMatrix(
        path,
        `column ${JSON.stringify(name)} ${what}; every column must hold numbers, or one column lists of them`,
        { column: name },
      );
    }
    const numbers = columnToNumbers(column);
    for (let i = 0; i < length; i++) {
      const value = numbers[i] as number;
      if (!Number.isFinite(value) || isBoolean(column, i))
        throw noNumber(path, begin + i, `column ${JSON.stringify(name)}`, isPresent(column, i) ? value : undefined);
      values[(begin + i) * names.length + j] = value + 0;
    }
  }
}

const NUMERIC = /^(?:u?int(?:8|16|32|64)|float(?:16|32|64)|decimal\(.*\)|json)$/;

function isNumeric({ type }: Column): boolean {
  return NUMERIC.test(type);
}

/** JSON says its type value by value. */
function isBoolean(column: Column, i: number): boolean {
  if (column.type !== "json") return false;
  // CBOR's simple values false and true.
  return column.data[column.offsets[i] as number] === 0xf4 || column.data[column.offsets[i] as number] === 0xf5;
}

function wordOf({ type }: Column): string {
  return type === "null" ? "empty" : type;
}

function noNumber(path: string, row: number, place: string, value: number | undefined): Error {
  const what = value === undefined ? "missing" : Number.isNaN(value) ? "no number" : `${value}`;
  return badMatrix(path, `row ${row} (from 0), ${place} is ${what}; every value must be a finite number`, { row });
}
