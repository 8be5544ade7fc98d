/**
 * Room on disk for leaves that do not fit into memory: one file that only this process sees. Where the system allows it the
 * file loses its name as soon as it is open, so that it is gone with the process, whatever ends that.
 */

import { access, constants, type FileHandle, open, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { SourceError } from "@assay/merkle";
import type { LeafSpace } from "../leaf-store.js";
import { systemError } from "./system-error.js";

/** A {@link LeafSpace} on disk. */
export interface LeafFile extends LeafSpace {
  /** Gives the room back. Doing it twice does nothing. */
  close(): Promise<void>;
}

/** Names of files of this process differ by it. */
let opened = 0;

/**
 * Room for leaves in a folder. Nothing is made before it is needed: the first `reserve()` or `append()` looks for the
 * folder, and the first `append()` makes the file, readable by its owner only.
 *
 * @param directory an existing folder; its file system should be a local one.
 * @returns whose methods throw SourceError `disk-full` (before: with the bytes that are needed and free), `not-found`,
 *   `cannot-write`, `permission-denied`.
 * @example
 * const space = openLeafSpace("/scratch");
 * try { await buildStoredManifest(scanned, { space }); } finally { await space.close(); }
 */
export function openLeafSpace(directory: string): LeafFile {
  let file: Promise<{ handle: FileHandle; path: string }> | undefined;
  let size = 0;
  const failed = (doing: "read" | "write", cause: unknown): unknown => {
    const error = systemError(cause, doing, `the leaves in ${directory}`);
    if (!(error instanceof SourceError) || error.code !== "disk-full") return error;
    return new SourceError(
      "disk-full",
      `Cannot keep leaves in ${directory}: the disk is full (or a quota is). Free space, or name a folder on another disk with --temp`,
      { cause, details: { path: directory } },
    );
  };
  return {
    async reserve(bytes) {
      let free: number;
      try {
        await checkFolder(directory);
        await access(directory, constants.W_OK);
        const { bavail, bsize } = await statfs(directory);
        free = bavail * bsize;
      } catch (cause) {
        throw failed("write", cause);
      }
      if (bytes <= free) return;
      throw new SourceError(
        "disk-full",
        `Cannot keep the leaves in ${directory}: they take up to ${bytes} bytes and ${free} are free. Free space, or name a folder on another disk with --temp`,
        { details: { path: directory, needed: bytes, free } },
      );
    },
    async append(bytes) {
      try {
        file ??= createFile(directory);
        const { handle } = await file;
        const offset = size;
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
          done += bytesWritten;
        }
        size = offset + bytes.length;
        return offset;
      } catch (cause) {
        throw failed("write", cause);
      }
    },
    async read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size) || file === undefined)
        throw new RangeError(`read(): there are ${size} bytes, not ${offset} to ${offset + length}`);
      const bytes = new Uint8Array(length);
      try {
        const { handle } = await file;
        for (let done = 0; done < length; ) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) throw tooShort(directory);
          done += bytesRead;
        }
      } catch (cause) {
        throw failed("read", cause);
      }
      return bytes;
    },
    async close() {
      const last = file;
      file = undefined;
      size = 0;
      if (last === undefined) return;
      const { handle, path } = await last.catch(() => ({ handle: undefined, path: undefined }));
      await handle?.close();
      if (path !== undefined) await rm(path, { force: true });
    },
  };
}

/** The name begins with a dot and ends in `.assay`, so that it is never taken for data. */
async function createFile(directory: string): Promise<{ handle: FileHandle; path: string }> {
  await checkFolder(directory);
  const path = join(directory, `.${process.pid}-${opened++}.leaves.assay`);
  // Left by a process that had this id before: nobody else makes such names.
  await rm(path, { force: true });
  const handle = await open(path, "wx+", 0o600);
  try {
    if (process.platform !== "win32") await rm(path, { force: true });
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { handle, path };
}

async function checkFolder(directory: string): Promise<void> {
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (found?.isDirectory() === true) return;
  const [code, what] =
    found === undefined
      ? (["not-found", "it does not exist"] as const)
      : (["cannot-write", "it is no folder"] as const);
  throw new SourceError(code, `Cannot keep leaves in ${directory}: ${what}. Name a folder that is there with --temp`, {
    details: { path: directory },
  });
}

function tooShort(directory: string): SourceError {
  return new SourceError("cannot-read", `The leaves in ${directory} were cut off while they were in use`, {
    details: { path: directory },
  });
}

/** The innermost folder around a place that is there: where a folder will stand that is still to be made. */
export async function existingFolderAround(path: string): Promise<string> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() === true || folder === dirname(folder)) return folder;
  }
}
