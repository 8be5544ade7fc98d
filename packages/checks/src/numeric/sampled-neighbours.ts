/**
 * Distance to the nearest of a few references, over many draws (Sugiyama and Borgwardt 2013, "Rapid distance-based outlier
 * detection via sampling", as an ensemble). Few references are the point: two records of a dense knot of odd ones are
 * rarely drawn together, so a knot does not hide itself.
 *
 * Values and distances are in single precision: of a mean over 200 draws seven digits are more than it knows. Rows must be
 * within ±10¹⁸.
 */

import { type NumericKernel, numericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";
import { randomStream, sampleWithoutReplacement } from "./random-stream.js";

export interface SampledNeighboursOptions {
  /** References in a draw; default 20. */
  readonly references?: number;
  /** `null`: without WebAssembly. The answer is the same. */
  readonly kernel?: NumericKernel | null;
}

/** Distances that are held at once, and values of rows that are in the memory of the kernel. */
const HELD_DISTANCES = 2 ** 23;
const PIECE_VALUES = 2 ** 15;

/**
 * Adds, for the draws [begin, end), the distance of every row to the nearest drawn row other than itself, divided by the
 * median of that distance over the rows. O(rows · columns · references) a draw.
 *
 * @param decoy - Rows that are no rows of `rows`, scored under the same model; `decoySums` gets theirs.
 */
export function addSampledDistances(
  rows: DenseMatrix,
  sums: Float64Array,
  decoy: DenseMatrix | undefined,
  decoySums: Float64Array | undefined,
  seed: Uint8Array,
  begin: number,
  end: number,
  { references = 20, kernel = numericKernel() }: SampledNeighboursOptions = {},
): void {
  const size = Math.min(references, rows.rows);
  const most = Math.max(rows.rows, decoy?.rows ?? 0);
  const batch = Math.max(1, Math.min(end - begin, Math.floor(HELD_DISTANCES / most)));
  const distances = new Float32Array(batch * most);
  for (let first = begin; first < end; first += batch) {
    const samples: Int32Array[] = [];
    for (let draw = first; draw < Math.min(first + batch, end); draw++) {
      samples.push(sampleWithoutReplacement(randomStream(seed, "sampled-neighbours", draw), rows.rows, size));
    }
    const drawn = drawnRows(rows, samples);
    leastDistances(rows, drawn, distances, kernel);
    const scales = samples.map((sample, draw) => {
      const own = distances.subarray(draw * rows.rows, (draw + 1) * rows.rows);
      for (let r = 0; r < size; r++) own[sample[r]!] = toOthers(drawn, draw, r);
      const unit = medianOf(own);
      // Where half of the rows have distance 0 the draw says nothing in units of the median.
      return unit > 0 ? 1 / unit : 1;
    });
    addScaled(sums, distances, scales);
    if (!decoy || !decoySums) continue;
    leastDistances(decoy, drawn, distances, kernel);
    addScaled(decoySums, distances, scales);
  }
}

function addScaled(sums: Float64Array, distances: Float32Array, scales: readonly number[]): void {
  for (const [draw, scale] of scales.entries()) {
    for (let i = 0, at = draw * sums.length; i < sums.length; i++, at++) sums[i]! += distances[at]! * scale;
  }
}

/** References of several draws. */
interface Drawn {
  readonly draws: number;
  readonly size: number;
  readonly columns: number;
  /** Row by row; each draw is filled up to a multiple of four with its last row. */
  readonly values: Float32Array;
  readonly padded: number;
}

function drawnRows({ columns, values }: DenseMatrix, samples: readonly Int32Array[]): Drawn {
  const size = samples[0]?.length ?? 0;
  const padded = Math.ceil(size / 4) * 4;
  const drawn = new Float32Array(samples.length * padded * columns);
  for (const [draw, sample] of samples.entries()) {
    for (let r = 0; r < padded; r++) {
      const row = sample[Math.min(r, size - 1)]!;
      drawn.set(values.subarray(row * columns, (row + 1) * columns), (draw * padded + r) * columns);
    }
  }
  return { draws: samples.length, size, columns, values: drawn, padded };
}

/** Distance of a drawn row to the nearest other one of its draw; 0 where there is none. */
function toOthers({ columns, values, size, padded }: Drawn, draw: number, own: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let r = 0; r < size; r++) {
    if (r === own) continue;
    const sum = squaredDistance(
      values,
      (draw * padded + own) * columns,
      values,
      (draw * padded + r) * columns,
      columns,
    );
    if (sum < least) least = sum;
  }
  return least === Number.POSITIVE_INFINITY ? 0 : Math.fround(Math.sqrt(least));
}

function squaredDistance(a: Float32Array, at: number, b: Float32Array, from: number, columns: number): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    const difference = Math.fround(a[at + j]! - b[from + j]!);
    sum = Math.fround(sum + Math.fround(difference * difference));
  }
  return sum;
}

/** Distance of every row to the nearest reference of each draw, draw after draw. */
function leastDistances(matrix: DenseMatrix, drawn: Drawn, out: Float32Array, kernel: NumericKernel | null): void {
  const { rows, columns, values } = matrix;
  const { draws, size, padded } = drawn;
  const tiles = Math.max(1, Math.min(Math.ceil(rows / 8), Math.floor(PIECE_VALUES / (8 * columns))));
  const memory = kernel?.room(32 * tiles * columns, drawn.values.byteLength, 32 * tiles * draws);
  if (!kernel || !memory) {
    const row = new Float32Array(columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) row[j] = values[i * columns + j]!;
      for (let draw = 0; draw < draws; draw++) {
        let least = Number.POSITIVE_INFINITY;
        for (let r = 0; r < size; r++) {
          const sum = squaredDistance(row, 0, drawn.values, (draw * padded + r) * columns, columns);
          if (sum < least) least = sum;
        }
        out[draw * rows + i] = Math.sqrt(least);
      }
    }
    return;
  }
  const [tilesAt, drawnAt, outAt] = memory.at;
  const piece = new Float32Array(memory.buffer, tilesAt, 8 * tiles * columns);
  const found = new Float32Array(memory.buffer, outAt, 8 * tiles * draws);
  new Float32Array(memory.buffer, drawnAt, drawn.values.length).set(drawn.values);
  for (let first = 0; first < rows; first += 8 * tiles) {
    const count = Math.min(8 * tiles, rows - first);
    const filled = Math.ceil(count / 8);
    for (let i = 0; i < count; i++) {
      const to = (i >> 3) * 8 * columns + (i & 7);
      for (let j = 0, at = (first + i) * columns; j < columns; j++, at++) piece[to + 8 * j] = values[at]!;
    }
    kernel.module.leastDistances(tilesAt, filled, columns, drawnAt, draws, padded, outAt);
    for (let draw = 0; draw < draws; draw++) {
      out.set(found.subarray(8 * filled * draw, 8 * filled * draw + count), draw * rows + first);
    }
  }
}

/** The lower middle value of numbers that are not negative: their bits are in the order of their values. */
function medianOf(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let left = (values.length - 1) >> 1;
  let found = 0;
  for (let shift = 22; shift >= 0; shift -= 11) {
    const counts = new Uint32Array(2048);
    // Shifted twice: a word that is shifted by 33 is shifted by one.
    for (let i = 0; i < bits.length; i++) {
      const word = bits[i]!;
      if ((word >>> shift) >>> 11 === found) counts[(word >>> shift) & 2047]!++;
    }
    let at = 0;
    while (counts[at]! <= left) left -= counts[at++]!;
    found = found * 2048 + at;
  }
  return new Float32Array(Uint32Array.of(found).buffer)[0]!;
}
