/** Matrices as the kernels take them: one array, no object per row. */

/** Row-major: element (i, j) is `values[i * columns + j]`. */
export interface DenseMatrix {
  readonly kind: "dense";
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Compressed rows: row i holds `values[k]` in column `indices[k]` for `offsets[i]` ≤ k < `offsets[i + 1]`, columns ascending. */
export interface SparseMatrix {
  readonly kind: "sparse";
  readonly rows: number;
  readonly columns: number;
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

export type Matrix = DenseMatrix | SparseMatrix;

/** Bytes from which a matrix is put where all threads see it, instead of being copied for each part of their work. */
const SHARED_BYTES = 2 ** 20;

/**
 * A matrix of zeros. A large one is in memory that threads share, where the runtime has such: they read the same one, which
 * nobody may change once it was handed out.
 */
export function denseMatrix(rows: number, columns: number): DenseMatrix {
  const bytes = 8 * rows * columns;
  const shared = bytes >= SHARED_BYTES && typeof SharedArrayBuffer === "function";
  const buffer = shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  return { kind: "dense", rows, columns, values: new Float64Array(buffer) };
}

/** Rows of a matrix in the order that is given. */
export function takeRows<M extends Matrix>(matrix: M, rows: ArrayLike<number>): M;
export function takeRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  if (matrix.kind === "dense") {
    const taken = denseMatrix(rows.length, columns);
    for (let i = 0; i < rows.length; i++) {
      taken.values.set(matrix.values.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
    }
    return taken;
  }
  const offsets = new Int32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    offsets[i + 1] = offsets[i]! + matrix.offsets[rows[i]! + 1]! - matrix.offsets[rows[i]!]!;
  }
  const indices = new Int32Array(offsets[rows.length]!);
  const values = new Float64Array(offsets[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    const begin = matrix.offsets[rows[i]!]!;
    const end = matrix.offsets[rows[i]! + 1]!;
    indices.set(matrix.indices.subarray(begin, end), offsets[i]!);
    values.set(matrix.values.subarray(begin, end), offsets[i]!);
  }
  return { kind: "sparse", rows: rows.length, columns, offsets, indices, values };
}

/** Elements that are stored: the cost of one pass over a matrix. */
export function storedElements(matrix: Matrix): number {
  return matrix.values.length;
}
