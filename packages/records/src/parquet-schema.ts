/**
 * The schema of a Parquet file as a tree of columns (Apache Parquet `LogicalTypes.md`, with its rules for lists and maps
 * of old writers): what is stored, what it means, and at which definition and repetition levels.
 */

import { FormatError } from "@assay/merkle";
import type { ColumnType, TemporalUnit } from "./column-type.js";
import type { ThriftStruct } from "./parquet-thrift.js";

export const PHYSICAL_TYPES = ["boolean", "int32", "int64", "int96", "float", "double", "binary", "fixed"] as const;
export type PhysicalType = (typeof PHYSICAL_TYPES)[number];

/** A leaf's meaning: its stored type, with the unit that the type itself does not show. */
export type LeafMeaning =
  | { readonly as: "plain"; readonly type: ColumnType & string }
  | { readonly as: "null" }
  | { readonly as: "text" }
  | {
      readonly as: "bytes" /** Nothing says what the bytes are, so they may be declared to be text. */;
      readonly open: boolean;
    }
  | { readonly as: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly as: "date" }
  | { readonly as: "time" | "timestamp" | "instant"; readonly unit: TemporalUnit }
  | { readonly as: "int96" };

interface NodeBase {
  readonly name: string;
  /** Definition level at which the value itself is there. */
  readonly definition: number;
  /** Repetition level of the innermost list around the value. */
  readonly repetition: number;
  /** Definition level at which an element of that list exists; 0 outside lists. */
  readonly elementDefinition: number;
  /** Whether the value may be null. */
  readonly nullable: boolean;
}

export interface LeafNode extends NodeBase {
  readonly node: "leaf";
  /** Place among the column chunks of a row group. */
  readonly leaf: number;
  readonly physical: PhysicalType;
  /** Bytes of a value of type `fixed`. */
  readonly width: number;
  readonly meaning: LeafMeaning;
  readonly path: readonly string[];
}
export interface StructNode extends NodeBase {
  readonly node: "struct";
  readonly fields: readonly ParquetNode[];
}
export interface ListNode extends NodeBase {
  readonly node: "list";
  readonly element: ParquetNode;
}
export interface MapNode extends NodeBase {
  readonly node: "map";
  readonly key: ParquetNode;
  /** `null`: a map that stores keys only. */
  readonly value: ParquetNode | null;
}
export type ParquetNode = LeafNode | StructNode | ListNode | MapNode;

export interface ParquetSchema {
  readonly columns: readonly ParquetNode[];
  readonly leaves: readonly LeafNode[];
}

/** Most containers around a value, the record being one (`docs/spec/leaf-encoding.md`). */
const MAX_CONTAINERS = 64;

interface Element {
  readonly name: string;
  readonly physical: number | undefined;
  readonly width: number;
  readonly repetition: "required" | "optional" | "repeated";
  readonly children: readonly Element[];
  readonly converted: number | undefined;
  readonly logical: ThriftStruct | undefined;
  readonly scale: number;
  readonly precision: number;
}

interface Levels {
  readonly definition: number;
  readonly repetition: number;
  readonly elementDefinition: number;
}

/** Builds the tree from the footer's list of schema elements. Throws Errors for malformed, FormatErrors for unsupported ones. */
export function parquetSchema(list: readonly ThriftStruct[], source: string): ParquetSchema {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let next = 0;
  const element = (depth: number): Element => {
    if (depth > 3 * MAX_CONTAINERS)
      throw new FormatError("too-deep", `${source}: the schema is nested deeper than ${MAX_CONTAINERS}`);
    const fields = list[next++];
    if (fields === undefined) throw new Error("the schema ends before its last column");
    const count = integer(fields.field_5 ?? 0, "number of children");
    if (count < 0 || count > list.length - next) throw new Error(`a schema element says it has ${count} children`);
    const children: Element[] = [];
    const isGroup = fields.field_1 === undefined;
    if (!isGroup && count > 0) throw new Error("a schema element is both a group and a value");
    for (let index = 0; index < count; index++) children.push(element(depth + 1));
    if (!(fields.field_4 instanceof Uint8Array)) throw new Error("a schema element has no name");
    return {
      name: decodeName(decoder, fields.field_4, source),
      physical: isGroup ? undefined : integer(fields.field_1, "type"),
      width: integer(fields.field_2 ?? 0, "length of a fixed type"),
      repetition: fields.field_3 === 1 ? "optional" : fields.field_3 === 2 ? "repeated" : "required",
      children,
      converted: fields.field_6 as number | undefined,
      logical: fields.field_10 as ThriftStruct | undefined,
      scale: integer(fields.field_7 ?? 0, "scale"),
      precision: integer(fields.field_8 ?? 0, "precision"),
    };
  };
  const root = element(0);
  if (next !== list.length) throw new Error(`the schema has ${list.length} elements, but its tree ends after ${next}`);
  if (root.physical !== undefined) throw new Error("the root of the schema is a value");
  const leaves: LeafNode[] = [];
  const names = new Set<string>();
  const columns: ParquetNode[] = [];
  for (const child of root.children) {
    refuseDuplicate(names, child.name, [], source);
    columns.push(toNode(child, { definition: 0, repetition: 0, elementDefinition: 0 }, [], 1, leaves, source));
  }
  return { columns, leaves };
}

