/** Arrays of a record batch as columns: buffers are checked against what they must hold, then copied as they are. */

import type { ArrowArray } from "./arrow-arrays.js";
import type { ArrowField } from "./arrow-schema.js";
import type { Column } from "./batch.js";
import type { DecimalType, FloatType, IntegerType } from "./column-type.js";
import { fromHalf } from "./half-float.js";
import type { KernelColumn } from "./kernel-columns.js";
import { BatchTooLarge, MAX_BATCH_OFFSET, takeColumn } from "./take-column.js";
import { splitSeconds } from "./temporal-parts.js";
import { badValue, type ColumnPlace, refuseInvalidUtf8, refuseOutsideDay, sliceBits } from "./validity.js";

export interface ArrowContext {
  readonly path: string;
  /** Ordinal in the file of value 0 of the batch. */
  readonly firstRecord: number;
  /** The values of a dictionary, all of them. */
  readonly dictionary: (id: bigint) => Column;
  /** Whether a bytes column was declared to be text. */
  readonly isText: (field: ArrowField) => boolean;
}

const DAY_MS = 86_400_000;

/** Values `[begin, end)` of an array. */
export function toColumn(
  array: ArrowArray,
  begin: number,
  end: number,
  context: ArrowContext,
  name = array.field.name,
): Column {
  const { field } = array;
  const length = end - begin;
  if (end > array.length)
    throw new Error(`column ${JSON.stringify(field.path)} has ${array.length} values where ${end} are needed`);
  const validity = array.validity === null ? null : sliceBits(array.validity, begin, end);
  const base = { name, length, validity };
  if (field.dictionary !== null) return fromDictionary(array, begin, end, validity, context, name);
  const place: ColumnPlace = {
    path: context.path,
    column: field.path,
    firstRecord: field.inList ? null : context.firstRecord + begin,
  };
  const { layout } = field;
  switch (layout.as) {
    case "null":
      return { ...base, type: "null" };
    case "boolean":
      return { ...base, type: "boolean", values: unpackBits(array, begin, end) };
    case "number":
      return { ...base, ...numbersOf(layout.type, fixedBytes(array, 0, layout.width, begin, end)) } as Column;
    case "decimal": {
      const { precision, scale, width } = layout;
      const values = integersOf(fixedBytes(array, 0, width, begin, end), width, scale < 0 ? 10n ** BigInt(-scale) : 1n);
      const type: DecimalType = `decimal(${Math.max(scale < 0 ? precision - scale : precision, scale)},${Math.max(scale, 0)})`;
      return { ...base, type, scale: Math.max(scale, 0), values };
    }
    case "date":
      return { ...base, type: "date", values: daysOf(array, layout.width, begin, end, validity, place) };
    case "temporal": {
      const raw = fixedBytes(array, 0, layout.width, begin, end);
      const counts = layout.width === 4 ? new Int32Array(raw.buffer) : new BigInt64Array(raw.buffer);
      const seconds = new BigInt64Array(length);
      const nanoseconds = new Int32Array(length);
      splitSeconds(counts, layout.unit, seconds, nanoseconds);
      if (layout.type === "time") refuseOutsideDay(seconds, validity, place);
      return { ...base, type: layout.type, seconds, nanoseconds };
    }
    case "fixed": {
      const { width } = layout;
      if (length * width > MAX_BATCH_OFFSET) throw new BatchTooLarge(length * width);
      const data = fixedBytes(array, 0, width, begin, end);
      return bytesColumn(
        base,
        Int32Array.from({ length: length + 1 }, (_, index) => index * width),
        data,
        place,
        context.isText(field),
      );
    }
    case "text":
    case "bytes": {
      const { offsets, first, last } = offsetsOf(
        array,
        layout.offsets,
        begin,
        end,
        (array.buffers[1] as Uint8Array).length,
      );
      const data = (array.buffers[1] as Uint8Array).slice(first, last);
      return bytesColumn(base, offsets, data, place, layout.as === "text" || context.isText(field));
    }
    case "text view":
    case "bytes view": {
      const { offsets, data } = bytesOfViews(array, begin, end, validity);
      return bytesColumn(base, offsets, data, place, layout.as === "text view" || context.isText(field));
    }
    case "list": {
      const child = array.children[0] as ArrowArray;
      const { offsets, first, last } = offsetsOf(array, layout.offsets, begin, end, child.length);
      return { ...base, type: "list", offsets, child: toColumn(child, first, last, context) };
    }
    case "fixed list": {
      const { size } = layout;
      if (length * size > MAX_BATCH_OFFSET) throw new BatchTooLarge(length * size);
      const offsets = Int32Array.from({ length: length + 1 }, (_, index) => index * size);
      return {
        ...base,
        type: "list",
        offsets,
        child: toColumn(array.children[0] as ArrowArray, begin * size, end * size, context),
      };
    }
    case "list view":
      return fromListView(array, layout.offsets, begin, end, validity, context, name);
    case "map": {
      const entries = array.children[0] as ArrowArray;
      const [keys, values] = entries.children as [ArrowArray, ArrowArray];
      const { offsets, first, last } = offsetsOf(array, 4, begin, end, entries.length);
      return {
        ...base,
        type: "map",
        offsets,
        keys: toColumn(keys, first, last, context),
        values: toColumn(values, first, last, context),
      };
    }
    case "struct":
      return { ...base, type: "struct", fields: array.children.map((child) => toColumn(child, begin, end, context)) };
    case "runs":
      return fromRuns(array, begin, end, context, name);
  }
}

