/**
 * Arrow IPC, file and stream. Parts are runs of record batches with the dictionaries that hold for them; every message
 * that a part reads is a window.
 *
 * Buffers are read here, with their bounds checked, not through apache-arrow: it takes lengths and offsets from the file
 * on trust, and knows neither list views nor runs nor compressed bodies.
 */

import { attempt, BatchDecoder } from "./arrow-decoder.js";
import type { FlatTable } from "./arrow-flatbuffer.js";
import {
  type BatchMessage,
  badArrow,
  type Framing,
  findMessages,
  metadataOf,
  parseMessage,
  schemaTable,
} from "./arrow-messages.js";
import { type ArrowSchema, arrowSchema, storedType } from "./arrow-schema.js";
import { columnKernel } from "./column-kernel.js";
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

/** A part is closed when it has this many bytes or records: enough for a worker, small enough for many. */
const PART_BYTES = 8 * 1024 * 1024;
const PART_RECORDS = 16 * BLOCK_RECORDS;

/** What {@link FilePart.detail} holds. Window 0 is the schema, window i + 1 is message i. */
interface ArrowDetail {
  readonly layout: Framing["layout"];
  /** What each message is, and the length of its metadata with prefix. */
  readonly messages: readonly { readonly kind: BatchMessage["kind"]; readonly metadata: number }[];
}

/** Reads Arrow IPC files (also called Feather version 2) and streams. */
export const arrowReader: FormatReader = {
  formats: ["arrow"],

  async index(source: ByteSource, options: IndexOptions = {}): Promise<FileIndex> {
    const layout = await layoutOf(source, options);
    const messages = new Set(layout.groups.flatMap((group) => group.messages));
    const ranges = [layout.framing.schema, ...messages].sort((left, right) => left.begin - right.begin);
    const digest = await digestFile(source, ranges, options);
    const windows = new Map(digest.windows.map((window) => [window.begin, window]));
    const parts = layout.groups.map((group) => partOf(layout, group, ({ begin }) => windows.get(begin) as Window));
    return indexOf(source, layout, digest.bytes, parts);
  },

  async indexOnce(source, options, mostRecords, take) {
    const layout = await layoutOf(source, options);
    const { framing, groups, schemaBytes } = layout;
    const held = heldMessages(groups);
    const isOrdered = ascendInFile(new Set(groups.flatMap(({ messages }) => messages)));
    if (layout.records > mostRecords || held === undefined || !isOrdered) return undefined;
    const file = new FileInOrder(source, options);
    const readSchema = async () => refuseOtherBytes(source.path, await file.read(framing.schema), schemaBytes);
    if (framing.layout === "stream") await readSchema();
    const read: ReadWindow = async (window, keep) => {
      if (window.begin === framing.schema.begin) return schemaBytes;
      const known = held.get(window.begin);
      if (known instanceof Uint8Array) return known;
      const bytes = await file.read(window, keep);
      if (known !== undefined) held.set(window.begin, bytes);
      return bytes;
    };
    const parts = groups.map((group) => partOf(layout, group, ({ begin, end }) => ({ begin, end, sha256: null })));
    for (const part of parts)
      for await (const placed of leavesOf(source.path, read, part, { ...options, types: {} })) take(placed);
    // That of a file stands behind everything.
    if (framing.layout === "file") await readSchema();
    return indexOf(source, layout, await file.finish(), parts);
  },

  async *read(source: ByteSource, _index: FileIndex, part: FilePart, options: ReadOptions): AsyncIterable<PlacedBatch> {
    const runs = (decoder: BatchDecoder, { header, body, begin }: RecordMessage) =>
      decoder.batchesOf(header, body, begin);
    for await (const { begin, run } of runsOf(source.path, checkedWindows(source, options), part, options, runs))
      yield { begin, batch: run };
  },

  leaves: (source, _index, part, options) => leavesOf(source.path, checkedWindows(source, options), part, options),
};

