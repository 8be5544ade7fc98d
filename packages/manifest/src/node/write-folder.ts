/**
 * Writing an Assay folder so that a crash leaves the old folder or the new one, never half (DESIGN §3.3).
 *
 * Everything is written beside, in `.NAME.work.assay/writing`, and synced; renamed to `…/complete`; then the old folder is
 * renamed to `.NAME.replaced` and the complete one takes its place. {@link recoverFolder} finishes or takes back whatever
 * a crash left between these steps. All of it happens under the lock.
 */

import { closeSync, fsync, openSync, readdirSync, writeFileSync } from "node:fs";
import { copyFile, lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { equalBytes, SourceError } from "@assay/merkle";
import type { FolderFile } from "../folder.js";
import { checkPath, checkWritablePath } from "../path.js";
import { FoldersMade, syncFolder } from "./folders-made.js";
import { besideFolder, type FolderLock, lockFolder } from "./lock.js";
import { systemError } from "./system-error.js";
import { type TakenOver, takeOver } from "./take-over.js";

export interface WriteFolderOptions {
  /** Replace an existing Assay folder. Default: only when its `manifest.json` has the same bytes. */
  readonly overwrite?: boolean;
  /**
   * Which files of an existing folder with the same `manifest.json` stay, among those that are not written now.
   * Default: all, so that what others added is not lost.
   */
  readonly keepExisting?: (path: string) => boolean;
  /**
   * Files of another folder that belong into this one as they are: linked where the file system can, else copied, unread.
   * Default none.
   */
  readonly takenOver?: TakenOver;
  /** A lock that is already held. Default: one is taken, and given back at the end. */
  readonly lock?: FolderLock;
  readonly signal?: AbortSignal;
  /** Told what was put right on the way, for people. */
  readonly onNote?: (note: string) => void;
}

/** Files whose sync may be under way at the same time. */
const MAX_PENDING_SYNCS = 16;

/**
 * Writes a folder, all of it or nothing.
 *
 * @param directory where it goes; folders on the way are made.
 * @param files path → bytes, or files in any order; paths inside the folder, each once.
 * @throws SourceError `exists` (it is there, and neither `overwrite` nor the same manifest, or not an Assay folder),
 *   `locked`, `disk-full`, `permission-denied`, `cannot-write`, `unwritable-path`; the reason of `signal`. Nothing is left
 *   behind then, and the old folder is as it was.
 * @example
 * await writeFolder("train.assay", manifestFiles(built));
 */
export async function writeFolder(
  directory: string,
  files: ReadonlyMap<string, Uint8Array> | Iterable<FolderFile> | AsyncIterable<FolderFile>,
  { overwrite = false, keepExisting = () => true, takenOver, lock, signal, onNote }: WriteFolderOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const note = onNote === undefined ? {} : { onNote };
  if (lock !== undefined && lock.directory !== resolve(directory))
    throw new RangeError("lock must be of the same folder");
  const held = lock ?? (await lockFolder(directory, note));
  const beside = besideFolder(directory);
  try {
    for (const done of await putRight(directory)) onNote?.(done);
    await refuseForeign(directory, overwrite);
    await mkdir(beside.writing);
    const folders = new FoldersMade(beside.writing);
    const written = await writeAll(folders, files, signal);
    for (const path of takenOver === undefined ? [] : takeOver(folders, takenOver, signal)) checkOnce(written, path);
    await settleExisting(directory, beside.writing, folders, written, overwrite, keepExisting);
    folders.sync();
    signal?.throwIfAborted();
    await replace(directory);
  } catch (cause) {
    await rm(beside.writing, { recursive: true, force: true });
    throw systemError(cause, "write", directory);
  } finally {
    if (lock === undefined) await held.release();
  }
}

/** Refuses to replace what this program did not write: a folder that holds something, and no `manifest.json`. */
async function refuseForeign(directory: string, overwrite: boolean): Promise<void> {
  const kind = await kindOf(directory);
  if (kind === "none") return;
  if (kind === "folder") {
    const names = await readdir(directory);
    if (names.length === 0 || names.includes("manifest.json")) return;
  }
  throw exists(
    directory,
    `is ${kind === "folder" ? "a folder without manifest.json" : "no folder"}, so it is never replaced`,
    overwrite,
  );
}

function exists(directory: string, why: string, overwrite: boolean): SourceError {
  return new SourceError("exists", `Cannot write ${directory}: it exists and ${why}. Choose another place with -o`, {
    details: { path: directory, overwrite },
  });
}

async function kindOf(path: string): Promise<"none" | "folder" | "other"> {
  try {
    return (await lstat(path)).isDirectory() ? "folder" : "other";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "none";
    throw error;
  }
}

async function writeAll(
  folders: FoldersMade,
  files: ReadonlyMap<string, Uint8Array> | Iterable<FolderFile> | AsyncIterable<FolderFile>,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const written = new Set<string>();
  const pending = new Set<Promise<void>>();
  let failure: { cause: unknown } | undefined;
  try {
    for await (const { path, bytes } of files instanceof Map ? filesOf(files) : (files as Iterable<FolderFile>)) {
      signal?.throwIfAborted();
      if (failure !== undefined) break;
      checkPath(path);
      checkWritablePath(path);
      checkOnce(written, path);
      // Small files by the thousand: what waits for no disk is cheaper done here than by promises.
      const file = openSync(folders.placeFor(path), "wx");
      try {
        if (bytes instanceof Uint8Array) writeFileSync(file, bytes);
        else for await (const part of bytes) writeFileSync(file, part);
      } catch (error) {
        closeSync(file);
        throw error;
      }
      const sync = syncAndClose(file)
        .catch((cause: unknown) => {
          failure ??= { cause };
        })
        .then(() => void pending.delete(sync));
      pending.add(sync);
      if (pending.size >= MAX_PENDING_SYNCS) await Promise.race(pending);
    }
  } finally {
    await Promise.all(pending);
  }
  if (failure !== undefined) throw failure.cause;
  return written;
}

function checkOnce(written: Set<string>, path: string): void {
  if (written.has(path))
    throw new RangeError(`files must have each path once, and ${JSON.stringify(path)} stands twice`);
  written.add(path);
}

function syncAndClose(file: number): Promise<void> {
  return new Promise((resolved, rejected) => {
    fsync(file, (error) => {
      closeSync(file);
      if (error === null) resolved();
      else rejected(error);
    });
  });
}

function* filesOf(files: ReadonlyMap<string, Uint8Array>): Iterable<FolderFile> {
  for (const [path, bytes] of files) yield { path, bytes };
}

/** Refuses an existing folder, or carries over what is to stay of it. */
async function settleExisting(
  directory: string,
  writing: string,
  folders: FoldersMade,
  written: ReadonlySet<string>,
  overwrite: boolean,
  keepExisting: (path: string) => boolean,
): Promise<void> {
  if ((await kindOf(directory)) === "none") return;
  const before = await readOrNothing(join(directory, "manifest.json"));
  const now = await readOrNothing(join(writing, "manifest.json"));
  const isSame = before !== undefined && now !== undefined && equalBytes(before, now);
  if (!isSame) {
    if (overwrite || before === undefined) return;
    throw exists(directory, "its manifest is another. To replace it, say --overwrite", overwrite);
  }
  for (const path of listFiles(directory)) {
    if (written.has(path) || !keepExisting(path)) continue;
    const target = folders.placeFor(path);
    await copyFile(join(directory, ...path.split("/")), target);
    const handle = await open(target, "r+");
    await handle.sync().finally(() => handle.close());
  }
}

async function readOrNothing(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Paths of the regular files below a folder, with `/`, unordered. Links are not followed. */
export function listFiles(directory: string): string[] {
  const found: string[] = [];
  const folders = [""];
  // A promise for each of thousands of folders costs more than the folder.
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const item of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const path = folder === "" ? item.name : `${folder}/${item.name}`;
      if (item.isDirectory()) folders.push(path);
      else if (item.isFile()) found.push(path);
    }
  }
  return found;
}

