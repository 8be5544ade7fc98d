/**
 * The data of a child, as `assay quarantine` writes it: all files of a source without the records that leave, in a folder
 * that is there when it is complete, and never before. It is written beside, synced, and renamed into place.
 */

import { lstat, mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FormatError, isAssayError, type SourceCode, SourceError } from "@assay/merkle";
import { checkDataPath } from "./data-path.js";
import { filesThatLeave } from "./files-that-leave.js";
import type { Limits } from "./reader.js";
import { removeRecords } from "./remove-records.js";
import type { Progress, ScannedSource } from "./source.js";

export interface WriteWithoutRecordsOptions {
  readonly signal?: AbortSignal;
  /** Called with bytes of the source's files (`write`), after each file. */
  readonly onProgress?: (progress: Progress) => void;
  /** Caps on hostile input. Those of the scan; default those of the source. */
  readonly limits?: Partial<Limits>;
}

/**
 * Writes the files of a source without some of their records, under their paths, into a folder of its own. Files that lose
 * nothing are copied byte for byte; a file that is a removed record itself (format `files`), or that only removed records of metadata
 * files name, is left out.
 *
 * @param removed Index of a file in the source → its records that leave: ascending, each once.
 * @param directory Where the folder goes. It must not exist; folders on the way are made.
 * @throws RangeError for files or records that are not there. SourceError `exists`, `unwritable-path` (a name that this or another
 * system cannot write, or that is another path's there), `source-changed`, `disk-full`, `permission-denied`, `cannot-write`, and
 * whatever keeps a file from being read; FormatError `bad-path`, `duplicate-path`, `limit-exceeded`; the reason of an aborted
 * signal. Nothing is left behind then.
 * @example
 * await writeWithoutRecords(scanned, new Map([[0, [7, 12]]]), "clean");
 */
export async function writeWithoutRecords(
  scanned: ScannedSource,
  removed: ReadonlyMap<number, readonly number[]>,
  directory: string,
  { signal, onProgress, limits }: WriteWithoutRecordsOptions = {},
): Promise<void> {
  const target = resolve(directory);
  const removeOptions = { ...(signal === undefined ? {} : { signal }), ...(limits === undefined ? {} : { limits }) };
  for (const [file, ordinals] of removed) removeRecords(scanned, file, ordinals);
  checkPaths(scanned.files.map(({ file }) => file.path));
  signal?.throwIfAborted();
  await refuseExisting(target, directory);
  let beside: string | null = null;
  try {
    await mkdir(dirname(target), { recursive: true });
    beside = await mkdtemp(join(dirname(target), `.${basename(target)}.writing-`));
    // The folder itself gets the rights that any folder gets; those of a temporary one are narrower.
    const root = join(beside, "data");
    await mkdir(root);
    const folders = new Set([root]);
    const total = scanned.files.reduce((sum, { file }) => sum + file.size, 0);
    let done = 0;
    const leaving = await filesThatLeave(scanned, removed, removeOptions);
    for (const [index, { file }] of scanned.files.entries()) {
      if (leaving.has(index)) continue;
      const bytes = removeRecords(scanned, index, removed.get(index) ?? [], removeOptions);
      if (bytes !== null) await writeFile(root, file.path, bytes, folders);
      done += file.size;
      onProgress?.({ stage: "write", done, total, what: file.path });
    }
    for (const folder of folders) await syncFolder(folder);
    signal?.throwIfAborted();
    await refuseExisting(target, directory);
    await rename(root, target);
    await syncFolder(dirname(target));
  } catch (error) {
    throw writeError(error, directory);
  } finally {
    if (beside !== null) await rm(beside, { recursive: true, force: true });
  }
}

const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/** Paths were checked when the source was opened; a source can also be made by hand, and what is written must stay inside. */
function checkPaths(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    checkDataPath(path);
    if (seen.has(path)) {
      throw new FormatError("duplicate-path", `Two files have the path ${JSON.stringify(path)}`, { details: { path } });
    }
    seen.add(path);
    for (const segment of path.split("/")) {
      // Refused on every system, so that what can be written does not depend on where.
      if (RESERVED.test(segment) || /[. ]$|[<>:"|?*]/.test(segment)) {
        throw unwritable(path, `${JSON.stringify(segment)} is no name for a file on Windows`);
      }
    }
  }
}

function unwritable(path: string, reason: string, cause?: unknown): SourceError {
  return new SourceError(
    "unwritable-path",
    `Cannot write ${JSON.stringify(path)}: ${reason}. Rename the file, and read the data again`,
    { details: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}

async function refuseExisting(target: string, directory: string): Promise<void> {
  const found = await lstat(target).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw writeError(error, directory);
  });
  if (found === null) return;
  throw new SourceError("exists", `${directory} is there already. Name another folder, or move it away`, {
    details: { path: directory },
  });
}

/** Codes that say that the name is the trouble: too long, not allowed, or another path's where names are folded. */
const NAME_CODES = ["EEXIST", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "EINVAL", "EILSEQ"];

async function writeFile(
  root: string,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  folders: Set<string>,
): Promise<void> {
  const segments = path.split("/");
  const name = segments.pop() as string;
  let folder = root;
  const nameTrouble = (error: unknown): never => {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (NAME_CODES.includes(code)) throw unwritable(path, `the system says ${(error as Error).message}`, error);
    throw error;
  };
  for (const segment of segments) {
    folder = join(folder, segment);
    if (folders.has(folder)) continue;
    await mkdir(folder).catch(nameTrouble);
    folders.add(folder);
  }
  // `wx`: a file that is there already is another path, which this file system takes for the same.
  const handle = await open(join(folder, name), "wx").catch(nameTrouble);
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at, piece.length - at)).bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** So that the names in a folder survive a power failure. Where folders cannot be opened (Windows), the system does it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const SYSTEM_CODES: ReadonlyMap<string, readonly [SourceCode, string]> = new Map([
  ["ENOSPC", ["disk-full", "the disk is full. Free space, or write elsewhere"]],
  ["EDQUOT", ["disk-full", "the quota of the disk is used up. Free space, or write elsewhere"]],
  ["EACCES", ["permission-denied", "writing there is not permitted"]],
  ["EPERM", ["permission-denied", "writing there is not permitted"]],
  ["EROFS", ["permission-denied", "the file system is read-only. Write elsewhere"]],
  ["EEXIST", ["exists", "it is there already. Name another folder, or move it away"]],
  ["ENOTEMPTY", ["exists", "it is there already. Name another folder, or move it away"]],
  ["ENOTDIR", ["cannot-write", "a part of the path is no folder"]],
]);

/** An error of the operating system while writing as ours. Errors of Assay and reasons of signals stay what they are. */
export function writeError(error: unknown, path: string): unknown {
  if (isAssayError(error) || !(error instanceof Error) || !("syscall" in error)) return error;
  const system = String((error as NodeJS.ErrnoException).code);
  const [code, reason] = SYSTEM_CODES.get(system) ?? ["cannot-write", `the system says ${error.message}`];
  return new SourceError(code, `Cannot write ${path}: ${reason}`, { details: { path, system }, cause: error });
}
