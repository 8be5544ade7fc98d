/** Columns one behind the other: the pieces of a dictionary become one. */

import type { Column } from "./batch.js";
import { BatchTooLarge, MAX_BATCH_OFFSET } from "./take-column.js";

/** The values of all columns in order, under the name of the first. All have the same type. */
export function concatColumns(columns: readonly Column[]): Column {
  const first = columns[0] as Column;
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  const bits = new Uint8Array((length + 7) >> 3);
  let at = 0;
  for (const { validity, length: count } of columns) {
    for (let index = 0; index < count; index++, at++) {
      const present = validity === null || ((validity[index >> 3] as number) & (1 << (index & 7))) !== 0;
      if (present) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
    }
  }
  const validity = columns.every((column) => column.validity === null) ? null : bits;
  const base = { name: first.name, length, validity };
  const all = <Key extends string>(key: Key): never[] =>
    columns.map((column) => (column as unknown as Record<Key, never>)[key]);
  switch (first.type) {
    case "null":
      return { ...base, validity: null, type: "null" };
    case "text":
    case "bytes":
    case "json":
      return {
        ...base,
        type: first.type,
        offsets: joinOffsets(all("offsets")),
        data: joinArrays<Uint8Array>(all("data")),
      };
    case "list":
      return { ...base, type: "list", offsets: joinOffsets(all("offsets")), child: concatColumns(all("child")) };
    case "map":
      return {
        ...base,
        type: "map",
        offsets: joinOffsets(all("offsets")),
        keys: concatColumns(all("keys")),
        values: concatColumns(all("values")),
      };
    case "struct":
      return {
        ...base,
        type: "struct",
        fields: first.fields.map((_, field) =>
          concatColumns((all("fields") as Column[][]).map((fields) => fields[field] as Column)),
        ),
      };
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return {
        ...base,
        type: first.type,
        seconds: joinArrays<BigInt64Array>(all("seconds")),
        nanoseconds: joinArrays<Int32Array>(all("nanoseconds")),
      };
    default:
      if ("scale" in first) return { ...first, ...base, values: (all("values") as bigint[][]).flat() };
      return { ...first, ...base, values: joinArrays<Int32Array>(all("values")) } as Column;
  }
}

function joinArrays<A extends Uint8Array | Int32Array | BigInt64Array>(arrays: readonly A[]): A {
  const first = arrays[0] as A;
  const out = new (first.constructor as new (length: number) => Int32Array)(
    arrays.reduce((sum, array) => sum + array.length, 0),
  );
  let at = 0;
  for (const array of arrays) {
    out.set(array as Int32Array, at);
    at += array.length;
  }
  return out as unknown as A;
}

function joinOffsets(arrays: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(arrays.reduce((sum, array) => sum + array.length - 1, 1));
  let at = 0;
  let base = 0;
  for (const array of arrays) {
    for (let index = 1; index < array.length; index++) out[++at] = base + (array[index] as number);
    base += array[array.length - 1] as number;
    if (base > MAX_BATCH_OFFSET) throw new BatchTooLarge(base);
  }
  return out;
}
