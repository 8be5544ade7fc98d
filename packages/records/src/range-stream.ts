/**
 * One byte range of a file as a moving buffer of UTF-8: the rest that was not consumed stays in front, more comes behind.
 * Memory follows the longest record, never the file.
 */

import { SourceError } from "@assay/merkle";
import type { Encoding } from "./csv-dialect.js";
import type { ByteSource } from "./reader.js";
import { createTranscoder, type Transcoder } from "./transcoding.js";

/** Bytes that are read at once. Larger made no difference to throughput; smaller costs calls. */
export const READ_BYTES = 262_144;

export interface RangeStreamOptions {
  readonly begin: number;
  readonly end: number;
  readonly encoding?: Encoding;
  /** Bytes read at once; tests use few. Default {@link READ_BYTES}. */
  readonly readBytes?: number;
  /** Bytes that a record may have: once so many are unread, no more come than show that there are. Default any number. */
  readonly maxRecordBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the stored bytes as they come, before they are transcoded; they stay as they are only until it returns. */
  readonly onStored?: (bytes: Uint8Array) => void;
}

export class RangeStream {
  /** What has not been consumed is `bytes[begin, end)`. */
  bytes = new Uint8Array(0);
  begin = 0;
  end = 0;
  /** Nothing comes behind `end`. */
  final = false;

  readonly #source: ByteSource;
  readonly #options: RangeStreamOptions;
  readonly #transcoder: Transcoder | null;
  #offset: number;

  constructor(source: ByteSource, options: RangeStreamOptions) {
    const { readBytes = READ_BYTES } = options;
    if (!Number.isInteger(readBytes) || readBytes < 1) {
      throw new RangeError(`readBytes must be a whole number from 1, not ${readBytes}`);
    }
    this.#source = source;
    this.#options = options;
    this.#offset = options.begin;
    this.#transcoder = createTranscoder(options.encoding ?? "utf-8", source.path, options.begin);
  }

  /** Reads more, until there is something new or the range ends. */
  async more(): Promise<void> {
    const { readBytes = READ_BYTES, maxRecordBytes = Number.POSITIVE_INFINITY, end, signal, onStored } = this.#options;
    for (let grown = false; !grown && !this.final; ) {
      signal?.throwIfAborted();
      const rest = this.end - this.begin;
      // A record that is longer than a read is scanned again from its start: read as much again, so that this stays linear.
      const again = Math.min(rest, maxRecordBytes + 1 - rest);
      const wanted = Math.min(end - this.#offset, Math.max(readBytes, again));
      const room = this.#transcoder === null ? this.#roomFor(wanted) : undefined;
      const stored =
        wanted === 0 ? new Uint8Array(0) : await this.#source.read(this.#offset, this.#offset + wanted, room);
      if (stored.length !== wanted) throw sourceChanged(this.#source.path, "it is shorter than it was");
      onStored?.(stored);
      this.#offset += wanted;
      this.final = this.#offset === end;
      const piece = this.#transcoder === null ? stored : this.#transcoder.push(stored, this.final);
      const target = this.#roomFor(piece.length);
      // What was read where it belongs is there already.
      if (piece.buffer !== target.buffer) target.set(piece);
      this.end += piece.length;
      grown = piece.length > 0;
    }
  }

  /** So many bytes behind what was not consumed, which moves to the front. */
  #roomFor(length: number): Uint8Array {
    const rest = this.end - this.begin;
    if (rest + length > this.bytes.length) {
      const { readBytes = READ_BYTES, maxRecordBytes = Number.POSITIVE_INFINITY } = this.#options;
      const doubled = Math.min(2 * this.bytes.length, maxRecordBytes + readBytes);
      const larger = new Uint8Array(Math.max(doubled, rest + length));
      larger.set(this.bytes.subarray(this.begin, this.end));
      this.bytes = larger;
    } else if (this.begin > 0) {
      this.bytes.copyWithin(0, this.begin, this.end);
    }
    this.begin = 0;
    this.end = rest;
    return this.bytes.subarray(rest, rest + length);
  }
}

/** The refusal to go on with a file that is not what it was. */
export function sourceChanged(path: string, how: string): SourceError {
  return new SourceError(
    "source-changed",
    `${path} changed while it was read: ${how}. Read it again when nothing writes to it`,
    {
      details: { path },
    },
  );
}