function toNode(
  element: Element,
  outer: Levels,
  above: readonly string[],
  depth: number,
  leaves: LeafNode[],
  source: string,
  annotated = false,
): ParquetNode {
  const path = [...above, element.name];
  if (depth > MAX_CONTAINERS) {
    throw new FormatError(
      "too-deep",
      `${source}, column ${quote(path)}: values lie inside more than ${MAX_CONTAINERS} containers`,
      {
        details: { path: source, column: path.join(".") },
      },
    );
  }
  if (element.repetition === "repeated" && !annotated) {
    // A repeated field that no list or map annotation explains: a list of required elements.
    const inside = repeated(outer);
    const item = toNode({ ...element, repetition: "required" }, inside, above, depth + 1, leaves, source);
    return { node: "list", name: element.name, ...outer, nullable: false, element: item };
  }
  const nullable = element.repetition === "optional";
  const levels = { ...outer, definition: outer.definition + (nullable ? 1 : 0) };
  const base = { name: element.name, ...levels, nullable };
  if (element.physical !== undefined) {
    const physical = PHYSICAL_TYPES[element.physical];
    if (physical === undefined) throw new Error(`column ${quote(path)} has the unknown type ${element.physical}`);
    const width = physical === "fixed" ? element.width : 0;
    if (width < 0 || (physical === "fixed" && width > 0x7fffffff))
      throw new Error(`column ${quote(path)} has values of ${width} bytes`);
    const meaning = meaningOf(element, physical, path, source);
    const leaf: LeafNode = { node: "leaf", ...base, leaf: leaves.length, physical, width, meaning, path };
    leaves.push(leaf);
    return leaf;
  }
  const { logical, converted } = element;
  if (logical?.field_16 !== undefined) throw unsupported("variant", path, source);
  if (element.children.length === 0) throw unsupported("group without fields", path, source);
  const isList = logical?.field_3 !== undefined || (logical === undefined && converted === 3);
  const isMap = logical?.field_2 !== undefined || (logical === undefined && (converted === 1 || converted === 2));
  const only = element.children[0] as Element;
  if (isList) {
    if (element.children.length !== 1 || only.repetition !== "repeated")
      throw new Error(`list ${quote(path)} has no repeated field`);
    const inside = repeated(levels);
    const item = only.children[0];
    const standard =
      only.physical === undefined &&
      only.children.length === 1 &&
      item !== undefined &&
      item.repetition !== "repeated" &&
      only.name !== "array" &&
      only.name !== `${element.name}_tuple`;
    const child = standard
      ? toNode(item, inside, [...path, only.name], depth + 1, leaves, source)
      : toNode({ ...only, repetition: "required" }, inside, path, depth + 1, leaves, source);
    return { node: "list", ...base, element: child };
  }
  if (isMap) {
    if (element.children.length !== 1 || only.repetition !== "repeated" || only.physical !== undefined) {
      throw new Error(`map ${quote(path)} has no repeated group`);
    }
    if (only.children.length < 1 || only.children.length > 2)
      throw new Error(`map ${quote(path)} has ${only.children.length} fields`);
    const inside = repeated(levels);
    const inner = [...path, only.name];
    const key = toNode(only.children[0] as Element, inside, inner, depth + 1, leaves, source);
    const second = only.children[1];
    const value = second === undefined ? null : toNode(second, inside, inner, depth + 1, leaves, source);
    return { node: "map", ...base, key, value };
  }
  const names = new Set<string>();
  const fields: ParquetNode[] = [];
  for (const child of element.children) {
    refuseDuplicate(names, child.name, path, source);
    fields.push(toNode(child, levels, path, depth + 1, leaves, source));
  }
  return { node: "struct", ...base, fields };
}

