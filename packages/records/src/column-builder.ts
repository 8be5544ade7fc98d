/**
 * Builds a column of a batch, one value after the other, from text fields or JSON values. This is where text becomes values:
 * a column's type decides what is accepted (`docs/spec/manifest.md`, "Text forms of declared types" and "JSONL").
 */

import type { Column } from "./batch.js";
import type { ColumnType } from "./column-type.js";
import type { JsonValue } from "./json-value.js";
import { createListBuilder, createMapBuilder, createStructBuilder, JsonColumnBuilder } from "./nested-builders.js";
import {
  BooleanBuilder,
  BytesBuilder,
  DateBuilder,
  DecimalBuilder,
  FloatBuilder,
  IntegerBuilder,
  NullBuilder,
  TemporalBuilder,
  TextBuilder,
} from "./scalar-builders.js";

/** One column in the making. A builder that has thrown is not used again. */
export interface ColumnBuilder {
  readonly name: string;
  /** Values since the last {@link ColumnBuilder.finish}. */
  readonly length: number;
  /** Bytes of text and the like that it holds: cut the batch before 2³¹−1 of them (`limit-exceeded`). */
  readonly byteLength: number;
  /**
   * Appends the value whose text form (UTF-8, unquoted) is all of `bytes[begin, end)`. The bytes are copied.
   *
   * @throws FormatError `bad-value`, `number-out-of-range`, `invalid-utf8`, and for lists, structs, maps and untyped JSON what
   * {@link parseJson} throws and `undeclared-column`. The caller adds file, line and column.
   */
  appendText(bytes: Uint8Array, begin: number, end: number): void;
  /** Appends a JSON value; null is null. Throws as {@link ColumnBuilder.appendText}. */
  appendJson(value: JsonValue): void;
  appendNull(): void;
  /** The column of what was appended. The builder is empty afterwards and can be used again. */
  finish(): Column;
}

/**
 * Makes the builder of a column.
 *
 * @param type A declared type, `"json"` for values that say their own types (their joined kind is `kind` of the finished
 * column), or `null` for a column of nothing but nulls.
 * @example
 * const builder = createColumnBuilder("price", "decimal(10,2)");
 * builder.appendText(new TextEncoder().encode("1.50"), 0, 4);
 * builder.finish(); // { type: "decimal(10,2)", scale: 2, values: [150n], … }
 */
export function createColumnBuilder(name: string, type: ColumnType | null): ColumnBuilder {
  return createBuilder(name, type, 1);
}

/** The same for a column whose values lie inside `inside` containers. */
export function createBuilder(name: string, type: ColumnType | null, inside: number): ColumnBuilder {
  if (type === null || type === "null") return new NullBuilder(name);
  if (typeof type === "object") {
    if ("list" in type) return createListBuilder(name, type, inside);
    if ("struct" in type) return createStructBuilder(name, type, inside);
    if ("map" in type) return createMapBuilder(name, type, inside);
    if (type.type === "bytes") return new BytesBuilder(name, type.encoding);
    return new TemporalBuilder(name, type.type, type.unit);
  }
  switch (type) {
    case "json":
      return new JsonColumnBuilder(name, inside);
    case "boolean":
      return new BooleanBuilder(name);
    case "text":
      return new TextBuilder(name);
    case "bytes":
      return new BytesBuilder(name, "base64");
    case "date":
      return new DateBuilder(name);
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return new TemporalBuilder(name, type, null);
    case "float16":
    case "float32":
    case "float64":
      return new FloatBuilder(name, type);
    case "int8":
    case "int16":
    case "int32":
    case "int64":
    case "uint8":
    case "uint16":
    case "uint32":
    case "uint64":
      return new IntegerBuilder(name, type);
    default:
      return new DecimalBuilder(name, type);
  }
}
