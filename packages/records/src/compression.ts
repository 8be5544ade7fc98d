/**
 * Files that are stored compressed as a whole: gzip (RFC 1952) and Zstandard (RFC 8878). What a file is, its first bytes say,
 * never its name. Both are chains of members or frames; each begins anew, so decompression can begin at any of them.
 */

import { FormatError } from "@assay/merkle";

export type StreamCompression = "gzip" | "zstd";

/** Bytes that tell. */
export const COMPRESSION_HEAD_BYTES = 4;

/** How a file with these first bytes is compressed, or `null`. */
export function compressionOf(head: Uint8Array): StreamCompression | null {
  if (head.length < COMPRESSION_HEAD_BYTES) return null;
  // The third byte is the only method there is: without it, the mark of gzip is a letter of UTF-16.
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  const isSkippable = ((head[0] as number) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  return isSkippable ? "zstd" : null;
}

/** A place where decompression can begin: offset in the stored file, and in what it stands for. */
export interface FrameStart {
  readonly stored: number;
  readonly plain: number;
}

/** Turns consecutive pieces of a stored file into what they stand for. Memory does not follow either. */
export interface Decompressor {
  /**
   * What the next stored bytes stand for, piece by piece; the generator must be run to its end before the next call.
   *
   * @throws FormatError `bad-compression`; `limit-exceeded` for a window above `maxWindowBytes`.
   */
  push(stored: Uint8Array): Generator<Uint8Array, void>;
  /** To be called when no stored bytes follow. Throws `bad-compression` when the stream is cut off. */
  end(): void;
}

export interface DecompressorOptions {
  /** Path inside the data set, for messages. */
  readonly path: string;
  /** Where decompression begins. */
  readonly start: FrameStart;
  readonly maxWindowBytes: number;
  /** Told of every member or frame when it begins. */
  readonly onFrame?: ((start: FrameStart) => void) | undefined;
}

/** Loads a decompressor: whoever reads plain files loads none. */
export async function createDecompressor(
  method: StreamCompression,
  options: DecompressorOptions,
): Promise<Decompressor> {
  return method === "gzip"
    ? new (await import("./gzip-stream.js")).GzipDecompressor(options)
    : (await import("./zstd-stream.js")).createZstdDecompressor(options);
}

/** The refusal of compressed bytes. `what` is a clause, `stored` the offset in the stored file. */
export function badCompression(
  path: string,
  method: StreamCompression,
  what: string,
  stored: number,
  cause?: unknown,
): FormatError {
  return new FormatError(
    "bad-compression",
    `${path}: what it holds as ${method} cannot be decompressed: ${what}, at byte ${stored}. Get the file again`,
    { details: { path, method, offset: stored }, ...(cause === undefined ? {} : { cause }) },
  );
}
