/** Which records a ranking shows where nothing is claimed. */

/** Without an estimate of how many there are: the top hundredth, at least 10 and at most 1,000. */
export function rankingLength(records: number): number {
  return Math.min(records, Math.max(10, Math.min(1000, Math.ceil(records / 100))));
}

/** The rows of the highest scores, highest first, the first of equals. */
export function rankedRows(scores: Float64Array, count: number): number[] {
  if (count === 0) return [];
  // Only what may be among them is put in order: numbers alone are sorted faster, and in less memory.
  const least = scores.slice().sort()[scores.length - count]!;
  const rows: number[] = [];
  for (let row = 0; row < scores.length; row++) if (!(scores[row]! < least)) rows.push(row);
  return rows.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);
}
