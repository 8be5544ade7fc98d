/**
 * JSON (RFC 8259), strictly and exactly, from bytes. `JSON.parse` loses what a leaf depends on: digits of numbers, repeated
 * members, the difference between a member `__proto__` and a prototype. Objects are Maps, numbers keep their characters.
 */

import { FormatError } from "@assay/merkle";
import { asciiOf } from "./decimal-text.js";
import { decodeUtf8, isWellFormed } from "./utf8.js";

/** A number with its characters, where a safe integer does not say it all. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

/** Member name → value, in the order of the text. */
export type JsonObject = Map<string, JsonValue>;

/** A `number` is a safe integer that was written without `.` and exponent; any other number is a {@link JsonNumber}. */
export type JsonValue = null | boolean | number | JsonNumber | string | JsonValue[] | JsonObject;

/** Most containers around a value of a record, the record being one of them. */
export const MAX_CONTAINERS = 64;

export interface JsonOptions {
  /** Containers that are already around the value. Default 0. */
  readonly inside?: number;
  /** Most containers around any value. Default {@link MAX_CONTAINERS}. */
  readonly maxContainers?: number;
}

/**
 * Parses one JSON text that is all of `bytes[begin, end)`, white space around it allowed.
 *
 * @throws FormatError `bad-json`, `duplicate-key` (also by escapes), `invalid-utf8` (also lone surrogates), `too-deep`.
 */
export function parseJson(
  bytes: Uint8Array,
  begin = 0,
  end = bytes.length,
  { inside = 0, maxContainers = MAX_CONTAINERS }: JsonOptions = {},
): JsonValue {
  const parser = new JsonParser(bytes, begin, end, maxContainers);
  return parser.parseAll(inside);
}

/**
 * Parses one record: a JSON text that is an object.
 *
 * @throws FormatError as {@link parseJson}, and `not-a-record` for JSON that is no object.
 */
