/**
 * Class probabilities of many rows without a rows × classes matrix: of each row the 32 most probable classes and, for all
 * others, one probability each. With up to 32 classes nothing is left out.
 *
 * 32 is twice what a posterior follows (16), so a class that one learner puts out of sight can still be in sight of another;
 * where it is in sight of none, its probability is below 1/33, and what is left out is spread evenly.
 */

/** Classes of a row that are kept. */
export const KEPT_CLASSES = 32;

/** Most classes: what an index of two bytes holds. */
export const MOST_CLASSES = 2 ** 16;

/** Plain data, so that it can travel between threads. */
export interface ClassProbabilities {
  readonly rows: number;
  readonly classes: number;
  /** Classes that are kept of each row: `min(classes, 32)`. */
  readonly width: number;
  /** Kept classes of each row, ascending. */
  readonly kept: Uint16Array;
  /** Their probabilities. */
  readonly values: Float32Array | Float64Array;
  /** Probability of each single class of a row that is not kept. */
  readonly rest: Float32Array | Float64Array;
}

/** Probabilities to be filled by {@link setRow}; in 32 bits, or 64 where they are computed with. */
export function emptyProbabilities(rows: number, classes: number, bits: 32 | 64 = 32): ClassProbabilities {
  const width = Math.min(classes, KEPT_CLASSES);
  const array = (length: number): Float32Array | Float64Array =>
    bits === 32 ? new Float32Array(length) : new Float64Array(length);
  return {
    rows,
    classes,
    width,
    kept: new Uint16Array(rows * width),
    values: array(rows * width),
    rest: array(width < classes ? rows : 0),
  };
}

/**
 * Keeps the most probable classes of a row, the first of equals.
 *
 * @param dense One probability a class, from `at` on.
 */
export function setRow(
  { classes, width, kept, values, rest }: ClassProbabilities,
  row: number,
  dense: ArrayLike<number>,
  at = 0,
): void {
  const to = row * width;
  if (width === classes) {
    for (let k = 0; k < classes; k++) {
      kept[to + k] = k;
      values[to + k] = dense[at + k]!;
    }
    return;
  }
  const least = leastKept(dense, at, classes, width);
  let above = 0;
  for (let k = 0; k < classes; k++) if (dense[at + k]! > least) above++;
  let equal = width - above;
  let left = 0;
  for (let k = 0, next = to; k < classes; k++) {
    const p = dense[at + k]!;
    if (p > least || (p === least && equal-- > 0)) {
      kept[next] = k;
      values[next++] = p;
    } else left += p;
  }
  rest[row] = left / (classes - width);
}

/** The `width`-th greatest of the values, by a heap of the greatest so far. */
function leastKept(dense: ArrayLike<number>, at: number, classes: number, width: number): number {
  const heap = new Float64Array(width);
  for (let k = 0; k < width; k++) heap[k] = dense[at + k]!;
  heap.sort();
  for (let k = width; k < classes; k++) {
    const p = dense[at + k]!;
    if (!(p > heap[0]!)) continue;
    let i = 0;
    for (let child = 1; child < width; child = 2 * i + 1) {
      if (child + 1 < width && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= p) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = p;
  }
  return heap[0]!;
}

/** Writes one probability for each class of a row into `out`. */
export function expandRow(
  { classes, width, kept, values, rest }: ClassProbabilities,
  row: number,
  out: Float64Array,
): void {
  if (width < classes) out.fill(rest[row]!);
  for (let i = row * width; i < (row + 1) * width; i++) out[kept[i]!] = values[i]!;
}

/** The probability of one class of a row. */
export function probabilityOf(
  { width, classes, kept, values, rest }: ClassProbabilities,
  row: number,
  label: number,
): number {
  const at = row * width;
  if (width === classes) return values[at + label]!;
  for (let i = at; i < at + width; i++) if (kept[i] === label) return values[i]!;
  return rest[row]!;
}

/** Probabilities of all rows from those of each part, where row i is the next of part `partOf[i]`. */
export function dealtRows(parts: readonly ClassProbabilities[], partOf: ArrayLike<number>): ClassProbabilities {
  const all = emptyProbabilities(partOf.length, parts[0]!.classes);
  const { width } = all;
  const next = new Int32Array(parts.length);
  for (let row = 0; row < partOf.length; row++) {
    const part = parts[partOf[row]!]!;
    const own = next[partOf[row]!]!++;
    all.kept.set(part.kept.subarray(own * width, (own + 1) * width), row * width);
    all.values.set(part.values.subarray(own * width, (own + 1) * width), row * width);
    if (all.rest.length > 0) all.rest[row] = part.rest[own]!;
  }
  return all;
}
