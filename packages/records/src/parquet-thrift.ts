/**
 * The Thrift compact protocol that Parquet's footer and page headers are written in, guarded: the structure is walked
 * once before anything is built from it, because a varint without end, a list longer than its bytes or nesting without
 * bottom cost the decoder more than linear time.
 */

import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";

const MAX_DEPTH = 32;

/** A decoded struct: `field_1`, `field_2`, … as Thrift numbers them. i64 is a bigint, binary a view of the input. */
export type ThriftStruct = Readonly<Record<`field_${number}`, unknown>>;

/** The struct at `begin`, and the offset behind it. Throws an Error that says what is wrong. */
export function parseThrift(bytes: Uint8Array, begin: number): { struct: ThriftStruct; end: number } {
  const end = endOfStruct(bytes, begin, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  return { struct: deserializeTCompactProtocol({ view, offset: begin }) as ThriftStruct, end };
}

function endOfStruct(bytes: Uint8Array, begin: number, depth: number): number {
  let at = begin;
  for (;;) {
    const head = byteAt(bytes, at++);
    if ((head & 0x0f) === 0) return at;
    if (head >> 4 === 0) at = endOfVarint(bytes, at);
    at = endOfValue(bytes, at, head & 0x0f, depth, false);
  }
}

function endOfValue(bytes: Uint8Array, begin: number, type: number, depth: number, inList: boolean): number {
  if (depth > MAX_DEPTH) throw new Error(`metadata is nested deeper than ${MAX_DEPTH}`);
  switch (type) {
    case 1:
    case 2:
      return inList ? begin + 1 : begin;
    case 3:
      return begin + 1;
    case 4:
    case 5:
    case 6:
      return endOfVarint(bytes, begin);
    case 7:
      return begin + 8;
    case 8: {
      const at = endOfVarint(bytes, begin);
      const length = lengthAt(bytes, begin, at);
      if (length > bytes.length - at)
        throw new Error(`metadata text of ${length} bytes where ${bytes.length - at} are left`);
      return at + length;
    }
    case 9: {
      const head = byteAt(bytes, begin);
      let at = begin + 1;
      let count = head >> 4;
      if (count === 15) {
        at = endOfVarint(bytes, begin + 1);
        count = lengthAt(bytes, begin + 1, at);
      }
      if (count > bytes.length - at)
        throw new Error(`metadata list of ${count} where ${bytes.length - at} bytes are left`);
      for (let index = 0; index < count; index++) {
        at = endOfValue(bytes, at, head & 0x0f, depth + 1, true);
        if (at > bytes.length) break;
      }
      return at;
    }
    case 12:
      return endOfStruct(bytes, begin, depth + 1);
    default:
      throw new Error(`metadata of the unknown type ${type}`);
  }
}

function byteAt(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) throw new Error("metadata is cut off");
  return bytes[at] as number;
}

function endOfVarint(bytes: Uint8Array, begin: number): number {
  for (let at = begin; at < begin + 10; at++) if (byteAt(bytes, at) < 0x80) return at + 1;
  throw new Error("metadata number of more than 10 bytes");
}

function lengthAt(bytes: Uint8Array, begin: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= begin; at--) value = value * 128 + ((bytes[at] as number) & 0x7f);
  if (value > 0x7fffffff) throw new Error(`metadata length ${value}`);
  return value;
}

/** A field of a struct as it stands: its number, its type, and the bytes of its value (none for booleans, the type says it). */
export interface StoredField {
  readonly id: number;
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** The fields of the struct at `begin`, unread, so that they can be copied whatever they hold. */
export function storedFields(bytes: Uint8Array, begin: number): StoredField[] {
  const fields: StoredField[] = [];
  for (let at = begin, id = 0; ; ) {
    const head = byteAt(bytes, at++);
    const type = head & 0x0f;
    if (type === 0) return fields;
    if (head >> 4 !== 0) id += head >> 4;
    else {
      const end = endOfVarint(bytes, at);
      const zigzag = lengthAt(bytes, at, end);
      id = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      at = end;
    }
    const end = endOfValue(bytes, at, type, 0, false);
    fields.push({ id, type, bytes: bytes.subarray(at, end) });
    at = end;
  }
}
