/**
 * Files that were appended to since an earlier run. Their bytes are hashed once, with a look at the digest where the earlier
 * file ended: where that is the one of then, its records are those of then, and what is behind it is a small file of its own.
 */

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { FileEntry } from "@assay/manifest";
import type { Dialect, SourceFile } from "@assay/records";
import { compressionOf, identityOf, modifiedAt, sourceChanged, systemError } from "@assay/records/node";

/** Most appended bytes that are taken into memory: 256 MiB. A file that grew by more is read as a whole. */
const MAX_TAIL_BYTES = 2 ** 28;
/** Bytes that are read at once. The header of a CSV file is looked for in the first of them. */
const PIECE_BYTES = 2 ** 20;

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];

/** A file that is an earlier one with something behind it. */
export interface GrownFile {
  /** What is behind it, as a file: of CSV with the header in front. */
  readonly tail: SourceFile;
  /** The file as it is now. */
  readonly stored: { readonly size: number; readonly bytes: string };
}

/** Whether a local file may be an earlier one with lines behind it, of a format in which lines do not depend on each other. */
export function canGrow(file: SourceFile, entry: FileEntry, dialect: Dialect): boolean {
  if (modifiedAt(file) === undefined || !(file.size > entry.size && entry.size > 0)) return false;
  if (file.format === "jsonl" || file.format === "text") return true;
  const isPlain = Object.keys(dialect).every((name) => name === "delimiter");
  return (file.format === "csv" || file.format === "tsv") && isPlain;
}

/**
 * Reads a file that is longer than it was.
 *
 * @returns why it cannot be taken for the earlier file with something behind it, if it cannot.
 * @throws SourceError `source-changed`, and what opening throws.
 */
export function readGrown(file: SourceFile, entry: FileEntry, signal: AbortSignal | undefined): GrownFile | string {
  if (file.size - entry.size > MAX_TAIL_BYTES) return `it grew by more than ${MAX_TAIL_BYTES} bytes`;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file.location, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    checkIdentity(file, descriptor);
    const hash = createHash("sha256");
    let head: Uint8Array<ArrayBuffer> | undefined;
    let last = 0;
    for (const bytes of pieces(file, descriptor, 0, entry.size, signal)) {
      hash.update(bytes);
      head ??= bytes.slice();
      last = bytes[bytes.length - 1] as number;
    }
    if (hash.copy().digest("hex") !== entry.bytes) return "its first bytes are others than they were";
    if (last !== LF) return "it did not end with the end of a line";
    const tail = new Uint8Array(file.size - entry.size);
    let at = 0;
    for (const bytes of pieces(file, descriptor, entry.size, file.size, signal)) {
      hash.update(bytes);
      tail.set(bytes, at);
      at += bytes.length;
    }
    checkIdentity(file, descriptor);
    if (head === undefined || compressionOf(head) !== null) return "it is compressed";
    const header = file.format === "csv" || file.format === "tsv" ? headerOf(head) : new Uint8Array(0);
    if (header === undefined) return "its header was not found";
    // What stands for the begin of a text would be taken for one.
    if (tail[0] === 0xef && header.length === 0) return "a byte order mark may stand behind its earlier end";
    const content = new Blob([header, tail]);
    return {
      tail: { path: file.path, format: file.format, size: content.size, location: "", content, identity: "" },
      stored: { size: file.size, bytes: hash.digest("hex") },
    };
  } catch (error) {
    throw systemError(error, file.path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function checkIdentity(file: SourceFile, descriptor: number): void {
  if (identityOf(fstatSync(descriptor, { bigint: true })) !== file.identity)
    throw sourceChanged(file.path, "it was written to or replaced");
}

/** The first line that has bytes, with all in front of it; `undefined` when it is longer than what is given. */
function headerOf(head: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  let isQuoted = false;
  const hasMark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
  let begin = hasMark ? 3 : 0;
  for (let i = begin; i < head.length; i++) {
    if (head[i] === QUOTE) isQuoted = !isQuoted;
    if (head[i] !== LF || isQuoted) continue;
    const isEmpty = i === begin || (i === begin + 1 && head[begin] === CR);
    if (!isEmpty) return head.subarray(0, i + 1);
    begin = i + 1;
  }
  return undefined;
}

/** Bytes `begin … end`, piece by piece, always in the same room. */
function* pieces(
  file: SourceFile,
  descriptor: number,
  begin: number,
  end: number,
  signal: AbortSignal | undefined,
): Generator<Uint8Array<ArrayBuffer>> {
  const room = new Uint8Array(Math.min(PIECE_BYTES, end - begin));
  for (let at = begin; at < end; ) {
    signal?.throwIfAborted();
    const count = readSync(descriptor, room, 0, Math.min(room.length, end - at), at);
    if (count === 0) throw sourceChanged(file.path, "it is shorter than it was");
    yield room.subarray(0, count);
    at += count;
  }
}
