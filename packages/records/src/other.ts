/** Files that are not read: their bytes have a digest, and there are no records. */

import { createSha256, toHex } from "@assay/merkle";
import { READ_BYTES, sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, Format, IndexOptions } from "./reader.js";

/** The digest of a whole file, and no records. */
export async function indexBytes(
  source: ByteSource,
  format: Format,
  { signal, onBytes, readBytes = 4 * READ_BYTES }: IndexOptions,
): Promise<FileIndex> {
  const hash = createSha256();
  const room = new Uint8Array(Math.min(readBytes, source.size));
  for (let at = 0; at < source.size; at += readBytes) {
    signal?.throwIfAborted();
    const end = Math.min(source.size, at + readBytes);
    const bytes = await source.read(at, end, room.subarray(0, end - at));
    if (bytes.length !== end - at) throw sourceChanged(source.path, "it is shorter than it was");
    hash.update(bytes);
    onBytes?.(bytes.length);
  }
  return { format, bytes: toHex(hash.digest()), size: source.size, records: 0, columns: [], parts: [] };
}
