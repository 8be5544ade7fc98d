/**
 * Records from levels (Melnik et al., "Dremel: Interactive Analysis of Web-Scale Datasets", §4.3, the other way round):
 * the lists, structs and nulls of a run of records, as Arrow lays them out.
 *
 * A node has a slot for each entry of its levels that does not repeat inside it (repetition ≤ its own) and whose
 * surrounding list has an element there (definition ≥ elementDefinition). Any leaf below a node gives the same slots, so
 * the first is asked, and the others must agree.
 */

import type { Column, DecimalColumn } from "./batch.js";
import type { DecimalType, FloatType, IntegerType } from "./column-type.js";
import { fromHalf } from "./half-float.js";
import type { KernelColumn } from "./kernel-columns.js";
import { byteWidth, type LeafValues } from "./parquet-encoding.js";
import type { LeafColumn } from "./parquet-pages.js";
import type { LeafNode, ParquetNode } from "./parquet-schema.js";
import { splitSeconds } from "./temporal-parts.js";
import { badValue, type ColumnPlace, refuseInvalidUtf8, refuseOutsideDay } from "./validity.js";

/** The part of a leaf that belongs to a run of records. */
export interface LeafSlice {
  readonly column: LeafColumn;
  readonly begin: number;
  readonly end: number;
  /** First value in it. */
  readonly value: number;
}

export interface ColumnContext {
  readonly path: string;
  readonly firstRecord: number;
  readonly slices: readonly (LeafSlice | undefined)[];
  readonly isText: (leaf: LeafNode) => boolean;
}

/** Days from 1970-01-01 back to the epoch of Julian days, which INT96 counts. */
const JULIAN_EPOCH_DAYS = 2_440_588;

/** Builds the column of a node for the records of the slices. */
export function buildColumn(node: ParquetNode, context: ColumnContext): Column {
  switch (node.node) {
    case "leaf":
      return buildLeaf(node, context);
    case "struct": {
      const { count, validity } = slotsOf(node, context);
      const fields = node.fields.map((field) => sameLength(buildColumn(field, context), count, field.name));
      return { name: node.name, length: count, validity, type: "struct", fields };
    }
    case "list": {
      const { count, validity, offsets, elements } = listOf(node, context);
      const child = sameLength(buildColumn(node.element, context), elements, node.name);
      return { name: node.name, length: count, validity, type: "list", offsets, child };
    }
    case "map": {
      const { count, validity, offsets, elements } = listOf(node, context);
      const keys = sameLength(buildColumn(node.key, context), elements, node.name);
      const values: Column =
        node.value === null
          ? { name: "value", length: elements, validity: null, type: "null" }
          : sameLength(buildColumn(node.value, context), elements, node.name);
      return { name: node.name, length: count, validity, type: "map", offsets, keys, values };
    }
  }
}

/** The same for the column kernel: times as they are counted, and numbers without nulls where they lie. */
export function buildKernelColumn(node: ParquetNode, context: ColumnContext): KernelColumn {
  if (node.node !== "leaf" || node.path.length > 1 || node.repetition > 0) return buildColumn(node, context);
  const { physical, meaning, name } = node;
  if (meaning.as === "time" || meaning.as === "timestamp" || meaning.as === "instant") {
    const { spread } = spreadOf(node, context);
    const { count: length, validity } = spread;
    const room = () => (physical === "int32" ? new Int32Array(length) : new BigInt64Array(length));
    const counts = validity === null ? storedNumbers<Int32Array>(spread) : spreadNumbers(spread, room() as Int32Array);
    return { name, length, validity, type: "counts", of: meaning.as, unit: meaning.unit, counts };
  }
  if (meaning.as === "plain" && STORED_AS[meaning.type as string] === physical) {
    const { spread } = spreadOf(node, context);
    const { count: length, validity } = spread;
    if (validity === null)
      return { name, length, validity, type: meaning.type, values: storedNumbers(spread) } as Column;
  }
  if (physical === "binary" && (meaning.as === "text" || meaning.as === "bytes")) {
    const { spread } = spreadOf(node, context);
    const { count: length, validity } = spread;
    const of = meaning.as === "text" || (meaning.open && context.isText(node)) ? "text" : "bytes";
    const { offsets, begin, end } = textOffsets(node, spread);
    return { name, length, validity, type: "unchecked", of, offsets, data: spread.values.bytes.subarray(begin, end) };
  }
  return buildColumn(node, context);
}

