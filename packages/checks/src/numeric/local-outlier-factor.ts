/** Local outlier factor (Breunig, Kriegel, Ng and Sander 2000): how much thinner a row's surroundings are than those of its neighbours. */

import type { Neighbours } from "./nearest-neighbours.js";

/**
 * The factor of every row: about 1 inside a cloud of any density, above 1 for what stands apart from its neighbours.
 *
 * O(rows · k), the search for neighbours not counted. As in scikit-learn, 10⁻¹⁰ is added to mean reachability distances, so
 * that copies do not make densities infinite. A row without neighbours has 1.
 *
 * @param neighbours - The k nearest other rows of all rows among all rows: `nearestRowsDense(matrix, k, rows, 0, rows)`.
 */
export function localOutlierFactors({ rows, squared }: Neighbours, k: number): Float64Array {
  const count = rows.length / k;
  const reach = new Float64Array(count);
  const found = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    while (found[i]! < k && rows[i * k + found[i]!]! >= 0) found[i]!++;
    if (found[i]! > 0) reach[i] = Math.sqrt(squared[i * k + found[i]! - 1]!);
  }
  const density = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let at = i * k; at < i * k + found[i]!; at++) sum += Math.max(reach[rows[at]!]!, Math.sqrt(squared[at]!));
    density[i] = 1 / (sum / found[i]! + 1e-10);
  }
  const factors = new Float64Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let at = i * k; at < i * k + found[i]!; at++) sum += density[rows[at]!]!;
    if (found[i]! > 0) factors[i] = sum / found[i]! / density[i]!;
  }
  return factors;
}
