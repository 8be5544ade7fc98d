/**
 * Isolation forest (Liu, Ting and Zhou 2008): records that random splits separate early are odd.
 *
 * References are drawn from distinct rows, so that copies of an odd record do not hide each other. Columns may have any
 * scale: a split is uniform between the least and the greatest value of a column in its node, whatever the unit.
 */

import { exp, log } from "./elementary.js";
import { type NumericKernel, numericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";
import { randomStream, sampleWithoutReplacement } from "./random-stream.js";

export interface IsolationOptions {
  /** Rows that a tree is grown from; default 256. */
  readonly sampleSize?: number;
  /** `null`: without WebAssembly. The answer is the same. */
  readonly kernel?: NumericKernel | null;
}

/** Trees of one size limit, one behind the other; the children of a node stand beside each other. */
interface IsolationTrees {
  readonly trees: number;
  /** Nodes that a tree has room for. */
  readonly perTree: number;
  readonly height: number;
  /** Column that is split; 0 at a leaf. */
  readonly column: Int32Array;
  /** Values below it go left, all others right; NaN at a leaf. */
  readonly threshold: Float64Array;
  /** The left child, numbered within its tree; one before itself at a leaf, so that a step from there ends there. */
  readonly left: Int32Array;
  /** At a leaf, the path length of what ends there. */
  readonly length: Float64Array;
}

const EULER = 0.5772156649015329;
/** Values of rows that are in the memory of the kernel. */
const PIECE_VALUES = 2 ** 14;

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
  { sampleSize = 256, kernel = numericKernel() }: IsolationOptions = {},
): void {
  const forest = growTrees(rows, seed, begin, end, Math.min(sampleSize, rows.rows));
  for (const [s, matrix] of scored.entries()) {
    if (!kernel || !addByKernel(kernel, forest, matrix, paths[s]!)) addPlainly(forest, matrix, paths[s]!);
  }
}

/** Scores 2^(−E h / c(ψ)) from summed path lengths, in (0, 1): above ½ is odder than average. */
export function isolationScores(paths: Float64Array, trees: number, sampleSize: number): Float64Array {
  const unit = meanPathLength(sampleSize);
  return paths.map((sum) => (unit > 0 ? exp((-Math.LN2 * sum) / trees / unit) : 0.5));
}

function growTrees(matrix: DenseMatrix, seed: Uint8Array, begin: number, end: number, size: number): IsolationTrees {
  const trees = end - begin;
  const perTree = Math.max(1, 2 * size - 1);
  const forest: IsolationTrees = {
    trees,
    perTree,
    height: Math.ceil(log(Math.max(size, 2)) / Math.LN2 - 1e-9),
    column: new Int32Array(trees * perTree),
    threshold: new Float64Array(trees * perTree).fill(Number.NaN),
    left: new Int32Array(trees * perTree),
    length: new Float64Array(trees * perTree),
  };
  for (let tree = 0; tree < trees; tree++) growTree(forest, tree * perTree, matrix, seed, begin + tree, size);
  return forest;
}

/** Grows one tree, whose nodes begin at `base`; a left subtree draws its numbers before the right one. */
function growTree(
  { column, threshold, left, length, height: limit }: IsolationTrees,
  base: number,
  { columns, values, rows }: DenseMatrix,
  seed: Uint8Array,
  index: number,
  size: number,
): void {
  const stream = randomStream(seed, "isolation-tree", index);
  const sample = sampleWithoutReplacement(stream, rows, size);
  const candidates = new Int32Array(columns);
  let nodes = 1;
  const grow = (node: number, begin: number, end: number, height: number): void => {
    left[base + node] = node - 1;
    length[base + node] = height + meanPathLength(end - begin);
    if (height >= limit || end - begin <= 1) return;
    // Draws columns until one is not constant here, never the same one twice.
    for (let j = 0; j < columns; j++) candidates[j] = j;
    for (let untried = columns; untried > 0; untried--) {
      const drawn = stream.below(untried);
      const j = candidates[drawn]!;
      candidates[drawn] = candidates[untried - 1]!;
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
      const child = nodes;
      nodes += 2;
      column[base + node] = j;
      threshold[base + node] = split;
      left[base + node] = child;
      grow(child, begin, middle, height + 1);
      grow(child + 1, middle, end, height + 1);
      return;
    }
  };
  grow(0, 0, size, 0);
}

function addPlainly(forest: IsolationTrees, { rows, columns, values }: DenseMatrix, paths: Float64Array): void {
  const { trees, perTree, column, threshold, left, length } = forest;
  for (let tree = 0, base = 0; tree < trees; tree++, base += perTree) {
    for (let i = 0, at = 0; i < rows; i++, at += columns) {
      let node = base;
      for (let child = left[node]!; child >= node - base; child = left[node]!) {
        node = base + child + (values[at + column[node]!]! < threshold[node]! ? 0 : 1);
      }
      paths[i]! += length[node]!;
    }
  }
}

function addByKernel(
  { module, room }: NumericKernel,
  { trees, perTree, height, column, threshold, left, length }: IsolationTrees,
  { rows, columns, values }: DenseMatrix,
  paths: Float64Array,
): boolean {
  const piece = Math.max(4, Math.min(Math.ceil(rows / 4) * 4, 4 * Math.floor(PIECE_VALUES / (4 * columns))));
  const memory = room(8 * piece * columns, 16 * column.length, 8 * length.length, 8 * piece);
  if (memory === undefined) return false;
  const { buffer, at } = memory;
  const [valuesAt, nodesAt, lengthsAt, sumsAt] = at;
  const block = new Float64Array(buffer, valuesAt, piece * columns);
  const sums = new Float64Array(buffer, sumsAt, piece);
  const thresholds = new Float64Array(buffer, nodesAt, 2 * column.length);
  const links = new Int32Array(buffer, nodesAt, 4 * column.length);
  for (let node = 0; node < column.length; node++) {
    thresholds[2 * node] = threshold[node]!;
    links[4 * node + 2] = 8 * column[node]!;
    links[4 * node + 3] = 16 * left[node]!;
  }
  new Float64Array(buffer, lengthsAt, length.length).set(length);
  for (let first = 0; first < rows; first += piece) {
    const count = Math.min(piece, rows - first);
    block.set(values.subarray(first * columns, (first + count) * columns));
    sums.set(paths.subarray(first, first + count));
    module.addPaths(valuesAt, Math.ceil(count / 4) * 4, columns, nodesAt, lengthsAt, trees, perTree, height, sumsAt);
    paths.set(sums.subarray(0, count), first);
  }
  return true;
}
