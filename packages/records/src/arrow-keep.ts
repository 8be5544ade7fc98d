/**
 * Some values of the arrays of a record batch, as nodes and buffers in the same layout (Arrow columnar format, "Physical
 * Memory Layout"): buffers are copied range by range, so that every type stays what it was. What only removed values used
 * (text, list elements, bytes behind views) leaves with them; dictionaries stay whole.
 */

import type { ArrowArray } from "./arrow-arrays.js";
import { BatchTooLarge, MAX_BATCH_OFFSET } from "./take-column.js";

/** Ranges of values in the order in which they are kept: begin, end, begin, end, … */
export type KeptRanges = readonly number[];

/** What a `RecordBatch` message lists, in its order. */
export interface KeptArrays {
  readonly nodes: { readonly length: number; readonly nulls: number }[];
  readonly buffers: Uint8Array[];
}

/** Appends the values in `ranges` of an array, and of those below it. Throws Errors that say what is wrong. */
export function keepValues(array: ArrowArray, ranges: KeptRanges, into: KeptArrays): void {
  const { field, buffers, children } = array;
  const { layout } = field;
  const length = countOf(ranges);
  for (let i = 1; i < ranges.length; i += 2) {
    if ((ranges[i] as number) > array.length)
      throw faulty(array, `has ${array.length} values, of which ${ranges[i]} are used`);
  }
  if (field.dictionary === null && layout.as === "null") {
    into.nodes.push({ length, nulls: length });
    return;
  }
  if (field.dictionary === null && layout.as === "runs") {
    into.nodes.push({ length, nulls: 0 });
    keepRuns(array, ranges, into);
    return;
  }
  const validity = array.validity === null ? null : keepBits(array, array.validity, ranges, length);
  const nulls = validity === null ? 0 : length - countBits(validity);
  into.nodes.push({ length, nulls });
  into.buffers.push(validity === null || nulls === 0 ? new Uint8Array(0) : validity);
  const below = (index: number, kept: KeptRanges): void => keepValues(children[index] as ArrowArray, kept, into);
  const first = buffers[0] as Uint8Array;
  if (field.dictionary !== null) {
    into.buffers.push(keepFixed(array, first, field.dictionary.width, ranges));
    return;
  }
  switch (layout.as) {
    case "boolean":
      into.buffers.push(keepBits(array, first, ranges, length));
      return;
    case "number":
    case "decimal":
    case "date":
    case "temporal":
    case "fixed":
      into.buffers.push(keepFixed(array, first, layout.width, ranges));
      return;
    case "text":
    case "bytes": {
      const { offsets, elements } = keepOffsets(array, layout.offsets, ranges);
      into.buffers.push(offsets, keepFixed(array, buffers[1] as Uint8Array, 1, elements));
      return;
    }
    case "text view":
    case "bytes view":
      keepViews(array, ranges, into);
      return;
    case "map":
    case "list": {
      const { offsets, elements } = keepOffsets(array, "offsets" in layout ? layout.offsets : 4, ranges);
      into.buffers.push(offsets);
      below(0, elements);
      return;
    }
    case "list view":
      below(0, keepListViews(array, layout.offsets, ranges, into));
      return;
    case "fixed list":
      below(
        0,
        ranges.map((at) => at * layout.size),
      );
      return;
    case "struct":
      for (const index of children.keys()) below(index, ranges);
  }
}

function faulty({ field }: ArrowArray, what: string): Error {
  return new Error(`column ${JSON.stringify(field.path)} ${what}`);
}

function countOf(ranges: KeptRanges): number {
  let count = 0;
  for (let i = 0; i < ranges.length; i += 2) count += (ranges[i + 1] as number) - (ranges[i] as number);
  return count;
}

/** Appends a range, or lengthens the last one where it goes on. */
function pushRange(ranges: number[], begin: number, end: number): void {
  if (begin === end) return;
  if (ranges.length > 0 && ranges[ranges.length - 1] === begin) ranges[ranges.length - 1] = end;
  else ranges.push(begin, end);
}

