/**
 * Decompression with the size known beforehand, as Parquet pages and Arrow buffers state it. A claim that the codec could
 * not reach is refused before memory is taken; output of another size is refused afterwards.
 */

import { decompressBrotli, decompressGzip, decompressLz4, decompressZstd } from "hyparquet-compressors";
import { decompressSnappy } from "./snappy-decompression.js";

export type Compression = "SNAPPY" | "GZIP" | "BROTLI" | "LZ4" | "ZSTD" | "LZ4_RAW" | "LZ4_FRAME";

/** The most that one compressed byte can become. Zstandard and Brotli have runs, so only the caller's limit bounds them. */
const MAX_RATIO: Readonly<Partial<Record<Compression, number>>> = {
  SNAPPY: 32,
  GZIP: 1100,
  LZ4: 256,
  LZ4_RAW: 256,
  LZ4_FRAME: 256,
};

/**
 * The `size` bytes that `input` stands for, in memory of their own; those of Snappy are good until the next call only, as
 * whoever reads pages copies what is in them. Throws an Error that says what is wrong.
 */
export function decompress(compression: Compression, input: Uint8Array, size: number): Uint8Array {
  const ratio = MAX_RATIO[compression];
  if (ratio !== undefined && size > input.length * ratio + 64) {
    throw new Error(`${input.length} bytes of ${compression} cannot hold the ${size} bytes that are claimed`);
  }
  if (size === 0) return new Uint8Array(0);
  let output: Uint8Array;
  try {
    output = decompressAs(compression, input, size);
  } catch (cause) {
    if (cause instanceof DamagedBlock) throw cause;
    // What the codecs throw speaks of their own variables.
    throw new Error(`${input.length} bytes of ${compression} are damaged`, { cause });
  }
  if (output.length !== size) throw new Error(`${compression} gave ${output.length} bytes where ${size} are claimed`);
  return output;
}

/** A fault that this file found itself, in words. */
class DamagedBlock extends Error {}

function decompressAs(compression: Compression, input: Uint8Array, size: number): Uint8Array {
  switch (compression) {
    case "SNAPPY":
      return decompressSnappy(input, size);
    case "GZIP":
      return decompressGzip(input, size);
    case "BROTLI":
      return decompressBrotli(input, size);
    case "LZ4":
      return decompressLz4(input, size);
    case "LZ4_RAW": {
      const output = new Uint8Array(size);
      const end = decodeLz4Block(input, output, 0, 0);
      return output.subarray(0, end);
    }
    case "LZ4_FRAME":
      return decodeLz4Frame(input, size);
    case "ZSTD": {
      const stated = zstdContentSize(input);
      if (stated !== null && stated !== size)
        throw new DamagedBlock(`ZSTD states ${stated} bytes where ${size} are claimed`);
      // fzstd turns an output buffer into text to look at it, which takes as long as decoding. Where the frame states its
      // size, the output that it allocates itself is just as bounded.
      return stated === null ? decompressZstd(input, new Uint8Array(size)) : decompressZstd(input);
    }
  }
}

/**
 * The content size that the header of a Zstandard frame states (RFC 8878 §3.1.1.1), or null when it states none. There must be
 * one frame and nothing else: another one could claim any size.
 */
function zstdContentSize(input: Uint8Array): number | null {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (input.length < 9 || view.getUint32(0, true) !== 0xfd2fb528) throw new DamagedBlock("there is no ZSTD frame");
  const descriptor = input[4] as number;
  const single = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const sizeAt = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number);
  const sizeBytes = flag === 0 && !single ? 0 : ([1, 2, 4, 8][flag] as number);
  let at = sizeAt + sizeBytes;
  for (let last = false; !last; ) {
    if (at + 3 > input.length) throw new DamagedBlock("a ZSTD block is cut off");
    const head = (input[at] as number) | ((input[at + 1] as number) << 8) | ((input[at + 2] as number) << 16);
    last = (head & 1) !== 0;
    at += 3 + (((head >> 1) & 3) === 1 ? 1 : head >> 3);
  }
  if (descriptor & 4) at += 4;
  if (at !== input.length) throw new DamagedBlock(`a ZSTD frame ends at byte ${at} of ${input.length}`);
  if (sizeBytes === 0) return null;
  let value = flag === 1 ? 256 : 0;
  for (let index = 0; index < sizeBytes; index++) value += (input[sizeAt + index] as number) * 2 ** (8 * index);
  return value;
}

/** The LZ4 frame format (lz4_Frame_format.md), as Arrow writes it. Checksums are not checked: every byte is hashed anyway. */
function decodeLz4Frame(input: Uint8Array, size: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new DamagedBlock("no LZ4 frame");
  const flags = view.getUint8(4);
  if (flags >> 6 !== 1) throw new DamagedBlock(`LZ4 frame version ${flags >> 6}`);
  if (flags & 1) throw new DamagedBlock("an LZ4 frame with a dictionary");
  const independent = (flags & 0x20) !== 0;
  let at = 6;
  if (flags & 8) at += 8;
  at += 1;
  const output = new Uint8Array(size);
  let end = 0;
  for (;;) {
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) break;
    const length = head & 0x7fffffff;
    if (length > input.length - at) throw new DamagedBlock("an LZ4 block is cut off");
    const block = input.subarray(at, at + length);
    if (head >>> 31 === 1) {
      if (length > size - end) throw new DamagedBlock("LZ4 blocks hold more than is claimed");
      output.set(block, end);
      end += length;
    } else end = decodeLz4Block(block, output, end, independent ? end : 0);
    at += length + (flags & 0x10 ? 4 : 0);
  }
  return output.subarray(0, end);
}

/** One LZ4 block (lz4_Block_format.md) into `output` from `begin`; matches reach back to `floor`. The new end. */
function decodeLz4Block(input: Uint8Array, output: Uint8Array, begin: number, floor: number): number {
  let from = 0;
  let to = begin;
  const more = (start: number): number => {
    let length = start;
    if (start !== 15) return length;
    for (;;) {
      if (from >= input.length) throw new DamagedBlock("an LZ4 length is cut off");
      const byte = input[from++] as number;
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (from < input.length) {
    const token = input[from++] as number;
    const literals = more(token >> 4);
    if (literals > input.length - from || literals > output.length - to)
      throw new DamagedBlock("LZ4 literals run over the end");
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) return to;
    if (from + 2 > input.length) throw new DamagedBlock("an LZ4 match is cut off");
    const back = (input[from] as number) | ((input[from + 1] as number) << 8);
    from += 2;
    const length = more(token & 15) + 4;
    if (back === 0 || back > to - floor) throw new DamagedBlock(`an LZ4 match reaches back ${back} bytes`);
    if (length > output.length - to) throw new DamagedBlock("an LZ4 match runs over the end");
    for (const stop = to + length; to < stop; to++) output[to] = output[to - back] as number;
  }
  return to;
}
