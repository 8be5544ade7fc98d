/**
 * The lock of an Assay folder: a file beside it that keeps a second run out while the folder is read, merged and replaced. It holds the process id and host; the lock of a process that is gone is broken, and said so.
 */

import { mkdir, open, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { SourceError } from "@assay/merkle";
import { systemError } from "./system-error.js";

export interface LockOptions {
  /** Told what was put right on the way, for people. */
  readonly onNote?: (note: string) => void;
}

/** A lock that is held. */
export interface FolderLock {
  /** Absolute path of the folder that is locked. */
  readonly directory: string;
  /** Gives the lock back. Doing it twice does nothing. */
  release(): Promise<void>;
}

/**
 * Where a folder is locked, written and replaced: `.NAME.work.assay` beside it, on the same file system. The name ends in
 * `.assay`, so that none of it is ever taken for data.
 */
export function besideFolder(directory: string): {
  parent: string;
  work: string;
  lock: string;
  writing: string;
  complete: string;
  replaced: string;
} {
  const absolute = resolve(directory);
  const parent = dirname(absolute);
  const work = join(parent, `.${basename(absolute)}.work.assay`);
  const inside = (name: string) => join(work, name);
  return {
    parent,
    work,
    lock: inside("lock"),
    writing: inside("writing"),
    complete: inside("complete"),
    replaced: inside("replaced"),
  };
}

/**
 * Locks a folder, which need not exist yet. Folders on the way to it are made.
 *
 * @throws SourceError `locked`, with the process id, when another process that lives holds it; `permission-denied`,
 *   `cannot-write`, `disk-full`.
 * @example
 * const lock = await lockFolder("train.assay");
 * try { await writeFolder("train.assay", files, { lock }); } finally { await lock.release(); }
 */
export async function lockFolder(directory: string, { onNote }: LockOptions = {}): Promise<FolderLock> {
  const { work, lock } = besideFolder(directory);
  let made: string | undefined;
  try {
    for (let attempt = 0; ; attempt++) {
      if (attempt === MAX_ATTEMPTS)
        throw new SourceError("cannot-write", `Cannot write ${directory}: its lock ${lock} cannot be made`, {
          details: { path: directory, lock },
        });
      made = (await makeFolders(work)) ?? made;
      if (await createLock(lock)) break;
      await breakStaleLock(lock, directory, onNote);
    }
  } catch (cause) {
    await removeEmptyFolders(work, made ?? work);
    throw systemError(cause, "write", lock);
  }
  let held = true;
  return {
    directory: resolve(directory),
    async release() {
      if (!held) return;
      held = false;
      await rm(lock, { force: true });
      await removeEmptyFolders(work, made ?? work);
    },
  };
}

/** Others may take a lock or its folder away between two steps; so often in a row they do not. */
const MAX_ATTEMPTS = 100;

/**
 * Makes a folder and those on the way to it; gives the outermost that was made. Node's own `recursive` never ends where the
 * system says ENOENT though the folder above is there, as `/proc` does.
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  const above = dirname(folder);
  try {
    await mkdir(folder);
    return folder;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await isFolder(folder))) return undefined;
    if (code !== "ENOENT" || above === folder || (await isFolder(above))) throw error;
  }
  const made = await makeFolders(above);
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return made ?? folder;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Whether the lock could be made; not where somebody has it, or has just taken the folder around it away. */
async function createLock(lock: string): Promise<boolean> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(lock, "wx");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  }
  try {
    await handle.writeFile(`${JSON.stringify({ pid: process.pid, host: hostname() })}\n`);
    // Who was held up between the two steps may have lost it.
    return (await inodeOf(lock)) === (await handle.stat({ bigint: true })).ino;
  } catch (error) {
    await rm(lock, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino }) => ino,
    () => undefined,
  );
}

/** Throws `locked` while the holder may live; else takes the file away, so that the next attempt can make its own. */
async function breakStaleLock(lock: string, directory: string, onNote: LockOptions["onNote"]): Promise<void> {
  const holder = await settledHolder(lock);
  if (holder === "gone") return;
  if (holder !== "nobody" && (holder === undefined || holder.host !== hostname() || isAlive(holder.pid))) {
    const who = holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`;
    throw new SourceError("locked", `Cannot use ${directory}: ${who} is writing it. If that is gone, remove ${lock}`, {
      details: { path: directory, lock, ...(holder === undefined ? {} : holder) },
    });
  }
  // Taken away under a name of our own: of two that break the same lock only one can move it.
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  await rm(aside, { force: true });
  const whose =
    holder === "nobody" ? "a process that ended before it named itself" : `process ${holder.pid}, which is gone`;
  onNote?.(`Broke the lock of ${whose}: ${lock}`);
}

/** Looks at an empty lock, each time after 50 ms, so often; then whoever made it was killed before a word was written. */
const MOST_LOOKS = 20;

/** Who holds the lock; `nobody` where it stays empty, `undefined` where it says something else. */
async function settledHolder(lock: string): Promise<Holder | "gone" | "nobody" | undefined> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const holder = await readHolder(lock);
    if (holder !== "nobody") return holder;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return "nobody";
}

interface Holder {
  readonly pid: number;
  readonly host: string;
}

async function readHolder(lock: string): Promise<Holder | "gone" | "nobody" | undefined> {
  try {
    const text = await readFile(lock, "utf8");
    if (text === "") return "nobody";
    const { pid, host } = JSON.parse(text) as { pid: unknown; host: unknown };
    return Number.isSafeInteger(pid) && (pid as number) > 0 && typeof host === "string"
      ? { pid: pid as number, host }
      : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Removes the folders from `innermost` up to `outermost` that are empty: those that were made on the way. */
export async function removeEmptyFolders(innermost: string, outermost: string): Promise<void> {
  for (let folder = innermost; folder.length >= outermost.length; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}
