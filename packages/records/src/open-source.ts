/**
 * Opens files and folders of the local file system as a source (`docs/spec/manifest.md`, "Path"): lists what is in, follows
 * links inside the root, tells formats. Contents are looked at in the scan, not here. URLs and standard input have files of their own.
 */

import type { BigIntStats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, dirname, parse, resolve } from "node:path";
import { SourceError } from "@assay/merkle";
import { FolderListing, isInside, isOwnFolder, realpathOf } from "./folder-listing.js";
import { formatByContent, formatByName, HEAD_BYTES, plainName } from "./format-detection.js";
import { isHttpUrl, isS3Location, type RemoteOptions } from "./http-request.js";
import { systemError } from "./local-file.js";
import { unknownFormat } from "./memory-source.js";
import { hasMetadataFiles, isMedia } from "./metadata-files.js";
import { globRoot } from "./path-glob.js";
import type { Format } from "./reader.js";
import { openS3 } from "./s3-source.js";
import type { Source, SourceFile } from "./source.js";
import { checkFormat, type SourceOptions, sourceOfFiles } from "./source-of-files.js";
import type { Spool } from "./spool.js";
import { openStandardInput } from "./standard-input.js";
import { type OpenUrlsOptions, openUrls } from "./url-source.js";

export interface OpenSourceOptions extends SourceOptions, RemoteOptions {
  /** Most files of a source. Default 10,000,000. */
  readonly maxFiles?: number;
  /** Where what can be read once is copied to. Default: such sources are refused. */
  readonly spool?: Spool;
  /** Path inside the data set of a single URL or of standard input. Default: from the URL; `stdin` and the ending of the format. */
  readonly path?: string;
  /**
   * A query (one SELECT) that DuckDB runs: its rows are the records. `inputs` names the database file then, or nothing. Needs the
   * package `@duckdb/node-api` and a `spool`. Default none.
   */
  readonly query?: string;
  /** What `-` names. Default: the standard input of the process. */
  readonly standardInput?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/**
 * Lists the files of a data set.
 *
 * @param inputs Files, folders and globs. A folder is the root; for a file its folder; for a glob (`data/**\/*.csv`: `*` is
 * anything but `/`, `**` any folders) the folder in front of its first star; for several their deepest common folder. A glob means
 * the files that match, hidden ones only where a part of it begins with a dot; what exists under its name is no glob. Or http(s)
 * URLs of files, or `s3://` locations of objects and folders, with the same rules for their paths. Or `-` alone: standard input,
 * which is copied to `spool`.
 * @throws TypeError when `inputs` is no array. RangeError when places of different kinds are mixed, or `path` is for none of them. SourceError `not-found` (a glob that
 * nothing matches, too), `permission-denied`, `link-leaves-root`, `link-loop`, `cannot-read`.
 * FormatError `unknown-format` (a named file only), `bad-path`, `path-collision` (with `strictPaths`), `bad-schema`, `bad-dialect`, `limit-exceeded`.
 * @example
 * const source = await openSource(["train.csv"]);
 * source.files[0].path; // "train.csv"
 */
export async function openSource(inputs: readonly string[], options: OpenSourceOptions = {}): Promise<Source> {
  const { format } = options;
  if (!Array.isArray(inputs))
    throw new TypeError('inputs must be an array of texts: files, folders, globs, URLs or "-"');
  if (options.query !== undefined) return (await import("./duckdb-query.js")).openQuery(inputs, options.query, options);
  if (inputs.length === 0) throw new RangeError("inputs must name at least one file or folder");
  checkFormat(format);
  if (inputs.includes("-")) return openStandardInput(inputs, options);
  if (inputs.some(isS3Location)) {
    if (!inputs.every(isS3Location)) throw new RangeError("inputs must all be s3:// locations, or none of them");
    if (options.path !== undefined && (inputs.length > 1 || /\/$/.test(inputs[0] as string)))
      throw new RangeError("path is for a single object");
    return openS3(inputs, options);
  }
  if (inputs.some(isHttpUrl)) return openUrls(inputs, withPath(inputs, options));
  if (options.path !== undefined) throw new RangeError("path is for a URL or standard input: local files have one");
  const named = await Promise.all(inputs.map(lookAt));
  const root = rootOf(named);
  const listing = new FolderListing(root, await realpathOf(root, root), options);
  for (const { path, stats, glob } of named) {
    if (glob !== null) await listing.addGlob(path, glob);
    else if (!stats.isDirectory()) await listing.addNamed(path, stats);
    // `*` of a shell names such folders too.
    else if (named.length === 1 || !isOwnFolder(basename(path))) await listing.addFolder(path);
    else listing.warnings.push(`${path} says something about a data set and is none; it was left out`);
  }
  const found = listing.sorted();
  const told: SourceFile[] = [];
  for (const { path, location, size, identity, isNamed } of found) {
    options.signal?.throwIfAborted();
    told.push({
      path,
      format: format ?? (await detectFormat(path, location, isNamed)),
      size,
      location,
      identity,
    });
  }
  const files = asImageFolder(told);
  const single = named.length === 1 && !(named[0] as Named).stats.isDirectory();
  const warnings = [...listing.warnings];
  if (files.length === 0) warnings.push(`${root} holds no files`);
  // Those that metadata files name are in their records; whether all are, the scan says.
  const isRead = (file: SourceFile): boolean => file.format !== "other" || (hasMetadata && isMedia(file));
  const hasMetadata = hasMetadataFiles(files);
  const unread = files.filter((file) => !isRead(file));
  if (unread.length > 0) warnings.push(unreadWarning(unread, files.length));
  const name = (single ? parse(plainName((named[0] as Named).path)).name : basename(root)) || "data";
  return sourceOfFiles(name, files, warnings, options);
}

function withPath(inputs: readonly string[], { path, ...options }: OpenSourceOptions): OpenUrlsOptions {
  if (path === undefined) return options;
  if (inputs.length !== 1) throw new RangeError(`path is for a single URL, and there are ${inputs.length}`);
  return { ...options, paths: [path] };
}

const IMAGES = /\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif|heic|ppm)$/i;

