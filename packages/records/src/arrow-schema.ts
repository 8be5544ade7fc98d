/** The schema of an Arrow file or stream (Arrow columnar format, `Schema.fbs`): what is stored, and its stored type. */

import { FormatError } from "@assay/merkle";
import type { FlatTable } from "./arrow-flatbuffer.js";
import type { ColumnType, FloatType, IntegerType, TemporalType, TemporalUnit } from "./column-type.js";

/** The layouts that a column can have. */
export type ArrowLayout =
  | { readonly as: "null" | "boolean" | "struct" | "map" | "runs" }
  | { readonly as: "number"; readonly type: IntegerType | FloatType; readonly width: 1 | 2 | 4 | 8 }
  | { readonly as: "decimal"; readonly precision: number; readonly scale: number; readonly width: 4 | 8 | 16 | 32 }
  | { readonly as: "text" | "bytes"; readonly offsets: 4 | 8 }
  | { readonly as: "text view" | "bytes view" }
  | { readonly as: "fixed"; readonly width: number }
  | { readonly as: "date"; readonly width: 4 | 8 }
  | { readonly as: "temporal"; readonly type: TemporalType; readonly unit: TemporalUnit; readonly width: 4 | 8 }
  | { readonly as: "list" | "list view"; readonly offsets: 4 | 8 }
  | { readonly as: "fixed list"; readonly size: number };

export interface ArrowField {
  readonly name: string;
  /** Names from the column down, for messages. */
  readonly path: string;
  readonly layout: ArrowLayout;
  readonly children: readonly ArrowField[];
  /** Dictionary-encoded: indices of this width stand for values of `layout` in the dictionary. */
  readonly dictionary: { readonly id: bigint; readonly width: 1 | 2 | 4 | 8; readonly signed: boolean } | null;
  readonly inList: boolean;
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  /** Dictionary id → the field that first names it; its values have that layout. */
  readonly dictionaries: ReadonlyMap<bigint, ArrowField>;
}

const MAX_CONTAINERS = 64;
const UNITS: readonly TemporalUnit[] = ["s", "ms", "us", "ns"];

interface Context {
  readonly source: string;
  readonly dictionaries: Map<bigint, ArrowField>;
  readonly maxColumns: number;
  count: number;
}

/** Reads a `Schema` table. Throws Errors for malformed, FormatErrors for unsupported schemas. */
export function arrowSchema(table: FlatTable, source: string, maxColumns: number): ArrowSchema {
  if (table.int16(0) !== 0) throw new Error("its numbers are big-endian, which is not supported");
  const context: Context = { source, dictionaries: new Map(), maxColumns, count: 0 };
  const fields = fieldsOf(table.tables(1), "", 1, false, context);
  return { fields, dictionaries: context.dictionaries };
}

function fieldsOf(
  tables: readonly FlatTable[],
  above: string,
  depth: number,
  inList: boolean,
  context: Context,
): ArrowField[] {
  const names = new Set<string>();
  return tables.map((table) => {
    const field = fieldOf(table, above, depth, inList, context);
    if (names.has(field.name)) {
      throw new FormatError(
        "duplicate-column",
        `${context.source} has the column ${JSON.stringify(field.path)} twice: rename one of them`,
        {
          details: { path: context.source, column: field.path },
        },
      );
    }
    names.add(field.name);
    return field;
  });
}

