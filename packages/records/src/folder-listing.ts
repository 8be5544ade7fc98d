/**
 * The files of a data set on the local file system (`docs/spec/manifest.md`, "Path"): what is in folders, links followed inside the
 * root, paths checked, each with what must stay the same while it is read.
 */

import { type BigIntStats, type Dirent, readdirSync, statSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { FormatError, SourceError } from "@assay/merkle";
import { checkDataPath, compareText } from "./data-path.js";
import { identityOf, systemError } from "./local-file.js";
import type { OpenSourceOptions } from "./open-source.js";
import { matchesGlob } from "./path-glob.js";
import { matchesPattern } from "./path-pattern.js";

/** Whether a path is a folder or in it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The real path of a location, or the system's error about it. */
export async function realpathOf(location: string, shown: string): Promise<string> {
  return realpath(location).catch((error) => Promise.reject(systemError(error, shown)));
}

/** Whether a folder is one that this tool writes: about a data set, not part of it. */
export function isOwnFolder(name: string): boolean {
  return name.endsWith(".assay");
}

/** A file that was found or named. */
export interface ListedFile {
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

/** The files of a data set on the local file system. */
export class FolderListing {
  /** What is named twice may be in twice. */
  #files: ListedFile[] = [];
  readonly warnings: string[] = [];

  readonly #root: string;
  readonly #realRoot: string;
  readonly #options: Pick<OpenSourceOptions, "ignore" | "maxFiles" | "signal">;
  /** Whether a found file is wanted; `null`: all are. */
  #glob: ((location: string) => boolean) | null = null;

  constructor(root: string, realRoot: string, options: Pick<OpenSourceOptions, "ignore" | "maxFiles" | "signal">) {
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
    const before = this.#files.length;
    await this.addFolder(folder);
    this.#glob = null;
    if (this.#files.length > before) return;
    throw new SourceError("not-found", `No file below ${folder} matches ${pattern}`, {
      details: { path: folder, pattern },
    });
  }

  /** All files, ascending by the UTF-8 bytes of their paths, each once: as it was named, if it was. */
  sorted(): readonly ListedFile[] {
    // The order of strings is that of their UTF-8 where there are no surrogates, and many times as fast.
    const isPlain = !this.#files.some(({ path }) => /[\ud800-\udfff]/.test(path));
    this.#files.sort((a, b) => {
      if (a.path === b.path) return Number(b.isNamed) - Number(a.isNamed);
      return !isPlain ? compareText(a.path, b.path) : a.path < b.path ? -1 : 1;
    });
    if (this.#files.some(({ path }, i) => path === this.#files[i - 1]?.path))
      this.#files = this.#files.filter(({ path }, i) => path !== this.#files[i - 1]?.path);
    return this.#files;
  }

  /**
   * @param pathOfFolder Its path in the data set; empty for the root.
   * @param realFolders The real paths of this folder and those it was reached through.
   */
  async #walk(folder: string, pathOfFolder: string, realFolders: readonly string[]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    // Put together here: to resolve each of millions of paths by itself would cost more than the look at the file.
    const [before, pathBefore] = [folder.endsWith(sep) ? folder : folder + sep, pathOfFolder && `${pathOfFolder}/`];
    for (const entry of namesIn(folder)) {
      if (entry.isFile()) this.#addFound(before + entry.name, pathBefore + entry.name);
      else await this.#addOther(entry, before + entry.name, pathBefore + entry.name, realFolders);
    }
  }

  async #addOther(entry: Dirent, location: string, path: string, realFolders: readonly string[]): Promise<void> {
    const { name } = entry;
    if (entry.isSymbolicLink()) await this.#followLink(name, location, path, realFolders);
    else if (entry.isDirectory())
      await this.#enter(name, location, path, [...realFolders, join(realFolders.at(-1) as string, name)]);
    else if (this.#glob === null) this.warnings.push(`${path} is neither a file nor a folder, and was left out`);
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
    this.#files.push(file);
    if (this.#files.length <= maxFiles || this.sorted().length <= maxFiles) return;
    throw new FormatError(
      "limit-exceeded",
      `There are more than maxFiles (${maxFiles}) files. Raise it, or name fewer folders`,
      {
        details: { limit: "maxFiles", value: maxFiles },
      },
    );
  }
}

/** What is in a folder. There may be millions: promises and buffers would cost more than the names. */
function namesIn(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    // It stands for what is not UTF-8, or for itself.
    if (entries.some(({ name }) => name.includes("\ufffd"))) checkNames(folder);
    return entries;
  } catch (error) {
    throw systemError(error, folder);
  }
}

function checkNames(folder: string): void {
  for (const bytes of readdirSync(folder, { encoding: "buffer" })) {
    try {
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      const shown = new TextDecoder().decode(bytes);
      throw new FormatError(
        "bad-path",
        `The name ${JSON.stringify(shown)} in ${folder} is not UTF-8. Rename the file`,
        { details: { path: shown }, cause },
      );
    }
  }
}
