/**
 * Types of columns, and the kinds that leaves can tell apart (`docs/spec/manifest.md`, "Schema digest" and "Declared schema").
 *
 * A *type* says how a value is stored (`int32`, `decimal(10,2)`); a *kind* says only what its leaf says (`number`).
 */

export type IntegerType = "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64";
export type FloatType = "float16" | "float32" | "float64";
export type TemporalType = "time" | "timestamp" | "instant" | "duration";
export type TemporalUnit = "s" | "ms" | "us" | "ns";
/** `decimal(p,s)`, 1 ≤ p ≤ 76, 0 ≤ s ≤ p. */
export type DecimalType = `decimal(${number},${number})`;
export type ScalarType = "boolean" | IntegerType | FloatType | DecimalType | "text" | "bytes" | "date" | TemporalType;

/**
 * The type of a column in the words of a declared schema. `"json"`: each value says its own type (untyped JSON).
 * `"null"` is stored only (an Arrow or Parquet column that can hold nothing but nulls); it cannot be declared.
 */
export type ColumnType =
  | ScalarType
  | "json"
  | "null"
  | { readonly type: TemporalType; readonly unit: TemporalUnit }
  | { readonly type: "bytes"; readonly encoding: "base64" | "hex" | "uuid" }
  | { readonly list: ColumnType; readonly size?: number }
  | { readonly struct: Readonly<Record<string, ColumnType>> }
  | { readonly map: readonly [ColumnType, ColumnType] };

export type Kind =
  | "boolean"
  | "number"
  | "text"
  | "bytes"
  | "date"
  | "time"
  | "timestamp"
  | "instant"
  | "duration"
  | "null"
  | "mixed"
  | { readonly list: Kind }
  | { readonly struct: Readonly<Record<string, Kind>> }
  | { readonly map: readonly [Kind, Kind] };

/** Column name → kind. */
export type Kinds = Readonly<Record<string, Kind>>;
