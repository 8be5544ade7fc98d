/**
 * A strict JSON reader (RFC 8259) for bytes that an adversary may have chosen: I-JSON's rules (RFC 7493) are enforced,
 * not assumed. It refuses what other readers let pass or read differently: duplicate members, invalid UTF-8, a byte
 * order mark, lone surrogates, numbers beyond binary64 and nesting without end.
 *
 * Objects have no prototype, so that a member `__proto__` is data like any other.
 */

import { canonicalJson, type JsonValue } from "./canonical-json.js";
import { type FormatCode, FormatError, type VerificationError } from "./errors.js";

/** What can be wrong with JSON text. */
export type JsonFault =
  | "depth"
  | "duplicate-key"
  | "not-canonical"
  | "number"
  | "size"
  | "surrogate"
  | "syntax"
  | "utf8";

/** Options of `parseStrictJson`. */
export interface StrictJsonOptions {
  /** The code of the error, or a function from what is wrong to the code. Default `bad-json`. */
  readonly code?: FormatCode | ((fault: JsonFault) => FormatCode);
  /** The class of the error: `FormatError` (default), or `VerificationError` for what a root or digest binds. */
  readonly errorClass?: typeof FormatError | typeof VerificationError;
  /** What the text is, for the message: `Cannot read SUBJECT: …`. Default "JSON". */
  readonly subject?: string;
  /** How deep arrays and objects may be nested, a scalar being 0 deep. Default 64, at most 1000. */
  readonly maxDepth?: number;
  /** How many bytes (of a string: UTF-16 code units) the text may have. Default 268435456 (256 MiB). */
  readonly maxBytes?: number;
}

/** Options of `parseCanonicalJson`. */
export interface CanonicalJsonOptions extends StrictJsonOptions {
  /** Whether one LF stands behind the text. Default "required". */
  readonly finalNewline?: "required" | "optional" | "forbidden";
}

const DEFAULT_MAX_DEPTH = 64;
const DEFAULT_MAX_BYTES = 2 ** 28;

/**
 * Reads JSON text.
 *
 * @param text UTF-8 bytes, or text that was decoded already.
 * @returns Plain data; objects have no prototype.
 * @throws FormatError (or the class asked for) with the code asked for; `details` has `fault` and `offset`, in characters.
 * @example
 * parseStrictJson(new TextEncoder().encode('{"a":[1]}'), { maxDepth: 2 });
 */
export function parseStrictJson(text: Uint8Array | string, options: StrictJsonOptions = {}): JsonValue {
  const reader = new JsonReader(decode(text, options), options);
  return reader.readDocument();
}

/**
 * Reads JSON that must be written in its RFC 8785 form, byte for byte: exactly what `canonicalJson` writes.
 *
 * @throws As `parseStrictJson`; other bytes for the same data are the fault `not-canonical`.
 */
export function parseCanonicalJson(text: Uint8Array | string, options: CanonicalJsonOptions = {}): JsonValue {
  const { finalNewline = "required" } = options;
  const decoded = decode(text, options);
  const value = new JsonReader(decoded, options).readDocument();
  // UTF-8 without BOM decodes one to one, so equal text is equal bytes.
  const canonical = canonicalJson(value);
  const good =
    (finalNewline !== "required" && decoded === canonical) ||
    (finalNewline !== "forbidden" && decoded === `${canonical}\n`);
  if (!good) {
    fail(options, "not-canonical", firstDifference(decoded, `${canonical}\n`), "it is not in the form of RFC 8785");
  }
  return value;
}

