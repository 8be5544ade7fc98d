/** The three delta encodings of Parquet pages (Apache Parquet `Encodings.md`). */

import { appendBytes, type LeafValues, reserveBytes } from "./parquet-encoding.js";
import { grown, type PageBytes } from "./parquet-page-bytes.js";
import type { LeafNode } from "./parquet-schema.js";

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
