/** The folders of what is written: made once each, and synced without looking for them. */

import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { sep } from "node:path";

/** The place of a path inside a folder of the local file system. */
export function placeIn(folder: string, path: string): string {
  return `${folder}${sep}${sep === "/" ? path : path.replaceAll("/", sep)}`;
}

/** The folders that are made in a folder which is there, for files in it. There may be thousands. */
export class FoldersMade {
  readonly #folder: string;
  /** Paths, each behind that of the folder around it. */
  readonly #made = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The place for a file, in a folder that is there. */
  placeFor(path: string): string {
    this.#make(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    return placeIn(this.#folder, path);
  }

  #make(path: string): void {
    if (path === "" || this.#made.has(path)) return;
    this.#make(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    try {
      mkdirSync(placeIn(this.#folder, path));
    } catch (error) {
      // Some file systems take names for the same that differ in case.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    this.#made.add(path);
  }

  /** Makes the names in all of them durable, the innermost first. */
  sync(): void {
    for (const path of [...this.#made].reverse()) syncFolder(placeIn(this.#folder, path));
    syncFolder(this.#folder);
  }
}

/** Makes the names in a folder durable. Windows cannot, and does not need it. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
