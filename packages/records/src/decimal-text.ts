/**
 * From decimal digits to numbers, exactly: the nearest binary64, binary32 or binary16 in *one* rounding (ties to even).
 *
 * Rounding to double and then to float is wrong when the double lies exactly half-way between two floats though the decimal
 * does not: then the decimal itself is compared with the half-way point.
 */

/** What {@link scanFloat} and {@link scanInteger} saw, overwritten by each call: no object is made for a number. */
export const scanned = {
  negative: false,
  /** The significant digits as an integer, exact when `digits` ≤ 15. */
  mantissa: 0,
  /** Number of significant digits, leading zeros not counted. */
  digits: 0,
  /** The value is mantissa · 10^exponent. Clamped to ±10⁹. */
  exponent: 0,
};

/**
 * Scans `[+-]?(d+(.d*)?|.d+)([eE][+-]?d+)?` over all of `bytes[begin, end)` into {@link scanned}. False: not of the grammar.
 */
export function scanFloat(bytes: Uint8Array, begin: number, end: number): boolean {
  let at = begin;
  let byte = at < end ? (bytes[at] as number) : 0;
  const negative = byte === 0x2d;
  if (negative || byte === 0x2b) at++;
  let mantissa = 0;
  let digits = 0;
  let seen = false;
  for (; at < end; at++) {
    byte = bytes[at] as number;
    if (byte < 0x30 || byte > 0x39) break;
    seen = true;
    if (digits > 0 || byte !== 0x30) {
      digits++;
      if (digits <= 15) mantissa = mantissa * 10 + (byte - 0x30);
    }
  }
  let exponent = 0;
  if (at < end && bytes[at] === 0x2e) {
    at++;
    const first = at;
    for (; at < end; at++) {
      byte = bytes[at] as number;
      if (byte < 0x30 || byte > 0x39) break;
      seen = true;
      if (digits > 0 || byte !== 0x30) {
        digits++;
        if (digits <= 15) mantissa = mantissa * 10 + (byte - 0x30);
      }
    }
    exponent = first - at;
  }
  if (!seen) return false;
  if (at < end) {
    if (((bytes[at] as number) | 0x20) !== 0x65) return false;
    at++;
    byte = at < end ? (bytes[at] as number) : 0;
    const down = byte === 0x2d;
    if (down || byte === 0x2b) at++;
    if (at === end) return false;
    let power = 0;
    for (; at < end; at++) {
      byte = bytes[at] as number;
      if (byte < 0x30 || byte > 0x39) return false;
      if (power < 1e9) power = power * 10 + (byte - 0x30);
    }
    if (power > 1e9) power = 1e9;
    exponent += down ? -power : power;
  }
  scanned.negative = negative;
  scanned.mantissa = mantissa;
  scanned.digits = digits;
  scanned.exponent = exponent;
  return true;
}

const POWERS_OF_10 = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** The nearest binary64 of what {@link scanFloat} just accepted; infinite beyond the range. */
export function scannedFloat64(bytes: Uint8Array, begin: number, end: number): number {
  const { mantissa, digits, exponent, negative } = scanned;
  if (digits <= 15 && exponent >= -22 && exponent <= 22) {
    // Both factors are exact, so one operation rounds once (Clinger 1990).
    const magnitude =
      exponent < 0 ? mantissa / (POWERS_OF_10[-exponent] as number) : mantissa * (POWERS_OF_10[exponent] as number);
    return negative ? -magnitude : magnitude;
  }
  return Number(asciiOf(bytes, begin, end));
}

/** ASCII bytes as a string. */
export function asciiOf(bytes: Uint8Array, begin: number, end: number): string {
  if (end - begin <= 64) return String.fromCharCode.apply(null, bytes.subarray(begin, end) as unknown as number[]);
  let text = "";
  for (let at = begin; at < end; at += 4096) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + 4096)) as unknown as number[]);
  }
  return text;
}

/** A binary interchange format: bits of the significand (the hidden one too), exponent of the smallest normal number. */
export interface BinaryFormat {
  readonly significandBits: number;
  readonly minimumExponent: number;
  /** The first power of two beyond the format. */
  readonly limit: number;
}
export const BINARY16: BinaryFormat = { significandBits: 11, minimumExponent: -14, limit: 2 ** 16 };
export const BINARY32: BinaryFormat = { significandBits: 24, minimumExponent: -126, limit: 2 ** 128 };

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
const highWord = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * The nearest number of a smaller format to the decimal that {@link scanFloat} just accepted, `nearest64` being its nearest
 * binary64; infinite beyond the range.
 */
export function scannedNearest(
  bytes: Uint8Array,
  begin: number,
  end: number,
  nearest64: number,
  format: BinaryFormat,
): number {
  const magnitude = Math.abs(nearest64);
  const sign = nearest64 < 0 || scanned.negative ? -1 : 1;
  if (magnitude === 0) return 0;
  if (magnitude >= format.limit) return sign * Number.POSITIVE_INFINITY;
  double[0] = magnitude;
  // Every value in reach of these formats is a normal double (the smallest half-way point is 2⁻¹⁵⁰).
  const exponent = ((doubleWords[highWord] as number) >>> 20) - 1023;
  const unit = 2 ** (Math.max(exponent, format.minimumExponent) - format.significandBits + 1);
  const steps = Math.floor(magnitude / unit);
  const lower = steps * unit;
  const middle = lower + unit / 2;
  let up: boolean;
  if (magnitude === middle) {
    const order = compareDecimal(asciiOf(bytes, begin, end), middle);
    up = order > 0 || (order === 0 && steps % 2 === 1);
  } else up = magnitude > middle;
  const rounded = up ? lower + unit : lower;
  return sign * (rounded >= format.limit ? Number.POSITIVE_INFINITY : rounded);
}

/** Significant digits beyond which a half-way point of binary32 (at most 112 digits) cannot be met any more. */
const DECISIVE_DIGITS = 200;

/** Orders |decimal text| against a positive double, exactly. */
function compareDecimal(text: string, value: number): number {
  const [mantissaText = "", exponentText = "0"] = text.replace(/^[+-]/, "").split(/[eE]/);
  const [whole = "", fraction = ""] = mantissaText.split(".");
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const kept = digits.slice(0, DECISIVE_DIGITS);
  const sticky = /[1-9]/.test(digits.slice(DECISIVE_DIGITS));
  // The caller's value is within half a float of the decimal, so this exponent is small.
  const exponent = Number(exponentText) - fraction.length + (digits.length - kept.length);
  let left = BigInt(kept || "0");
  let right = 1n;
  if (exponent >= 0) left *= 10n ** BigInt(exponent);
  else right *= 10n ** BigInt(-exponent);
  // value = significand · 2^power
  let power = 0;
  let significand = value;
  while (!Number.isInteger(significand)) {
    significand *= 2;
    power--;
  }
  right *= BigInt(significand);
  left <<= BigInt(-power);
  if (left !== right) return left < right ? -1 : 1;
  return sticky ? 1 : 0;
}
