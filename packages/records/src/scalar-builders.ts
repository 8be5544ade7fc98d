/** Builders of columns whose values have no parts: booleans, numbers, text, bytes, dates and times. */

import { FormatError } from "@assay/merkle";
import type { Column } from "./batch.js";
import { BuilderBase, columnTooLarge } from "./builder-base.js";
import { ByteArena, MAX_OFFSET } from "./byte-arena.js";
import type { DecimalType, FloatType, IntegerType, TemporalType, TemporalUnit } from "./column-type.js";
import type { JsonValue } from "./json-value.js";
import {
  integer,
  parseBase64,
  parseBoolean,
  parseDecimalText,
  parseFloatText,
  parseHex,
  parseInteger,
  parseUuid,
  refuseText,
} from "./text-forms.js";
import {
  parseCount,
  parseDate,
  parseDuration,
  parseInstant,
  parseTime,
  parseTimestamp,
  type TimeParts,
} from "./time-text.js";
import { findInvalidUtf8 } from "./utf8.js";

const TWO_32 = 0x1_0000_0000;

/** A column of nothing but nulls. */
export class NullBuilder extends BuilderBase {
  protected readonly typeName = "null";

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    throw refuseText("bad-value", "null", bytes, begin, end);
  }

  override appendNull(): void {
    this.length++;
  }

  protected grow(): void {}

  finish(): Column {
    const { name, length } = this.takeBase();
    return { name, type: "null", length, validity: null };
  }
}

export class BooleanBuilder extends BuilderBase {
  protected readonly typeName = "boolean";
  #values = new Uint8Array(0);

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    const value = parseBoolean(bytes, begin, end);
    const index = this.next();
    this.#values[index] = value;
    this.stored(index);
  }

  override appendJson(value: JsonValue): void {
    if (typeof value !== "boolean") {
      super.appendJson(value);
      return;
    }
    const index = this.next();
    this.#values[index] = value ? 1 : 0;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override storeNull(index: number): void {
    this.#values[index] = 0;
  }

  finish(): Column {
    const base = this.takeBase();
    return { ...base, type: "boolean", values: this.#values.slice(0, base.length) };
  }
}

const SMALL_INTEGERS = {
  int8: { array: Int8Array, minimum: -0x80, maximum: 0x7f },
  int16: { array: Int16Array, minimum: -0x8000, maximum: 0x7fff },
  int32: { array: Int32Array, minimum: -0x80000000, maximum: 0x7fffffff },
  uint8: { array: Uint8Array, minimum: 0, maximum: 0xff },
  uint16: { array: Uint16Array, minimum: 0, maximum: 0xffff },
  uint32: { array: Uint32Array, minimum: 0, maximum: 0xffffffff },
} as const;

/** The halves of 64-bit integers are written as words, so that no bigint is made for a value below 10¹⁵. */
const highFirst = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

function setWords(words: Uint32Array, index: number, high: number, low: number): void {
  words[2 * index] = highFirst ? high : low;
  words[2 * index + 1] = highFirst ? low : high;
}

export class IntegerBuilder extends BuilderBase {
  protected readonly typeName: IntegerType;
  readonly #minimum: number;
  readonly #maximum: number;
  readonly #wide: boolean;
  #small: Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array = new Int8Array(0);
  #words = new Uint32Array(0);

  constructor(name: string, type: IntegerType) {
    super(name);
    this.typeName = type;
    this.#wide = type === "int64" || type === "uint64";
    const small = type === "int64" || type === "uint64" ? null : SMALL_INTEGERS[type];
    this.#minimum = small?.minimum ?? (type === "uint64" ? 0 : Number.NEGATIVE_INFINITY);
    this.#maximum = small?.maximum ?? Number.POSITIVE_INFINITY;
  }

