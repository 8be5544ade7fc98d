/**
 * One classification tree of a forest on binned columns: drawn, grown and asked in arrays that the next tree uses again. Of a few
 * drawn columns, the cut that lowers the Gini impurity most divides a node.
 *
 * Impurities come from whole numbers, so the order within a bin does not matter, and the kernel (`class-tree-kernel.ts`), which
 * takes another one, grows the same trees to the bit.
 */

import type { BinnedColumns } from "./random-forest.js";
import type { RandomStream } from "./random-stream.js";

export const MAX_BINS = 256;

export interface ClassTree {
  /** Class of each row: to be filled before a tree is grown. */
  readonly labels: Int32Array;
  /** Draws a bag of rows, with replacement, and grows the tree on it. */
  grow(stream: RandomStream): void;
  /** Adds to each row that was not drawn the class shares of its leaf (row-major), and 1 to its trees. */
  addVotes(votes: Float64Array, trees: Int32Array): void;
}

/** Room that the nodes of a tree need: every leaf has `minLeaf` rows. */
export function mostNodes(bagSize: number, minLeaf: number): number {
  return 2 * Math.ceil(bagSize / minLeaf) + 1;
}

/** Columns that are tried for a node. */
export function columnsTried(columns: number): number {
  return Math.max(1, Math.floor(Math.sqrt(columns)));
}

/** In JavaScript. */
export class PlainClassTree implements ClassTree {
  readonly labels: Int32Array;
  readonly #inBag: Uint8Array;
  /** Rows of the tree, in which every node is a run. */
  readonly #bag: Int32Array;
  /** Rows of each class in the node that is looked at, 0 between nodes; and in what is left of a cut, and right. */
  readonly #counts: Int32Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #ordered: Int32Array;
  readonly #starts = new Int32Array(MAX_BINS + 1);
  readonly #candidates: Int32Array;
  #gain = 0;
  #cut = 0;

  // Nodes in preorder; the left child follows its parent.
  readonly #column: Int32Array;
  /** Bins up to this one go left; at a leaf, where its classes begin. */
  readonly #bin: Int32Array;
  /** The right child; at a leaf, where its classes end. */
  readonly #next: Int32Array;
  readonly #leafClasses: Int32Array;
  readonly #leafShares: Float64Array;
  #shares = 0;

  constructor(
    readonly data: BinnedColumns,
    classes: number,
    bagSize: number,
    readonly minLeaf: number,
  ) {
    this.labels = new Int32Array(data.rows);
    this.#inBag = new Uint8Array(data.rows);
    this.#bag = new Int32Array(bagSize);
    this.#ordered = new Int32Array(bagSize);
    this.#counts = new Int32Array(classes);
    this.#left = new Int32Array(classes);
    this.#right = new Int32Array(classes);
    this.#candidates = new Int32Array(data.columns);
    const nodes = mostNodes(bagSize, minLeaf);
    this.#column = new Int32Array(nodes);
    this.#bin = new Int32Array(nodes);
    this.#next = new Int32Array(nodes);
    this.#leafClasses = new Int32Array(bagSize);
    this.#leafShares = new Float64Array(bagSize);
  }

  grow(stream: RandomStream): void {
    const bag = this.#bag;
    this.#inBag.fill(0);
    for (let i = 0; i < bag.length; i++) {
      const row = stream.below(this.data.rows);
      bag[i] = row;
      this.#inBag[row] = 1;
    }
    this.#shares = 0;
    // A right child waits with the number of its parent; the left one is grown at once.
    const pending = [0, bag.length, -1];
    for (let node = 0; pending.length > 0; node++) {
      const parent = pending.pop()!;
      const end = pending.pop()!;
      const begin = pending.pop()!;
      if (parent >= 0) this.#next[parent] = node;
      const squares = this.#count(begin, end);
      const size = end - begin;
      const divisible = size >= 2 * this.minLeaf && squares < size * size;
      const column = divisible ? this.#bestColumn(stream, begin, end, squares) : -1;
      this.#column[node] = column;
      if (column < 0) {
        this.#closeLeaf(node, begin, end);
        continue;
      }
      for (let i = begin; i < end; i++) this.#counts[this.labels[bag[i]!]!] = 0;
      this.#bin[node] = this.#cut;
      const middle = this.#partition(column, begin, end);
      pending.push(middle, end, node, begin, middle, -1);
    }
  }

