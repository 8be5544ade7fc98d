/** Reading an Assay folder from disk. A link may not lead out of it: what is verified must be what the folder holds. */

import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { FormatError, SourceError } from "@assay/merkle";
import { DEFAULT_MAX_FILE_BYTES, type FolderReader, type ReadFileOptions } from "../folder.js";
import { checkPath, compareText } from "../path.js";
import { systemError } from "./system-error.js";
import { listFiles, recoverFolder } from "./write-folder.js";

export interface OpenFolderOptions {
  /** Told when an interrupted replacement was put right. */
  readonly onNote?: (note: string) => void;
}

/**
 * Opens a folder for reading; an interrupted replacement is put right first.
 *
 * @throws SourceError `not-found`, `cannot-read` (it is no folder), `permission-denied`, `locked`.
 * @example
 * const folder = await openFolderReader("train.assay");
 * const manifest = await folder.read("manifest.json");
 */
export async function openFolderReader(directory: string, { onNote }: OpenFolderOptions = {}): Promise<FolderReader> {
  const absolute = resolve(directory);
  let root: string;
  try {
    for (const note of await recoverOrLeave(absolute)) onNote?.(note);
    root = await realpath(absolute);
    const handle = await open(root, constants.O_RDONLY);
    const isFolder = (await handle.stat().finally(() => handle.close())).isDirectory();
    if (!isFolder)
      throw new SourceError("cannot-read", `Cannot read ${directory}: it is no folder`, {
        details: { path: directory },
      });
  } catch (cause) {
    throw systemError(cause, "read", directory);
  }
  return {
    async read(path, options) {
      checkPath(path);
      try {
        return readInside(root, path, options);
      } catch (cause) {
        if (isMissing(cause)) return undefined;
        throw systemError(cause, "read", join(directory, path));
      }
    },
    async list() {
      try {
        return listFiles(root).sort(compareText);
      } catch (cause) {
        throw systemError(cause, "read", directory);
      }
    },
  };
}

/** On a medium that cannot be written nothing can be put right, and nothing was interrupted there by this machine. */
async function recoverOrLeave(directory: string): Promise<string[]> {
  try {
    return await recoverFolder(directory);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "permission-denied" || code === "cannot-write") return [];
    if (code !== "locked") throw error;
    // Another run is writing. The folder of before can be read until it is replaced; without one there is nothing.
    await realpath(directory).catch(() => {
      throw error;
    });
    return [];
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** By the system's calls at once: pages and tiles are small and many, and a promise for each step cost more than the step. */
function readInside(
  root: string,
  path: string,
  { maxBytes = DEFAULT_MAX_FILE_BYTES }: ReadFileOptions = {},
): Uint8Array {
  const real = realpathSync.native(join(root, ...path.split("/")));
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new SourceError("link-leaves-root", `Cannot read ${path}: it is a link that leads out of the folder`, {
      details: { path },
    });
  }
  // O_NONBLOCK: opening a named pipe must not wait for its writer.
  const file = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory())
      throw new SourceError("is-a-directory", `Cannot read ${path}: it is a folder`, { details: { path } });
    if (!stat.isFile())
      throw new SourceError("cannot-read", `Cannot read ${path}: it is no regular file`, { details: { path } });
    if (stat.size > maxBytes) {
      throw new FormatError("limit-exceeded", `${path} has ${stat.size} bytes, more than maxBytes = ${maxBytes}`, {
        details: { path, limit: "maxBytes", maximum: maxBytes, size: stat.size },
      });
    }
    const bytes = new Uint8Array(stat.size);
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(file, bytes, at, bytes.length - at, at);
      if (count === 0) {
        throw new SourceError("source-changed", `${path} became shorter while it was read`, { details: { path } });
      }
      at += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
