/** What a run saw of its local files (`docs/spec/folder.md`, "What was seen"): nothing names it, and only `--since` reads it. */

import { canonicalJson, FormatError } from "@assay/merkle";
import { joinRows, type SourceFile, utf8Column } from "@assay/records";
import { modifiedAt } from "@assay/records/node";

export const SEEN_FILE = "seen.jsonl";

/** Most bytes of {@link SEEN_FILE} that are read: 1 GiB. */
export const MAX_SEEN_BYTES = 2 ** 30;

export interface SeenFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Modification time in nanoseconds of the epoch, decimal. */
  readonly modifiedNs: string;
  /** `claimed`: it was as an earlier run had seen it, and not read again. */
  readonly trust: "read" | "claimed";
}

/** The lines of {@link SEEN_FILE}: one for each local file, ascending by path. */
export function formatSeen(files: readonly SourceFile[], claimed: ReadonlySet<string> = new Set()): Uint8Array {
  const times = files.map(modifiedAt);
  const seen = files.filter((_, i) => times[i] !== undefined);
  const literal = (text: string) => new TextEncoder().encode(text);
  // The members in the order of RFC 8785.
  return joinRows(seen.length, [
    literal('{"modifiedNs":"'),
    utf8Column(times.filter((time) => time !== undefined)),
    literal('","path":'),
    utf8Column(seen.map(({ path }) => canonicalJson(path))),
    literal(',"size":'),
    utf8Column(seen.map(({ size }) => String(size))),
    literal(',"trust":"'),
    utf8Column(seen.map(({ path }) => (claimed.has(path) ? "claimed" : "read"))),
    literal('"}\n'),
  ]).arena;
}

/**
 * Reads {@link SEEN_FILE}.
 *
 * @returns What was seen, by path.
 * @throws FormatError `bad-json`, naming the line.
 */
export function parseSeen(bytes: Uint8Array): ReadonlyMap<string, SeenFile> {
  const seen = new Map<string, SeenFile>();
  const lines = new TextDecoder().decode(bytes).split("\n");
  for (const [i, text] of lines.entries()) {
    if (text === "" && i === lines.length - 1) break;
    const file = seenOf(text);
    if (file === undefined)
      throw new FormatError("bad-json", `${SEEN_FILE}, line ${i + 1}: it is not what a run saw of a file`, {
        details: { path: SEEN_FILE, line: i + 1 },
      });
    seen.set(file.path, file);
  }
  return seen;
}

function seenOf(text: string): SeenFile | undefined {
  try {
    const { modifiedNs, path, size, trust } = JSON.parse(text) as Record<keyof SeenFile, unknown>;
    const isSeen =
      typeof modifiedNs === "string" &&
      /^\d{1,30}$/.test(modifiedNs) &&
      typeof path === "string" &&
      Number.isSafeInteger(size) &&
      (trust === "read" || trust === "claimed");
    return isSeen ? { modifiedNs, path, size: size as number, trust } : undefined;
  } catch {
    return undefined;
  }
}
