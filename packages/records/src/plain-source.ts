/**
 * Compressed files as files of random access. A stream cannot be entered in the middle, so that reading means going forward
 * from a place where a member or frame begins, and dropping what is in front. Parts are read in ascending order, so whoever
 * read one goes on where it stopped: each thread decompresses a file once for each pass.
 */

import { createSha256, FormatError, isAssayError, joinBytes, toHex } from "@assay/merkle";
import {
  COMPRESSION_HEAD_BYTES,
  compressionOf,
  createDecompressor,
  type Decompressor,
  type FrameStart,
  type StreamCompression,
} from "./compression.js";
import { limitsOf } from "./limits.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, Format, IndexOptions, Limits } from "./reader.js";

/** Stored bytes that are read at once. */
const STORED_BYTES = 65_536;
/** What a file stands for is held in memory up to here while it is indexed, which saves decompressing it a second time. */
const HELD_BYTES = 32 * 1024 * 1024;
/** Places where decompression can begin are kept this far apart, so that an index stays small. */
const START_DISTANCE = 4 * 1024 * 1024;
/** Up to here `maxInflation` is not asked: what is small is no bomb. */
export const FREE_BYTES = 64 * 1024 * 1024;

/** Formats that are read when they are compressed. */
const READ_COMPRESSED: ReadonlySet<Format> = new Set(["csv", "tsv", "jsonl", "json", "text", "tar"]);
/** Formats that are their stored bytes, whatever these are. */
const NEVER_READ: ReadonlySet<Format> = new Set(["files", "other"]);

/** A place in a compressed stream from which it can be read forward. */
export class Cursor {
  /** Offset in what the file stands for of the next byte. */
  plain: number;
  /** Stored bytes that were read. */
  stored: number;
  ended = false;

  readonly #decompressor: Decompressor;
  #pieces: Iterator<Uint8Array, void> | null = null;
  #rest: Uint8Array | null = null;

  constructor(decompressor: Decompressor, start: FrameStart) {
    this.#decompressor = decompressor;
    this.plain = start.plain;
    this.stored = start.stored;
  }

  /** The next bytes, or `null` at the end. */
  async next(source: ByteSource, onStored?: (bytes: Uint8Array) => void): Promise<Uint8Array | null> {
    if (this.#rest !== null) {
      const rest = this.#rest;
      this.#rest = null;
      this.plain += rest.length;
      return rest;
    }
    for (;;) {
      const piece = this.#pieces?.next();
      if (piece !== undefined && piece.done !== true) {
        this.plain += piece.value.length;
        return piece.value;
      }
      if (this.stored === source.size) {
        this.#decompressor.end();
        this.ended = true;
        return null;
      }
      const end = Math.min(source.size, this.stored + STORED_BYTES);
      const bytes = await source.read(this.stored, end);
      if (bytes.length !== end - this.stored) throw sourceChanged(source.path, "it is shorter than it was");
      onStored?.(bytes);
      this.stored = end;
      this.#pieces = this.#decompressor.push(bytes);
    }
  }

