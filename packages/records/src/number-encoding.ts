/**
 * Numbers by their exact value (`docs/spec/leaf-encoding.md`, "Numbers"): an int8, a float64 and a decimal of the same value
 * have the same bytes. The first that fits: NaN, infinities and zero; an integer of 64 bits and sign; the shortest of half,
 * single, double; a bignum; a decimal fraction.
 */

import type { ByteArena } from "./byte-arena.js";
import { MAJOR, writeBigHead, writeHead, writeHead64 } from "./cbor.js";

const TWO_32 = 0x1_0000_0000;
const TWO_64 = 2 ** 64;
const TWO_64_BIG = 1n << 64n;
const MAX_SAFE_BIG = BigInt(Number.MAX_SAFE_INTEGER);

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
const double = new Float64Array(1);
const doubleBits = new DataView(double.buffer);

/** The half (IEEE 754 binary16) bits of the single with these bits, or −1 when no half has its value. NaN is not asked for. */
export function halfBitsOfSingle(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00;
  const power = exponent - 127;
  if (power >= -14 && power <= 15) {
    return (fraction & 0x1fff) === 0 ? sign | ((power + 15) << 10) | (fraction >>> 13) : -1;
  }
  if (power >= -24 && power < -14) {
    const shift = -1 - power; // 14 … 23: the bits that a subnormal half has not
    const significand = fraction | 0x800000;
    return (significand & ((1 << shift) - 1)) === 0 ? sign | (significand >>> shift) : -1;
  }
  return exponent === 0 && fraction === 0 ? sign : -1;
}

/** The value of half bits, exactly. */
export function singleOfHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Writes a binary64 by its value. */
export function writeNumber(arena: ByteArena, value: number): void {
  // Beyond 2⁶⁴ every double is whole, so the range is tested too; what is left are fractions, huge values and infinities.
  if (Math.floor(value) === value && value < TWO_64 && value >= -TWO_64) {
    if (value >= 0) writeHead(arena, MAJOR.unsigned, value);
    else if (value >= -Number.MAX_SAFE_INTEGER) writeHead(arena, MAJOR.negative, -1 - value);
    else {
      // −1 − value is not exactly a double here: borrow in halves.
      const high = Math.floor(-value / TWO_32);
      const low = -value - high * TWO_32;
      if (low > 0) writeHead64(arena, MAJOR.negative, high, low - 1);
      else writeHead64(arena, MAJOR.negative, high - 1, TWO_32 - 1);
    }
    return;
  }
  arena.reserve(9);
  const { bytes } = arena;
  let at = arena.length;
  if (Number.isNaN(value)) {
    bytes[at++] = 0xf9;
    bytes[at++] = 0x7e;
    bytes[at++] = 0x00;
  } else if (Math.fround(value) === value) {
    single[0] = value;
    const bits = singleBits[0] as number;
    const half = halfBitsOfSingle(bits);
    if (half >= 0) {
      bytes[at++] = 0xf9;
      bytes[at++] = half >>> 8;
      bytes[at++] = half;
    } else {
      bytes[at++] = 0xfa;
      bytes[at++] = bits >>> 24;
      bytes[at++] = bits >>> 16;
      bytes[at++] = bits >>> 8;
      bytes[at++] = bits;
    }
  } else {
    double[0] = value;
    bytes[at++] = 0xfb;
    for (let index = 0; index < 8; index++) bytes[at++] = doubleBits.getUint8(littleEndian ? 7 - index : index);
  }
  arena.length = at;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Writes the int64 with these halves (two's complement; `high` signed or unsigned). */
export function writeInt64(arena: ByteArena, high: number, low: number): void {
  if ((high | 0) < 0) writeHead64(arena, MAJOR.negative, ~high >>> 0, ~low >>> 0);
  else writeHead64(arena, MAJOR.unsigned, high >>> 0, low >>> 0);
}

/** Writes an integer of any size by its value. */
export function writeInteger(arena: ByteArena, value: bigint): void {
  if (value < TWO_64_BIG && value >= -TWO_64_BIG) {
    writeBigHead(arena, value);
    return;
  }
  const nearest = Number(value);
  if (Number.isFinite(nearest) && BigInt(nearest) === value) writeNumber(arena, nearest);
  else writeBignum(arena, value);
}

function writeBignum(arena: ByteArena, value: bigint): void {
  const magnitude = value < 0n ? -1n - value : value;
  const digits = magnitude.toString(16);
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
  arena.push(MAJOR.tag | (value < 0n ? 3 : 2));
  writeHead(arena, MAJOR.bytes, hex.length / 2);
  arena.reserve(hex.length / 2);
  for (let index = 0; index < hex.length; index += 2) arena.push(Number.parseInt(hex.slice(index, index + 2), 16));
}

/** 5ⁿ while it is exactly a binary64. */
const POWERS_OF_5 = Array.from({ length: 23 }, (_, exponent) => 5 ** exponent);

/** Writes `unscaled` · 10^−`scale` by its value (0 ≤ scale). */
export function writeDecimal(arena: ByteArena, unscaled: bigint, scale: number): void {
  if (scale <= 22 && unscaled <= MAX_SAFE_BIG && unscaled >= -MAX_SAFE_BIG) {
    writeSmallDecimal(arena, Number(unscaled), scale);
    return;
  }
  let exponent = scale;
  let digits = unscaled;
  if (digits === 0n) exponent = 0;
  while (exponent > 0 && digits % 10n === 0n) {
    digits /= 10n;
    exponent--;
  }
  if (exponent === 0) {
    writeInteger(arena, digits);
    return;
  }
  const power = 5n ** BigInt(exponent);
  if (digits % power === 0n) {
    // The value is (digits / 5ᵉ) / 2ᵉ: a binary64 when the odd part of the quotient has at most 53 bits.
    const quotient = digits / power;
    const nearest = Number(quotient);
    if (BigInt(nearest) === quotient) {
      writeNumber(arena, nearest / 2 ** exponent);
      return;
    }
  }
  arena.push(MAJOR.tag | 4);
  arena.push(MAJOR.array | 2);
  writeHead(arena, MAJOR.negative, exponent - 1);
  if (digits < TWO_64_BIG && digits >= -TWO_64_BIG) writeBigHead(arena, digits);
  else writeBignum(arena, digits);
}

/** The same without bigints: |unscaled| < 2⁵³, scale ≤ 22. */
function writeSmallDecimal(arena: ByteArena, unscaled: number, scale: number): void {
  let exponent = unscaled === 0 ? 0 : scale;
  let digits = unscaled;
  while (exponent > 0 && digits % 10 === 0) {
    digits /= 10;
    exponent--;
  }
  if (exponent === 0) {
    writeNumber(arena, digits);
    return;
  }
  const power = POWERS_OF_5[exponent] as number;
  if (digits % power === 0) {
    writeNumber(arena, digits / power / 2 ** exponent);
    return;
  }
  arena.push(MAJOR.tag | 4);
  arena.push(MAJOR.array | 2);
  writeHead(arena, MAJOR.negative, exponent - 1);
  writeNumber(arena, digits);
}
