/**
 * The nearest rows by tiles of distances in single precision, in pieces that stay in the cache.
 *
 * A tile computes ‖y‖² − 2 x·y = ‖x − y‖² − ‖x‖² of eight rows x and all references y. Columns are centred first, and rounding
 * is paid for beforehand: each reference starts lower, and one more column takes off what the products may be too high by, so
 * that a tile is never above the true value. Pairs that may then still be near enough are measured in double precision; their
 * number is a few times k · ln(references / k) a row, and if far clusters make the bound loose, only time is lost.
 */

import type { NumericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";
import type { NearestLists } from "./nearest-lists.js";

/** Unit of rounding in single precision. */
const UNIT = 2 ** -24;
/** Fields of `Search` in the kernel, each a word. */
const FIELDS = 16;
/** References that are in the memory at once. */
const PIECE_BYTES = 262_144;
/** Squared norms above which products might leave single precision. */
const MOST_SQUARED = 1e34;

/**
 * Adds to the list of every row of [begin, end) its nearest rows among the first `references`, itself left out.
 *
 * @returns false, with nothing added, where values are too large for single precision, or there is no memory.
 */
export function scanTiles(
  { module, room }: NumericKernel,
  { columns, values }: DenseMatrix,
  references: number,
  begin: number,
  end: number,
  lists: NearestLists,
): boolean {
  const width = columns + 1;
  const { k } = lists;
  const piece = Math.min(Math.ceil(references / 4) * 4, 4 * Math.max(16, Math.floor(PIECE_BYTES / (16 * width))));
  const memory = room(
    4 * FIELDS,
    64 * columns,
    8 * columns,
    64,
    8 * piece * columns,
    4 * piece * width,
    4 * piece,
    32 * k,
    64 * k,
    32 * width,
    32,
  );
  if (memory === undefined) return false;
  const centre = meansOf(values, columns, references);
  const norms = new Float64Array(end - begin);
  for (let row = begin; row < end; row++) norms[row - begin] = squaredNorm(values, columns, row, centre);
  const referenceNorms = new Float64Array(references);
  for (let row = 0; row < references; row++) referenceNorms[row] = squaredNorm(values, columns, row, centre);
  if (!(greatest(norms) < MOST_SQUARED && greatest(referenceNorms) < MOST_SQUARED)) return false;

  const { buffer, at } = memory;
  const [searchAt, rowsAt, centreAt, normsAt, valuesAt, referencesAt, startsAt] = at;
  const [nearestAt, distancesAt, tileAt, limitsAt] = [at[7], at[8], at[9], at[10]];
  const search = new Int32Array(buffer, searchAt, FIELDS);
  const rows = new Float64Array(buffer, rowsAt, 8 * columns);
  const ownNorms = new Float64Array(buffer, normsAt, 8);
  const ownValues = new Float64Array(buffer, valuesAt, piece * columns);
  const block = new Float32Array(buffer, referencesAt, piece * width);
  const starts = new Float32Array(buffer, startsAt, piece);
  const nearest = new Int32Array(buffer, nearestAt, 8 * k);
  const distances = new Float64Array(buffer, distancesAt, 8 * k);
  new Float64Array(buffer, centreAt, columns).set(centre);
  // Twice what sums of so many products may be wrong by (Higham 2002, 3.1), the rounding of the values included.
  const slack = (2 * columns + 32) * UNIT;

  for (let first = 0; first < references; first += piece) {
    const count = Math.min(piece, references - first);
    const filled = Math.ceil(count / 4) * 4;
    ownValues.set(values.subarray(first * columns, (first + count) * columns));
    for (let i = 0; i < filled; i++) {
      const y = (first + i) * columns;
      const squared = i < count ? referenceNorms[first + i]! : 0;
      starts[i] = i < count ? squared * (1 - slack) : Number.POSITIVE_INFINITY;
      for (let j = 0; j < columns; j++) block[i * width + j] = i < count ? -2 * (values[y + j]! - centre[j]!) : 0;
      block[i * width + columns] = -2 * slack * Math.sqrt(squared);
    }
    for (let row = begin; row < end; row += 8) {
      const real = Math.min(8, end - row);
      const list = (row - begin) * k;
      search.set([rowsAt, real, row, columns, centreAt, normsAt, valuesAt, referencesAt, startsAt]);
      search.set([count, first, k, nearestAt, distancesAt, tileAt, limitsAt], 9);
      rows.set(values.subarray(row * columns, (row + real) * columns));
      ownNorms.set(norms.subarray(row - begin, row - begin + real));
      nearest.set(lists.rows.subarray(list, list + real * k));
      distances.set(lists.distances.subarray(list, list + real * k));
      module.searchNearest(searchAt);
      lists.rows.set(nearest.subarray(0, real * k), list);
      lists.distances.set(distances.subarray(0, real * k), list);
    }
  }
  return true;
}

function meansOf(values: Float64Array, columns: number, rows: number): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) means[j]! += values[i * columns + j]! / rows;
  return means;
}

function squaredNorm(values: Float64Array, columns: number, row: number, centre: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    const difference = values[row * columns + j]! - centre[j]!;
    sum += difference * difference;
  }
  return sum;
}

function greatest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = value > most || Number.isNaN(value) ? value : most;
  return most;
}
