/**
 * The k nearest other rows, exactly: a k-d tree (Friedman, Bentley and Finkel 1977) up to eight columns, a scan that leaves a
 * row as soon as it is too far above that. Both sum squares in column order and break ties by row number, so they give the
 * same answer to the bit, whatever the cut of the queries.
 */

import type { DenseMatrix, SparseMatrix } from "./matrix.js";

/** Columns up to which the tree beats the scan. */
export const TREE_COLUMNS = 8;
const LEAF_ROWS = 12;

/**
 * For the rows [begin, end), the numbers of their `k` nearest rows among the first `references`, themselves left out: nearest
 * first, −1 where there are fewer. Euclidean distance.
 */
export function nearestRowsDense(
  matrix: DenseMatrix,
  k: number,
  references: number,
  begin: number,
  end: number,
): Int32Array {
  const { columns, values } = matrix;
  const out = new Int32Array((end - begin) * k);
  const best = new Best(k);
  const tree = columns <= TREE_COLUMNS ? buildTree(matrix, references) : undefined;
  for (let row = begin; row < end; row++) {
    best.clear();
    if (tree) searchTree(tree, values, columns, row, best);
    else scan(values, columns, row, references, best);
    best.write(out, (row - begin) * k);
  }
  return out;
}

/** The k smallest (distance, row) pairs seen, ascending. */
class Best {
  readonly distances: Float64Array;
  readonly rows: Int32Array;
  worst = Number.POSITIVE_INFINITY;
  #count = 0;

  constructor(readonly k: number) {
    this.distances = new Float64Array(k);
    this.rows = new Int32Array(k);
  }

  clear(): void {
    this.#count = 0;
    this.worst = Number.POSITIVE_INFINITY;
  }

  add(distance: number, row: number): void {
    const { distances, rows, k } = this;
    let at = this.#count;
    if (at === k) {
      if (distance > this.worst || (distance === this.worst && row > rows[k - 1]!)) return;
      at = k - 1;
    } else this.#count++;
    while (at > 0 && (distances[at - 1]! > distance || (distances[at - 1] === distance && rows[at - 1]! > row))) {
      distances[at] = distances[at - 1]!;
      rows[at] = rows[at - 1]!;
      at--;
    }
    distances[at] = distance;
    rows[at] = row;
    if (this.#count === k) this.worst = distances[k - 1]!;
  }

  write(out: Int32Array, at: number): void {
    for (let i = 0; i < this.k; i++) out[at + i] = i < this.#count ? this.rows[i]! : -1;
  }
}

function scan(values: Float64Array, columns: number, row: number, references: number, best: Best): void {
  const at = row * columns;
  for (let other = 0, from = 0; other < references; other++, from += columns) {
    if (other === row) continue;
    const { worst } = best;
    let sum = 0;
    let j = 0;
    while (j < columns) {
      const stop = Math.min(j + 8, columns);
      for (; j < stop; j++) {
        const difference = values[at + j]! - values[from + j]!;
        sum += difference * difference;
      }
      if (sum > worst) break;
    }
    if (sum <= worst) best.add(sum, other);
  }
}

interface Tree {
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

function buildTree({ columns, values }: DenseMatrix, references: number): Tree {
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

function searchTree(tree: Tree, values: Float64Array, columns: number, row: number, best: Best): void {
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
        if (sum <= best.worst) best.add(sum, other);
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
    if (gap * (1 - 1e-12) <= best.worst) visit(far);
    outside[j] = kept;
  };
  visit(0);
}

/** Rows of each column of a sparse matrix, for `nearestRowsCosine`. */
export interface Postings {
  readonly offsets: Int32Array;
  readonly rows: Int32Array;
  readonly values: Float64Array;
}

/** Turns the first `references` rows into lists per column. */
export function postingsOf(matrix: SparseMatrix, references: number): Postings {
  const offsets = new Int32Array(matrix.columns + 1);
  const stop = matrix.offsets[references]!;
  for (let k = 0; k < stop; k++) offsets[matrix.indices[k]! + 1]!++;
  for (let j = 0; j < matrix.columns; j++) offsets[j + 1]! += offsets[j]!;
  const next = offsets.slice();
  const rows = new Int32Array(stop);
  const values = new Float64Array(stop);
  for (let row = 0; row < references; row++) {
    for (let k = matrix.offsets[row]!; k < matrix.offsets[row + 1]!; k++) {
      const at = next[matrix.indices[k]!]!++;
      rows[at] = row;
      values[at] = matrix.values[k]!;
    }
  }
  return { offsets, rows, values };
}

/**
 * As `nearestRowsDense` for rows of unit length under cosine distance, through an inverted index. Rows that share no column
 * are no neighbours.
 */
export function nearestRowsCosine(
  matrix: SparseMatrix,
  postings: Postings,
  k: number,
  references: number,
  begin: number,
  end: number,
): Int32Array {
  const out = new Int32Array((end - begin) * k);
  const similarity = new Float64Array(references);
  const touched = new Int32Array(references);
  const best = new Best(k);
  for (let row = begin; row < end; row++) {
    let count = 0;
    for (let e = matrix.offsets[row]!; e < matrix.offsets[row + 1]!; e++) {
      const value = matrix.values[e]!;
      const j = matrix.indices[e]!;
      for (let p = postings.offsets[j]!; p < postings.offsets[j + 1]!; p++) {
        const other = postings.rows[p]!;
        if (similarity[other] === 0) touched[count++] = other;
        similarity[other]! += value * postings.values[p]!;
      }
    }
    best.clear();
    for (let i = 0; i < count; i++) {
      const other = touched[i]!;
      if (other !== row) best.add(-similarity[other]!, other);
      similarity[other] = 0;
    }
    best.write(out, (row - begin) * k);
  }
  return out;
}
