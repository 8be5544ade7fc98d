/**
 * A data file without some of its records, as `assay quarantine` writes it. Nothing else changes: text keeps its other
 * bytes, Arrow and Parquet files keep their schema, their container and every stored value of the records that stay.
 */

import { FormatError } from "@assay/merkle";
import { openFile } from "./open-bytes.js";
import { openPlain } from "./plain-source.js";
import type { ByteSource, FileIndex, IndexOptions, Limits } from "./reader.js";
import { copyWindow } from "./remove-text.js";
import type { ScannedSource } from "./source.js";

export interface RemoveOptions {
  readonly signal?: AbortSignal;
  /** Caps on hostile input. Those of the scan; default those of the source. */
  readonly limits?: Partial<Limits>;
  /** Bytes of a text format that are read at once. Changes no byte of the result. Default 262,144. */
  readonly readBytes?: number;
}

/**
 * The bytes of a file without some of its records. Read with the parent's reading, they are the same records without these.
 *
 * CSV, TSV, JSONL and text: the records leave with their line ends, all other bytes stay, header and empty lines too. JSON:
 * they leave with a comma each. Arrow:
 * record batches and dictionaries stay what they are, buffers are written again, uncompressed. Parquet: row groups stay, but
 * for empty ones; pages are written again (plain, Snappy); statistics and indexes are left out. Compressed text is compressed again:
 * gzip as one member; Zstandard as one frame of blocks as they are, so that it grows. Arrays (`.npy`, `.npz`, safetensors): the head says the
 * new number of records; what was deflated is deflated again. No records: the same bytes.
 *
 * @param file Index of the file in the source.
 * @param ordinals Records of the file, ascending, each once.
 * @returns `null`: the file itself is the record that leaves (format `files`), so there is no child file. Else the bytes; the memory
 * taken follows the longest record, or the largest column chunk or record batch.
 * @throws RangeError for a file or record that is not there, or ordinals out of order. While bytes come: SourceError `source-changed`
 * when the file is not the one that was scanned (what came before is then worth nothing), and whatever keeps it from being
 * read; FormatError `limit-exceeded`; the reason of an aborted signal.
 * @example
 * for await (const bytes of removeRecords(scanned, 0, [7, 12]) ?? []) await file.write(bytes);
 */
export function removeRecords(
  scanned: ScannedSource,
  file: number,
  ordinals: readonly number[],
  options: RemoveOptions = {},
): AsyncIterable<Uint8Array> | null {
  const entry = scanned.files[file];
  if (entry === undefined) throw new RangeError(`file: there is no file ${file} among ${scanned.files.length}`);
  checkOrdinals(ordinals, entry.index.records, entry.file.path);
  if (ordinals.length > 0 && entry.index.format === "files") return null;
  return bytesWithout(scanned, entry, ordinals, options);
}

function checkOrdinals(ordinals: readonly number[], records: number, path: string): void {
  for (const [i, ordinal] of ordinals.entries()) {
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= records) {
      throw new RangeError(`ordinals: ${path} has ${records} records from 0, and no record ${ordinal}`);
    }
    if (i > 0 && ordinal <= (ordinals[i - 1] as number)) {
      throw new RangeError(`ordinals must ascend, but ${ordinal} follows ${ordinals[i - 1]}`);
    }
  }
}

async function* bytesWithout(
  { source: { limits }, reading, leafFormat }: ScannedSource,
  { file, index }: ScannedSource["files"][number],
  ordinals: readonly number[],
  options: RemoveOptions,
): AsyncGenerator<Uint8Array> {
  options.signal?.throwIfAborted();
  const indexOptions: IndexOptions = {
    ...(limits === undefined ? {} : { limits }),
    ...options,
    dialect: reading.csv ?? {},
    leafFormat,
  };
  const source = await openFile(file);
  try {
    if (ordinals.length === 0) {
      yield* copyWindow(source, { begin: 0, end: index.size, sha256: index.bytes }, [], indexOptions);
    } else if (index.compression === undefined) {
      yield* await remover(source, index, ordinals, indexOptions);
    } else {
      const { compressAgain } = await import("./recompression.js");
      const starts = index.parts.map(({ from }) => from);
      const plain = openPlain(source, index, starts, indexOptions);
      yield* compressAgain(index.compression.method, await remover(plain, index, ordinals, indexOptions));
    }
    await source.check?.();
  } finally {
    await source.close?.();
  }
}

/** An archive loses the members of a record with their headers. */
async function removeSamples(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { rangesOfSamples } = await import("./tar.js");
  const { size, sha256 } = index.compression ?? { size: index.size, sha256: index.bytes };
  const whole = { begin: 0, end: size, sha256 };
  return copyWindow(source, whole, rangesOfSamples(index, ordinals), options);
}

function cannotRemove(path: string, format: string): FormatError {
  return new FormatError(
    "unsupported-type",
    `${path}: records cannot be taken out of ${format} files. Write the data in another format first, and run again`,
    { details: { path, format } },
  );
}

/** Loads what a format needs, and only that. */
async function remover(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): Promise<AsyncIterable<Uint8Array>> {
  switch (index.format) {
    case "csv":
    case "tsv":
      return (await import("./remove-csv.js")).removeCsvRecords(source, index, ordinals, options);
    case "jsonl":
    case "text":
      return (await import("./remove-lines.js")).removeLines(source, index, ordinals, options);
    case "json":
      return (await import("./remove-lines.js")).removeElements(source, index, ordinals, options);
    case "arrow":
      return (await import("./remove-arrow.js")).removeArrowRecords(source, index, ordinals, options);
    case "parquet":
      return (await import("./remove-parquet.js")).removeParquetRecords(source, index, ordinals, options);
    case "npy":
    case "safetensors":
      return (await import("./remove-arrays.js")).removeArrayRecords(source, index, ordinals, options);
    case "npz":
      return (await import("./remove-npz.js")).removeNpzRecords(source, index, ordinals, options);
    case "tar":
      return removeSamples(source, index, ordinals, options);
    default:
      throw cannotRemove(source.path, index.format);
  }
}
