/** Histogram-based outlier score (Goldstein and Dengel 2012): how thin the bins are that a row falls into, each column by itself. */

import { log } from "./elementary.js";
import type { DenseMatrix } from "./matrix.js";

export interface HistogramScoreOptions {
  /** Bins of equal width between the least and the greatest value of a column; default 10. */
  readonly bins?: number;
  /** Added to densities, in rows per unit of the column and row; default 0.1 as in PyOD. So the unit of a column counts. */
  readonly alpha?: number;
}

/** −Σ log₂(density + α) over the columns; higher is odder. O(rows · columns). */
export function histogramScores(
  { rows, columns, values }: DenseMatrix,
  { bins = 10, alpha = 0.1 }: HistogramScoreOptions = {},
): Float64Array {
  const scores = new Float64Array(rows);
  const edges = new Float64Array(bins + 1);
  const counts = new Float64Array(bins);
  for (let j = 0; j < columns; j++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let at = j; at < values.length; at += columns) {
      low = Math.min(low, values[at]!);
      high = Math.max(high, values[at]!);
    }
    if (low === high) {
      low -= 0.5;
      high += 0.5;
    }
    const width = (high - low) / bins;
    for (let b = 0; b < bins; b++) edges[b] = b * width + low;
    edges[bins] = high;
    counts.fill(0);
    // A value on an edge counts in the bin above it and is scored by the one below, as numpy's histogram and digitize have it.
    for (let at = j; at < values.length; at += columns) {
      let bin = Math.max(0, Math.min(bins - 1, Math.floor((values[at]! - low) / width)));
      while (bin > 0 && values[at]! < edges[bin]!) bin--;
      while (bin < bins - 1 && values[at]! >= edges[bin + 1]!) bin++;
      counts[bin]!++;
    }
    const bits = Float64Array.from(
      counts,
      (count, b) => log(count / rows / (edges[b + 1]! - edges[b]!) + alpha) / Math.LN2,
    );
    for (let i = 0, at = j; i < rows; i++, at += columns) {
      let bin = Math.max(0, Math.min(bins - 1, Math.floor((values[at]! - low) / width)));
      while (bin > 0 && values[at]! <= edges[bin]!) bin--;
      while (bin < bins - 1 && values[at]! > edges[bin + 1]!) bin++;
      scores[i]! -= bits[bin]!;
    }
  }
  return scores;
}
