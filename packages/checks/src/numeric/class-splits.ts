/**
 * The search for the cut of a node that lowers the Gini impurity most, over columns of bins: in JavaScript, and by the kernel
 * (`assembly/class-splits.ts`) with the same bits. Impurities come from whole numbers, so the order within a bin does not matter.
 */

import type { NumericKernel } from "./kernel.js";
import type { BinnedColumns } from "./random-forest.js";

export const MAX_BINS = 256;

/** Data, a bag of rows in which every node of a tree is a run, and what is asked of runs. */
export interface ClassSplits {
  /** Class of each row: to be filled. */
  readonly labels: Int32Array;
  /** Rows of the tree: to be filled; reordered by cuts. */
  readonly bag: Int32Array;
  /** Rows of each class in the run that was counted last. Whoever counts sets them back to 0. */
  readonly counts: Int32Array;
  /** Counts the classes of a run into `counts`; the sum of their squares is then in `squares`. */
  count(begin: number, end: number): void;
  readonly squares: Float64Array;
  /**
   * The bin after which a cut of the counted run is best, and its gain up to a factor: 0 where no cut leaves enough rows on
   * both sides. Undefined where the column does not vary. The answer is overwritten by the next.
   */
  best(column: number, begin: number, end: number): { readonly bin: number; readonly gain: number } | undefined;
  /** Moves the rows of a run that have at most this bin to the front, in order; returns where the others begin. */
  partition(column: number, bin: number, begin: number, end: number): number;
}

/** By the kernel; undefined where there is no memory for it, or more classes than it can count. */
export function kernelSplits(
  { module, room }: NumericKernel,
  { rows, columns, bins }: BinnedColumns,
  classes: number,
  bagSize: number,
  minLeaf: number,
): ClassSplits | undefined {
  if (classes >= 2 ** 24) return undefined;
  const memory = room(
    rows * columns,
    4 * rows,
    4 * bagSize,
    4 * bagSize,
    4 * classes,
    4 * classes,
    4 * classes,
    1028,
    16,
  );
  if (memory === undefined) return undefined;
  const { buffer, at } = memory;
  const [binsAt, labelsAt, bagAt, keysAt, countsAt, leftAt, rightAt, startsAt, gainAt] = at;
  new Uint8Array(buffer, binsAt, rows * columns).set(bins);
  const counts = new Int32Array(buffer, countsAt, classes).fill(0);
  const gain = new Float64Array(buffer, gainAt, 1);
  const squares = new Float64Array(buffer, gainAt + 8, 1);
  const found = { bin: 0, gain: 0 };
  return {
    labels: new Int32Array(buffer, labelsAt, rows),
    bag: new Int32Array(buffer, bagAt, bagSize),
    counts,
    squares,
    count: (begin, end) => module.countClasses(bagAt, begin, end, labelsAt, countsAt, gainAt + 8),
    best(column, begin, end) {
      const bin = module.bestSplit(
        binsAt + column * rows,
        bagAt,
        begin,
        end,
        labelsAt,
        countsAt,
        leftAt,
        rightAt,
        keysAt,
        startsAt,
        minLeaf,
        gainAt,
      );
      if (bin < 0) return undefined;
      found.bin = bin;
      found.gain = gain[0]!;
      return found;
    },
    partition: (column, bin, begin, end) => module.partition(binsAt + column * rows, bagAt, begin, end, bin, keysAt),
  };
}

/** In JavaScript. */
export function plainSplits(
  { rows, bins }: BinnedColumns,
  classes: number,
  bagSize: number,
  minLeaf: number,
): ClassSplits {
  const labels = new Int32Array(rows);
  const bag = new Int32Array(bagSize);
  const counts = new Int32Array(classes);
  const left = new Int32Array(classes);
  const right = new Int32Array(classes);
  const squares = new Float64Array(1);
  const ordered = new Int32Array(bagSize);
  const starts = new Int32Array(MAX_BINS + 1);
  const found = { bin: 0, gain: 0 };

  /** Rows of a run in the order of their bins; false when they share one. */
  const orderByBin = (offset: number, begin: number, end: number): boolean => {
    starts.fill(0);
    for (let i = begin; i < end; i++) starts[bins[offset + bag[i]!]! + 1]!++;
    for (let b = 1; b <= MAX_BINS; b++) {
      if (starts[b] === end - begin) return false;
      starts[b]! += starts[b - 1]!;
    }
    for (let i = begin; i < end; i++) {
      const row = bag[i]!;
      ordered[starts[bins[offset + row]!]!++] = row;
    }
    return true;
  };

  return {
    labels,
    bag,
    counts,
    squares,
    count(begin, end) {
      let sum = 0;
      for (let i = begin; i < end; i++) sum += 2 * counts[labels[bag[i]!]!]!++ + 1;
      squares[0] = sum;
    },
    best(column, begin, end) {
      const offset = column * rows;
      if (!orderByBin(offset, begin, end)) return undefined;
      const size = end - begin;
      for (let i = 0; i < size; i++) {
        const label = labels[ordered[i]!]!;
        left[label] = 0;
        right[label] = counts[label]!;
      }
      let leftSquares = 0;
      let rightSquares = squares[0]!;
      let gain = 0;
      let bin = 0;
      let previous = bins[offset + ordered[0]!]!;
      for (let i = 0; i < size; i++) {
        const row = ordered[i]!;
        const current = bins[offset + row]!;
        if (current !== previous && i >= minLeaf && size - i >= minLeaf) {
          // Any valid cut beats none, even one that does not lower the impurity: later cuts may.
          const candidate = leftSquares / i + rightSquares / (size - i) - squares[0]! / size + 1e-12;
          if (candidate > gain) {
            gain = candidate;
            bin = previous;
          }
        }
        previous = current;
        const label = labels[row]!;
        leftSquares += 2 * left[label]!++ + 1;
        rightSquares -= 2 * right[label]!-- - 1;
      }
      found.bin = bin;
      found.gain = gain;
      return found;
    },
    partition(column, bin, begin, end) {
      const offset = column * rows;
      let middle = begin;
      let rest = 0;
      for (let i = begin; i < end; i++) {
        const row = bag[i]!;
        if (bins[offset + row]! <= bin) bag[middle++] = row;
        else ordered[rest++] = row;
      }
      bag.set(ordered.subarray(0, rest), middle);
      return middle;
    },
  };
}