  protected override get takesNumbers(): boolean {
    return true;
  }

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    parseInteger(this.typeName, bytes, begin, end);
    const { value, big } = integer;
    if (big === null) {
      if (value < this.#minimum || value > this.#maximum) {
        throw refuseText("number-out-of-range", this.typeName, bytes, begin, end);
      }
      this.#append(value);
      return;
    }
    const fits =
      this.typeName === "int64"
        ? BigInt.asIntN(64, big) === big
        : this.typeName === "uint64" && BigInt.asUintN(64, big) === big;
    if (!fits) throw refuseText("number-out-of-range", this.typeName, bytes, begin, end);
    const index = this.next();
    setWords(this.#words, index, Number((big >> 32n) & 0xffffffffn), Number(big & 0xffffffffn));
    this.stored(index);
  }

  override appendJson(value: JsonValue): void {
    if (typeof value === "number" && value >= this.#minimum && value <= this.#maximum) this.#append(value);
    else super.appendJson(value);
  }

  #append(value: number): void {
    const index = this.next();
    if (this.#wide) {
      const high = Math.floor(value / TWO_32);
      setWords(this.#words, index, high, value - high * TWO_32);
    } else this.#small[index] = value;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    if (this.#wide) {
      const grown = new Uint32Array(2 * capacity);
      grown.set(this.#words);
      this.#words = grown;
    } else {
      const type = this.typeName as keyof typeof SMALL_INTEGERS;
      const grown = new SMALL_INTEGERS[type].array(capacity);
      grown.set(this.#small);
      this.#small = grown;
    }
  }

  protected override storeNull(index: number): void {
    if (this.#wide) setWords(this.#words, index, 0, 0);
    else this.#small[index] = 0;
  }

  finish(): Column {
    const base = this.takeBase();
    if (!this.#wide) return { ...base, type: this.typeName, values: this.#small.slice(0, base.length) };
    const { buffer } = this.#words.slice(0, 2 * base.length);
    const values = this.typeName === "int64" ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
    return { ...base, type: this.typeName, values };
  }
}

export class FloatBuilder extends BuilderBase {
  protected readonly typeName: FloatType;
  #values: Float64Array | Float32Array = new Float64Array(0);

  constructor(name: string, type: FloatType) {
    super(name);
    this.typeName = type;
  }

  protected override get takesNumbers(): boolean {
    return true;
  }

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    const value = parseFloatText(this.typeName, bytes, begin, end);
    const index = this.next();
    this.#values[index] = value;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const grown = this.typeName === "float64" ? new Float64Array(capacity) : new Float32Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override storeNull(index: number): void {
    this.#values[index] = 0;
  }

  finish(): Column {
    const base = this.takeBase();
    return { ...base, type: this.typeName, values: this.#values.slice(0, base.length) };
  }
}

export class DecimalBuilder extends BuilderBase {
  protected readonly typeName: DecimalType;
  readonly #precision: number;
  readonly #scale: number;
  #values: bigint[] = [];

  constructor(name: string, type: DecimalType) {
    super(name);
    const match = /^decimal\(([0-9]+),([0-9]+)\)$/.exec(type);
    if (match === null) throw new TypeError(`type: ${JSON.stringify(type)} is no column type`);
    this.typeName = type;
    this.#precision = Number(match[1]);
    this.#scale = Number(match[2]);
  }

  protected override get takesNumbers(): boolean {
    return true;
  }

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    const value = parseDecimalText(this.#precision, this.#scale, bytes, begin, end);
    const index = this.next();
    this.#values.push(value);
    this.stored(index);
  }

  protected grow(): void {}

  protected override storeNull(): void {
    this.#values.push(0n);
  }

  finish(): Column {
    const values = this.#values;
    this.#values = [];
    return { ...this.takeBase(), type: this.typeName, scale: this.#scale, values };
  }
}

/** Text and bytes: an arena and where each value ends. */
abstract class VariableBuilder extends BuilderBase {
  protected readonly data = new ByteArena(4096);
  #offsets = new Int32Array(1);

  override get byteLength(): number {
    return this.data.length;
  }

  protected appendBytes(bytes: Uint8Array, begin: number, end: number): void {
    if (this.data.length + (end - begin) > MAX_OFFSET) throw columnTooLarge(this.name);
    const index = this.next();
    this.data.append(bytes, begin, end);
    this.#offsets[index + 1] = this.data.length;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const grown = new Int32Array(capacity + 1);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }

  protected override storeNull(index: number): void {
    this.#offsets[index + 1] = this.data.length;
  }

  protected takeBytes() {
    const base = this.takeBase();
    const data = this.data.toBytes();
    this.data.length = 0;
    return { ...base, offsets: this.#offsets.slice(0, base.length + 1), data };
  }
}

export class TextBuilder extends VariableBuilder {
  protected readonly typeName = "text";

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    let ascii = 0;
    for (let at = begin; at < end; at++) ascii |= bytes[at] as number;
    if (ascii > 0x7f) {
      const invalid = findInvalidUtf8(bytes, begin, end);
      if (invalid >= 0) throw new FormatError("invalid-utf8", `The text is not UTF-8 at its byte ${invalid - begin}`);
    }
    this.appendBytes(bytes, begin, end);
  }

  finish(): Column {
    return { ...this.takeBytes(), type: "text" };
  }
}

const BYTE_PARSERS = { base64: parseBase64, hex: parseHex, uuid: parseUuid } as const;

export class BytesBuilder extends VariableBuilder {
  protected readonly typeName = "bytes";
  readonly #parse: (bytes: Uint8Array, begin: number, end: number) => Uint8Array;

  constructor(name: string, encoding: keyof typeof BYTE_PARSERS) {
    super(name);
    this.#parse = BYTE_PARSERS[encoding];
  }

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    const value = this.#parse(bytes, begin, end);
    this.appendBytes(value, 0, value.length);
  }

  finish(): Column {
    return { ...this.takeBytes(), type: "bytes" };
  }
}

export class DateBuilder extends BuilderBase {
  protected readonly typeName = "date";
  #values = new Int32Array(0);

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    const days = parseDate(bytes, begin, end);
    const index = this.next();
    this.#values[index] = days;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const grown = new Int32Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override storeNull(index: number): void {
    this.#values[index] = 0;
  }

  finish(): Column {
    const base = this.takeBase();
    return { ...base, type: "date", values: this.#values.slice(0, base.length) };
  }
}

const TIME_PARSERS = {
  time: parseTime,
  timestamp: parseTimestamp,
  instant: parseInstant,
  duration: parseDuration,
} as const;
const parts: TimeParts = { high: 0, low: 0, nanoseconds: 0 };

export class TemporalBuilder extends BuilderBase {
  protected readonly typeName: TemporalType;
  readonly #unit: TemporalUnit | null;
  readonly #parse: (bytes: Uint8Array, begin: number, end: number, out: TimeParts) => void;
  #words = new Uint32Array(0);
  #nanoseconds = new Int32Array(0);

  constructor(name: string, type: TemporalType, unit: TemporalUnit | null) {
    super(name);
    this.typeName = type;
    this.#unit = unit;
    this.#parse = TIME_PARSERS[type];
  }

  protected override get takesNumbers(): boolean {
    return this.#unit !== null;
  }

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    if (this.#unit === null) this.#parse(bytes, begin, end, parts);
    else parseCount(this.typeName, this.#unit, bytes, begin, end, parts);
    const index = this.next();
    setWords(this.#words, index, parts.high, parts.low);
    this.#nanoseconds[index] = parts.nanoseconds;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const words = new Uint32Array(2 * capacity);
    words.set(this.#words);
    this.#words = words;
    const nanoseconds = new Int32Array(capacity);
    nanoseconds.set(this.#nanoseconds);
    this.#nanoseconds = nanoseconds;
  }

  protected override storeNull(index: number): void {
    setWords(this.#words, index, 0, 0);
    this.#nanoseconds[index] = 0;
  }

  finish(): Column {
    const base = this.takeBase();
    const { buffer } = this.#words.slice(0, 2 * base.length);
    return {
      ...base,
      type: this.typeName,
      seconds: new BigInt64Array(buffer),
      nanoseconds: this.#nanoseconds.slice(0, base.length),
    };
  }
}
