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
  const piece = Math.min(Math.ceil(references / 4) * 4, 4 * Math.max(16, Math.floor(PIECE_BYTES / (16 * width))));
  const memory = room(32 * width, 4 * piece * width, 4 * piece, 32, 4);
  if (memory === undefined) return false;
  const centre = meansOf(values, columns, references);
  const norms = new Float64Array(end - begin);
  for (let row = begin; row < end; row++) norms[row - begin] = squaredNorm(values, columns, row, centre);
  const referenceNorms = new Float64Array(references);
  for (let row = 0; row < references; row++) referenceNorms[row] = squaredNorm(values, columns, row, centre);
  if (!(greatest(norms) < MOST_SQUARED && greatest(referenceNorms) < MOST_SQUARED)) return false;

  const { buffer, at } = memory;
  const [tileAt, referencesAt, startsAt, limitsAt, outAt] = at;
  const tile = new Float32Array(buffer, tileAt, 8 * width);
  const block = new Float32Array(buffer, referencesAt, piece * width);
  const starts = new Float32Array(buffer, startsAt, piece);
  const limits = new Float32Array(buffer, limitsAt, 8);
  const found = new Int32Array(buffer, outAt, 1);
  // Twice what sums of so many products may be wrong by (Higham 2002, 3.1), the rounding of the values included.
  const slack = (2 * columns + 32) * UNIT;

  const { k, distances } = lists;
  // Numbers with fractions are written to arrays, not returned: returned ones would be objects.
  const limit = (list: number, lane: number): void => {
    const own = norms[list]! * (1 - columns * 1e-15);
    const most = distances[list * k + k - 1]! * (1 + columns * 1e-15) - own;
    limits[lane] = most + Math.abs(most) * 4 * UNIT + 1e-30;
  };
  const measure = (row: number, other: number, lane: number): void => {
    if (other === row) return;
    let sum = 0;
    for (let j = 0, x = row * columns, y = other * columns; j < columns; j++) {
      const difference = values[x + j]! - values[y + j]!;
      sum += difference * difference;
    }
    if (!(sum <= distances[(row - begin) * k + k - 1]!)) return;
    lists.add(row - begin, sum, other);
    limit(row - begin, lane);
  };

  for (let first = 0; first < references; first += piece) {
    const count = Math.min(piece, references - first);
    const filled = Math.ceil(count / 4) * 4;
    for (let i = 0; i < filled; i++) {
      const y = (first + i) * columns;
      const squared = i < count ? referenceNorms[first + i]! : 0;
      starts[i] = i < count ? squared * (1 - slack) : Number.POSITIVE_INFINITY;
      for (let j = 0; j < columns; j++) block[i * width + j] = i < count ? -2 * (values[y + j]! - centre[j]!) : 0;
      block[i * width + columns] = -2 * slack * Math.sqrt(squared);
    }
    for (let row = begin; row < end; row += 8) {
      for (let lane = 0; lane < 8; lane++) {
        const x = row + lane;
        const real = x < end;
        for (let j = 0; j < columns; j++) tile[8 * j + lane] = real ? values[x * columns + j]! - centre[j]! : 0;
        tile[8 * columns + lane] = real ? Math.sqrt(norms[x - begin]!) : 0;
        if (real) limit(x - begin, lane);
        else limits[lane] = Number.NEGATIVE_INFINITY;
      }
      for (let from = 0; from < filled; from += 4) {
        from = module.firstNear(tileAt, referencesAt, startsAt, width, from, filled, limitsAt, outAt);
        if (from >= filled) break;
        for (let bits = found[0]!; bits !== 0; bits &= bits - 1) {
          const bit = 31 - Math.clz32(bits & -bits);
          const reference = from + (bit >> 3);
          if (reference < count) measure(row + (bit & 7), first + reference, bit & 7);
        }
      }
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
