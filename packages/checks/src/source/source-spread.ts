/** How much honest sources differ: the correlation within a source, estimated so that a minority of bad ones cannot move it. */

import { median } from "../numeric/quantiles.js";

/** Fewest sources that can show how much sources differ. */
export const FEWEST_FOR_SPREAD = 8;

/** Median of the square of a standard normal variable (χ² of one degree of freedom). */
const MEDIAN_SQUARE = 0.4549364231195724;

/** Largest correlation considered; above it a source is all or nothing. */
const MOST = 0.5;

/**
 * Correlation of two records of one source: the value at which the median squared deviation of a source from the usual rate (that
 * of the middle half of the sources) is what chance alone would give. 0 when sources differ no more than by chance, or when fewer
 * than 8 have enough records (expected count of 1) to tell.
 *
 * Neither the median nor the middle half is moved much by bad sources, as long as these are less than a quarter of all.
 */
export function correlationWithin(flagged: Int32Array, sizes: Int32Array): number {
  const rate = usualRate(flagged, sizes);
  if (!(rate > 0 && rate < 1)) return 0;
  const usable = [...sizes.keys()].filter((source) => (sizes[source] as number) * Math.min(rate, 1 - rate) >= 1);
  if (usable.length < FEWEST_FOR_SPREAD) return 0;
  const exceeds = (correlation: number): boolean => {
    const squares = Float64Array.from(usable, (source) => {
      const size = sizes[source] as number;
      const deviation = (flagged[source] as number) - size * rate;
      return (deviation * deviation) / (size * rate * (1 - rate) * (1 + (size - 1) * correlation));
    });
    return median(squares) > MEDIAN_SQUARE;
  };
  if (!exceeds(0)) return 0;
  let low = 0;
  let high = MOST;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (exceeds(middle)) low = middle;
    else high = middle;
  }
  // The median of few squares is itself uncertain (its standard error is about 1.4/√count of it): lean to the honest side.
  return Math.min(MOST, high * (1 + 6 / Math.sqrt(usable.length)));
}

/** Rate over the middle half of the sources, by rate. */
function usualRate(flagged: Int32Array, sizes: Int32Array): number {
  const rateOf = (source: number): number => (flagged[source] as number) / (sizes[source] as number);
  const order = [...sizes.keys()].filter((source) => (sizes[source] as number) > 0);
  order.sort((a, b) => rateOf(a) - rateOf(b) || a - b);
  const cut = Math.floor(order.length / 4);
  const middle = order.slice(cut, order.length - cut);
  const records = middle.reduce((sum, source) => sum + (sizes[source] as number), 0);
  return middle.reduce((sum, source) => sum + (flagged[source] as number), 0) / records;
}