function fieldOf(table: FlatTable, above: string, depth: number, inList: boolean, context: Context): ArrowField {
  const { source } = context;
  if (++context.count > context.maxColumns) {
    throw new FormatError("limit-exceeded", `${source} has more than maxColumns (${context.maxColumns}) columns`, {
      details: { path: source, limit: "maxColumns", maximum: context.maxColumns },
    });
  }
  const name = nameOf(table.text(0), source);
  const path = above === "" ? name : `${above}.${name}`;
  if (depth > MAX_CONTAINERS) {
    throw new FormatError(
      "too-deep",
      `${source}, column ${JSON.stringify(path)}: values lie inside more than ${MAX_CONTAINERS} containers`,
      {
        details: { path: source, column: path },
      },
    );
  }
  const type = table.table(3);
  const layout = layoutOf(table.int8(2), type, path, source);
  const children = childrenOf(layout, table.tables(5), path, depth, inList, context);
  const encoding = table.table(4);
  const field: ArrowField = { name, path, layout, children, dictionary: null, inList };
  if (encoding === null) return field;
  const id = encoding.int64(0);
  const index = encoding.table(1);
  const width = (index === null ? 32 : index.int32(0)) / 8;
  if (width !== 1 && width !== 2 && width !== 4 && width !== 8)
    throw new Error(`dictionary indices of ${width * 8} bits`);
  if (!context.dictionaries.has(id)) context.dictionaries.set(id, field);
  return { ...field, dictionary: { id, width, signed: index === null || index.flag(1) } };
}

function childrenOf(
  layout: ArrowLayout,
  tables: readonly FlatTable[],
  path: string,
  depth: number,
  inList: boolean,
  context: Context,
): readonly ArrowField[] {
  const expect = (count: number): void => {
    if (tables.length !== count)
      throw new Error(`column ${JSON.stringify(path)} has ${tables.length} parts where ${count} are needed`);
  };
  switch (layout.as) {
    case "struct":
      return fieldsOf(tables, path, depth + 1, inList, context);
    case "list":
    case "list view":
    case "fixed list":
      expect(1);
      return fieldsOf(tables, path, depth + 1, true, context);
    case "map": {
      expect(1);
      const entries = fieldsOf(tables, path, depth, true, context);
      if (entries[0]?.layout.as !== "struct" || entries[0].children.length !== 2)
        throw new Error(`map ${JSON.stringify(path)} has no entries`);
      return entries;
    }
    case "runs": {
      expect(2);
      const parts = fieldsOf(tables, path, depth, true, context);
      const ends = parts[0]?.layout;
      if (ends?.as !== "number" || !/^int(16|32|64)$/.test(ends.type))
        throw new Error(`column ${JSON.stringify(path)} has no run ends`);
      return parts;
    }
    default:
      return [];
  }
}

function layoutOf(id: number, type: FlatTable | null, path: string, source: string): ArrowLayout {
  const malformed = (what: string): Error => new Error(`column ${JSON.stringify(path)} is ${what}`);
  if (type === null) throw malformed("without a type");
  switch (id) {
    case 1:
      return { as: "null" };
    case 2: {
      const bits = type.int32(0);
      if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) throw malformed(`an integer of ${bits} bits`);
      return { as: "number", type: `${type.flag(1) ? "" : "u"}int${bits}`, width: (bits / 8) as 1 | 2 | 4 | 8 };
    }
    case 3: {
      const precision = type.int16(0);
      if (precision === 0) return { as: "number", type: "float16", width: 2 };
      if (precision === 1) return { as: "number", type: "float32", width: 4 };
      if (precision === 2) return { as: "number", type: "float64", width: 8 };
      throw malformed(`a float of precision ${precision}`);
    }
    case 4:
      return { as: "bytes", offsets: 4 };
    case 5:
      return { as: "text", offsets: 4 };
    case 6:
      return { as: "boolean" };
    case 7:
      return decimalOf(type.int32(0), type.int32(1), type.int32(2, 128) / 8, path, source);
    case 8: {
      const unit = type.int16(0, 1);
      if (unit !== 0 && unit !== 1) throw malformed(`a date of unit ${unit}`);
      return { as: "date", width: unit === 0 ? 4 : 8 };
    }
    case 9: {
      const unit = unitOf(type.int16(0, 1));
      const bits = type.int32(1, 32);
      if (bits !== (unit === "s" || unit === "ms" ? 32 : 64)) throw malformed(`a time in ${unit} of ${bits} bits`);
      return { as: "temporal", type: "time", unit, width: (bits / 8) as 4 | 8 };
    }
    case 10: {
      const zone = type.text(1);
      const kind = zone === null || zone.length === 0 ? "timestamp" : "instant";
      return { as: "temporal", type: kind, unit: unitOf(type.int16(0)), width: 8 };
    }
    case 12:
      return { as: "list", offsets: 4 };
    case 13:
      return { as: "struct" };
    case 15: {
      const width = type.int32(0);
      if (width < 0) throw malformed(`of values of ${width} bytes`);
      return { as: "fixed", width };
    }
    case 16: {
      const size = type.int32(0);
      if (size < 0) throw malformed(`of lists of ${size} values`);
      return { as: "fixed list", size };
    }
    case 17:
      return { as: "map" };
    case 18:
      return { as: "temporal", type: "duration", unit: unitOf(type.int16(0, 1)), width: 8 };
    case 19:
      return { as: "bytes", offsets: 8 };
    case 20:
      return { as: "text", offsets: 8 };
    case 21:
      return { as: "list", offsets: 8 };
    case 22:
      return { as: "runs" };
    case 23:
      return { as: "bytes view" };
    case 24:
      return { as: "text view" };
    case 25:
      return { as: "list view", offsets: 4 };
    case 26:
      return { as: "list view", offsets: 8 };
    default:
      throw unsupported(id === 11 ? "interval" : id === 14 ? "union" : `Arrow type ${id}`, path, source);
  }
}