function repeated(levels: Levels): Levels {
  const definition = levels.definition + 1;
  return { definition, repetition: levels.repetition + 1, elementDefinition: definition };
}

/** What the values of a leaf are: the logical type, else the converted type that it replaced, else the physical type. */
function meaningOf(element: Element, physical: PhysicalType, path: readonly string[], source: string): LeafMeaning {
  const { logical } = element;
  const wrong = (what: string): Error => new Error(`column ${quote(path)} is ${what} stored as ${physical}`);
  const expect = (what: string, ...allowed: PhysicalType[]): void => {
    if (!allowed.includes(physical)) throw wrong(what);
  };
  const known = logical === undefined ? undefined : Object.keys(logical)[0];
  const detail = (known === undefined ? {} : logical?.[known as `field_${number}`]) as ThriftStruct;
  switch (known) {
    case undefined:
      return meaningOfConverted(element, physical, path, source);
    case "field_1":
    case "field_4":
    case "field_12":
      expect("text", "binary", "fixed");
      return { as: "text" };
    case "field_5": {
      return decimalOf(integer(detail.field_2, "precision"), integer(detail.field_1, "scale"), physical, path, source);
    }
    case "field_6":
      expect("a date", "int32");
      return { as: "date" };
    case "field_7": {
      const { unit } = clockOf(detail);
      expect(`a time in ${unit}`, unit === "ms" ? "int32" : "int64");
      return { as: "time", unit };
    }
    case "field_8": {
      const { unit, adjusted } = clockOf(detail);
      expect("a timestamp", "int64");
      return { as: adjusted ? "instant" : "timestamp", unit };
    }
    case "field_10": {
      const { field_1: bits, field_2: signed } = detail;
      if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) throw wrong(`an integer of ${String(bits)} bits`);
      expect(`an integer of ${bits} bits`, bits === 64 ? "int64" : "int32");
      return { as: "plain", type: `${signed === false ? "u" : ""}int${bits}` };
    }
    case "field_11":
      return { as: "null" };
    case "field_13":
      expect("BSON", "binary");
      return { as: "bytes", open: false };
    case "field_14":
      if (physical !== "fixed" || element.width !== 16) throw wrong("a UUID");
      return { as: "bytes", open: false };
    case "field_15":
      if (physical !== "fixed" || element.width !== 2) throw wrong("a float16");
      return { as: "plain", type: "float16" };
    case "field_16":
      throw unsupported("variant", path, source);
    case "field_17":
      throw unsupported("geometry", path, source);
    case "field_18":
      throw unsupported("geography", path, source);
    default:
      throw unsupported(`logical type ${known.slice(6)}`, path, source);
  }
}

function meaningOfConverted(
  element: Element,
  physical: PhysicalType,
  path: readonly string[],
  source: string,
): LeafMeaning {
  const wrong = (): Error =>
    new Error(`column ${quote(path)} has the converted type ${element.converted} but is stored as ${physical}`);
  const expect = (allowed: PhysicalType, meaning: LeafMeaning): LeafMeaning => {
    if (physical !== allowed) throw wrong();
    return meaning;
  };
  switch (element.converted) {
    case undefined:
      break;
    case 0:
    case 4:
    case 19:
      if (physical !== "binary" && physical !== "fixed") throw wrong();
      return { as: "text" };
    case 5:
      return decimalOf(element.precision, element.scale, physical, path, source);
    case 6:
      return expect("int32", { as: "date" });
    case 7:
      return expect("int32", { as: "time", unit: "ms" });
    case 8:
      return expect("int64", { as: "time", unit: "us" });
    case 9:
      return expect("int64", { as: "instant", unit: "ms" });
    case 10:
      return expect("int64", { as: "instant", unit: "us" });
    case 11:
    case 12:
    case 13:
    case 15:
    case 16:
    case 17: {
      const bits = 8 << ((element.converted - 11) % 4);
      return expect("int32", { as: "plain", type: `${element.converted < 15 ? "u" : ""}int${bits as 8 | 16 | 32}` });
    }
    case 14:
      return expect("int64", { as: "plain", type: "uint64" });
    case 18:
      return expect("int64", { as: "plain", type: "int64" });
    case 20:
      return expect("binary", { as: "bytes", open: false });
    case 21:
      throw unsupported("interval", path, source);
    default:
      throw unsupported(`converted type ${element.converted}`, path, source);
  }
  switch (physical) {
    case "boolean":
      return { as: "plain", type: "boolean" };
    case "int32":
    case "int64":
      return { as: "plain", type: physical };
    case "float":
      return { as: "plain", type: "float32" };
    case "double":
      return { as: "plain", type: "float64" };
    case "int96":
      return { as: "int96" };
    default:
      return { as: "bytes", open: true };
  }
}

