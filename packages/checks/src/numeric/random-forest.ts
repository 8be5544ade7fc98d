/**
 * Random forest for classes (Breiman 2001) on binned columns, with out-of-bag probabilities: each row is judged only by trees
 * that never saw it, so one fit replaces five.
 */

import type { DenseMatrix } from "./matrix.js";
import { type RandomStream, randomStream } from "./random-stream.js";

export interface RandomForestOptions {
  /** Rows that each tree draws, with replacement; default as many as there are. */
  readonly bagSize?: number;
  /** Rows in a leaf at least; default 3. */
  readonly minLeaf?: number;
}

/** Columns as numbers of bins, column after column. */
export interface BinnedColumns {
  readonly rows: number;
  readonly columns: number;
  /** Bin of (row i, column j) at `j * rows + i`; bins ascend with the values. */
  readonly bins: Uint8Array;
}

const MAX_BINS = 256;

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
  { bagSize = data.rows, minLeaf = 3 }: RandomForestOptions = {},
): OutOfBag {
  const votes = new Float64Array(data.rows * classes);
  const trees = new Int32Array(data.rows);
  const labelOf = new Int32Array(data.rows);
  const grower = new TreeGrower(data, labelOf, classes, minLeaf);
  const inBag = new Uint8Array(data.rows);
  for (let index = begin; index < end; index++) {
    const stream = randomStream(seed, "forest-tree", index);
    drawLabels(labels, stream, labelOf);
    inBag.fill(0);
    const bag = new Int32Array(bagSize);
    for (let i = 0; i < bagSize; i++) {
      bag[i] = stream.below(data.rows);
      inBag[bag[i]!] = 1;
    }
    grower.grow(bag, stream);
    for (let row = 0; row < data.rows; row++) {
      if (inBag[row] === 1) continue;
      trees[row]!++;
      grower.addVotes(row, votes, row * classes);
    }
  }
  return { votes, trees };
}

