/**
 * A batch: consecutive records as columns of typed arrays, laid out as Apache Arrow lays them out, so that converting
 * to and from Arrow copies as little as possible. The root of this package imports no reader and no Arrow.
 */

import type { DecimalType, FloatType, IntegerType, Kind, TemporalType } from "./column-type.js";

interface ColumnBase {
  readonly name: string;
  /** Number of values, nulls included. */
  readonly length: number;
  /** One bit a value, least significant bit first, 1 = present; `null` when every value is present. */
  readonly validity: Uint8Array | null;
}

/** Nothing but nulls. */
export interface NullColumn extends ColumnBase {
  readonly type: "null";
}
/** One byte a value: 0 or 1. */
export interface BooleanColumn extends ColumnBase {
  readonly type: "boolean";
  readonly values: Uint8Array;
}
export interface IntegerColumn extends ColumnBase {
  readonly type: IntegerType;
  readonly values:
    | Int8Array
    | Int16Array
    | Int32Array
    | BigInt64Array
    | Uint8Array
    | Uint16Array
    | Uint32Array
    | BigUint64Array;
}
/** float16 is held as its exact float32. */
export interface FloatColumn extends ColumnBase {
  readonly type: FloatType;
  readonly values: Float32Array | Float64Array;
}
/** The value is `values[i]` · 10^−scale. */
export interface DecimalColumn extends ColumnBase {
  readonly type: DecimalType;
  readonly scale: number;
  readonly values: readonly bigint[];
}
/** Value i is `data[offsets[i], offsets[i+1])`; text is UTF-8 that has been validated. */
export interface TextColumn extends ColumnBase {
  readonly type: "text";
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}
export interface BytesColumn extends ColumnBase {
  readonly type: "bytes";
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}
/** Days since 1970-01-01. */
export interface DateColumn extends ColumnBase {
  readonly type: "date";
  readonly values: Int32Array;
}
/** Whole seconds rounded down, and 0 … 999,999,999 nanoseconds: the unit of the stored column never shows. */
export interface TemporalColumn extends ColumnBase {
  readonly type: TemporalType;
  readonly seconds: BigInt64Array;
  readonly nanoseconds: Int32Array;
}
/** Value i is `child[offsets[i], offsets[i+1])`. */
export interface ListColumn extends ColumnBase {
  readonly type: "list";
  readonly offsets: Int32Array;
  readonly child: Column;
}
/** Every field has the length of the struct. */
export interface StructColumn extends ColumnBase {
  readonly type: "struct";
  readonly fields: readonly Column[];
}
/** Value i is the pairs `[offsets[i], offsets[i+1])` of keys and values. */
export interface MapColumn extends ColumnBase {
  readonly type: "map";
  readonly offsets: Int32Array;
  readonly keys: Column;
  readonly values: Column;
}
/** Values that say their own types (untyped JSON): value i is the canonical CBOR `data[offsets[i], offsets[i+1])`. */
export interface EncodedColumn extends ColumnBase {
  readonly type: "json";
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
  /** The join of the kinds of its values, where the maker knows it. */
  readonly kind?: Kind;
}

export type Column =
  | NullColumn
  | BooleanColumn
  | IntegerColumn
  | FloatColumn
  | DecimalColumn
  | TextColumn
  | BytesColumn
  | DateColumn
  | TemporalColumn
  | ListColumn
  | StructColumn
  | MapColumn
  | EncodedColumn;

/** Consecutive records of one file. */
export interface Batch {
  /** Number of records. */
  readonly length: number;
  readonly columns: readonly Column[];
}

/** Whether value `index` of a column is present. */
export function isPresent(column: Column, index: number): boolean {
  const { validity } = column;
  if (column.type === "null") return false;
  return validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0;
}
