/**
 * A JSON text that is one array, as a stream of its elements: bytes to the boundaries of elements, in the same form as
 * `LineScanner` finds lines. What is inside an element, its parser judges; here only strings and brackets count.
 */

import type { RunScanner, ScannedPlace } from "./line-scanner.js";
import { refusal } from "./record-place.js";
import { RecordSpans } from "./record-spans.js";

const SPACE = 0x20;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** What may come next: the array itself, its first element or its end, a comma or its end, an element, nothing. */
type Expected = "array" | "first" | "separator" | "element" | "nothing";

export class ArrayScanner extends RecordSpans implements RunScanner {
  readonly #path: string;
  readonly #isPart: boolean;
  #expected: Expected;

  /** @param place The whole file, or one part of it: the first, or one whose first byte stands behind an element. */
  constructor(path: string, place: ScannedPlace) {
    super();
    this.#path = path;
    this.#isPart = place !== "whole";
    this.#expected = place === "middle" ? "separator" : "array";
  }

  /**
   * Finds the elements of `bytes[begin, end)` and says where the first one begins that is not complete or was too many.
   *
   * @throws FormatError `bad-json`.
   */
  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number {
    this.records = 0;
    let at = begin;
    for (;;) {
      for (; at < end; at++) {
        const byte = bytes[at];
        if (byte === LF) this.line++;
        else if (byte !== SPACE && byte !== CR && byte !== TAB) break;
      }
      if (at === end) {
        if (final && !this.#isPart && this.#expected !== "nothing") this.#refuse(this.#endOf());
        return at;
      }
      const byte = bytes[at] as number;
      if (this.#expected === "array") this.#begin(bytes, at);
      else if (this.#expected === "nothing") this.#refuse("text follows the array");
      else if (byte === CLOSE && this.#expected !== "element") this.#expected = "nothing";
      else if (this.#expected !== "separator") {
        if (this.records === maxRecords) return at;
        const elementEnd = elementEndOf(bytes, at, end, final);
        if (elementEnd < 0) {
          if (final) this.#refuse("it ends inside a value");
          return at;
        }
        if (elementEnd === at) this.#refuse("a value was expected");
        this.#add(bytes, at, elementEnd);
        at = elementEnd;
        this.#expected = "separator";
        // A part ends behind its last element, the next begins in front of the comma.
        if (this.records === maxRecords) return at;
        continue;
      } else if (byte === COMMA) this.#expected = "element";
      else this.#refuse("a comma or ] was expected");
      at++;
    }
  }

  #begin(bytes: Uint8Array, at: number): void {
    if (bytes[at] === OPEN) {
      this.#expected = "first";
      return;
    }
    if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf)
      this.#refuse("it begins with a byte order mark, which JSON does not have. Take the first three bytes away");
    this.#refuse(
      "it is no array. Of records, a JSON file must be one array: [{…}, {…}]. One object on each line is the format jsonl",
    );
  }

  #endOf(): string {
    return this.#expected === "array" ? "there is nothing in it" : "it ends inside the array";
  }

  #add(bytes: Uint8Array, begin: number, end: number): void {
    this.add(begin, end);
    const element = bytes.subarray(begin, end);
    for (let at = element.indexOf(LF); at >= 0; at = element.indexOf(LF, at + 1)) this.line++;
  }

  #refuse(reason: string): never {
    throw refusal("bad-json", { path: this.#path, line: this.line }, `not JSON (RFC 8259): ${reason}`);
  }
}

/** Where the value at `begin` ends, or −1 when that is not at hand. */
function elementEndOf(bytes: Uint8Array, begin: number, end: number, final: boolean): number {
  let depth = 0;
  for (let at = begin; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = stringEndOf(bytes, at, end);
      if (at < 0) return -1;
      if (depth === 0) return at + 1;
      continue;
    }
    // Both pairs of brackets differ in one bit, and nothing else that counts has it.
    const bracket = byte & 0xdf;
    if (bracket === 0x5b) depth++;
    else if (bracket === 0x5d) {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || byte <= SPACE)) return at;
  }
  return final && depth === 0 ? end : -1;
}

/** Where the string that begins at `begin` has its closing quote, or −1. */
function stringEndOf(bytes: Uint8Array, begin: number, end: number): number {
  for (let at = begin + 1; at < end; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at;
  }
  return -1;
}
