/**
 * Arrow files and streams without some of their records. Schema, dictionaries and record batches that lose nothing are
 * copied as they stand; the others keep their metadata, in which lengths and places are written over, so that no type, no
 * metadata of a field and no child that only some reader knows is lost. Batches stay, also when nothing is left in them.
 *
 * The file is read once from front to back, and its SHA-256 checked against the index in the end.
 */

import { createSha256, toHex } from "@assay/merkle";
import { arraysOf } from "./arrow-arrays.js";
import { attempt } from "./arrow-decoder.js";
import { FlatTable } from "./arrow-flatbuffer.js";
import { type KeptArrays, type KeptRanges, keepValues } from "./arrow-keep.js";
import {
  type BatchMessage,
  badArrow,
  type Framing,
  findMessages,
  metadataOf,
  parseMessage,
  schemaTable,
} from "./arrow-messages.js";
import { type ArrowSchema, arrowSchema } from "./arrow-schema.js";
import { digestFile } from "./file-windows.js";
import { limitsOf } from "./limits.js";
import { READ_BYTES, sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, IndexOptions } from "./reader.js";

const NOT_THE_SAME = "its bytes are not those of the first pass";
/** Messages and buffers begin at multiples of this. */
const ALIGNMENT = 8;

/** The bytes of the file or stream without these records. There is at least one. */
export async function* removeArrowRecords(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  try {
    yield* childBytes(source, index, ordinals, options);
  } catch (error) {
    if ((error as { name?: unknown }).name !== "FormatError") throw error;
    // What went wrong because the file is another one by now is no fault of the file.
    const { bytes } = await digestFile(source, [], options);
    throw bytes === index.bytes ? error : sourceChanged(source.path, NOT_THE_SAME);
  }
}

async function* childBytes(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const { path } = source;
  const { maxColumns, maxGroupBytes } = limitsOf(options);
  const framing = await findMessages(source);
  const schemaBytes = await source.read(framing.schema.begin, framing.schema.end);
  const schema = attempt(path, () => arrowSchema(schemaTable(path, framing.layout, schemaBytes), path, maxColumns));
  const kept = await keptOfMessages(source, framing, ordinals);
  const stream = new HashedRange(source, options);
  const ordered = [...framing.messages].sort((left, right) => left.begin - right.begin);
  const places = new Map<BatchMessage, { begin: number; body: number }>();
  let offset = (ordered[0] as BatchMessage).begin;
  yield* stream.pieces(offset);
  for (const message of ordered) {
    const bytes = await stream.at(message.begin, message.end);
    const metadata = message.body - message.begin;
    const ranges = kept.get(message);
    const written =
      ranges === undefined
        ? [bytes]
        : attempt(path, () => messageWithout(path, bytes, metadata, ranges, schema, maxGroupBytes), maxGroupBytes);
    const length = written.reduce((sum, piece) => sum + piece.length, 0);
    places.set(message, { begin: offset, body: length - metadata });
    yield* written;
    offset += length;
    if (framing.layout === "file" && offset % ALIGNMENT !== 0) {
      const padding = new Uint8Array(ALIGNMENT - (offset % ALIGNMENT));
      yield padding;
      offset += padding.length;
    }
  }
  if (framing.layout === "file") {
    // Whatever stands in front of the footer, an end marker or nothing, then the footer with the new places.
    yield* stream.pieces(framing.schema.begin);
    const footer = (await stream.at(framing.schema.begin, framing.schema.end)).slice();
    attempt(path, () => moveBlocks(footer, framing, places));
    yield footer;
  }
  yield* stream.pieces(source.size);
  stream.verify(index.bytes);
}

/** Which records stay, of the record batches that lose some. */
async function keptOfMessages(
  source: ByteSource,
  { messages }: Framing,
  ordinals: readonly number[],
): Promise<Map<BatchMessage, KeptRanges>> {
  const kept = new Map<BatchMessage, KeptRanges>();
  let begin = 0;
  let next = 0;
  for (const message of messages) {
    if (message.kind !== "records") continue;
    const bytes = await source.read(message.begin, message.body);
    const { header } = attempt(source.path, () =>
      parseMessage(source.path, metadataOf(bytes, bytes.length), message.begin),
    );
    const count = attempt(source.path, () => header.count(0));
    const ranges: number[] = [];
    let from = 0;
    for (; next < ordinals.length && (ordinals[next] as number) < begin + count; next++) {
      const removed = (ordinals[next] as number) - begin;
      if (removed > from) ranges.push(from, removed);
      from = removed + 1;
    }
    if (from > 0) {
      if (from < count) ranges.push(from, count);
      kept.set(message, ranges);
    }
    begin += count;
  }
  if (next < ordinals.length)
    throw badArrow(source.path, `it holds ${begin} records, and none of number ${ordinals[next]}`);
  return kept;
}

