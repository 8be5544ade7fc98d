/**
 * Set tops: beside an index page the tops of the parts of the key pages below it, so that a page of which few keys change is
 * hashed where they change and not as a whole (`docs/spec/set-tree.md`, "Tops").
 *
 *     "assaytops1" ‖ length of prefix in half-bytes (u8) ‖ prefix[⌈length/2⌉] ‖ slot × 16
 *     slot: b (u8) ‖ (b > 0) bitmap of 2^b bits, at least one byte, most significant bit first ‖ top[32] for each bit that is set
 *
 * They say nothing that the pages do not say: whoever reads them checks them against the tops of the pages.
 */

import { VerificationError } from "./errors.js";
import { toHex } from "./hex.js";
import type { Multiset } from "./multiset.js";
import { joinSubsetTops, subsetTops } from "./set-tree.js";

/** Bits of the number of a part: 4,096 keys have this many. */
const MOST_PART_BITS = 8;

const MAGIC = new TextEncoder().encode("assaytops1");

/** Largest file of tops: 16 pages with 256 parts each, and a prefix of 60 digits. */
export const MAX_SET_TOPS_BYTES = MAGIC.length + 1 + 30 + 16 * (1 + 32 + 32 * 2 ** MOST_PART_BITS);

/** The parts of a key page: its keys by the `bits` bits behind its prefix. */
export interface PageParts {
  /** 1 … 8. */
  readonly bits: number;
  /** Which parts have keys, ascending. */
  readonly numbers: Uint16Array;
  /** Their tops, 32 bytes each. */
  readonly tops: Uint8Array;
}

/** The path of the tops beside the index page of a prefix: `set-tops/root.tops`, `set-tops/3/f.tops`. */
export function setTopsPath(prefix: string): string {
  if (!/^[0-9a-f]{0,60}$/.test(prefix)) {
    throw new RangeError(`setTopsPath() prefix must be 0 to 60 lower-case hex digits, not ${JSON.stringify(prefix)}`);
  }
  return `set-tops/${prefix === "" ? "root" : [...prefix].join("/")}.tops`;
}

/** Into how many parts, as a power of two, a page of so many keys falls: the fewest with at most 16 keys on average. Part of the format. */
export function partBitsOf(keys: number): number {
  if (keys === 0) return 0;
  return Math.min(MOST_PART_BITS, 32 - Math.clz32((keys - 1) >> 4));
}

/** The part of the key at a place: its `bits` bits behind `length` digits. */
export function partNumber(keys: Uint8Array, at: number, length: number, bits: number): number {
  const byte = at + (length >> 1);
  const two = (keys[byte]! << 8) | keys[byte + 1]!;
  return (two >> (16 - 4 * (length % 2) - bits)) & ((1 << bits) - 1);
}

/** The parts of the keys of a page, which begin with `length` digits, and the top of all; of at most 4,096 keys. */
export function partsOf(
  set: Multiset,
  begin: number,
  end: number,
  length: number,
): { readonly top: Uint8Array | undefined; readonly parts: PageParts | undefined } {
  if (begin >= end) return { top: undefined, parts: undefined };
  const bits = partBitsOf(end - begin);
  if (bits === 0) return { top: subsetTops(set, begin, end, 0), parts: undefined };
  const parts = subsetParts(set, begin, end, length, bits);
  return { top: topOfParts(parts, length), parts };
}

/** The parts that keys `begin … end` fall into, which begin with `length` digits. */
export function subsetParts(set: Multiset, begin: number, end: number, length: number, bits: number): PageParts {
  const tops = subsetTops(set, begin, end, 4 * length + bits);
  const numbers = new Uint16Array(tops.length / 32);
  let n = 0;
  for (let i = begin; i < end; i++) {
    const part = partNumber(set.keys, 32 * i, length, bits);
    if (n === 0 || numbers[n - 1] !== part) numbers[n++] = part;
  }
  return { bits, numbers, tops };
}

