/**
 * Globs on the command line, for shells that do not expand them and lists that are too long for one: `*` is anything but `/`,
 * and `**` between slashes is any number of folders, none too.
 */

import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import { matchesPattern } from "./path-pattern.js";

/** A glob: the folder in front of its first star, absolute, and the pattern of paths below it. */
export interface Glob {
  readonly folder: string;
  readonly pattern: string;
}

/**
 * Takes a glob apart.
 *
 * @returns `null` for what has no star, and for what exists under exactly this name.
 * @example
 * await globRoot("data/*.csv"); // { folder: "/home/ada/data", pattern: "*.csv" }
 */
export async function globRoot(input: string): Promise<Glob | null> {
  const star = input.indexOf("*");
  if (star < 0 || (await exists(input))) return null;
  const path = process.platform === "win32" ? input.replaceAll("\\", "/") : input;
  const slash = path.lastIndexOf("/", star);
  return { folder: resolve(path.slice(0, slash + 1) || "."), pattern: path.slice(slash + 1) };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Whether a path below the folder of a glob matches it. */
export function matchesGlob(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const segments = path.split("/");
  // reached[i]: what was read of the pattern matches the first i segments of the path.
  let reached = [true, ...segments.map(() => false)];
  for (const part of wanted) {
    const next: boolean[] = [part === "**" && (reached[0] as boolean)];
    for (const [i, segment] of segments.entries()) {
      const deeper = part === "**" && ((reached[i + 1] as boolean) || (next[i] as boolean));
      next.push(deeper || (part !== "**" && (reached[i] as boolean) && matchesPattern(part, segment)));
    }
    reached = next;
  }
  return reached[segments.length] as boolean;
}
