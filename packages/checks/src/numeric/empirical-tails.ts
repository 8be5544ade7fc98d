/**
 * Scores by how far out in its columns a row lies, each column by itself: −log of the share of rows that lie at least as far out,
 * added up over the columns. ECOD (Li, Zhao, Hu, Botta, Ionescu and Chen 2022) and COPOD (Li, Zhao, Botta, Ionescu and Hu 2020).
 */

import { log } from "./elementary.js";
import type { DenseMatrix } from "./matrix.js";
import { blockSum, momentsOf } from "./moments.js";

/** ECOD: of each column the greatest of the left, the right and the skewed side's tail. O(columns · rows · log rows). */
export function ecodScores(matrix: DenseMatrix): Float64Array {
  return tailScores(matrix, (left, right, skewed) => Math.max(left, right, skewed));
}

/** COPOD: of each column the greater of the mean of both tails and the skewed side's. O(columns · rows · log rows). */
export function copodScores(matrix: DenseMatrix): Float64Array {
  return tailScores(matrix, (left, right, skewed) => Math.max(skewed, (left + right) / 2));
}

function tailScores(
  { rows, columns, values }: DenseMatrix,
  join: (left: number, right: number, skewed: number) => number,
): Float64Array {
  const scores = new Float64Array(rows);
  const column = new Float64Array(rows);
  // −log(i / rows): the tail of a row that i rows lie at or beyond.
  const tails = Float64Array.from({ length: rows + 1 }, (_, i) => -log(i / rows));
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) column[i] = values[i * columns + j]!;
    const skew = skewOf(column);
    const sorted = column.slice().sort();
    for (let i = 0; i < rows; i++) {
      const left = tails[placeOf(sorted, column[i]!, true)]!;
      const right = tails[rows - placeOf(sorted, column[i]!, false)]!;
      // The left tail where the column leans left, the right one where it leans right; both where it leans to neither side.
      scores[i]! += join(left, right, (skew <= 0 ? left : 0) + (skew >= 0 ? right : 0));
    }
  }
  return scores;
}

/** How many values are below `value`, or with `equal` not above it. */
function placeOf(sorted: Float64Array, value: number, equal: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (equal && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which way a column leans: the sum of cubed deviations from its mean; 0 for a constant column. */
function skewOf(column: Float64Array): number {
  const { mean, variance } = momentsOf(column);
  if (!(variance > 0)) return 0;
  const deviation = Math.sqrt(variance);
  return blockSum(column.map((value) => ((value - mean) / deviation) ** 3));
}
