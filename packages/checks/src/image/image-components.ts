/**
 * Images on their leading principal components: few numbers that do not move together, for checks that compare a record with what
 * it would be if its columns had nothing to do with each other. Neighbouring pixels have everything to do with each other.
 */

import type { TableColumn } from "../check.js";
import { covarianceOf } from "../numeric/covariance.js";
import { leadingEigen } from "../numeric/eigen.js";
import { denseMatrix } from "../numeric/matrix.js";
import type { ImageFeatures } from "./image-table.js";

type NumberColumn = Extract<TableColumn, { kind: "number" }>;

/** Most components. */
export const COMPONENTS = 16;

/**
 * The leading components of the images that were read; NaN for the others. Cost: images × features² / 2.
 *
 * @param rows - The rows that components are fitted to: one of each distinct record, so that copies do not shape them.
 */
export function imageComponents({ columns, read }: ImageFeatures, rows: Int32Array): NumberColumn[] {
  const d = columns.length;
  const fitted = rows.filter((row) => read[row] === 1);
  if (d === 0 || fitted.length < 2) return [];
  const matrix = denseMatrix(fitted.length, d);
  for (const [j, { values }] of columns.entries())
    for (const [i, row] of fitted.entries()) matrix.values[i * d + j] = values[row] as number;
  const count = Math.min(COMPONENTS, d, fitted.length - 1);
  const { mean, matrix: covariance } = covarianceOf(matrix, Int32Array.from(fitted.keys()));
  const { values: variances, vectors } = leadingEigen(covariance, d, count);
  const components: NumberColumn[] = [];
  for (let c = 0; c < count; c++) {
    if (!((variances[c] as number) > 1e-9 * (variances[0] as number))) break;
    const values = new Float64Array(read.length).fill(Number.NaN);
    for (let row = 0; row < read.length; row++) {
      if (read[row] !== 1) continue;
      let sum = 0;
      for (let j = 0; j < d; j++)
        sum += ((columns[j] as NumberColumn).values[row]! - (mean[j] as number)) * (vectors[c * d + j] as number);
      values[row] = sum;
    }
    components.push({
      name: `${(columns[0] as NumberColumn).cell?.image} component ${c + 1}`,
      kind: "number",
      values,
      component: true,
    });
  }
  return components;
}
