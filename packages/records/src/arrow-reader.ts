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
import { digestFile, readWindow } from "./file-windows.js";
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
    const { path } = source;
    const framing = await findMessages(source);
    const { begin, end } = framing.schema;
    const schemaBytes = await source.read(begin, end);
    const schema = schemaOf(path, framing.layout, schemaBytes, options);
    const groups: { messages: BatchMessage[]; begin: number; end: number; bytes: number }[] = [];
    const active = new Map<bigint, BatchMessage[]>();
    let open: (typeof groups)[number] | null = null;
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
    const ranges = [framing.schema, ...new Set(groups.flatMap(({ messages }) => messages))].sort(
      (left, right) => left.begin - right.begin,
    );
    const digest = await digestFile(source, ranges, options);
    const windows = new Map(digest.windows.map((window) => [window.begin, window]));
    const parts = groups.map((group): FilePart => {
      const detail: ArrowDetail = {
        layout: framing.layout,
        messages: group.messages.map(({ kind, begin: at, body }) => ({ kind, metadata: body - at })),
      };
      const places = [framing.schema, ...group.messages].map((range) => windows.get(range.begin) as Window);
      return { begin: group.begin, end: group.end, windows: places, detail };
    });
    return {
      format: "arrow",
      bytes: digest.bytes,
      size: source.size,
      records,
      columns: schema.fields.map((field) => ({ name: field.name, type: storedType(field) })),
      parts,
    };
  },

  async *read(source: ByteSource, _index: FileIndex, part: FilePart, options: ReadOptions): AsyncIterable<PlacedBatch> {
    const runs = (decoder: BatchDecoder, { header, body, begin }: RecordMessage) =>
      decoder.batchesOf(header, body, begin);
    for await (const { begin, run } of runsOf(source, part, options, runs)) yield { begin, batch: run };
  },

  async *leaves(source: ByteSource, index: FileIndex, part: FilePart, options: ReadOptions) {
    const kernel = columnKernel();
    if (kernel === undefined) {
      yield* this.read(source, index, part, options);
      return;
    }
    const kernelRuns = (decoder: BatchDecoder, { header, body, begin }: RecordMessage) =>
      decoder.kernelRunsOf(header, body, begin);
    for await (const { begin, run } of runsOf(source, part, options, kernelRuns)) {
      const leaves = kernel.leaves(run.length, run.columns);
      if (leaves !== undefined) yield { leaves, kinds: kindsOfKernelColumns(run.columns) };
      else yield { begin, batch: { length: run.length, columns: run.columnsAgain() } };
    }
  },
};

/** A record batch as it lies in the file, and the ordinal of its first record. */
interface RecordMessage {
  readonly header: FlatTable;
  readonly body: Uint8Array;
  readonly begin: number;
}

/** What a decoder makes of the record batches of a part, one after the other. */
async function* runsOf<R extends { readonly length: number }>(
  source: ByteSource,
  part: FilePart,
  options: ReadOptions,
  decode: (decoder: BatchDecoder, message: RecordMessage) => Iterable<R>,
): AsyncGenerator<{ readonly begin: number; readonly run: R }> {
  const { path } = source;
  const { layout, messages } = part.detail as ArrowDetail;
  const schema = schemaOf(path, layout, await readWindow(source, part.windows[0] as Window), options);
  const decoder = new BatchDecoder(path, schema, options);
  let begin = part.begin;
  for (const [index, { kind, metadata }] of messages.entries()) {
    options.signal?.throwIfAborted();
    const bytes = await readWindow(source, part.windows[index + 1] as Window);
    options.onBytes?.(bytes.length);
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