/** Types of numbers that are stored as they are. */
const STORED_AS: Readonly<Record<string, string>> = {
  int32: "int32",
  int64: "int64",
  float32: "float",
  float64: "double",
};

/** The numbers of a run without nulls, where they lie. */
function storedNumbers<A>({ values, first, present }: Spread): A {
  return (values.numbers as Float64Array).subarray(first, first + present) as A;
}

function sameLength(column: Column, expected: number, name: string): Column {
  if (column.length !== expected)
    throw new Error(`${JSON.stringify(name)} has ${column.length} values where ${expected} are expected`);
  return column;
}

function firstLeaf(node: ParquetNode): LeafNode {
  let at = node;
  while (at.node !== "leaf")
    at = at.node === "struct" ? (at.fields[0] as ParquetNode) : at.node === "list" ? at.element : at.key;
  return at;
}

function sliceOf(leaf: LeafNode, context: ColumnContext): LeafSlice {
  return context.slices[leaf.leaf] as LeafSlice;
}

/** A growing bitmap; `null` in the end when every bit was set. */
class Bits {
  #bytes: Uint8Array;
  #clear = false;
  constructor(capacity: number) {
    this.#bytes = new Uint8Array((capacity + 7) >> 3);
  }
  set(index: number, present: boolean): void {
    if (present) this.#bytes[index >> 3] = (this.#bytes[index >> 3] as number) | (1 << (index & 7));
    else this.#clear = true;
  }
  result(count: number): Uint8Array | null {
    return this.#clear ? this.#bytes.slice(0, (count + 7) >> 3) : null;
  }
}

function slotsOf(node: ParquetNode, context: ColumnContext): { count: number; validity: Uint8Array | null } {
  const { column, begin, end } = sliceOf(firstLeaf(node), context);
  const { definition, repetition } = column;
  const bits = new Bits(end - begin);
  let count = 0;
  for (let index = begin; index < end; index++) {
    if (repetition !== null && (repetition[index] as number) > node.repetition) continue;
    const level = definition === null ? 0 : (definition[index] as number);
    if (level < node.elementDefinition) continue;
    bits.set(count++, level >= node.definition);
  }
  return { count, validity: bits.result(count) };
}

function listOf(
  node: ParquetNode,
  context: ColumnContext,
): { count: number; validity: Uint8Array | null; offsets: Int32Array; elements: number } {
  const { column, begin, end } = sliceOf(firstLeaf(node), context);
  // A leaf below a list has both kinds of levels.
  const definition = column.definition as Uint8Array;
  const repetition = column.repetition as Uint8Array;
  const offsets = new Int32Array(end - begin + 1);
  const bits = new Bits(end - begin);
  let count = 0;
  let elements = 0;
  for (let index = begin; index < end; index++) {
    const level = definition[index] as number;
    const repeats = repetition[index] as number;
    if (repeats <= node.repetition && level >= node.elementDefinition) {
      offsets[count] = elements;
      bits.set(count++, level >= node.definition);
    }
    if (level > node.definition && repeats <= node.repetition + 1) {
      if (count === 0) throw new Error(`${JSON.stringify(node.name)} begins inside a list`);
      elements++;
    }
  }
  offsets[count] = elements;
  return { count, validity: bits.result(count), offsets: offsets.slice(0, count + 1), elements };
}

function buildLeaf(leaf: LeafNode, context: ColumnContext): Column {
  const { spread, place } = spreadOf(leaf, context);
  return convert(leaf, spread, place, context.isText(leaf));
}

/** The slots of a leaf: which are present, and how many values that takes. */
function spreadOf(leaf: LeafNode, context: ColumnContext): { spread: Spread; place: ColumnPlace } {
  const { column, begin, end, value } = sliceOf(leaf, context);
  const { definition, values } = column;
  let count = end - begin;
  let validity: Uint8Array | null = null;
  let present = count;
  if (definition !== null) {
    const bits = new Bits(count);
    count = 0;
    present = 0;
    for (let index = begin; index < end; index++) {
      const level = definition[index] as number;
      if (level < leaf.elementDefinition) continue;
      const isPresent = level === leaf.definition;
      if (isPresent) present++;
      bits.set(count++, isPresent);
    }
    validity = bits.result(count);
  }
  const place: ColumnPlace = {
    path: context.path,
    column: leaf.path.join("."),
    firstRecord: leaf.repetition === 0 ? context.firstRecord : null,
  };
  if (value + present > values.length)
    throw new Error(`${place.column} has ${values.length} values where ${value + present} are needed`);
  return { spread: { values, first: value, present, count, validity }, place };
}

