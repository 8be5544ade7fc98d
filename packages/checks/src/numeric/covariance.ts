/** Means and covariances of chosen rows, summed in fixed blocks (`moments.ts` says why). */

import type { DenseMatrix } from "./matrix.js";
import { SUM_BLOCK } from "./moments.js";

export interface Covariance {
  readonly mean: Float64Array;
  /** Square, row-major; divided by the total weight. */
  readonly matrix: Float64Array;
}

/**
 * Mean and covariance (divided by n, not n − 1) of rows of a matrix. O(rows · columns²).
 *
 * @param rows - Which rows, in the order of summing.
 * @param weights - One for each row of the matrix: how many records it stands for. Default 1.
 * @throws RangeError if no rows are given.
 */
export function covarianceOf(matrix: DenseMatrix, rows: ArrayLike<number>, weights?: ArrayLike<number>): Covariance {
  const { columns: d, values } = matrix;
  if (rows.length === 0) throw new RangeError("rows: a covariance needs at least one row");
  const mean = new Float64Array(d);
  const covariance = new Float64Array(d * d);
  let weight = 0;
  const block = new Float64Array(d);
  for (let begin = 0; begin < rows.length; begin += SUM_BLOCK) {
    block.fill(0);
    for (let i = begin; i < Math.min(begin + SUM_BLOCK, rows.length); i++) {
      const row = rows[i]!;
      const w = weights ? weights[row]! : 1;
      weight += w;
      for (let j = 0; j < d; j++) block[j]! += w * values[row * d + j]!;
    }
    for (let j = 0; j < d; j++) mean[j]! += block[j]!;
  }
  for (let j = 0; j < d; j++) mean[j]! /= weight;

  const products = new Float64Array(d * d);
  const centred = new Float64Array(d);
  for (let begin = 0; begin < rows.length; begin += SUM_BLOCK) {
    products.fill(0);
    for (let i = begin; i < Math.min(begin + SUM_BLOCK, rows.length); i++) {
      const row = rows[i]!;
      const w = weights ? weights[row]! : 1;
      for (let j = 0; j < d; j++) centred[j] = values[row * d + j]! - mean[j]!;
      for (let j = 0; j < d; j++) {
        const c = w * centred[j]!;
        if (c === 0) continue;
        for (let k = 0, at = j * d; k <= j; k++, at++) products[at]! += c * centred[k]!;
      }
    }
    for (let j = 0; j < d; j++) {
      for (let k = 0; k <= j; k++) covariance[j * d + k]! += products[j * d + k]!;
    }
  }
  for (let j = 0; j < d; j++) {
    for (let k = 0; k <= j; k++) {
      const value = covariance[j * d + k]! / weight;
      covariance[j * d + k] = value;
      covariance[k * d + j] = value;
    }
  }
  return { mean, matrix: covariance };
}
