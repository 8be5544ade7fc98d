/**
 * Evidence for the types of columns: which candidates each field fits (`src/inference.ts`, whose bits and grammar these are).
 * Fields that only arithmetic without bounds can judge, and misfits that are to be shown, are left to JavaScript.
 */

import { digitsEnd, digitsValue } from "./csv-numbers";
import { BEGINS, COUNTS, ENDS, EVENTS, EVIDENCE_FIELDS, FORMS, MOST_EVENTS, OPEN } from "./memory-layout";

const LOWER: i32 = 1;
const TITLE: i32 = 2;
const UPPER: i32 = 4;
const INT64: i32 = 8;
const UINT64: i32 = 16;
const FLOAT64: i32 = 32;
const DATE: i32 = 64;
const TIMESTAMP: i32 = 128;
const INSTANT: i32 = 256;
/** Only arithmetic without bounds can tell. */
export const UNKNOWN: i32 = -1;

/** Where `gather` stopped because the events were full. */
export let nextColumn: i32 = 0;
export let nextRecord: i32 = 0;

/**
 * Counts the fields of scanned records, column by column, from the place where the last call stopped.
 *
 * @param width Fields of a record.
 * @param columns Number of columns that evidence is wanted for.
 * @returns The number of events; `nextColumn` is `columns` when all is done.
 */
export function gather(records: i32, width: i32, columns: i32, delta: i32, column: i32, record: i32): i32 {
  let events = 0;
  for (; column < columns; column++, record = 0) {
    const field = load<i32>(EVIDENCE_FIELDS + 4 * column);
    const open = load<i32>(OPEN + 4 * column);
    const counts = COUNTS + 2048 * <usize>column;
    for (; record < records; record++) {
      const i = <usize>(record * width + field);
      const begin = <usize>(load<i32>(BEGINS + 4 * i) - delta);
      const end = <usize>(load<i32>(ENDS + 4 * i) - delta);
      const form = load<u8>(FORMS + i);
      if (begin === end && form === 0) continue;
      // Nothing that fits a type has a quote in it.
      const fitting = form === 2 ? 0 : fittingTypes(begin, end);
      if (fitting !== UNKNOWN && (open & ~fitting) === 0) {
        store<u32>(counts + 4 * fitting, load<u32>(counts + 4 * fitting) + 1);
        continue;
      }
      store<i32>(EVENTS + 8 * events, column);
      store<i32>(EVENTS + 8 * events, record, 4);
      if (++events === MOST_EVENTS) {
        nextColumn = column;
        nextRecord = record + 1;
        return events;
      }
    }
  }
  nextColumn = columns;
  nextRecord = 0;
  return events;
}

@inline function isDigit(byte: u32): bool { return byte - 0x30 <= 9; }

/** The candidates that a text fits, one bit each; {@link UNKNOWN}. */
export function fittingTypes(begin: usize, end: usize): i32 {
  const length = <i32>(end - begin);
  if (length === 0) return 0;
  const first = <u32>load<u8>(begin);
  if (isDigit(first)) {
    const isTime = length >= 10 && load<u8>(begin, 4) === 0x2d && isDigit(load<u8>(begin, 3));
    return isTime ? fittingTimes(begin, end) : fittingNumbers(begin, begin, end);
  }
  if (first === 0x2d) return fittingNumbers(begin, begin + 1, end);
  if (length === 4) {
    const word = load<u32>(begin);
    return word === 0x65757274 ? LOWER : word === 0x65757254 ? TITLE : word === 0x45555254 ? UPPER : 0;
  }
  if (length === 5) {
    const word = load<u32>(begin, 1);
    if (first === 0x66) return word === 0x65736c61 ? LOWER : 0;
    if (first === 0x46) return word === 0x65736c61 ? TITLE : word === 0x45534c41 ? UPPER : 0;
  }
  return 0;
}

function fittingNumbers(begin: usize, digits: usize, end: usize): i32 {
  let i = digitsEnd(digits);
  const count = <i32>(i - digits);
  if (count === 0) return 0;
  if (i === end) return fittingIntegers(digits, end, begin !== digits);
  if (count > 1 && load<u8>(digits) === 0x30) return 0;
  if (load<u8>(i) === 0x2e) {
    const fraction = ++i;
    i = digitsEnd(i);
    if (i === fraction) return 0;
    if (i === end) return fittingFractions(count);
  }
  return UNKNOWN;
}

/** Of digits with a point among them, `count` of them before it, the first of which is no needless zero. */
@inline export function fittingFractions(count: i32): i32 { return count <= 300 ? FLOAT64 : UNKNOWN; }

/** Of one digit or more. */
@inline export function fittingIntegers(digits: usize, end: usize, negative: bool): i32 {
  const count = <i32>(end - digits);
  if (count > 1 && load<u8>(digits) === 0x30) return 0;
  if (count > 15) return count > 309 ? 0 : fittingLongIntegers(digits, end, negative);
  return negative ? INT64 | FLOAT64 : INT64 | UINT64 | FLOAT64;
}

