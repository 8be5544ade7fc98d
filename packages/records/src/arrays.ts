/**
 * The readers of arrays (entry `@assay/records/arrays`): `npy`, `npz` and `safetensors`. The first axis is the records; each array is
 * a column, of numbers, booleans, or nested lists of them for further axes (`docs/spec/leaf-encoding.md`).
 */

import { FormatError } from "@assay/merkle";
import { arrayColumn, columnTypeOf, type StoredArray } from "./array-column.js";
import { bytesOfRow, rangesOf, runsOf } from "./array-ranges.js";
import { digestFile, readWindow } from "./file-windows.js";
import { limitsOf } from "./limits.js";
import { badMatrix } from "./matrix-refusals.js";
import { readNpyArrays, readNpzArrays } from "./npy-arrays.js";
import { type MemberPlace, openMember, type PackedMember } from "./npz-member.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type Format,
  type FormatReader,
  type IndexOptions,
  type Limits,
  type PlacedBatch,
  type ReadOptions,
  type Window,
} from "./reader.js";
import { readSafetensorsArrays } from "./safetensors.js";

/** Bytes of a part: what is read at once. */
const PART_BYTES = 64 * 1024 * 1024;
/** Most ranges of a file that are digested one by one: a column of one part each, where an array is stored column by column. */
const MAX_RANGES = 500_000;

/** Reads `npy` files: one column, `values`. */
export const npyReader: FormatReader = readerOf("npy", readNpyArrays);
/** Reads `npz` files, compressed or not: a column for each array. */
export const npzReader: FormatReader = readerOf("npz", readNpzArrays);
/** Reads `safetensors` files: a column for each tensor. */
export const safetensorsReader: FormatReader = readerOf("safetensors", readSafetensorsArrays);

type ArrayFinder = (source: ByteSource, limits: Limits) => Promise<readonly StoredArray[]>;

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
  const limits = limitsOf(options);
  const { maxGroupBytes } = limits;
  const arrays = await find(source, limits);
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
  const endOf = (begin: number): number => Math.min(records, begin + rows);
  const perPart = arrays.reduce((sum, array) => sum + (begins.length > 1 ? runsOf(array) : 1), 0);
  if (begins.length * perPart > MAX_RANGES)
    throw badMatrix(
      source.path,
      "it is stored column by column (Fortran order) and too large to be read so. Save numpy.ascontiguousarray(array)",
    );
  const digested = await digestArrays(
    source,
    arrays,
    begins.map((begin) => [begin, endOf(begin)] as const),
    options,
  );
  const parts: FilePart[] = begins.map((begin, i) => ({
    begin,
    end: endOf(begin),
    windows: digested.windows[i] as Window[],
    detail: { arrays },
  }));
  const columns = arrays.map((array) => ({ name: array.name, type: columnTypeOf(array) }));
  return { format, bytes: digested.bytes, size: source.size, records, columns, parts };
}

/** The digest of the file, and the windows of each part: those of its arrays one behind the other. */
async function digestArrays(
  source: ByteSource,
  arrays: readonly StoredArray[],
  parts: readonly (readonly [begin: number, end: number])[],
  options: IndexOptions,
): Promise<{ bytes: string; windows: Window[][] }> {
  const windows: Window[][][] = parts.map(() => arrays.map(() => []));
  const digest = async (bytes: ByteSource, wanted: readonly number[], work: IndexOptions): Promise<string> => {
    const ranges = parts.flatMap(([begin, end], part) =>
      wanted.flatMap((array) =>
        rangesOf(arrays[array] as StoredArray, begin, end).map((range) => ({ ...range, part, array })),
      ),
    );
    ranges.sort((a, b) => a.begin - b.begin);
    const found = await digestFile(bytes, ranges, work);
    for (const [i, { part, array }] of ranges.entries())
      (windows[part] as Window[][])[array]?.push(found.windows[i] as Window);
    return found.bytes;
  };
  const indices = arrays.map((_, i) => i);
  const stored = indices.filter((i) => arrays[i]?.packed === undefined);
  const bytes = await digest(source, stored, options);
  const { onBytes: _, ...quietly } = options;
  for (const i of indices) {
    const { packed } = arrays[i] as StoredArray;
    if (packed === undefined) continue;
    const plain = openMember(source, packed, { cursor: null }, true, options);
    await digest(plain, [i], quietly);
    await plain.close?.();
  }
  return { bytes, windows: windows.map((part) => part.flat()) };
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

/** The bytes of some records in C order. */
function inRecordOrder(
  { shape, element: { size } }: StoredArray,
  runs: readonly Uint8Array[],
  records: number,
): Uint8Array {
  const axes = shape.slice(1);
  const count = axes.reduce((product, length) => product * length, 1);
  const bytes = new Uint8Array(count * records * size);
  for (let run = 0; run < count; run++) {
    // The place of the element in its record: the first of the other axes runs fastest in the file, the last one in the record.
    let place = 0;
    for (let rest = run, axis = 0, stride = count; axis < axes.length; axis++) {
      const length = axes[axis] as number;
      stride /= length;
      place += (rest % length) * stride;
      rest = Math.floor(rest / length);
    }
    const [values, from] =
      runs.length === 1 ? [runs[0] as Uint8Array, run * records * size] : [runs[run] as Uint8Array, 0];
    for (let record = 0; record < records; record++)
      for (let byte = 0; byte < size; byte++)
        bytes[(record * count + place) * size + byte] = values[from + record * size + byte] as number;
  }
  return bytes;
}

/** Where this thread stopped in the compressed arrays of the file that it read last: by the digest of the file, and their place. */
let left: { readonly bytes: string; readonly places: Map<number, MemberPlace> } | null = null;

function placeIn(file: string, { begin }: PackedMember): MemberPlace {
  if (left?.bytes !== file) left = { bytes: file, places: new Map() };
  const place = left.places.get(begin) ?? { cursor: null };
  // Whoever else reads it meanwhile begins anew: a place can be used by one only.
  left.places.delete(begin);
  return place;
}

async function* readArraysPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const { arrays } = part.detail as { readonly arrays: readonly StoredArray[] };
  const length = (part.end as number) - part.begin;
  const columns = [];
  let window = 0;
  for (const array of arrays) {
    options.signal?.throwIfAborted();
    const count = rangesOf(array, part.begin, part.end as number).length;
    const windows = part.windows.slice(window, window + count);
    window += count;
    if (options.columns !== undefined && !options.columns.includes(array.name)) continue;
    const { packed } = array;
    const place = packed === undefined ? null : placeIn(index.bytes, packed);
    const plain = packed === undefined || place === null ? source : openMember(source, packed, place, false, options);
    const runs: Uint8Array[] = [];
    for (const one of windows) runs.push(await readWindow(plain, one));
    if (packed !== undefined && place !== null) left?.places.set(packed.begin, place);
    const bytes = array.fortran === true ? inRecordOrder(array, runs, length) : (runs[0] as Uint8Array);
    options.onBytes?.(bytes.length);
    columns.push(arrayColumn(source.path, array, bytes, part.begin, length));
  }
  yield { begin: part.begin, batch: { length, columns } };
}
