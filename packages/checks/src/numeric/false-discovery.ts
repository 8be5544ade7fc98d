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
  const sorted = new Float64Array(p).sort();
  const rates = new Float64Array(n);
  let least = 1;
  for (let rank = n; rank >= 1; rank--) {
    least = Math.min(least, (sorted[rank - 1]! * n) / rank);
    rates[rank - 1] = least;
  }
  // Equal values have the rate of the last of them, which is the least of theirs.
  const q = new Float64Array(n);
  for (let i = 0; i < n; i++) q[i] = rates[countUpTo(sorted, p[i]!) - 1]!;
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
  const sorted = scores.slice().sort();
  const sortedDecoys = decoys.slice().sort();
  const rates = new Float64Array(n);
  let least = 1;
  // Equal scores stand or fall together: the first of them counts all.
  for (let i = 0; i < n; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1])
      least = Math.min(least, (1 + decoys.length - countBelow(sortedDecoys, sorted[i]!)) / (n - i));
    rates[i] = least;
  }
  return scores.map((score) => rates[countBelow(sorted, score)]!);
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

/** How many of the ascending values are at most `score`. */
function countUpTo(sorted: Float64Array, score: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