function decimalOf(
  precision: number,
  scale: number,
  physical: PhysicalType,
  path: readonly string[],
  source: string,
): LeafMeaning {
  if (physical !== "int32" && physical !== "int64" && physical !== "binary" && physical !== "fixed") {
    throw new Error(`column ${quote(path)} is a decimal stored as ${physical}`);
  }
  if (precision < 1 || scale < 0 || scale > precision)
    throw new Error(`column ${quote(path)} is decimal(${precision},${scale})`);
  if (precision > 76) throw unsupported(`decimal(${precision},${scale})`, path, source);
  return { as: "decimal", precision, scale };
}

function clockOf(type: ThriftStruct): { unit: TemporalUnit; adjusted: boolean } {
  const unit = type.field_2 as ThriftStruct | undefined;
  if (unit?.field_1 !== undefined) return { unit: "ms", adjusted: type.field_1 === true };
  if (unit?.field_2 !== undefined) return { unit: "us", adjusted: type.field_1 === true };
  if (unit?.field_3 !== undefined) return { unit: "ns", adjusted: type.field_1 === true };
  throw new Error("a time has no unit");
}

/** The stored type of a column, in the words of a declared schema. */
export function storedType(node: ParquetNode, isText: (leaf: LeafNode) => boolean = () => false): ColumnType {
  switch (node.node) {
    case "list":
      return { list: storedType(node.element, isText) };
    case "map":
      return { map: [storedType(node.key, isText), node.value === null ? "null" : storedType(node.value, isText)] };
    case "struct":
      // fromEntries defines own members, so a field named __proto__ is a field like any other.
      return { struct: Object.fromEntries(node.fields.map((field) => [field.name, storedType(field, isText)])) };
    case "leaf": {
      const { meaning } = node;
      switch (meaning.as) {
        case "plain":
          return meaning.type;
        case "decimal":
          return `decimal(${meaning.precision},${meaning.scale})`;
        case "int96":
          return "timestamp";
        case "bytes":
          return meaning.open && isText(node) ? "text" : "bytes";
        default:
          return meaning.as;
      }
    }
  }
}

function integer(value: unknown, what: string): number {
  if (typeof value !== "number") throw new Error(`the ${what} of a schema element is not a number`);
  return value;
}

function quote(path: readonly string[]): string {
  return JSON.stringify(path.join("."));
}

function refuseDuplicate(names: Set<string>, name: string, above: readonly string[], source: string): void {
  if (names.has(name)) {
    throw new FormatError(
      "duplicate-column",
      `${source} has the column ${quote([...above, name])} twice: rename one of them`,
      {
        details: { path: source, column: [...above, name].join(".") },
      },
    );
  }
  names.add(name);
}

function decodeName(decoder: TextDecoder, bytes: Uint8Array, source: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new FormatError("invalid-utf8", `${source}: the name of a column is not UTF-8`, {
      details: { path: source },
      cause,
    });
  }
}

function unsupported(what: string, path: readonly string[], source: string): FormatError {
  return new FormatError(
    "unsupported-type",
    `${source}, column ${quote(path)}: ${what} has no record form; drop or convert the column`,
    {
      details: { path: source, column: path.join("."), type: what },
    },
  );
}
