/**
 * Lines of JSON as canonical CBOR (`assay-record/v1`), each value saying its own type: objects of numbers, texts, booleans and
 * nulls. Whatever is not plainly such an object ends the run there; JavaScript, which knows every form and every refusal, reads
 * the rest of it.
 */

import { closeMap, copy, double, head, moveTo, NEGATIVE, push, TEXT_STRING, to, UNSIGNED } from "./cbor";
import { digitsEnd, digitsValue, isNumber, parseNumber } from "./csv-numbers";
import { beginRecord, guessedEnd, keyOf, setValue, takeKey, writeMembers } from "./json-keys";
import { VALUES, VALUES_BYTES } from "./lines-layout";
import { ARENA, ARENA_BYTES, BEGINS, ENDS, MOST_ENCODED, OFFSETS } from "./memory-layout";
import { isUtf8 } from "./utf8";

/** Kinds, as in `src/line-kernel.ts`. */
const NULL: u32 = 1;
const BOOLEAN: u32 = 2;
const NUMBER: u32 = 4;
const TEXT: u32 = 8;

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/**
 * Encodes the lines `from … end` that were found, at most 2,048 and as many as the arena holds, and writes their offsets.
 *
 * @returns How many: with 0 there is no room for the first, or JavaScript must see it.
 */
export function encode(from: i32, end: i32, delta: i32): i32 {
  let at = ARENA;
  store<u32>(OFFSETS, 0);
  const most = min<i32>(end - from, <i32>MOST_ENCODED);
  let done = 0;
  for (; done < most; done++) {
    const begin = <usize>(load<i32>(BEGINS + 4 * (from + done)) - delta);
    const stop = <usize>(load<i32>(ENDS + 4 * (from + done)) - delta);
    // No value takes more than five bytes for each of its own, and no record more than its keys and values.
    const room: usize = 5 * (stop - begin) + 64;
    if (room > VALUES_BYTES || at + room > ARENA + ARENA_BYTES) return done;
    moveTo(VALUES);
    beginRecord();
    if (!object(begin, stop)) return done;
    moveTo(at + 3);
    closeMap(at, 3, writeMembers());
    at = to;
    store<u32>(OFFSETS + 4 * done, <u32>(at - ARENA), 4);
  }
  return done;
}

/** Where reading stands. Behind a line is its end, which no token goes over: none holds a carriage return or a line feed. */
let p: usize = 0;

@inline function skipSpace(): u32 {
  let byte = <u32>load<u8>(p);
  while (byte === 0x20 || byte === 0x09 || byte === 0x0d) byte = load<u8>(++p);
  return byte;
}

function object(begin: usize, end: usize): bool {
  p = begin;
  if (skipSpace() !== 0x7b) return false;
  p++;
  if (skipSpace() === 0x7d) return isOver(end);
  while (load<u8>(p) === QUOTE) {
    const name = p + 1;
    let nameEnd = guessedEnd(name);
    if (nameEnd === 0) {
      nameEnd = stringEnd(name);
      if (nameEnd === 0 || load<u8>(nameEnd) !== QUOTE) return false;
    }
    const key = keyOf(name, nameEnd - name);
    if (key < 0 || takeKey(key)) return false;
    p = nameEnd + 1;
    if (skipSpace() !== 0x3a) return false;
    p++;
    const start = to;
    const kind = value(skipSpace());
    if (kind === 0) return false;
    setValue(key, start, to - start, kind);
    const next = skipSpace();
    if (next === 0x7d) return isOver(end);
    if (next !== 0x2c) return false;
    p++;
    skipSpace();
  }
  return false;
}

/** Behind the closing brace there is nothing but space. */
function isOver(end: usize): bool {
  p++;
  while (p < end) {
    const byte = load<u8>(p);
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
    p++;
  }
  return p === end;
}

/** Writes a value; its kind, or 0 when it is none of these. */
@inline function value(first: u32): u32 {
  if (first === QUOTE) return string();
  if (first - 0x30 <= 9 || first === 0x2d) return number();
  const word = load<u32>(p);
  if (word === 0x65757274) {
    push(0xf5);
    p += 4;
    return BOOLEAN;
  }
  if (word === 0x6c6c756e) {
    p += 4;
    return NULL;
  }
  if (first === 0x66 && load<u32>(p, 1) === 0x65736c61) {
    push(0xf4);
    p += 5;
    return BOOLEAN;
  }
  return 0;
}

