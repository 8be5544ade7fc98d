/**
 * `reading` and `schemas` of a manifest (`docs/spec/manifest.md`): what one must know to read the data again, and the
 * kinds of its columns. Read strictly: they decide which leaf a record has.
 */

import { FormatError, isAssayError } from "@assay/merkle";
import { type Dialect, type Kinds, parseColumnType } from "@assay/records";
import { faultOfFields, isJsonObject, isText, type JsonObject } from "./fields.js";
import { compareText } from "./path.js";

/** What is wrong with a `reading`, or nothing. Its dialect is judged by {@link checkDialect}. */
export function faultOfReading(value: unknown): string | undefined {
  if (!isJsonObject(value)) return "reading is not an object";
  const fault = faultOfFields(
    value,
    ["types", "inferred", "nullValues", "others"],
    ["csv", "ignored", "metadata", "splits"],
  );
  if (fault !== undefined) return `in reading, ${fault}`;
  if (!isJsonObject(value.types)) return "reading.types is not an object";
  for (const [column, type] of Object.entries(value.types)) {
    if (!isText(column) || !isReadingType(type)) return `reading.types has no known type for ${JSON.stringify(column)}`;
  }
  if (!isAscending(value.inferred)) return "reading.inferred is not a list of columns, ascending";
  const { types } = value;
  const unknown = value.inferred.find((column) => !Object.hasOwn(types, column));
  if (unknown !== undefined) return `reading.inferred names ${JSON.stringify(unknown)}, which has no type`;
  if (!Array.isArray(value.nullValues) || !value.nullValues.every(isText))
    return "reading.nullValues is not a list of texts";
  if (value.others !== "infer" && value.others !== "text" && value.others !== "refuse") {
    return 'reading.others is not "infer", "text" or "refuse"';
  }
  if (value.ignored !== undefined && !isAscending(value.ignored)) {
    return "reading.ignored is not a list of patterns, ascending";
  }
  if (value.metadata !== undefined && value.metadata !== true) return "reading.metadata is not true";
  if (value.splits !== undefined && !isSplitRule(value.splits)) return "reading.splits is neither a column nor paths";
  if (value.csv !== undefined) checkDialect(value.csv);
  return undefined;
}

function isAscending(value: unknown): value is string[] {
  if (!Array.isArray(value)) return false;
  return value.every((text, i) => isText(text) && (i === 0 || compareText(value[i - 1] as string, text) < 0));
}

function isSplitRule(value: unknown): boolean {
  if (!isJsonObject(value) || Object.keys(value).length !== 1) return false;
  if (Object.hasOwn(value, "column")) return isText(value.column);
  const { paths } = value;
  return (
    isJsonObject(paths) &&
    Object.keys(paths).length > 0 &&
    Object.keys(paths).every(isText) &&
    Object.values(paths).every(isText)
  );
}

/** A type, or several different ones where files differ. */
function isReadingType(value: unknown): boolean {
  if (!Array.isArray(value)) return isType(value);
  const distinct = new Set(value.map((type) => JSON.stringify(type)));
  return value.length > 1 && distinct.size === value.length && value.every(isType);
}

function isType(value: unknown): boolean {
  try {
    parseColumnType(value, { stored: true });
    return true;
  } catch (error) {
    if (isAssayError(error)) return false;
    throw error;
  }
}

function everyNamed(fields: JsonObject, holds: (value: unknown) => boolean): boolean {
  return Object.entries(fields).every(([name, value]) => isText(name) && holds(value));
}

const KINDS = new Set("boolean number text bytes date time timestamp instant duration mixed".split(" "));

/** Whether a value is the kinds of a schema. Columns and fields of kind null are left out of one, so they are refused. */
export function isKinds(value: unknown): value is Kinds {
  return isJsonObject(value) && everyNamed(value, isKind);
}

function isKind(value: unknown): boolean {
  if (typeof value === "string") return KINDS.has(value);
  if (!isJsonObject(value) || Object.keys(value).length !== 1) return false;
  const isPart = (part: unknown) => part === "null" || isKind(part);
  if (Object.hasOwn(value, "list")) return isPart(value.list);
  if (Object.hasOwn(value, "struct")) return isKinds(value.struct);
  return Array.isArray(value.map) && value.map.length === 2 && value.map.every(isPart);
}

/**
 * Takes a JSON value for a CSV dialect: each field only when it is not the default.
 *
 * @throws FormatError `bad-dialect`.
 */
export function checkDialect(value: unknown): Dialect {
  const fault = faultOfDialect(value);
  if (fault === undefined) return value as Dialect;
  throw new FormatError("bad-dialect", `The CSV dialect is refused: ${fault}`, { details: { dialect: value } });
}

function faultOfDialect(value: unknown): string | undefined {
  if (!isJsonObject(value)) return "it is not an object";
  const unknown = faultOfFields(value, [], ["delimiter", "quote", "escape", "header", "encoding"]);
  if (unknown !== undefined) return unknown;
  const { delimiter, quote, escape: behind, header, encoding } = value;
  if (delimiter !== undefined && (delimiter === "," || !isMark(delimiter)))
    return "delimiter is the default or not one character";
  if (quote !== undefined && (quote === '"' || !(quote === "" || isMark(quote))))
    return "quote is the default or not one character";
  if (behind !== undefined && !isMark(behind)) return "escape is not one character";
  if (behind !== undefined && quote === "") return "there is an escape, and nothing is quoted";
  if (behind !== undefined && behind === (quote ?? '"')) return "escape is the default: the quote, doubled";
  const parts = delimiter ?? ",";
  if (parts === (quote ?? '"') || parts === behind) return "the delimiter is the quote or the escape";
  if (header !== undefined && header !== false) return "header is the default or not false";
  if (encoding !== undefined && !["utf-16le", "utf-16be", "windows-1252"].includes(encoding as string)) {
    return "encoding is the default or not known";
  }
  return undefined;
}

/** One code point that can part or quote fields. */
function isMark(value: unknown): value is string {
  return isText(value) && [...value].length === 1 && !/[\n\r\ufeff]/.test(value);
}
