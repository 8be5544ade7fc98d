/**
 * Text forms of dates, times, timestamps, instants and durations (`docs/spec/manifest.md`), in the proleptic Gregorian
 * calendar, without leap seconds; and counts of a declared unit. Results are seconds rounded down and nanoseconds.
 */

import { asciiOf } from "./decimal-text.js";
import { refuseText } from "./text-forms.js";

const TWO_32 = 0x1_0000_0000;

/** A point or span of time as it is stored: the halves of an int64 of seconds, and 0 … 999,999,999 nanoseconds. */
export interface TimeParts {
  high: number;
  low: number;
  nanoseconds: number;
}

/** Days from 1970-01-01 to a day of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible date algorithms"). */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] as number) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return digitAt(bytes, at) * 10 + digitAt(bytes, at + 1);
}

/** Days of `YYYY-MM-DD` at `begin`, or NaN. */
function scanDate(bytes: Uint8Array, begin: number, end: number): number {
  if (end - begin < 10 || bytes[begin + 4] !== 0x2d || bytes[begin + 7] !== 0x2d) return Number.NaN;
  const year = twoDigits(bytes, begin) * 100 + twoDigits(bytes, begin + 2);
  const month = twoDigits(bytes, begin + 5);
  const day = twoDigits(bytes, begin + 8);
  // Written so that NaN fails.
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (!(day <= (month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] as number)))) return Number.NaN;
  return daysOf(year, month, day);
}

/** Where {@link scanClock} and {@link scanFraction} stopped, and the nanoseconds they read. */
const clock = { at: 0, nanoseconds: 0 };

/** Seconds of `hh:mm:ss` with 1–9 decimals or none at `begin`, or NaN. */
function scanClock(bytes: Uint8Array, begin: number, end: number): number {
  if (end - begin < 8 || bytes[begin + 2] !== 0x3a || bytes[begin + 5] !== 0x3a) return Number.NaN;
  const hour = twoDigits(bytes, begin);
  const minute = twoDigits(bytes, begin + 3);
  const second = twoDigits(bytes, begin + 6);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  if (!scanFraction(bytes, begin + 8, end)) return Number.NaN;
  return hour * 3600 + minute * 60 + second;
}

/** `.` and 1–9 digits, or nothing. */
function scanFraction(bytes: Uint8Array, begin: number, end: number): boolean {
  clock.at = begin;
  clock.nanoseconds = 0;
  if (begin >= end || bytes[begin] !== 0x2e) return true;
  let at = begin + 1;
  let nanoseconds = 0;
  let unit = 100_000_000;
  for (; at < end; at++) {
    const digit = digitAt(bytes, at);
    if (Number.isNaN(digit)) break;
    if (at - begin > 9) return false;
    nanoseconds += digit * unit;
    unit /= 10;
  }
  clock.at = at;
  clock.nanoseconds = nanoseconds;
  return at > begin + 1;
}

function setSeconds(out: TimeParts, seconds: number, nanoseconds: number): void {
  const high = Math.floor(seconds / TWO_32);
  out.high = high;
  out.low = seconds - high * TWO_32;
  out.nanoseconds = nanoseconds;
}

/** Days of a date, or of one with a midnight behind it. */
export function parseDate(bytes: Uint8Array, begin: number, end: number): number {
  const days = scanDate(bytes, begin, end);
  const at = begin + 10;
  if (!Number.isNaN(days)) {
    if (at === end) return days;
    if (bytes[at] === 0x54 || bytes[at] === 0x20) {
      if (scanClock(bytes, at + 1, end) === 0 && clock.at === end && clock.nanoseconds === 0) return days;
    }
  }
  throw refuseText("bad-value", "date", bytes, begin, end);
}

/** `hh:mm:ss` with 1–9 decimals or none. */
export function parseTime(bytes: Uint8Array, begin: number, end: number, out: TimeParts): void {
  const seconds = scanClock(bytes, begin, end);
  if (Number.isNaN(seconds) || clock.at !== end) throw refuseText("bad-value", "time", bytes, begin, end);
  setSeconds(out, seconds, clock.nanoseconds);
}

/** A date, then `T` or a space and a time; a date alone is its midnight. No offset. */
export function parseTimestamp(bytes: Uint8Array, begin: number, end: number, out: TimeParts): void {
  const days = scanDate(bytes, begin, end);
  const at = begin + 10;
  if (!Number.isNaN(days)) {
    if (at === end) {
      setSeconds(out, days * 86400, 0);
      return;
    }
    if (bytes[at] === 0x54 || bytes[at] === 0x20) {
      const seconds = scanClock(bytes, at + 1, end);
      if (!Number.isNaN(seconds) && clock.at === end) {
        setSeconds(out, days * 86400 + seconds, clock.nanoseconds);
        return;
      }
    }
  }
  throw refuseText("bad-value", "timestamp", bytes, begin, end);
}

