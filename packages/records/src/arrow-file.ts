/**
 * Batches as the bytes of an Arrow IPC file, and back: for small tables that are artefacts of their own. Written by
 * apache-arrow, uncompressed and without metadata of its own, so the same batches give the same bytes; read by our own
 * decoder, which checks every length and offset.
 */

import { tableToIPC } from "apache-arrow";
import { arrowReader } from "./arrow-reader.js";
import { toArrow } from "./arrow-table.js";
import type { Batch } from "./batch.js";
import { openContent } from "./memory-source.js";
import type { Limits } from "./reader.js";

/**
 * The bytes of an Arrow IPC file with one record batch for each batch.
 *
 * @param batches Batches with the same columns; at least one, because a file has a schema.
 * @throws RangeError for no batch; TypeError when the columns of two batches differ.
 * @example
 * const bytes = toArrowFile([batch]);
 * await fromArrowFile("prices.arrow", bytes); // the same records
 */
export function toArrowFile(batches: readonly Batch[]): Uint8Array {
  if (batches.length === 0) throw new RangeError("toArrowFile() batches must have at least one");
  return tableToIPC(toArrow(batches), "file");
}

/**
 * The records of an Arrow IPC file or stream in memory. Record batches without records are left out.
 *
 * @param path Its name, for messages.
 * @param limits Caps on what is read; see {@link Limits}.
 * @throws FormatError `bad-arrow` and others as `arrowReader` does; `limit-exceeded` beyond a cap.
 */
export async function fromArrowFile(
  path: string,
  bytes: Uint8Array,
  limits: Partial<Limits> = {},
): Promise<{ readonly columns: readonly string[]; readonly batches: readonly Batch[] }> {
  const source = openContent(path, new Blob([new Uint8Array(bytes)]));
  const index = await arrowReader.index(source, { limits });
  const batches: Batch[] = [];
  for (const part of index.parts)
    for await (const { batch } of arrowReader.read(source, index, part, { types: {}, limits })) batches.push(batch);
  return { columns: index.columns.map(({ name }) => name), batches };
}
