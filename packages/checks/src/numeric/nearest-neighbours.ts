/**
 * The k nearest other rows, exactly: a k-d tree up to eight columns, above that tiles of distances in single precision
 * (`distance-tiles.ts`) or, where there is no kernel for them, a scan that leaves a row as soon as it is too far. All measure
 * what they keep alike, in the order of the columns, and break ties by row number, so they give the same answer to the bit,
 * whatever the cut of the queries.
 */

import { scanTiles } from "./distance-tiles.js";
import { type NumericKernel, numericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";
import { NearestLists } from "./nearest-lists.js";
import { buildTree, searchTree } from "./neighbour-tree.js";

/** Columns up to which the tree beats the tiles. */
export const TREE_COLUMNS = 8;

export interface Neighbours {
  /** Numbers of the nearest rows, k a row: nearest first, −1 where there are fewer. */
  readonly rows: Int32Array;
  /** Their squared Euclidean distances, Infinity where there are fewer. */
  readonly squared: Float64Array;
}

/**
 * For the rows [begin, end), their `k` nearest rows among the first `references`, themselves left out. Euclidean distance,
 * summed in double precision in the order of the columns. O((end − begin) · references · columns) above eight columns.
 *
 * @param kernel - `null`: without WebAssembly. The answer is the same.
 */
export function nearestRowsDense(
  matrix: DenseMatrix,
  k: number,
  references: number,
  begin: number,
  end: number,
  kernel: NumericKernel | null = numericKernel(),
): Neighbours {
  const { columns, values } = matrix;
  const lists = new NearestLists(end - begin, k);
  if (k > 0 && references > 0) {
    if (columns <= TREE_COLUMNS) {
      const tree = buildTree(matrix, references);
      for (let row = begin; row < end; row++) searchTree(tree, values, columns, row, lists, row - begin);
    } else if (kernel === null || !scanTiles(kernel, matrix, references, begin, end, lists)) {
      for (let row = begin; row < end; row++) scan(values, columns, row, references, lists, row - begin);
    }
  }
  return { rows: lists.rows, squared: lists.distances };
}

function scan(
  values: Float64Array,
  columns: number,
  row: number,
  references: number,
  lists: NearestLists,
  list: number,
): void {
  const at = row * columns;
  for (let other = 0, from = 0; other < references; other++, from += columns) {
    if (other === row) continue;
    const worst = lists.worst(list);
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
    if (sum <= worst) lists.add(list, sum, other);
  }
}
