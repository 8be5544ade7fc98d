/** Squared Mahalanobis distances of rows from centres. */

import { type Cholesky, solveLower } from "./cholesky.js";
import { type NumericKernel, numericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";

/** A mean, and the factor of the covariance around it. */
export interface Centre {
  readonly mean: Float64Array;
  readonly factor: Cholesky;
}

/** Rows that are in the memory of the kernel; a multiple of eight. */
const PIECE_ROWS = 256;

/**
 * (x − μ)ᵀ C⁻¹ (x − μ) of rows for each centre: row after row, one value a centre. O(rows · centres · columns²).
 *
 * @param rows - Which rows; all where undefined.
 * @param kernel - `null`: without WebAssembly. The answer is the same.
 */
export function squaredDistances(
  { rows: all, columns: d, values }: DenseMatrix,
  rows: Int32Array | undefined,
  centres: readonly Centre[],
  kernel: NumericKernel | null = numericKernel(),
): Float64Array {
  const count = rows ? rows.length : all;
  const squared = new Float64Array(count * centres.length);
  const memory = kernel?.room(8 * PIECE_ROWS * d, 8 * d, 8 * d * d, 64 * d, 8 * PIECE_ROWS);
  if (!kernel || !memory) {
    const centred = new Float64Array(d);
    for (let i = 0, to = 0; i < count; i++) {
      const at = (rows ? rows[i]! : i) * d;
      for (const { mean, factor } of centres) {
        for (let j = 0; j < d; j++) centred[j] = values[at + j]! - mean[j]!;
        squared[to++] = solveLower(factor, centred);
      }
    }
    return squared;
  }
  const { buffer, at } = memory;
  const [valuesAt, meanAt, lowerAt, tileAt, outAt] = at;
  const own = new Float64Array(buffer, valuesAt, PIECE_ROWS * d);
  const ownMean = new Float64Array(buffer, meanAt, d);
  const ownLower = new Float64Array(buffer, lowerAt, d * d);
  const out = new Float64Array(buffer, outAt, PIECE_ROWS);
  for (let first = 0; first < count; first += PIECE_ROWS) {
    const size = Math.min(PIECE_ROWS, count - first);
    for (let i = first, to = 0; i < first + size; i++) {
      for (let from = (rows ? rows[i]! : i) * d, last = from + d; from < last; ) own[to++] = values[from++]!;
    }
    for (const [k, { mean, factor }] of centres.entries()) {
      if (centres.length > 1 || first === 0) {
        ownMean.set(mean);
        ownLower.set(factor.lower);
      }
      kernel.module.squaredLengths(valuesAt, Math.ceil(size / 8) * 8, d, meanAt, lowerAt, tileAt, outAt);
      for (let i = 0; i < size; i++) squared[(first + i) * centres.length + k] = out[i]!;
    }
  }
  return squared;
}