/** Where no file is one of records and some are pictures, each picture is a record: a folder of pictures, often one a class. */
function asImageFolder(files: readonly SourceFile[]): SourceFile[] {
  const isOne = files.every(({ format }) => format === "other") && files.some(({ path }) => IMAGES.test(path));
  return files.map((file) => (isOne && IMAGES.test(file.path) ? { ...file, format: "files" } : file));
}

/** What is said of files that have a digest and no records. */
function unreadWarning(unread: readonly SourceFile[], files: number): string {
  const names = unread.slice(0, 3).map(({ path }) => path);
  const shown = `${names.join(", ")}${unread.length > names.length ? ", …" : ""}`;
  if (unread.length === files) {
    return `no file has a format that is read (${shown}): there are no records. If each file is a record, say that the format is files`;
  }
  return `${unread.length} of ${files} files have no format that is read (${shown}): their bytes are in the data set, and no records of them`;
}

interface Named {
  readonly path: string;
  readonly stats: BigIntStats;
  /** The pattern below `path`, a folder; `null` when a file or folder was named. */
  readonly glob: string | null;
}

async function lookAt(input: string): Promise<Named> {
  const split = await globRoot(input);
  if (split !== null) {
    const stats = await stat(split.folder, { bigint: true }).catch((e) => Promise.reject(systemError(e, split.folder)));
    return { path: split.folder, stats, glob: split.pattern };
  }
  const path = resolve(input);
  const stats = await stat(path, { bigint: true }).catch((error) => Promise.reject(systemError(error, input)));
  if (!stats.isDirectory() && !stats.isFile()) {
    throw new SourceError(
      "cannot-read",
      `Cannot read ${input}: it is neither a file nor a folder. Write what it gives to a file first`,
      {
        details: { path: input },
      },
    );
  }
  return { path, stats, glob: null };
}

function rootOf(named: readonly Named[]): string {
  const folders = named.map(({ path, stats }) => (stats.isDirectory() ? path : dirname(path)));
  return folders.reduce((common, folder) => {
    let shared = common;
    while (!isInside(shared, folder) && dirname(shared) !== shared) shared = dirname(shared);
    return shared;
  });
}

async function detectFormat(path: string, location: string, isNamed: boolean): Promise<Format> {
  const byName = formatByName(path);
  if (byName !== null) return byName;
  const handle = await open(location, "r").catch((error) => Promise.reject(systemError(error, path)));
  try {
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const byContent = await formatByContent(head.subarray(0, bytesRead));
    if (byContent === null && isNamed) throw unknownFormat(path);
    return byContent ?? "other";
  } catch (error) {
    throw systemError(error, path);
  } finally {
    await handle.close();
  }
}
