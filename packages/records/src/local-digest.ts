/**
 * SHA-256 of files of the local file system, by the system's calls at once and into the same room: four calls for a small
 * file. Promises cost more than what they wait for; reading ahead beside the hashing cost a tenth more CPU (measured).
 */

import * as crypto from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { createSha256, sha256, toHex } from "@assay/merkle";
import { compareIdentity, systemError } from "./local-file.js";
import { sourceChanged } from "./range-stream.js";
import type { SourceFile } from "./source.js";

/** Up to here a file is small. Pieces of large ones have this size too, and stay in the cache. */
const PIECE_BYTES = 2 ** 19;

export interface DigestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that were hashed since the last call. */
  readonly onBytes?: (count: number) => void;
}

/** One for each thread: nobody waits while there is something in it. */
let room: Uint8Array | undefined;

/**
 * The digests of local files, lower-case hex, in their order.
 *
 * @throws SourceError `source-changed` when a file is not the one that was listed, before or after it was read; `not-found`,
 * `permission-denied`, `cannot-read`.
 */
export async function digestLocalFiles(
  files: readonly SourceFile[],
  { signal, onBytes }: DigestOptions = {},
): Promise<string[]> {
  const digests: string[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    digests.push(file.size <= PIECE_BYTES ? digestSmall(file) : await digestLarge(file, signal, onBytes));
    if (file.size <= PIECE_BYTES) onBytes?.(file.size);
  }
  return digests;
}

function digestSmall(file: SourceFile): string {
  room ??= new Uint8Array(PIECE_BYTES);
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a named pipe that took its place must not wait for its writer.
    descriptor = openSync(file.location, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    let end = 0;
    while (end < file.size) {
      const count = readSync(descriptor, room, end, file.size - end, end);
      if (count === 0) throw sourceChanged(file.path, "it is shorter than it was");
      end += count;
    }
    // What is the listed file after it was read was the listed file while it was.
    compareIdentity(file, fstatSync(descriptor, { bigint: true }));
    return hexDigest(room.subarray(0, end));
  } catch (error) {
    throw systemError(error, file.path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** As text at once: bytes of a digest and its text cost as much as its call. `hash` came with Node 20.12. */
const hexDigest: (bytes: Uint8Array) => string =
  typeof crypto.hash === "function" ? (bytes) => crypto.hash("sha256", bytes, "hex") : (bytes) => toHex(sha256(bytes));

/** Bytes between two looks at whether somebody wants it to stop. */
const BREATH_BYTES = 2 ** 25;

async function digestLarge(
  file: SourceFile,
  signal: AbortSignal | undefined,
  onBytes: ((count: number) => void) | undefined,
): Promise<string> {
  room ??= new Uint8Array(PIECE_BYTES);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file.location, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    compareIdentity(file, fstatSync(descriptor, { bigint: true }));
    const hash = createSha256();
    let breath = BREATH_BYTES;
    for (let at = 0; at < file.size; ) {
      const count = readSync(descriptor, room, 0, Math.min(PIECE_BYTES, file.size - at), at);
      if (count === 0) throw sourceChanged(file.path, "it is shorter than it was");
      hash.update(room.subarray(0, count));
      at += count;
      onBytes?.(count);
      if (at < breath) continue;
      breath += BREATH_BYTES;
      await new Promise((resolved) => setImmediate(resolved));
      signal?.throwIfAborted();
    }
    compareIdentity(file, fstatSync(descriptor, { bigint: true }));
    return toHex(hash.digest());
  } catch (error) {
    throw systemError(error, file.path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
