/** Records and values to show: from canonical bytes to data that JSON can hold, and to text. */

import { decimalText, doubleText, integerText } from "./number-text.js";
import { formatDate, formatTemporal } from "./time-format.js";
import { type DecodedValue, decodeValue, notCanonical } from "./value-decoding.js";

/** JSON-friendly data to show: numbers that JSON cannot hold exactly, bytes (base64), dates and times are texts. */
export type ShownValue =
  | null
  | boolean
  | number
  | string
  | readonly ShownValue[]
  | { readonly [name: string]: ShownValue };

/**
 * Decodes canonical record bytes to show them: column name → value. What JSON has no form for is shown in the text form of its
 * type, so a record reads back under the types it was made with.
 *
 * @throws FormatError `not-canonical`: not the bytes that this record would have.
 * @example
 * decodeRecord(bytes); // { id: 1, name: "Ada", score: 0.5 }
 */
export function decodeRecord(bytes: Uint8Array): { readonly [name: string]: ShownValue } {
  const record = decodeValue(bytes, 0, bytes.length, 0);
  if (record.is !== "map") throw notCanonical("a record is a map", 0);
  for (const [key, value] of record.pairs) {
    if (key.is !== "text") throw notCanonical("a column name is text", 0);
    if (value.is === "null") throw notCanonical("a column that is null is left out", 0);
  }
  return showMap(record.pairs);
}

/** A value to show. */
export function showValue(value: DecodedValue): ShownValue {
  switch (value.is) {
    case "null":
      return null;
    case "boolean":
    case "text":
      return value.value;
    case "double":
      return showDouble(value.value);
    case "integer": {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : String(value.value);
    }
    case "list":
      return value.elements.map(showValue);
    case "map":
      return showMap(value.pairs);
    default:
      return scalarText(value);
  }
}

/** As a JSON number, unless JSON has none or its digits would be read as another integer. */
function showDouble(value: number): number | string {
  if (!Number.isFinite(value)) return String(value);
  const exponentForm = Math.abs(value) >= 1e21;
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !exponentForm ? String(BigInt(value)) : value;
}

function showMap(pairs: readonly (readonly [DecodedValue, DecodedValue])[]): { [name: string]: ShownValue } {
  const shown: { [name: string]: ShownValue } = Object.create(null);
  for (const [key, value] of pairs) {
    const name = key.is === "text" ? key.value : valueText(key);
    if (Object.hasOwn(shown, name)) throw notCanonical("keys of different types in one map", 0);
    shown[name] = showValue(value);
  }
  return shown;
}

type TextScalar = Exclude<
  DecodedValue,
  | { is: "null" }
  | { is: "boolean" }
  | { is: "double" }
  | { is: "integer" }
  | { is: "text" }
  | { is: "list" }
  | { is: "map" }
>;

function scalarText(value: TextScalar): string {
  switch (value.is) {
    case "decimal":
      return decimalText(value.unscaled, value.scale);
    case "bytes":
      return base64Text(value.value);
    case "date":
      return formatDate(Number(value.days));
    default:
      return formatTemporal(value.is, value.seconds, value.nanoseconds);
  }
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 (RFC 4648 §4), padded. */
export function base64Text(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second, third] = [bytes[index], bytes[index + 1], bytes[index + 2]];
    text += BASE64[first >> 2];
    text += BASE64[((first & 3) << 4) | ((second ?? 0) >> 4)];
    text += second === undefined ? "=" : BASE64[((second & 15) << 2) | ((third ?? 0) >> 6)];
    text += third === undefined ? "=" : BASE64[third & 63];
  }
  return text;
}

/**
 * A value as text in which different values of one column differ: text as it is, numbers exactly, lists and maps as JSON
 * (numbers that JSON has not as words).
 */
export function valueText(value: DecodedValue): string {
  return value.is === "text" ? value.value : partText(value);
}

function partText(value: DecodedValue): string {
  switch (value.is) {
    case "null":
      return "null";
    case "text":
      return JSON.stringify(value.value);
    case "boolean":
      return String(value.value);
    case "double":
      return doubleText(value.value);
    case "integer":
      return integerText(value.value);
    case "list":
      return `[${value.elements.map(partText).join(",")}]`;
    case "map":
      return `{${value.pairs.map(([key, element]) => `${partText(key)}:${partText(element)}`).join(",")}}`;
    default:
      return scalarText(value);
  }
}
