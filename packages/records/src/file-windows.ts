/**
 * Byte ranges of files that are read by position (Arrow, Parquet): one pass hashes the file and every range that parts
 * will read; reading a range again checks it. So both looks at a file see the same bytes. Or there is one look, which
 * reads the ranges in the order in which they lie and hashes all on the way.
 */

import { createSha256, SourceError, toHex } from "@assay/merkle";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, IndexOptions, Window } from "./reader.js";
import { compareBytes } from "./utf8.js";

/** Bytes that are read at once while a file is hashed. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Bytes that are read at once where only the digest is wanted: they stay in the cache. */
const SKIPPED_BYTES = 512 * 1024;

export interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

/** SHA-256 of the file, and of each range. Ranges ascend and do not overlap. */
export async function digestFile(
  source: ByteSource,
  ranges: readonly ByteRange[],
  { signal, onBytes }: IndexOptions = {},
): Promise<{ bytes: string; windows: Window[] }> {
  const file = createSha256();
  const windows: Window[] = [];
  let range = 0;
  let open = createSha256();
  const close = (at: number): void => {
    while (range < ranges.length && (ranges[range] as ByteRange).end <= at) {
      const { begin, end } = ranges[range] as ByteRange;
      windows.push({ begin, end, sha256: toHex(open.digest()) });
      open = createSha256();
      range++;
    }
  };
  close(0);
  for (let begin = 0; begin < source.size; begin += CHUNK_BYTES) {
    signal?.throwIfAborted();
    const end = Math.min(begin + CHUNK_BYTES, source.size);
    const chunk = await source.read(begin, end);
    file.update(chunk);
    onBytes?.(chunk.length);
    let at = begin;
    while (range < ranges.length && at < end) {
      const next = ranges[range] as ByteRange;
      if (next.begin >= end) break;
      const upTo = Math.min(next.end, end);
      const from = Math.max(next.begin, at);
      if (from < upTo) open.update(chunk.subarray(from - begin, upTo - begin));
      at = upTo;
      close(at);
      if (upTo < next.end) break;
    }
  }
  close(source.size);
  return { bytes: toHex(file.digest()), windows };
}

/** The bytes of a window. Throws `source-changed` when they are not those that were indexed. */
export async function readWindow(source: ByteSource, window: Window): Promise<Uint8Array> {
  if (window.sha256 === null)
    throw new RangeError("part.windows have no digest: the source was scanned to be read once");
  const bytes = await source.read(window.begin, window.end);
  if (toHex(createSha256().update(bytes).digest()) !== window.sha256) {
    throw new SourceError(
      "source-changed",
      `${source.path} changed while it was read (bytes ${window.begin} to ${window.end})`,
      {
        details: { path: source.path, begin: window.begin, end: window.end },
      },
    );
  }
  return bytes;
}

/** The bytes of a window: good until the next call, or as long as they are wanted with `keep`. */
export type ReadWindow = (window: Window, keep?: boolean) => Promise<Uint8Array>;

/** Reads windows of a file that was indexed, and checks them. */
export function checkedWindows(source: ByteSource, { onBytes }: IndexOptions): ReadWindow {
  return async (window) => {
    const bytes = await readWindow(source, window);
    onBytes?.(bytes.length);
    return bytes;
  };
}

/** Refuses bytes that are others than when they were first read (`source-changed`). */
export function refuseOtherBytes(path: string, bytes: Uint8Array, before: Uint8Array): void {
  if (compareBytes(bytes, before) !== 0) throw sourceChanged(path, "its bytes are not those of the first look");
}

/** Whether ranges follow one another, each from the end of the one before it or behind. */
export function ascendInFile(ranges: Iterable<ByteRange>): boolean {
  let at = 0;
  for (const { begin, end } of ranges) {
    if (begin < at) return false;
    at = end;
  }
  return true;
}

/** A file that is read once, from begin to end: ranges of it that ascend, and then the digest of everything. */
export class FileInOrder {
  readonly #source: ByteSource;
  readonly #options: IndexOptions;
  readonly #hash = createSha256();
  #at = 0;
  #room: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource, options: IndexOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The bytes of a range that does not begin before the end of the last one; see {@link ReadWindow}. */
  async read({ begin, end }: ByteRange, keep = false): Promise<Uint8Array> {
    if (begin < this.#at) throw new RangeError(`read() begins at ${begin}, but ${this.#at} bytes were read`);
    await this.#skipTo(begin);
    return this.#next(end, keep);
  }

  async #skipTo(offset: number): Promise<void> {
    while (this.#at < offset) await this.#next(Math.min(offset, this.#at + SKIPPED_BYTES), false);
  }

  async #next(end: number, keep: boolean): Promise<Uint8Array> {
    const { signal, onBytes } = this.#options;
    signal?.throwIfAborted();
    const length = end - this.#at;
    if (!keep && length > this.#room.length) this.#room = new Uint8Array(Math.max(length, SKIPPED_BYTES));
    const bytes = await this.#source.read(
      this.#at,
      end,
      keep ? new Uint8Array(length) : this.#room.subarray(0, length),
    );
    if (bytes.length !== length) throw sourceChanged(this.#source.path, "it is shorter than it was");
    this.#hash.update(bytes);
    this.#at = end;
    onBytes?.(length);
    return bytes;
  }

  /** Reads what is left. The digest of the file, lower-case hex. */
  async finish(): Promise<string> {
    await this.#skipTo(this.#source.size);
    return toHex(this.#hash.digest());
  }
}
