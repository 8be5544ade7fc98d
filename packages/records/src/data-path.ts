/** Paths inside a data set (`docs/spec/manifest.md`, "Path"): what is refused, and in which order they stand. */

import { FormatError } from "@assay/merkle";

/** Longest path, in bytes of UTF-8. */
export const MAX_PATH_BYTES = 4096;

/**
 * Refuses what is no path: relative, segments parted by `/`, none of them empty, `.` or `..`.
 *
 * @throws FormatError `bad-path`.
 */
export function checkDataPath(path: string): void {
  const reason = whyNoPath(path);
  if (reason === null) return;
  throw new FormatError("bad-path", `${JSON.stringify(path.slice(0, 200))} cannot be a path in a data set: ${reason}`, {
    details: { path: path.slice(0, MAX_PATH_BYTES) },
  });
}

/** Most paths are so plain that nothing can be wrong with them but their length. */
const PLAIN = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;

function whyNoPath(path: string): string | null {
  if (path.length <= MAX_PATH_BYTES && PLAIN.test(path)) return null;
  if (path.length === 0) return "it is empty";
  if (/[\ud800-\udfff]/.test(path) && /\p{Surrogate}/u.test(path)) return "it has a lone surrogate";
  // No unit of UTF-16 takes more than three bytes.
  const isLong = 3 * path.length > MAX_PATH_BYTES && new TextEncoder().encode(path).length > MAX_PATH_BYTES;
  if (isLong) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  if (path.includes("\\")) return "it has a backslash";
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return "it has a control character";
  }
  if (/^[A-Za-z]:/.test(path)) return "it begins with a drive letter";
  for (const segment of path.split("/")) {
    if (segment === "") return "a segment is empty";
    if (segment === "." || segment === "..") return `a segment is ${JSON.stringify(segment)}`;
  }
  return null;
}

/** The order of UTF-8 bytes, which is that of code points; JavaScript's own order of strings is not. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const isSurrogate = x >= 0xd800 && x <= 0xdfff;
    return isSurrogate === (y >= 0xd800 && y <= 0xdfff) ? x - y : isSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}

/**
 * Pairs of paths that are equal when case and Unicode form do not count, as on many file systems.
 *
 * @returns For each such path the one that came before it.
 */
export function findPathCollisions(paths: readonly string[]): readonly (readonly [string, string])[] {
  const seen = new Map<string, string>();
  const collisions: [string, string][] = [];
  for (const path of paths) {
    const folded = path.normalize("NFC").toLowerCase();
    const before = seen.get(folded);
    if (before === undefined) seen.set(folded, path);
    else collisions.push([before, path]);
  }
  return collisions;
}
