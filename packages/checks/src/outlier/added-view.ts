/** What the views beside those of numbers have in common: how they are measured against the other records. */

import { momentsOf } from "../numeric/moments.js";
import { spreadOf } from "../numeric/quantiles.js";
import { standardise } from "./outlier-score.js";

/**
 * Values of a view in robust deviations from their median, compressed as those of numbers are (`standardise`).
 *
 * The scale is the larger of IQR / 1.349 and the standard deviation: where nearly all records hold the same few categories the
 * IQR is 0 or next to it, and any other record would be infinitely odd. A surprise cannot exceed the logarithm of the number of
 * records, so a few odd records cannot stretch the deviation as they could that of a number.
 *
 * @param values - Of every row of the table.
 * @param reference - Rows that median and scale are taken over.
 */
export function standardisedView(values: Float64Array, reference: Int32Array): Float64Array {
  const taken = Float64Array.from(reference, (row) => values[row]!);
  const { median, iqr } = spreadOf(taken);
  return standardise(values, median, Math.max(iqr / 1.349, Math.sqrt(momentsOf(taken).variance)));
}