/** The renames. After the first of them a crash ends in the new folder. */
async function replace(directory: string): Promise<void> {
  const { parent, work, writing, complete, replaced } = besideFolder(directory);
  if ((await kindOf(directory)) === "none") {
    await rename(writing, directory);
    syncFolder(parent);
    return;
  }
  await rename(writing, complete);
  syncFolder(work);
  try {
    await rename(directory, replaced);
    await rename(complete, directory);
  } catch (cause) {
    await putRight(directory, "old");
    throw cause;
  }
  syncFolder(parent);
  syncFolder(work);
  await rm(replaced, { recursive: true, force: true });
}

/**
 * Puts right what an interrupted replacement left: finishes it when the new folder was complete and the old one already
 * out of its place, takes it back otherwise, and removes what is left over.
 *
 * @returns what was done, as sentences for people; empty when there was nothing to do.
 * @throws SourceError `locked` when another process is at it.
 */
export async function recoverFolder(directory: string): Promise<string[]> {
  const beside = besideFolder(directory);
  const states = await Promise.all([beside.writing, beside.complete, beside.replaced].map(kindOf));
  if (states.every((state) => state === "none")) return [];
  const notes: string[] = [];
  const lock = await lockFolder(directory, { onNote: (note) => notes.push(note) });
  try {
    notes.push(...(await putRight(directory)));
  } catch (cause) {
    throw systemError(cause, "write", directory);
  } finally {
    await lock.release();
  }
  return notes;
}

async function putRight(directory: string, prefer: "new" | "old" = "new"): Promise<string[]> {
  const { parent, work, writing, complete, replaced } = besideFolder(directory);
  const notes: string[] = [];
  const isThere = (await kindOf(directory)) !== "none";
  const isComplete = (await kindOf(complete)) !== "none";
  const isReplaced = (await kindOf(replaced)) !== "none";
  if (!isThere && isReplaced && (prefer === "old" || !isComplete)) {
    await rename(replaced, directory);
    notes.push(`An interrupted run had moved ${directory} aside; it is back`);
  } else if (!isThere && isComplete) {
    await rename(complete, directory);
    notes.push(`An interrupted run had written ${directory} completely; it is in its place now`);
  }
  for (const left of [writing, complete, replaced]) {
    if ((await kindOf(left)) === "none") continue;
    await rm(left, { recursive: true, force: true });
    notes.push(`Removed what an interrupted run left: ${left}`);
  }
  if (notes.length > 0) {
    syncFolder(parent);
    syncFolder(work);
  }
  return notes;
}
