/**
 * Compresses what is left of a compressed file, the same bytes on every machine: what the platform brings along differs from
 * one version to the next. Gzip as one member without a time; Zstandard as one frame of raw blocks (RFC 8878 §3.1.1.2.2).
 */

import { Deflate } from "pako";
import xxhash from "xxhash-wasm";
import type { StreamCompression } from "./compression.js";

/** Largest block of Zstandard. */
const BLOCK_BYTES = 131_072;

/** Compresses pieces as they come. */
export function compressAgain(
  method: StreamCompression,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  return method === "gzip" ? gzipOf(pieces) : zstdOf(pieces);
}

async function* gzipOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const deflate = new Deflate({ gzip: true, level: 6 });
  deflate.onData = (bytes) => {
    ready.push(bytes);
  };
  for await (const piece of pieces) {
    deflate.push(piece, false);
    yield* ready.splice(0);
  }
  deflate.push(new Uint8Array(0), true);
  yield* ready;
}

async function* zstdOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = (await xxhash()).create64();
  // A checksum, no stated size, a window of one block.
  yield Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x04, (17 - 10) << 3);
  for await (const piece of pieces) {
    hash.update(piece);
    for (let at = 0; at < piece.length; at += BLOCK_BYTES) {
      const block = piece.subarray(at, at + BLOCK_BYTES);
      yield blockHead(block.length, false);
      yield block;
    }
  }
  yield blockHead(0, true);
  const checksum = new DataView(new ArrayBuffer(4));
  checksum.setUint32(0, Number(hash.digest() & 0xffffffffn), true);
  yield new Uint8Array(checksum.buffer);
}

function blockHead(size: number, isLast: boolean): Uint8Array {
  const head = size * 8 + (isLast ? 1 : 0);
  return Uint8Array.of(head & 0xff, (head >> 8) & 0xff, head >> 16);
}
