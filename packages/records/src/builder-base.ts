/** What all column builders do alike: length, validity, JSON that is a string in the text form, refusals. */

import { FormatError } from "@assay/merkle";
import type { Column } from "./batch.js";
import { MAX_OFFSET } from "./byte-arena.js";
import type { ColumnBuilder } from "./column-builder.js";
import { JsonNumber, type JsonValue, shorten } from "./json-value.js";
import { refuseValue } from "./text-forms.js";

const FIRST_CAPACITY = 256;
const encoder = new TextEncoder();

/** The UTF-8 of the text that was encoded last, for values that come as strings. */
let scratch = new Uint8Array(1024);

function encodeScratch(text: string): number {
  // No string of n units has more than 3n bytes.
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3);
  return encoder.encodeInto(text, scratch).written;
}

/** What all builders do alike: length, validity, and JSON that is a string in the text form. */
export abstract class BuilderBase implements ColumnBuilder {
  readonly name: string;
  length = 0;
  protected capacity = 0;
  /** Made at the first null: most columns have none. */
  #validity: Uint8Array | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get byteLength(): number {
    return 0;
  }

  abstract appendText(bytes: Uint8Array, begin: number, end: number): void;
  abstract finish(): Column;
  /** Makes room for `capacity` values. */
  protected abstract grow(capacity: number): void;
  /** Stores whatever keeps the layout right under a null. */
  protected storeNull(_index: number): void {}
  /** Words for messages. */
  protected abstract readonly typeName: string;
  /** Whether a JSON number is a JSON form of the type. */
  protected get takesNumbers(): boolean {
    return false;
  }

  appendNull(): void {
    const index = this.next();
    if (this.#validity === null) {
      this.#validity = new Uint8Array(Math.ceil(this.capacity / 8));
      for (let before = 0; before < index; before++) this.#setValid(before);
    } else if (index >= this.#validity.length * 8) this.#growValidity();
    this.storeNull(index);
    this.length = index + 1;
  }

  appendJson(value: JsonValue): void {
    if (value === null) this.appendNull();
    else if (typeof value === "string") {
      const count = encodeScratch(value);
      this.appendText(scratch, 0, count);
    } else if (this.takesNumbers && (typeof value === "number" || value instanceof JsonNumber)) {
      const count = encodeScratch(typeof value === "number" ? String(value) : value.text);
      this.appendText(scratch, 0, count);
    } else throw refuseJson(value, this.typeName);
  }

  /** Index of the value to come, with room for it. */
  protected next(): number {
    if (this.length === this.capacity) {
      this.capacity = Math.max(FIRST_CAPACITY, this.capacity * 2);
      this.grow(this.capacity);
    }
    return this.length;
  }

  /** Counts the value that was just stored at `index`. */
  protected stored(index: number): void {
    if (this.#validity !== null) {
      if (index >= this.#validity.length * 8) this.#growValidity();
      this.#setValid(index);
    }
    this.length = index + 1;
  }

  /** Takes length and validity for a finished column, and starts anew. */
  protected takeBase(): { readonly name: string; readonly length: number; readonly validity: Uint8Array | null } {
    const { name, length } = this;
    const validity = this.#validity === null ? null : this.#validity.slice(0, Math.ceil(length / 8));
    this.#validity = null;
    this.length = 0;
    return { name, length, validity };
  }

  #setValid(index: number): void {
    const validity = this.#validity as Uint8Array;
    validity[index >> 3] = (validity[index >> 3] as number) | (1 << (index & 7));
  }

  #growValidity(): void {
    const grown = new Uint8Array(Math.ceil(this.capacity / 8));
    grown.set(this.#validity as Uint8Array);
    this.#validity = grown;
  }
}

/** Refuses a JSON value of another type. */
export function refuseJson(value: JsonValue, typeName: string): FormatError {
  return refuseValue("bad-value", typeName, describeJson(value));
}

function describeJson(value: JsonValue): string {
  if (value instanceof Map) return "{…}";
  if (Array.isArray(value)) return "[…]";
  if (value instanceof JsonNumber) return shorten(value.text);
  return shorten(String(value));
}

/** Refuses more bytes than 32-bit offsets can address. */
export function columnTooLarge(name: string): FormatError {
  return new FormatError("limit-exceeded", `Column ${JSON.stringify(name)} has more than 2 GiB in one batch`, {
    details: { column: name, limit: "maxBatchBytes", maximum: MAX_OFFSET },
  });
}
