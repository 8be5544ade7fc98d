/**
 * The encodings of Parquet pages (Apache Parquet `Encodings.md`): RLE and bit-packed runs, dictionary indices, plain values,
 * the three delta encodings, byte stream split. Every count is a claim: arrays grow as values come, never ahead of them.
 */

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

/** A cursor over the bytes of a page. Reading past the end is an Error. */
export class PageBytes {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new Error("a page is cut off");
    return this.bytes[this.at++] as number;
  }

  take(count: number): Uint8Array {
    if (!(count >= 0 && count <= this.left))
      throw new Error(`a page has ${this.left} bytes left where ${count} are needed`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  uint32(): number {
    const four = this.take(4);
    return (
      ((four[0] as number) | ((four[1] as number) << 8) | ((four[2] as number) << 16) | ((four[3] as number) << 24)) >>>
      0
    );
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 7; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 128;
    }
    throw new Error("a number in a page is too long");
  }

  zigzag(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
    }
    throw new Error("a number in a page is too long");
  }
}

/** A typed array that is at least `needed` long, with the same beginning; doubled, so that growing costs linear time. */
export function grown<A extends { readonly length: number; set(source: A): void }>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const Constructor = array.constructor as new (length: number) => A;
  const larger = new Constructor(Math.max(needed, array.length * 2, 64));
  larger.set(array);
  return larger;
}

/** Whether `count` numbers of up to eight bits are one run of `value`, so that they need not be read. */
export function isOneRun(bytes: Uint8Array, count: number, value: number): boolean {
  const page = new PageBytes(bytes);
  return page.left > 1 && page.varint() === 2 * count && page.left > 0 && page.byte() === value;
}

/** Most values for which room is made before they are there. */
const EXPECTED_VALUES = 1 << 20;

/** What {@link readHybrid} gave last: new memory for every page costs more than reading it. */
let hybrid = new Uint32Array(0);
/** Most numbers that are kept for that. */
const MOST_KEPT = 1 << 22;

/**
 * Reads `count` numbers of `width` bits: runs and bit-packed groups mixed (the RLE/bit-packing hybrid).
 *
 * @returns Good until the next call.
 */
export function readHybrid(page: PageBytes, width: number, count: number): Uint32Array {
  if (width > 32) throw new Error(`levels or indices of ${width} bits`);
  if (width === 0) return new Uint32Array(count);
  let out = hybrid;
  const bytesWide = (width + 7) >> 3;
  let seen = 0;
  while (seen < count) {
    const head = page.varint();
    const number = Math.floor(head / 2);
    if (number === 0) continue;
    if (head % 2 === 0) {
      let value = 0;
      for (let index = 0; index < bytesWide; index++) value += page.byte() * 2 ** (8 * index);
      const run = Math.min(number, count - seen);
      out = grown(out, seen + run);
      out.fill(value, seen, seen + run);
      seen += run;
    } else {
      // The last group is padded to 8 values; some writers leave out the padding's bytes.
      const values = Math.min(number * 8, count - seen);
      const packed = page.take(Math.min(number * width, page.left));
      if (packed.length * 8 < values * width) throw new Error("a bit-packed run is cut off");
      if (packed.length >= 2 ** 28) throw new Error(`a bit-packed run of ${packed.length} bytes`);
      out = grown(out, seen + values);
      unpack(packed, width, values, out, seen);
      seen += values;
    }
  }
  if (out.length <= MOST_KEPT) hybrid = out;
  return out.subarray(0, count);
}

function unpack(packed: Uint8Array, width: number, count: number, out: Uint32Array, from: number): void {
  if (width === 1) {
    for (let index = 0; index < count; index++) out[from + index] = ((packed[index >> 3] as number) >> (index & 7)) & 1;
    return;
  }
  if (width === 8) {
    for (let index = 0; index < count; index++) out[from + index] = packed[index] as number;
    return;
  }
  let bit = 0;
  if (width <= 24) {
    const mask = 2 ** width - 1;
    for (let index = 0; index < count; index++, bit += width) {
      const at = bit >>> 3;
      const word =
        (packed[at] as number) |
        ((packed[at + 1] ?? 0) << 8) |
        ((packed[at + 2] ?? 0) << 16) |
        ((packed[at + 3] ?? 0) << 24);
      out[from + index] = (word >>> (bit & 7)) & mask;
    }
    return;
  }
  for (let index = 0; index < count; index++, bit += width) {
    let value = 0;
    let have = 0;
    let at = bit;
    while (have < width) {
      const part = Math.min(8 - (at & 7), width - have);
      value += (((packed[at >>> 3] as number) >> (at & 7)) & (2 ** part - 1)) * 2 ** have;
      have += part;
      at += part;
    }
    out[from + index] = value;
  }
}

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
function reserveBytes(into: LeafValues, more: number, maxBytes: number): Uint8Array {
  const needed = into.byteLength + more;
  if (needed > maxBytes) throw new GroupTooLarge(needed);
  into.bytes = grown(into.bytes, needed);
  return into.bytes;
}

function appendBytes(into: LeafValues, value: Uint8Array, index: number, maxBytes: number): void {
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
  for (let index = 0; index < count; index++) {
    if ((indices[index] as number) >= size)
      throw new Error(`dictionary index ${indices[index]} where there are ${size} values`);
  }
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
    if ((numbers as unknown) instanceof BigInt64Array) appendHalves(from, indices, numbers, into.length);
    else
      for (let index = 0; index < count; index++)
        numbers[into.length + index] = from[indices[index] as number] as number;
  }
  into.length += count;
}