/** The top of the page whose parts these are. */
export function topOfParts({ bits, numbers, tops }: PageParts, length: number): Uint8Array {
  const keys = new Uint8Array(32 * numbers.length);
  const shift = 16 - 4 * (length % 2) - bits;
  for (let i = 0; i < numbers.length; i++) {
    const two = numbers[i]! << shift;
    keys[32 * i + (length >> 1)] = two >> 8;
    keys[32 * i + (length >> 1) + 1] = two & 255;
  }
  return joinSubsetTops(keys, tops);
}

/** Writes the tops beside the index page of a prefix; `slots` has the parts of the page at each digit, where there are. */
export function formatSetTops(prefix: string, slots: readonly (PageParts | undefined)[]): Uint8Array {
  const bodyAt = MAGIC.length + 1 + Math.ceil(prefix.length / 2);
  const size = slots.reduce((sum, parts) => sum + 1 + (parts === undefined ? 0 : sizeOf(parts)), bodyAt);
  const bytes = new Uint8Array(size);
  bytes.set(MAGIC);
  bytes[MAGIC.length] = prefix.length;
  for (let i = 0; i < prefix.length; i++) {
    bytes[MAGIC.length + 1 + (i >> 1)]! |= Number.parseInt(prefix[i]!, 16) << (i % 2 === 0 ? 4 : 0);
  }
  let at = bodyAt;
  for (const parts of slots) {
    if (parts === undefined) {
      at++;
      continue;
    }
    const { bits, numbers, tops } = parts;
    bytes[at++] = bits;
    for (const number of numbers) bytes[at + (number >> 3)]! |= 0x80 >> (number & 7);
    at += bitmapBytes(bits);
    bytes.set(tops, at);
    at += tops.length;
  }
  return bytes;
}

function bitmapBytes(bits: number): number {
  return Math.max(1, 2 ** bits / 8);
}

function sizeOf({ bits, tops }: PageParts): number {
  return bitmapBytes(bits) + tops.length;
}

/**
 * Reads tops strictly. Says nothing about their truth: compare {@link topOfParts} with the top of the page before using them.
 *
 * @returns The parts of the page at each of the 16 digits.
 * @throws VerificationError `malformed-page`.
 */
export function parseSetTops(bytes: Uint8Array, prefix: string): (PageParts | undefined)[] {
  const refuse = (reason: string) =>
    new VerificationError("malformed-page", `The set tops ${setTopsPath(prefix)} are malformed: ${reason}.`, {
      details: { path: setTopsPath(prefix) },
    });
  const head = formatSetTops(prefix, []);
  if (bytes.length < head.length || head.some((byte, i) => bytes[i] !== byte))
    throw refuse(`they do not begin with "assaytops1" and the prefix ${toHex(head.subarray(MAGIC.length))}`);
  const slots: (PageParts | undefined)[] = [];
  let at = head.length;
  for (let digit = 0; digit < 16; digit++) {
    const bits = bytes[at++];
    if (bits === undefined || bits > MOST_PART_BITS) throw refuse(`digit ${digit} has no number of bits from 0 to 8`);
    if (bits === 0) {
      slots.push(undefined);
      continue;
    }
    const numbers: number[] = [];
    for (let i = 0; i < 8 * bitmapBytes(bits); i++) {
      if (((bytes[at + (i >> 3)] ?? 0) & (0x80 >> (i & 7))) !== 0) numbers.push(i);
    }
    if (numbers.length === 0 || numbers.at(-1)! >= 2 ** bits) throw refuse(`the bitmap of digit ${digit} is none`);
    at += bitmapBytes(bits);
    if (at + 32 * numbers.length > bytes.length) throw refuse(`they end inside the tops of digit ${digit}`);
    slots.push({ bits, numbers: Uint16Array.from(numbers), tops: bytes.subarray(at, at + 32 * numbers.length) });
    at += 32 * numbers.length;
  }
  if (at !== bytes.length) throw refuse("there is something behind the last digit");
  return slots;
}
