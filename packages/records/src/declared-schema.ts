/**
 * Declared schemas and types as JSON (`docs/spec/manifest.md`, "Declared schema"): read strictly, written canonically.
 * Anything that the page does not name is `bad-schema`, so that a misspelt option is never silently ignored.
 */

import { FormatError } from "@assay/merkle";
import type { ColumnType } from "./column-type.js";
import { JsonNumber, type JsonObject, type JsonValue, MAX_CONTAINERS, parseJson, shorten } from "./json-value.js";
import type { DeclaredSchema } from "./source.js";
import { isWellFormed } from "./utf8.js";

/** A type 64 deep takes two JSON containers a level. */
const MAX_JSON_CONTAINERS = 200;

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  "boolean",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float16",
  "float32",
  "float64",
  "text",
  "bytes",
  "date",
  "time",
  "timestamp",
  "instant",
  "duration",
]);
const UNITS: ReadonlySet<unknown> = new Set(["s", "ms", "us", "ns"]);
const UNIT_TYPES: ReadonlySet<unknown> = new Set(["time", "timestamp", "instant", "duration"]);
const ENCODINGS: ReadonlySet<unknown> = new Set(["base64", "hex", "uuid"]);

export interface ColumnTypeOptions {
  /** Whether the types of `reading.types` that cannot be declared are taken: `"json"` and `"null"`. Default false. */
  readonly stored?: boolean;
}

/**
 * Reads a declared schema from JSON text (string or UTF-8 bytes) or from parsed JSON data.
 *
 * @throws FormatError `bad-schema`, with the path of the fault as `details.at`.
 * @example
 * parseSchema('{"columns":{"id":"int64"}}').columns?.id; // "int64"
 */
export function parseSchema(json: unknown): DeclaredSchema {
  const members = objectAt(jsonOf(json), "the schema", ["columns", "others", "nullValues"]);
  const schema: { -readonly [Name in keyof DeclaredSchema]: DeclaredSchema[Name] } = {};
  const columns = members.get("columns");
  if (columns !== undefined) {
    const types: Record<string, ColumnType> = Object.create(null);
    for (const [name, type] of objectAt(columns, "columns")) {
      types[name] = typeAt(type, `columns.${shorten(name)}`, 1, false);
    }
    schema.columns = types;
  }
  const others = members.get("others");
  if (others !== undefined) {
    if (others !== "infer" && others !== "text" && others !== "refuse") {
      throw bad("others", 'must be "infer", "text" or "refuse"');
    }
    schema.others = others;
  }
  const nullValues = members.get("nullValues");
  if (nullValues !== undefined) {
    if (!Array.isArray(nullValues)) throw bad("nullValues", "must be a list of texts");
    schema.nullValues = nullValues.map((value, index) => {
      if (typeof value !== "string") throw bad(`nullValues[${index}]`, "must be a text");
      return value;
    });
  }
  return schema;
}

/**
 * Reads one type from parsed JSON data.
 *
 * @throws FormatError `bad-schema`.
 */
export function parseColumnType(json: unknown, { stored = false }: ColumnTypeOptions = {}): ColumnType {
  return typeAt(jsonOf({ type: json }, "type"), "type", 1, stored);
}

/** A type as its RFC 8785 JSON: the same text for the same type, and the order of the types of a column. */
export function formatColumnType(type: ColumnType): string {
  if (typeof type === "string") return JSON.stringify(type);
  if ("list" in type) {
    const size = type.size === undefined ? "" : `,"size":${type.size}`;
    return `{"list":${formatColumnType(type.list)}${size}}`;
  }
  if ("map" in type) return `{"map":[${formatColumnType(type.map[0])},${formatColumnType(type.map[1])}]}`;
  if ("struct" in type) {
    // RFC 8785 sorts member names by UTF-16 units, as JavaScript does by default.
    const fields = Object.keys(type.struct).sort();
    const members = fields.map(
      (name) => `${JSON.stringify(name)}:${formatColumnType(type.struct[name] as ColumnType)}`,
    );
    return `{"struct":{${members.join(",")}}}`;
  }
  if (type.type === "bytes") return `{"encoding":"${type.encoding}","type":"bytes"}`;
  return `{"type":"${type.type}","unit":"${type.unit}"}`;
}

function bad(at: string, what: string, cause?: unknown): FormatError {
  return new FormatError("bad-schema", `Schema: ${at} ${what}`, { details: { at }, cause });
}