/** The metadata of a record batch with new lengths and places, and the buffers of its new body. */
function messageWithout(
  path: string,
  bytes: Uint8Array,
  metadataLength: number,
  ranges: KeptRanges,
  schema: ArrowSchema,
  maxBytes: number,
): Uint8Array[] {
  const { header } = parseMessage(path, metadataOf(bytes, metadataLength), 0);
  const arrays = arraysOf(header, schema.fields, bytes.subarray(metadataLength), maxBytes);
  const kept: KeptArrays = { nodes: [], buffers: [] };
  for (const array of arrays) keepValues(array, ranges, kept);
  const isCompressed = header.table(3) !== null;

  const metadata = bytes.slice(0, metadataLength);
  const message = FlatTable.root(metadataOf(metadata, metadataLength));
  const written = message.table(2) as FlatTable;
  let records = 0;
  for (let i = 0; i < ranges.length; i += 2) records += (ranges[i + 1] as number) - (ranges[i] as number);
  written.setCount(0, records);
  const nodes = written.structs(1, 16);
  const regions = written.structs(2, 16);
  if (nodes.length !== kept.nodes.length || regions.length !== kept.buffers.length)
    throw new Error("its schema does not fit its batches");
  for (const [i, node] of nodes.entries()) {
    node.setBigInt64(0, BigInt(kept.nodes[i]?.length ?? 0), true);
    node.setBigInt64(8, BigInt(kept.nodes[i]?.nulls ?? 0), true);
  }
  const body: Uint8Array[] = [];
  let offset = 0;
  for (const [i, region] of regions.entries()) {
    const buffer = kept.buffers[i] as Uint8Array;
    // In a compressed body, −1 in front of a buffer says that this one is not.
    const prefix = isCompressed && buffer.length > 0 ? new Uint8Array(8).fill(0xff) : new Uint8Array(0);
    const length = prefix.length + buffer.length;
    region.setBigInt64(0, BigInt(offset), true);
    region.setBigInt64(8, BigInt(length), true);
    const padding = new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
    body.push(...[prefix, buffer, padding].filter((piece) => piece.length > 0));
    offset += length + padding.length;
  }
  message.setCount(3, offset);
  return [metadata, ...body];
}

/** Writes where the messages are now into a footer. */
function moveBlocks(
  footer: Uint8Array,
  { messages }: Framing,
  places: ReadonlyMap<BatchMessage, { readonly begin: number; readonly body: number }>,
): void {
  const table = FlatTable.root(footer);
  const blocks = [...table.structs(2, 24), ...table.structs(3, 24)];
  for (const [i, message] of messages.entries()) {
    const place = places.get(message) as { begin: number; body: number };
    const block = blocks[i] as DataView;
    block.setBigInt64(0, BigInt(place.begin), true);
    block.setBigInt64(16, BigInt(place.body), true);
  }
}

/** A file from front to back, hashed on the way. */
class HashedRange {
  readonly #source: ByteSource;
  readonly #options: IndexOptions;
  readonly #hash = createSha256();
  #offset = 0;

  constructor(source: ByteSource, options: IndexOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Bytes [begin, end). What was not asked for in front of them is hashed too. */
  async at(begin: number, end: number): Promise<Uint8Array> {
    for await (const _ of this.pieces(begin));
    return this.#next(end);
  }

  /** The bytes up to `end`, piece by piece. */
  async *pieces(end: number): AsyncGenerator<Uint8Array> {
    while (this.#offset < end) yield await this.#next(Math.min(end, this.#offset + READ_BYTES));
  }

  /** To be called when all was read. Throws `source-changed`. */
  verify(expected: string): void {
    if (toHex(this.#hash.digest()) !== expected) throw sourceChanged(this.#source.path, NOT_THE_SAME);
  }

  async #next(end: number): Promise<Uint8Array> {
    this.#options.signal?.throwIfAborted();
    const bytes = await this.#source.read(this.#offset, end);
    if (bytes.length !== end - this.#offset) throw sourceChanged(this.#source.path, "it is shorter than it was");
    this.#hash.update(bytes);
    this.#offset = end;
    return bytes;
  }
}