function drawLabels({ label, weight, first }: RowLabels, stream: RandomStream, labelOf: Int32Array): void {
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

class TreeGrower {
  // Nodes in preorder; the left child follows its parent.
  #column: number[] = [];
  /** Bins up to this one go left; at a leaf, where its classes begin. */
  #bin: number[] = [];
  /** The right child; at a leaf, where its classes end. */
  #right: number[] = [];
  #leafClasses: number[] = [];
  #leafShares: number[] = [];
  readonly #leftCounts: Int32Array;
  readonly #rightCounts: Int32Array;
  readonly #nodeCounts: Int32Array;
  readonly #binStarts = new Int32Array(MAX_BINS + 1);
  readonly #candidates: Int32Array;
  readonly #tries: number;

  constructor(
    readonly data: BinnedColumns,
    readonly labels: Int32Array,
    readonly classes: number,
    readonly minLeaf: number,
  ) {
    this.#leftCounts = new Int32Array(classes);
    this.#rightCounts = new Int32Array(classes);
    this.#nodeCounts = new Int32Array(classes);
    this.#candidates = new Int32Array(data.columns);
    this.#tries = Math.max(1, Math.floor(Math.sqrt(data.columns)));
  }

  grow(bag: Int32Array, stream: RandomStream): void {
    this.#column = [];
    this.#bin = [];
    this.#right = [];
    this.#leafClasses = [];
    this.#leafShares = [];
    const { bins, rows, columns } = this.data;
    const ordered = new Int32Array(bag.length);
    // A right child waits with the number of its parent; the left one is grown at once.
    const pending: { begin: number; end: number; parent: number }[] = [{ begin: 0, end: bag.length, parent: -1 }];
    while (pending.length > 0) {
      const { begin, end, parent } = pending.pop()!;
      const node = this.#column.length;
      if (parent >= 0) this.#right[parent] = node;
      this.#column.push(-1);
      this.#bin.push(0);
      this.#right.push(0);
      const squares = this.#count(bag, begin, end);
      const size = end - begin;
      let bestColumn = -1;
      let bestBin = 0;
      if (size >= 2 * this.minLeaf && squares < size * size) {
        let bestGain = 0;
        for (let j = 0; j < columns; j++) this.#candidates[j] = j;
        for (let left = columns, tried = 0; left > 0 && tried < this.#tries; left--) {
          const drawn = stream.below(left);
          const j = this.#candidates[drawn]!;
          this.#candidates[drawn] = this.#candidates[left - 1]!;
          const varies = this.#orderByBin(bag, begin, end, j * rows, ordered);
          if (!varies) continue;
          tried++;
          const split = this.#bestSplit(ordered, size, j * rows, squares);
          if (split.gain > bestGain) {
            bestGain = split.gain;
            bestColumn = j;
            bestBin = split.bin;
          }
        }
      }
      if (bestColumn < 0) {
        this.#closeLeaf(node, bag, begin, end);
        continue;
      }
      let middle = begin;
      let rest = 0;
      for (let i = begin; i < end; i++) {
        const row = bag[i]!;
        if (bins[bestColumn * rows + row]! <= bestBin) bag[middle++] = row;
        else ordered[rest++] = row;
      }
      bag.set(ordered.subarray(0, rest), middle);
      this.#column[node] = bestColumn;
      this.#bin[node] = bestBin;
      pending.push({ begin: middle, end, parent: node }, { begin, end: middle, parent: -1 });
    }
  }

  /** Adds the class shares of the leaf that a row falls into. */
  addVotes(row: number, votes: Float64Array, at: number): void {
    const { bins, rows } = this.data;
    let node = 0;
    for (let j = this.#column[0]!; j >= 0; j = this.#column[node]!) {
      node = bins[j * rows + row]! <= this.#bin[node]! ? node + 1 : this.#right[node]!;
    }
    for (let i = this.#bin[node]!; i < this.#right[node]!; i++)
      votes[at + this.#leafClasses[i]!]! += this.#leafShares[i]!;
  }

  /** Fills the class counts of a node; returns the sum of their squares. */
  #count(bag: Int32Array, begin: number, end: number): number {
    const counts = this.#nodeCounts;
    if (end - begin < counts.length) for (let i = begin; i < end; i++) counts[this.labels[bag[i]!]!] = 0;
    else counts.fill(0);
    let squares = 0;
    for (let i = begin; i < end; i++) squares += 2 * counts[this.labels[bag[i]!]!]!++ + 1;
    return squares;
  }

  #closeLeaf(node: number, bag: Int32Array, begin: number, end: number): void {
    this.#bin[node] = this.#leafClasses.length;
    for (let i = begin; i < end; i++) {
      const label = this.labels[bag[i]!]!;
      const count = this.#nodeCounts[label]!;
      if (count === 0) continue;
      this.#leafClasses.push(label);
      this.#leafShares.push(count / (end - begin));
      this.#nodeCounts[label] = 0;
    }
    this.#right[node] = this.#leafClasses.length;
  }

  /** Orders the rows of a node by their bin; false when they share one. */
  #orderByBin(bag: Int32Array, begin: number, end: number, offset: number, ordered: Int32Array): boolean {
    const { bins } = this.data;
    const size = end - begin;
    if (size <= 32) {
      let varies = false;
      const first = bins[offset + bag[begin]!]!;
      for (let i = 0; i < size; i++) {
        const row = bag[begin + i]!;
        const bin = bins[offset + row]!;
        if (bin !== first) varies = true;
        let at = i;
        while (at > 0 && bins[offset + ordered[at - 1]!]! > bin) {
          ordered[at] = ordered[at - 1]!;
          at--;
        }
        ordered[at] = row;
      }
      return varies;
    }
    const starts = this.#binStarts;
    starts.fill(0);
    for (let i = begin; i < end; i++) starts[bins[offset + bag[i]!]! + 1]!++;
    for (let b = 1; b <= MAX_BINS; b++) {
      if (starts[b] === size) return false;
      starts[b]! += starts[b - 1]!;
    }
    for (let i = begin; i < end; i++) {
      const row = bag[i]!;
      ordered[starts[bins[offset + row]!]!++] = row;
    }
    return true;
  }

  /** The cut with the greatest fall of the Gini impurity, up to a factor; gain 0 where no cut leaves enough on both sides. */
  #bestSplit(ordered: Int32Array, size: number, offset: number, squares: number): { gain: number; bin: number } {
    const { bins } = this.data;
    const left = this.#leftCounts;
    const right = this.#rightCounts;
    for (let i = 0; i < size; i++) {
      const label = this.labels[ordered[i]!]!;
      left[label] = 0;
      right[label] = this.#nodeCounts[label]!;
    }
    let leftSquares = 0;
    let rightSquares = squares;
    let gain = 0;
    let bin = 0;
    let previous = bins[offset + ordered[0]!]!;
    for (let i = 0; i < size; i++) {
      const row = ordered[i]!;
      const current = bins[offset + row]!;
      if (current !== previous && i >= this.minLeaf && size - i >= this.minLeaf) {
        // Any valid cut beats none, even one that does not lower the impurity: later cuts may.
        const candidate = leftSquares / i + rightSquares / (size - i) - squares / size + 1e-12;
        if (candidate > gain) {
          gain = candidate;
          bin = previous;
        }
      }
      previous = current;
      const label = this.labels[row]!;
      leftSquares += 2 * left[label]!++ + 1;
      rightSquares -= 2 * right[label]!-- - 1;
    }
    return { gain, bin };
  }
}
