/** Columns as the column kernel takes them, and how they are laid out for its module (`assembly/columns-encode.ts`). */

import type { BytesColumn, Column, TextColumn } from "./batch.js";
import { encodeKey } from "./cbor.js";
import { kindOfColumn } from "./column-kinds.js";
import type { Kind, Kinds, TemporalType, TemporalUnit } from "./column-type.js";
import { PER_SECOND } from "./temporal-parts.js";

interface StoredColumn {
  readonly name: string;
  readonly length: number;
  readonly validity: Uint8Array | null;
}

/** Times as they are stored: counts of a unit. */
export interface CountsColumn extends StoredColumn {
  readonly type: "counts";
  readonly of: TemporalType;
  readonly unit: TemporalUnit;
  readonly counts: Int32Array | BigInt64Array;
}

/** Texts or bytes as they are stored: value i is `values[indices[i]]`. Whoever makes it has checked the indices of what is present. */
export interface DictionaryColumn extends StoredColumn {
  readonly type: "dictionary";
  readonly indices: Int32Array;
  readonly values: TextColumn | BytesColumn;
}

/** Texts as they are stored: whether they are UTF-8 is not known, nor whether offsets ascend, and they need not begin with 0. */
export interface UncheckedTexts extends StoredColumn, Texts {
  readonly type: "unchecked";
  readonly of: "text" | "bytes";
}

/** What the kernel takes: columns, and what readers have before they are columns. */
export type KernelColumn = Column | CountsColumn | DictionaryColumn | UncheckedTexts;

/** The number of each type in the module. */
const TYPES: Readonly<Record<string, number>> = {
  __proto__: null as never,
  text: 0,
  bytes: 1,
  boolean: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  uint8: 7,
  uint16: 8,
  uint32: 9,
  uint64: 10,
  // Held as its exact float32.
  float16: 11,
  float32: 11,
  float64: 12,
  date: 13,
  json: 14,
  time: 15,
  timestamp: 16,
  instant: 17,
  duration: 18,
};

/** Words of a column's description in the module (`assembly/columns-encode.ts`). */
export const WORDS = {
  type: 0,
  key: 1,
  keyLength: 2,
  validity: 3,
  values: 4,
  data: 5,
  nanoseconds: 6,
  indices: 7,
  width: 8,
  unchecked: 9,
  perSecond: 10,
} as const;

/** A buffer of so many bytes a record; `word` of the description is its address. */
interface Buffer {
  readonly word: number;
  readonly width: number;
  readonly bytes: Uint8Array;
}

/** Texts, one behind the other. */
interface Texts {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

/** A column as it is copied into the module. */
export interface PlannedColumn {
  readonly key: Uint8Array;
  readonly type: number;
  readonly validity: Uint8Array | null;
  readonly buffers: readonly Buffer[];
  /** Texts of its own, or those of a dictionary with the length of the longest. */
  readonly texts?: Texts;
  readonly dictionary?: Texts & { readonly count: number; readonly longest: number };
  readonly width?: number;
  readonly perSecond?: number;
  readonly isUnchecked?: boolean;
}

/** Kinds of columns as the kernel takes them. */
export function kindsOfKernelColumns(columns: readonly KernelColumn[]): Kinds {
  const kinds: Record<string, Kind> = Object.create(null);
  for (const column of columns) {
    if (column.type === "counts" || column.type === "unchecked") kinds[column.name] = column.of;
    else if (column.type === "dictionary") kinds[column.name] = column.values.type;
    else kinds[column.name] = kindOfColumn(column);
  }
  return kinds;
}

/** How a column is copied; null when it holds nothing, undefined when the kernel cannot take it. */
export function planOf(column: KernelColumn): PlannedColumn | null | undefined {
  const { name, length, validity } = column;
  if (column.type === "null") return null;
  if (validity !== null && 8 * validity.length < length) return undefined;
  const key = encodeKey(name);
  if (column.type === "dictionary") {
    const { indices, values } = column;
    const { offsets, data } = values;
    if (indices.length < length || values.validity !== null || !ascend(offsets, values.length, data.length))
      return undefined;
    const buffers = [bufferOf(WORDS.indices, indices)];
    const dictionary = { offsets, data, count: values.length, longest: longestOf(offsets, values.length) };
    return { key, type: TYPES[values.type] as number, validity, buffers, dictionary };
  }
  if (column.type === "counts") {
    const { of, unit, counts } = column;
    if (counts.length < length) return undefined;
    const width = counts.BYTES_PER_ELEMENT;
    return {
      key,
      type: TYPES[of] as number,
      validity,
      buffers: [bufferOf(WORDS.values, counts)],
      width,
      perSecond: PER_SECOND[unit],
    };
  }
  if (column.type === "unchecked") {
    const { of, offsets, data } = column;
    if (offsets.length <= length) return undefined;
    const isUnchecked = of === "text";
    return { key, type: TYPES[of] as number, validity, buffers: [], texts: { offsets, data }, isUnchecked };
  }
  const type = TYPES[column.type];
  if (type === undefined) return undefined;
  if ("data" in column) {
    const { offsets, data } = column;
    return offsets.length > length ? { key, type, validity, buffers: [], texts: { offsets, data } } : undefined;
  }
  if ("seconds" in column) {
    const { seconds, nanoseconds } = column;
    if (seconds.length < length || nanoseconds.length < length) return undefined;
    return {
      key,
      type,
      validity,
      buffers: [bufferOf(WORDS.values, seconds), bufferOf(WORDS.nanoseconds, nanoseconds)],
    };
  }
  const { values } = column as { readonly values: TypedArray };
  return values.length < length ? undefined : { key, type, validity, buffers: [bufferOf(WORDS.values, values)] };
}

type TypedArray = ArrayBufferView & { readonly length: number; readonly BYTES_PER_ELEMENT: number };

function bufferOf(word: number, values: TypedArray): Buffer {
  return { word, width: values.BYTES_PER_ELEMENT, bytes: bytesOf(values, 0, values.length) };
}

export function bytesOf(
  { buffer, byteOffset, BYTES_PER_ELEMENT: width }: TypedArray,
  begin: number,
  end: number,
): Uint8Array {
  return new Uint8Array(buffer, byteOffset + width * begin, width * (end - begin));
}

/** Whether there are `length` + 1 offsets that ascend from 0 on to `limit` at most. */
function ascend(offsets: Int32Array, length: number, limit: number): boolean {
  if (offsets.length <= length) return false;
  let previous = 0;
  for (let i = 0; i <= length; i++) {
    const offset = offsets[i] as number;
    if (offset < previous) return false;
    previous = offset;
  }
  return previous <= limit;
}

function longestOf(offsets: Int32Array, length: number): number {
  let longest = 0;
  for (let i = 0; i < length; i++) longest = Math.max(longest, (offsets[i + 1] as number) - (offsets[i] as number));
  return longest;
}
