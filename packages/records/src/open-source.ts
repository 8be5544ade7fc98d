/**
 * Opens files and folders of the local file system as a source (`docs/spec/manifest.md`, "Path"): lists what is in, follows
 * links inside the root, tells formats. Contents are looked at in the scan, not here.
 */

import type { BigIntStats, Dirent } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, parse, relative, resolve, sep } from "node:path";
import { FormatError, SourceError } from "@assay/merkle";
import { dialectWithoutDefaults } from "./csv-dialect.js";
import { checkDataPath, compareText, findPathCollisions } from "./data-path.js";
import { parseSchema } from "./declared-schema.js";
import { formatByContent, formatByName, HEAD_BYTES, KNOWN_FORMATS, plainName } from "./format-detection.js";
import { identityOf, systemError } from "./local-file.js";
import { collisionWarning, unknownFormat } from "./memory-source.js";
import { globRoot, matchesGlob } from "./path-glob.js";
import { matchesPattern } from "./path-pattern.js";
import type { Format } from "./reader.js";
import type { DeclaredSchema, Source, SourceFile } from "./source.js";

export interface OpenSourceOptions {
  /** Format of every file. Default: by name and content; pictures among nothing else that is read are `files`. */
  readonly format?: Format;
  /** Default: types are inferred or stored. */
  readonly schema?: DeclaredSchema;
  /** How CSV is written; defaults may be spelled out. */
  readonly dialect?: Parameters<typeof dialectWithoutDefaults>[0];
  /** More unquoted CSV fields that are null, behind those of the schema. Default none. */
  readonly nullValues?: readonly string[];
  /** Patterns of paths that are left out (`*` anything but `/`, `**` anything). Default none. */
  readonly ignore?: readonly string[];
  /** Whether paths that differ only in case or Unicode form are refused. Default false: a warning. */
  readonly strictPaths?: boolean;
  /** Most files of a source. Default 10,000,000. */
  readonly maxFiles?: number;
  readonly signal?: AbortSignal;
}

/**
 * Lists the files of a data set.
 *
 * @param inputs Files, folders and globs. A folder is the root; for a file its folder; for a glob (`data/**\/*.csv`: `*` is
 * anything but `/`, `**` any folders) the folder in front of its first star; for several their deepest common folder. A glob means
 * the files that match, hidden ones only where a part of it begins with a dot; what exists under its name is no glob.
 * @throws SourceError `not-found` (a glob that nothing matches, too), `permission-denied`, `link-leaves-root`, `link-loop`, `cannot-read`.
 * FormatError `unknown-format` (a named file only), `bad-path`, `path-collision` (with `strictPaths`), `bad-schema`, `bad-dialect`, `limit-exceeded`.
 * @example
 * const source = await openSource(["train.csv"]);
 * source.files[0].path; // "train.csv"
 */
export async function openSource(inputs: readonly string[], options: OpenSourceOptions = {}): Promise<Source> {
  const { format, schema = {}, dialect = {}, nullValues = [], ignore = [], strictPaths = false } = options;
  if (inputs.length === 0) throw new RangeError("inputs must name at least one file or folder");
  if (inputs.includes("-")) {
    throw new SourceError("cannot-read", "Standard input cannot be read yet. Write it to a file first", {
      details: { path: "-" },
    });
  }
  if (format !== undefined && !KNOWN_FORMATS.includes(format)) {
    throw new FormatError(
      "unknown-format",
      `There is no format ${JSON.stringify(format)}. Known are ${KNOWN_FORMATS.join(", ")}`,
      {
        details: { format, known: KNOWN_FORMATS },
      },
    );
  }
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
  for (const { path, location, stats, isNamed } of found) {
    options.signal?.throwIfAborted();
    told.push({
      path,
      format: format ?? (await detectFormat(path, location, isNamed)),
      size: Number(stats.size),
      location,
      identity: identityOf(stats),
    });
  }
  const files = asImageFolder(told);
  const collisions = findPathCollisions(files.map(({ path }) => path));
  const [first] = collisions;
  if (strictPaths && first !== undefined) {
    throw new FormatError("path-collision", `${collisionWarning(first)}. Rename one of them`, {
      details: { paths: first },
    });
  }
  const single = named.length === 1 && !(named[0] as Named).stats.isDirectory();
  const warnings = [...listing.warnings, ...collisions.map(collisionWarning)];
  if (files.length === 0) warnings.push(`${root} holds no files`);
  const unread = files.filter((file) => file.format === "other");
  if (unread.length > 0) warnings.push(unreadWarning(unread, files.length));
  const declared = parseSchema(schema);
  return {
    name: (single ? parse(plainName((named[0] as Named).path)).name : basename(root)) || "data",
    files,
    schema: { ...declared, nullValues: [...new Set([...(declared.nullValues ?? []), ...nullValues])] },
    dialect: dialectWithoutDefaults(dialect),
    ignored: [...new Set(ignore)].sort(compareText),
    warnings,
  };
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
  readonly stats: BigIntStats;
  readonly isNamed: boolean;
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
    if (!this.#isIgnored(path)) this.#add({ path, location, stats, isNamed: true });
  }

  async addFolder(folder: string): Promise<void> {
    await this.#walk(folder, [await realpathOf(folder, folder)]);
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

  /** @param realFolders The real paths of this folder and those it was reached through. */
  async #walk(folder: string, realFolders: readonly string[]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true, encoding: "buffer" }).catch((error) =>
      Promise.reject(systemError(error, folder)),
    );
    for (const entry of entries as Dirent<Buffer>[]) {
      const name = nameOf(entry.name, folder);
      const location = join(folder, name);
      if (entry.isSymbolicLink()) await this.#followLink(name, location, realFolders);
      else if (entry.isDirectory())
        await this.#enter(name, location, [...realFolders, join(realFolders.at(-1) as string, name)]);
      else if (entry.isFile()) await this.#addFound(location);
      else if (this.#glob === null)
        this.warnings.push(`${this.#pathOf(location)} is neither a file nor a folder, and was left out`);
    }
  }

  async #enter(name: string, location: string, realFolders: readonly string[]): Promise<void> {
    // Folders that this tool writes are about a data set, not part of it.
    if (!isOwnFolder(name)) await this.#walk(location, realFolders);
  }

  async #followLink(name: string, location: string, realFolders: readonly string[]): Promise<void> {
    const path = this.#pathOf(location);
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
      await this.#addFound(location);
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
      await this.#enter(name, location, [...realFolders, target]);
    }
  }

  async #addFound(location: string): Promise<void> {
    if (this.#glob?.(location) === false) return;
    const path = this.#pathOf(location);
    if (this.#isIgnored(path)) return;
    const stats = await stat(location, { bigint: true }).catch((error) => Promise.reject(systemError(error, path)));
    this.#add({ path, location, stats, isNamed: false });
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

function nameOf(bytes: Uint8Array, folder: string): string {
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