  addVotes(votes: Float64Array, trees: Int32Array): void {
    const { bins, rows } = this.data;
    const classes = this.#counts.length;
    for (let row = 0; row < rows; row++) {
      if (this.#inBag[row] === 1) continue;
      trees[row]!++;
      let node = 0;
      for (let j = this.#column[0]!; j >= 0; j = this.#column[node]!) {
        node = bins[j * rows + row]! <= this.#bin[node]! ? node + 1 : this.#next[node]!;
      }
      for (let i = this.#bin[node]!; i < this.#next[node]!; i++)
        votes[row * classes + this.#leafClasses[i]!]! += this.#leafShares[i]!;
    }
  }

  /** Counts the classes of a run; returns the sum of their squares. */
  #count(begin: number, end: number): number {
    let squares = 0;
    for (let i = begin; i < end; i++) squares += 2 * this.#counts[this.labels[this.#bag[i]!]!]!++ + 1;
    return squares;
  }

  /** Draws columns until enough of them vary in a run, never one twice; returns the one with the best cut, −1 where there is none. */
  #bestColumn(stream: RandomStream, begin: number, end: number, squares: number): number {
    const candidates = this.#candidates;
    for (let j = 0; j < candidates.length; j++) candidates[j] = j;
    const tries = columnsTried(candidates.length);
    let best = 0;
    let bin = 0;
    let column = -1;
    for (let untried = candidates.length, tried = 0; untried > 0 && tried < tries; untried--) {
      const drawn = stream.below(untried);
      const j = candidates[drawn]!;
      candidates[drawn] = candidates[untried - 1]!;
      if (!this.#bestCut(j, begin, end, squares)) continue;
      tried++;
      if (this.#gain > best) {
        best = this.#gain;
        bin = this.#cut;
        column = j;
      }
    }
    this.#cut = bin;
    return column;
  }

  /**
   * Looks for the best cut of the counted run on a column, and its gain up to a factor: 0 where none leaves enough rows on both
   * sides. False where the column does not vary.
   */
  #bestCut(column: number, begin: number, end: number, squares: number): boolean {
    const { labels, minLeaf } = this;
    const { bins, rows } = this.data;
    const [counts, left, right, ordered] = [this.#counts, this.#left, this.#right, this.#ordered];
    const offset = column * rows;
    if (!this.#orderByBin(offset, begin, end)) return false;
    const size = end - begin;
    for (let i = 0; i < size; i++) {
      const label = labels[ordered[i]!]!;
      left[label] = 0;
      right[label] = counts[label]!;
    }
    let leftSquares = 0;
    let rightSquares = squares;
    this.#gain = 0;
    this.#cut = 0;
    let previous = bins[offset + ordered[0]!]!;
    for (let i = 0; i < size; i++) {
      const row = ordered[i]!;
      const current = bins[offset + row]!;
      if (current !== previous && i >= minLeaf && size - i >= minLeaf) {
        // Any valid cut beats none, even one that does not lower the impurity: later cuts may.
        const candidate = leftSquares / i + rightSquares / (size - i) - squares / size + 1e-12;
        if (candidate > this.#gain) {
          this.#gain = candidate;
          this.#cut = previous;
        }
      }
      previous = current;
      const label = labels[row]!;
      leftSquares += 2 * left[label]!++ + 1;
      rightSquares -= 2 * right[label]!-- - 1;
    }
    return true;
  }

  /** Rows of a run in the order of their bins; false when they share one. */
  #orderByBin(offset: number, begin: number, end: number): boolean {
    const { bins } = this.data;
    const [bag, starts] = [this.#bag, this.#starts];
    starts.fill(0);
    for (let i = begin; i < end; i++) starts[bins[offset + bag[i]!]! + 1]!++;
    for (let b = 1; b <= MAX_BINS; b++) {
      if (starts[b] === end - begin) return false;
      starts[b]! += starts[b - 1]!;
    }
    for (let i = begin; i < end; i++) {
      const row = bag[i]!;
      this.#ordered[starts[bins[offset + row]!]!++] = row;
    }
    return true;
  }

  /** Moves the rows of a run up to the cut to the front, in order; returns where the others begin. */
  #partition(column: number, begin: number, end: number): number {
    const { bins, rows } = this.data;
    const [bag, ordered] = [this.#bag, this.#ordered];
    let middle = begin;
    let rest = 0;
    for (let i = begin; i < end; i++) {
      const row = bag[i]!;
      if (bins[column * rows + row]! <= this.#cut) bag[middle++] = row;
      else ordered[rest++] = row;
    }
    bag.set(ordered.subarray(0, rest), middle);
    return middle;
  }

  #closeLeaf(node: number, begin: number, end: number): void {
    const [bag, counts] = [this.#bag, this.#counts];
    this.#bin[node] = this.#shares;
    for (let i = begin; i < end; i++) {
      const label = this.labels[bag[i]!]!;
      const count = counts[label]!;
      if (count === 0) continue;
      this.#leafClasses[this.#shares] = label;
      this.#leafShares[this.#shares++] = count / (end - begin);
      counts[label] = 0;
    }
    this.#next[node] = this.#shares;
  }
}