/** The leaves of a part, and batches where the kernel cannot make them. */
async function* leavesOf(
  path: string,
  read: ReadWindow,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedLeaves | PlacedBatch> {
  const kernel = columnKernel();
  const kernelRuns = (decoder: BatchDecoder, { header, body, begin }: RecordMessage) =>
    decoder.kernelRunsOf(header, body, begin);
  for await (const { begin, run } of runsOf(path, read, part, options, kernelRuns)) {
    const leaves = kernel?.leaves(run.length, run.columns);
    if (leaves !== undefined) yield { leaves, kinds: kindsOfKernelColumns(run.columns) };
    else yield { begin, batch: { length: run.length, columns: run.columnsAgain() } };
  }
}

/** A record batch as it lies in the file, and the ordinal of its first record. */
interface RecordMessage {
  readonly header: FlatTable;
  readonly body: Uint8Array;
  readonly begin: number;
}

/** What a decoder makes of the record batches of a part, one after the other. */
async function* runsOf<R extends { readonly length: number }>(
  path: string,
  read: ReadWindow,
  part: FilePart,
  options: ReadOptions,
  decode: (decoder: BatchDecoder, message: RecordMessage) => Iterable<R>,
): AsyncGenerator<{ readonly begin: number; readonly run: R }> {
  const { layout, messages } = part.detail as ArrowDetail;
  const schema = schemaOf(path, layout, await read(part.windows[0] as Window), options);
  const decoder = new BatchDecoder(path, schema, options);
  let begin = part.begin;
  for (const [index, { kind, metadata }] of messages.entries()) {
    options.signal?.throwIfAborted();
    const bytes = await read(part.windows[index + 1] as Window, kind === "dictionary");
    const { header } = attempt(path, () => parseMessage(path, metadataOf(bytes, metadata), 0));
    const body = bytes.subarray(metadata);
    if (kind === "dictionary") decoder.addDictionary(header, body);
    else {
      for (const run of decode(decoder, { header, body, begin })) {
        yield { begin, run };
        begin += run.length;
      }
    }
  }
  if (begin !== part.end)
    throw badArrow(path, `it holds ${begin - part.begin} records where ${part.end - part.begin} were counted`);
}

/** Record batches that make a part, with the dictionaries that hold for them, in the order in which they are read. */
interface MessageGroup {
  readonly messages: BatchMessage[];
  readonly begin: number;
  end: number;
  bytes: number;
}

/** What metadata say of a file. */
interface ArrowLayout {
  readonly framing: Framing;
  readonly schemaBytes: Uint8Array;
  readonly schema: ArrowSchema;
  readonly groups: readonly MessageGroup[];
  readonly records: number;
}

async function layoutOf(source: ByteSource, options: IndexOptions): Promise<ArrowLayout> {
  const { path } = source;
  const framing = await findMessages(source);
  const { begin, end } = framing.schema;
  const schemaBytes = await source.read(begin, end);
  const schema = schemaOf(path, framing.layout, schemaBytes, options);
  const groups: MessageGroup[] = [];
  const active = new Map<bigint, BatchMessage[]>();
  let open: MessageGroup | null = null;
  let records = 0;
  for (const message of framing.messages) {
    options.signal?.throwIfAborted();
    const { header } = await readHeader(source, message);
    if (message.kind === "dictionary") {
      const id = attempt(path, () => header.int64(0));
      const chain = header.flag(2) ? [...(active.get(id) ?? []), message] : [message];
      active.set(id, chain);
      // Dictionaries of a file stand in front of everything; those of a stream hold from here on.
      open?.messages.push(message);
      continue;
    }
    const count = attempt(path, () => recordsOf(header, schema.fields.length));
    if (count === 0) continue;
    open ??= { messages: [...active.values()].flat(), begin: records, end: records, bytes: 0 };
    open.messages.push(message);
    open.bytes += message.end - message.begin;
    records += count;
    open.end = records;
    if (!Number.isSafeInteger(records)) throw badArrow(path, `it says it has ${records} records`);
    if (open.bytes >= PART_BYTES || open.end - open.begin >= PART_RECORDS) {
      groups.push(open);
      open = null;
    }
  }
  if (open !== null) groups.push(open);
  return { framing, schemaBytes, schema, groups, records };
}

function partOf(
  { framing }: ArrowLayout,
  { messages, begin, end }: MessageGroup,
  windowOf: (range: ByteRange) => Window,
): FilePart {
  const detail: ArrowDetail = {
    layout: framing.layout,
    messages: messages.map(({ kind, begin: at, body }) => ({ kind, metadata: body - at })),
  };
  return { begin, end, windows: [framing.schema, ...messages].map(windowOf), detail };
}

function indexOf(
  { size }: ByteSource,
  { schema, records }: ArrowLayout,
  bytes: string,
  parts: readonly FilePart[],
): FileIndex {
  const columns = schema.fields.map((field) => ({ name: field.name, type: storedType(field) }));
  return { format: "arrow", bytes, size, records, columns, parts };
}

/** Most bytes of dictionaries that are held from one part to the next. */
const MOST_HELD_BYTES = 2 ** 28;

/** Where the messages begin that several parts read, to be held from the first on; undefined where that is too much. */
function heldMessages(groups: readonly MessageGroup[]): Map<number, Uint8Array | null> | undefined {
  const seen = new Set<BatchMessage>();
  const held = new Map<number, null>();
  let bytes = 0;
  for (const message of groups.flatMap(({ messages }) => messages)) {
    if (seen.has(message) && !held.has(message.begin)) {
      held.set(message.begin, null);
      bytes += message.end - message.begin;
    }
    seen.add(message);
  }
  return bytes > MOST_HELD_BYTES ? undefined : held;
}

async function readHeader(source: ByteSource, message: BatchMessage): Promise<{ header: FlatTable }> {
  const bytes = await source.read(message.begin, message.body);
  const { path } = source;
  const parsed = attempt(path, () => parseMessage(path, metadataOf(bytes, bytes.length), message.begin));
  const expected = message.kind === "dictionary" ? 2 : 3;
  if (parsed.type !== expected)
    throw badArrow(path, `the block at byte ${message.begin} is not of the kind that the footer says`);
  return parsed;
}

/** The number of records of a `RecordBatch` table: its own count, with which its first column must agree. */
function recordsOf(header: FlatTable, columns: number): number {
  const count = header.count(0);
  const nodes = header.structs(1, 16);
  if (nodes.length < columns) throw new Error(`a record batch has ${nodes.length} columns, fewer than the schema`);
  const [first] = nodes;
  if (first !== undefined && first.getBigInt64(0, true) !== BigInt(count)) {
    throw new Error(`a record batch says that it has ${count} records, its first column ${first.getBigInt64(0, true)}`);
  }
  return count;
}

function schemaOf(path: string, layout: Framing["layout"], bytes: Uint8Array, options: IndexOptions): ArrowSchema {
  return attempt(path, () => arrowSchema(schemaTable(path, layout, bytes), path, limitsOf(options).maxColumns));
}