export function parseJsonRecord(bytes: Uint8Array, begin = 0, end = bytes.length): JsonObject {
  const value = parseJson(bytes, begin, end);
  if (!(value instanceof Map)) {
    throw new FormatError("not-a-record", `${shorten(decodeUtf8(bytes, begin, end))} is no JSON object, so no record`);
  }
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

class JsonParser {
  readonly #bytes: Uint8Array;
  readonly #begin: number;
  readonly #end: number;
  readonly #maxContainers: number;
  #at: number;

  constructor(bytes: Uint8Array, begin: number, end: number, maxContainers: number) {
    this.#bytes = bytes;
    this.#begin = begin;
    this.#at = begin;
    this.#end = end;
    this.#maxContainers = maxContainers;
  }

  parseAll(inside: number): JsonValue {
    this.#skipSpace();
    const value = this.#value(inside);
    this.#skipSpace();
    if (this.#at < this.#end) throw this.#bad("text behind the value");
    return value;
  }

  #value(inside: number): JsonValue {
    // Each level of recursion is a container, so this also bounds the stack.
    if (inside > this.#maxContainers) {
      throw new FormatError("too-deep", `A value lies inside more than ${this.#maxContainers} arrays and objects`);
    }
    const byte = this.#at < this.#end ? (this.#bytes[this.#at] as number) : 0;
    switch (byte) {
      case QUOTE:
        return this.#string();
      case 0x7b:
        return this.#object(inside + 1);
      case 0x5b:
        return this.#array(inside + 1);
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(inside: number): JsonObject {
    const members: JsonObject = new Map();
    this.#at++;
    this.#skipSpace();
    if (this.#bytes[this.#at] === 0x7d && this.#at < this.#end) {
      this.#at++;
      return members;
    }
    for (;;) {
      if (this.#at >= this.#end || this.#bytes[this.#at] !== QUOTE) throw this.#bad("a member name was expected");
      const name = this.#string();
      if (members.has(name))
        throw new FormatError("duplicate-key", `The member ${JSON.stringify(name)} is there twice`);
      this.#skipSpace();
      if (this.#at >= this.#end || this.#bytes[this.#at] !== 0x3a) throw this.#bad("a colon was expected");
      this.#at++;
      this.#skipSpace();
      // A null member is no value: it is left out of the record, so it counts for no depth.
      const byte = this.#bytes[this.#at];
      members.set(name, byte === 0x6e && this.#at < this.#end ? this.#word("null", null) : this.#value(inside));
      this.#skipSpace();
      const next = this.#at < this.#end ? this.#bytes[this.#at] : -1;
      this.#at++;
      if (next === 0x7d) return members;
      if (next !== 0x2c) throw this.#bad("a comma or } was expected", -1);
      this.#skipSpace();
    }
  }

  #array(inside: number): JsonValue[] {
    const elements: JsonValue[] = [];
    this.#at++;
    this.#skipSpace();
    if (this.#bytes[this.#at] === 0x5d && this.#at < this.#end) {
      this.#at++;
      return elements;
    }
    for (;;) {
      elements.push(this.#value(inside));
      this.#skipSpace();
      const next = this.#at < this.#end ? this.#bytes[this.#at] : -1;
      this.#at++;
      if (next === 0x5d) return elements;
      if (next !== 0x2c) throw this.#bad("a comma or ] was expected", -1);
      this.#skipSpace();
    }
  }

  #word<T>(word: string, value: T): T {
    for (let index = 0; index < word.length; index++) {
      if (this.#at + index >= this.#end || this.#bytes[this.#at + index] !== word.charCodeAt(index)) {
        throw this.#bad("a value was expected");
      }
    }
    this.#at += word.length;
    return value;
  }

  #number(): number | JsonNumber {
    const bytes = this.#bytes;
    const end = this.#end;
    const begin = this.#at;
    let at = begin;
    const negative = at < end && bytes[at] === 0x2d;
    if (negative) at++;
    const first = at;
    let value = 0;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte < 0x30 || byte > 0x39) break;
      value = value * 10 + (byte - 0x30);
    }
    const digits = at - first;
    if (digits === 0) throw this.#bad("a value was expected");
    if (digits > 1 && bytes[first] === 0x30) throw this.#bad("a number has leading zeros");
    let plain = true;
    if (at < end && bytes[at] === 0x2e) {
      plain = false;
      at++;
      const begun = at;
      while (at < end && isDigit(bytes[at] as number)) at++;
      if (at === begun) throw this.#bad("a number ends with its point");
    }
    if (at < end && ((bytes[at] as number) | 0x20) === 0x65) {
      plain = false;
      at++;
      if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
      const begun = at;
      while (at < end && isDigit(bytes[at] as number)) at++;
      if (at === begun) throw this.#bad("a number has an empty exponent");
    }
    this.#at = at;
    if (plain && digits <= 15) return negative && value !== 0 ? -value : value;
    return new JsonNumber(asciiOf(bytes, begin, at));
  }

  #string(): string {
    const bytes = this.#bytes;
    const end = this.#end;
    const begin = this.#at + 1;
    let at = begin;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return decodeUtf8(bytes, begin, at);
      }
      if (byte === BACKSLASH) break;
      if (byte < 0x20) throw this.#bad("a string holds a control character");
    }
    if (at >= end) throw this.#bad("a string has no end");
    return this.#escapedString(begin, at);
  }

  #escapedString(begin: number, firstEscape: number): string {
    const bytes = this.#bytes;
    const end = this.#end;
    let text = decodeUtf8(bytes, begin, firstEscape);
    let at = firstEscape;
    let pieceBegin = at;
    let surrogates = false;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        text += decodeUtf8(bytes, pieceBegin, at);
        this.#at = at + 1;
        if (surrogates && !isWellFormed(text)) {
          throw new FormatError("invalid-utf8", `The string ${JSON.stringify(shorten(text))} has a lone surrogate`);
        }
        return text;
      }
      if (byte < 0x20) throw this.#bad("a string holds a control character");
      if (byte !== BACKSLASH) {
        at++;
        continue;
      }
      text += decodeUtf8(bytes, pieceBegin, at);
      const kind = at + 1 < end ? (bytes[at + 1] as number) : 0;
      at += 2;
      if (kind === 0x75) {
        let unit = 0;
        for (let index = 0; index < 4; index++, at++) {
          const digit = at < end ? hexDigit(bytes[at] as number) : -1;
          if (digit < 0) throw this.#bad("\\u needs four hex digits");
          unit = unit * 16 + digit;
        }
        if (unit >= 0xd800 && unit <= 0xdfff) surrogates = true;
        text += String.fromCharCode(unit);
      } else {
        const character = ESCAPES.get(kind);
        if (character === undefined) throw this.#bad("a backslash stands before something it cannot escape");
        text += character;
      }
      pieceBegin = at;
    }
    throw this.#bad("a string has no end");
  }

  #skipSpace(): void {
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  #bad(what: string, shift = 0): FormatError {
    const offset = this.#at + shift - this.#begin;
    return new FormatError("bad-json", `Not JSON (RFC 8259): ${what}, at byte ${offset}`, { details: { offset } });
  }
}

const ESCAPES = new Map([
  [0x22, '"'],
  [0x5c, "\\"],
  [0x2f, "/"],
  [0x62, "\b"],
  [0x66, "\f"],
  [0x6e, "\n"],
  [0x72, "\r"],
  [0x74, "\t"],
]);

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A value for a message: at most 80 characters of it. */
export function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