/** Seconds of `Z`, `±hh:mm`, `±hhmm` or `±hh` that is all of `bytes[begin, end)`, or NaN. */
function scanOffset(bytes: Uint8Array, begin: number, end: number): number {
  const count = end - begin;
  if (count === 1) return bytes[begin] === 0x5a ? 0 : Number.NaN;
  const sign = bytes[begin] === 0x2b ? 1 : bytes[begin] === 0x2d ? -1 : Number.NaN;
  if (count !== 3 && count !== 5 && (count !== 6 || bytes[begin + 3] !== 0x3a)) return Number.NaN;
  const hours = twoDigits(bytes, begin + 1);
  const minutes = count === 3 ? 0 : twoDigits(bytes, end - 2);
  return hours <= 23 && minutes <= 59 ? sign * (hours * 3600 + minutes * 60) : Number.NaN;
}

/** A date, `T` or a space, a time, and the offset, which is required and not part of the value. */
export function parseInstant(bytes: Uint8Array, begin: number, end: number, out: TimeParts): void {
  const days = scanDate(bytes, begin, end);
  const at = begin + 10;
  if (!Number.isNaN(days) && at < end && (bytes[at] === 0x54 || bytes[at] === 0x20)) {
    const seconds = scanClock(bytes, at + 1, end);
    const offset = !Number.isNaN(seconds) && clock.at < end ? scanOffset(bytes, clock.at, end) : Number.NaN;
    if (!Number.isNaN(offset)) {
      setSeconds(out, days * 86400 + seconds - offset, clock.nanoseconds);
      return;
    }
  }
  throw refuseText("bad-value", "instant", bytes, begin, end);
}

const DURATION = /^([+-]?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,9}))?S)?)?$/;
/** Longer than any duration that fits; so that no number of digits is turned into an integer first. */
const MAX_DURATION_BYTES = 400;

/** `[+-]?PnDTnHnMn.nS`. */
export function parseDuration(bytes: Uint8Array, begin: number, end: number, out: TimeParts): void {
  const text = end - begin <= MAX_DURATION_BYTES ? asciiOf(bytes, begin, end) : "";
  const match = DURATION.exec(text);
  if (match === null || text.endsWith("P") || text.endsWith("T")) {
    throw refuseText("bad-value", "duration", bytes, begin, end);
  }
  const [, sign, days = "0", hours = "0", minutes = "0", seconds = "0", fraction = ""] = match;
  const whole = BigInt(days) * 86400n + BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  const nanoseconds = Number(fraction.padEnd(9, "0"));
  const negative = sign === "-";
  const floor = negative ? -whole - (nanoseconds > 0 ? 1n : 0n) : whole;
  if (BigInt.asIntN(64, floor) !== floor) throw refuseText("number-out-of-range", "duration", bytes, begin, end);
  out.high = Number(floor >> 32n);
  out.low = Number(floor & 0xffffffffn);
  out.nanoseconds = negative && nanoseconds > 0 ? 1_000_000_000 - nanoseconds : nanoseconds;
}

const PER_SECOND = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;

/** `-?[0-9]+`, counting a unit; an int64. A time of day must lie within its day. */
export function parseCount(
  type: string,
  unit: keyof typeof PER_SECOND,
  bytes: Uint8Array,
  begin: number,
  end: number,
  out: TimeParts,
): void {
  let at = begin;
  const negative = at < end && bytes[at] === 0x2d;
  if (negative) at++;
  const first = at;
  let count = 0;
  for (; at < end; at++) {
    const digit = digitAt(bytes, at);
    if (Number.isNaN(digit)) throw refuseText("bad-value", `${type} in ${unit}`, bytes, begin, end);
    count = count * 10 + digit;
  }
  if (at === first) throw refuseText("bad-value", `${type} in ${unit}`, bytes, begin, end);
  const perSecond = PER_SECOND[unit];
  if (at - first <= 15) {
    if (negative) count = -count;
    const seconds = Math.floor(count / perSecond);
    setSeconds(out, seconds, (count - seconds * perSecond) * (1e9 / perSecond));
  } else {
    const exact = BigInt(asciiOf(bytes, begin, Math.min(end, begin + 400)));
    if (end - begin > 400 || BigInt.asIntN(64, exact) !== exact) {
      throw refuseText("number-out-of-range", `${type} in ${unit}`, bytes, begin, end);
    }
    setCount(out, exact, BigInt(perSecond));
  }
  if (type === "time" && (out.high !== 0 || out.low >= 86400)) {
    throw refuseText("bad-value", `time in ${unit}`, bytes, begin, end);
  }
}

function setCount(out: TimeParts, count: bigint, perSecond: bigint): void {
  let seconds = count / perSecond;
  let rest = count % perSecond;
  if (rest < 0n) {
    rest += perSecond;
    seconds -= 1n;
  }
  out.high = Number(seconds >> 32n);
  out.low = Number(seconds & 0xffffffffn);
  out.nanoseconds = Number((rest * 1_000_000_000n) / perSecond);
}
