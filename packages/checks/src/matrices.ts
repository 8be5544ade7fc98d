/**
 * Matrices beside the data set: class probabilities and embeddings, one row a record. They are joined by ordinal over all
 * files and handed to checks in leaf order, as tables are; so shuffled data with its shuffled matrix is the same data.
 *
 * Records with equal leaves may have different rows (a file of labels alone, with the pictures elsewhere). Their order among
 * each other is then that of their rows, and so is their place: a finding names the record whose row it judged, and none
 * depends on the order of files.
 */

import { FormatError } from "@assay/merkle";
import type { CheckData, DataShape, MatrixShape } from "./check.js";
import { sameLeaf } from "./columns.js";

/** What a matrix is used as. */
export type MatrixUse = "probabilities" | "embeddings";

/** A matrix of finite numbers, one row a record by ordinal over all files. Plain data. */
export interface RecordMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Names of the columns: class labels, for probabilities. Default none. */
  readonly names?: readonly string[];
  /** Row by row, `rows × columns`. */
  readonly values: Float32Array | Float64Array;
}

export type RecordMatrices = Readonly<Partial<Record<MatrixUse, RecordMatrix>>>;

/** How far the probabilities of a record may sum from 1; they are divided by their sum. */
const SUM_TOLERANCE = 1e-3;

/**
 * Refuses matrices that do not fit the records.
 *
 * @throws FormatError `bad-matrix`: another number of rows than records, values that are not finite; probabilities that are
 * negative or do not sum to 1 within 0.001, or stand in one column; a column that only numbers the rows. RangeError where `values` is not rows × columns long, or names are not one a column.
 */
export function checkMatrices(matrices: RecordMatrices, records: number): void {
  for (const use of ["probabilities", "embeddings"] as const) {
    const matrix = matrices[use];
    if (matrix === undefined) continue;
    const { rows, columns, names, values } = matrix;
    if (!(values instanceof Float32Array || values instanceof Float64Array) || values.length !== rows * columns)
      throw new RangeError(`${use}: values are not ${rows} × ${columns} numbers`);
    if (!(columns >= 1)) throw new RangeError(`${use}: columns must be at least 1, not ${columns}`);
    if (names !== undefined && (names.length !== columns || new Set(names).size !== columns))
      throw new RangeError(`${use}: names must be ${columns} different texts`);
    if (rows !== records) {
      throw new FormatError(
        "bad-matrix",
        `${use}: the matrix has ${rows} rows, and the data set has ${records} records. Row i belongs to record i, counted over all files ` +
          `in the order of their paths${rows === records - 1 ? "; a table of numbers needs a line of column names" : ""}` +
          `${columns === records ? "; it has as many columns, so it may be the transpose of what is meant" : ""}`,
        { details: { use, rows, records } },
      );
    }
    if (names?.includes("") && isIndex(matrix, names.indexOf(""))) {
      throw new FormatError(
        "bad-matrix",
        `${use}: the column without a name numbers the rows, as pandas writes an index; leave it out (index=False)`,
        { details: { use } },
      );
    }
    if (use === "probabilities" && columns === 1) {
      throw new FormatError(
        "bad-matrix",
        "probabilities: there is one column; there must be one for each class, of two classes 1 − p and p",
        { details: { use, columns } },
      );
    }
    for (let row = 0; row < rows; row++) checkRow(use, matrix, row);
  }
}

/** Whether a column holds 0, 1, 2, …. */
function isIndex({ rows, columns, values }: RecordMatrix, column: number): boolean {
  for (let row = 0; row < rows; row++) if (values[row * columns + column] !== row) return false;
  return rows > 1;
}

function checkRow(use: MatrixUse, { columns, values }: RecordMatrix, row: number): void {
  const refused = (what: string): FormatError =>
    new FormatError("bad-matrix", `${use}: row ${row} (from 0) ${what}`, { details: { use, row } });
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    const value = values[row * columns + column] as number;
    if (!Number.isFinite(value)) throw refused(`has ${value} in column ${column} (from 0); every value must be finite`);
    if (use === "probabilities" && value < 0)
      throw refused(`has ${value} in column ${column} (from 0); a probability is not below 0`);
    sum += value;
  }
  if (use === "probabilities" && !(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
    throw refused(
      `sums to ${Number(sum.toPrecision(6))}; probabilities of all classes sum to 1 (give probabilities, not logits or ranks)`,
    );
  }
}

/**
 * The data with matrices: `matrix(use)` gives them in leaf order, `shape.matrices` says how wide they are.
 *
 * @param matrices What {@link checkMatrices} let through. Not changed.
 */
export async function dataWithMatrices(data: CheckData, matrices: RecordMatrices): Promise<CheckData> {
  const { records } = data.shape;
  const { leaves } = await data.table([]);
  /** Record of each row. */
  const recordOf = new Uint32Array(records);
  for (let record = 0; record < records; record++) recordOf[data.row(record)] = record;
  const given = [matrices.embeddings, matrices.probabilities].filter((matrix) => matrix !== undefined);
  for (let begin = 0, end = 0; begin < records; begin = end) {
    for (end = begin + 1; end < records && sameLeaf(leaves, begin, end); ) end++;
    if (end - begin > 1) recordOf.subarray(begin, end).sort((a, b) => compareRows(given, a, b) || a - b);
  }
  const innerRow = Uint32Array.from(recordOf, (record) => data.row(record));
  const rowOf = new Uint32Array(records);
  for (let row = 0; row < records; row++) rowOf[recordOf[row] as number] = row;

  const shapes: Partial<Record<MatrixUse, MatrixShape>> = {};
  for (const use of ["probabilities", "embeddings"] as const) {
    const matrix = matrices[use];
    if (matrix) shapes[use] = { columns: matrix.columns, bytes: matrix.values.BYTES_PER_ELEMENT };
  }
  const ordered = new Map<MatrixUse, RecordMatrix>();
  return {
    ...data,
    shape: { ...data.shape, matrices: shapes },
    matrix(use) {
      const matrix = matrices[use];
      if (matrix === undefined) return undefined;
      let sorted = ordered.get(use);
      if (sorted === undefined) ordered.set(use, (sorted = inOrder(matrix, recordOf)));
      return sorted;
    },
    // Equal leaves have equal cells, so tables stay as they are and only places move.
    place: (row) => data.place(innerRow[row] ?? row),
    row(record) {
      const row = rowOf[record];
      if (row === undefined) throw new RangeError(`record: ${record} is not in the data set`);
      return row;
    },
  };
}

function compareRows(matrices: readonly RecordMatrix[], a: number, b: number): number {
  for (const { columns, values } of matrices) {
    for (let column = 0; column < columns; column++) {
      const difference = (values[a * columns + column] as number) - (values[b * columns + column] as number);
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

function inOrder(matrix: RecordMatrix, recordOf: Uint32Array): RecordMatrix {
  const { columns } = matrix;
  const values = matrix.values.slice();
  for (const [row, record] of recordOf.entries())
    values.set(matrix.values.subarray(record * columns, (record + 1) * columns), row * columns);
  return { ...matrix, values };
}

/** Bytes a record of what checks hold of a matrix: the copy in leaf order, and `copies` times as doubles. */
export function matrixBytes({ matrices }: DataShape, use: MatrixUse, copies: number): number {
  const matrix = matrices?.[use];
  return matrix === undefined ? 0 : matrix.columns * (matrix.bytes + 8 * copies);
}