function keepFixed(array: ArrowArray, bytes: Uint8Array, width: number, ranges: KeptRanges): Uint8Array {
  const out = new Uint8Array(countOf(ranges) * width);
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const [begin, end] = [(ranges[i] as number) * width, (ranges[i + 1] as number) * width];
    if (begin < 0 || begin > end || end > bytes.length)
      throw faulty(array, `has ${bytes.length} bytes, and uses bytes ${begin} to ${end}`);
    out.set(bytes.subarray(begin, end), at);
    at += end - begin;
  }
  return out;
}

function keepBits(array: ArrowArray, bits: Uint8Array, ranges: KeptRanges, length: number): Uint8Array {
  const out = new Uint8Array((length + 7) >> 3);
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const [begin, end] = [ranges[i] as number, ranges[i + 1] as number];
    if (end > bits.length * 8) throw faulty(array, `has ${bits.length * 8} bits, of which ${end} are used`);
    for (let bit = begin; bit < end; bit++, at++) {
      out[at >> 3] = (out[at >> 3] as number) | ((((bits[bit >> 3] as number) >> (bit & 7)) & 1) << (at & 7));
    }
  }
  return out;
}

function countBits(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Offsets of 32 or 64 bits in a buffer. */
class Offsets {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(
    readonly width: 4 | 8,
    bytes: Uint8Array,
  ) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get(index: number): number {
    const at = index * this.width;
    return this.width === 4 ? this.#view.getInt32(at, true) : Number(this.#view.getBigInt64(at, true));
  }

  set(index: number, value: number): void {
    const at = index * this.width;
    if (this.width === 4) this.#view.setInt32(at, value, true);
    else this.#view.setBigInt64(at, BigInt(value), true);
  }
}

/** The offsets of kept values, counted anew, and what they span. */
function keepOffsets(array: ArrowArray, width: 4 | 8, ranges: KeptRanges): { offsets: Uint8Array; elements: number[] } {
  const stored = new Offsets(width, array.buffers[0] as Uint8Array);
  const kept = new Offsets(width, new Uint8Array((countOf(ranges) + 1) * width));
  const elements: number[] = [];
  let next = 1;
  let total = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const [begin, end] = [ranges[i] as number, ranges[i + 1] as number];
    if ((end + 1) * width > stored.bytes.length) throw faulty(array, `has too few offsets for ${end} values`);
    const first = stored.get(begin);
    let before = first;
    for (let index = begin + 1; index <= end; index++) {
      const offset = stored.get(index);
      if (offset < before) throw faulty(array, `has the offset ${offset} behind ${before}`);
      kept.set(next++, total + offset - first);
      before = offset;
    }
    pushRange(elements, first, before);
    total += before - first;
  }
  return { offsets: kept.bytes, elements };
}

function isPresent({ validity }: ArrowArray, index: number): boolean {
  return validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0;
}

/** Offsets and sizes of kept lists, which then lie one behind the other; gives their elements. */
function keepListViews(array: ArrowArray, width: 4 | 8, ranges: KeptRanges, into: KeptArrays): number[] {
  const [starts, sizes] = array.buffers.map((bytes) => new Offsets(width, bytes)) as [Offsets, Offsets];
  const length = countOf(ranges);
  const keptStarts = new Offsets(width, new Uint8Array(length * width));
  const keptSizes = new Offsets(width, new Uint8Array(length * width));
  const elements: number[] = [];
  let next = 0;
  let total = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const [begin, end] = [ranges[i] as number, ranges[i + 1] as number];
    if (end * width > Math.min(starts.bytes.length, sizes.bytes.length))
      throw faulty(array, `has too few lists for ${end} values`);
    for (let index = begin; index < end; index++, next++) {
      const [start, size] = isPresent(array, index) ? [starts.get(index), sizes.get(index)] : [0, 0];
      keptStarts.set(next, total);
      keptSizes.set(next, size);
      if (size === 0) continue;
      if (start < 0 || size < 0) throw faulty(array, "has a list outside its values");
      pushRange(elements, start, start + size);
      total += size;
      if (total > MAX_BATCH_OFFSET) throw new BatchTooLarge(total);
    }
  }
  into.buffers.push(keptStarts.bytes, keptSizes.bytes);
  return elements;
}

