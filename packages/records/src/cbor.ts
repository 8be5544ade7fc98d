/**
 * Deterministic CBOR (RFC 8949 §4.2.1), writing: shortest heads, definite lengths, map keys sorted by their encoded bytes.
 * `number-encoding.ts` adds the numbers of records; this file has what file entries, schemas and heads need.
 */

import { ByteArena } from "./byte-arena.js";
import { compareBytes, encodeUtf8 } from "./utf8.js";

/** Major types, already in the upper three bits of a head. */
export const MAJOR = {
  unsigned: 0x00,
  negative: 0x20,
  bytes: 0x40,
  text: 0x60,
  array: 0x80,
  map: 0xa0,
  tag: 0xc0,
  simple: 0xe0,
} as const;

const TWO_32 = 0x1_0000_0000;

/** Plain data that {@link encodeCbor} writes. Integers are safe integers or bigints of −2⁶⁴ … 2⁶⁴−1. */
export type CborData =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborData[]
  | ReadonlyMap<string, CborData>
  | { readonly [name: string]: CborData };

/** Writes a head: the major type and an argument 0 ≤ `argument` < 2⁶⁴ that is exactly a binary64. */
export function writeHead(arena: ByteArena, major: number, argument: number): void {
  if (argument < 24) {
    arena.push(major | argument);
    return;
  }
  arena.reserve(9);
  const { bytes } = arena;
  let at = arena.length;
  if (argument < 0x100) {
    bytes[at++] = major | 24;
    bytes[at++] = argument;
  } else if (argument < 0x10000) {
    bytes[at++] = major | 25;
    bytes[at++] = argument >>> 8;
    bytes[at++] = argument;
  } else if (argument < TWO_32) {
    bytes[at++] = major | 26;
    bytes[at++] = argument >>> 24;
    bytes[at++] = argument >>> 16;
    bytes[at++] = argument >>> 8;
    bytes[at++] = argument;
  } else {
    const high = Math.floor(argument / TWO_32);
    arena.length = at;
    writeHead64(arena, major, high, argument - high * TWO_32);
    return;
  }
  arena.length = at;
}

/** Writes a head whose argument is `high` · 2³² + `low`, both unsigned 32-bit. */
export function writeHead64(arena: ByteArena, major: number, high: number, low: number): void {
  if (high === 0) {
    writeHead(arena, major, low);
    return;
  }
  arena.reserve(9);
  const { bytes } = arena;
  let at = arena.length;
  bytes[at++] = major | 27;
  bytes[at++] = high >>> 24;
  bytes[at++] = high >>> 16;
  bytes[at++] = high >>> 8;
  bytes[at++] = high;
  bytes[at++] = low >>> 24;
  bytes[at++] = low >>> 16;
  bytes[at++] = low >>> 8;
  bytes[at++] = low;
  arena.length = at;
}

/** Writes a text string. Throws `invalid-utf8` for a lone surrogate. */
export function writeText(arena: ByteArena, text: string): void {
  const count = text.length;
  if (count < 24) {
    // Short ASCII without a call into the encoder.
    arena.reserve(count + 1);
    const { bytes, length } = arena;
    let index = 0;
    for (; index < count; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) break;
      bytes[length + 1 + index] = unit;
    }
    if (index === count) {
      bytes[length] = MAJOR.text | count;
      arena.length = length + 1 + count;
      return;
    }
  }
  const encoded = encodeUtf8(text);
  writeHead(arena, MAJOR.text, encoded.length);
  arena.append(encoded, 0, encoded.length);
}

/** Writes a byte string. */
export function writeBytes(arena: ByteArena, bytes: Uint8Array, begin = 0, end = bytes.length): void {
  writeHead(arena, MAJOR.bytes, end - begin);
  arena.append(bytes, begin, end);
}

/** The encoded form of a map key that is text. */
export function encodeKey(name: string): Uint8Array {
  const arena = new ByteArena(name.length + 9);
  writeText(arena, name);
  return arena.toBytes();
}

/** Names that stand in millions of maps are encoded once. */
const knownKeys = new Map<string, Uint8Array>();
const MOST_KNOWN_KEYS = 256;

function knownKey(name: string): Uint8Array {
  const known = knownKeys.get(name);
  if (known !== undefined) return known;
  const key = encodeKey(name);
  // Names come from data, too: those that were first are kept, and not more.
  if (knownKeys.size < MOST_KNOWN_KEYS && name.length < 32) knownKeys.set(name, key);
  return key;
}

/**
 * The deterministic CBOR of plain data: file entries, kinds, heads.
 *
 * @throws RangeError for a number that is no safe integer, or a bigint beyond 64 bits; FormatError `invalid-utf8`.
 * @example
 * encodeCbor({ b: 1, a: new Uint8Array([7]) }); // a2 6161 4107 6162 01
 */
export function encodeCbor(data: CborData): Uint8Array {
  const arena = new ByteArena(256);
  writeData(arena, data);
  return arena.toBytes();
}

function writeData(arena: ByteArena, data: CborData): void {
  if (data === null) arena.push(0xf6);
  else if (typeof data === "boolean") arena.push(data ? 0xf5 : 0xf4);
  else if (typeof data === "string") writeText(arena, data);
  else if (typeof data === "number") {
    if (!Number.isSafeInteger(data)) throw new RangeError(`data: ${data} is no safe integer`);
    if (data < 0) writeHead(arena, MAJOR.negative, -1 - data);
    else writeHead(arena, MAJOR.unsigned, data);
  } else if (typeof data === "bigint") writeBigHead(arena, data);
  else if (data instanceof Uint8Array) writeBytes(arena, data);
  else if (Array.isArray(data)) {
    writeHead(arena, MAJOR.array, data.length);
    for (const element of data as readonly CborData[]) writeData(arena, element);
  } else {
    const entries: readonly [string, CborData][] = data instanceof Map ? [...data] : Object.entries(data);
    const sorted = entries.map(([name, value]) => ({ key: knownKey(name), value }));
    // Whoever writes many puts them in order at once.
    const isSorted = sorted.every(
      ({ key }, i) => i === 0 || compareBytes((sorted[i - 1] as { key: Uint8Array }).key, key) < 0,
    );
    if (!isSorted) sorted.sort((left, right) => compareBytes(left.key, right.key));
    writeHead(arena, MAJOR.map, sorted.length);
    for (const { key, value } of sorted) {
      arena.append(key, 0, key.length);
      writeData(arena, value);
    }
  }
}

/** Writes an integer of −2⁶⁴ … 2⁶⁴−1. */
export function writeBigHead(arena: ByteArena, value: bigint): void {
  const argument = value < 0n ? -1n - value : value;
  if (argument >> 64n !== 0n) throw new RangeError(`data: ${value} is beyond 64 bits`);
  const major = value < 0n ? MAJOR.negative : MAJOR.unsigned;
  writeHead64(arena, major, Number(argument >> 32n), Number(argument & 0xffffffffn));
}
