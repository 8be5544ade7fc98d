/**
 * Random forest for classes (Breiman 2001) on binned columns, with out-of-bag probabilities: each row is judged only by trees
 * that never saw it, so one fit replaces five.
 */

import { MAX_BINS, PlainClassTree } from "./class-tree.js";
import { kernelTree } from "./class-tree-kernel.js";
import { type NumericKernel, numericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";
import { type RandomStream, randomStream } from "./random-stream.js";

export interface RandomForestOptions {
  /** Rows that each tree draws, with replacement; default as many as there are. */
  readonly bagSize?: number;
  /** Rows in a leaf at least; default 3. */
  readonly minLeaf?: number;
  /** `null`: without WebAssembly. The answer is the same. */
  readonly kernel?: NumericKernel | null;
}

/** Columns as numbers of bins, column after column. */
export interface BinnedColumns {
  readonly rows: number;
  readonly columns: number;
  /** Bin of (row i, column j) at `j * rows + i`; bins ascend with the values. */
  readonly bins: Uint8Array;
}

/** Bins every column: one bin a value up to 256 values, else 256 bins of about equal counts. */
export function binColumns({ rows, columns, values }: DenseMatrix): BinnedColumns {
  const bins = new Uint8Array(rows * columns);
  const sorted = new Float64Array(rows);
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) sorted[i] = values[i * columns + j]!;
    sorted.sort();
    const uppers = binBounds(sorted);
    for (let i = 0; i < rows; i++) {
      const value = values[i * columns + j]!;
      let low = 0;
      let high = uppers.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (uppers[middle]! < value) low = middle + 1;
        else high = middle;
      }
      bins[j * rows + i] = low;
    }
  }
  return { rows, columns, bins };
}

/** Greatest value of each bin, ascending. */
function binBounds(sorted: Float64Array): number[] {
  const distinct: number[] = [];
  for (let i = 0; i < sorted.length && distinct.length <= MAX_BINS; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct.push(sorted[i]!);
  }
  if (distinct.length <= MAX_BINS) return distinct;
  const bounds: number[] = [];
  for (let b = 1; b <= MAX_BINS; b++) {
    const value = sorted[Math.ceil((b * sorted.length) / MAX_BINS) - 1]!;
    if (value !== bounds[bounds.length - 1]) bounds.push(value);
  }
  return bounds;
}

/** Summed leaf distributions over the trees that did not see a row. */
export interface OutOfBag {
  /** Row-major rows × classes. */
  readonly votes: Float64Array;
  /** Trees that judged each row. */
  readonly trees: Int32Array;
}

/** Classes of rows; a row that carries several has one in each tree, drawn by weight. */
export interface RowLabels {
  /** Class of each (row, class) pair, in the order of rows. */
  readonly label: Int32Array;
  readonly weight: Float64Array;
  /** The pairs of row i are those from `first[i]` to `first[i + 1]`; their weights sum to 1. */
  readonly first: Int32Array;
}

/**
 * Grows the trees [begin, end) of the forest of `seed` and collects their out-of-bag votes. O(rows · √columns · depth) a tree.
 *
 * @param labels - Classes 0 … classes − 1.
 */
export function growForest(
  data: BinnedColumns,
  labels: RowLabels,
  classes: number,
  seed: Uint8Array,
  begin: number,
  end: number,
  { bagSize = data.rows, minLeaf = 3, kernel = numericKernel() }: RandomForestOptions = {},
): OutOfBag {
  const votes = new Float64Array(data.rows * classes);
  const trees = new Int32Array(data.rows);
  const tree =
    (kernel && kernelTree(kernel, data, classes, bagSize, minLeaf)) ??
    new PlainClassTree(data, classes, bagSize, minLeaf);
  for (let index = begin; index < end; index++) {
    const stream = randomStream(seed, "forest-tree", index);
    drawLabels(labels, stream, tree.labels);
    tree.grow(stream);
    tree.addVotes(votes, trees);
  }
  return { votes, trees };
}

function drawLabels({ label, weight, first }: RowLabels, stream: RandomStream, labelOf: Int32Array): void {
  if (label.length === labelOf.length) {
    labelOf.set(label);
    return;
  }
  for (let row = 0; row < labelOf.length; row++) {
    let pair = first[row]!;
    const last = first[row + 1]! - 1;
    if (pair < last) {
      let u = stream.uniform();
      while (pair < last && u >= weight[pair]!) u -= weight[pair++]!;
    }
    labelOf[row] = label[pair]!;
  }
}
