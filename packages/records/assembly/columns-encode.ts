/**
 * Records of columns as canonical CBOR: Arrow layout in, one row after the other out. Nothing is checked here but what is
 * refused as a value: the caller (`src/column-kernel.ts`) has checked offsets, indices and room.
 */

import {
  BYTE_STRING,
  closeMap,
  copy,
  double,
  head,
  integer,
  moveTo,
  namedTime,
  push,
  TAG,
  taggedTime,
  TEXT_STRING,
  to,
  UNSIGNED,
} from "./cbor";
import { ARENA, COLUMN_BYTES, COLUMNS, OFFSETS } from "./columns-layout";
import { isUtf8 } from "./utf8";

/** Types of columns, as in `src/column-kernel.ts`. */
const TEXT: i32 = 0;
const BYTES: i32 = 1;
const BOOLEAN: i32 = 2;
const INT8: i32 = 3;
const INT16: i32 = 4;
const INT32: i32 = 5;
const INT64: i32 = 6;
const UINT8: i32 = 7;
const UINT16: i32 = 8;
const UINT32: i32 = 9;
const UINT64: i32 = 10;
const FLOAT32: i32 = 11;
const FLOAT64: i32 = 12;
const DATE: i32 = 13;
const ENCODED: i32 = 14;
const TIME: i32 = 15;
const TIMESTAMP: i32 = 16;
const INSTANT: i32 = 17;

/** What is known of a column: u32 at these offsets, the last one i64. */
const TYPE: usize = 0;
const KEY: usize = 4;
const KEY_LENGTH: usize = 8;
/** Bits, 1 = present; 0: all are. */
const VALIDITY: usize = 12;
/** Values, offsets of text, whole seconds, or counts. */
const VALUES: usize = 16;
/** What offsets count from. */
const DATA: usize = 20;
/** Nanoseconds beside whole seconds (i32); 0: values are counts. */
const NANOSECONDS: usize = 24;
/** Of texts: which one each record has (i32); 0: its own. */
const INDICES: usize = 28;
/** Bytes of a count. */
const WIDTH: usize = 32;
/** Of texts: 1 where they may be no UTF-8. */
const UNCHECKED: usize = 36;
const PER_SECOND: usize = 40;

/** Whether `count` + 1 offsets (i32) ascend from `first` on and end at `last`. */
export function ascends(offsets: usize, count: i32, first: i32, last: i32): bool {
  if (load<i32>(offsets) !== first || load<i32>(offsets + 4 * <usize>count) !== last) return false;
  let falls = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = offsets + 4 * <usize>i;
    falls = v128.or(falls, i32x4.gt_s(v128.load(at), v128.load(at, 4)));
  }
  if (v128.any_true(falls)) return false;
  for (; i < count; i++) if (load<i32>(offsets + 4 * <usize>i) > load<i32>(offsets + 4 * <usize>i, 4)) return false;
  return true;
}

/**
 * Encodes records to the arena, and writes their offsets.
 *
 * @param shift Bit of the first record in its byte of validity.
 * @returns How many were encoded; at the first that is refused it stops.
 */
export function encode(count: i32, columns: i32, shift: i32): i32 {
  moveTo(ARENA);
  store<u32>(OFFSETS, 0);
  const end = COLUMNS + COLUMN_BYTES * columns;
  const room: usize = columns < 24 ? 1 : 3;
  for (let row = 0; row < count; row++) {
    const start = to;
    moveTo(to + room);
    let present = 0;
    const bit = row + shift;
    for (let column = COLUMNS; column < end; column += COLUMN_BYTES) {
      const validity = <usize>load<u32>(column, VALIDITY);
      if (validity !== 0 && ((load<u8>(validity + (bit >> 3)) >> (bit & 7)) & 1) === 0) continue;
      present++;
      copy(load<u32>(column, KEY), load<u32>(column, KEY_LENGTH));
      if (!value(column, row)) return row;
    }
    closeMap(start, room, present);
    store<u32>(OFFSETS + 4 * row, <u32>(to - ARENA), 4);
  }
  return count;
}

