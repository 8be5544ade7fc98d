/** The nearest rows by a k-d tree (Friedman, Bentley and Finkel 1977): fast where there are few columns. */

import type { DenseMatrix } from "./matrix.js";
import type { NearestLists } from "./nearest-lists.js";

const LEAF_ROWS = 12;

export interface Tree {
  /** Row numbers in the order of the leaves. */
  readonly rows: Int32Array;
  /** Their values, in that order. */
  readonly points: Float64Array;
  /** Per node: split column (−1 at a leaf) and value, range of rows, right child; the left child follows its parent. */
  readonly column: number[];
  readonly split: number[];
  readonly begin: number[];
  readonly end: number[];
  readonly right: number[];
}

export function buildTree({ columns, values }: DenseMatrix, references: number): Tree {
  const rows = Int32Array.from({ length: references }, (_, i) => i);
  const tree = {
    column: [] as number[],
    split: [] as number[],
    begin: [] as number[],
    end: [] as number[],
    right: [] as number[],
  };
  const build = (begin: number, end: number): void => {
    const node = tree.column.length;
    tree.column.push(-1);
    tree.split.push(0);
    tree.begin.push(begin);
    tree.end.push(end);
    tree.right.push(0);
    if (end - begin <= LEAF_ROWS) return;
    let widest = -1;
    let width = 0;
    for (let j = 0; j < columns; j++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let i = begin; i < end; i++) {
        const value = values[rows[i]! * columns + j]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      if (high - low > width) {
        width = high - low;
        widest = j;
      }
    }
    if (widest < 0) return;
    const part = rows.subarray(begin, end);
    part.sort((a, b) => values[a * columns + widest]! - values[b * columns + widest]! || a - b);
    const middle = begin + ((end - begin) >> 1);
    tree.column[node] = widest;
    tree.split[node] = values[rows[middle]! * columns + widest]!;
    build(begin, middle);
    tree.right[node] = tree.column.length;
    build(middle, end);
  };
  build(0, references);
  const points = new Float64Array(references * columns);
  for (let i = 0; i < references; i++) {
    points.set(values.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  }
  return { rows, points, ...tree };
}

export function searchTree(
  tree: Tree,
  values: Float64Array,
  columns: number,
  row: number,
  lists: NearestLists,
  list: number,
): void {
  const { rows, points, column, split, begin, end, right } = tree;
  const at = row * columns;
  // How far the query is outside the box of the current node, squared, per column.
  const outside = new Float64Array(columns);
  const visit = (node: number): void => {
    const j = column[node]!;
    if (j < 0) {
      for (let i = begin[node]!; i < end[node]!; i++) {
        const other = rows[i]!;
        if (other === row) continue;
        let sum = 0;
        for (let c = 0, from = i * columns; c < columns; c++) {
          const difference = values[at + c]! - points[from + c]!;
          sum += difference * difference;
        }
        lists.add(list, sum, other);
      }
      return;
    }
    const difference = values[at + j]! - split[node]!;
    const near = difference < 0 ? node + 1 : right[node]!;
    const far = difference < 0 ? right[node]! : node + 1;
    visit(near);
    const kept = outside[j]!;
    outside[j] = difference * difference;
    let gap = 0;
    for (let c = 0; c < columns; c++) gap += outside[c]!;
    // The small margin covers that the sums round differently; a tie at the worst distance must still be seen.
    if (gap * (1 - 1e-12) <= lists.worst(list)) visit(far);
    outside[j] = kept;
  };
  visit(0);
}
