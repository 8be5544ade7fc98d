/** Writers of one value of a column as canonical CBOR, one class for each layout (`docs/spec/leaf-encoding.md`). */

import { FormatError } from "@assay/merkle";
import {
  type BooleanColumn,
  type BytesColumn,
  type Column,
  type DateColumn,
  type DecimalColumn,
  type EncodedColumn,
  isPresent,
  type ListColumn,
  type MapColumn,
  type StructColumn,
  type TemporalColumn,
  type TextColumn,
} from "./batch.js";
import { ByteArena } from "./byte-arena.js";
import { encodeKey, MAJOR, writeHead, writeHead64 } from "./cbor.js";
import { tooDeep } from "./json-encoding.js";
import { MAX_CONTAINERS } from "./json-value.js";
import { writeDecimal, writeInt64, writeNumber } from "./number-encoding.js";
import { compareBytes } from "./utf8.js";

/** Writes value `index`, which is present. */
export interface CellWriter {
  write(arena: ByteArena, index: number): void;
}

/** A column and its name as an encoded map key. */
export interface KeyedColumn {
  readonly key: Uint8Array;
  readonly column: Column;
}

/** Columns in the order of a canonical map. Columns that hold nothing but nulls are left out. */
export function sortedFields(columns: readonly Column[]): readonly KeyedColumn[] {
  return columns
    .filter(({ type }) => type !== "null")
    .map((column) => ({ key: encodeKey(column.name), column }))
    .sort((left, right) => compareBytes(left.key, right.key));
}

/** Refuses offsets that descend or leave what they point into: a reader's fault, never the data's. */
function checkOffsets({ name, length }: Column, offsets: Int32Array, limit: number): void {
  let previous = 0;
  for (let index = 0; index <= length; index++) {
    const offset = offsets[index];
    if (offset === undefined || offset < previous || offset > limit) {
      throw new RangeError(
        `batch: offset ${index} of column ${JSON.stringify(name)} is ${offset}, not ${previous}…${limit}`,
      );
    }
    previous = offset;
  }
}

/** The writer of a column whose values lie inside `inside` containers. */
export function createCellWriter(column: Column, inside: number): CellWriter {
  if (inside > MAX_CONTAINERS) return new TooDeepWriter();
  switch (column.type) {
    case "null":
      return new NullWriter();
    case "boolean":
      return new BooleanWriter(column);
    case "text":
      return new VariableWriter(column, MAJOR.text);
    case "bytes":
      return new VariableWriter(column, MAJOR.bytes);
    case "date":
      return new DateWriter(column);
    case "time":
    case "timestamp":
      return new NamedTimeWriter(column, column.type);
    case "instant":
      return new TaggedTimeWriter(column, 1001);
    case "duration":
      return new TaggedTimeWriter(column, 1002);
    case "list":
      return new ListWriter(column, inside);
    case "struct":
      return new StructWriter(column, inside);
    case "map":
      return new MapWriter(column, inside);
    case "json":
      return new EncodedWriter(column);
    default: {
      // The template type of decimals keeps the compiler from telling these apart by `type`.
      const number = column;
      if ("scale" in number) return new DecimalWriter(number);
      const { values } = number;
      if (values instanceof BigInt64Array || values instanceof BigUint64Array) return new WideIntegerWriter(values);
      return new NumberWriter(values);
    }
  }
}

class NullWriter implements CellWriter {
  write(arena: ByteArena): void {
    arena.push(0xf6);
  }
}

class TooDeepWriter implements CellWriter {
  write(): void {
    throw tooDeep();
  }
}