@inline function value(column: usize, row: usize): bool {
  const values = <usize>load<u32>(column, VALUES);
  switch (load<i32>(column, TYPE)) {
    case TEXT:
      return string(TEXT_STRING, column, values, row);
    case BYTES:
      return string(BYTE_STRING, column, values, row);
    case BOOLEAN:
      push(load<u8>(values + row) === 0 ? 0xf4 : 0xf5);
      return true;
    case INT8:
      integer(load<i8>(values + row));
      return true;
    case INT16:
      integer(load<i16>(values + 2 * row));
      return true;
    case INT32:
      integer(load<i32>(values + 4 * row));
      return true;
    case INT64:
      integer(load<i64>(values + 8 * row));
      return true;
    case UINT8:
      head(UNSIGNED, load<u8>(values + row));
      return true;
    case UINT16:
      head(UNSIGNED, load<u16>(values + 2 * row));
      return true;
    case UINT32:
      head(UNSIGNED, load<u32>(values + 4 * row));
      return true;
    case UINT64:
      head(UNSIGNED, load<u64>(values + 8 * row));
      return true;
    case FLOAT32:
      double(load<f32>(values + 4 * row));
      return true;
    case FLOAT64:
      double(load<f64>(values + 8 * row));
      return true;
    case DATE:
      head(TAG, 100);
      integer(load<i32>(values + 4 * row));
      return true;
    case ENCODED: {
      const begin = load<u32>(values + 4 * row);
      copy(load<u32>(column, DATA) + begin, load<u32>(values + 4 * row, 4) - begin);
      return true;
    }
    default:
      return time(column, values, row);
  }
}

@inline function string(major: u32, column: usize, values: usize, row: usize): bool {
  const indices = <usize>load<u32>(column, INDICES);
  const entry = indices === 0 ? row : <usize>load<u32>(indices + 4 * row);
  const begin = load<u32>(values + 4 * entry);
  const length = load<u32>(values + 4 * entry, 4) - begin;
  const text = <usize>(load<u32>(column, DATA) + begin);
  head(major, length);
  copy(text, length);
  return load<u32>(column, UNCHECKED) === 0 || isAscii(text, length) || isUtf8(text, text + length);
}

@inline function isAscii(text: usize, length: usize): bool {
  let high: i32 = 0;
  let k: usize = 0;
  for (; k + 16 <= length; k += 16) high |= i8x16.bitmask(v128.load(text + k));
  return (high | (i8x16.bitmask(v128.load(text + k)) & ((1 << <i32>(length - k)) - 1))) === 0;
}

function time(column: usize, values: usize, row: usize): bool {
  const parts = <usize>load<u32>(column, NANOSECONDS);
  let seconds: i64;
  let nanoseconds: u32;
  if (parts !== 0) {
    seconds = load<i64>(values + 8 * row);
    nanoseconds = load<u32>(parts + 4 * row);
    if (nanoseconds >= 1_000_000_000) return false;
  } else {
    const count = load<i32>(column, WIDTH) === 4 ? <i64>load<i32>(values + 4 * row) : load<i64>(values + 8 * row);
    const perSecond = load<i64>(column, PER_SECOND);
    seconds = count / perSecond;
    let rest = count - seconds * perSecond;
    if (rest < 0) {
      seconds--;
      rest += perSecond;
    }
    nanoseconds = <u32>(rest * (1_000_000_000 / perSecond));
  }
  const type = load<i32>(column, TYPE);
  if (type === TIME) {
    if (<u64>seconds >= 86400) return false;
    namedTime(true, seconds, nanoseconds);
  } else if (type === TIMESTAMP) namedTime(false, seconds, nanoseconds);
  else taggedTime(type === INSTANT ? 1001 : 1002, seconds, nanoseconds);
  return true;
}
