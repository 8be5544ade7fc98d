/** Values of columns in the notation of `expected.json` of the interoperation fixtures (`test/interop/make-fixtures.py`). */

import { readFileSync } from "node:fs";
import type { Batch, Column } from "../src/batch.js";
import { isPresent } from "../src/batch.js";
import type { ByteSource, FileIndex, FormatReader, PlacedBatch, ReadOptions } from "../src/reader.js";

export const fixtures = new URL("../../../test/fixtures/interop/", import.meta.url);

export function bytesSource(bytes: Uint8Array, path = "data"): ByteSource {
  return {
    path,
    size: bytes.length,
    async read(begin, end) {
      if (!(begin >= 0 && begin <= end && end <= bytes.length))
        throw new RangeError(`read(${begin}, ${end}) of ${bytes.length}`);
      return bytes.subarray(begin, end);
    },
  };
}

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, fixtures)));
}

export async function readAll(
  reader: FormatReader,
  source: ByteSource,
  options: Partial<ReadOptions> = {},
): Promise<{ index: FileIndex; batches: PlacedBatch[] }> {
  const index = await reader.index(source, options);
  const batches: PlacedBatch[] = [];
  for (const part of index.parts) {
    // Parts travel to workers, so they must survive being plain data.
    const travelled = JSON.parse(JSON.stringify(part)) as typeof part;
    for await (const batch of reader.read(source, index, travelled, { types: {}, ...options })) batches.push(batch);
  }
  return { index, batches };
}

export function recordsOf(batch: Batch): Record<string, unknown>[] {
  return Array.from({ length: batch.length }, (_, index) =>
    Object.fromEntries(batch.columns.map((column) => [column.name, cellOf(column, index)])),
  );
}

export function cellOf(column: Column, index: number): unknown {
  if (!isPresent(column, index)) return null;
  switch (column.type) {
    case "null":
      return null;
    case "boolean":
      return column.values[index] === 1;
    case "text":
      return `text:${new TextDecoder("utf-8", { ignoreBOM: true }).decode(column.data.subarray(column.offsets[index], column.offsets[index + 1]))}`;
    case "bytes":
    case "json":
      return `bytes:${Buffer.from(column.data.subarray(column.offsets[index], column.offsets[index + 1])).toString("hex")}`;
    case "date":
      return `date:${column.values[index]}`;
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return `${column.type}:${column.seconds[index]}:${column.nanoseconds[index]}`;
    case "list":
      return range(column.offsets, index).map((at) => cellOf(column.child, at));
    case "map":
      return { map: range(column.offsets, index).map((at) => [cellOf(column.keys, at), cellOf(column.values, at)]) };
    case "struct":
      return { struct: Object.fromEntries(column.fields.map((field) => [field.name, cellOf(field, index)])) };
    case "float16":
    case "float32":
    case "float64": {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, column.values[index] as number);
      return `float:${view.getBigUint64(0).toString(16).padStart(16, "0")}`;
    }
    default:
      if ("scale" in column) return `decimal:${column.values[index]}:${column.scale}`;
      return `number:${(column as { values: ArrayLike<number | bigint> }).values[index]}`;
  }
}

function range(offsets: Int32Array, index: number): number[] {
  const [begin, end] = [offsets[index] as number, offsets[index + 1] as number];
  return Array.from({ length: end - begin }, (_, at) => begin + at);
}