/** The same for the column kernel: times, texts and indices of dictionaries as they are stored. */
export function toKernelColumn(array: ArrowArray, begin: number, end: number, context: ArrowContext): KernelColumn {
  const { field } = array;
  const { layout, name } = field;
  const length = end - begin;
  if (end > array.length || begin === end) return toColumn(array, begin, end, context);
  const validity = () => (array.validity === null ? null : sliceBits(array.validity, begin, end));
  if (field.dictionary !== null) {
    const values = context.dictionary(field.dictionary.id);
    if ((values.type !== "text" && values.type !== "bytes") || values.validity !== null)
      return toColumn(array, begin, end, context);
    const present = validity();
    const indices = indicesOf(array, begin, end, present, values.length);
    return { name, length, validity: present, type: "dictionary", indices, values };
  }
  if (layout.as === "temporal") {
    const raw = fixedBytes(array, 0, layout.width, begin, end);
    const counts = layout.width === 4 ? new Int32Array(raw.buffer) : new BigInt64Array(raw.buffer);
    return { name, length, validity: validity(), type: "counts", of: layout.type, unit: layout.unit, counts };
  }
  if ((layout.as === "text" || layout.as === "bytes") && layout.offsets === 4) {
    const offsets = new Int32Array(fixedBytes(array, 0, 4, begin, end + 1).buffer);
    const data = array.buffers[1] as Uint8Array;
    const of = layout.as === "text" || context.isText(field) ? "text" : "bytes";
    return { name, length, validity: validity(), type: "unchecked", of, offsets, data };
  }
  return toColumn(array, begin, end, context);
}

/** A copy of values `[begin, end)` of `width` bytes each, at the start of a buffer of its own. */
function fixedBytes(
  array: ArrowArray,
  buffer: number,
  width: number,
  begin: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const bytes = array.buffers[buffer] as Uint8Array;
  if (end * width > bytes.length) {
    throw new Error(
      `column ${JSON.stringify(array.field.path)} has ${bytes.length} bytes where ${end * width} are needed`,
    );
  }
  return bytes.slice(begin * width, end * width) as Uint8Array<ArrayBuffer>;
}

function unpackBits(array: ArrowArray, begin: number, end: number): Uint8Array {
  const bits = array.buffers[0] as Uint8Array;
  if (bits.length * 8 < end)
    throw new Error(`column ${JSON.stringify(array.field.path)} has ${bits.length * 8} values where ${end} are needed`);
  const values = new Uint8Array(end - begin);
  for (let index = begin; index < end; index++)
    values[index - begin] = ((bits[index >> 3] as number) >> (index & 7)) & 1;
  return values;
}

function numbersOf(
  type: IntegerType | FloatType,
  { buffer }: Uint8Array<ArrayBuffer>,
): { type: typeof type; values: ArrayLike<number | bigint> } {
  switch (type) {
    case "float16":
      return { type, values: Float32Array.from(new Uint16Array(buffer), fromHalf) };
    default:
      return { type, values: new NUMBER_ARRAYS[type](buffer) };
  }
}

