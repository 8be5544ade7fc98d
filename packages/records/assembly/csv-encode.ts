/**
 * Records of scanned fields as canonical CBOR (`assay-record/v1`, `docs/spec/leaf-encoding.md`).
 *
 * It is strict: a text that is not plainly of its column's type ends the run there, and JavaScript, which knows every form
 * and every refusal, reads the rest of it.
 */

import { daysRead, fittingIntegers, fittingTimes, fittingTypes, nanoseconds, seconds } from "./csv-infer";
import { digitsEnd, digitsValue, isNumber, numberFits, parseNumber } from "./csv-numbers";
import { ARENA, ARENA_BYTES, BEGINS, COLUMNS, COUNTS, ENDS, FORMS, MOST_ENCODED, OFFSETS, OPEN } from "./memory-layout";

/** Types of columns, as in `src/csv-kernel.ts`. */
const TEXT: i32 = 0;
const BOOLEAN: i32 = 1;
const INT64: i32 = 2;
const UINT64: i32 = 3;
const FLOAT64: i32 = 4;
const DATE: i32 = 5;
const TIMESTAMP: i32 = 6;

/** The candidates that are spellings of booleans: the lowest three. */
const BOOLEAN_SPELLINGS: i32 = 7;

const UNSIGNED: u32 = 0x00;
const NEGATIVE: u32 = 0x20;
const TEXT_STRING: u32 = 0x60;
const MAP: u32 = 0xa0;
const TAG: u32 = 0xc0;

/** "timestamp" as a text string. */
const TIMESTAMP_NAME = memory.data<u8>([0x69, 0x74, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0, 0, 0, 0, 0, 0]);

/** Most bytes that a value takes besides its text. */
const MOST_VALUE_BYTES: i32 = 40;

/** Bytes of the longest record of those that were encoded last. */
export let longestRecord: i32 = 0;

let to: usize = 0;
/** The candidates that the last value fits, as `csv-infer.ts` says. Of text only where that is to be counted. */
let fitting: i32 = 0;

@inline function push(byte: u32): void { store<u8>(to++, <u8>byte); }

function head(major: u32, argument: u64): void {
  if (argument < 24) push(major | <u32>argument);
  else if (argument < 0x100) {
    push(major | 24);
    push(<u32>argument);
  } else if (argument < 0x10000) {
    push(major | 25);
    store<u16>(to, bswap<u16>(<u16>argument));
    to += 2;
  } else if (argument < 0x100000000) {
    push(major | 26);
    store<u32>(to, bswap<u32>(<u32>argument));
    to += 4;
  } else {
    push(major | 27);
    store<u64>(to, bswap<u64>(argument));
    to += 8;
  }
}

@inline function integer(value: i64): void {
  if (value < 0) head(NEGATIVE, ~value);
  else head(UNSIGNED, value);
}

/** Copies in steps of 16: up to 15 bytes more are written, which the next value covers. */
@inline function copy(from: usize, length: usize): void {
  v128.store(to, v128.load(from));
  for (let k: usize = 16; k < length; k += 16) v128.store(to + k, v128.load(from + k));
  to += length;
}

/**
 * Encodes records `from … end`, at most 2,048 and as many as the arena holds, to the arena, and writes their offsets.
 *
 * @param width Fields of a record.
 * @param count Columns that are encoded.
 * @param keys Bytes of all their keys.
 * @param counting Whether the values are evidence too, counted as `gather` counts them: then a value that it would not
 *   count ends the run as well. Each column stands where its field does.
 * @returns How many were encoded: fewer than asked for when there was no room, or a field must be seen by JavaScript; then
 *   none is the answer when it is called again from there.
 */
export function encode(from: i32, end: i32, width: i32, count: i32, keys: i32, delta: i32, counting: bool): i32 {
  to = ARENA;
  longestRecord = 0;
  store<u32>(OFFSETS, 0);
  const columns = COLUMNS + 16 * count;
  const most = min<i32>(end - from, <i32>MOST_ENCODED);
  let done = 0;
  for (; done < most; done++) {
    const fields = <usize>((from + done) * width);
    const begins = BEGINS + 4 * fields;
    const ends = ENDS + 4 * fields;
    const forms = FORMS + fields;
    const bytes = load<i32>(ends + 4 * (width - 1)) - load<i32>(begins);
    if (to + bytes + keys + MOST_VALUE_BYTES * (count + 1) > ARENA + ARENA_BYTES) return done;
    const start = to;
    // Room for a head of one byte; where there are 24 columns and more, for three.
    to += count < 24 ? 1 : 3;
    let present = 0;
    for (let column = COLUMNS; column < columns; column += 16) {
      const field = load<u32>(column);
      const begin = <usize>(load<i32>(begins + 4 * field) - delta);
      const stop = <usize>(load<i32>(ends + 4 * field) - delta);
      const form = load<u8>(forms + field);
      if (begin === stop && form === 0) continue;
      present++;
      copy(load<u32>(column, 8), load<u32>(column, 12));
      if (!value(load<i32>(column, 4), begin, stop, form, counting)) return done;
      if (!counting) continue;
      if (fitting < 0 || (load<i32>(OPEN + 4 * field) & ~fitting) !== 0) return done;
      const counter = COUNTS + 2048 * <usize>field + 4 * fitting;
      store<u32>(counter, load<u32>(counter) + 1);
    }
    if (count < 24) store<u8>(start, <u8>(MAP | present));
    else {
      const behind = to;
      to = start;
      head(MAP, present);
      const body = start + 3;
      if (to < body) memory.copy(to, body, behind - body);
      to = behind - (body - to);
    }
    longestRecord = max<i32>(longestRecord, <i32>(to - start));
    store<u32>(OFFSETS + 4 * done, <u32>(to - ARENA), 4);
  }
  return done;
}

