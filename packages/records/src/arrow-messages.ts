/**
 * How an Arrow file or stream is framed (Arrow columnar format, "Serialization and Interprocess Communication"): messages
 * of metadata and a body; in a file, blocks that a footer lists. Only metadata is read here, bodies are skipped.
 */

import { FormatError } from "@assay/merkle";
import { countAt, FlatTable } from "./arrow-flatbuffer.js";
import type { ByteSource } from "./reader.js";

/** Where a message lies: its metadata `[begin, body)`, prefix included, and its body `[body, end)`. */
export interface Block {
  readonly begin: number;
  readonly body: number;
  readonly end: number;
}

export interface BatchMessage extends Block {
  readonly kind: "dictionary" | "records";
}

/** The messages that matter, in the order in which they are to be read. */
export interface Framing {
  /** Bytes that hold the schema: the first message of a stream, the footer of a file. */
  readonly schema: { readonly begin: number; readonly end: number };
  readonly layout: "file" | "stream";
  readonly messages: readonly BatchMessage[];
}

/** The refusal of a damaged file. */
export function badArrow(path: string, reason: string, cause?: unknown): FormatError {
  return new FormatError("bad-arrow", `${path} is not a sound Arrow file: ${reason}`, {
    details: { path, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

const MAGIC = "ARROW1";
const FEATHER_1_MAGIC = "FEA1";
/** A footer's magic and length. */
const TAIL_BYTES = 10;

/** Message header types of `Message.fbs`. */
const SCHEMA = 1;
const DICTIONARY_BATCH = 2;
const RECORD_BATCH = 3;

/** Finds the messages of a file or stream. */
export async function findMessages(source: ByteSource): Promise<Framing> {
  const { path, size } = source;
  if (size === 0) throw badArrow(path, "it is empty (0 bytes)");
  if (size < 8) throw badArrow(path, `${size} bytes are too few`);
  const head = await source.read(0, 8);
  if (asciiOf(head, 0, 4) === FEATHER_1_MAGIC)
    throw badArrow(path, "it is Feather of version 1, which is a format of its own; write it again as version 2");
  return asciiOf(head, 0, 6) === MAGIC ? findBlocks(source) : findStream(source);
}

async function findBlocks(source: ByteSource): Promise<Framing> {
  const { path, size } = source;
  if (size < 8 + TAIL_BYTES) throw badArrow(path, `${size} bytes are too few`);
  const tail = await source.read(size - TAIL_BYTES, size);
  if (asciiOf(tail, 4, 10) !== MAGIC)
    throw badArrow(path, "it does not end with ARROW1, so it is cut off or something was appended");
  const length = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true);
  const end = size - TAIL_BYTES;
  if (length <= 0 || length > end - 8)
    throw badArrow(path, `it says that its footer has ${length} bytes, but the file has ${size}`);
  const begin = end - length;
  const bytes = await source.read(begin, end);
  const schemaEnd = await endOfFirstMessage(source, begin, length);
  try {
    const footer = FlatTable.root(bytes);
    checkVersion(footer.int16(0));
    const block =
      (kind: BatchMessage["kind"]) =>
      (view: DataView): BatchMessage => {
        const at = countAt(view, 0);
        const metadata = view.getInt32(8, true);
        const body = countAt(view, 16);
        if (at < 8 || metadata < 8 || at + metadata + body > begin)
          throw new Error(`a block lies at bytes ${at} to ${at + metadata + body}, outside the data`);
        return { kind, begin: at, body: at + metadata, end: at + metadata + body };
      };
    const messages = [
      ...footer.structs(2, 24).map(block("dictionary")),
      ...footer.structs(3, 24).map(block("records")),
    ];
    refuseOverlap(messages);
    refuseGaps(messages, schemaEnd, begin);
    return { schema: { begin, end }, layout: "file", messages };
  } catch (error) {
    throw badArrow(path, `its footer: ${reasonOf(error)}`, error);
  }
}

/** Two blocks that share bytes make a small file decode without end; no writer does it. */
function refuseOverlap(messages: readonly Block[]): void {
  const ordered = [...messages].sort((left, right) => left.begin - right.begin);
  for (let index = 1; index < ordered.length; index++) {
    const [before, after] = [ordered[index - 1] as Block, ordered[index] as Block];
    if (after.begin < before.end) throw new Error(`two blocks overlap at byte ${after.begin}`);
  }
}

/** No schema has so few bytes. */
const LEAST_SCHEMA_BYTES = 32;

/**
 * Where the schema ends that stands in front of the blocks of a file, for those who read it as a stream. Polars puts it there
 * without the length that would tell, so that nobody can: then it has at most the bytes of the footer, which holds it again.
 */
async function endOfFirstMessage(source: ByteSource, begin: number, footerLength: number): Promise<number> {
  const prefix = new DataView((await source.read(8, 16)).slice().buffer);
  const marked = prefix.getInt32(0, true) === -1;
  const length = prefix.getInt32(marked ? 4 : 0, true);
  if (!marked && length < LEAST_SCHEMA_BYTES) {
    const end = Math.min(begin, 8 + footerLength);
    if (isSchema(await source.read(8, end))) return end;
  }
  return (marked ? 16 : 12) + Math.max(0, length);
}

function isSchema(bytes: Uint8Array): boolean {
  try {
    return parseMessage("", bytes, 8).type === SCHEMA;
  } catch {
    return false;
  }
}

/** Bytes between blocks, and between the last one and the footer, that are padding and an end marker. */
const MAX_PADDING = 128;

/** Data that the footer does not list would be seen by some readers and not by others. */
function refuseGaps(messages: readonly Block[], begin: number, end: number): void {
  const ordered = [...messages].sort((left, right) => left.begin - right.begin);
  let at = begin;
  for (const next of [...ordered.map((block) => ({ begin: block.begin, end: block.end })), { begin: end, end }]) {
    if (next.begin - at > MAX_PADDING) throw new Error(`it does not say what bytes ${at} to ${next.begin} are`);
    at = Math.max(at, next.end);
  }
}

async function findStream(source: ByteSource): Promise<Framing> {
  const { path, size } = source;
  const messages: BatchMessage[] = [];
  let schema: Framing["schema"] | null = null;
  let ended = false;
  for (let at = 0; at < size; ) {
    const prefix = new DataView((await source.read(at, Math.min(at + 8, size))).slice().buffer);
    if (prefix.byteLength < 4) throw badArrow(path, `it is cut off at byte ${at}`);
    const marked = prefix.getInt32(0, true) === -1;
    if (marked && prefix.byteLength < 8) throw badArrow(path, `it is cut off at byte ${at}`);
    const length = prefix.getInt32(marked ? 4 : 0, true);
    const metadata = at + (marked ? 8 : 4);
    if (length === 0) {
      // The end marker. Bytes behind it would be seen by nobody, so they are refused.
      if (metadata !== size) throw badArrow(path, `${size - metadata} bytes follow the end of the stream`);
      ended = true;
      break;
    }
    if (length < 0 || length > size - metadata) {
      throw badArrow(
        path,
        at === 0 ? "it begins neither as an Arrow file nor as a stream" : `a message at byte ${at} is cut off`,
      );
    }
    const message = parseMessage(path, await source.read(metadata, metadata + length), at);
    const body = metadata + length;
    const end = body + message.bodyLength;
    if (end > size)
      throw badArrow(path, `the message at byte ${at} is cut off: its body ends at byte ${end}, the file at ${size}`);
    if (message.type === SCHEMA) {
      if (schema !== null) throw badArrow(path, `it has a second schema at byte ${at}; keep one stream in a file`);
      schema = { begin: metadata, end: body };
    } else if (schema === null) throw badArrow(path, "its first message is not a schema");
    else messages.push({ kind: message.type === DICTIONARY_BATCH ? "dictionary" : "records", begin: at, body, end });
    at = end;
  }
  // The format lets a writer just stop, but then nothing tells a whole stream from one that lost its last batches.
  if (!ended) throw badArrow(path, "it has no end marker, so it may be cut off; write it again and close the writer");
  if (schema === null) throw badArrow(path, "it has no schema");
  return { schema, layout: "stream", messages };
}

interface Message {
  readonly type: number;
  readonly bodyLength: number;
  /** The header's table. */
  readonly header: FlatTable;
}

/** Parses the metadata of a message (without its prefix). */
export function parseMessage(path: string, bytes: Uint8Array, at: number): Message {
  try {
    const message = FlatTable.root(bytes);
    checkVersion(message.int16(0));
    const type = message.int8(1);
    if (type !== SCHEMA && type !== DICTIONARY_BATCH && type !== RECORD_BATCH)
      throw new Error(`it has the unknown type ${type}`);
    const header = message.table(2);
    if (header === null) throw new Error("it has no header");
    return { type, bodyLength: message.count(3), header };
  } catch (error) {
    throw badArrow(path, `the message at byte ${at}: ${reasonOf(error)}`, error);
  }
}

/** The `Schema` table of what {@link Framing.schema} points at. */
export function schemaTable(path: string, layout: Framing["layout"], bytes: Uint8Array): FlatTable {
  if (layout === "stream") return parseMessage(path, bytes, 0).header;
  const schema = FlatTable.root(bytes).table(1);
  if (schema === null) throw new Error("its footer has no schema");
  return schema;
}

/** A message's metadata without prefix, from the bytes of its block. */
export function metadataOf(bytes: Uint8Array, metadataLength: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const prefix = view.getInt32(0, true) === -1 ? 8 : 4;
  const length = view.getInt32(prefix - 4, true);
  if (length <= 0 || prefix + length > metadataLength)
    throw new Error(`its metadata has ${length} bytes where ${metadataLength - prefix} are left`);
  return bytes.subarray(prefix, prefix + length);
}

function checkVersion(version: number): void {
  if (version < 3)
    throw new Error(`it was written in metadata version ${version + 1}; versions from 4 on are supported`);
}

/** What a thrown value says. */
export function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return "metadata points outside its bytes";
  return error instanceof Error ? error.message : String(error);
}

function asciiOf(bytes: Uint8Array, begin: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(begin, end));
}
