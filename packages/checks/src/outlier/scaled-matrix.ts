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
  for (const [j, { values }] of numbers.entries()) {
    const taken = Float64Array.from(rows, (row) => values[row]!);
    const { centre, scale } = robustScale(taken.filter((value) => !Number.isNaN(value)));
    centres[j] = centre;
    scales[j] = scale;
    for (let i = 0; i < rows.length; i++) {
      const value = taken[i]!;
      const units = Number.isNaN(value) ? 0 : value / scale - centre / scale;
      matrix.values[i * d + j] = Math.max(-MAX_UNITS, Math.min(MAX_UNITS, units));
    }
  }
  return { matrix, centres, scales };
}

/** A cell from its scaled value; what the rounding of sums left over is 0. */
export function cellOf(scaled: number, centre: number, scale: number): number {
  const cell = scaled * scale + centre;
  return Math.abs(cell) < 1e-9 * (scale + Math.abs(centre)) ? 0 : cell;
}
