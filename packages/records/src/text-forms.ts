/**
 * Text forms of declared types (`docs/spec/manifest.md`): booleans, integers, floats, decimals, bytes. All of
 * `bytes[begin, end)` must be of the form; what is not is `bad-value`, what the type cannot hold `number-out-of-range`.
 */

import { type FormatCode, FormatError } from "@assay/merkle";
import { asciiOf, BINARY16, BINARY32, scanFloat, scanned, scannedFloat64, scannedNearest } from "./decimal-text.js";
import { shorten } from "./json-value.js";

/** Refuses a text: `bad-value` or `number-out-of-range`, with the text and the type in words and details. */
export function refuseText(
  code: "bad-value" | "number-out-of-range",
  type: string,
  bytes: Uint8Array,
  begin: number,
  end: number,
): FormatError {
  // 400 bytes are always enough for the characters that are shown.
  const value = shorten(new TextDecoder().decode(bytes.subarray(begin, Math.min(end, begin + 400))));
  return refuseValue(code, type, value);
}

/** The same for a value that is text already. */
export function refuseValue(code: FormatCode, type: string, value: string): FormatError {
  const shown = JSON.stringify(value);
  const message = code === "number-out-of-range" ? `${shown} does not fit in ${type}` : `${shown} is no ${type}`;
  return new FormatError(code, message, { details: { type, value } });
}

/** `true True TRUE false False FALSE`. */
export function parseBoolean(bytes: Uint8Array, begin: number, end: number): 0 | 1 {
  const count = end - begin;
  const first = count > 0 ? bytes[begin] : 0;
  if (count === 4 && (first === 0x74 || first === 0x54)) {
    if (isWord(bytes, begin, "true") || isWord(bytes, begin, "True") || isWord(bytes, begin, "TRUE")) return 1;
  } else if (count === 5 && (first === 0x66 || first === 0x46)) {
    if (isWord(bytes, begin, "false") || isWord(bytes, begin, "False") || isWord(bytes, begin, "FALSE")) return 0;
  }
  throw refuseText("bad-value", "boolean", bytes, begin, end);
}