/** Values `[first, first + present)`, to be spread over `count` slots. */
interface Spread {
  readonly values: LeafValues;
  readonly first: number;
  readonly present: number;
  readonly count: number;
  readonly validity: Uint8Array | null;
}

function convert(leaf: LeafNode, spread: Spread, place: ColumnPlace, asText: boolean): Column {
  const { count: length, validity } = spread;
  const { meaning, name } = leaf;
  const base = { name, length, validity };
  switch (meaning.as) {
    case "null":
      if (spread.present > 0)
        throw new Error(`${place.column} says that all its values are null, but has ${spread.present}`);
      return { ...base, validity: null, type: "null" };
    case "text":
      return toBytes(leaf, spread, place, true);
    case "bytes":
      return toBytes(leaf, spread, place, meaning.open && asText);
    case "date":
      return { ...base, type: "date", values: spreadNumbers(spread, new Int32Array(length)) };
    case "decimal":
      return toDecimal(leaf, meaning.precision, meaning.scale, spread);
    case "int96":
      return fromInt96(base, spread);
    case "time":
    case "timestamp":
    case "instant": {
      const raw = leaf.physical === "int32" ? new Int32Array(length) : new BigInt64Array(length);
      spreadNumbers(spread, raw as Int32Array);
      const seconds = new BigInt64Array(length);
      const nanoseconds = new Int32Array(length);
      splitSeconds(raw, meaning.unit, seconds, nanoseconds);
      if (meaning.as === "time") refuseOutsideDay(seconds, validity, place);
      return { ...base, type: meaning.as, seconds, nanoseconds };
    }
    case "plain":
      return toPlain(meaning.type as "boolean" | IntegerType | FloatType, spread, place, base);
  }
}

