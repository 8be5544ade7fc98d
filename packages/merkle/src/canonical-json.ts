/**
 * Canonical JSON for writing: RFC 8785 (JSON Canonicalization Scheme). Members are sorted by UTF-16 code units, numbers
 * have ECMAScript form, and there is no white space, so equal data gives equal bytes.
 *
 * It is for writing. What is verified are the bytes that came, never a second writing of them.
 */

/** Data that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Nesting that `canonicalJson` accepts; also what stops it in a value that contains itself. */
const MAX_DEPTH = 1000;

/** Whatever may be a lone surrogate: without the flag `u` many times as fast, and next to no text has any. */
const surrogate = /[\ud800-\udfff]/;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * The RFC 8785 form of plain data, without a final newline.
 *
 * @throws TypeError naming the place, for what JSON cannot hold exactly: undefined, bigint, functions, symbols, non-finite
 * numbers, lone surrogates, objects that are neither plain objects nor arrays, holes, or nesting deeper than 1000.
 * @example
 * canonicalJson({ b: 1, a: [1e21, 0.5] }); // '{"a":[1e+21,0.5],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

/** Members and elements that lead to a value, from the outside. */
type Place = (string | number)[];

function show(place: Place): string {
  return place.reduce<string>((text, step) => text + (typeof step === "number" ? `[${step}]` : `.${step}`), "$");
}

function write(value: unknown, place: Place): string {
  switch (typeof value) {
    case "string":
      return writeText(value, place);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`canonicalJson() cannot write ${value} at ${show(place)}`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      break;
    default:
      throw new TypeError(`canonicalJson() cannot write a value of type ${typeof value} at ${show(place)}`);
  }
  if (value === null) return "null";
  if (place.length >= MAX_DEPTH)
    throw new TypeError(`canonicalJson() cannot write data nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    const parts: string[] = [];
    for (let i = 0; i < value.length; i++) parts.push(writeInside(value[i], i, place));
    return `[${parts.join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new TypeError(`canonicalJson() can write plain objects and arrays only, not what is at ${show(place)}`);
  }
  const members = value as Record<string, unknown>;
  // The default order of `sort` is that of UTF-16 code units, as RFC 8785 §3.2.3 asks.
  const parts = Object.keys(members)
    .sort()
    .map((name) => `${writeText(name, place)}:${writeInside(members[name], name, place)}`);
  return `{${parts.join(",")}}`;
}

function writeInside(value: unknown, step: string | number, place: Place): string {
  place.push(step);
  const text = write(value, place);
  place.pop();
  return text;
}

function writeText(text: string, place: Place): string {
  if (surrogate.test(text) && loneSurrogate.test(text))
    throw new TypeError(`canonicalJson() cannot write a lone surrogate at ${show(place)}`);
  return JSON.stringify(text);
}
