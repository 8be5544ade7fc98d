/**
 * The values of Parquet pages (Apache Parquet `Encodings.md`): plain, from a dictionary, byte stream split. Every count is a
 * claim: arrays grow as values come, never ahead of them.
 */

import { grown, type PageBytes } from "./parquet-page-bytes.js";
import type { LeafNode } from "./parquet-schema.js";

/** The values of a leaf that are there, one after the other. Text and bytes by offsets, the rest by position. */
export interface LeafValues {
  length: number;
  /** Booleans (0, 1), int96 (12 bytes each) and fixed (width bytes each) as bytes; binary: the bytes of all values. */
  numbers: Int32Array | BigInt64Array | Float32Array | Float64Array | null;
  bytes: Uint8Array;
  /** Binary only: value i is `bytes[offsets[i], offsets[i+1])`. */
  offsets: Float64Array;
  /** Used bytes of `bytes`. */
  byteLength: number;
}

/** Most values for which room is made before they are there. */
const EXPECTED_VALUES = 1 << 20;

/** An empty store for the values of a leaf, of which so many are expected. */
export function emptyValues(leaf: LeafNode, expected = 0): LeafValues {
  const { physical } = leaf;
  const room = Math.min(expected, EXPECTED_VALUES);
  const numbers =
    physical === "int32"
      ? new Int32Array(room)
      : physical === "int64"
        ? new BigInt64Array(room)
        : physical === "float"
          ? new Float32Array(room)
          : physical === "double"
            ? new Float64Array(room)
            : null;
  return {
    length: 0,
    numbers,
    bytes: new Uint8Array(0),
    offsets: new Float64Array(physical === "binary" ? room + 1 : 1),
    byteLength: 0,
  };
}

/** Bytes of one value in `bytes`; 0 where values lie elsewhere or have lengths of their own. */
export function byteWidth(leaf: LeafNode): number {
  return leaf.physical === "boolean" ? 1 : leaf.physical === "int96" ? 12 : leaf.physical === "fixed" ? leaf.width : 0;
}

/** Appends `count` plain values. */
export function appendPlain(page: PageBytes, leaf: LeafNode, count: number, into: LeafValues, maxBytes: number): void {
  const { physical } = leaf;
  if (physical === "boolean") {
    const packed = page.take(Math.ceil(count / 8));
    const bytes = reserveBytes(into, count, maxBytes);
    for (let index = 0; index < count; index++)
      bytes[into.byteLength + index] = ((packed[index >> 3] as number) >> (index & 7)) & 1;
    into.byteLength += count;
  } else if (physical === "binary") {
    into.offsets = grown(into.offsets, into.length + Math.min(count, page.left >> 2) + 1);
    if (count > page.left >> 2) throw new Error(`a page of ${page.left} bytes says it has ${count} texts`);
    appendPlainTexts(page, count, into, reserveBytes(into, page.left - 4 * count, maxBytes));
  } else if (into.numbers === null) {
    const raw = page.take(count * byteWidth(leaf));
    reserveBytes(into, raw.length, maxBytes).set(raw, into.byteLength);
    into.byteLength += raw.length;
  } else {
    const size = into.numbers.BYTES_PER_ELEMENT;
    appendNumbers(into, page.take(count * size), count);
  }
  into.length += count;
}

/** Each text behind its length, 32 bits; there is room in `target` for all that is left of the page. */
function appendPlainTexts(page: PageBytes, count: number, into: LeafValues, target: Uint8Array): void {
  const { bytes } = page;
  const { offsets, length: first } = into;
  let at = page.at;
  let to = into.byteLength;
  for (let index = 1; index <= count; index++) {
    const length =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    const end = at + 4 + length;
    if (at + 4 > bytes.length || length < 0 || end > bytes.length) {
      page.at = at;
      page.take(page.uint32());
    }
    if (length > 48) {
      target.set(bytes.subarray(at + 4, end), to);
      to += length;
    } else for (let from = at + 4; from < end; from++) target[to++] = bytes[from] as number;
    offsets[first + index] = to;
    at = end;
  }
  page.at = at;
  into.byteLength = to;
}

/** Copies little-endian numbers behind those that are there. */
function appendNumbers(into: LeafValues, raw: Uint8Array, count: number): void {
  const numbers = grown(into.numbers as Float64Array, into.length + count);
  into.numbers = numbers;
  new Uint8Array(numbers.buffer, numbers.byteOffset + into.length * numbers.BYTES_PER_ELEMENT, raw.length).set(raw);
}

/** Room for `more` bytes; refuses what would pass the limit. */
export function reserveBytes(into: LeafValues, more: number, maxBytes: number): Uint8Array {
  const needed = into.byteLength + more;
  if (needed > maxBytes) throw new GroupTooLarge(needed);
  into.bytes = grown(into.bytes, needed);
  return into.bytes;
}

