/**
 * Distance to the nearest of a few references, over many draws (Sugiyama and Borgwardt 2013, "Rapid distance-based outlier
 * detection via sampling", as an ensemble). Few references are the point: two records of a dense knot of odd ones are
 * rarely drawn together, so a knot does not hide itself.
 */

import type { DenseMatrix } from "./matrix.js";
import { selectRank } from "./quantiles.js";
import { randomStream, sampleWithoutReplacement } from "./random-stream.js";

export interface SampledNeighboursOptions {
  /** Draws; default 200. */
  readonly draws?: number;
  /** References in a draw; default 20. */
  readonly references?: number;
}

/**
 * Adds, for the draws [begin, end), the distance of every row to the nearest drawn row other than itself, divided by the
 * median of that distance over the rows. O(rows · columns · references) a draw.
 *
 * @param decoy - Rows that are no rows of `rows`, scored under the same model; `decoySums` gets theirs.
 */
export function addSampledDistances(
  rows: DenseMatrix,
  sums: Float64Array,
  decoy: DenseMatrix | undefined,
  decoySums: Float64Array | undefined,
  seed: Uint8Array,
  begin: number,
  end: number,
  { references = 20 }: SampledNeighboursOptions = {},
): void {
  const { columns } = rows;
  const size = Math.min(references, rows.rows);
  const drawn = new Float64Array(size * columns);
  const distances = new Float64Array(rows.rows);
  const decoyDistances = new Float64Array(decoy?.rows ?? 0);
  const scratch = new Float64Array(rows.rows);
  for (let draw = begin; draw < end; draw++) {
    const sample = sampleWithoutReplacement(randomStream(seed, "sampled-neighbours", draw), rows.rows, size);
    for (let r = 0; r < size; r++) {
      drawn.set(rows.values.subarray(sample[r]! * columns, (sample[r]! + 1) * columns), r * columns);
    }
    nearestDistances(rows, drawn, size, sample, distances);
    scratch.set(distances);
    const unit = selectRank(scratch, (rows.rows - 1) >> 1);
    // Where half of the rows have distance 0 the draw says nothing in units of the median.
    const scale = unit > 0 ? 1 / unit : 1;
    for (let i = 0; i < rows.rows; i++) sums[i]! += distances[i]! * scale;
    if (!decoy || !decoySums) continue;
    nearestDistances(decoy, drawn, size, undefined, decoyDistances);
    for (let i = 0; i < decoy.rows; i++) decoySums[i]! += decoyDistances[i]! * scale;
  }
}

/** Distance of each row to the nearest reference, the row itself left out. */
function nearestDistances(
  matrix: DenseMatrix,
  drawn: Float64Array,
  size: number,
  own: Int32Array | undefined,
  out: Float64Array,
): void {
  const { rows, columns, values } = matrix;
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    let best = Number.POSITIVE_INFINITY;
    for (let r = 0, from = 0; r < size; r++, from += columns) {
      let sum = 0;
      let j = 0;
      // Four at a time: a third faster than one by one, and soon enough to leave.
      for (; j + 4 <= columns && sum < best; j += 4) {
        const a = values[at + j]! - drawn[from + j]!;
        const b = values[at + j + 1]! - drawn[from + j + 1]!;
        const c = values[at + j + 2]! - drawn[from + j + 2]!;
        const d = values[at + j + 3]! - drawn[from + j + 3]!;
        sum += a * a + b * b + (c * c + d * d);
      }
      if (sum >= best) continue;
      for (; j < columns; j++) {
        const difference = values[at + j]! - drawn[from + j]!;
        sum += difference * difference;
      }
      // The row itself is at distance 0, so the test is needed only there.
      if (sum < best && !(sum === 0 && own !== undefined && own[r] === i)) best = sum;
    }
    out[i] = best === Number.POSITIVE_INFINITY ? 0 : Math.sqrt(best);
  }
}