function firstDifference(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

function decode(text: Uint8Array | string, options: StrictJsonOptions): string {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (text.length > maxBytes)
    fail(options, "size", maxBytes, `it has ${text.length} bytes, more than maxBytes, ${maxBytes}`);
  let decoded: string;
  if (typeof text === "string") {
    decoded = text;
  } else {
    try {
      decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
    } catch (cause) {
      return fail(options, "utf8", 0, "it is not UTF-8", cause);
    }
  }
  if (decoded.startsWith("\ufeff")) fail(options, "utf8", 0, "it begins with a byte order mark; remove it");
  return decoded;
}

function fail(options: StrictJsonOptions, fault: JsonFault, offset: number, reason: string, cause?: unknown): never {
  const { code = "bad-json", errorClass = FormatError, subject = "JSON" } = options;
  throw new errorClass(
    typeof code === "function" ? code(fault) : code,
    `Cannot read ${subject}: ${reason} (character ${offset}).`,
    { details: { fault, offset }, ...(cause === undefined ? {} : { cause }) },
  );
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** What a string may hold without an escape: everything but quotes, backslashes and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const plainPattern = /[^"\\\u0000-\u001f]*/y;
const loneSurrogate = /\p{Surrogate}/u;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** One pass, recursive: the depth cap is checked on the way down, so it also bounds the stack. */
class JsonReader {
  #at = 0;
  readonly #text: string;
  readonly #options: StrictJsonOptions;
  readonly #maxDepth: number;

  constructor(text: string, options: StrictJsonOptions) {
    this.#text = text;
    this.#options = options;
    this.#maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    if (!Number.isInteger(this.#maxDepth) || this.#maxDepth < 0 || this.#maxDepth > 1000) {
      throw new RangeError(`maxDepth must be 0…1000, not ${this.#maxDepth}`);
    }
  }

  readDocument(): JsonValue {
    this.#skipSpace();
    const value = this.#readValue(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail("syntax", "there is more behind the value");
    return value;
  }

  #fail(fault: JsonFault, reason: string, offset = this.#at): never {
    return fail(this.#options, fault, offset, reason);
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #readValue(depth: number): JsonValue {
    switch (this.#text[this.#at]) {
      case "{":
        return this.#readObject(depth + 1);
      case "[":
        return this.#readArray(depth + 1);
      case '"':
        return this.#readText();
      case "t":
        return this.#readWord("true", true);
      case "f":
        return this.#readWord("false", false);
      case "n":
        return this.#readWord("null", null);
      default:
        return this.#readNumber();
    }
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) this.#fail("depth", `it is nested deeper than maxDepth, ${this.#maxDepth}`);
    this.#at++;
    this.#skipSpace();
  }

  #readArray(depth: number): JsonValue {
    this.#enter(depth);
    const items: JsonValue[] = [];
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.#readValue(depth));
      if (this.#endsAfterItem("]")) return items;
    }
  }

  #readObject(depth: number): JsonValue {
    this.#enter(depth);
    const members = Object.create(null) as Record<string, JsonValue>;
    if (this.#take("}")) return members;
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#fail("syntax", "a member name in quotes is expected");
      const offset = this.#at;
      const name = this.#readText();
      if (name in members) this.#fail("duplicate-key", `member ${JSON.stringify(name)} is there twice`, offset);
      this.#skipSpace();
      if (!this.#take(":")) this.#fail("syntax", 'a ":" is expected');
      members[name] = this.#readValue(depth);
      if (this.#endsAfterItem("}")) return members;
    }
  }

  /** Takes a character and the white space behind it, if it is next. */
  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    if (character !== "]" && character !== "}") this.#skipSpace();
    return true;
  }

  #endsAfterItem(close: "]" | "}"): boolean {
    this.#skipSpace();
    if (this.#take(close)) return true;
    if (!this.#take(",")) this.#fail("syntax", `"," or "${close}" is expected`);
    return false;
  }

  #readWord<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("syntax", "a value is expected");
    this.#at += word.length;
    return value;
  }

  #readNumber(): number {
    numberPattern.lastIndex = this.#at;
    const match = numberPattern.exec(this.#text);
    if (match === null) this.#fail("syntax", "a value is expected");
    const value = Number(match[0]);
    if (!Number.isFinite(value)) this.#fail("number", "a number is larger than any binary64");
    this.#at += match[0].length;
    return value;
  }

  #readText(): string {
    const offset = this.#at++;
    let value = "";
    for (;;) {
      plainPattern.lastIndex = this.#at;
      const plain = plainPattern.exec(this.#text)![0];
      value += plain;
      this.#at += plain.length;
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next !== "\\")
        this.#fail("syntax", next === undefined ? "a string does not end" : "a control character is not escaped");
      value += this.#readEscape();
    }
    this.#at++;
    if (loneSurrogate.test(value)) this.#fail("surrogate", "a string holds a lone surrogate", offset);
    return value;
  }

  #readEscape(): string {
    const kind = this.#text[this.#at + 1];
    if (kind === "u") {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail("syntax", "\\u needs four hex digits");
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = kind === undefined || !Object.hasOwn(escapes, kind) ? undefined : escapes[kind];
    if (character === undefined) this.#fail("syntax", "an unknown escape");
    this.#at += 2;
    return character;
  }
}