/** 64-bit integers at `indices`, by halves, so that no bigint is made. */
function appendHalves(source: ArrayBufferView, indices: Uint32Array, target: ArrayBufferView, at: number): void {
  const from = new Int32Array(source.buffer, source.byteOffset, source.byteLength / 4);
  const to = new Int32Array(target.buffer, target.byteOffset + 8 * at, 2 * indices.length);
  for (let index = 0; index < indices.length; index++) {
    const place = 2 * (indices[index] as number);
    to[2 * index] = from[place] as number;
    to[2 * index + 1] = from[place + 1] as number;
  }
}

/** DELTA_BINARY_PACKED: appends int32 or int64 values. */
export function appendDelta(page: PageBytes, leaf: LeafNode, count: number, into: LeafValues): void {
  if (leaf.physical !== "int32" && leaf.physical !== "int64") throw new Error(`delta encoding of ${leaf.physical}`);
  const values = readDelta(page, count, leaf.physical === "int32" ? 32 : 64);
  if (leaf.physical === "int32") {
    const numbers = grown(into.numbers as Int32Array, into.length + count);
    for (let index = 0; index < count; index++) numbers[into.length + index] = Number(values[index]);
    into.numbers = numbers;
  } else {
    const numbers = grown(into.numbers as BigInt64Array, into.length + count);
    numbers.set(values, into.length);
    into.numbers = numbers;
  }
  into.length += count;
}

function readDelta(page: PageBytes, count: number, bits: 32 | 64): BigInt64Array {
  const blockSize = page.varint();
  const miniblocks = page.varint();
  const total = page.varint();
  const first = page.zigzag();
  const perMiniblock = blockSize / miniblocks;
  if (
    !(
      miniblocks >= 1 &&
      miniblocks <= 1 << 16 &&
      blockSize <= 1 << 24 &&
      Number.isInteger(perMiniblock) &&
      perMiniblock % 8 === 0
    )
  ) {
    throw new Error(`delta blocks of ${blockSize} values in ${miniblocks} parts`);
  }
  if (total !== count) throw new Error(`${total} delta values where ${count} are expected`);
  let out = new BigInt64Array(Math.min(count, 1024));
  if (count === 0) return out;
  let value = BigInt.asIntN(bits, first);
  out[0] = value;
  let seen = 1;
  while (seen < count) {
    const smallest = page.zigzag();
    const widths = page.take(miniblocks);
    for (let mini = 0; mini < miniblocks && seen < count; mini++) {
      const width = widths[mini] as number;
      if (width > 64) throw new Error(`deltas of ${width} bits`);
      const values = Math.min(perMiniblock, count - seen);
      const packed = page.take(Math.min((perMiniblock * width) / 8, page.left));
      if (packed.length * 8 < values * width) throw new Error("deltas are cut off");
      out = grown(out, seen + values);
      for (let index = 0, bit = 0; index < values; index++, bit += width) {
        value = BigInt.asIntN(bits, value + smallest + bitsAt(packed, bit, width));
        out[seen + index] = value;
      }
      seen += values;
    }
  }
  return out;
}

function bitsAt(packed: Uint8Array, bit: number, width: number): bigint {
  let low = 0;
  let high = 0;
  let have = 0;
  let at = bit;
  while (have < width) {
    // A part never crosses bit 32, so that both halves stay exact.
    const part = Math.min(8 - (at & 7), width - have, have < 32 ? 32 - have : 64 - have);
    const piece = ((packed[at >>> 3] as number) >> (at & 7)) & (2 ** part - 1);
    if (have < 32) low += piece * 2 ** have;
    else high += piece * 2 ** (have - 32);
    have += part;
    at += part;
  }
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

/** DELTA_LENGTH_BYTE_ARRAY: lengths, then the bytes of all values. */
export function appendDeltaLength(
  page: PageBytes,
  leaf: LeafNode,
  count: number,
  into: LeafValues,
  maxBytes: number,
): void {
  if (leaf.physical !== "binary") throw new Error(`delta lengths of ${leaf.physical}`);
  const lengths = readDelta(page, count, 32);
  into.offsets = grown(into.offsets, into.length + count + 1);
  for (let index = 0; index < count; index++)
    appendBytes(into, page.take(Number(lengths[index])), into.length + index, maxBytes);
  into.length += count;
}

/** DELTA_BYTE_ARRAY: what a value shares with the one before it, and the rest. */
export function appendDeltaBytes(
  page: PageBytes,
  leaf: LeafNode,
  count: number,
  into: LeafValues,
  maxBytes: number,
): void {
  if (leaf.physical !== "binary" && leaf.physical !== "fixed") throw new Error(`delta bytes of ${leaf.physical}`);
  const prefixes = readDelta(page, count, 32);
  const suffixes = readDelta(page, count, 32);
  if (leaf.physical === "binary") into.offsets = grown(into.offsets, into.length + count + 1);
  let before = 0;
  let beforeLength = 0;
  for (let index = 0; index < count; index++) {
    const prefix = Number(prefixes[index]);
    const suffix = page.take(Number(suffixes[index]));
    if (prefix < 0 || prefix > beforeLength)
      throw new Error(`a value shares ${prefix} bytes with one of ${beforeLength}`);
    const length = prefix + suffix.length;
    if (leaf.physical === "fixed" && length !== leaf.width)
      throw new Error(`a value of ${length} bytes where ${leaf.width} are fixed`);
    const bytes = reserveBytes(into, length, maxBytes);
    const at = into.byteLength;
    bytes.copyWithin(at, before, before + prefix);
    bytes.set(suffix, at + prefix);
    into.byteLength += length;
    if (leaf.physical === "binary") into.offsets[into.length + index + 1] = into.byteLength;
    before = at;
    beforeLength = length;
  }
  into.length += count;
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