function unitOf(number: number): TemporalUnit {
  const unit = UNITS[number];
  if (unit === undefined) throw new Error(`a time in the unknown unit ${number}`);
  return unit;
}

function decimalOf(precision: number, scale: number, width: number, path: string, source: string): ArrowLayout {
  if (width !== 4 && width !== 8 && width !== 16 && width !== 32)
    throw new Error(`column ${JSON.stringify(path)} is a decimal of ${width} bytes`);
  // A negative scale multiplies; a scale beyond the precision only adds zeros in front. Both have a plain form.
  const digits = Math.max(scale < 0 ? precision - scale : precision, scale);
  if (precision < 1 || digits > 76) throw unsupported(`decimal(${precision},${scale})`, path, source);
  return { as: "decimal", precision, scale, width };
}

/** The stored type of a field, in the words of a declared schema. */
export function storedType(field: ArrowField): ColumnType {
  const { layout, children } = field;
  const child = (index: number): ColumnType => storedType(children[index] as ArrowField);
  switch (layout.as) {
    case "null":
    case "boolean":
      return layout.as;
    case "number":
    case "temporal":
      return layout.type;
    case "decimal": {
      const { precision, scale } = layout;
      return `decimal(${Math.max(scale < 0 ? precision - scale : precision, scale)},${Math.max(scale, 0)})`;
    }
    case "text":
    case "text view":
      return "text";
    case "bytes":
    case "bytes view":
    case "fixed":
      return "bytes";
    case "date":
      return "date";
    case "list":
    case "list view":
      return { list: child(0) };
    case "fixed list":
      return { list: child(0), size: layout.size };
    case "runs":
      return child(1);
    case "map": {
      const [key, value] = (children[0] as ArrowField).children as [ArrowField, ArrowField];
      return { map: [storedType(key), storedType(value)] };
    }
    case "struct":
      // fromEntries defines own members, so a field named __proto__ is a field like any other.
      return { struct: Object.fromEntries(children.map((inner) => [inner.name, storedType(inner)])) };
  }
}

function nameOf(bytes: Uint8Array | null, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes ?? new Uint8Array(0));
  } catch (cause) {
    throw new FormatError("invalid-utf8", `${source}: the name of a column is not UTF-8`, {
      details: { path: source },
      cause,
    });
  }
}

function unsupported(what: string, path: string, source: string): FormatError {
  return new FormatError(
    "unsupported-type",
    `${source}, column ${JSON.stringify(path)}: ${what} has no record form; drop or convert the column`,
    {
      details: { path: source, column: path, type: what },
    },
  );
}