class BooleanWriter implements CellWriter {
  readonly #values: Uint8Array;
  constructor({ values }: BooleanColumn) {
    this.#values = values;
  }
  write(arena: ByteArena, index: number): void {
    arena.push(this.#values[index] === 0 ? 0xf4 : 0xf5);
  }
}

type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;

class NumberWriter implements CellWriter {
  readonly #values: NumberArray;
  constructor(values: NumberArray) {
    this.#values = values;
  }
  write(arena: ByteArena, index: number): void {
    writeNumber(arena, this.#values[index] as number);
  }
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH = littleEndian ? 1 : 0;
const LOW = 1 - HIGH;

/** The 32-bit words of 64-bit integers, so that no bigint is made. */
function wordsOf(values: BigInt64Array | BigUint64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
}

class WideIntegerWriter implements CellWriter {
  readonly #words: Uint32Array;
  readonly #signed: boolean;
  constructor(values: BigInt64Array | BigUint64Array) {
    this.#words = wordsOf(values);
    this.#signed = values instanceof BigInt64Array;
  }
  write(arena: ByteArena, index: number): void {
    const high = this.#words[2 * index + HIGH] as number;
    const low = this.#words[2 * index + LOW] as number;
    if (this.#signed) writeInt64(arena, high, low);
    else writeHead64(arena, MAJOR.unsigned, high, low);
  }
}

class DecimalWriter implements CellWriter {
  readonly #values: readonly bigint[];
  readonly #scale: number;
  constructor({ values, scale }: DecimalColumn) {
    this.#values = values;
    this.#scale = scale;
  }
  write(arena: ByteArena, index: number): void {
    writeDecimal(arena, this.#values[index] as bigint, this.#scale);
  }
}

class VariableWriter implements CellWriter {
  readonly #offsets: Int32Array;
  readonly #data: Uint8Array;
  readonly #major: number;
  constructor(column: TextColumn | BytesColumn, major: number) {
    const { offsets, data } = column;
    checkOffsets(column, offsets, data.length);
    this.#offsets = offsets;
    this.#data = data;
    this.#major = major;
  }
  write(arena: ByteArena, index: number): void {
    const begin = this.#offsets[index] as number;
    const end = this.#offsets[index + 1] as number;
    writeHead(arena, this.#major, end - begin);
    arena.append(this.#data, begin, end);
  }
}

class DateWriter implements CellWriter {
  readonly #values: Int32Array;
  constructor({ values }: DateColumn) {
    this.#values = values;
  }
  write(arena: ByteArena, index: number): void {
    writeHead(arena, MAJOR.tag, 100);
    writeNumber(arena, this.#values[index] as number);
  }
}

abstract class TimeWriter implements CellWriter {
  readonly #words: Uint32Array;
  readonly #nanoseconds: Int32Array;
  constructor({ seconds, nanoseconds }: TemporalColumn) {
    this.#words = wordsOf(seconds);
    this.#nanoseconds = nanoseconds;
  }
  protected abstract writeParts(arena: ByteArena, high: number, low: number, nanoseconds: number): void;
  write(arena: ByteArena, index: number): void {
    const nanoseconds = this.#nanoseconds[index] as number;
    if (!(nanoseconds >= 0 && nanoseconds < 1_000_000_000)) {
      throw new FormatError("bad-value", `${nanoseconds} nanoseconds are not within one second`);
    }
    this.writeParts(
      arena,
      this.#words[2 * index + HIGH] as number,
      this.#words[2 * index + LOW] as number,
      nanoseconds,
    );
  }
}

/** Tag 1001 or 1002 (RFC 9581) of `{1: s}` or `{1: s, -9: n}`. */
class TaggedTimeWriter extends TimeWriter {
  readonly #tag: number;
  constructor(column: TemporalColumn, tag: 1001 | 1002) {
    super(column);
    this.#tag = tag;
  }
  protected writeParts(arena: ByteArena, high: number, low: number, nanoseconds: number): void {
    writeHead(arena, MAJOR.tag, this.#tag);
    arena.push(MAJOR.map | (nanoseconds === 0 ? 1 : 2));
    arena.push(0x01);
    writeInt64(arena, high, low);
    if (nanoseconds === 0) return;
    arena.push(0x28);
    writeHead(arena, MAJOR.unsigned, nanoseconds);
  }
}

/** Tag 27 of `[name, s]` or `[name, s, n]`. */
class NamedTimeWriter extends TimeWriter {
  readonly #name: Uint8Array;
  readonly #ofDay: boolean;
  constructor(column: TemporalColumn, name: "time" | "timestamp") {
    super(column);
    this.#name = encodeKey(name);
    this.#ofDay = name === "time";
  }
  protected writeParts(arena: ByteArena, high: number, low: number, nanoseconds: number): void {
    if (this.#ofDay && (high !== 0 || low >= 86400)) {
      throw new FormatError("bad-value", "A time of day is not within its day");
    }
    writeHead(arena, MAJOR.tag, 27);
    arena.push(MAJOR.array | (nanoseconds === 0 ? 2 : 3));
    arena.append(this.#name, 0, this.#name.length);
    writeInt64(arena, high, low);
    if (nanoseconds !== 0) writeHead(arena, MAJOR.unsigned, nanoseconds);
  }
}

/** A list: nulls stay, as `f6`. */
class ListWriter implements CellWriter {
  readonly #offsets: Int32Array;
  readonly #child: Column;
  readonly #element: CellWriter;
  readonly #inside: number;
  constructor(column: ListColumn, inside: number) {
    const { offsets, child } = column;
    checkOffsets(column, offsets, child.length);
    this.#offsets = offsets;
    this.#child = child;
    this.#element = createCellWriter(child, inside + 1);
    this.#inside = inside + 1;
  }
  write(arena: ByteArena, index: number): void {
    const begin = this.#offsets[index] as number;
    const end = this.#offsets[index + 1] as number;
    writeHead(arena, MAJOR.array, end - begin);
    for (let element = begin; element < end; element++) {
      writeNullable(arena, this.#child, this.#element, element, this.#inside);
    }
  }
}

/** A value whose null is data: an element of a list, a value of a map. */
function writeNullable(arena: ByteArena, column: Column, writer: CellWriter, index: number, inside: number): void {
  if (isPresent(column, index)) writer.write(arena, index);
  else if (inside > MAX_CONTAINERS) throw tooDeep();
  else arena.push(0xf6);
}

/** A struct: null fields are left out, as in the record. */
class StructWriter implements CellWriter {
  readonly #fields: readonly { readonly key: Uint8Array; readonly column: Column; readonly writer: CellWriter }[];
  constructor({ fields }: StructColumn, inside: number) {
    this.#fields = sortedFields(fields).map(({ key, column }) => ({
      key,
      column,
      writer: createCellWriter(column, inside + 1),
    }));
    for (let index = 1; index < this.#fields.length; index++) {
      const { key, column } = this.#fields[index] as KeyedColumn;
      if (compareBytes((this.#fields[index - 1] as KeyedColumn).key, key) === 0) {
        throw new FormatError("duplicate-column", `The struct field ${JSON.stringify(column.name)} is there twice`);
      }
    }
  }
  write(arena: ByteArena, index: number): void {
    let present = 0;
    for (const { column } of this.#fields) if (isPresent(column, index)) present++;
    writeHead(arena, MAJOR.map, present);
    for (const { key, column, writer } of this.#fields) {
      if (!isPresent(column, index)) continue;
      arena.append(key, 0, key.length);
      writer.write(arena, index);
    }
  }
}

/** A map: pairs sorted by the encoded key. */
class MapWriter implements CellWriter {
  readonly #offsets: Int32Array;
  readonly #keys: Column;
  readonly #values: Column;
  readonly #key: CellWriter;
  readonly #value: CellWriter;
  readonly #inside: number;
  readonly #scratch = new ByteArena(256);
  constructor(column: MapColumn, inside: number) {
    const { offsets, keys, values } = column;
    checkOffsets(column, offsets, Math.min(keys.length, values.length));
    this.#offsets = offsets;
    this.#keys = keys;
    this.#values = values;
    this.#key = createCellWriter(keys, inside + 1);
    this.#value = createCellWriter(values, inside + 1);
    this.#inside = inside + 1;
  }
  write(arena: ByteArena, index: number): void {
    const begin = this.#offsets[index] as number;
    const end = this.#offsets[index + 1] as number;
    const pairs: { readonly key: Uint8Array; readonly pair: number }[] = [];
    for (let pair = begin; pair < end; pair++) {
      if (!isPresent(this.#keys, pair)) throw new FormatError("null-map-key", "A key of a map is null");
      this.#scratch.length = 0;
      this.#key.write(this.#scratch, pair);
      pairs.push({ key: this.#scratch.toBytes(), pair });
    }
    pairs.sort((left, right) => compareBytes(left.key, right.key));
    writeHead(arena, MAJOR.map, pairs.length);
    let previous: Uint8Array | null = null;
    for (const { key, pair } of pairs) {
      if (previous !== null && compareBytes(previous, key) === 0) {
        throw new FormatError("duplicate-map-key", "Two keys of a map are equal");
      }
      previous = key;
      arena.append(key, 0, key.length);
      writeNullable(arena, this.#values, this.#value, pair, this.#inside);
    }
  }
}

/** Untyped JSON: encoded when it was read. */
class EncodedWriter implements CellWriter {
  readonly #offsets: Int32Array;
  readonly #data: Uint8Array;
  constructor(column: EncodedColumn) {
    const { offsets, data } = column;
    checkOffsets(column, offsets, data.length);
    this.#offsets = offsets;
    this.#data = data;
  }
  write(arena: ByteArena, index: number): void {
    arena.append(this.#data, this.#offsets[index] as number, this.#offsets[index + 1] as number);
  }
}
