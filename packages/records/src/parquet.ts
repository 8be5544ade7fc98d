/**
 * Parquet (Apache Parquet format 2): a row group is a part; its column chunks and the footer are the windows.
 *
 * The footer and page headers are parsed with hyparquet, pages are decompressed with hyparquet-compressors. Values are
 * decoded here, because leaves need what is stored: exact decimals, 64-bit integers, nanoseconds, and at every depth the
 * difference between null, an empty list and a list of null.
 */

import { FormatError, isAssayError } from "@assay/merkle";
import { MAX_OFFSET } from "./byte-arena.js";
import { columnKernel } from "./column-kernel.js";
import type { ColumnType } from "./column-type.js";
import {
  ascendInFile,
  type ByteRange,
  checkedWindows,
  digestFile,
  FileInOrder,
  type ReadWindow,
  refuseOtherBytes,
} from "./file-windows.js";
import { kindsOfKernelColumns } from "./kernel-columns.js";
import { limitsOf } from "./limits.js";
import { buildColumn, buildKernelColumn, type ColumnContext, type LeafSlice } from "./parquet-columns.js";
import { GroupTooLarge } from "./parquet-encoding.js";
import { badParquet, findFooter, type ParquetFooter, parseFooter, type RowGroup } from "./parquet-footer.js";
import { decodeChunk, type LeafColumn } from "./parquet-pages.js";
import { type LeafNode, type ParquetNode, storedType } from "./parquet-schema.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type FormatReader,
  type IndexOptions,
  type PlacedBatch,
  type PlacedLeaves,
  type ReadOptions,
  type Window,
} from "./reader.js";

/** Most text or bytes of one column in one batch; offsets have 32 bits. */
const MAX_BATCH_BYTES = 1024 ** 3;
/** Most windows of a part: beyond it, column chunks are hashed in runs. */
const MAX_WINDOWS = 256;

/** What {@link FilePart.detail} holds: the number of the row group. Window 0 is the footer. */
interface ParquetDetail {
  readonly group: number;
}

/** Reads Parquet files. */
export const parquetReader: FormatReader = {
  formats: ["parquet"],

  async index(source: ByteSource, options: IndexOptions = {}): Promise<FileIndex> {
    const layout = await layoutOf(source, options);
    const { place, groups } = layout;
    const ranges = [...groups.flat(), place].filter(({ begin, end }) => begin < end);
    ranges.sort((left, right) => left.begin - right.begin);
    const digest = await digestFile(source, ranges, options);
    const byBegin = new Map(digest.windows.map((window) => [window.begin, window]));
    return indexOf(
      source,
      layout,
      digest.bytes,
      partsOf(layout, ({ begin }) => byBegin.get(begin) as Window),
    );
  },

  async indexOnce(source, options, mostRecords, take) {
    const layout = await layoutOf(source, options);
    const { footer, place, bytes, groups } = layout;
    if (footer.records > mostRecords || !ascendInFile([...groups.flat(), place])) return undefined;
    const file = new FileInOrder(source, options);
    const read: ReadWindow = async (window) => (window.begin === place.begin ? bytes : file.read(window));
    const parts = partsOf(layout, ({ begin, end }) => ({ begin, end, sha256: null }));
    for (const part of parts)
      for await (const placed of leavesOf(source.path, read, part, { ...options, types: {} })) take(placed);
    refuseOtherBytes(source.path, await file.read(place), bytes);
    return indexOf(source, layout, await file.finish(), parts);
  },

  async *read(source: ByteSource, _index: FileIndex, part: FilePart, options: ReadOptions): AsyncIterable<PlacedBatch> {
    const runs = runsOf(source.path, checkedWindows(source, options), part, options);
    for await (const { begin, length, columnsBy } of runs)
      yield { begin, batch: { length, columns: columnsBy(buildColumn) } };
  },

  leaves: (source, _index, part, options) => leavesOf(source.path, checkedWindows(source, options), part, options),
};

/** What the footer says of a file, and the ranges that are read of each row group. */
interface ParquetLayout {
  readonly place: ByteRange;
  readonly bytes: Uint8Array;
  readonly footer: ParquetFooter;
  readonly groups: readonly (readonly ByteRange[])[];
}

