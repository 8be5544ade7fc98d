/**
 * Paths inside a data set (`docs/spec/manifest.md`, "Path"): relative, parted by `/`, never normalised or folded. Two
 * texts that only look alike are two paths; the order is that of their UTF-8 bytes, which is code point order and not
 * the order of JavaScript strings.
 */

import { FormatError, SourceError } from "@assay/merkle";

/** Longest path, bytes of UTF-8. */
export const MAX_PATH_BYTES = 4096;

/**
 * Refuses what is not a path inside a data set.
 *
 * @throws FormatError `bad-path`: empty, longer than 4,096 bytes of UTF-8, an empty segment, `.` or `..`, a backslash, a
 *   control character, a lone surrogate, or a letter and `:` in front.
 * @example
 * checkPath("train/part-1.csv");
 */
export function checkPath(path: string): void {
  const fault = faultOfPath(path);
  if (fault !== undefined) {
    throw new FormatError("bad-path", `Path ${JSON.stringify(path.slice(0, 200))} is refused: ${fault}`, {
      details: { path },
    });
  }
}

function faultOfPath(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.length > MAX_PATH_BYTES || utf8Length(path) > MAX_PATH_BYTES) {
    return `it is longer than ${MAX_PATH_BYTES} bytes of UTF-8`;
  }
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return `it has the control character U+${unit.toString(16).padStart(4, "0")}`;
    if (unit === 0x5c) return "it has a backslash; segments are parted by /";
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = path.charCodeAt(i + 1);
      if (unit >= 0xdc00 || !(next >= 0xdc00 && next <= 0xdfff)) return "it has a lone surrogate";
      i++;
    }
  }
  if (/^[A-Za-z]:/.test(path)) return "it begins with a drive letter";
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment (a / at an end, or two in a row)";
    if (segment === "." || segment === "..") return `it has the segment ${JSON.stringify(segment)}`;
  }
  return undefined;
}

/** Bytes of the UTF-8 form; a lone surrogate counts 3, as its replacement would. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

/**
 * Ascending by UTF-8 bytes, which is ascending by code point: negative, 0 or positive.
 *
 * @example
 * ["\u{1f600}", "\uffee"].sort(compareText); // "\uffee" first
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate stands for a code point above every single unit.
    const xIsPart = x >= 0xd800 && x <= 0xdfff;
    const yIsPart = y >= 0xd800 && y <= 0xdfff;
    return xIsPart === yIsPart ? x - y : xIsPart ? 1 : -1;
  }
  return a.length - b.length;
}

const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Refuses to write a file where Windows would change or refuse its name. Manifests may hold such paths; writing them is
 * refused on every system, so that what is written is the same everywhere.
 *
 * @throws SourceError `unwritable-path`.
 */
export function checkWritablePath(path: string): void {
  for (const segment of path.split("/")) {
    const fault = RESERVED.test(segment)
      ? "is a reserved name"
      : /[. ]$/.test(segment)
        ? "ends with a dot or a space"
        : /[<>:"|?*]/.test(segment)
          ? 'has one of < > : " | ? *'
          : undefined;
    if (fault !== undefined) {
      throw new SourceError(
        "unwritable-path",
        `Cannot write ${JSON.stringify(path)}: ${JSON.stringify(segment)} ${fault} on Windows. Rename the file first.`,
        { details: { path, segment } },
      );
    }
  }
}

/**
 * Groups of paths that some file system would take for one: equal after NFC and lower case. Depends on the version of
 * Unicode, so builders warn of it and verifiers never look.
 *
 * @returns the groups of two or more, paths ascending, groups by their first path.
 */
export function collidingPaths(paths: Iterable<string>): string[][] {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const folded = path.normalize("NFC").toLowerCase();
    const group = groups.get(folded);
    if (group === undefined) groups.set(folded, [path]);
    else group.push(path);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.sort(compareText))
    .sort((a, b) => compareText(a[0] as string, b[0] as string));
}
