/**
 * Mahalanobis distance from a mean and covariance that leave the farthest quarter of the rows out, so that up to 25 % of odd
 * rows do not bend the ruler they are measured with (concentration steps as in FAST-MCD, Rousseeuw and Van Driessen 1999,
 * from all rows and without restarts; shrunk a little towards its diagonal).
 */

import { cholesky, inverseOf } from "./cholesky.js";
import { covarianceOf } from "./covariance.js";
import { type Centre, squaredDistances } from "./mahalanobis.js";
import type { DenseMatrix } from "./matrix.js";
import { selectRank } from "./quantiles.js";

export interface TrimmedMahalanobis extends Centre {
  /** C⁻¹, row-major. */
  readonly inverse: Float64Array;
}

const ROUNDS = 6;
const KEPT_SHARE = 0.75;

/**
 * Fits the model. O(6 (rows · columns² + columns³)).
 *
 * @returns `undefined` where the covariance cannot be factored, as when every column is constant.
 */
export function fitTrimmedMahalanobis(matrix: DenseMatrix): TrimmedMahalanobis | undefined {
  const { columns: d } = matrix;
  let kept = Int32Array.from({ length: matrix.rows }, (_, i) => i);
  let model: TrimmedMahalanobis | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const { mean, matrix: covariance } = covarianceOf(matrix, kept);
    let trace = 0;
    for (let j = 0; j < d; j++) trace += covariance[j * d + j]!;
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < d; k++) if (k !== j) covariance[j * d + k]! *= 0.95;
      covariance[j * d + j]! += (1e-6 * trace) / d;
    }
    const factor = cholesky(covariance, d);
    if (!factor) return model;
    model = { mean, factor, inverse: round === ROUNDS - 1 ? inverseOf(factor) : new Float64Array(0) };
    if (round === ROUNDS - 1) break;
    kept = nearestRows(mahalanobisDistances(matrix, model), Math.ceil(KEPT_SHARE * matrix.rows));
  }
  if (model && model.inverse.length === 0) model = { ...model, inverse: inverseOf(model.factor) };
  return model;
}

/** √((x − μ)ᵀ C⁻¹ (x − μ)) of every row. */
export function mahalanobisDistances(matrix: DenseMatrix, centre: Centre): Float64Array {
  const distances = squaredDistances(matrix, undefined, [centre]);
  for (let i = 0; i < distances.length; i++) distances[i] = Math.sqrt(distances[i]!);
  return distances;
}

/** A cell against what the rest of its row predicts. */
export interface ConditionalResidual {
  readonly column: number;
  /** ((x − μ)ᵀ C⁻¹)_j / √(C⁻¹)_jj: standard deviations away from the expected value. */
  readonly residual: number;
  /** What the other columns predict, in the units of the matrix. */
  readonly expected: number;
}

/** The `count` cells of a row that are farthest from what the other columns predict, farthest first. */
export function conditionalResiduals(
  matrix: DenseMatrix,
  row: number,
  { mean, inverse }: TrimmedMahalanobis,
  count: number,
): ConditionalResidual[] {
  const { columns: d, values } = matrix;
  const residuals: ConditionalResidual[] = [];
  for (let j = 0; j < d; j++) {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (values[row * d + k]! - mean[k]!) * inverse[k * d + j]!;
    const scale = Math.sqrt(inverse[j * d + j]!);
    residuals.push({ column: j, residual: sum / scale, expected: values[row * d + j]! - sum / (scale * scale) });
  }
  return residuals.sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual) || a.column - b.column).slice(0, count);
}

/** What the other columns of its row predict for every cell, in the units of the matrix. O(rows · columns²). */
export function expectedCells(
  { rows, columns: d, values }: DenseMatrix,
  { mean, inverse }: TrimmedMahalanobis,
): Float64Array {
  const expected = new Float64Array(rows * d);
  const centred = new Float64Array(d);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < d; j++) centred[j] = values[i * d + j]! - mean[j]!;
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += centred[k]! * inverse[k * d + j]!;
      expected[i * d + j] = values[i * d + j]! - sum / inverse[j * d + j]!;
    }
  }
  return expected;
}

/** The nearest rows, ascending by number; of equal ones at the border the first. */
function nearestRows(distances: Float64Array, count: number): Int32Array<ArrayBuffer> {
  const border = selectRank(distances.slice(), count - 1);
  let ties = count;
  for (let i = 0; i < distances.length; i++) if (distances[i]! < border) ties--;
  const kept = new Int32Array(count);
  let next = 0;
  for (let i = 0; i < distances.length; i++) {
    if (distances[i]! < border) kept[next++] = i;
    else if (distances[i] === border && ties > 0) {
      ties--;
      kept[next++] = i;
    }
  }
  return kept;
}
