/** Means and covariances of chosen rows, summed in fixed blocks (`moments.ts` says why). */

import { type NumericKernel, numericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";
import { SUM_BLOCK } from "./moments.js";

export interface Covariance {
  readonly mean: Float64Array;
  /** Square, row-major; divided by the total weight. */
  readonly matrix: Float64Array;
}

/** Sums over the rows of one block, by their place in the list of rows. Each answer is overwritten by the next. */
interface BlockSums {
  /** Each column times the weight of the row. */
  values(begin: number, end: number): Float64Array;
  /** Products of columns, taken from the mean, times the weight: the lower triangle, `stride` values a row. */
  products(begin: number, end: number, mean: Float64Array): Float64Array;
  readonly stride: number;
}

/**
 * Mean and covariance (divided by n, not n − 1) of rows of a matrix. O(rows · columns²).
 *
 * @param rows - Which rows, in the order of summing.
 * @param weights - One for each row of the matrix: how many records it stands for. Default 1.
 * @param kernel - `null`: without WebAssembly. The answer is the same.
 * @throws RangeError if no rows are given.
 */
export function covarianceOf(
  matrix: DenseMatrix,
  rows: ArrayLike<number>,
  weights?: ArrayLike<number>,
  kernel: NumericKernel | null = numericKernel(),
): Covariance {
  const { columns: d } = matrix;
  if (rows.length === 0) throw new RangeError("rows: a covariance needs at least one row");
  const { values, products, stride } =
    (kernel && kernelSums(kernel, matrix, rows, weights)) ?? plainSums(matrix, rows, weights);
  const mean = new Float64Array(d);
  for (let begin = 0; begin < rows.length; begin += SUM_BLOCK) {
    const block = values(begin, Math.min(begin + SUM_BLOCK, rows.length));
    for (let j = 0; j < d; j++) mean[j]! += block[j]!;
  }
  let weight = 0;
  for (let i = 0; i < rows.length; i++) weight += weights ? weights[rows[i]!]! : 1;
  for (let j = 0; j < d; j++) mean[j]! /= weight;

  const covariance = new Float64Array(d * d);
  for (let begin = 0; begin < rows.length; begin += SUM_BLOCK) {
    const block = products(begin, Math.min(begin + SUM_BLOCK, rows.length), mean);
    for (let j = 0; j < d; j++) {
      for (let k = 0; k <= j; k++) covariance[j * d + k]! += block[j * stride + k]!;
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

/** By the kernel (`assembly/covariance.ts`); undefined where there is no memory for it. */
function kernelSums(
  { module, room }: NumericKernel,
  { columns: d, values }: DenseMatrix,
  rows: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
): BlockSums | undefined {
  const stride = d + (d & 1);
  const memory = room(8 * SUM_BLOCK * d, 8 * SUM_BLOCK, 8 * stride, 8 * stride, 8 * stride * d);
  if (memory === undefined) return undefined;
  const { buffer, at } = memory;
  const [valuesAt, weightsAt, sumsAt, meanAt, productsAt] = at;
  const own = new Float64Array(buffer, valuesAt, SUM_BLOCK * d);
  const ownWeights = new Float64Array(buffer, weightsAt, SUM_BLOCK);
  const sums = new Float64Array(buffer, sumsAt, stride);
  const centre = new Float64Array(buffer, meanAt, d);
  const products = new Float64Array(buffer, productsAt, stride * d);
  /** Rows in fours: those that are added weigh nothing. */
  const take = (begin: number, end: number): number => {
    const filled = Math.ceil((end - begin) / 4) * 4;
    let to = 0;
    for (let i = begin; i < end; i++) {
      const row = rows[i]!;
      ownWeights[i - begin] = weights ? weights[row]! : 1;
      for (let from = row * d, last = from + d; from < last; ) own[to++] = values[from++]!;
    }
    own.fill(0, to, filled * d);
    ownWeights.fill(0, end - begin, filled);
    return filled;
  };
  return {
    stride,
    values(begin, end) {
      take(begin, end);
      sums.fill(0);
      module.addWeightedRows(valuesAt, end - begin, d, weightsAt, sumsAt);
      return sums;
    },
    products(begin, end, mean) {
      const filled = take(begin, end);
      centre.set(mean);
      products.fill(0);
      module.addCentredProducts(valuesAt, filled, d, weightsAt, meanAt, productsAt);
      return products;
    },
  };
}

function plainSums(
  { columns: d, values }: DenseMatrix,
  rows: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
): BlockSums {
  const sums = new Float64Array(d);
  const products = new Float64Array(d * d);
  const centred = new Float64Array(d);
  return {
    stride: d,
    values(begin, end) {
      sums.fill(0);
      for (let i = begin; i < end; i++) {
        const row = rows[i]!;
        const w = weights ? weights[row]! : 1;
        for (let j = 0; j < d; j++) sums[j]! += w * values[row * d + j]!;
      }
      return sums;
    },
    products(begin, end, mean) {
      products.fill(0);
      for (let i = begin; i < end; i++) {
        const row = rows[i]!;
        const w = weights ? weights[row]! : 1;
        for (let j = 0; j < d; j++) centred[j] = values[row * d + j]! - mean[j]!;
        for (let j = 0; j < d; j++) {
          const c = w * centred[j]!;
          for (let k = 0, at = j * d; k <= j; k++, at++) products[at]! += c * centred[k]!;
        }
      }
      return products;
    },
  };
}