function number(): u32 {
  const begin = p;
  const negative = load<u8>(p) === 0x2d;
  const digits = negative ? p + 1 : p;
  const end = digitsEnd(digits);
  const count = end - digits;
  if (count === 0 || (count > 1 && load<u8>(digits) === 0x30)) return 0;
  const next = <u32>load<u8>(end);
  if (next !== 0x2e && (next | 0x20) !== 0x65) {
    if (count > 18) return 0;
    const whole = digitsValue(digits, end);
    if (negative && whole !== 0) head(NEGATIVE, whole - 1);
    else head(UNSIGNED, whole);
    p = end;
    return NUMBER;
  }
  let last = end;
  for (;;) {
    const byte = <u32>load<u8>(last);
    if (byte - 0x30 > 9 && byte !== 0x2e && (byte | 0x20) !== 0x65 && byte !== 0x2b && byte !== 0x2d) break;
    last++;
  }
  const parsed = parseNumber(begin, last);
  if (!isNumber) return 0;
  double(parsed);
  p = last;
  return NUMBER;
}

/** The first byte from here that is a quote, a backslash or a control character; 0 when what is before it is not UTF-8. */
function stringEnd(begin: usize): usize {
  let at = begin;
  let high: i32 = 0;
  for (;;) {
    const bytes = v128.load(at);
    const stops = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_u(bytes, i8x16.splat(0x20)),
      ),
    );
    const above = i8x16.bitmask(bytes);
    if (stops !== 0) {
      const stop = ctz(stops);
      high |= above & ((1 << stop) - 1);
      at += stop;
      break;
    }
    high |= above;
    at += 16;
  }
  return high === 0 || isUtf8(begin, at) ? at : 0;
}

function string(): u32 {
  const begin = p + 1;
  const end = stringEnd(begin);
  if (end === 0) return 0;
  const stop = <u32>load<u8>(end);
  if (stop === QUOTE) {
    head(TEXT_STRING, end - begin);
    copy(begin, end - begin);
    p = end + 1;
    return TEXT;
  }
  return stop === BACKSLASH && escaped(begin, end) ? TEXT : 0;
}

/** A string with escapes, the first of which stands at `escape`: nine bytes behind its place first, then its head, then moved. */
function escaped(begin: usize, escape: usize): bool {
  const start = to;
  const text = start + 9;
  memory.copy(text, begin, escape - begin);
  moveTo(text + (escape - begin));
  let at = escape;
  for (;;) {
    if (load<u8>(at) !== BACKSLASH) return false;
    at = unescaped(at + 1);
    if (at === 0) return false;
    const end = stringEnd(at);
    if (end === 0) return false;
    memory.copy(to, at, end - at);
    moveTo(to + (end - at));
    at = end;
    if (load<u8>(at) === QUOTE) break;
  }
  p = at + 1;
  const length = to - text;
  moveTo(start);
  head(TEXT_STRING, length);
  memory.copy(to, text, length);
  moveTo(to + length);
  return true;
}

/** Writes what is escaped behind a backslash; the place behind that, or 0. */
function unescaped(at: usize): usize {
  const kind = <u32>load<u8>(at);
  if (kind === 0x75) {
    const unit = fourDigits(at + 1);
    if (unit < 0) return 0;
    at += 5;
    if (unit >= 0xd800 && unit < 0xe000) {
      if (unit >= 0xdc00 || load<u16>(at) !== 0x755c) return 0;
      const low = fourDigits(at + 2);
      if (low < 0xdc00 || low >= 0xe000) return 0;
      character(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
      return at + 6;
    }
    character(unit);
    return at;
  }
  if (kind === QUOTE || kind === BACKSLASH || kind === 0x2f) push(kind);
  else if (kind === 0x6e) push(0x0a);
  else if (kind === 0x74) push(0x09);
  else if (kind === 0x72) push(0x0d);
  else if (kind === 0x62) push(0x08);
  else if (kind === 0x66) push(0x0c);
  else return 0;
  return at + 1;
}

function fourDigits(at: usize): i32 {
  let unit = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = <u32>load<u8>(at + i);
    const letter = (byte | 0x20) - 0x61;
    if (byte - 0x30 > 9 && letter > 5) return -1;
    unit = (unit << 4) | <i32>(byte - 0x30 <= 9 ? byte - 0x30 : letter + 10);
  }
  return unit;
}

/** Writes a character as UTF-8. */
function character(point: i32): void {
  if (point < 0x80) {
    push(point);
    return;
  }
  if (point < 0x800) push(0xc0 | (point >> 6));
  else {
    if (point < 0x10000) push(0xe0 | (point >> 12));
    else {
      push(0xf0 | (point >> 18));
      push(0x80 | ((point >> 12) & 0x3f));
    }
    push(0x80 | ((point >> 6) & 0x3f));
  }
  push(0x80 | (point & 0x3f));
}
