/**
 * What parts of all text formats have in common: how large they are, what a reader must know to begin in the middle of a
 * file, and the check that the second pass sees the bytes of the first.
 */

import { createSha256, isAssayError, toHex } from "@assay/merkle";
import type { Encoding } from "./csv-dialect.js";
import { RangeStream, READ_BYTES, sourceChanged } from "./range-stream.js";
import { BLOCK_RECORDS, type ByteSource, type FilePart, type IndexOptions } from "./reader.js";

const NOT_THE_SAME = "its bytes are not those of the first pass";

/** Files from this size on are cut into parts of 16 blocks, so that an index stays small; smaller ones of one block. */
const LARGE_FILE_BYTES = 16 * 1024 ** 3;

/** Records of a part: a matter of the file alone, never of who reads it. */
export function partRecords(size: number): number {
  return size < LARGE_FILE_BYTES ? BLOCK_RECORDS : 16 * BLOCK_RECORDS;
}

/** What a part of a text format needs besides its window. */
export interface TextPartDetail {
  /** Line of the first byte behind `skip`, from 1. */
  readonly line: number;
  /** Bytes of UTF-8 (byte order mark, header) in front of the first record. */
  readonly skip: number;
}

/** The window of a part as a stream that knows whether its bytes are those that were indexed. */
export class VerifiedRange extends RangeStream {
  readonly #hash;
  readonly #path: string;
  readonly #sha256: string;

  constructor(source: ByteSource, part: FilePart, options: IndexOptions, encoding: Encoding = "utf-8") {
    const window = part.windows[0];
    if (window === undefined) throw new RangeError("part.windows must hold the byte range of a text format");
    const { sha256 } = window;
    if (sha256 === null) throw new RangeError("part.windows have no digest: the source was scanned to be read once");
    const hash = createSha256();
    const { onBytes } = options;
    super(source, {
      begin: window.begin,
      end: window.end,
      encoding,
      ...(options.readBytes === undefined ? {} : { readBytes: options.readBytes }),
      signal: options.signal,
      onStored(bytes) {
        hash.update(bytes);
        onBytes?.(bytes.length);
      },
    });
    this.#hash = hash;
    this.#path = source.path;
    this.#sha256 = sha256;
  }

  /** Reads until `count` bytes can be left out in front, and leaves them out. */
  async skip(count: number): Promise<void> {
    await this.more();
    while (this.end < count && !this.final) await this.more();
    this.begin = Math.min(count, this.end);
  }

  /** To be called once, when all was read. Throws `source-changed`. */
  verify(): void {
    if (toHex(this.#hash.digest()) !== this.#sha256) throw sourceChanged(this.#path, NOT_THE_SAME);
  }
}

/**
 * The error to throw when reading a part failed: when the part's bytes are not those that were indexed any more, that is
 * the error, whatever went wrong because of it.
 */
export async function errorOfPart(source: ByteSource, part: FilePart, error: unknown): Promise<unknown> {
  if (!isAssayError(error) || error.name !== "FormatError") return error;
  try {
    for (const { begin, end, sha256 } of part.windows) {
      const hash = createSha256();
      for (let at = begin; at < end; at += READ_BYTES)
        hash.update(await source.read(at, Math.min(end, at + READ_BYTES)));
      if (toHex(hash.digest()) !== sha256) return sourceChanged(source.path, NOT_THE_SAME);
    }
  } catch (cause) {
    return cause;
  }
  return error;
}

/** The same for everything that a generator gives. */
export async function* refusingChanges<T>(
  source: ByteSource,
  part: FilePart,
  batches: AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    yield* batches;
  } catch (error) {
    throw await errorOfPart(source, part, error);
  }
}
