/** An Assay folder as readers and writers see it, wherever it is kept: a disk, a bucket, a zip, memory. */

import { FormatError } from "@assay/merkle";
import { checkPath, compareText } from "./path.js";

/** Largest file that is read whole when nothing else is said: 1 GiB. */
export const DEFAULT_MAX_FILE_BYTES = 2 ** 30;

export interface ReadFileOptions {
  /** Largest file that is read, bytes. Default 1 GiB. More is `limit-exceeded`. */
  readonly maxBytes?: number;
}

/** Reads files of a folder by their path inside it. */
export interface FolderReader {
  /** The bytes of a file, or `undefined` when there is none. */
  read(path: string, options?: ReadFileOptions): Promise<Uint8Array | undefined>;
  /** Paths of all files, ascending by UTF-8 bytes. */
  list(): Promise<string[]>;
}

/** Takes files, in any order, each path once. */
export interface FolderWriter {
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** One file on its way into a folder. */
export interface FolderFile {
  /** Path inside the folder. */
  readonly path: string;
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * A folder in memory: for browsers, notebooks and tests.
 *
 * @param files path → bytes; what is written is added to this map.
 */
export function memoryFolder(files: Map<string, Uint8Array> = new Map()): FolderReader & FolderWriter {
  return {
    async read(path, { maxBytes = DEFAULT_MAX_FILE_BYTES } = {}) {
      const bytes = files.get(path);
      if (bytes !== undefined && bytes.length > maxBytes) {
        throw new FormatError("limit-exceeded", `${path} has ${bytes.length} bytes, more than maxBytes = ${maxBytes}`, {
          details: { path, limit: "maxBytes", maximum: maxBytes, size: bytes.length },
        });
      }
      return bytes;
    },
    async list() {
      return [...files.keys()].sort(compareText);
    },
    async write(path, bytes) {
      checkPath(path);
      if (files.has(path)) throw new RangeError(`path must be written once, and ${JSON.stringify(path)} is there`);
      files.set(path, bytes);
    },
  };
}

/** Copies files into a folder. */
export async function writeFiles(
  folder: FolderWriter,
  files: Iterable<FolderFile> | AsyncIterable<FolderFile>,
): Promise<void> {
  for await (const { path, bytes } of files) {
    if (bytes instanceof Uint8Array) {
      await folder.write(path, bytes);
      continue;
    }
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    await folder.write(path, whole);
  }
}
