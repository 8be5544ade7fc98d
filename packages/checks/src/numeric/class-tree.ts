/** One classification tree of a forest on binned columns: grown in arrays that the next tree uses again. */

import type { ClassSplits } from "./class-splits.js";
import type { BinnedColumns } from "./random-forest.js";
import type { RandomStream } from "./random-stream.js";

export class ClassTree {
  // Nodes in preorder; the left child follows its parent.
  readonly #column: Int32Array;
  /** Bins up to this one go left; at a leaf, where its classes begin. */
  readonly #bin: Int32Array;
  /** The right child; at a leaf, where its classes end. */
  readonly #right: Int32Array;
  readonly #leafClasses: Int32Array;
  readonly #leafShares: Float64Array;
  #nodes = 0;
  #shares = 0;
  readonly #candidates: Int32Array;
  readonly #tries: number;

  constructor(
    readonly data: BinnedColumns,
    readonly splits: ClassSplits,
    bagSize: number,
    readonly minLeaf: number,
  ) {
    const nodes = 2 * Math.ceil(bagSize / minLeaf) + 1;
    this.#column = new Int32Array(nodes);
    this.#bin = new Int32Array(nodes);
    this.#right = new Int32Array(nodes);
    this.#leafClasses = new Int32Array(bagSize);
    this.#leafShares = new Float64Array(bagSize);
    this.#candidates = new Int32Array(data.columns);
    this.#tries = Math.max(1, Math.floor(Math.sqrt(data.columns)));
  }

  /** Grows the tree on the bag of the splits. */
  grow(stream: RandomStream): void {
    const { splits, minLeaf } = this;
    this.#nodes = 0;
    this.#shares = 0;
    // A right child waits with the number of its parent; the left one is grown at once.
    const pending = [0, splits.bag.length, -1];
    while (pending.length > 0) {
      const parent = pending.pop()!;
      const end = pending.pop()!;
      const begin = pending.pop()!;
      const node = this.#nodes++;
      if (parent >= 0) this.#right[parent] = node;
      splits.count(begin, end);
      const size = end - begin;
      let column = -1;
      let bin = 0;
      if (size >= 2 * minLeaf && splits.squares[0]! < size * size) {
        let best = 0;
        for (let j = 0; j < this.#candidates.length; j++) this.#candidates[j] = j;
        for (let left = this.#candidates.length, tried = 0; left > 0 && tried < this.#tries; left--) {
          const drawn = stream.below(left);
          const j = this.#candidates[drawn]!;
          this.#candidates[drawn] = this.#candidates[left - 1]!;
          const split = splits.best(j, begin, end);
          if (split === undefined) continue;
          tried++;
          if (split.gain > best) {
            best = split.gain;
            column = j;
            bin = split.bin;
          }
        }
      }
      this.#column[node] = column;
      if (column < 0) {
        this.#closeLeaf(node, begin, end);
        continue;
      }
      for (let i = begin; i < end; i++) splits.counts[splits.labels[splits.bag[i]!]!] = 0;
      const middle = splits.partition(column, bin, begin, end);
      this.#bin[node] = bin;
      pending.push(middle, end, node, begin, middle, -1);
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

  #closeLeaf(node: number, begin: number, end: number): void {
    const { bag, labels, counts } = this.splits;
    this.#bin[node] = this.#shares;
    for (let i = begin; i < end; i++) {
      const label = labels[bag[i]!]!;
      const count = counts[label]!;
      if (count === 0) continue;
      this.#leafClasses[this.#shares] = label;
      this.#leafShares[this.#shares++] = count / (end - begin);
      counts[label] = 0;
    }
    this.#right[node] = this.#shares;
  }
}