/** One value of text or bytes, the `index`-th. */
export function appendBytes(into: LeafValues, value: Uint8Array, index: number, maxBytes: number): void {
  reserveBytes(into, value.length, maxBytes).set(value, into.byteLength);
  into.byteLength += value.length;
  into.offsets[index + 1] = into.byteLength;
}

/** Thrown when a row group decodes to more than `maxGroupBytes`. */
export class GroupTooLarge extends Error {
  constructor(readonly needed: number) {
    super(`${needed} bytes`);
  }
}

/** Appends the dictionary's values at `indices`. */
export function appendFromDictionary(
  dictionary: LeafValues,
  indices: Uint32Array,
  leaf: LeafNode,
  into: LeafValues,
  maxBytes: number,
): void {
  const count = indices.length;
  const { length: size } = dictionary;
  let highest = 0;
  for (let index = 0; index < count; index++) highest = Math.max(highest, indices[index] as number);
  if (count > 0 && highest >= size) throw new Error(`dictionary index ${highest} where there are ${size} values`);
  if (leaf.physical === "binary") {
    const { offsets, bytes } = dictionary;
    let more = 0;
    for (let index = 0; index < count; index++) {
      const at = indices[index] as number;
      more += (offsets[at + 1] as number) - (offsets[at] as number);
    }
    const target = reserveBytes(into, more, maxBytes);
    into.offsets = grown(into.offsets, into.length + count + 1);
    let at = into.byteLength;
    for (let index = 0; index < count; index++) {
      const entry = indices[index] as number;
      const [begin, end] = [offsets[entry] as number, offsets[entry + 1] as number];
      if (end - begin > 48) target.set(bytes.subarray(begin, end), at);
      else for (let from = begin, to = at; from < end; from++, to++) target[to] = bytes[from] as number;
      at += end - begin;
      into.offsets[into.length + index + 1] = at;
    }
    into.byteLength = at;
  } else if (into.numbers === null) {
    const width = byteWidth(leaf);
    const target = reserveBytes(into, count * width, maxBytes);
    for (let index = 0; index < count; index++) {
      const from = (indices[index] as number) * width;
      for (let byte = 0; byte < width; byte++)
        target[into.byteLength + index * width + byte] = dictionary.bytes[from + byte] as number;
    }
    into.byteLength += count * width;
  } else {
    // One kind of array on both sides; the compiler cannot know that.
    const numbers = grown(into.numbers as Float64Array, into.length + count);
    const from = dictionary.numbers as Float64Array;
    into.numbers = numbers;
    if (numbers.BYTES_PER_ELEMENT === 8) appendHalves(from, indices, numbers, into.length);
    else appendWords(from, indices, numbers, into.length);
  }
  into.length += count;
}

/** Numbers of 32 bits at `indices`: as words of one kind, because a loop that sees several kinds of arrays is slow. */
function appendWords(source: ArrayBufferView, indices: Uint32Array, target: ArrayBufferView, at: number): void {
  const from = new Int32Array(source.buffer, source.byteOffset, source.byteLength / 4);
  const to = new Int32Array(target.buffer, target.byteOffset + 4 * at, indices.length);
  for (let index = 0; index < indices.length; index++) to[index] = from[indices[index] as number] as number;
}

/** Numbers of 64 bits at `indices`, by halves, so that no bigint is made. */
function appendHalves(source: ArrayBufferView, indices: Uint32Array, target: ArrayBufferView, at: number): void {
  const from = new Int32Array(source.buffer, source.byteOffset, source.byteLength / 4);
  const to = new Int32Array(target.buffer, target.byteOffset + 8 * at, 2 * indices.length);
  for (let index = 0; index < indices.length; index++) {
    const place = 2 * (indices[index] as number);
    to[2 * index] = from[place] as number;
    to[2 * index + 1] = from[place + 1] as number;
  }
}

/** BYTE_STREAM_SPLIT: first bytes of all values, then second bytes, … */
export function appendByteStreamSplit(
  page: PageBytes,
  leaf: LeafNode,
  count: number,
  into: LeafValues,
  maxBytes: number,
): void {
  const width = into.numbers === null ? byteWidth(leaf) : into.numbers.BYTES_PER_ELEMENT;
  if (leaf.physical === "binary" || leaf.physical === "boolean" || leaf.physical === "int96")
    throw new Error(`byte stream split of ${leaf.physical}`);
  const raw = page.take(count * width);
  const joined = new Uint8Array(raw.length);
  for (let byte = 0; byte < width; byte++) {
    for (let index = 0; index < count; index++) joined[index * width + byte] = raw[byte * count + index] as number;
  }
  if (into.numbers === null) {
    reserveBytes(into, joined.length, maxBytes).set(joined, into.byteLength);
    into.byteLength += joined.length;
  } else appendNumbers(into, joined, count);
  into.length += count;
}