const NUMBER_ARRAYS = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Little-endian two's complement integers of `width` bytes. */
function integersOf(bytes: Uint8Array, width: number, factor: bigint): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / width }, (_, index) => {
    const at = index * width;
    if (width === 4) return BigInt(view.getInt32(at, true)) * factor;
    let value = view.getBigInt64(at + width - 8, true);
    for (let word = width - 16; word >= 0; word -= 8) value = (value << 64n) | view.getBigUint64(at + word, true);
    return value * factor;
  });
}

function daysOf(
  array: ArrowArray,
  width: 4 | 8,
  begin: number,
  end: number,
  validity: Uint8Array | null,
  place: ColumnPlace,
): Int32Array {
  const { buffer } = fixedBytes(array, 0, width, begin, end);
  if (width === 4) return new Int32Array(buffer);
  const milliseconds = new BigInt64Array(buffer);
  const days = new Int32Array(milliseconds.length);
  for (let index = 0; index < days.length; index++) {
    if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
    const value = Number(milliseconds[index]);
    const day = value / DAY_MS;
    if (!Number.isInteger(day) || day < -(2 ** 31) || day >= 2 ** 31) {
      throw badValue(
        "bad-value",
        place,
        index,
        `${milliseconds[index]} milliseconds is no whole day; store it as a timestamp`,
      );
    }
    days[index] = day;
  }
  return days;
}

function bytesColumn(
  base: { name: string; length: number; validity: Uint8Array | null },
  offsets: Int32Array,
  data: Uint8Array,
  place: ColumnPlace,
  isText: boolean,
): Column {
  if (isText) refuseInvalidUtf8(data, offsets, base.validity, place);
  return { ...base, type: isText ? "text" : "bytes", offsets, data };
}

/** Offsets `[begin, end]`, moved so that the first is 0. They must ascend and stay below `limit`. */
function offsetsOf(
  array: ArrowArray,
  width: 4 | 8,
  begin: number,
  end: number,
  limit: number,
): { offsets: Int32Array; first: number; last: number } {
  const offsets = new Int32Array(end - begin + 1);
  // An empty array may come without its one offset.
  if (begin === end) return { offsets, first: 0, last: 0 };
  const bytes = fixedBytes(array, 0, width, begin, end + 1);
  const stored = width === 4 ? new Int32Array(bytes.buffer) : new BigInt64Array(bytes.buffer);
  const first = Number(stored[0]);
  let before = first;
  if (first < 0) throw new Error(`column ${JSON.stringify(array.field.path)} has the offset ${first}`);
  for (let index = 0; index < stored.length; index++) {
    const offset = Number(stored[index]);
    if (offset < before || offset > limit)
      throw new Error(
        `column ${JSON.stringify(array.field.path)} has the offset ${offset} behind ${before}, of ${limit}`,
      );
    if (offset - first > MAX_BATCH_OFFSET) throw new BatchTooLarge(offset - first);
    offsets[index] = offset - first;
    before = offset;
  }
  return { offsets, first, last: before };
}

/** Views (Arrow columnar format, "Variable-size Binary View Layout"): 12 bytes inline, or a place in one of the buffers. */
function bytesOfViews(
  array: ArrowArray,
  begin: number,
  end: number,
  validity: Uint8Array | null,
): { offsets: Int32Array; data: Uint8Array } {
  const raw = fixedBytes(array, 0, 16, begin, end);
  const view = new DataView(raw.buffer);
  const offsets = new Int32Array(end - begin + 1);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let index = 0; index < end - begin; index++) {
    if (validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0) {
      const at = 16 * index;
      const length = view.getInt32(at, true);
      const from = length > 12 ? view.getInt32(at + 12, true) : at + 4;
      const source = length > 12 ? array.buffers[1 + view.getInt32(at + 8, true)] : raw;
      if (source === undefined || length < 0 || from < 0 || from + length > source.length) {
        throw new Error(`column ${JSON.stringify(array.field.path)} has a view outside its buffers`);
      }
      total += length;
      if (total > MAX_BATCH_OFFSET) throw new BatchTooLarge(total);
      pieces.push(source.subarray(from, from + length));
    }
    offsets[index + 1] = total;
  }
  const data = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return { offsets, data };
}

