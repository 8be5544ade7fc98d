/**
 * Opens files and folders of the local file system as a source (`docs/spec/manifest.md`, "Path"): lists what is in, follows
 * links inside the root, tells formats. Contents are looked at in the scan, not here. URLs and standard input have files of their own.
 */

import { type BigIntStats, type Dirent, statSync } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, parse, relative, resolve, sep } from "node:path";
import { FormatError, SourceError } from "@assay/merkle";
import { checkDataPath, compareText } from "./data-path.js";
import { formatByContent, formatByName, HEAD_BYTES, plainName } from "./format-detection.js";
import { isHttpUrl, isS3Location, type RemoteOptions } from "./http-request.js";
import { identityOf, systemError } from "./local-file.js";
import { unknownFormat } from "./memory-source.js";
import { hasMetadataFiles, isMedia } from "./metadata-files.js";
import { globRoot, matchesGlob } from "./path-glob.js";
import { matchesPattern } from "./path-pattern.js";
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
  const listing = new Listing(root, await realpathOf(root, root), options);
  for (const { path, stats, glob } of named) {
    if (glob !== null) await listing.addGlob(path, glob);
    else if (!stats.isDirectory()) await listing.addNamed(path, stats);
    // `*` of a shell names such folders too.
    else if (named.length === 1 || !isOwnFolder(basename(path))) await listing.addFolder(path);
    else listing.warnings.push(`${path} says something about a data set and is none; it was left out`);
  }
  const found = [...listing.files.values()].sort((a, b) => compareText(a.path, b.path));
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

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function realpathOf(location: string, shown: string): Promise<string> {
  return realpath(location).catch((error) => Promise.reject(systemError(error, shown)));
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

function isOwnFolder(name: string): boolean {
  return name.endsWith(".assay");
}

interface ListedFile {
  readonly path: string;
  readonly location: string;
  readonly size: number;
  readonly identity: string;
  readonly isNamed: boolean;
}

/** What is kept of a look at a file, which holds a dozen large integers. */
function seenIn(stats: BigIntStats): { size: number; identity: string } {
  return { size: Number(stats.size), identity: identityOf(stats) };
}

class Listing {
  /** By path: what is named twice is in once. */
  readonly files = new Map<string, ListedFile>();
  readonly warnings: string[] = [];

  readonly #root: string;
  readonly #realRoot: string;
  readonly #options: OpenSourceOptions;
  /** Whether a found file is wanted; `null`: all are. */
  #glob: ((location: string) => boolean) | null = null;

  constructor(root: string, realRoot: string, options: OpenSourceOptions) {
    this.#root = root;
    this.#realRoot = realRoot;
    this.#options = options;
  }

  /** A file that was named. It may be a link to anywhere, because somebody said so. */
  async addNamed(location: string, stats: BigIntStats): Promise<void> {
    const path = this.#pathOf(location);
    if (!this.#isIgnored(path)) this.#add({ path, location, ...seenIn(stats), isNamed: true });
  }

  async addFolder(folder: string): Promise<void> {
    await this.#walk(folder, this.#pathOf(folder), [await realpathOf(folder, folder)]);
  }

  /** The files below a folder that a glob matches. */
  async addGlob(folder: string, pattern: string): Promise<void> {
    const withHidden = pattern.split("/").some((segment) => segment.startsWith("."));
    this.#glob = (location) => {
      const path = relative(folder, location).split(sep).join("/");
      return matchesGlob(pattern, path) && (withHidden || !/(^|\/)\./.test(path));
    };
    const before = this.files.size;
    await this.addFolder(folder);
    this.#glob = null;
    if (this.files.size > before) return;
    throw new SourceError("not-found", `No file below ${folder} matches ${pattern}`, {
      details: { path: folder, pattern },
    });
  }

  /**
   * @param pathOfFolder Its path in the data set; empty for the root.
   * @param realFolders The real paths of this folder and those it was reached through.
   */
  async #walk(folder: string, pathOfFolder: string, realFolders: readonly string[]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true, encoding: "buffer" }).catch((error) =>
      Promise.reject(systemError(error, folder)),
    );
    // Put together here: to resolve each of millions of paths by itself would cost more than the look at the file.
    const [before, pathBefore] = [folder.endsWith(sep) ? folder : folder + sep, pathOfFolder && `${pathOfFolder}/`];
    for (const entry of entries as Dirent<Buffer>[]) {
      const name = nameOf(entry.name, folder);
      const [location, path] = [before + name, pathBefore + name];
      if (entry.isFile()) this.#addFound(location, path);
      else if (entry.isSymbolicLink()) await this.#followLink(name, location, path, realFolders);
      else if (entry.isDirectory())
        await this.#enter(name, location, path, [...realFolders, join(realFolders.at(-1) as string, name)]);
      else if (this.#glob === null) this.warnings.push(`${path} is neither a file nor a folder, and was left out`);
    }
  }

  async #enter(name: string, location: string, path: string, realFolders: readonly string[]): Promise<void> {
    // Folders that this tool writes are about a data set, not part of it.
    if (!isOwnFolder(name)) await this.#walk(location, path, realFolders);
  }

  async #followLink(name: string, location: string, path: string, realFolders: readonly string[]): Promise<void> {
    if (this.#isIgnored(path)) return;
    const target = await realpathOf(location, path);
    if (!isInside(this.#realRoot, target)) {
      throw new SourceError(
        "link-leaves-root",
        `${path} is a link to ${target}, outside of the data set's folder. Copy the file into the folder, or ignore the path`,
        { details: { path, target } },
      );
    }
    const stats = await stat(location, { bigint: true }).catch((error) => Promise.reject(systemError(error, path)));
    if (stats.isFile()) {
      this.#addFound(location, path);
    } else if (stats.isDirectory()) {
      if (realFolders.includes(target)) {
        throw new SourceError(
          "link-loop",
          `${path} is a link to a folder that it is inside of. Remove the link, or ignore the path`,
          {
            details: { path, target },
          },
        );
      }
      await this.#enter(name, location, path, [...realFolders, target]);
    }
  }

  #addFound(location: string, path: string): void {
    if (this.#glob?.(location) === false) return;
    if (this.#isIgnored(path)) return;
    try {
      // There may be millions: a promise for each would cost more than the look.
      this.#add({ path, location, ...seenIn(statSync(location, { bigint: true })), isNamed: false });
    } catch (error) {
      throw systemError(error, path);
    }
  }

  #isIgnored(path: string): boolean {
    return (this.#options.ignore ?? []).some((pattern) => matchesPattern(pattern, path));
  }

  #pathOf(location: string): string {
    const path = relative(this.#root, location);
    return sep === "\\" ? path.replaceAll("\\", "/") : path;
  }

  #add(file: ListedFile): void {
    const { maxFiles = 10_000_000 } = this.#options;
    checkDataPath(file.path);
    if (this.files.get(file.path)?.isNamed !== true) this.files.set(file.path, file);
    if (this.files.size <= maxFiles) return;
    throw new FormatError(
      "limit-exceeded",
      `There are more than maxFiles (${maxFiles}) files. Raise it, or name fewer folders`,
      {
        details: { limit: "maxFiles", value: maxFiles },
      },
    );
  }
}

function nameOf(bytes: Buffer, folder: string): string {
  const name = bytes.toString("utf8");
  // It stands for what is not UTF-8, or for itself.
  if (!name.includes("\ufffd")) return name;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const shown = new TextDecoder().decode(bytes);
    throw new FormatError("bad-path", `The name ${JSON.stringify(shown)} in ${folder} is not UTF-8. Rename the file`, {
      details: { path: shown },
      cause,
    });
  }
}
