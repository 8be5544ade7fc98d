/**
 * Parquet files without some of their records: the levels and stored values of these records leave, chunk by chunk; schema,
 * key-value metadata and column orders are copied as they stand. A row group that loses all of its records leaves too.
 */

import { FormatError, isAssayError } from "@assay/merkle";
import { readWindow } from "./file-windows.js";
import { limitsOf } from "./limits.js";
import { GroupTooLarge } from "./parquet-encoding.js";
import { badParquet, parseFooter, type RowGroup } from "./parquet-footer.js";
import { decodeChunk } from "./parquet-pages.js";
import { storedFields } from "./parquet-thrift.js";
import { type WrittenChunk, type WrittenGroup, writeChunk, writeFooter } from "./parquet-write.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions, Window } from "./reader.js";

/** `PAR1` */
const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

/** The bytes of the file without these records. There is at least one. */
export async function* removeParquetRecords(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const { path } = source;
  const { maxColumns, maxGroupBytes } = limitsOf(options);
  const footerWindow = (index.parts[0] as FilePart).windows[0] as Window;
  const footerBytes = await readWindow(source, footerWindow);
  const footer = attempt(path, "its footer", 0, () => parseFooter(path, footerBytes, footerWindow.begin, maxColumns));
  const { leaves } = footer.schema;
  yield MAGIC;
  let offset = MAGIC.length;
  const groups: WrittenGroup[] = [];
  let next = 0;
  for (const part of index.parts) {
    const number = (part.detail as { readonly group: number }).group;
    const group = footer.groups[number];
    if (group === undefined) throw sourceChanged(path, `it has no row group ${number}`);
    const removed = new Uint8Array(group.records);
    for (; next < ordinals.length && (ordinals[next] as number) < part.begin + group.records; next++) {
      removed[(ordinals[next] as number) - part.begin] = 1;
    }
    const records = removed.reduce((sum, isRemoved) => sum + 1 - isRemoved, 0);
    if (records === 0) continue;
    const chunks: WrittenChunk[] = [];
    for await (const [leafIndex, bytes] of chunkBytes(source, part, group)) {
      options.signal?.throwIfAborted();
      const leaf = leaves[leafIndex] as (typeof leaves)[number];
      const what = `row group ${number}, column ${JSON.stringify(leaf.path.join("."))}`;
      const { chunk, pages } = attempt(path, what, maxGroupBytes, () => {
        const stored = group.chunks[leafIndex] as RowGroup["chunks"][number];
        return writeChunk(decodeChunk(bytes, stored, leaf, maxGroupBytes), removed, offset);
      });
      chunks[leafIndex] = chunk;
      offset += chunk.storedBytes;
      yield* pages;
    }
    groups.push({ records, chunks });
  }
  const kept = storedFields(footerBytes, 0).filter(({ id }) => [1, 2, 5, 7].includes(id));
  yield writeFooter(kept, groups);
}

/** The checked bytes of every chunk of a row group, in file order; a window is held while chunks lie in it. */
async function* chunkBytes(
  source: ByteSource,
  part: FilePart,
  { chunks }: RowGroup,
): AsyncGenerator<readonly [number, Uint8Array]> {
  const ordered = chunks.map((chunk, leaf) => ({ ...chunk, leaf })).sort((left, right) => left.begin - right.begin);
  let held: { readonly window: Window; readonly bytes: Uint8Array } | null = null;
  for (const { begin, end, leaf } of ordered) {
    if (held === null || begin < held.window.begin || end > held.window.end) {
      const window = part.windows.slice(1).find((range) => range.begin <= begin && end <= range.end);
      if (window === undefined) throw badParquet(source.path, `bytes ${begin} to ${end} were not indexed`);
      held = { window, bytes: await readWindow(source, window) };
    }
    yield [leaf, held.bytes.subarray(begin - held.window.begin, end - held.window.begin)];
  }
}

/** Runs a decoder: what it throws becomes `bad-parquet` or `limit-exceeded`. */
function attempt<T>(path: string, what: string, maximum: number, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (isAssayError(error)) throw error;
    if (error instanceof GroupTooLarge) {
      const actual = Math.ceil(error.needed);
      throw new FormatError(
        "limit-exceeded",
        `${path}: ${what} takes ${actual} bytes when decoded, more than maxGroupBytes (${maximum}); raise the limit`,
        { details: { path, limit: "maxGroupBytes", maximum, actual } },
      );
    }
    throw badParquet(path, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
