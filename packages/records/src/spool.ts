/**
 * A place for what can be read only once: standard input, and files of servers that give no ranges. It is copied into a
 * folder of its own that nobody else may read, which goes when the spool is closed, or with the process.
 */

import { rmSync } from "node:fs";
import { type FileHandle, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FormatError, SourceError } from "@assay/merkle";
import { identityOf } from "./local-file.js";

export interface SpoolOptions {
  /** Existing folder in which the spool makes its own. Default: the system's for temporary files. */
  readonly directory?: string;
  /** Most bytes of one file, so that a source without an end does not fill the disk. Default 64 GiB. */
  readonly maxSpoolBytes?: number;
}

/** A file that was copied. */
export interface SpooledFile {
  readonly location: string;
  readonly size: number;
  readonly identity: string;
}

/** A file that is being copied. */
export interface SpoolWriter {
  /** Begins anew: what was written before is forgotten. */
  begin(): Promise<void>;
  write(piece: Uint8Array): Promise<void>;
}

export interface Spool {
  /**
   * Copies one file: `fill` writes it.
   *
   * @param path Path inside the data set, for messages.
   * @throws SourceError `disk-full`, `cannot-write`; FormatError `limit-exceeded`; and what `fill` throws.
   */
  add(path: string, fill: (writer: SpoolWriter) => Promise<void>): Promise<SpooledFile>;
  /** The same for what somebody else writes: `fill` gets the location of an empty file. */
  addNamed(path: string, fill: (location: string) => Promise<void>): Promise<SpooledFile>;
  /** Removes every copy. Doing it twice does nothing. */
  close(): Promise<void>;
}

/**
 * Opens a spool. Nothing is made before the first file. When the process ends without `close()` (but not when it is killed),
 * the copies go with it.
 *
 * @example
 * const spool = openSpool();
 * try { await scanSource(await openSource(["-"], { spool, format: "csv" })); } finally { await spool.close(); }
 */
export function openSpool({ directory = tmpdir(), maxSpoolBytes = 64 * 2 ** 30 }: SpoolOptions = {}): Spool {
  let folder: Promise<string> | null = null;
  let made = 0;
  let onExit: (() => void) | null = null;
  const makeFolder = async (): Promise<string> => {
    // Only its owner may look into it: mkdtemp gives it the mode 0700.
    const path = await mkdtemp(join(resolve(directory), "assay-spool-"));
    onExit = () => rmSync(path, { recursive: true, force: true });
    process.on("exit", onExit);
    return path;
  };
  const addFile: Spool["addNamed"] = async (path, fill) => {
    try {
      const location = join(await (folder ??= makeFolder()), String(made++));
      await (await open(location, "wx", 0o600)).close();
      await fill(location);
      const stats = await stat(location, { bigint: true });
      return { location, size: Number(stats.size), identity: identityOf(stats) };
    } catch (error) {
      throw spoolError(error, path, directory);
    }
  };
  return {
    add: (path, fill) =>
      addFile(path, async (location) => {
        const handle = await open(location, "r+");
        try {
          await fill(writerOf(handle, path, maxSpoolBytes));
        } finally {
          await handle.close();
        }
      }),
    addNamed: addFile,
    async close() {
      const path = await folder?.catch(() => null);
      folder = null;
      if (onExit !== null) process.off("exit", onExit);
      onExit = null;
      if (path != null) await rm(path, { recursive: true, force: true });
    },
  };
}

function writerOf(handle: FileHandle, path: string, maxSpoolBytes: number): SpoolWriter {
  let size = 0;
  return {
    async begin() {
      size = 0;
      await handle.truncate(0);
    },
    async write(piece) {
      if (size + piece.length > maxSpoolBytes) {
        throw new FormatError(
          "limit-exceeded",
          `${path}: it has more than maxSpoolBytes (${maxSpoolBytes}) bytes, and is copied before it is read. Raise the limit, or write it to a file first`,
          { details: { path, limit: "maxSpoolBytes", value: maxSpoolBytes } },
        );
      }
      for (let done = 0; done < piece.length; ) {
        const { bytesWritten } = await handle.write(piece, done, piece.length - done, size + done);
        done += bytesWritten;
      }
      size += piece.length;
    },
  };
}

function spoolError(error: unknown, path: string, directory: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  const system = String((error as { code?: unknown }).code);
  const isFull = system === "ENOSPC" || system === "EDQUOT";
  return new SourceError(
    isFull ? "disk-full" : "cannot-write",
    `Cannot copy ${path} to ${directory}: ${isFull ? "the disk is full" : error.message}. Name another folder for temporary files`,
    { details: { path, directory, system }, cause: error },
  );
}
