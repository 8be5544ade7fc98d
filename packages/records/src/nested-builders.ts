/** Builders of columns whose values have parts: lists, structs, maps, and untyped JSON. */

import { FormatError } from "@assay/merkle";
import type { Column } from "./batch.js";
import { BuilderBase, columnTooLarge, refuseJson } from "./builder-base.js";
import { ByteArena, MAX_OFFSET } from "./byte-arena.js";
import { type ColumnBuilder, createBuilder } from "./column-builder.js";
import type { ColumnType } from "./column-type.js";
import { tooDeep, writeJson } from "./json-encoding.js";
import { type JsonValue, MAX_CONTAINERS, parseJson } from "./json-value.js";
import { KindTracker } from "./kinds.js";
import { encodeUtf8 } from "./utf8.js";

/** A text form that is JSON text. */
abstract class JsonFormBuilder extends BuilderBase {
  constructor(
    name: string,
    protected readonly inside: number,
  ) {
    super(name);
  }

  appendText(bytes: Uint8Array, begin: number, end: number): void {
    this.appendJson(parseJson(bytes, begin, end, { inside: this.inside }));
  }

  /** Appends a value that is not null. */
  protected abstract appendValue(value: Exclude<JsonValue, null>): void;

  override appendJson(value: JsonValue): void {
    if (value === null) this.appendNull();
    else this.appendValue(value);
  }

  protected checkDepth(): void {
    if (this.inside > MAX_CONTAINERS) throw tooDeep();
  }
}

/** Lists and maps: where each value ends in the child columns. */
abstract class OffsetBuilder extends JsonFormBuilder {
  #offsets = new Int32Array(1);

