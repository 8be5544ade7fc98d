/** Many numeric columns on their leading principal components, which classifiers and neighbours can bear. */

import { covarianceOf } from "../numeric/covariance.js";
import { leadingEigen } from "../numeric/eigen.js";
import { type DenseMatrix, denseMatrix } from "../numeric/matrix.js";

export const COMPONENTS = 64;
/** Columns up to which their covariance is held: 32 MB. */
const MAX_COVARIANCE = 2000;
/** Rows whose products take its place where there are more columns. */
const MAX_PRODUCTS = 1000;

interface Directions {
  readonly mean: Float64Array;
  /** Descending, at most 64. */
  readonly variances: Float64Array;
  /** One direction a row, in the order of the variances. */
  readonly vectors: Float64Array;
}

/**
 * The first `numbers` columns on their 64 leading principal components, scaled to mean variance 1; other columns as they are.
 * O(rows · numbers²) up to 2,000 columns; above, directions are those of the first 1,000 rows, found from the products of
 * rows instead of columns: O(1000² · numbers).
 *
 * @param matrix Rows in the order of keys, so that the first are a sample. More than 64 numbers.
 */
export function reduced(matrix: DenseMatrix, numbers: number): DenseMatrix {
  const { rows, columns, values } = matrix;
  const { mean, variances, vectors } = numbers <= MAX_COVARIANCE ? byColumns(matrix, numbers) : byRows(matrix, numbers);
  let total = 0;
  for (const variance of variances) total += variance;
  const scale = total > 0 ? Math.sqrt(COMPONENTS / total) : 1;
  const rest = columns - numbers;
  const out = denseMatrix(rows, COMPONENTS + rest);
  const centred = new Float64Array(numbers);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < numbers; j++) centred[j] = values[i * columns + j]! - mean[j]!;
    const at = i * (COMPONENTS + rest);
    for (let c = 0; c < variances.length; c++) {
      let sum = 0;
      for (let j = 0, v = c * numbers; j < numbers; j++, v++) sum += centred[j]! * vectors[v]!;
      out.values[at + c] = sum * scale;
    }
    out.values.set(values.subarray(i * columns + numbers, (i + 1) * columns), at + COMPONENTS);
  }
  return out;
}

function byColumns({ rows, columns, values }: DenseMatrix, numbers: number): Directions {
  const part = denseMatrix(rows, numbers);
  for (let i = 0; i < rows; i++) part.values.set(values.subarray(i * columns, i * columns + numbers), i * numbers);
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const { mean, matrix: covariance } = covarianceOf(part, all);
  const { values: variances, vectors } = leadingEigen(covariance, numbers, COMPONENTS);
  return { mean, variances, vectors };
}

/** With centred rows Z, an eigenvector u of ZZᵀ / n gives the direction Zᵀu / √(n · variance). */
function byRows({ rows, columns, values }: DenseMatrix, numbers: number): Directions {
  const n = Math.min(rows, MAX_PRODUCTS);
  const mean = new Float64Array(numbers);
  for (let i = 0; i < n; i++) for (let j = 0; j < numbers; j++) mean[j]! += values[i * columns + j]! / n;
  const centred = new Float64Array(n * numbers);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < numbers; j++) centred[i * numbers + j] = values[i * columns + j]! - mean[j]!;
  const products = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let j = 0, x = a * numbers, y = b * numbers; j < numbers; j++, x++, y++) sum += centred[x]! * centred[y]!;
      products[a * n + b] = products[b * n + a] = sum / n;
    }
  }
  const count = Math.min(COMPONENTS, n);
  const { values: found, vectors: weights } = leadingEigen(products, n, count);
  // What is left of rounding has no direction.
  const variances = found.filter((variance) => variance > 1e-9 * found[0]!);
  const vectors = new Float64Array(variances.length * numbers);
  for (const [c, variance] of variances.entries()) {
    for (let i = 0; i < n; i++) {
      const weight = weights[c * n + i]! / Math.sqrt(n * variance);
      for (let j = 0, v = c * numbers; j < numbers; j++, v++) vectors[v]! += weight * centred[i * numbers + j]!;
    }
  }
  return { mean, variances, vectors };
}
