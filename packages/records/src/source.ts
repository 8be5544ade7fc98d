/**
 * A source: the files of a data set and how they are to be read. Plain data, so that it can travel to workers.
 * `scanSource` looks at every file once (digests, parts, inferred types); only then are there records.
 */

import type { ColumnType } from "./column-type.js";
import type { EarlyLeaves } from "./early-leaves.js";
import type { RemoteOptions } from "./http-request.js";
import type { Dialect, FileIndex, Format, LeafFormat, Limits } from "./reader.js";

/** A declared schema (`--schema`; `docs/spec/manifest.md`). */
export interface DeclaredSchema {
  readonly columns?: Readonly<Record<string, ColumnType>>;
  /** Columns that are not declared. Default `"infer"`. `"text"` is for CSV only. */
  readonly others?: "infer" | "text" | "refuse";
  /** Unquoted CSV fields that are null, besides the empty one. Default none. */
  readonly nullValues?: readonly string[];
}

/** How splits are made: by the values of a column, or by path patterns. */
export type SplitRule = { readonly column: string } | { readonly paths: Readonly<Record<string, string>> };

/** What one must know to read the data again: `reading` of the manifest. */
export interface Reading {
  readonly types: Readonly<Record<string, ColumnType | readonly ColumnType[]>>;
  readonly inferred: readonly string[];
  readonly nullValues: readonly string[];
  readonly others: "infer" | "text" | "refuse";
  readonly csv?: Dialect;
  readonly ignored?: readonly string[];
  readonly splits?: SplitRule;
  /** Whether the records of metadata files hold the digests of the files that they name. */
  readonly metadata?: true;
}

/** One stored file of a data set. */
export interface SourceFile {
  /** Path inside the data set (`docs/spec/manifest.md`, "Path"). */
  readonly path: string;
  readonly format: Format;
  /** Bytes. */
  readonly size: number;
  /**
   * Where a worker opens it: an absolute path, or a URL. Empty for a file that is in {@link content}. A URL may hold secrets (a
   * signed query, a password): it is for reading only, and never written or shown.
   */
  readonly location: string;
  /** The bytes themselves, for a source in memory or a file that a browser was given. Workers get it without a copy. */
  readonly content?: Blob;
  /** What must stay the same while it is read (device, inode, size, modification time; an entity tag). */
  readonly identity: string;
  /** Behind a URL: how patient its reader is. */
  readonly remote?: RemoteOptions;
}

export interface Source {
  /** Name of the data set: that of the folder or file, without its ending. */
  readonly name: string;
  /** Files ascending by the UTF-8 bytes of their path. */
  readonly files: readonly SourceFile[];
  readonly schema: DeclaredSchema;
  readonly dialect: Dialect;
  readonly ignored: readonly string[];
  /** Remarks for people: paths that differ only in case, links that were followed, … */
  readonly warnings: readonly string[];
  /** Caps on hostile input for whoever reads it and gives no other ones. Default those of {@link Limits}. */
  readonly limits?: Partial<Limits>;
}

/** A column that became text though nearly all its fields fit another type. */
export interface TypeWarning {
  readonly column: string;
  /** The type that nearly fits. */
  readonly type: ColumnType;
  /** Number of fields that do not fit it. */
  readonly misfits: number;
  /** The first five of them. */
  readonly first: readonly { readonly path: string; readonly line: number; readonly value: string }[];
}

/** A file that was looked at once. */
export interface ScannedFile {
  readonly file: SourceFile;
  readonly index: FileIndex;
  /** Leaves that were made on the way, one range of the file after the other, each good for the types it was made with. */
  readonly early?: readonly EarlyLeaves[];
}

/** A source that was looked at once: every digest of stored bytes, every part, every type. */
export interface ScannedSource {
  readonly source: Source;
  readonly files: readonly ScannedFile[];
  readonly reading: Reading;
  /** What a record is was decided in the scan: with `raw/v1` an empty line is one. */
  readonly leafFormat: LeafFormat;
  /** Records of all files. */
  readonly records: number;
  readonly warnings: readonly TypeWarning[];
  /** Pictures and the like that no metadata file names though there are some: they are in no record. Default none. */
  readonly unnamed?: readonly string[];
}

/** Progress of long work, the same wherever it appears. */
export interface Progress {
  readonly stage: "scan" | "infer" | "hash" | "tree" | "read" | "check" | "write";
  /** Units done and in all (bytes or records or steps); `total` 0 when not known. */
  readonly done: number;
  readonly total: number;
  /** What is being worked on: a path, or a check id. */
  readonly what?: string;
}