  protected endValue(index: number, childLength: number): void {
    if (childLength > MAX_OFFSET) throw columnTooLarge(this.name);
    this.#offsets[index + 1] = childLength;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const grown = new Int32Array(capacity + 1);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }

  protected override storeNull(index: number): void {
    this.#offsets[index + 1] = this.#offsets[index] as number;
  }

  protected takeOffsets() {
    const base = this.takeBase();
    return { ...base, offsets: this.#offsets.slice(0, base.length + 1) };
  }
}

class ListBuilder extends OffsetBuilder {
  protected readonly typeName: string;
  readonly #child: ColumnBuilder;
  readonly #size: number | null;

  constructor(name: string, inside: number, child: ColumnBuilder, size: number | null) {
    super(name, inside);
    this.#child = child;
    this.#size = size;
    this.typeName = size === null ? "list" : `list of ${size}`;
  }

  override get byteLength(): number {
    return this.#child.byteLength + 4 * this.#child.length;
  }

  protected appendValue(value: Exclude<JsonValue, null>): void {
    this.checkDepth();
    if (!Array.isArray(value)) throw refuseJson(value, this.typeName);
    if (this.#size !== null && value.length !== this.#size) {
      throw new FormatError("bad-value", `A list of ${value.length} is no ${this.typeName}`, {
        details: { expected: this.#size, actual: value.length },
      });
    }
    const index = this.next();
    for (const element of value) this.#child.appendJson(element);
    this.endValue(index, this.#child.length);
  }

  finish(): Column {
    return { ...this.takeOffsets(), type: "list", child: this.#child.finish() };
  }
}

class StructBuilder extends JsonFormBuilder {
  protected readonly typeName = "struct";
  readonly #fields: readonly ColumnBuilder[];

  constructor(name: string, inside: number, fields: readonly ColumnBuilder[]) {
    super(name, inside);
    this.#fields = fields;
  }

  override get byteLength(): number {
    let count = 0;
    for (const field of this.#fields) count += field.byteLength;
    return count;
  }

  protected appendValue(value: Exclude<JsonValue, null>): void {
    this.checkDepth();
    if (!(value instanceof Map)) throw refuseJson(value, this.typeName);
    const index = this.next();
    let known = 0;
    for (const field of this.#fields) {
      const member = value.get(field.name);
      if (member === undefined) field.appendNull();
      else {
        known++;
        field.appendJson(member);
      }
    }
    if (known !== value.size) {
      const names = new Set(this.#fields.map(({ name }) => name));
      const field = [...value.keys()].find((name) => !names.has(name)) as string;
      throw new FormatError("undeclared-column", `The field ${JSON.stringify(field)} is not declared in the struct`, {
        details: { field },
      });
    }
    this.stored(index);
  }

  protected grow(): void {}

  protected override storeNull(): void {
    for (const field of this.#fields) field.appendNull();
  }

  finish(): Column {
    return { ...this.takeBase(), type: "struct", fields: this.#fields.map((field) => field.finish()) };
  }
}

class MapBuilder extends OffsetBuilder {
  protected readonly typeName = "map";
  readonly #keys: ColumnBuilder;
  readonly #values: ColumnBuilder;

  constructor(name: string, inside: number, keys: ColumnBuilder, values: ColumnBuilder) {
    super(name, inside);
    this.#keys = keys;
    this.#values = values;
  }

  override get byteLength(): number {
    return this.#keys.byteLength + this.#values.byteLength + 8 * this.#keys.length;
  }

  protected appendValue(value: Exclude<JsonValue, null>): void {
    this.checkDepth();
    if (!(value instanceof Map)) throw refuseJson(value, this.typeName);
    const index = this.next();
    for (const [name, member] of value) {
      const key = encodeUtf8(name);
      this.#keys.appendText(key, 0, key.length);
      this.#values.appendJson(member);
    }
    this.endValue(index, this.#keys.length);
  }

  finish(): Column {
    return { ...this.takeOffsets(), type: "map", keys: this.#keys.finish(), values: this.#values.finish() };
  }
}

/** Untyped JSON: the canonical CBOR of each value, and the join of their kinds. */
export class JsonColumnBuilder extends JsonFormBuilder {
  protected readonly typeName = "json";
  readonly #data = new ByteArena(4096);
  #offsets = new Int32Array(1);
  #kinds = new KindTracker();

  override get byteLength(): number {
    return this.#data.length;
  }

  protected appendValue(value: Exclude<JsonValue, null>): void {
    const index = this.next();
    writeJson(this.#data, value, this.inside, this.#kinds);
    if (this.#data.length > MAX_OFFSET) throw columnTooLarge(this.name);
    this.#offsets[index + 1] = this.#data.length;
    this.stored(index);
  }

  protected grow(capacity: number): void {
    const grown = new Int32Array(capacity + 1);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }

  protected override storeNull(index: number): void {
    this.#offsets[index + 1] = this.#data.length;
  }

  finish(): Column {
    const base = this.takeBase();
    const data = this.#data.toBytes();
    const kind = this.#kinds.toKind();
    this.#data.length = 0;
    this.#kinds = new KindTracker();
    return { ...base, type: "json", offsets: this.#offsets.slice(0, base.length + 1), data, kind };
  }
}

/** Beyond the deepest container no value can be: such types are refused where they would be needed, not where they stand. */
function childBuilder(name: string, type: ColumnType, inside: number): ColumnBuilder {
  return inside > MAX_CONTAINERS ? new UnreachableBuilder(name, inside) : createBuilder(name, type, inside);
}

/** Stands for values that would lie too deep: takes nulls, refuses the rest. */
class UnreachableBuilder extends JsonFormBuilder {
  protected readonly typeName = "value";
  protected appendValue(): void {
    throw tooDeep();
  }
  protected grow(): void {}
  finish(): Column {
    const { name, length } = this.takeBase();
    return { name, type: "null", length, validity: null };
  }
}

export function createListBuilder(
  name: string,
  type: { readonly list: ColumnType; readonly size?: number },
  inside: number,
): ColumnBuilder {
  return new ListBuilder(name, inside, childBuilder("item", type.list, inside + 1), type.size ?? null);
}

export function createStructBuilder(
  name: string,
  type: { readonly struct: Readonly<Record<string, ColumnType>> },
  inside: number,
): ColumnBuilder {
  const fields = Object.entries(type.struct).map(([field, fieldType]) => childBuilder(field, fieldType, inside + 1));
  return new StructBuilder(name, inside, fields);
}

export function createMapBuilder(
  name: string,
  type: { readonly map: readonly [ColumnType, ColumnType] },
  inside: number,
): ColumnBuilder {
  const [keys, values] = type.map;
  return new MapBuilder(name, inside, childBuilder("key", keys, inside + 1), childBuilder("value", values, inside + 1));
}
