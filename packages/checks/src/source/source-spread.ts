/** How much honest sources differ: the correlation within a source, estimated so that a minority of bad ones cannot move it. */

import { median } from "../numeric/quantiles.js";

/** Fewest sources that can show how much sources differ. */
export const FEWEST_FOR_SPREAD = 8;

/** Median of the square of a standard normal variable (χ² of one degree of freedom). */
const MEDIAN_SQUARE = 0.4549364231195724;

/** Largest correlation considered; above it a source is all or nothing. */
const MOST = 0.5;

/**
 * Correlation of two records of one source: the value at which the median squared deviation of a source from the overall rate is
 * what chance alone would give. 0 when sources differ no more than by chance, or when fewer than 8 have enough records
 * (expected count of 1) to tell.
 *
 * The median is robust: less than half of the sources cannot push it beyond what honest ones do.
 */
export function correlationWithin(flagged: Int32Array, sizes: Int32Array): number {
  const records = sizes.reduce((sum, n) => sum + n, 0);
  const rate = flagged.reduce((sum, n) => sum + n, 0) / records;
  if (!(rate > 0 && rate < 1)) return 0;
  const usable = [...sizes.keys()].filter((source) => (sizes[source] as number) * Math.min(rate, 1 - rate) >= 1);
  if (usable.length < FEWEST_FOR_SPREAD) return 0;
  const excess = (correlation: number): boolean => {
    const squares = Float64Array.from(usable, (source) => {
      const size = sizes[source] as number;
      const deviation = (flagged[source] as number) - size * rate;
      return (deviation * deviation) / (size * rate * (1 - rate) * (1 + (size - 1) * correlation));
    });
    return median(squares) > MEDIAN_SQUARE;
  };
  if (!excess(0)) return 0;
  let low = 0;
  let high = MOST;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (excess(middle)) low = middle;
    else high = middle;
  }
  // The median of few squares is itself uncertain (its standard error is about 1.4/√count of it): lean to the honest side.
  return Math.min(MOST, high * (1 + 3 / Math.sqrt(usable.length)));
}