  /** Fills a buffer with what stands at `begin`, at or behind {@link plain}. False when the stream ends before. */
  async fill(
    target: Uint8Array,
    begin: number,
    source: ByteSource,
    onStored?: (bytes: Uint8Array) => void,
  ): Promise<boolean> {
    for (let filled = 0; filled < target.length; ) {
      const from = this.plain;
      const piece = await this.next(source, onStored);
      if (piece === null) return false;
      if (from + piece.length <= begin) continue;
      const wanted = piece.subarray(Math.max(0, begin - from));
      const taken = wanted.subarray(0, target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.unread(wanted.subarray(taken.length));
    }
    return true;
  }

  /** Gives bytes back that {@link next} gave and nobody wanted yet. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#rest = bytes;
    this.plain -= bytes.length;
  }
}

/** A place where decompression begins. */
export async function openCursor(
  path: string,
  method: StreamCompression,
  start: FrameStart,
  { maxWindowBytes }: Pick<Limits, "maxWindowBytes">,
  onFrame?: (start: FrameStart) => void,
): Promise<Cursor> {
  return new Cursor(await createDecompressor(method, { path, start, maxWindowBytes, onFrame }), start);
}

/**
 * Indexes a file by `work`, which gets what the file stands for when its first bytes say that it is compressed, and the file
 * itself when they do not. Digest and size are those of the stored file in both cases.
 *
 * A compressed file is read twice: once to learn its length, its digest and where it can be entered, once by `work`; up to
 * 32 MiB of content are held instead.
 *
 * @throws FormatError `bad-compression`, `limit-exceeded` (`maxInflation`, `maxWindowBytes`); SourceError `source-changed`;
 * whatever `work` throws.
 */
export async function indexPlain<Output extends { readonly index: FileIndex }>(
  source: ByteSource,
  format: Format,
  options: IndexOptions,
  work: (plain: ByteSource, options: IndexOptions) => Promise<Output>,
): Promise<Output> {
  const method = NEVER_READ.has(format) ? null : await methodOf(source);
  if (method === null) return work(source, options);
  if (!READ_COMPRESSED.has(format)) {
    throw new FormatError(
      "bad-compression",
      `${source.path}: it is compressed with ${method}, and ${format} files are not read that way. Decompress it first`,
      { details: { path: source.path, method, format } },
    );
  }
  const { onBytes, ...others } = options;
  const look = await measure(source, method, options);
  // Half of the work is done.
  const plain =
    look.held === null
      ? secondLook(source, method, look, limitsOf(options), (count) => onBytes?.(Math.floor(count / 2)))
      : bytesSource(source, look.held);
  const output = await work(plain, others);
  await plain.close?.();
  const parts = output.index.parts.map((part) => {
    const begin = part.windows[0]?.begin ?? 0;
    return { ...part, from: look.starts.findLast(({ plain }) => plain <= begin) as FrameStart };
  });
  const compression = { method, size: look.size, sha256: output.index.bytes };
  return { ...output, index: { ...output.index, bytes: look.bytes, size: source.size, compression, parts } };
}

/** How a file is compressed, by its first bytes; null where it is not. */
export async function methodOf(source: ByteSource): Promise<StreamCompression | null> {
  if (source.size < COMPRESSION_HEAD_BYTES) return null;
  return compressionOf(await source.read(0, COMPRESSION_HEAD_BYTES));
}

/** What the first look at a compressed file tells. */
interface FirstLook {
  /** SHA-256 of the stored file, lower-case hex. */
  readonly bytes: string;
  /** Bytes that it stands for, and the bytes themselves while they are few. */
  readonly size: number;
  readonly held: Uint8Array | null;
  readonly starts: readonly FrameStart[];
}

async function measure(source: ByteSource, method: StreamCompression, options: IndexOptions): Promise<FirstLook> {
  const limits = limitsOf(options);
  const { onBytes, signal } = options;
  const starts: FrameStart[] = [{ stored: 0, plain: 0 }];
  const hash = createSha256();
  const cursor = await openCursor(source.path, method, { stored: 0, plain: 0 }, limits, (start) => {
    const last = starts.at(-1) as FrameStart;
    if (start.plain - last.plain >= START_DISTANCE) starts.push(start);
  });
  let held: Uint8Array[] | null = [];
  let told = 0;
  for (;;) {
    signal?.throwIfAborted();
    const piece = await cursor.next(source, (bytes) => {
      hash.update(bytes);
    });
    const size = cursor.plain;
    onBytes?.(Math.floor((cursor.stored - told) / (size > HELD_BYTES ? 2 : 1)));
    told = cursor.stored;
    if (piece === null) {
      return { bytes: toHex(hash.digest()), size, held: held === null ? null : joinBytes(held), starts };
    }
    if (size > FREE_BYTES && size > cursor.stored * limits.maxInflation) refuseInflation(source, cursor, limits);
    if (size > HELD_BYTES) held = null;
    held?.push(piece);
  }
}

function refuseInflation({ path }: ByteSource, { stored, plain }: Cursor, { maxInflation }: Limits): never {
  throw new FormatError(
    "limit-exceeded",
    `${path}: its first ${stored} bytes stand for more than ${plain}, above maxInflation (${maxInflation} bytes for one). If it is no bomb, raise maxInflation or decompress the file first`,
    { details: { path, limit: "maxInflation", value: maxInflation } },
  );
}

function bytesSource({ path }: ByteSource, bytes: Uint8Array): ByteSource {
  return { path, size: bytes.length, read: async (begin, end) => bytes.slice(begin, end) };
}

/** The content for the one who indexes it; what is read from the start must be the bytes of the first look. */
function secondLook(
  source: ByteSource,
  method: StreamCompression,
  { size, bytes }: FirstLook,
  limits: Limits,
  onBytes: (count: number) => void,
): ByteSource {
  const start = { stored: 0, plain: 0 };
  let hash = createSha256();
  let opened: Cursor | null = null;
  return readingForward(source, size, {
    async cursorFor(begin) {
      if (opened === null || opened.plain > begin) {
        hash = createSha256();
        opened = await openCursor(source.path, method, start, limits);
      }
      return opened;
    },
    onStored(stored) {
      hash.update(stored);
      onBytes(stored.length);
    },
    async close() {
      while (opened !== null && (await opened.next(source, (stored) => hash.update(stored))) !== null);
      if (opened !== null && toHex(hash.digest()) !== bytes)
        throw sourceChanged(source.path, "its bytes are not those of the first look");
    },
  });
}

interface Forward {
  cursorFor(begin: number): Promise<Cursor>;
  onStored?(bytes: Uint8Array): void;
  close?(): Promise<void>;
}

function readingForward(source: ByteSource, size: number, { cursorFor, onStored, close }: Forward): ByteSource {
  return {
    path: source.path,
    size,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      const cursor = await cursorFor(begin);
      try {
        const isFilled = await cursor.fill(bytes, begin, source, onStored);
        if (!isFilled) throw sourceChanged(source.path, "it stands for less than it did");
      } catch (error) {
        // It could be decompressed before.
        if (!isAssayError(error) || error.code !== "bad-compression") throw error;
        throw sourceChanged(source.path, "it cannot be decompressed any more");
      }
      return bytes;
    },
    ...(source.check === undefined ? {} : { check: () => (source.check as () => Promise<void>)() }),
    ...(close === undefined ? {} : { close }),
  };
}

/** How many places of a file are kept: one goes ahead to find records, one follows to copy what is between them. */
const KEPT_CURSORS = 2;

/** Where the last file was left that this thread read, by the digest of its stored bytes: they alone say what comes next. */
let left: { readonly bytes: string; readonly cursors: readonly Cursor[] } | null = null;

/**
 * Runs some work on what an indexed file stands for: on the file itself when it is not compressed.
 *
 * @param starts Where it can be entered: those of the parts that will be read.
 */
export async function withPlain<T>(
  source: ByteSource,
  { compression, bytes }: Pick<FileIndex, "bytes" | "compression">,
  starts: readonly (FrameStart | undefined)[],
  options: { readonly limits?: Partial<Limits> },
  work: (plain: ByteSource) => Promise<T>,
): Promise<T> {
  if (compression === undefined) return work(source);
  // Whoever else reads the same file meanwhile begins anew: a place can be used by one only.
  const cursors: Cursor[] = left?.bytes === bytes ? [...left.cursors] : [];
  left = null;
  const output = await work(plainSource(source, compression, starts, limitsOf(options), cursors));
  const kept = cursors.filter((cursor) => !cursor.ended && cursor.plain < compression.size);
  left = kept.length === 0 ? null : { bytes, cursors: kept };
  return output;
}

/** The same for whoever goes through the whole file; nothing of it is kept for later. */
export function openPlain(
  source: ByteSource,
  { compression }: Pick<FileIndex, "compression">,
  starts: readonly (FrameStart | undefined)[],
  options: { readonly limits?: Partial<Limits> },
): ByteSource {
  return compression === undefined ? source : plainSource(source, compression, starts, limitsOf(options), []);
}

function plainSource(
  source: ByteSource,
  { method, size }: NonNullable<FileIndex["compression"]>,
  starts: readonly (FrameStart | undefined)[],
  limits: Limits,
  cursors: Cursor[],
): ByteSource {
  const entries = [{ stored: 0, plain: 0 }, ...starts.filter((start) => start !== undefined)];
  return readingForward(source, size, {
    async cursorFor(begin) {
      const entry = entries.reduce((best, next) => (next.plain <= begin && next.plain > best.plain ? next : best));
      const nearest = cursors
        .filter(({ plain }) => plain <= begin && plain >= entry.plain)
        .reduce<Cursor | null>((best, next) => (best === null || next.plain > best.plain ? next : best), null);
      const cursor = nearest ?? (await openCursor(source.path, method, entry, limits));
      if (cursors.includes(cursor)) cursors.splice(cursors.indexOf(cursor), 1);
      cursors.push(cursor);
      if (cursors.length > KEPT_CURSORS) cursors.shift();
      return cursor;
    },
  });
}
