/**
 * `.npy` and `safetensors` files without some of their records: the head says the new number of records, and every other element
 * stays as it is stored, in the order of the file.
 */

import type { StoredArray } from "./array-column.js";
import { rangesOf } from "./array-ranges.js";
import { readWindow } from "./file-windows.js";
import { npyLiteralRange, PREAMBLE_BYTES } from "./npy-header.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions, Window } from "./reader.js";

/** The bytes of the file without these records. */
export async function* removeArrayRecords(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const arrays = arraysOf(index);
  const records = index.records - ordinals.length;
  yield index.format === "npy" ? await npyHead(source, records) : await safetensorsHead(source, arrays, records);
  const inFileOrder = arrays.map((array, i) => ({ array, i })).sort((a, b) => a.array.offset - b.array.offset);
  const removed = new Set(ordinals);
  for (const { i } of inFileOrder) yield* elementsWithout(source, index, i, removed, options);
}

/** The arrays of a file that has records. */
export function arraysOf(index: FileIndex): readonly StoredArray[] {
  return ((index.parts[0] as FilePart).detail as { readonly arrays: readonly StoredArray[] }).arrays;
}

/** The elements of one array without those of these records, in the order in which they are stored. */
export async function* elementsWithout(
  source: ByteSource,
  index: FileIndex,
  wanted: number,
  removed: ReadonlySet<number>,
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const arrays = arraysOf(index);
  const { shape, element, fortran } = arrays[wanted] as StoredArray;
  const windowsOf = index.parts.map((part) => windowsOfArray(part, arrays, wanted));
  const unit = shape.slice(1).reduce((product, length) => product * length, element.size);
  const runs = (windowsOf[0] as readonly Window[]).length;
  for (let run = 0; run < runs; run++) {
    for (const [p, part] of index.parts.entries()) {
      options.signal?.throwIfAborted();
      const bytes = await readWindow(source, windowsOf[p]?.[run] as Window);
      const count = (part.end as number) - part.begin;
      // Column by column, one range may hold all columns; else it is one of them.
      const width = fortran === true ? element.size : unit;
      for (let column = 0; column < bytes.length; column += count * width)
        yield keptOf(bytes.subarray(column, column + count * width), part.begin, count, width, removed);
    }
  }
}

/** Windows of a part stand array after array. */
function windowsOfArray(part: FilePart, arrays: readonly StoredArray[], wanted: number): readonly Window[] {
  const counts = arrays.map((array) => rangesOf(array, part.begin, part.end as number).length);
  const begin = counts.slice(0, wanted).reduce((sum, count) => sum + count, 0);
  return part.windows.slice(begin, begin + (counts[wanted] as number));
}

function keptOf(
  bytes: Uint8Array,
  begin: number,
  count: number,
  width: number,
  removed: ReadonlySet<number>,
): Uint8Array {
  const kept = new Uint8Array(bytes.length);
  let size = 0;
  for (let i = 0; i < count; i++) {
    if (removed.has(begin + i)) continue;
    kept.set(bytes.subarray(i * width, (i + 1) * width), size);
    size += width;
  }
  return kept.subarray(0, size);
}

/** The head of the same length: the first number of the shape is another, and spaces stand where its digits were. */
export async function npyHead(source: ByteSource, records: number): Promise<Uint8Array> {
  const { begin, end } = npyLiteralRange(await source.read(0, Math.min(source.size, PREAMBLE_BYTES)), source.path);
  const head = await source.read(0, end);
  const literal = Array.from(head.subarray(begin), (byte) => String.fromCharCode(byte)).join("");
  const changed = literal.replace(/(['"]shape['"]\s*:\s*\(\s*)\d+/, (_, before: string) => `${before}${records}`);
  const padded = `${changed.replace(/\n$/, "").padEnd(literal.length - 1)}\n`;
  for (let i = 0; i < padded.length; i++) head[begin + i] = padded.charCodeAt(i);
  return head;
}

interface TensorHead {
  shape: number[];
  data_offsets: [number, number];
}

/** The head with other shapes and offsets, padded with spaces to a multiple of eight bytes, as its writers do. */
async function safetensorsHead(
  source: ByteSource,
  arrays: readonly StoredArray[],
  records: number,
): Promise<Uint8Array> {
  const lengthBytes = await source.read(0, 8);
  const length = Number(new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true));
  const head = new Map(
    Object.entries(
      JSON.parse(new TextDecoder().decode(await source.read(8, 8 + length))) as Record<string, TensorHead>,
    ),
  );
  let at = 0;
  for (const { name, shape, element } of [...arrays].sort((a, b) => a.offset - b.offset)) {
    const size = shape.slice(1).reduce((product, axis) => product * axis, records * element.size);
    Object.assign(head.get(name) as TensorHead, { shape: [records, ...shape.slice(1)], data_offsets: [at, at + size] });
    at += size;
  }
  // Own members only: a tensor can be called like a member of every object.
  const members = [...head].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const bytes = new Uint8Array(8 + 8 * Math.ceil(text.length / 8)).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(text, 8);
  return bytes;
}
