/**
 * False discovery rates: Benjamini and Hochberg (1995) for p-values, conformal p-values from trusted records (Bates et al.
 * 2023), and the target–decoy count with + 1 (Barber and Candès 2015; He et al. 2015) where nobody is trusted.
 */

/**
 * The smallest rate at which each p-value would be rejected by the step-up procedure.
 *
 * @returns One q for each p, in the order of `p`; at least p, at most 1.
 * @example
 * benjaminiHochberg([0.01, 0.5]); // [0.02, 0.5]
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  const n = p.length;
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => p[a]! - p[b]! || a - b);
  const q = new Float64Array(n);
  let least = 1;
  for (let rank = n; rank >= 1; rank--) {
    const i = order[rank - 1]!;
    least = Math.min(least, (p[i]! * n) / rank);
    q[i] = least;
  }
  return q;
}

/**
 * p = (1 + number of calibration scores at least as high) / (1 + number of them). Valid when the calibration records and the
 * good ones among the rest are exchangeable.
 *
 * @param calibration - Scores of trusted records; at least one.
 */
export function conformalPValues(scores: Float64Array, calibration: Float64Array): Float64Array {
  const sorted = calibration.slice().sort();
  return scores.map((score) => (1 + sorted.length - countBelow(sorted, score)) / (1 + sorted.length));
}

/**
 * The smallest rate at which each score would be found: min over thresholds s ≤ score of
 * (1 + number of decoys ≥ s) / number of scores ≥ s, at most 1.
 */
export function decoyRates(scores: Float64Array, decoys: Float64Array): Float64Array {
  const n = scores.length;
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const sorted = decoys.slice().sort();
  const q = new Float64Array(n);
  let least = 1;
  for (let rank = n; rank >= 1; ) {
    // Equal scores stand or fall together.
    let first = rank - 1;
    const score = scores[order[first]!]!;
    while (first > 0 && scores[order[first - 1]!] === score) first--;
    least = Math.min(least, (1 + sorted.length - countBelow(sorted, score)) / rank);
    for (let i = first; i < rank; i++) q[order[i]!] = least;
    rank = first;
  }
  return q;
}

/** How many of the ascending values are below `score`. */
function countBelow(sorted: Float64Array, score: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return low;
}
