/** Columns of numbers as a matrix in robust units, and back. */

import { type FeatureColumns, robustScale } from "../features.js";
import { type DenseMatrix, denseMatrix } from "../numeric/matrix.js";

export interface ScaledMatrix {
  readonly matrix: DenseMatrix;
  readonly centres: Float64Array;
  readonly scales: Float64Array;
}

/** Largest magnitude in robust units, so that differences of values stay finite. */
const MAX_UNITS = 1e9;

/** Distinct rows in robust units, missing values at the median. */
export function scaledMatrix(numbers: FeatureColumns["numbers"], rows: Int32Array): ScaledMatrix {
  const d = numbers.length;
  const matrix = denseMatrix(rows.length, d);
  const centres = new Float64Array(d);
  const scales = new Float64Array(d);
  const taken = new Float64Array(rows.length);
  const present = new Float64Array(rows.length);
  for (const [j, { values }] of numbers.entries()) {
    const count = take(values, rows, taken, present);
    const { centre, scale } = robustScale(present.subarray(0, count));
    centres[j] = centre;
    scales[j] = scale;
    fillColumn(matrix, j, taken, centre, scale);
  }
  return { matrix, centres, scales };
}

// Small functions that run once a column, so that the second column finds them compiled: a million rows of twenty columns took
// seven seconds in one loop over columns, and as much memory again for arrays of numbers that were only passed on.

/** Copies the values of rows to `taken`, and those that are not missing to `present`; returns how many these are. */
function take(values: Float64Array, rows: Int32Array, taken: Float64Array, present: Float64Array): number {
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]!]!;
    taken[i] = value;
    if (!Number.isNaN(value)) present[count++] = value;
  }
  return count;
}

function fillColumn(matrix: DenseMatrix, column: number, taken: Float64Array, centre: number, scale: number): void {
  const { columns, values } = matrix;
  const middle = centre / scale;
  for (let i = 0, at = column; i < taken.length; i++, at += columns) {
    const value = taken[i]!;
    const units = Number.isNaN(value) ? 0 : value / scale - middle;
    values[at] = Math.max(-MAX_UNITS, Math.min(MAX_UNITS, units));
  }
}

/** A cell from its scaled value; what the rounding of sums left over is 0. */
export function cellOf(scaled: number, centre: number, scale: number): number {
  const cell = scaled * scale + centre;
  return Math.abs(cell) < 1e-9 * (scale + Math.abs(centre)) ? 0 : cell;
}
