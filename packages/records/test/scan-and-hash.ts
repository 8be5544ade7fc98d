/** What several tests do: a source in memory from texts, scanned and hashed. */

import { toHex, treeRoot } from "@assay/merkle";
import { type HashOptions, hashSource } from "../src/hash-source.js";
import { type MemoryFile, sourceOfBytes } from "../src/memory-source.js";
import type { Dialect } from "../src/reader.js";
import { type ScanOptions, scanSource } from "../src/scan-source.js";
import type { DeclaredSchema, ScannedSource } from "../src/source.js";

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export interface InMemory extends ScanOptions {
  readonly schema?: DeclaredSchema;
  readonly dialect?: Dialect;
}

/** Scans files in memory; a text is the bytes of `data.csv`. */
export async function scanned(
  files: string | Uint8Array | readonly MemoryFile[],
  { schema = {}, dialect = {}, ...options }: InMemory = {},
): Promise<ScannedSource> {
  const list =
    typeof files === "string"
      ? [{ path: "data.csv", bytes: utf8(files) }]
      : files instanceof Uint8Array
        ? [{ path: "data.csv", bytes: files }]
        : files;
  return scanSource(await sourceOfBytes("data", list, { schema, dialect }), options);
}

/** The leaves of each file in hex. */
export async function leavesOf(source: ScannedSource, options: HashOptions = {}): Promise<string[][]> {
  const leaves: string[][] = source.files.map(() => []);
  for await (const hashed of hashSource(source, options)) {
    for (let i = 0; i < hashed.count; i++) {
      (leaves[hashed.file] as string[]).push(toHex(hashed.leaves.subarray(32 * i, 32 * i + 32)));
    }
  }
  return leaves;
}

/** The root of each file in hex. */
export async function rootsOf(source: ScannedSource, options: HashOptions = {}): Promise<string[]> {
  const pieces: Uint8Array[][] = source.files.map(() => []);
  for await (const { file, leaves } of hashSource(source, options)) (pieces[file] as Uint8Array[]).push(leaves);
  return pieces.map((list) => {
    const all = new Uint8Array(list.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of list) {
      all.set(piece, at);
      at += piece.length;
    }
    return toHex(treeRoot(all));
  });
}

/** The code that a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no error",
    (error) => (error as { code?: unknown }).code ?? error,
  );
}