/** Integers of 16 and more digits. */
function fittingLongIntegers(digits: usize, end: usize, negative: bool): i32 {
  if (end - digits > 19) return UNKNOWN;
  const value = digitsValue(digits, end);
  const nearest = <f64>value;
  // 19 digits stay below 2⁶⁴, and so does the nearest double: both conversions are exact where they should be.
  let fitting = <u64>nearest === value ? FLOAT64 : 0;
  if (value <= <u64>i64.MAX_VALUE || (negative && value === (<u64>1 << 63))) fitting |= INT64;
  if (!negative) fitting |= UINT64;
  return fitting;
}

export function daysOfMonth(year: i32, month: i32): i32 {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** What {@link fittingTimes} read. */
let year: i32 = 0;
let month: i32 = 0;
let day: i32 = 0;
export let seconds: i32 = 0;
export let nanoseconds: i32 = 0;

/** Days since 1970-01-01 of the date that {@link fittingTimes} read. */
export function daysRead(): i32 { return daysOf(year, month, day); }

/** Where digits must be in `YYYY-MM-DD`, and in `Thh:mm:ss`: a bit for each. */
const DATE_DIGITS: i32 = 0b1101101111;
const TIME_DIGITS: i32 = 0b110110110;

/** Digits as numbers from 0 to 9; other bytes are above. */
@inline function digitsAt(at: usize): v128 { return i8x16.sub(v128.load(at), i8x16.splat(0x30)); }
@inline function hasDigits(digits: v128, places: i32): bool {
  return (i8x16.bitmask(i8x16.le_u(digits, i8x16.splat(9))) & places) === places;
}
/** Four numbers of two digits each, from eight digits. */
@inline function pairsOf(digits: v128): v128 {
  const weighed = i16x8.extmul_low_i8x16_u(digits, i8x16(10, 1, 10, 1, 10, 1, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0));
  return i32x4.extadd_pairwise_i16x8_u(weighed);
}

/** `YYYY-MM-DD`, or that with `T` or a space and a time, or that with an offset of nothing. At least ten bytes. */
export function fittingTimes(begin: usize, end: usize): i32 {
  const date = digitsAt(begin);
  if (!hasDigits(date, DATE_DIGITS) || load<u8>(begin, 4) !== 0x2d || load<u8>(begin, 7) !== 0x2d) return 0;
  const parts = pairsOf(v128.shuffle<i8>(date, date, 0, 1, 2, 3, 5, 6, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0));
  year = 100 * i32x4.extract_lane(parts, 0) + i32x4.extract_lane(parts, 1);
  month = i32x4.extract_lane(parts, 2);
  day = i32x4.extract_lane(parts, 3);
  if (month < 1 || month > 12 || day === 0 || (day > 28 && day > daysOfMonth(year, month))) return 0;
  seconds = 0;
  nanoseconds = 0;
  if (end - begin === 10) return DATE;
  const separator = load<u8>(begin, 10);
  if ((separator !== 0x54 && separator !== 0x20) || end - begin < 19) return 0;
  const time = digitsAt(begin + 10);
  if (!hasDigits(time, TIME_DIGITS) || load<u8>(begin, 13) !== 0x3a || load<u8>(begin, 16) !== 0x3a) return 0;
  const units = pairsOf(v128.shuffle<i8>(time, time, 1, 2, 4, 5, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const hour = i32x4.extract_lane(units, 0);
  const minute = i32x4.extract_lane(units, 1);
  const second = i32x4.extract_lane(units, 2);
  if (hour > 23 || minute > 59 || second > 59) return 0;
  seconds = 3600 * hour + 60 * minute + second;
  let i = begin + 19;
  if (i < end && load<u8>(i) === 0x2e) {
    const decimals = ++i;
    let unit = 100_000_000;
    while (i < end && isDigit(load<u8>(i))) {
      nanoseconds += unit * (<i32>load<u8>(i) - 0x30);
      unit /= 10;
      i++;
    }
    if (i === decimals || i - decimals > 9) return 0;
  }
  const rest = end - i;
  if (rest === 0) return TIMESTAMP;
  if (rest === 1) return load<u8>(i) === 0x5a ? INSTANT : 0;
  if (load<u8>(i) !== 0x2b || load<u16>(i, 1) !== 0x3030) return 0;
  if (rest === 3) return INSTANT;
  if (rest === 5) return load<u16>(i, 3) === 0x3030 ? INSTANT : 0;
  return rest === 6 && load<u8>(i, 3) === 0x3a && load<u16>(i, 4) === 0x3030 ? INSTANT : 0;
}

/** Days since 1970-01-01 (H. Hinnant, "chrono-compatible date algorithms"), for years from 0. */
function daysOf(year: i32, month: i32, day: i32): i32 {
  const shifted = (month <= 2 ? year - 1 : year) + 400;
  const era = shifted / 400;
  const yearOfEra = shifted - era * 400;
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return (era - 1) * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}