/** Puts the present values into their slots; the others stay 0. */
function spreadNumbers<A extends Int32Array | BigInt64Array | Float32Array | Float64Array>(spread: Spread, out: A): A {
  const { values, first, present, count, validity } = spread;
  const source = values.numbers as Int32Array;
  const target = out as Int32Array;
  if (validity === null) {
    target.set(source.subarray(first, first + present));
    return out;
  }
  if (out instanceof BigInt64Array) {
    // By halves, so that no bigint is made.
    const wide = values.numbers as BigInt64Array;
    const from = new Int32Array(wide.buffer, wide.byteOffset, 2 * wide.length);
    const to = new Int32Array(out.buffer, out.byteOffset, 2 * out.length);
    for (let index = 0, next = 2 * first; index < count; index++) {
      if (((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
      to[2 * index] = from[next++] as number;
      to[2 * index + 1] = from[next++] as number;
    }
    return out;
  }
  for (let index = 0, next = first; index < count; index++) {
    if (((validity[index >> 3] as number) & (1 << (index & 7))) !== 0) target[index] = source[next++] as number;
  }
  return out;
}

type Base = Pick<Column, "name" | "length" | "validity">;

const narrow = { int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767], uint16: [0, 65535] } as const;

function toPlain(type: "boolean" | IntegerType | FloatType, spread: Spread, place: ColumnPlace, base: Base): Column {
  const { count, validity } = spread;
  switch (type) {
    case "boolean":
      return { ...base, type, values: spreadFixed(spread, 1) };
    case "float16": {
      const raw = spreadFixed(spread, 2);
      const values = new Float32Array(count);
      for (let index = 0; index < count; index++)
        values[index] = fromHalf((raw[2 * index] as number) | ((raw[2 * index + 1] as number) << 8));
      return { ...base, type, values };
    }
    case "float32":
      return { ...base, type, values: spreadNumbers(spread, new Float32Array(count)) };
    case "float64":
      return { ...base, type, values: spreadNumbers(spread, new Float64Array(count)) };
    case "int64":
      return { ...base, type, values: spreadNumbers(spread, new BigInt64Array(count)) };
    case "uint64":
      return { ...base, type, values: new BigUint64Array(spreadNumbers(spread, new BigInt64Array(count)).buffer) };
    case "int32":
      return { ...base, type, values: spreadNumbers(spread, new Int32Array(count)) };
    case "uint32":
      return { ...base, type, values: new Uint32Array(spreadNumbers(spread, new Int32Array(count)).buffer) };
    default: {
      const wide = spreadNumbers(spread, new Int32Array(count));
      const [low, high] = narrow[type];
      for (let index = 0; index < count; index++) {
        const value = wide[index] as number;
        if (value >= low && value <= high) continue;
        if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
        throw badValue("bad-value", place, index, `${value} is no ${type}, as the column says it is`);
      }
      const Narrow = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array }[type];
      return { ...base, type, values: Narrow.from(wide) };
    }
  }
}

function spreadFixed(spread: Spread, width: number): Uint8Array {
  const { values, first, present, count, validity } = spread;
  if (validity === null) return values.bytes.slice(first * width, (first + present) * width);
  const out = new Uint8Array(count * width);
  for (let index = 0, next = first * width; index < count; index++) {
    if (((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
    for (let byte = 0; byte < width; byte++) out[index * width + byte] = values.bytes[next + byte] as number;
    next += width;
  }
  return out;
}

/** Text and bytes: present values lie one behind the other, so their bytes are copied at once. */
function toBytes(leaf: LeafNode, spread: Spread, place: ColumnPlace, isText: boolean): Column {
  const { values, count, validity } = spread;
  const { offsets, begin, end } = textOffsets(leaf, spread);
  const data = values.bytes.slice(begin, end);
  if (isText) refuseInvalidUtf8(data, offsets, validity, place);
  return { name: leaf.name, length: count, validity, type: isText ? "text" : "bytes", offsets, data };
}

/** Offsets into the bytes of a run, which are `[begin, end)` of all. */
function textOffsets(
  leaf: LeafNode,
  { values, first, present, count, validity }: Spread,
): { readonly offsets: Int32Array; readonly begin: number; readonly end: number } {
  const width = byteWidth(leaf);
  const isBinary = leaf.physical === "binary";
  const begin = isBinary ? (values.offsets[first] as number) : first * width;
  const end = isBinary ? (values.offsets[first + present] as number) : (first + present) * width;
  const offsets = new Int32Array(count + 1);
  if (isBinary && validity === null) {
    const stored = values.offsets.subarray(first, first + present + 1);
    for (let index = 1; index <= count; index++) offsets[index] = (stored[index] as number) - begin;
    return { offsets, begin, end };
  }
  for (let index = 0, next = first; index < count; index++) {
    if (validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0) next++;
    offsets[index + 1] = (isBinary ? (values.offsets[next] as number) : next * width) - begin;
  }
  return { offsets, begin, end };
}

function toDecimal(leaf: LeafNode, precision: number, scale: number, spread: Spread): DecimalColumn {
  const { values, first, count, validity } = spread;
  const width = byteWidth(leaf);
  const out: bigint[] = new Array<bigint>(count).fill(0n);
  for (let index = 0, next = first; index < count; index++) {
    if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
    if (values.numbers !== null) out[index] = BigInt(values.numbers[next] as number | bigint);
    else if (leaf.physical === "binary")
      out[index] = bigEndian(values.bytes, values.offsets[next] as number, values.offsets[next + 1] as number);
    else out[index] = bigEndian(values.bytes, next * width, (next + 1) * width);
    next++;
  }
  const type: DecimalType = `decimal(${precision},${scale})`;
  return { name: leaf.name, length: count, validity, type, scale, values: out };
}

/** Most bytes of a decimal: 76 digits take 32. */
const MAX_DECIMAL_BYTES = 64;

function bigEndian(bytes: Uint8Array, begin: number, end: number): bigint {
  if (end - begin > MAX_DECIMAL_BYTES) throw new Error(`a decimal of ${end - begin} bytes`);
  let value = 0n;
  for (let at = begin; at < end; at++) value = (value << 8n) | BigInt(bytes[at] as number);
  return BigInt.asIntN((end - begin) * 8, value);
}

/** INT96: nanoseconds within the day (8 bytes) and the Julian day (4 bytes), little-endian. */
function fromInt96(base: Base, spread: Spread): Column {
  const { count } = spread;
  const raw = spreadFixed(spread, 12);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const seconds = new BigInt64Array(count);
  const nanoseconds = new Int32Array(count);
  const inDay = new BigInt64Array(count);
  for (let index = 0; index < count; index++) inDay[index] = view.getBigInt64(12 * index, true);
  splitSeconds(inDay, "ns", seconds, nanoseconds);
  for (let index = 0; index < count; index++) {
    seconds[index] =
      (seconds[index] as bigint) + BigInt((view.getInt32(12 * index + 8, true) - JULIAN_EPOCH_DAYS) * 86_400);
  }
  return { ...base, type: "timestamp", seconds, nanoseconds };
}
