/** Files of the local file system as files of random access, with a look at who they are before and after. */

import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { type SourceCode, SourceError } from "@assay/merkle";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource } from "./reader.js";
import type { SourceFile } from "./source.js";

/** What must stay the same while a file is read. */
export function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}

/** When a local file was modified, in nanoseconds of the epoch; `undefined` for a file that is elsewhere. */
export function modifiedAt({ content, identity }: SourceFile): string | undefined {
  return content === undefined ? /^\d+:\d+:\d+:(\d+)$/.exec(identity)?.[1] : undefined;
}

/**
 * Opens a file of a source. Nothing happens before the first read.
 *
 * @throws SourceError (from `read` and `check`) `source-changed` when it is not the file that was listed, `not-found`, `permission-denied`,
 * `is-a-directory`, `cannot-read`.
 */
export function openBytes(file: SourceFile): ByteSource {
  let opening: Promise<FileHandle> | null = null;
  const openOnce = () => (opening ??= openChecked(file));
  return {
    path: file.path,
    size: file.size,
    async read(begin, end, bytes = new Uint8Array(end - begin)) {
      const handle = await openOnce();
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle
          .read(bytes, at, bytes.length - at, begin + at)
          .catch((error) => Promise.reject(systemError(error, file.path)));
        if (bytesRead === 0) throw sourceChanged(file.path, "it is shorter than it was");
        at += bytesRead;
      }
      return bytes;
    },
    async check() {
      // What nobody read cannot have been another.
      if (opening === null) return;
      const handle = await openOnce();
      // The handle for what was written into the file, the path for another file put in its place.
      await lookAgain(file, () => handle.stat({ bigint: true }));
      await lookAgain(file, () => stat(file.location, { bigint: true }));
    },
    async close() {
      const handle = await opening?.catch(() => null);
      opening = null;
      await handle?.close();
    },
  };
}

async function openChecked(file: SourceFile): Promise<FileHandle> {
  const handle = await open(file.location, "r").catch((error) => Promise.reject(systemError(error, file.path)));
  try {
    await lookAgain(file, () => handle.stat({ bigint: true }));
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

async function lookAgain(file: SourceFile, look: () => Promise<BigIntStats>): Promise<void> {
  compareIdentity(file, await look().catch((error) => Promise.reject(systemError(error, file.path))));
}

/** Refuses a file that is not the listed one (`source-changed`). */
export function compareIdentity(file: SourceFile, stats: BigIntStats): void {
  if (identityOf(stats) === file.identity) return;
  const grown = stats.size !== BigInt(file.size);
  throw sourceChanged(
    file.path,
    grown ? `it has ${stats.size} bytes, and had ${file.size}` : "it was written to or replaced",
  );
}

const SYSTEM_CODES: ReadonlyMap<string, readonly [SourceCode, string]> = new Map([
  ["ENOENT", ["not-found", "there is no such file or folder"]],
  ["ENOTDIR", ["not-found", "a part of the path is no folder"]],
  ["EACCES", ["permission-denied", "reading it is not permitted"]],
  ["EPERM", ["permission-denied", "reading it is not permitted"]],
  ["EISDIR", ["is-a-directory", "it is a folder where a file is expected"]],
  ["ELOOP", ["link-loop", "its links lead in a circle"]],
]);

/** An error of the operating system as ours, naming the path. */
export function systemError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  const system = String((error as { code?: unknown }).code);
  const [code, reason] = SYSTEM_CODES.get(system) ?? ["cannot-read", `the system says ${error.message}`];
  return new SourceError(code, `Cannot read ${path}: ${reason}`, { details: { path, system }, cause: error });
}
