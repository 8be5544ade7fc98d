/** A folder on disk as a reader for `verifyFolder`. Links that leave the folder are refused. */

import { open, readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { SourceError } from "@assay/merkle";
import { isFolderPath } from "../predicates/fields.js";
import type { FolderReader } from "../verify-folder.js";

/**
 * Opens a folder for judging.
 *
 * @throws SourceError `not-found`, `permission-denied`, `cannot-read`; later, when a file is read: `link-leaves-root`
 */
export async function openFolder(directory: string): Promise<FolderReader> {
  const root = await attempt(directory, () => realpath(directory));
  return {
    async list(folder) {
      const path = await inside(root, folder);
      if (path === undefined) return [];
      const entries = await attempt(path, () => readdir(path, { withFileTypes: true }));
      return entries
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    },
    async open(file) {
      const path = await inside(root, file);
      if (path === undefined || !(await attempt(path, () => stat(path))).isFile()) return undefined;
      return pieces(path);
    },
  };
}

async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  const file = await attempt(path, () => open(path, "r"));
  try {
    for await (const piece of file.createReadStream({ autoClose: false })) yield piece as Uint8Array;
  } catch (error) {
    throw failed(path, error);
  } finally {
    await file.close();
  }
}

/** The real path of something inside the folder; undefined when it is not there. */
async function inside(root: string, path: string): Promise<string | undefined> {
  if (path !== "" && !isFolderPath(path)) throw new RangeError(`path: "${path}" is not a path inside the folder`);
  let target: string;
  try {
    target = await realpath(join(root, path));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw failed(path, error);
  }
  const way = relative(root, target);
  if (way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw new SourceError("link-leaves-root", `Cannot read "${path}": it is a link that leaves the folder.`, {
      details: { path },
    });
  }
  return target;
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failed(path, error);
  }
}

function failed(path: string, error: unknown): SourceError {
  const codes = { ENOENT: "not-found", EACCES: "permission-denied", ENOTDIR: "not-found" } as const;
  const code = codes[(error as { code?: string }).code as keyof typeof codes] ?? "cannot-read";
  return new SourceError(code, `Cannot read "${path}": ${(error as Error).message}.`, {
    details: { path },
    cause: error,
  });
}
