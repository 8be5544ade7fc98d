/**
 * Byte ranges of files that are read by position (Arrow, Parquet): one pass hashes the file and every range that parts
 * will read; reading a range again checks it. So both looks at a file see the same bytes.
 */

import { createSha256, SourceError, toHex } from "@assay/merkle";
import type { ByteSource, IndexOptions, Window } from "./reader.js";

/** Bytes that are read at once while a file is hashed. */
const CHUNK_BYTES = 4 * 1024 * 1024;

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
