/** What format a file has, by its name and by its first bytes. */

import type { Format } from "./reader.js";

/** Formats that can be named. */
export const KNOWN_FORMATS: readonly Format[] = ["csv", "tsv", "jsonl", "arrow", "parquet", "text", "files"];

const BY_ENDING: ReadonlyMap<string, Format> = new Map([
  ["csv", "csv"],
  ["tsv", "tsv"],
  ["tab", "tsv"],
  ["jsonl", "jsonl"],
  ["ndjson", "jsonl"],
  ["arrow", "arrow"],
  ["arrows", "arrow"],
  ["feather", "arrow"],
  ["ipc", "arrow"],
  ["parquet", "parquet"],
  ["parq", "parquet"],
  ["txt", "text"],
  ["text", "text"],
]);

/** The format that the ending of a name says, or `null`. */
export function formatByName(path: string): Format | null {
  const ending = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  return ending === undefined ? null : (BY_ENDING.get(ending) ?? null);
}

/**
 * The format that the first bytes say, or `null`: the marks of Parquet and Arrow, or a first line that is a JSON object.
 *
 * @param head The first bytes of the file, some thousand or all.
 */
export function formatByContent(head: Uint8Array): Format | null {
  if (beginsWith(head, "PAR1")) return "parquet";
  if (beginsWith(head, "ARROW1")) return "arrow";
  const lineEnd = head.indexOf(10);
  const line = new TextDecoder().decode(lineEnd < 0 ? head : head.subarray(0, lineEnd)).trim();
  if (!line.startsWith("{")) return null;
  try {
    JSON.parse(line);
    return "jsonl";
  } catch {
    // One object over several lines is no JSONL.
    return null;
  }
}

function beginsWith(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
