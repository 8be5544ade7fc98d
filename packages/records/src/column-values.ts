/**
 * Read access for analysis: the values of any column as numbers or as texts, whatever type and format held them.
 */

import { type Column, type EncodedColumn, isPresent } from "./batch.js";
import { ByteArena } from "./byte-arena.js";
import { createCellWriter } from "./cell-writers.js";
import { decimalText, doubleText } from "./number-text.js";
import { base64Text, valueText } from "./record-decoding.js";
import { formatDate, formatTemporal } from "./time-format.js";
import { decodeUtf8 } from "./utf8.js";
import { decodeValue } from "./value-decoding.js";

/**
 * The values of a column as numbers: NaN for null and for what is no number. 64-bit integers and decimals become the nearest
 * double, booleans 0 and 1, dates days since 1970-01-01, times and durations seconds.
 */
export function columnToNumbers(column: Column): Float64Array {
  const numbers = new Float64Array(column.length).fill(Number.NaN);
  const numberAt = numberReader(column);
  if (numberAt === null) return numbers;
  for (let index = 0; index < column.length; index++) {
    // Both zeros are one value: −0 + 0 is 0.
    if (isPresent(column, index)) numbers[index] = numberAt(index) + 0;
  }
  return numbers;
}

function numberReader(column: Column): ((index: number) => number) | null {
  switch (column.type) {
    case "null":
    case "text":
    case "bytes":
    case "list":
    case "struct":
    case "map":
      return null;
    case "json":
      return (index) => encodedNumber(column, index);
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return (index) => Number(column.seconds[index]) + (column.nanoseconds[index] as number) / 1e9;
    default: {
      if ("scale" in column) return (index) => decimalNumber(column.values[index] as bigint, column.scale);
      const { values } = column;
      return (index) => Number(values[index]);
    }
  }
}

/** The double nearest to `unscaled` · 10^−`scale`: parsed as decimal text, which rounds once. */
function decimalNumber(unscaled: bigint, scale: number): number {
  return scale === 0 ? Number(unscaled) : Number(`${unscaled}e-${scale}`);
}

function encodedNumber({ data, offsets }: EncodedColumn, index: number): number {
  const begin = offsets[index] as number;
  const first = data[begin] as number;
  if (first < 24) return first;
  // Text, lists and objects are most of what is no number.
  if (first >= 0x40 && first < 0xc0) return Number.NaN;
  const value = decodeValue(data, begin, offsets[index + 1] as number, 1);
  switch (value.is) {
    case "double":
      return value.value;
    case "boolean":
    case "integer":
      return Number(value.value);
    case "decimal":
      return decimalNumber(value.unscaled, value.scale);
    default:
      return Number.NaN;
  }
}

/**
 * The values of a column as texts to read or to group by: `null` for null; text as it is; numbers with all digits they need,
 * dates and times in their text form, bytes as base64, lists and objects as JSON. Different values of a column have different
 * texts, except that in untyped JSON a text can look like another value (`"1"` and 1): {@link columnToCategories} parts these.
 */
export function columnToTexts(column: Column): (string | null)[] {
  return textsOf(column, textReader(column));
}

/**
 * The same by value alone, whatever type or format held it, with a text that looks like another value put in quotes: 1 and 1.0
 * are `1`, the text "1" is `"1"`, and the text "cat" stays `cat`. Equal leaves have equal categories; values of a column differ
 * in their category (but a decimal 0.1 and the double nearest to it share one).
 */
export function columnToCategories(column: Column): (string | null)[] {
  if (column.type === "text") {
    const textAt = textReader(column);
    return textsOf(column, (index) => quoteAmbiguous(textAt(index)));
  }
  if (column.type !== "json") return columnToTexts(column);
  const textAt = textReader(column);
  return textsOf(column, (index) => {
    const isText = ((column.data[column.offsets[index] as number] as number) & 0xe0) === 0x60;
    return isText ? quoteAmbiguous(textAt(index)) : textAt(index);
  });
}

function textsOf(column: Column, textAt: (index: number) => string): (string | null)[] {
  const texts: (string | null)[] = new Array(column.length).fill(null);
  for (let index = 0; index < column.length; index++) {
    if (isPresent(column, index)) texts[index] = textAt(index);
  }
  return texts;
}

function textReader(column: Column): (index: number) => string {
  switch (column.type) {
    case "null":
      return () => "";
    case "boolean":
      return (index) => (column.values[index] === 0 ? "false" : "true");
    case "text":
      return (index) => decodeUtf8(column.data, column.offsets[index], column.offsets[index + 1]);
    case "bytes":
      return (index) => base64Text(column.data.subarray(column.offsets[index], column.offsets[index + 1]));
    case "date":
      return (index) => formatDate(column.values[index] as number);
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return (index) =>
        formatTemporal(column.type, column.seconds[index] as bigint, column.nanoseconds[index] as number);
    case "json":
      return (index) =>
        valueText(decodeValue(column.data, column.offsets[index] as number, column.offsets[index + 1] as number, 1));
    case "list":
    case "struct":
    case "map": {
      const writer = createCellWriter(column, 1);
      const arena = new ByteArena();
      return (index) => {
        arena.length = 0;
        writer.write(arena, index);
        return valueText(decodeValue(arena.bytes, 0, arena.length, 1));
      };
    }
    default: {
      if ("scale" in column) return (index) => decimalText(column.values[index] as bigint, column.scale);
      const { values } = column;
      if (values instanceof BigInt64Array || values instanceof BigUint64Array) return (index) => String(values[index]);
      return (index) => doubleText(values[index] as number);
    }
  }
}

const NUMBER_WORDS: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);

/** Puts a text in quotes when it could be taken for the text of a number, boolean, list, object or quoted text. */
function quoteAmbiguous(text: string): string {
  if (NUMBER_WORDS.has(text)) return JSON.stringify(text);
  // The first character of all JSON texts that this package writes.
  if (!/^[-0-9tfn"[{]/.test(text)) return text;
  const first = text[0] as string;
  // Lists and objects may hold words that JSON has not, so all that look alike are put in quotes.
  if (first === "[" || first === "{" || first === '"') return JSON.stringify(text);
  if (text === "true" || text === "false" || text === "null") return JSON.stringify(text);
  return /^-?[0-9][0-9.eE+-]*$/.test(text) ? JSON.stringify(text) : text;
}
