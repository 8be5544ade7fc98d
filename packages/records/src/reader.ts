/**
 * What every file format gives: an index of a file, cut into parts of whole blocks, and the batches of one part.
 *
 * How a file is cut never changes a leaf. Both passes over a file must see the same bytes: the index holds the SHA-256
 * of every byte range that a part reads, and reading a part checks them (`source-changed`).
 */

import type { Batch } from "./batch.js";
import type { ColumnType, Kinds } from "./column-type.js";
import type { FrameStart, StreamCompression } from "./compression.js";
import type { SourceFile } from "./source.js";

/** 65,536 consecutive records, aligned. */
export const BLOCK_RECORDS = 65_536;

export type Format =
  | "csv"
  | "tsv"
  | "jsonl"
  | "json"
  | "arrow"
  | "parquet"
  | "text"
  | "files"
  | "tar"
  | "npy"
  | "npz"
  | "safetensors"
  | "other";

/** Whether the values of a format say their own types, one by one. */
export function isJson(format: Format): boolean {
  return format === "jsonl" || format === "json";
}

/** A file of random access: two members replace every kind of file. */
export interface ByteSource {
  /** Path inside the data set, for messages. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Bytes [begin, end). Throws `source-changed` when the file is shorter than `size`, or not the file it was.
   *
   * @param room Of that length: the bytes may be put there, and what is returned is then this. Default: memory of their own.
   */
  read(begin: number, end: number, room?: Uint8Array): Promise<Uint8Array>;
  /** Looks once more whether the file is still the one that was opened (`source-changed`). Absent where it cannot change. */
  check?(): Promise<void>;
  /** Lets go of the file. */
  close?(): Promise<void>;
}

/** A byte range that a part reads, and its SHA-256 (lower-case hex) when the file was indexed. */
export interface Window {
  readonly begin: number;
  readonly end: number;
  /** `null` where nobody was to read the part again ({@link IndexOptions.readsOnce}): then nobody can. */
  readonly sha256: string | null;
}

/** A run of whole blocks: the unit of work. Plain data, so that it can travel to a worker or a cluster. */
export interface FilePart {
  /** First record. A multiple of {@link BLOCK_RECORDS} (or the first record of a row group or record batch). */
  readonly begin: number;
  /** One past the last record, or `null` while it is not known (text formats before they are parsed know it too). */
  readonly end: number;
  readonly windows: readonly Window[];
  /** What the format's reader must know besides (line number, row group numbers, …), all of it: plain JSON data. */
  readonly detail: unknown;
  /** Of a compressed file: the last place in front of the part where decompression can begin. */
  readonly from?: FrameStart;
  /** Of a metadata file: the files that its records name, each once. */
  readonly named?: readonly NamedFile[];
}

/** A column of a metadata file that names files: its name there, and in the records, which hold digests. */
export interface NamedColumn {
  readonly from: string;
  readonly to: string;
  /** Whether it holds lists of names. */
  readonly list: boolean;
}

/** A file that a metadata file names. */
export interface NamedFile {
  /** Path inside the data set. */
  readonly path: string;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly sha256: string;
  /** Where it is. */
  readonly file: SourceFile;
}

/** What one look at a whole file tells. Plain data. */
export interface FileIndex {
  readonly format: Format;
  /** SHA-256 of the stored file, lower-case hex. */
  readonly bytes: string;
  readonly size: number;
  /** Number of records. */
  readonly records: number;
  /** Columns in file order; `type` is the stored one, or `null` where the format has none (CSV, JSONL). JSONL lists none. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType | null }[];
  readonly parts: readonly FilePart[];
  /** Of a compressed file: how, and the bytes it stands for, with their digest. The windows of its parts are ranges of these. */
  readonly compression?: { readonly method: StreamCompression; readonly size: number; readonly sha256: string };
  /** Of a metadata file: its columns that name files. `columns` are those of the file, `columnsOf` says those of its records. */
  readonly named?: readonly NamedColumn[];
  /** Of an archive: links in it, which are in no record. Default none. */
  readonly links?: number;
}

/** How CSV is written; each only when not the default (`docs/spec/manifest.md`, "Dialect"). */
export interface Dialect {
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  readonly header?: false;
  readonly encoding?: "utf-16le" | "utf-16be" | "windows-1252";
}

