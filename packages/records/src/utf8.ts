/**
 * UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, nothing above U+10FFFF. What is not UTF-8 is refused, never
 * replaced, because a replaced character would be another record.
 */

import { FormatError } from "@assay/merkle";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_SHORT_BYTES = 128;
/** Whatever may be a lone surrogate: without the flag `u` many times as fast, and next to no text has any. */
const surrogate = /[\ud800-\udfff]/;
const loneSurrogate = /\p{Surrogate}/u;

/** Whether a string has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !(surrogate.test(text) && loneSurrogate.test(text));
}

/** The UTF-8 of a text. Throws `invalid-utf8` for a lone surrogate. */
export function encodeUtf8(text: string): Uint8Array {
  if (!isWellFormed(text)) {
    throw new FormatError("invalid-utf8", `${JSON.stringify(text)} has a lone surrogate, which no UTF-8 can hold`);
  }
  return encoder.encode(text);
}

/** The text of bytes `[begin, end)`. Throws `invalid-utf8`. */
export function decodeUtf8(bytes: Uint8Array, begin = 0, end = bytes.length): string {
  // Short ASCII is most of what is read, and the decoder's call costs more than this.
  if (end - begin <= MAX_SHORT_BYTES) {
    let all = 0;
    for (let index = begin; index < end; index++) all |= bytes[index] as number;
    if (all <= 0x7f) return String.fromCharCode.apply(null, bytes.subarray(begin, end) as unknown as number[]);
  }
  try {
    return decoder.decode(bytes.subarray(begin, end));
  } catch (cause) {
    throw new FormatError("invalid-utf8", `The bytes at offset ${begin} are not UTF-8`, { cause });
  }
}

/** The offset of the first byte of `bytes[begin, end)` that is not part of valid UTF-8, or −1 when all of it is valid. */
export function findInvalidUtf8(bytes: Uint8Array, begin = 0, end = bytes.length): number {
  let index = begin;
  while (index < end) {
    const lead = bytes[index] as number;
    if (lead < 0x80) {
      index++;
      continue;
    }
    let more: number;
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) more = 1;
    else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead === 0xe0) low = 0xa0;
      else if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead === 0xf0) low = 0x90;
      else if (lead === 0xf4) high = 0x8f;
    } else return index;
    if (index + more >= end) return index;
    const second = bytes[index + 1] as number;
    if (second < low || second > high) return index;
    for (let next = 2; next <= more; next++) {
      if (((bytes[index + next] as number) & 0xc0) !== 0x80) return index;
    }
    index += more + 1;
  }
  return -1;
}

/** Orders two byte strings by their bytes; a prefix comes first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const count = Math.min(left.length, right.length);
  for (let index = 0; index < count; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
