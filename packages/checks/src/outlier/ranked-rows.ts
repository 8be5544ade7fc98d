/** Which records a ranking shows where nothing is claimed. */

/** Without an estimate of how many there are: the top hundredth, at least 10 and at most 1,000. */
export function rankingLength(records: number): number {
  return Math.min(records, Math.max(10, Math.min(1000, Math.ceil(records / 100))));
}

export function rankedRows(scores: Float64Array, count: number): number[] {
  return [
    ...Int32Array.from(scores.keys())
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .subarray(0, count),
  ];
}
