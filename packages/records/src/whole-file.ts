/**
 * Files that are not looked into: of format `files` (a record is the folder of a file and the digest of its bytes,
 * `docs/spec/leaf-encoding.md`) and `other` (no record). There may be millions of small ones, so they are worked on many at a
 * time: nothing here costs a promise, a batch or a task for each.
 */

import { encodeCborMaps } from "./cbor-maps.js";
import type { Kinds } from "./column-type.js";
import { isHttpUrl, isS3Location } from "./http-request.js";
import { recordLeaves } from "./leaves.js";
import type { FileIndex, FilePart } from "./reader.js";
import type { SourceFile } from "./source.js";

/** What every record of format `files` has. */
export const FILE_KINDS: Kinds = { file: "bytes", folder: "text" };

const FILE_COLUMNS: FileIndex["columns"] = [
  { name: "file", type: "bytes" },
  { name: "folder", type: "text" },
];

/** The one record of a file. The bytes are in the digest of its index already: reading needs none of them. */
const FILE_PARTS: readonly FilePart[] = [{ begin: 0, end: 1, windows: [], detail: null }];

/** Files that are hashed in one task: at most so many, and no more once they have so many bytes. */
const TASK_FILES = 512;
const TASK_BYTES = 2 ** 26;

/** The index of a file with this digest. */
export function wholeFileIndex(format: "files" | "other", bytes: string, size: number): FileIndex {
  if (format === "other") return { format, bytes, size, records: 0, columns: [], parts: [] };
  return { format, bytes, size, records: 1, columns: FILE_COLUMNS, parts: FILE_PARTS };
}

/** The folder that is in the record of a file: its path without the last segment. */
export function folderOfFile(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Whether a file is on this machine and nothing is looked for in it. */
export function isWholeLocalFile({ format, content, location }: SourceFile): boolean {
  if (format !== "files" && format !== "other") return false;
  return content === undefined && !isHttpUrl(location) && !isS3Location(location);
}

/** Files in runs that are worth a task each. */
export function runsOfFiles(files: readonly SourceFile[]): SourceFile[][] {
  const runs: SourceFile[][] = [];
  let run: SourceFile[] = [];
  let bytes = 0;
  for (const file of files) {
    run.push(file);
    bytes += file.size;
    if (run.length < TASK_FILES && bytes < TASK_BYTES) continue;
    runs.push(run);
    run = [];
    bytes = 0;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** Seconds that hashing takes on one thread: 1 GiB a second, and what opening a file costs (both measured). */
const [SECONDS_BYTE, SECONDS_FILE] = [2 ** -30, 15e-6];
/** Below so many, starting threads and sending them the list takes as long as it saves (measured with two). */
const SHARED_SECONDS = 0.75;

/** Whether hashing some files is work for several threads. */
export function isWorthSharing(files: readonly SourceFile[]): boolean {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return SECONDS_BYTE * bytes + SECONDS_FILE * files.length >= SHARED_SECONDS;
}

/** The leaves of records of format `files`, 32 bytes each. */
export function fileLeaves(
  files: readonly { readonly file: Pick<SourceFile, "path">; readonly index: Pick<FileIndex, "bytes"> }[],
  leafKey: Uint8Array | null,
): Uint8Array {
  const { arena, offsets } = encodeCborMaps([
    { name: "file", digests: files.map(({ index }) => index.bytes) },
    { name: "folder", texts: files.map(({ file }) => folderOfFile(file.path)) },
  ]);
  return recordLeaves(arena, offsets, leafKey);
}
