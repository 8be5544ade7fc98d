/** What format a file has, by its name and by its first bytes; of a compressed file, by what these stand for. */

import { isAssayError } from "@assay/merkle";
import { compressionOf, createDecompressor, type StreamCompression } from "./compression.js";
import { DEFAULT_LIMITS } from "./limits.js";
import type { Format } from "./reader.js";

/** Formats that can be named. */
export const KNOWN_FORMATS: readonly Format[] = [
  "csv",
  "tsv",
  "jsonl",
  "json",
  "arrow",
  "parquet",
  "text",
  "files",
  "tar",
  "npy",
  "npz",
  "safetensors",
];

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
  ["tar", "tar"],
  ["tgz", "tar"],
  ["npy", "npy"],
  ["npz", "npz"],
  ["safetensors", "safetensors"],
]);

/** Bytes at the head of a file that tell its format. */
export const HEAD_BYTES = 65_536;

/** Endings that say how a file is compressed. Whether it is, its bytes say. */
const COMPRESSED = /\.(?:gz|gzip|zst|zstd)$/i;

/** A name without what says that the file is compressed. */
export function plainName(path: string): string {
  return path.replace(COMPRESSED, "");
}

/** The format that the ending of a name says, or `null`. */
export function formatByName(path: string): Format | null {
  const ending = /\.([^./]+)$/.exec(plainName(path))?.[1]?.toLowerCase();
  return ending === undefined ? null : (BY_ENDING.get(ending) ?? null);
}

/**
 * The format that the first bytes say, or `null`: the marks of Parquet and Arrow, a first line that is a JSON object, or an
 * array of objects.
 *
 * @param head The first bytes of the file, some thousand or all.
 */
export async function formatByContent(head: Uint8Array): Promise<Format | null> {
  const method = compressionOf(head);
  return formatOfPlain(method === null ? head : await headOf(method, head));
}

/** The first bytes of what a compressed file stands for; fewer, or none, when it is damaged. */
async function headOf(method: StreamCompression, head: Uint8Array): Promise<Uint8Array> {
  const plain = new Uint8Array(HEAD_BYTES);
  let length = 0;
  try {
    const start = { stored: 0, plain: 0 };
    const { maxWindowBytes } = DEFAULT_LIMITS;
    const decompressor = await createDecompressor(method, { path: "", start, maxWindowBytes });
    for (const piece of decompressor.push(head)) {
      const taken = piece.subarray(0, plain.length - length);
      plain.set(taken, length);
      length += taken.length;
      if (length === plain.length) break;
    }
  } catch (error) {
    // Whoever reads it says what is wrong with it.
    if (!isAssayError(error)) throw error;
  }
  return plain.subarray(0, length);
}

function formatOfPlain(head: Uint8Array): Format | null {
  if (beginsWith(head, "PAR1")) return "parquet";
  if (beginsWith(head, "ARROW1")) return "arrow";
  // Not by its name: what is called `.json` is an array of records, a record on each line, or no data.
  if (/^\[\s*[{\]]/.test(new TextDecoder().decode(head.subarray(0, 4096)).trimStart())) return "json";
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