/** Every cap on hostile input. Hitting one is `limit-exceeded`, naming it. */
export interface Limits {
  /** Longest record of a text format, bytes; at most 10⁹. Default 256 MiB. */
  readonly maxRecordBytes: number;
  /** Most columns of a file. Default 100,000. */
  readonly maxColumns: number;
  /** Largest decoded row group or record batch, bytes. Default 4 GiB. */
  readonly maxGroupBytes: number;
  /**
   * Most bytes that one byte of a compressed file may stand for, on average over what was read so far; the first 64 MiB are
   * free. Default 250.
   */
  readonly maxInflation: number;
  /** Most regular files in an archive. Default 4,000,000. */
  readonly maxMembers: number;
  /** Largest window of Zstandard, bytes. Default 128 MiB, as its own command has it. */
  readonly maxWindowBytes: number;
}

/** What a leaf is made of: the typed record, or the bytes of a line (`docs/spec/leaf-encoding.md`). */
export type LeafFormat = "assay-record/v1" | "raw/v1";

/** Options of both passes over a file; both must get the same ones. */
export interface IndexOptions {
  readonly dialect?: Dialect;
  /** With `raw/v1` every line of `jsonl` and `text` is a record, empty ones too. Default `assay-record/v1`. */
  readonly leafFormat?: LeafFormat;
  /** Bytes of a text format that are read at once. Changes no result. Default 262,144. */
  readonly readBytes?: number;
  /**
   * Where leaves are made on the way, parts are not to be read again: the file has a digest, and its windows need none.
   * Default false.
   */
  readonly readsOnce?: boolean;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  /** Called with bytes read since the last call. */
  readonly onBytes?: (bytes: number) => void;
}

export interface ReadOptions extends IndexOptions {
  /** Column name → type that text is read with. A JSONL column without one is untyped. */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** Unquoted CSV fields that are null, besides the empty one. */
  readonly nullValues?: readonly string[];
  /** Only these columns (by name); default all. Leaves need all, but those of `raw/v1`, which need none (`[]`). */
  readonly columns?: readonly string[];
  /** JSONL: whether a member without a declared type is refused (`undeclared-column`). */
  readonly refuseOthers?: boolean;
  /**
   * `files`, `tar`: columns hold the contents of which records hold the digests. `texts`: those that are called like a label or text
   * (`cls`, `txt`, …), as text; `all`: the others too. For looking at them: their leaves are others. Default `none`.
   */
  readonly contents?: "none" | "texts" | "all";
}

/** A batch and where it stands in its file. */
export interface PlacedBatch {
  /** Ordinal of the first record in its file. */
  readonly begin: number;
  readonly batch: Batch;
  /**
   * Text formats: the line (from 1, as an editor counts) on which each record begins. Records of other formats have none.
   */
  readonly lines?: Float64Array;
  /** With `raw/v1`: the bytes of each line, `data[offsets[i], offsets[i+1])`. */
  readonly raw?: { readonly offsets: Float64Array; readonly data: Uint8Array };
}

/** Leaves of consecutive records that no batch was made of. */
export interface PlacedLeaves {
  /** 32 bytes a record. */
  readonly leaves: Uint8Array;
  /** Kinds of the columns. */
  readonly kinds: Kinds;
}

/** One file format. Readers are injected, so that a verifier of manifests and proofs loads none. */
export interface FormatReader {
  readonly formats: readonly Format[];
  /** Looks at the whole file once: digest, columns, parts. */
  index(source: ByteSource, options?: IndexOptions): Promise<FileIndex>;
  /**
   * The same for who wants the leaves and nothing else of the file: reads it once, tells the leaves of all records on the way,
   * in order and without a declared type, and gives parts that cannot be read again. Absent where there is no such way.
   *
   * @param mostRecords With more of them nothing is told, and there is no answer.
   * @param take Called with leaves, or batches where there is no shorter way to them.
   * @returns Undefined, and nothing was told, where the file is not laid out to be read once.
   */
  indexOnce?(
    source: ByteSource,
    options: IndexOptions,
    mostRecords: number,
    take: (placed: PlacedLeaves | PlacedBatch) => void,
  ): Promise<FileIndex | undefined>;
  /**
   * The batches of one part, in order; never more than {@link BLOCK_RECORDS} records in one.
   *
   * @param index Of the whole file; its `parts` may be left out (empty), so that little travels to a worker.
   */
  read(source: ByteSource, index: FileIndex, part: FilePart, options: ReadOptions): AsyncIterable<PlacedBatch>;
  /**
   * The leaves of one part (without a key), in order, where the reader has a shorter way to them than
   * over batches; records for which it has none come as batches. Absent where there is no such way at all.
   */
  leaves?(
    source: ByteSource,
    index: FileIndex,
    part: FilePart,
    options: ReadOptions,
  ): AsyncIterable<PlacedLeaves | PlacedBatch>;
}
