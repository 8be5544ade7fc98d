/**
 * CSV (RFC 4180, one-byte delimiter and quote) to field boundaries, 64 bytes a step: masks of separators and quotes, and the
 * parity of quotes says what is inside. After Langdale and Lemire, "Parsing gigabytes of JSON per second" (2019), §3.1.
 *
 * It accepts, it never refuses: records are found up to the first that is not plainly right, and the scanner in JavaScript
 * goes on from there. A field is right when it has no quote and no carriage return, or when it is quoted and every quote
 * inside is doubled. The quotes and carriage returns of all fields that are right are counted; when that is not the number
 * of all there were, one stands where it must not, and nothing is accepted.
 */

import { BEGINS, ENDS, FORMS, INPUT, LINES, MOST_FIELDS, SEPARATORS, STARTS } from "./memory-layout";

const LF: u32 = 10;
const CR: u32 = 13;
const PLAIN: u8 = 0;
const QUOTED: u8 = 1;
const ESCAPED: u8 = 2;

/** Where the first record begins that was not accepted: an offset in the input. */
export let scannedTo: i32 = 0;
/** Line of that byte. */
export let scannedLine: f64 = 0;
/** Whether what was accepted is UTF-8. */
export let isUtf8: bool = true;

@inline function equalTo(p: usize, byte: v128): u64 {
  return (
    <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p), byte))) |
    (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p, 16), byte))) << 16) |
    (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p, 32), byte))) << 32) |
    (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p, 48), byte))) << 48)
  );
}

/** Bit i of the result is the parity of bits 0 … i. */
@inline function parities(mask: u64): u64 {
  mask ^= mask << 1;
  mask ^= mask << 2;
  mask ^= mask << 4;
  mask ^= mask << 8;
  mask ^= mask << 16;
  return mask ^ (mask << 32);
}

function countOf(from: usize, to: usize, byte: u32): i32 {
  let count = 0;
  for (let p = from; p < to; p++) if (<u32>load<u8>(p) === byte) count++;
  return count;
}

let quotesSeen: i32 = 0;
let returnsSeen: i32 = 0;
let separators: usize = 0;

/** Lists the separators, until the input ends or there are enough line feeds. Returns how far it looked. */
function findSeparators(stop: usize, most: i32, delimiter: i32, quote: i32): usize {
  const delimiters = i8x16.splat(<i8>delimiter);
  const feeds = i8x16.splat(<i8>LF);
  const returns = i8x16.splat(<i8>CR);
  const quotes = i8x16.splat(<i8>quote);
  // Zeros are no separators, so the last step may look beyond the end.
  for (let k: usize = 0; k < 64; k += 16) v128.store(stop + k, i32x4.splat(0));
  const last = SEPARATORS + 4 * MOST_FIELDS;
  let to = SEPARATORS;
  let lines = 0;
  let inside: u64 = 0;
  let all = i32x4.splat(0);
  quotesSeen = 0;
  returnsSeen = 0;
  let p = INPUT;
  for (; p < stop && lines < most && to < last; p += 64) {
    let ends = equalTo(p, feeds);
    let mask = equalTo(p, delimiters) | ends;
    if (quote >= 0) {
      const found = equalTo(p, quotes);
      if ((found | inside) !== 0) {
        quotesSeen += <i32>popcnt(found);
        const within = parities(found) ^ inside;
        inside = <u64>(<i64>within >> 63);
        mask &= ~within;
        ends &= ~within;
      }
    }
    returnsSeen += <i32>popcnt(equalTo(p, returns));
    all = v128.or(all, v128.or(v128.or(v128.load(p), v128.load(p, 16)), v128.or(v128.load(p, 32), v128.load(p, 48))));
    lines += <i32>popcnt(ends);
    for (; mask !== 0; mask &= mask - 1, to += 4) store<u32>(to, <u32>(p + <usize>ctz(mask)));
  }
  separators = to;
  isAscii = i8x16.bitmask(all) === 0;
  return p < stop ? p : stop;
}

let isAscii: bool = true;

/** Whether what {@link recordsEnd} went over ends inside of quotes. */
export let endsInside: bool = false;

/**
 * Where the last record ends of those that end in the input: behind the last line feed outside of quotes. 0 where there
 * is none. It goes by the parity of quotes alone: where the input is not CSV, scanning will tell.
 *
 * @param isInside Whether the input begins inside of quotes.
 * @param quote −1 where nothing is quoted.
 */
export function recordsEnd(length: i32, quote: i32, isInside: bool): i32 {
  const feeds = i8x16.splat(<i8>LF);
  const quotes = i8x16.splat(<i8>quote);
  const stop = INPUT + length;
  for (let k: usize = 0; k < 64; k += 16) v128.store(stop + k, i32x4.splat(0));
  let inside: u64 = isInside ? -1 : 0;
  let last: usize = INPUT;
  for (let p = INPUT; p < stop; p += 64) {
    let ends = equalTo(p, feeds);
    if (quote >= 0) {
      const found = equalTo(p, quotes);
      if ((found | inside) !== 0) {
        const within = parities(found) ^ inside;
        inside = <u64>(<i64>within >> 63);
        ends &= ~within;
      }
    }
    if (ends !== 0) last = p + 64 - <usize>clz(ends);
  }
  endsInside = inside !== 0;
  return <i32>(last - INPUT);
}