function fromDictionary(
  array: ArrowArray,
  begin: number,
  end: number,
  validity: Uint8Array | null,
  context: ArrowContext,
  name: string,
): Column {
  const dictionary = context.dictionary((array.field.dictionary as { id: bigint }).id);
  const indices = indicesOf(array, begin, end, validity, dictionary.length);
  return takeColumn(dictionary, indices, name);
}

/** Places in a dictionary of `size` values; −1 where a value is null. */
function indicesOf(
  array: ArrowArray,
  begin: number,
  end: number,
  validity: Uint8Array | null,
  size: number,
): Int32Array {
  const { width, signed } = array.field.dictionary as NonNullable<ArrowField["dictionary"]>;
  const type: IntegerType = `${signed ? "" : "u"}int${(width * 8) as 8 | 16 | 32 | 64}`;
  const stored = numbersOf(type, fixedBytes(array, 0, width, begin, end)).values;
  const indices = new Int32Array(end - begin);
  for (let index = 0; index < indices.length; index++) {
    if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) {
      indices[index] = -1;
      continue;
    }
    const at = Number(stored[index]);
    if (at < 0 || at >= size) {
      throw new Error(
        `column ${JSON.stringify(array.field.path)} has the dictionary index ${at}, but the dictionary has ${size} values`,
      );
    }
    indices[index] = at;
  }
  return indices;
}

function fromRuns(array: ArrowArray, begin: number, end: number, context: ArrowContext, name: string): Column {
  const [ends, values] = array.children as [ArrowArray, ArrowArray];
  const width = (ends.field.layout as { width: 2 | 4 | 8 }).width;
  const stored = numbersOf(`int${(width * 8) as 16 | 32 | 64}`, fixedBytes(ends, 0, width, 0, ends.length)).values;
  const indices = new Int32Array(end - begin);
  let run = 0;
  let before = 0;
  let next = 0;
  for (let index = begin; index < end; run++) {
    if (run >= stored.length)
      throw new Error(`column ${JSON.stringify(array.field.path)} has runs for ${before} of ${end} values`);
    next = Number(stored[run]);
    if (next <= before)
      throw new Error(`column ${JSON.stringify(array.field.path)} has a run that ends at ${next}, behind ${before}`);
    for (; index < Math.min(next, end); index++) indices[index - begin] = run;
    before = next;
  }
  const last = indices.length === 0 ? -1 : (indices[indices.length - 1] as number);
  return takeColumn(toColumn(values, 0, last + 1, context), indices, name);
}

function fromListView(
  array: ArrowArray,
  width: 4 | 8,
  begin: number,
  end: number,
  validity: Uint8Array | null,
  context: ArrowContext,
  name: string,
): Column {
  const child = array.children[0] as ArrowArray;
  const type = width === 4 ? "int32" : "int64";
  const starts = numbersOf(type, fixedBytes(array, 0, width, begin, end)).values;
  const sizes = numbersOf(type, fixedBytes(array, 1, width, begin, end)).values;
  const length = end - begin;
  const offsets = new Int32Array(length + 1);
  let low = child.length;
  let high = 0;
  let total = 0;
  const present = (index: number): boolean =>
    validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0;
  for (let index = 0; index < length; index++) {
    const [start, size] = [Number(starts[index]), Number(sizes[index])];
    if (present(index) && size !== 0) {
      if (start < 0 || size < 0 || start + size > child.length)
        throw new Error(`column ${JSON.stringify(array.field.path)} has a list outside its values`);
      total += size;
      if (total > MAX_BATCH_OFFSET) throw new BatchTooLarge(total);
      low = Math.min(low, start);
      high = Math.max(high, start + size);
    }
    offsets[index + 1] = total;
  }
  const indices = new Int32Array(total);
  for (let index = 0, at = 0; index < length; index++) {
    if (!present(index)) continue;
    const [start, size] = [Number(starts[index]), Number(sizes[index])];
    for (let element = 0; element < size; element++) indices[at++] = start - low + element;
  }
  const values = takeColumn(toColumn(child, Math.min(low, high), high, context), indices);
  return { name, length, validity, type: "list", offsets, child: values };
}
