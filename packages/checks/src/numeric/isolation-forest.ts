/**
 * Isolation forest (Liu, Ting and Zhou 2008): records that random splits separate early are odd.
 *
 * References are drawn from distinct rows, so that copies of an odd record do not hide each other. Columns may have any
 * scale: a split is uniform between the least and the greatest value of a column in its node, whatever the unit.
 */

import { exp, log } from "./elementary.js";
import type { DenseMatrix } from "./matrix.js";
import { randomStream, sampleWithoutReplacement } from "./random-stream.js";

export interface IsolationOptions {
  /** Trees; default 100. */
  readonly trees?: number;
  /** Rows that a tree is grown from; default 256. */
  readonly sampleSize?: number;
}

/** Nodes of a tree in preorder: the left child of node i is i + 1. */
interface IsolationTree {
  /** Column that is split, −1 at a leaf. */
  readonly column: Int16Array;
  /** Values below it go left; at a leaf, the path length of what ends there. */
  readonly threshold: Float64Array;
  readonly right: Int32Array;
}

const EULER = 0.5772156649015329;

/** Mean path length of an unsuccessful search among `size` rows: c(m) of the paper. */
export function meanPathLength(size: number): number {
  if (size <= 1) return 0;
  if (size === 2) return 1;
  return 2 * (log(size - 1) + EULER) - (2 * (size - 1)) / size;
}

/**
 * Adds to `paths[s][i]` the path lengths of row i of each matrix `scored[s]` in the trees [begin, end) of the forest that
 * `seed` grows on `rows`. Adding in tree order makes any cut of the trees into parts agree up to the order of the parts.
 */
export function addPathLengths(
  rows: DenseMatrix,
  scored: readonly DenseMatrix[],
  paths: readonly Float64Array[],
  seed: Uint8Array,
  begin: number,
  end: number,
  { sampleSize = 256 }: IsolationOptions = {},
): void {
  const size = Math.min(sampleSize, rows.rows);
  for (let index = begin; index < end; index++) {
    const tree = growTree(rows, seed, index, size);
    for (const [s, matrix] of scored.entries()) addTree(tree, matrix, paths[s]!);
  }
}

/** Scores 2^(−E h / c(ψ)) from summed path lengths, in (0, 1): above ½ is odder than average. */
export function isolationScores(paths: Float64Array, trees: number, sampleSize: number): Float64Array {
  const unit = meanPathLength(sampleSize);
  return paths.map((sum) => (unit > 0 ? exp((-Math.LN2 * sum) / trees / unit) : 0.5));
}

function growTree(
  { columns, values, rows }: DenseMatrix,
  seed: Uint8Array,
  index: number,
  size: number,
): IsolationTree {
  const stream = randomStream(seed, "isolation-tree", index);
  const sample = sampleWithoutReplacement(stream, rows, size);
  const heightLimit = Math.ceil(log(Math.max(size, 2)) / Math.LN2 - 1e-9);
  const column: number[] = [];
  const threshold: number[] = [];
  const right: number[] = [];
  const candidates = new Int32Array(columns);

  const grow = (begin: number, end: number, height: number): void => {
    const node = column.length;
    column.push(-1);
    threshold.push(height + meanPathLength(end - begin));
    right.push(0);
    if (height >= heightLimit || end - begin <= 1) return;
    // Draws columns until one is not constant here, never the same one twice.
    for (let j = 0; j < columns; j++) candidates[j] = j;
    for (let left = columns; left > 0; left--) {
      const drawn = stream.below(left);
      const j = candidates[drawn]!;
      candidates[drawn] = candidates[left - 1]!;
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let i = begin; i < end; i++) {
        const value = values[sample[i]! * columns + j]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      if (!(high > low)) continue;
      const u = stream.uniform();
      let split = low * (1 - u) + high * u;
      if (!(split > low)) split = high;
      let middle = begin;
      for (let i = begin; i < end; i++) {
        const row = sample[i]!;
        if (values[row * columns + j]! < split) {
          sample[i] = sample[middle]!;
          sample[middle++] = row;
        }
      }
      column[node] = j;
      threshold[node] = split;
      grow(begin, middle, height + 1);
      right[node] = column.length;
      grow(middle, end, height + 1);
      return;
    }
  };
  grow(0, size, 0);
  return { column: Int16Array.from(column), threshold: Float64Array.from(threshold), right: Int32Array.from(right) };
}

function addTree({ column, threshold, right }: IsolationTree, matrix: DenseMatrix, paths: Float64Array): void {
  const { rows, columns, values } = matrix;
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    let node = 0;
    for (let j = column[0]!; j >= 0; j = column[node]!) {
      node = values[at + j]! < threshold[node]! ? node + 1 : right[node]!;
    }
    paths[i]! += threshold[node]!;
  }
}