function isWord(bytes: Uint8Array, begin: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    if (bytes[begin + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

/** What {@link parseInteger} read, overwritten by each call. `value` when |value| < 10¹⁵, else `big`. */
export const integer = { value: 0, big: null as bigint | null };

/** Further from zero than any integer type reaches. */
const BEYOND_ALL_TYPES = 1n << 128n;

/** `[+-]?[0-9]+`, and optionally a point with zeros behind it. */
export function parseInteger(type: string, bytes: Uint8Array, begin: number, end: number): void {
  let at = begin;
  const sign = at < end ? bytes[at] : 0;
  if (sign === 0x2d || sign === 0x2b) at++;
  const first = at;
  while (at < end && bytes[at] === 0x30) at++;
  const significant = at;
  let value = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const stop = at;
  if (stop === first) throw refuseText("bad-value", type, bytes, begin, end);
  if (at < end) {
    if (bytes[at] !== 0x2e || at + 1 === end) throw refuseText("bad-value", type, bytes, begin, end);
    for (at++; at < end; at++) {
      if (bytes[at] !== 0x30) throw refuseText("bad-value", type, bytes, begin, end);
    }
  }
  const negative = sign === 0x2d;
  if (stop - significant <= 15) {
    integer.value = negative && value !== 0 ? -value : value;
    integer.big = null;
  } else {
    const magnitude = stop - significant <= 24 ? BigInt(asciiOf(bytes, significant, stop)) : BEYOND_ALL_TYPES;
    integer.big = negative ? -magnitude : magnitude;
  }
}

/** The value of a float type: the nearest of that format, ties to even, in one rounding; or a word for NaN and infinity. */
export function parseFloatText(
  type: "float16" | "float32" | "float64",
  bytes: Uint8Array,
  begin: number,
  end: number,
): number {
  if (!scanFloat(bytes, begin, end)) return parseFloatWord(type, bytes, begin, end);
  const double = scannedFloat64(bytes, begin, end);
  const value =
    type === "float64" ? double : scannedNearest(bytes, begin, end, double, type === "float32" ? BINARY32 : BINARY16);
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
    throw refuseText("number-out-of-range", type, bytes, begin, end);
  }
  // Both zeros are one value: −0 + 0 is 0.
  return value + 0;
}

function parseFloatWord(type: string, bytes: Uint8Array, begin: number, end: number): number {
  if (end - begin <= 9) {
    const word = asciiOf(bytes, begin, end).toLowerCase();
    const unsigned = word.startsWith("-") || word.startsWith("+") ? word.slice(1) : word;
    if (unsigned === "nan") return Number.NaN;
    if (unsigned === "inf" || unsigned === "infinity") {
      return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
  }
  throw refuseText("bad-value", type, bytes, begin, end);
}

/** The unscaled integer of `decimal(precision, scale)`: the value is that · 10^−scale. Exact, never rounded. */
export function parseDecimalText(
  precision: number,
  scale: number,
  bytes: Uint8Array,
  begin: number,
  end: number,
): bigint {
  const type = `decimal(${precision},${scale})`;
  if (!scanFloat(bytes, begin, end)) throw refuseText("bad-value", type, bytes, begin, end);
  const { negative, mantissa, digits, exponent } = scanned;
  if (digits === 0) return 0n;
  const shift = exponent + scale;
  if (digits <= 15 && shift >= 0 && digits + shift <= 15) {
    if (digits + shift > precision) throw refuseText("number-out-of-range", type, bytes, begin, end);
    const unscaled = mantissa * 10 ** shift;
    return BigInt(negative ? -unscaled : unscaled);
  }
  const [mantissaText = ""] = asciiOf(bytes, begin, end).replace(/^[+-]/, "").split(/[eE]/);
  const significant = mantissaText.replace(".", "").replace(/^0+/, "");
  const trimmed = significant.replace(/0+$/, "");
  const zeros = shift + significant.length - trimmed.length;
  if (zeros < 0 || trimmed.length + zeros > precision) {
    throw refuseText("number-out-of-range", type, bytes, begin, end);
  }
  const unscaled = BigInt(trimmed + "0".repeat(zeros));
  return negative ? -unscaled : unscaled;
}

const BASE64_VALUES = new Int8Array(128).fill(-1);
for (const [value, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  BASE64_VALUES[character.charCodeAt(0)] = value;
}

/** Base64 (RFC 4648 §4), padded and canonical: the unused bits of the last character are zero. */
export function parseBase64(bytes: Uint8Array, begin: number, end: number): Uint8Array {
  const count = end - begin;
  const padding = count === 0 || bytes[end - 1] !== 0x3d ? 0 : bytes[end - 2] === 0x3d ? 2 : 1;
  const refuse = () => refuseText("bad-value", "base64 of bytes", bytes, begin, end);
  if (count % 4 !== 0) throw refuse();
  const out = new Uint8Array((count / 4) * 3 - padding);
  let written = 0;
  let group = 0;
  let bits = 0;
  for (let at = begin; at < end - padding; at++) {
    const byte = bytes[at] as number;
    const value = byte < 128 ? (BASE64_VALUES[byte] as number) : -1;
    if (value < 0) throw refuse();
    group = (group << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[written++] = group >> bits;
      group &= (1 << bits) - 1;
    }
  }
  if (group !== 0) throw refuse();
  return out;
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** An even number of hex digits of either case. */
export function parseHex(bytes: Uint8Array, begin: number, end: number): Uint8Array {
  const refuse = () => refuseText("bad-value", "hex of bytes", bytes, begin, end);
  if ((end - begin) % 2 !== 0) throw refuse();
  const out = new Uint8Array((end - begin) / 2);
  for (let index = 0; index < out.length; index++) {
    const high = hexValue(bytes[begin + 2 * index] as number);
    const low = hexValue(bytes[begin + 2 * index + 1] as number);
    if (high < 0 || low < 0) throw refuse();
    out[index] = high * 16 + low;
  }
  return out;
}

/** 8-4-4-4-12 hex digits of either case: 16 bytes. */
export function parseUuid(bytes: Uint8Array, begin: number, end: number): Uint8Array {
  const text = end - begin === 36 ? asciiOf(bytes, begin, end) : "";
  if (!/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text)) {
    throw refuseText("bad-value", "uuid", bytes, begin, end);
  }
  const digits = text.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
}
