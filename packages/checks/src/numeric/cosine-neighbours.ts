/** The most similar rows of sparse matrices, through an inverted index. */

import type { SparseMatrix } from "./matrix.js";
import { NearestLists } from "./nearest-lists.js";

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
  const similarity = new Float64Array(references);
  const touched = new Int32Array(references);
  const lists = new NearestLists(end - begin, k);
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
    for (let i = 0; i < count; i++) {
      const other = touched[i]!;
      if (other !== row) lists.add(row - begin, -similarity[other]!, other);
      similarity[other] = 0;
    }
  }
  return lists.rows;
}
