/**
 * What comes in becomes plain JSON of bounded size. Values of records and evidence hold whatever was in the data: they are
 * copied, cut and made well-formed here, once, so that every view may rely on it.
 */

import { compareTexts } from "./code-point-order.js";

export type PlainJson =
  | null
  | boolean
  | number
  | string
  | readonly PlainJson[]
  | { readonly [name: string]: PlainJson };

/** A name and a value. Names come from data (`__proto__` too), so they are never keys of an object of the model. */
export interface Field {
  readonly name: string;
  readonly value: PlainJson;
}

const MAX_TEXT = 2_000;
const MAX_ENTRIES = 200;
const MAX_DEPTH = 12;

/** Cuts a text to a number of UTF-16 units, never within a code point, and says how long it was. */
export function cutText(text: string, most: number = MAX_TEXT): string {
  const wellFormed = text.replace(/\p{Surrogate}/gu, "\uFFFD");
  if (wellFormed.length <= most) return wellFormed;
  const end = /[\uD800-\uDBFF]/.test(wellFormed.charAt(most - 1)) ? most - 1 : most;
  return `${wellFormed.slice(0, end)}… (${wellFormed.length} characters)`;
}

/**
 * A copy that is plain JSON: numbers that JSON has not become texts, bytes become hex, members are sorted and `undefined` is
 * left out. Deep, long and wide values are cut, and say so.
 */
export function plainJson(value: unknown, depth = 0): PlainJson {
  switch (typeof value) {
    case "string":
      return cutText(value);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? (Object.is(value, -0) ? 0 : value) : String(value);
    case "bigint":
      return String(value);
    case "object":
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (depth >= MAX_DEPTH) return "… (nested too deeply)";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Uint8Array) return cutText(hexOf(value.subarray(0, MAX_TEXT)));
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ENTRIES).map((item) => plainJson(item, depth + 1));
    return value.length > MAX_ENTRIES ? [...items, `… (${value.length} entries)`] : items;
  }
  const entries =
    value instanceof Map
      ? [...value].map(
          ([key, item]) =>
            [typeof key === "object" ? JSON.stringify(plainJson(key, depth + 1)) : String(key), item] as const,
        )
      : ownEntries(value);
  const copy: Record<string, PlainJson> = Object.create(null);
  for (const [name, item] of entries.slice(0, MAX_ENTRIES)) copy[cutText(name)] = plainJson(item, depth + 1);
  if (entries.length > MAX_ENTRIES) copy["…"] = `${entries.length} members`;
  return copy;
}

/** The members of an object as a list, sorted by name unless `order` is `given`. */
export function fieldsOf(value: Readonly<Record<string, unknown>>, order: "sorted" | "given" = "sorted"): Field[] {
  const entries = order === "sorted" ? ownEntries(value) : Object.entries(value);
  const fields = entries
    .filter(([, item]) => item !== undefined)
    .slice(0, MAX_ENTRIES)
    .map(([name, item]) => ({ name: cutText(name), value: plainJson(item, 1) }));
  return entries.length > MAX_ENTRIES ? [...fields, { name: "…", value: `${entries.length} members` }] : fields;
}

function ownEntries(value: object): (readonly [string, unknown])[] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => compareTexts(a, b));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