/**
 * Finds records.
 *
 * @param length Bytes of input, which begins with a record.
 * @param delta What is added to addresses of the input to give the caller's offsets.
 * @param most Most records.
 * @param columns Fields of every record.
 * @param line Line of the first byte.
 * @param quote −1 where nothing is quoted.
 * @returns The number of records.
 */
export function scan(
  length: i32,
  delta: i32,
  most: i32,
  columns: i32,
  line: f64,
  delimiter: i32,
  quote: i32,
): i32 {
  const looked = findSeparators(INPUT + length, most, delimiter, quote);
  const hasReturns = returnsSeen > 0;
  const quoteByte: u32 = quotesSeen > 0 ? <u32>quote : 256;
  let quotes = 0;
  let returns = 0;
  let records = 0;
  let fields: usize = 0;
  let at = INPUT;
  let next = SEPARATORS;
  while (records < most && next < separators) {
    const end: usize = load<u32>(next);
    if (columns !== 1 && <u32>load<u8>(end) === LF) {
      // A line of no bytes is no record.
      const isReturn = end === at + 1 && <u32>load<u8>(at) === CR;
      if (end === at || isReturn) {
        if (isReturn) returns++;
        at = end + 1;
        next += 4;
        line++;
        continue;
      }
    }
    if (next + 4 * columns > separators || fields + columns > MOST_FIELDS) break;
    if (!acceptRecord(at, next, columns, fields, delta, quoteByte, hasReturns)) break;
    store<i32>(STARTS + 4 * records, <i32>at + delta);
    store<f64>(LINES + 8 * records, line);
    records++;
    fields += columns;
    line += recordLines;
    quotes += recordQuotes;
    returns += recordReturns;
    next += 4 * columns;
    at = <usize>load<u32>(next - 4) + 1;
  }
  if (quotesSeen > 0) quotes += countOf(at, looked, <u32>quote);
  if (hasReturns) returns += countOf(at, looked, CR);
  if (quotes !== quotesSeen || returns !== returnsSeen) return 0;
  scannedTo = <i32>(at - INPUT);
  scannedLine = line;
  isUtf8 = isAscii || isValidUtf8(INPUT, at);
  return records;
}

/** What the last record had. */
let recordLines: i32 = 0;
let recordQuotes: i32 = 0;
let recordReturns: i32 = 0;

/** Writes the fields of a record whose separators begin at `next`; false where it is not plainly right. */
function acceptRecord(
  at: usize,
  next: usize,
  columns: i32,
  fields: usize,
  delta: i32,
  quoteByte: u32,
  hasReturns: bool,
): bool {
  let begin = at;
  let quotes = 0;
  let returns = 0;
  let lines = 1;
  for (let i = 1; i <= columns; i++, next += 4, fields++) {
    let end: usize = load<u32>(next);
    if ((<u32>load<u8>(end) === LF) !== (i === columns)) return false;
    const behind = end + 1;
    if (hasReturns && i === columns && end > begin && <u32>load<u8>(end - 1) === CR) {
      returns++;
      end--;
    }
    let form = PLAIN;
    if (begin < end && <u32>load<u8>(begin) === quoteByte) {
      begin++;
      end--;
      if (end < begin || <u32>load<u8>(end) !== quoteByte) return false;
      form = QUOTED;
      quotes += 2;
      for (let p = begin; p < end; p++) {
        const byte = <u32>load<u8>(p);
        if (byte === LF) lines++;
        else if (byte === CR) returns++;
        else if (byte === quoteByte) {
          p++;
          if (p === end || <u32>load<u8>(p) !== quoteByte) return false;
          form = ESCAPED;
          quotes += 2;
        }
      }
    }
    store<i32>(BEGINS + 4 * fields, <i32>begin + delta);
    store<i32>(ENDS + 4 * fields, <i32>end + delta);
    store<u8>(FORMS + fields, form);
    begin = behind;
  }
  recordLines = lines;
  recordQuotes = quotes;
  recordReturns = returns;
  return true;
}

@inline function isTail(byte: u32): bool { return (byte & 0xc0) === 0x80; }

/** RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. The range does not end inside of a character. */
function isValidUtf8(from: usize, to: usize): bool {
  let p = from;
  while (p < to) {
    if (p + 16 <= to && i8x16.bitmask(v128.load(p)) === 0) {
      p += 16;
      continue;
    }
    const lead = <u32>load<u8>(p);
    if (lead < 0x80) {
      p++;
      continue;
    }
    const second = <u32>load<u8>(p, 1);
    if (lead < 0xe0) {
      if (lead < 0xc2 || !isTail(second)) return false;
      p += 2;
    } else if (lead < 0xf0) {
      if (!isTail(second) || !isTail(load<u8>(p, 2))) return false;
      if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return false;
      p += 3;
    } else {
      if (lead > 0xf4 || !isTail(second) || !isTail(load<u8>(p, 2)) || !isTail(load<u8>(p, 3))) return false;
      if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return false;
      p += 4;
    }
  }
  return p === to;
}
