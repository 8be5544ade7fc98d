/** Values of a column at given places: how dictionaries, runs and list views disappear. */

import type { Column } from "./batch.js";

/** Thrown when values that are taken do not fit in 32-bit offsets; fewer records at once may. */
export class BatchTooLarge extends Error {
  constructor(readonly needed: number) {
    super(`a column takes ${needed} bytes in one batch`);
  }
}

/** Most bytes or elements of one column in one batch; offsets have 32 bits. */
export const MAX_BATCH_OFFSET = 1024 ** 3;

/** The values at `indices`, under another name; −1 is null. Indices must be inside the column. */
export function takeColumn(column: Column, indices: Int32Array, name = column.name): Column {
  const length = indices.length;
  const validity = takeValidity(column, indices);
  const base = { name, length, validity };
  switch (column.type) {
    case "null":
      return { ...base, validity: null, type: "null" };
    case "text":
    case "bytes":
    case "json": {
      const { data, offsets } = takeBytes(column.data, column.offsets, indices);
      return { ...base, type: column.type, offsets, data };
    }
    case "list": {
      const { offsets, elements } = takeRanges(column.offsets, indices);
      return { ...base, type: "list", offsets, child: takeColumn(column.child, elements) };
    }
    case "map": {
      const { offsets, elements } = takeRanges(column.offsets, indices);
      return {
        ...base,
        type: "map",
        offsets,
        keys: takeColumn(column.keys, elements),
        values: takeColumn(column.values, elements),
      };
    }
    case "struct":
      return { ...base, type: "struct", fields: column.fields.map((field) => takeColumn(field, indices)) };
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return {
        ...base,
        type: column.type,
        seconds: takeNumbers(column.seconds, indices),
        nanoseconds: takeNumbers(column.nanoseconds, indices),
      };
    default: {
      if ("scale" in column) {
        const values = Array.from(indices, (index) => (index < 0 ? 0n : (column.values[index] as bigint)));
        return { ...column, ...base, values };
      }
      const values = takeNumbers(column.values as Int32Array, indices);
      return { ...column, ...base, values } as Column;
    }
  }
}

function takeValidity({ type, validity }: Column, indices: Int32Array): Uint8Array | null {
  if (type === "null") return null;
  const bits = new Uint8Array((indices.length + 7) >> 3);
  let all = true;
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    if (index >= 0 && (validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0)) {
      bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
    } else all = false;
  }
  return all ? null : bits;
}

type Numbers = Int32Array | BigInt64Array;

function takeNumbers<A extends Numbers>(values: A, indices: Int32Array): A {
  const Constructor = values.constructor as new (length: number) => A;
  const out = new Constructor(indices.length) as Int32Array;
  const from = values as Int32Array;
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    if (index >= 0) out[at] = from[index] as number;
  }
  return out as A;
}

function takeBytes(
  data: Uint8Array,
  offsets: Int32Array,
  indices: Int32Array,
): { data: Uint8Array; offsets: Int32Array } {
  const taken = rangeOffsets(offsets, indices);
  const out = new Uint8Array(taken[indices.length] as number);
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    if (index < 0) continue;
    const begin = offsets[index] as number;
    const end = offsets[index + 1] as number;
    let to = taken[at] as number;
    if (end - begin > 48) out.set(data.subarray(begin, end), to);
    else for (let from = begin; from < end; from++) out[to++] = data[from] as number;
  }
  return { data: out, offsets: taken };
}

function takeRanges(offsets: Int32Array, indices: Int32Array): { offsets: Int32Array; elements: Int32Array } {
  const taken = rangeOffsets(offsets, indices);
  const elements = new Int32Array(taken[indices.length] as number);
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    if (index < 0) continue;
    const shift = (offsets[index] as number) - (taken[at] as number);
    for (let to = taken[at] as number; to < (taken[at + 1] as number); to++) elements[to] = to + shift;
  }
  return { offsets: taken, elements };
}

function rangeOffsets(offsets: Int32Array, indices: Int32Array): Int32Array {
  const taken = new Int32Array(indices.length + 1);
  let total = 0;
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    if (index >= 0) total += (offsets[index + 1] as number) - (offsets[index] as number);
    if (total > MAX_BATCH_OFFSET) throw new BatchTooLarge(total);
    taken[at + 1] = total;
  }
  return taken;
}
