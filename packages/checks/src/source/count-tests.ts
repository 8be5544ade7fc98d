/**
 * Tails of counts: hypergeometric (exact: what a source holds of a marked share, were sources no matter) and beta-binomial
 * (the same where honest sources differ). Both are sums of ratios of neighbouring probabilities, from + − × ÷ alone: no
 * factorials, no logarithms, nothing that engines round differently.
 */

/** Smallest probability that is given; below it nothing is told apart. */
const LEAST = 1e-300;

/**
 * P(X ≥ observed) for a draw without replacement (Fisher's exact test, one-sided).
 *
 * @param observed - Marked items in the draw.
 * @param drawn - Items drawn.
 * @param marked - Marked items in all.
 * @param total - Items in all.
 * @returns 1e-300 … 1. Cost: O(width of the distribution), at most O(drawn).
 * @example
 * hypergeometricTail(3, 3, 3, 6); // 1 / 20
 */
export function hypergeometricTail(observed: number, drawn: number, marked: number, total: number): number {
  const low = Math.max(0, drawn + marked - total);
  const high = Math.min(drawn, marked);
  const mode = Math.min(high, Math.max(low, Math.floor(((drawn + 1) * (marked + 1)) / (total + 2))));
  return tail(observed, low, high, mode, (k) => {
    return ((marked - k) / (k + 1)) * ((drawn - k) / (total - marked - drawn + k + 1));
  });
}

/**
 * P(X ≥ observed) of `drawn` trials whose chance of success differs from source to source around `mean`.
 *
 * @param mean - Between 0 and 1.
 * @param correlation - Correlation of two trials of one source, between 0 and 1: 0 is the binomial.
 */
export function betaBinomialTail(observed: number, drawn: number, mean: number, correlation: number): number {
  const start = Math.min(drawn, Math.floor(drawn * mean));
  if (correlation <= 0) {
    const odds = mean / (1 - mean);
    return tail(observed, 0, drawn, start, (k) => ((drawn - k) / (k + 1)) * odds);
  }
  const alpha = (mean * (1 - correlation)) / correlation;
  const beta = ((1 - mean) * (1 - correlation)) / correlation;
  return tail(observed, 0, drawn, start, (k) => ((drawn - k) / (k + 1)) * ((alpha + k) / (drawn - k - 1 + beta)));
}

/**
 * Sums weights outward from a start, where `ratio(k)` is P(k + 1) / P(k), until they vanish, and gives the share at or
 * above `observed`.
 */
function tail(observed: number, low: number, high: number, start: number, ratio: (k: number) => number): number {
  if (observed <= low) return 1;
  if (observed > high) return LEAST;
  let above = 0;
  let below = 0;
  const add = (k: number, weight: number): void => {
    if (k >= observed) above += weight;
    else below += weight;
  };
  add(start, 1);
  for (let k = start, weight = 1; k < high && weight > 0; k++) {
    weight *= ratio(k);
    add(k + 1, weight);
  }
  for (let k = start, weight = 1; k > low && weight > 0; k--) {
    weight /= ratio(k - 1);
    add(k - 1, weight);
  }
  return Math.min(1, Math.max(LEAST, above / (above + below)));
}