async function layoutOf(source: ByteSource, options: IndexOptions): Promise<ParquetLayout> {
  const place = await findFooter(source);
  const bytes = await source.read(place.begin, place.end);
  const footer = footerOf(source.path, bytes, place.begin, options);
  return { place, bytes, footer, groups: footer.groups.map(windowsOf) };
}

function partsOf({ footer, place, groups }: ParquetLayout, windowOf: (range: ByteRange) => Window): FilePart[] {
  const footerWindow = windowOf(place);
  let begin = 0;
  const parts: FilePart[] = [];
  for (const [group, { records }] of footer.groups.entries()) {
    const detail: ParquetDetail = { group };
    const windows = (groups[group] as readonly ByteRange[]).map(windowOf);
    if (records > 0) parts.push({ begin, end: begin + records, windows: [footerWindow, ...windows], detail });
    begin += records;
  }
  return parts;
}

function indexOf(
  { size }: ByteSource,
  { footer: { records, schema } }: ParquetLayout,
  bytes: string,
  parts: readonly FilePart[],
): FileIndex {
  const columns = schema.columns.map((column) => ({ name: column.name, type: storedType(column) }));
  return { format: "parquet", bytes, size, records, columns, parts };
}

/** The leaves of a part, and batches where the kernel cannot make them. */
async function* leavesOf(
  path: string,
  read: ReadWindow,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedLeaves | PlacedBatch> {
  const kernel = columnKernel();
  for await (const { begin, length, columnsBy } of runsOf(path, read, part, options)) {
    const columns = kernel === undefined ? [] : columnsBy(buildKernelColumn);
    const leaves = kernel?.leaves(length, columns);
    if (leaves !== undefined) yield { leaves, kinds: kindsOfKernelColumns(columns) };
    else yield { begin, batch: { length, columns: columnsBy(buildColumn) } };
  }
}

/** Consecutive records of a row group, before they are columns. */
interface RecordRun {
  readonly begin: number;
  readonly length: number;
  columnsBy<C extends { readonly length: number }>(build: (node: ParquetNode, context: ColumnContext) => C): C[];
}

async function* runsOf(
  path: string,
  read: ReadWindow,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<RecordRun> {
  const footerWindow = part.windows[0] as Window;
  const footer = footerOf(path, await read(footerWindow), footerWindow.begin, options);
  const group = footer.groups[(part.detail as ParquetDetail).group];
  if (group === undefined) throw badParquet(path, `it has no row group ${(part.detail as ParquetDetail).group}`);
  const wanted = options.columns === undefined ? null : new Set(options.columns);
  const nodes = footer.schema.columns.filter((column) => wanted === null || wanted.has(column.name));
  const texts = new Set<LeafNode>();
  const leaves: LeafNode[] = [];
  for (const node of nodes)
    collectLeaves(node, Object.hasOwn(options.types, node.name) ? options.types[node.name] : undefined, leaves, texts);
  const columns = new Map<number, LeafColumn>();
  let spent = 0;
  const claimed = leaves.reduce((sum, { leaf }) => sum + claimOf(group.chunks[leaf] as RowGroup["chunks"][number]), 0);
  const { maxGroupBytes: maxBytes } = limitsOf(options);
  if (claimed > maxBytes) throw tooLarge(path, maxBytes, claimed);
  for await (const [leaf, bytes] of chunkBytes(path, read, part, group, leaves)) {
    options.signal?.throwIfAborted();
    const chunk = group.chunks[leaf.leaf] as RowGroup["chunks"][number];
    const column = attempt(
      path,
      `row group ${(part.detail as ParquetDetail).group}, column ${JSON.stringify(leaf.path.join("."))}`,
      maxBytes,
      () => {
        const decoded = decodeChunk(bytes, chunk, leaf, maxBytes - spent);
        const rows = recordsOf(decoded);
        if (rows !== group.records) throw new Error(`it holds ${rows} records, but the footer says ${group.records}`);
        return decoded;
      },
    );
    spent += bytesOf(column);
    if (spent > maxBytes) throw tooLarge(path, maxBytes, spent);
    columns.set(leaf.leaf, column);
  }
  yield* cutRuns(path, part, group.records, nodes, columns, (leaf) => texts.has(leaf));
}

function* cutRuns(
  path: string,
  part: FilePart,
  records: number,
  nodes: readonly ParquetNode[],
  columns: ReadonlyMap<number, LeafColumn>,
  isText: (leaf: LeafNode) => boolean,
): Iterable<RecordRun> {
  let cursor: (LeafSlice | undefined)[] = [];
  for (const [leaf, column] of columns) cursor[leaf] = { column, begin: 0, end: 0, value: 0 };
  for (let done = 0; done < records; ) {
    let length = Math.min(BLOCK_RECORDS, records - done);
    let slices = cursor.map((slice) => slice && nextSlice(slice, length));
    while (length > 1 && slices.some((slice) => slice !== undefined && textBytes(slice) > MAX_BATCH_BYTES)) {
      length = length >> 1;
      slices = cursor.map((slice) => slice && nextSlice(slice, length));
    }
    const firstRecord = part.begin + done;
    const widest = slices.reduce((most, slice) => Math.max(most, slice === undefined ? 0 : textBytes(slice)), 0);
    if (widest > MAX_OFFSET) throw tooLarge(path, MAX_OFFSET, widest);
    const context: ColumnContext = { path, firstRecord, slices, isText };
    const count = length;
    const columnsBy: RecordRun["columnsBy"] = (build) =>
      attempt(path, `records ${firstRecord} to ${firstRecord + count}`, 0, () =>
        nodes.map((node) => {
          const column = build(node, context);
          if (column.length !== count)
            throw new Error(`column ${JSON.stringify(node.name)} has ${column.length} values for ${count} records`);
          return column;
        }),
      );
    yield { begin: firstRecord, length, columnsBy };
    cursor = slices;
    done += length;
  }
}

/** The levels of the next `records` records behind a slice. */
function nextSlice({ column, end: begin, begin: before, value: first }: LeafSlice, records: number): LeafSlice {
  const { definition, repetition, leaf, levels } = column;
  let value = first;
  if (definition === null) value += begin - before;
  else for (let index = before; index < begin; index++) if (definition[index] === leaf.definition) value++;
  let end = begin;
  if (repetition === null) end = Math.min(begin + records, levels);
  else {
    for (let seen = 0; end < levels; end++) {
      if (repetition[end] === 0 && ++seen > records) break;
    }
  }
  return { column, begin, end, value };
}

function textBytes({ column, begin, end, value }: LeafSlice): number {
  const { leaf, values } = column;
  // At most one value a level.
  if (leaf.physical === "fixed") return (end - begin) * leaf.width;
  if (leaf.physical !== "binary") return 0;
  const { offsets, length } = values;
  return (offsets[Math.min(value + end - begin, length)] as number) - (offsets[Math.min(value, length)] as number);
}

function recordsOf({ repetition, levels }: LeafColumn): number {
  if (repetition === null) return levels;
  if (repetition.length > 0 && repetition[0] !== 0)
    throw new Error("its first value continues a record that is not there");
  let records = 0;
  for (let index = 0; index < repetition.length; index++) if (repetition[index] === 0) records++;
  return records;
}

function bytesOf({ values, definition, repetition }: LeafColumn): number {
  const { numbers, bytes, offsets } = values;
  return (
    (numbers?.byteLength ?? 0) +
    bytes.length +
    offsets.byteLength +
    (definition?.length ?? 0) +
    (repetition?.length ?? 0)
  );
}

/** The leaves of a column, and which of them were declared to be text. */
function collectLeaves(
  node: ParquetNode,
  declared: ColumnType | undefined,
  leaves: LeafNode[],
  texts: Set<LeafNode>,
): void {
  const parts = typeof declared === "object" ? (declared as Record<string, unknown>) : {};
  switch (node.node) {
    case "leaf":
      leaves.push(node);
      if (declared === "text") texts.add(node);
      return;
    case "list":
      collectLeaves(node.element, parts.list as ColumnType | undefined, leaves, texts);
      return;
    case "map": {
      const [key, value] = (parts.map as [ColumnType?, ColumnType?] | undefined) ?? [];
      collectLeaves(node.key, key, leaves, texts);
      if (node.value !== null) collectLeaves(node.value, value, leaves, texts);
      return;
    }
    case "struct": {
      const fields = (parts.struct as Record<string, ColumnType> | undefined) ?? {};
      for (const field of node.fields) {
        collectLeaves(field, Object.hasOwn(fields, field.name) ? fields[field.name] : undefined, leaves, texts);
      }
    }
  }
}

/** The ranges that are hashed for a row group: each column chunk, or runs of them where there are very many. */
function windowsOf(group: RowGroup): { begin: number; end: number }[] {
  const chunks = group.chunks.filter(({ begin, end }) => begin < end).map(({ begin, end }) => ({ begin, end }));
  chunks.sort((left, right) => left.begin - right.begin);
  if (chunks.length <= MAX_WINDOWS) return chunks;
  const run = Math.ceil(chunks.length / MAX_WINDOWS);
  const out: { begin: number; end: number }[] = [];
  for (let index = 0; index < chunks.length; index++) {
    const chunk = chunks[index] as { begin: number; end: number };
    const last = out[out.length - 1];
    // Row groups may be interleaved, so a run never reaches over a gap.
    if (last !== undefined && index % run !== 0 && last.end === chunk.begin) last.end = chunk.end;
    else out.push(chunk);
  }
  return out;
}

/** The checked bytes of each leaf's chunk; every window is read once. */
async function* chunkBytes(
  path: string,
  read: ReadWindow,
  part: FilePart,
  group: RowGroup,
  leaves: readonly LeafNode[],
): AsyncIterable<[LeafNode, Uint8Array]> {
  const ordered = [...leaves].sort(
    (left, right) => (group.chunks[left.leaf]?.begin ?? 0) - (group.chunks[right.leaf]?.begin ?? 0),
  );
  let held: { window: Window; bytes: Uint8Array } | null = null;
  for (const leaf of ordered) {
    const { begin, end } = group.chunks[leaf.leaf] as RowGroup["chunks"][number];
    if (begin === end) {
      yield [leaf, new Uint8Array(0)];
      continue;
    }
    if (held === null || begin < held.window.begin || end > held.window.end) {
      const window = part.windows.find(
        (candidate, index) => index > 0 && candidate.begin <= begin && end <= candidate.end,
      );
      if (window === undefined) throw badParquet(path, `bytes ${begin} to ${end} were not indexed`);
      held = { window, bytes: await read(window) };
    }
    yield [leaf, held.bytes.subarray(begin - held.window.begin, end - held.window.begin)];
  }
}

function footerOf(path: string, bytes: Uint8Array, begin: number, options: IndexOptions): ParquetFooter {
  const { maxColumns, maxGroupBytes } = limitsOf(options);
  const footer = attempt(path, "its footer", maxGroupBytes, () => parseFooter(path, bytes, begin, maxColumns));
  for (const group of footer.groups) {
    // Columns of nulls take no bytes in the file, so that nothing else bounds the number of records.
    const claimed = group.chunks.reduce((most, chunk) => Math.max(most, claimOf(chunk)), group.records * 8);
    if (claimed > maxGroupBytes) throw tooLarge(path, maxGroupBytes, claimed);
  }
  return footer;
}

/** Bytes that a chunk takes when decoded, as the footer claims: its pages, or its levels where those are mere runs. */
function claimOf(chunk: RowGroup["chunks"][number]): number {
  return Math.max(chunk.decodedBytes, chunk.levels * 4);
}

/** Runs a decoder: what it throws becomes `bad-parquet` or `limit-exceeded`, never a stack trace of its insides. */
function attempt<T>(path: string, what: string, maxBytes: number, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (isAssayError(error)) throw error;
    if (error instanceof GroupTooLarge) throw tooLarge(path, maxBytes, error.needed);
    throw badParquet(path, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function tooLarge(path: string, maximum: number, needed: number): FormatError {
  return new FormatError(
    "limit-exceeded",
    `${path}: a row group takes ${Math.ceil(needed)} bytes when decoded, more than maxGroupBytes (${maximum}); write smaller row groups or raise the limit`,
    { details: { path, limit: "maxGroupBytes", maximum, actual: Math.ceil(needed) } },
  );
}
