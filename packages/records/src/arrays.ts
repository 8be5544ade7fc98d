/**
 * The readers of arrays (entry `@assay/records/arrays`): `npy`, `npz` and `safetensors`. The first axis is the records; each array is
 * a column, of numbers, booleans, or nested lists of them for further axes (`docs/spec/leaf-encoding.md`).
 */

import { FormatError } from "@assay/merkle";
import { arrayColumn, columnTypeOf, type StoredArray } from "./array-column.js";
import { digestFile, readWindow } from "./file-windows.js";
import { limitsOf } from "./limits.js";
import { badMatrix } from "./matrix-refusals.js";
import { readNpyArrays, readNpzArrays } from "./npy-arrays.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type Format,
  type FormatReader,
  type IndexOptions,
  type PlacedBatch,
  type ReadOptions,
  type Window,
} from "./reader.js";
import { readSafetensorsArrays } from "./safetensors.js";

/** Bytes of a part: what is read at once. */
const PART_BYTES = 64 * 1024 * 1024;

/** Reads `npy` files: one column, `values`. */
export const npyReader: FormatReader = readerOf("npy", readNpyArrays);
/** Reads `npz` files that are not compressed: a column for each array. */
export const npzReader: FormatReader = readerOf("npz", readNpzArrays);
/** Reads `safetensors` files: a column for each tensor. */
export const safetensorsReader: FormatReader = readerOf("safetensors", readSafetensorsArrays);

type ArrayFinder = (source: ByteSource, maxColumns: number) => Promise<readonly StoredArray[]>;

function readerOf(format: Format, find: ArrayFinder): FormatReader {
  return {
    formats: [format],
    index: (source, options = {}) => indexArrays(source, format, find, options),
    read: readArraysPart,
  };
}

async function indexArrays(
  source: ByteSource,
  format: Format,
  find: ArrayFinder,
  options: IndexOptions,
): Promise<FileIndex> {
  const { maxColumns, maxGroupBytes } = limitsOf(options);
  const arrays = await find(source, maxColumns);
  const records = recordsOf(source.path, arrays);
  const rowBytes = arrays.reduce((sum, array) => sum + bytesOfRow(array), 0);
  if (rowBytes > maxGroupBytes) {
    throw new FormatError(
      "limit-exceeded",
      `${source.path}: one record has ${rowBytes} bytes, more than maxGroupBytes (${maxGroupBytes}). Is the first axis really that of the records?`,
      { details: { path: source.path, limit: "maxGroupBytes", value: maxGroupBytes } },
    );
  }
  const rows = Math.min(BLOCK_RECORDS, Math.max(1, Math.floor(PART_BYTES / Math.max(1, rowBytes))));
  const begins = Array.from({ length: Math.ceil(records / rows) }, (_, i) => i * rows);
  const ranges = begins.flatMap((begin) =>
    arrays.map((array) => rangeOf(array, begin, Math.min(records, begin + rows))),
  );
  const order = ranges.map((_, i) => i).sort((a, b) => (ranges[a] as Range).begin - (ranges[b] as Range).begin);
  const { bytes, windows } = await digestFile(
    source,
    order.map((i) => ranges[i] as Range),
    options,
  );
  const placed: Window[] = [];
  for (const [k, i] of order.entries()) placed[i] = windows[k] as Window;
  const parts: FilePart[] = begins.map((begin, i) => ({
    begin,
    end: Math.min(records, begin + rows),
    windows: placed.slice(i * arrays.length, (i + 1) * arrays.length),
    detail: { arrays },
  }));
  const columns = arrays.map((array) => ({ name: array.name, type: columnTypeOf(array) }));
  return { format, bytes, size: source.size, records, columns, parts };
}

interface Range {
  readonly begin: number;
  readonly end: number;
}

/** All have the same first axis, and no record is nothing. */
function recordsOf(path: string, arrays: readonly StoredArray[]): number {
  const [first] = arrays;
  if (first === undefined) throw badMatrix(path, "it holds no arrays");
  for (const { name, shape } of arrays) {
    if (shape.length === 0) throw badMatrix(path, `the array ${JSON.stringify(name)} has no axis, so no records`);
    if (shape.slice(1).includes(0)) throw badMatrix(path, `the array ${JSON.stringify(name)} has records of nothing`);
    if (shape[0] === first.shape[0]) continue;
    throw new FormatError(
      "ragged-record",
      `${path}: the array ${JSON.stringify(name)} has ${shape[0]} records, and ${JSON.stringify(first.name)} has ${first.shape[0]}. All must have the same first axis`,
      { details: { path, column: name, expected: first.shape[0], actual: shape[0] } },
    );
  }
  return first.shape[0] as number;
}

function bytesOfRow({ shape, element }: StoredArray): number {
  return shape.slice(1).reduce((product, length) => product * length, element.size);
}

function rangeOf(array: StoredArray, begin: number, end: number): Range {
  const bytes = bytesOfRow(array);
  return { begin: array.offset + begin * bytes, end: array.offset + end * bytes };
}

async function* readArraysPart(
  source: ByteSource,
  _index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const { arrays } = part.detail as { readonly arrays: readonly StoredArray[] };
  const length = (part.end as number) - part.begin;
  const columns = [];
  for (const [i, array] of arrays.entries()) {
    options.signal?.throwIfAborted();
    if (options.columns !== undefined && !options.columns.includes(array.name)) continue;
    const bytes = await readWindow(source, part.windows[i] as Window);
    options.onBytes?.(bytes.length);
    columns.push(arrayColumn(source.path, array, bytes, part.begin, length));
  }
  yield { begin: part.begin, batch: { length, columns } };
}