@inline function value(type: i32, begin: usize, end: usize, form: u8, counting: bool): bool {
  if (type === TEXT) {
    text(begin, end, form);
    // Nothing that fits a type has a quote in it.
    if (counting) fitting = form === 2 ? 0 : fittingTypes(begin, end);
    return true;
  }
  // A quoted value with a quote in it is of no other type.
  if (form === 2) return false;
  if (type === FLOAT64) {
    const number = parseNumber(begin, end);
    if (isNumber) double(number);
    fitting = numberFits;
    return isNumber;
  }
  if (type === INT64 || type === UINT64) return wholeNumber(type, begin, end);
  if (type === BOOLEAN) return boolean(begin, end);
  return time(type, begin, end);
}

function text(begin: usize, end: usize, form: u8): void {
  if (form !== 2) {
    head(TEXT_STRING, end - begin);
    copy(begin, end - begin);
    return;
  }
  // The first of two quotes is left out.
  const quote = load<u8>(end);
  let length = end - begin;
  for (let p = begin; p < end; p++) {
    if (load<u8>(p) !== quote) continue;
    length--;
    p++;
  }
  head(TEXT_STRING, length);
  for (let p = begin; p < end; p++) {
    const byte = load<u8>(p);
    if (byte === quote) p++;
    store<u8>(to++, byte);
  }
}

function boolean(begin: usize, end: usize): bool {
  fitting = fittingTypes(begin, end);
  if (fitting <= 0 || fitting > BOOLEAN_SPELLINGS) return false;
  push(end - begin === 4 ? 0xf5 : 0xf4);
  return true;
}

/** Up to 18 digits: they fit both types, but for the sign. */
function wholeNumber(type: i32, begin: usize, end: usize): bool {
  const negative = load<u8>(begin) === 0x2d;
  const digits = negative ? begin + 1 : begin;
  if (digits >= end || end - digits > 18 || digitsEnd(digits) !== end) return false;
  fitting = fittingIntegers(digits, end, negative);
  const value = digitsValue(digits, end);
  if (!negative || value === 0) head(UNSIGNED, value);
  else if (type === UINT64) return false;
  else head(NEGATIVE, value - 1);
  return true;
}

/** A finite double by its value: an integer of 64 bits and sign, else the shortest of half, single, double that keeps it. */
function double(value: f64): void {
  if (trunc(value) === value && abs(value) < 18446744073709551616.0) {
    if (value >= 0) head(UNSIGNED, <u64>value);
    else head(NEGATIVE, <u64>-value - 1);
    return;
  }
  // −2⁶⁴ is an integer still, as the argument 2⁶⁴ − 1.
  if (value === -18446744073709551616.0) {
    head(NEGATIVE, u64.MAX_VALUE);
    return;
  }
  const single = <f32>value;
  if (<f64>single !== value) {
    push(0xfb);
    store<u64>(to, bswap<u64>(reinterpret<u64>(value)));
    to += 8;
    return;
  }
  const bits = reinterpret<u32>(single);
  const half = halfOf(bits);
  if (half >= 0) {
    push(0xf9);
    store<u16>(to, bswap<u16>(<u16>half));
    to += 2;
  } else {
    push(0xfa);
    store<u32>(to, bswap<u32>(bits));
    to += 4;
  }
}

/** The bits of the half that has the value of a finite single, or −1. */
function halfOf(bits: u32): i32 {
  const sign = (bits >> 16) & 0x8000;
  const exponent = <i32>((bits >> 23) & 0xff);
  const fraction = bits & 0x7fffff;
  const power = exponent - 127;
  if (power >= -14 && power <= 15) {
    return (fraction & 0x1fff) === 0 ? <i32>(sign | ((power + 15) << 10) | (fraction >> 13)) : -1;
  }
  if (power >= -24 && power < -14) {
    const shift = -1 - power;
    const significand = fraction | 0x800000;
    return (significand & ((1 << shift) - 1)) === 0 ? <i32>(sign | (significand >> shift)) : -1;
  }
  return -1;
}

/** Types from DATE on. Their bits in the evidence are 64, 128 and 256. */
function time(type: i32, begin: usize, end: usize): bool {
  if (end - begin < 10) return false;
  fitting = fittingTimes(begin, end);
  if (fitting !== 64 << (type - DATE)) return false;
  const days = daysRead();
  if (type === DATE) {
    head(TAG, 100);
    integer(days);
    return true;
  }
  const second = <i64>days * 86400 + seconds;
  if (type === TIMESTAMP) {
    head(TAG, 27);
    push(nanoseconds === 0 ? 0x82 : 0x83);
    copy(TIMESTAMP_NAME, 10);
    integer(second);
  } else {
    head(TAG, 1001);
    push(nanoseconds === 0 ? 0xa1 : 0xa2);
    push(0x01);
    integer(second);
    if (nanoseconds !== 0) push(0x28);
  }
  if (nanoseconds !== 0) head(UNSIGNED, nanoseconds);
  return true;
}