/** JSON text or plain data as a {@link JsonValue}; with `member`, that member of plain data. */
function jsonOf(json: unknown, member?: string): JsonValue {
  if (member === undefined && (typeof json === "string" || json instanceof Uint8Array)) {
    const bytes = typeof json === "string" ? new TextEncoder().encode(json) : json;
    try {
      return parseJson(bytes, 0, bytes.length, { maxContainers: MAX_JSON_CONTAINERS });
    } catch (error) {
      throw bad("the schema", `is no JSON: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }
  const value = plainJson(json, 0);
  return member === undefined ? value : ((value as JsonObject).get(member) as JsonValue);
}

function plainJson(data: unknown, inside: number): JsonValue {
  if (inside > MAX_JSON_CONTAINERS) throw bad("the schema", "is nested too deep");
  if (data === null || typeof data === "boolean") return data;
  if (typeof data === "string") {
    if (!isWellFormed(data)) throw bad("the schema", "has a text with a lone surrogate");
    return data;
  }
  if (typeof data === "number") return Number.isSafeInteger(data) ? data : new JsonNumber(String(data));
  if (Array.isArray(data)) return data.map((element) => plainJson(element, inside + 1));
  if (typeof data === "object") {
    const members: JsonObject = new Map();
    for (const [name, value] of Object.entries(data)) {
      if (!isWellFormed(name)) throw bad("the schema", "has a name with a lone surrogate");
      members.set(name, plainJson(value, inside + 1));
    }
    return members;
  }
  throw bad("the schema", `has a ${typeof data}, which JSON has not`);
}

/** An object, with only these members where they are given. */
function objectAt(value: JsonValue, at: string, known?: readonly string[]): JsonObject {
  if (!(value instanceof Map)) throw bad(at, "must be an object");
  if (known !== undefined) {
    for (const name of value.keys()) {
      if (!known.includes(name)) throw bad(at, `has the unknown member ${JSON.stringify(shorten(name))}`);
    }
  }
  return value;
}

function typeAt(value: JsonValue, at: string, inside: number, stored: boolean): ColumnType {
  if (inside > MAX_CONTAINERS) throw bad(shorten(at), `is nested deeper than ${MAX_CONTAINERS}: no value can be there`);
  if (typeof value === "string") {
    if (PLAIN_TYPES.has(value) || isDecimal(value)) return value as ColumnType;
    if (stored && (value === "json" || value === "null")) return value;
    throw bad(at, `is ${JSON.stringify(shorten(value))}, which is no type`);
  }
  const members = objectAt(value, at);
  if (members.has("list")) {
    objectAt(value, at, ["list", "size"]);
    const list = typeAt(members.get("list") as JsonValue, `${at}.list`, inside + 1, stored);
    const size = members.get("size");
    if (size === undefined) return { list };
    if (typeof size !== "number" || size < 0 || size > 0x7fffffff) throw bad(`${at}.size`, "must be 0 … 2³¹−1");
    return { list, size };
  }
  if (members.has("struct")) {
    objectAt(value, at, ["struct"]);
    const struct: Record<string, ColumnType> = Object.create(null);
    for (const [name, type] of objectAt(members.get("struct") as JsonValue, `${at}.struct`)) {
      struct[name] = typeAt(type, `${at}.struct.${shorten(name)}`, inside + 1, stored);
    }
    return { struct };
  }
  if (members.has("map")) {
    objectAt(value, at, ["map"]);
    const pair = members.get("map");
    if (!Array.isArray(pair) || pair.length !== 2) throw bad(`${at}.map`, "must be the list of two types");
    const [key, element] = pair as [JsonValue, JsonValue];
    return {
      map: [typeAt(key, `${at}.map[0]`, inside + 1, stored), typeAt(element, `${at}.map[1]`, inside + 1, stored)],
    };
  }
  return annotatedTypeAt(members, at);
}

/** `{"type": …, "unit": …}` or `{"type": "bytes", "encoding": …}`. */
function annotatedTypeAt(members: JsonObject, at: string): ColumnType {
  const type = members.get("type");
  if (type === "bytes") {
    objectAt(members, at, ["type", "encoding"]);
    const encoding = members.get("encoding");
    if (!ENCODINGS.has(encoding)) throw bad(`${at}.encoding`, 'must be "base64", "hex" or "uuid"');
    return { type, encoding } as ColumnType;
  }
  objectAt(members, at, ["type", "unit"]);
  if (!UNIT_TYPES.has(type))
    throw bad(at, "is no type: only bytes, time, timestamp, instant and duration take options");
  const unit = members.get("unit");
  if (!UNITS.has(unit)) throw bad(`${at}.unit`, 'must be "s", "ms", "us" or "ns"');
  return { type, unit } as ColumnType;
}

function isDecimal(text: string): boolean {
  const match = /^decimal\(([1-9][0-9]?),(0|[1-9][0-9]?)\)$/.exec(text);
  return match !== null && Number(match[1]) <= 76 && Number(match[2]) <= Number(match[1]);
}
