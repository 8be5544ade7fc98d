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
const HELD_DISTANCES = 2 ** 22;
/** Bytes of distances that may be in the memory of the kernel, which never shrinks. */
const MOST_INSIDE = 2 ** 26;
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
  const batch = Math.max(1, Math.min(end - begin, Math.floor(HELD_DISTANCES / rows.rows)));
  const tiles = Math.max(1, Math.min(Math.ceil(rows.rows / 8), Math.floor(PIECE_VALUES / (8 * rows.columns))));
  const inside = 4 * batch * rows.rows <= MOST_INSIDE;
  const memory = kernel?.room(
    64 * tiles * rows.columns,
    32 * tiles * rows.columns,
    16 * batch * Math.ceil(size / 4) * rows.columns,
    32 * tiles * batch,
    inside ? 4 * batch * rows.rows : 0,
  );
  const place = kernel && memory ? { module: kernel.module, tiles, ...memory } : undefined;
  // In the memory of the kernel it is used again; a new one for each part of the work would wait to be collected.
  const distances =
    memory && inside
      ? new Float32Array(memory.buffer, memory.at[4], batch * rows.rows)
      : new Float32Array(batch * rows.rows);
  const counts = new Uint32Array(MEDIAN_BINS);
  for (let first = begin; first < end; first += batch) {
    const samples: Int32Array[] = [];
    for (let draw = first; draw < Math.min(first + batch, end); draw++) {
      samples.push(sampleWithoutReplacement(randomStream(seed, "sampled-neighbours", draw), rows.rows, size));
    }
    const drawn = drawnRows(rows, samples);
    leastDistances(rows, drawn, place, (draw, first, found) => distances.set(found, draw * rows.rows + first));
    const scales = samples.map((sample, draw) => {
      const own = distances.subarray(draw * rows.rows, (draw + 1) * rows.rows);
      for (let r = 0; r < size; r++) own[sample[r]!] = toOthers(drawn, draw, r);
      const unit = medianOf(own, counts);
      // Where half of the rows have distance 0 the draw says nothing in units of the median.
      const scale = unit > 0 ? 1 / unit : 1;
      addScaled(sums, 0, own, scale);
      return scale;
    });
    if (!decoy || !decoySums) continue;
    leastDistances(decoy, drawn, place, (draw, first, found) => addScaled(decoySums, first, found, scales[draw]!));
  }
}

/** Where the kernel works: rows, their tiles, references, and what it finds. */
interface Workplace {
  readonly module: NumericKernel["module"];
  readonly tiles: number;
  readonly buffer: ArrayBuffer;
  readonly at: readonly [number, number, number, number, number];
}

function addScaled(sums: Float64Array, first: number, distances: Float32Array, scale: number): void {
  for (let i = 0, to = first; i < distances.length; i++, to++) sums[to]! += distances[i]! * scale;
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

/**
 * The distance of every row to the nearest reference of each draw, in pieces of consecutive rows, the draws of a piece in order. What
 * `use` is given is overwritten by the next.
 */
function leastDistances(
  matrix: DenseMatrix,
  drawn: Drawn,
  place: Workplace | undefined,
  use: (draw: number, first: number, found: Float32Array) => void,
): void {
  const { rows, columns, values } = matrix;
  const { draws, size, padded } = drawn;
  if (!place) {
    const row = new Float32Array(columns);
    const found = new Float32Array(1);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) row[j] = values[i * columns + j]!;
      for (let draw = 0; draw < draws; draw++) {
        let least = Number.POSITIVE_INFINITY;
        for (let r = 0; r < size; r++) {
          const sum = squaredDistance(row, 0, drawn.values, (draw * padded + r) * columns, columns);
          if (sum < least) least = sum;
        }
        found[0] = Math.sqrt(least);
        use(draw, i, found);
      }
    }
    return;
  }
  const { module, tiles, buffer, at } = place;
  const [valuesAt, tilesAt, drawnAt, outAt] = at;
  const piece = new Float64Array(buffer, valuesAt, 8 * tiles * columns);
  new Float32Array(buffer, drawnAt, drawn.values.length).set(drawn.values);
  for (let first = 0; first < rows; first += 8 * tiles) {
    const count = Math.min(8 * tiles, rows - first);
    const filled = Math.ceil(count / 8);
    piece.set(values.subarray(first * columns, (first + count) * columns));
    module.fillTiles(valuesAt, 8 * filled, columns, tilesAt);
    module.leastDistances(tilesAt, filled, columns, drawnAt, draws, padded, outAt);
    for (let draw = 0; draw < draws; draw++) {
      use(draw, first, new Float32Array(buffer, outAt + 32 * filled * draw, count));
    }
  }
}

/** Halves of the bits of a number in single precision. */
const MEDIAN_BINS = 65_536;

/** The lower middle value of numbers that are not negative: their bits are in the order of their values. Overwrites `counts`. */
function medianOf(values: Float32Array, counts: Uint32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let left = (values.length - 1) >> 1;
  const reached = (): number => {
    let at = 0;
    while (counts[at]! <= left) left -= counts[at++]!;
    return at;
  };
  counts.fill(0);
  for (let i = 0; i < bits.length; i++) counts[bits[i]! >>> 16]!++;
  const upper = reached();
  counts.fill(0);
  for (let i = 0; i < bits.length; i++) if (bits[i]! >>> 16 === upper) counts[bits[i]! & 0xffff]!++;
  return new Float32Array(Uint32Array.of(upper * MEDIAN_BINS + reached()).buffer)[0]!;
}
