/**
 * From a JSON record to all the leaves it can have in a data set (`docs/spec/proofs.md`, "From a JSON record to its leaf"):
 * files may hold one column as different types, so one JSON text can be several records.
 */

import { FormatError, isAssayError, VerificationError } from "@assay/merkle";
import { ByteArena } from "./byte-arena.js";
import { encodeKey, MAJOR, writeHead } from "./cbor.js";
import { createCellWriter } from "./cell-writers.js";
import { createColumnBuilder } from "./column-builder.js";
import { kindHolds } from "./column-kinds.js";
import type { ColumnType, Kinds } from "./column-type.js";
import { type JsonValue, parseJsonRecord } from "./json-value.js";
import { recordLeaves } from "./leaves.js";
import { compareBytes } from "./utf8.js";
import { decodeValue } from "./value-decoding.js";

/** Most leaves of one JSON record. */
export const MAX_RECORD_LEAVES = 256;

export interface RecordFromJsonOptions {
  /** `reading.types` of the manifest. A column without a type, or with `"json"`, says its own type. */
  readonly types: Readonly<Record<string, ColumnType | readonly ColumnType[]>>;
  /** The kinds of all schemas of the manifest. */
  readonly schemas: readonly Kinds[];
  /** For keyed leaves. Default none. */
  readonly leafKey?: Uint8Array | null;
}

/** One way to read a JSON record. */
export interface JsonRecordReading {
  readonly recordBytes: Uint8Array;
  readonly leaf: Uint8Array;
}

/**
 * All readings of a JSON record, ascending by leaf, each leaf once. The record is in a set when one of the leaves is; it is
 * absent when none is.
 *
 * @param json One JSON object: text or its UTF-8.
 * @throws FormatError `bad-json`, `duplicate-key`, `not-a-record`, `invalid-utf8`, `too-deep`; `schema-mismatch` when no reading
 * of a column is left (never "absent"). VerificationError `ambiguous-record` for more than 256 readings.
 * @example
 * readJsonRecord('{"w":0.1}', { types: { w: ["float32", "float64"] }, schemas: [{ w: "number" }] }).length; // 2
 */
export function readJsonRecord(
  json: Uint8Array | string,
  { types, schemas, leafKey = null }: RecordFromJsonOptions,
): readonly JsonRecordReading[] {
  const record = parseJsonRecord(typeof json === "string" ? new TextEncoder().encode(json) : json);
  const columns: { readonly key: Uint8Array; readonly values: readonly Uint8Array[] }[] = [];
  let readings = 1;
  for (const [name, value] of record) {
    if (value === null) continue;
    const values = readColumn(name, value, Object.hasOwn(types, name) ? types[name] : undefined, schemas);
    readings *= values.length;
    if (readings > MAX_RECORD_LEAVES) {
      throw new VerificationError(
        "ambiguous-record",
        `The record can be read in more than ${MAX_RECORD_LEAVES} ways, because its columns have different types in different files; give its leaf instead`,
        { details: { maximum: MAX_RECORD_LEAVES } },
      );
    }
    columns.push({ key: encodeKey(name), values });
  }
  columns.sort((left, right) => compareBytes(left.key, right.key));
  const found: JsonRecordReading[] = [];
  for (let choice = 0; choice < readings; choice++) {
    const arena = new ByteArena(256);
    writeHead(arena, MAJOR.map, columns.length);
    let rest = choice;
    for (const { key, values } of columns) {
      const value = values[rest % values.length] as Uint8Array;
      rest = Math.floor(rest / values.length);
      arena.append(key, 0, key.length);
      arena.append(value, 0, value.length);
    }
    const recordBytes = arena.toBytes();
    found.push({ recordBytes, leaf: recordLeaves(recordBytes, Float64Array.of(0, recordBytes.length), leafKey) });
  }
  return found.sort((left, right) => compareBytes(left.leaf, right.leaf));
}

/** The different encoded values that a column can have. */
function readColumn(
  name: string,
  value: JsonValue,
  declared: ColumnType | readonly ColumnType[] | undefined,
  schemas: readonly Kinds[],
): readonly Uint8Array[] {
  const types: readonly ColumnType[] =
    declared === undefined ? ["json"] : Array.isArray(declared) ? declared : [declared as ColumnType];
  const values: Uint8Array[] = [];
  for (const type of types) {
    const encoded = encodeAs(name, value, type);
    if (encoded === null || values.some((other) => compareBytes(other, encoded) === 0)) continue;
    const decoded = decodeValue(encoded, 0, encoded.length, 1);
    const held = schemas.some((kinds) => {
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      return kind !== undefined && kindHolds(kind, decoded);
    });
    if (held) values.push(encoded);
  }
  if (values.length > 0) return values;
  throw new FormatError(
    "schema-mismatch",
    `No file of the data set has a column ${JSON.stringify(name)} that could hold the record's value`,
    { details: { column: name } },
  );
}

/** The encoded value under one type, or `null` when the type refuses it. */
function encodeAs(name: string, value: JsonValue, type: ColumnType): Uint8Array | null {
  try {
    const builder = createColumnBuilder(name, type);
    builder.appendJson(value);
    const arena = new ByteArena(64);
    createCellWriter(builder.finish(), 1).write(arena, 0);
    return arena.toBytes();
  } catch (error) {
    if (isAssayError(error) && error.name === "FormatError") return null;
    throw error;
  }
}