const VIEW_BYTES = 16;
/** Bytes that a view itself can hold. */
const INLINE_BYTES = 12;

/** Views, and for each buffer that they point into the bytes that are still pointed at. */
function keepViews(array: ArrowArray, ranges: KeptRanges, into: KeptArrays): void {
  const [stored, ...sources] = array.buffers as [Uint8Array, ...Uint8Array[]];
  const views = keepFixed(array, stored, VIEW_BYTES, ranges);
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const kept: number[][] = sources.map(() => []);
  const lengths = sources.map(() => 0);
  let total = 0;
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    for (let index = ranges[i] as number; index < (ranges[i + 1] as number); index++, at += VIEW_BYTES) {
      if (!isPresent(array, index)) {
        views.fill(0, at, at + VIEW_BYTES);
        continue;
      }
      const length = view.getInt32(at, true);
      if (length <= INLINE_BYTES) continue;
      const [buffer, begin] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
      const pieces = kept[buffer];
      if (pieces === undefined || begin < 0) throw faulty(array, "has a view outside its buffers");
      const offset = lengths[buffer] as number;
      total += length;
      if (total > MAX_BATCH_OFFSET) throw new BatchTooLarge(total);
      pushRange(pieces, begin, begin + length);
      view.setInt32(at + 12, offset, true);
      lengths[buffer] = offset + length;
    }
  }
  into.buffers.push(views, ...sources.map((source, buffer) => keepFixed(array, source, 1, kept[buffer] as number[])));
}

/** Run ends of kept values, and the values of the runs that are still there. */
function keepRuns(array: ArrowArray, ranges: KeptRanges, into: KeptArrays): void {
  const [ends, values] = array.children as [ArrowArray, ArrowArray];
  const { width } = ends.field.layout as { width: 2 | 4 | 8 };
  const bytes = ends.buffers[0] as Uint8Array;
  if (ends.length * width > bytes.length) throw faulty(array, "has too few run ends");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const endAt = (run: number): number => {
    if (run >= ends.length) throw faulty(array, `has runs for less than ${array.length} values`);
    return width === 2
      ? view.getInt16(run * 2, true)
      : width === 4
        ? view.getInt32(run * 4, true)
        : Number(view.getBigInt64(run * 8, true));
  };
  const keptEnds: number[] = [];
  const keptRuns: number[] = [];
  let total = 0;
  let run = 0;
  let last = -1;
  for (let i = 0; i < ranges.length; i += 2) {
    const end = ranges[i + 1] as number;
    for (let at = ranges[i] as number; at < end; ) {
      while (endAt(run) <= at) run++;
      const until = Math.min(endAt(run), end);
      total += until - at;
      if (run === last) keptEnds[keptEnds.length - 1] = total;
      else {
        keptEnds.push(total);
        pushRange(keptRuns, run, run + 1);
        last = run;
      }
      at = until;
    }
  }
  const out = new Uint8Array(keptEnds.length * width);
  const outView = new DataView(out.buffer);
  for (const [index, value] of keptEnds.entries()) {
    if (width === 2) outView.setInt16(index * 2, value, true);
    else if (width === 4) outView.setInt32(index * 4, value, true);
    else outView.setBigInt64(index * 8, BigInt(value), true);
  }
  into.nodes.push({ length: keptEnds.length, nulls: 0 });
  into.buffers.push(new Uint8Array(0), out);
  keepValues(values, keptRuns, into);
}
