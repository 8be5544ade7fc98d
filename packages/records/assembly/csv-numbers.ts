/**
 * Decimal text to the nearest binary64 (ties to even): exact powers where they do (Clinger 1990), else the algorithm of
 * Eisel and Lemire ("Number parsing at a gigabyte per second", 2021); what neither can tell goes to JavaScript.
 */

import { fittingFractions, fittingIntegers, UNKNOWN } from "./csv-infer";
import { LEAST_POWER, MOST_POWER, POWERS } from "./memory-layout";

/** The number that is all of the text, by JavaScript. The text is of the grammar. */
// @ts-ignore: decorators of functions are AssemblyScript's.
@external("env", "nearest")
declare function nearest(begin: usize, end: usize): f64;

const EXACT_POWERS = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
  1e22,
]);

const WHOLE_POWERS = memory.data<u64>([
  1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
  1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
  100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]);

/** The end of the digits that begin here. No digit follows a field: neither delimiter nor quote is one. */
export function digitsEnd(p: usize): usize {
  let count: usize = 16;
  for (; count === 16; p += count) {
    const digits = i8x16.bitmask(i8x16.le_u(i8x16.sub(v128.load(p), i8x16.splat(0x30)), i8x16.splat(9)));
    count = <usize>ctz(~digits);
  }
  return p;
}

/** Eight digits, the first in the lowest byte: pairs, then fours and eight with two multiplications. */
@inline function eightDigits(word: u64): u64 {
  const pairs = word * 10 + (word >> 8);
  return (((pairs & 0x000000ff000000ff) * 0x000f424000000064) + (((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >> 32;
}

/** The value of up to 19 digits. */
export function digitsValue(p: usize, end: usize): u64 {
  let value: u64 = 0;
  for (; end - p >= 8; p += 8) value = value * 100_000_000 + eightDigits(load<u64>(p) - 0x3030303030303030);
  const rest = end - p;
  if (rest === 0) return value;
  // Behind the shift the missing digits are zeros in front.
  return value * load<u64>(WHOLE_POWERS + 8 * rest) + eightDigits((load<u64>(p) - 0x3030303030303030) << (64 - 8 * rest));
}

/** Whether the last text was `-?d+(.d+)?([eE][+-]?d+)?` and finite. */
export let isNumber: bool = false;
/** The candidates that the last number fits, as `csv-infer.ts` says. */
export let numberFits: i32 = 0;

/** The value of a text, if it {@link isNumber}. */
export function parseNumber(begin: usize, end: usize): f64 {
  isNumber = false;
  let p = begin;
  const negative = load<u8>(p) === 0x2d;
  if (negative) p++;
  const whole = p;
  const wholeEnd = digitsEnd(p);
  if (wholeEnd === whole) return 0;
  p = wholeEnd;
  let count = p - whole;
  let fraction = p;
  numberFits = UNKNOWN;
  if (p === end) numberFits = fittingIntegers(whole, end, negative);
  else if (load<u8>(p) === 0x2e) {
    fraction = ++p;
    p = digitsEnd(p);
    if (p === fraction) return 0;
    if (p === end) numberFits = count > 1 && load<u8>(whole) === 0x30 ? 0 : fittingFractions(<i32>count);
    count += p - fraction;
  }
  const fractionEnd = p;
  let exponent = -<i32>(p - fraction);
  if (p < end) {
    if ((load<u8>(p) | 0x20) !== 0x65) return 0;
    p++;
    let down = false;
    if (p < end && (load<u8>(p) === 0x2b || load<u8>(p) === 0x2d)) down = load<u8>(p++) === 0x2d;
    const first = p;
    let power = 0;
    let digit: u32 = 0;
    while (p < end && (digit = <u32>load<u8>(p) - 0x30) <= 9) {
      if (power < 100_000) power = power * 10 + digit;
      p++;
    }
    if (p === first || p < end) return 0;
    exponent += down ? -power : power;
  }
  let digits: u64 = 0;
  if (count <= 19) {
    digits = digitsValue(whole, wholeEnd);
    const decimals = fractionEnd - fraction;
    if (decimals > 0) digits = digits * load<u64>(WHOLE_POWERS + 8 * decimals) + digitsValue(fraction, fractionEnd);
  }
  let value: f64;
  if (digits <= (1 << 53) && exponent >= -22 && exponent <= 22 && count <= 19) {
    const power = load<f64>(EXACT_POWERS + 8 * abs(exponent));
    value = exponent < 0 ? <f64>digits / power : <f64>digits * power;
    if (negative) value = -value;
  } else {
    value = count <= 19 && exponent >= LEAST_POWER && exponent <= MOST_POWER ? rounded(digits, exponent) : -1;
    if (value < 0) value = nearest(begin, end);
    else if (negative) value = -value;
  }
  isNumber = abs(value) < Infinity;
  return value;
}

let high: u64 = 0;

/** The lower half of a product; the upper one goes to `high`. */
function multiply(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  high = a1 * b1 + (middle >> 32) + (other >> 32);
  return (other << 32) | (low & 0xffffffff);
}

/** digits · 10^exponent for digits > 2⁵³ or exponents that are not exact; −1 where it cannot tell. */
function rounded(digits: u64, exponent: i32): f64 {
  if (digits === 0) return 0;
  const zeros = <i32>clz(digits);
  const word = digits << zeros;
  const power = POWERS + 16 * <usize>(exponent - LEAST_POWER);
  let low = multiply(word, load<u64>(power, 8));
  let top = high;
  if ((top & 0x1ff) === 0x1ff) {
    multiply(word, load<u64>(power));
    low += high;
    if (low < high) top++;
  }
  if (low === u64.MAX_VALUE && (exponent < -27 || exponent > 55)) return -1;
  const upper = <i32>(top >> 63);
  let mantissa = top >> (upper + 9);
  let binary = (((152170 + 65536) * exponent) >> 16) + 63 + upper - zeros + 1023;
  if (binary <= 0) return -1;
  if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) === 1 && mantissa << (upper + 9) === top) mantissa &= ~1;
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= <u64>2 << 52) {
    mantissa = <u64>1 << 52;
    binary++;
  }
  if (binary >= 2047) return -1;
  return reinterpret<f64>((mantissa & ~(<u64>1 << 52)) | (<u64>binary << 52));
}
