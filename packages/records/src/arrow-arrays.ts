/**
 * The arrays of a record batch (Arrow columnar format, "RecordBatch message"): its buffers, dealt out to the fields of the
 * schema in their order. Lengths and offsets are claims, checked here against the body and later against the buffers.
 */

import { countAt, type FlatTable } from "./arrow-flatbuffer.js";
import type { ArrowField } from "./arrow-schema.js";
import { decompress } from "./decompression.js";

/** An array as it lies in the body: not yet checked against its length. */
export interface ArrowArray {
  readonly field: ArrowField;
  readonly length: number;
  /** `null` when the batch says that no value is null. */
  readonly validity: Uint8Array | null;
  /** The buffers behind the validity. */
  readonly buffers: readonly Uint8Array[];
  readonly children: readonly ArrowArray[];
}

/** Thrown when a record batch decompresses to more than `maxGroupBytes`. */
export class BodyTooLarge extends Error {
  constructor(readonly needed: number) {
    super(`${needed} bytes`);
  }
}

/** Deals out the buffers of a `RecordBatch` table to `fields`. */
export function arraysOf(
  batch: FlatTable,
  fields: readonly ArrowField[],
  body: Uint8Array,
  maxBytes: number,
): ArrowArray[] {
  const nodes = batch.structs(1, 16);
  const regions = batch.structs(2, 16);
  const variadic = batch.structs(4, 8);
  const compression = batch.table(3);
  const codec = compression === null ? null : compression.int8(0);
  if (codec !== null && codec !== 0 && codec !== 1) throw new Error(`it has the unknown compression ${codec}`);
  if (compression !== null && compression.int8(1) !== 0) throw new Error("its body is compressed in an unknown way");
  let node = 0;
  let region = 0;
  let view = 0;
  let spent = 0;
  const next = (): Uint8Array => {
    const place = regions[region++];
    if (place === undefined) throw new Error(`it has ${regions.length} buffers, fewer than its columns need`);
    const begin = countAt(place, 0);
    const length = countAt(place, 8);
    if (begin + length > body.length)
      throw new Error(`a buffer lies at bytes ${begin} to ${begin + length} of a body of ${body.length}`);
    const stored = body.subarray(begin, begin + length);
    if (codec === null || length === 0) return stored;
    if (length < 8) throw new Error(`a compressed buffer of ${length} bytes`);
    const size = new DataView(stored.buffer, stored.byteOffset, 8).getBigInt64(0, true);
    if (size === -1n) return stored.subarray(8);
    if (size < 0n) throw new Error(`a buffer of ${size} bytes`);
    spent += Number(size);
    if (spent > maxBytes) throw new BodyTooLarge(spent);
    return decompress(codec === 0 ? "LZ4_FRAME" : "ZSTD", stored.subarray(8), Number(size));
  };
  const arrayOf = (field: ArrowField): ArrowArray => {
    const place = nodes[node++];
    if (place === undefined)
      throw new Error(`it has ${nodes.length} columns and parts of columns, fewer than its schema`);
    const length = countAt(place, 0);
    const nulls = place.getBigInt64(8, true);
    const { layout } = field;
    if (field.dictionary === null && (layout.as === "null" || layout.as === "runs")) {
      return {
        field,
        length,
        validity: null,
        buffers: [],
        children: layout.as === "runs" ? field.children.map(arrayOf) : [],
      };
    }
    const bitmap = next();
    const validity = nulls === 0n ? null : bitmap;
    if (validity !== null && validity.length * 8 < length)
      throw new Error(`${JSON.stringify(field.path)} marks fewer values than it has`);
    if (field.dictionary !== null) return { field, length, validity, buffers: [next()], children: [] };
    switch (layout.as) {
      case "struct":
      case "fixed list":
        return { field, length, validity, buffers: [], children: field.children.map(arrayOf) };
      case "list":
      case "map": {
        const offsets = next();
        return { field, length, validity, buffers: [offsets], children: field.children.map(arrayOf) };
      }
      case "list view": {
        const buffers = [next(), next()];
        return { field, length, validity, buffers, children: field.children.map(arrayOf) };
      }
      case "text":
      case "bytes":
        return { field, length, validity, buffers: [next(), next()], children: [] };
      case "text view":
      case "bytes view": {
        const counted = variadic[view++];
        const views = next();
        const count = counted === undefined ? 0 : countAt(counted, 0);
        if (count > regions.length - region)
          throw new Error(`${JSON.stringify(field.path)} says it has ${count} buffers`);
        return { field, length, validity, buffers: [views, ...Array.from({ length: count }, next)], children: [] };
      }
      default:
        return { field, length, validity, buffers: [next()], children: [] };
    }
  };
  const arrays = fields.map(arrayOf);
  if (node !== nodes.length || region !== regions.length) throw new Error("it has more parts than its schema");
  return arrays;
}
