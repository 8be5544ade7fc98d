/**
 * Zstandard (RFC 8878) piece by piece. The walk over frames and blocks is here, with every claim checked before memory
 * is taken for it, and the content checked against its stated size and its checksum; what is in a block, `fzstd` decodes.
 */

import { FormatError } from "@assay/merkle";
import { Decompress } from "fzstd";
import xxhash from "xxhash-wasm";
import { badCompression, type Decompressor, type DecompressorOptions } from "./compression.js";

/** The most that a block stands for (§3.1.1.2.4), unless the window is smaller. */
const MAX_BLOCK_BYTES = 131_072;

interface Frame {
  readonly stored: number;
  readonly blockBytes: number;
  readonly contentSize: number | null;
  readonly hasChecksum: boolean;
  readonly decoder: Decompress;
  readonly pieces: Uint8Array[];
  readonly hash: { update(bytes: Uint8Array): unknown; digest(): bigint } | null;
  /** The head, until it goes to the decoder with the first block. */
  head: Uint8Array | null;
  size: number;
}

/** A decompressor of Zstandard. */
export async function createZstdDecompressor(options: DecompressorOptions): Promise<Decompressor> {
  const { create64 } = await xxhash();
  return new ZstdDecompressor(options, create64);
}

class ZstdDecompressor implements Decompressor {
  readonly #options: DecompressorOptions;
  readonly #createHash: () => NonNullable<Frame["hash"]>;
  /**
   * What is at hand, from `#at` on not used yet: the begin of a room that is used again and again. `fzstd` keeps an empty view of
   * all that it was given in a frame, and so would keep a frame's stored bytes if each had memory of its own.
   */
  #bytes: Uint8Array = new Uint8Array(0);
  #room: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Offset in the stored file of `#bytes[0]`. */
  #origin: number;
  #plain: number;
  #skip = 0;
  #frame: Frame | null = null;

  constructor(options: DecompressorOptions, createHash: () => NonNullable<Frame["hash"]>) {
    this.#options = options;
    this.#createHash = createHash;
    this.#origin = options.start.stored;
    this.#plain = options.start.plain;
  }

  *push(stored: Uint8Array): Generator<Uint8Array, void> {
    // Only the frames that say nothing are longer than a block, and of these nothing is kept.
    const skipped = Math.min(this.#skip, stored.length);
    this.#skip -= skipped;
    this.#origin += this.#at + skipped;
    this.#take(stored.subarray(skipped));
    while (this.#skip === 0 && this.#at < this.#bytes.length) {
      if (this.#frame === null && !this.#beginFrame()) return;
      if (this.#frame === null) continue;
      const frame: Frame = this.#frame;
      const found = this.#block(frame);
      if (found === "incomplete") return;
      yield* frame.pieces.splice(0);
      if (found === "block") continue;
      this.#plain += frame.size;
      this.#frame = null;
    }
  }

  /** Puts stored bytes behind those that are not used yet. */
  #take(stored: Uint8Array): void {
    const left = this.#bytes.subarray(this.#at);
    const size = left.length + stored.length;
    if (size > this.#room.length) {
      const room = new Uint8Array(Math.max(size, 2 * MAX_BLOCK_BYTES));
      room.set(left);
      this.#room = room;
    } else this.#room.copyWithin(0, this.#at, this.#bytes.length);
    this.#room.set(stored, left.length);
    this.#bytes = this.#room.subarray(0, size);
    this.#at = 0;
  }

  /** Reads the head of a frame, or skips one that says nothing. Whether there was enough at hand. */
  #beginFrame(): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    const left = bytes.length - at;
    if (left < 4) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, left);
    const magic = view.getUint32(0, true);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      if (left < 8) return false;
      const length = 8 + view.getUint32(4, true);
      const here = Math.min(length, left);
      this.#skip = length - here;
      this.#at += here;
      return true;
    }
    if (magic !== 0xfd2fb528) throw this.#refusal("a frame was expected there, and is none");
    if (left < 5) return false;
    const descriptor = bytes[at + 4] as number;
    if ((descriptor & 8) !== 0) throw this.#refusal("a reserved bit is set");
    const isSingle = (descriptor & 0x20) !== 0;
    const flag = descriptor >> 6;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
    const sizeBytes = flag === 0 && !isSingle ? 0 : 1 << flag;
    const sizeAt = 5 + (isSingle ? 0 : 1) + dictionaryBytes;
    const headBytes = sizeAt + sizeBytes;
    if (left < headBytes) return false;
    if (littleEndian(bytes, at + sizeAt - dictionaryBytes, dictionaryBytes) !== 0)
      throw this.#refusal("it needs a dictionary, and none can be given");
    const contentSize =
      sizeBytes === 0 ? null : littleEndian(bytes, at + sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    const windowBytes = isSingle ? (contentSize as number) : windowOf(bytes[at + 5] as number);
    this.#checkWindow(windowBytes);
    const hasChecksum = (descriptor & 4) !== 0;
    const pieces: Uint8Array[] = [];
    this.#frame = {
      stored: this.#origin + at,
      blockBytes: Math.min(MAX_BLOCK_BYTES, windowBytes),
      contentSize,
      hasChecksum,
      decoder: new Decompress((piece) => {
        if (piece.length > 0) pieces.push(piece);
      }),
      pieces,
      hash: hasChecksum ? this.#createHash() : null,
      head: bytes.slice(at, at + headBytes),
      size: 0,
    };
    this.#options.onFrame?.({ stored: this.#origin + at, plain: this.#plain });
    this.#at += headBytes;
    return true;
  }

  /** Decodes the next block, if it is at hand as a whole. */
  #block(frame: Frame): "incomplete" | "block" | "last" {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes.length - at < 3) return "incomplete";
    const head = littleEndian(bytes, at, 3);
    const isLast = (head & 1) !== 0;
    const type = (head >> 1) & 3;
    const size = head >> 3;
    if (type === 3) throw this.#refusal("a block has a reserved type");
    // What a block of one repeated byte states is what it stands for.
    if (size > frame.blockBytes)
      throw this.#refusal(`a block states ${size} bytes, and ${frame.blockBytes} are the most`);
    const checksumBytes = isLast && frame.hasChecksum ? 4 : 0;
    const blockEnd = at + 3 + (type === 1 ? 1 : size);
    if (bytes.length < blockEnd + checksumBytes) return "incomplete";
    const input = bytes.subarray(at, blockEnd + checksumBytes);
    const before = frame.pieces.length;
    try {
      frame.decoder.push(frame.head === null ? input : joined(frame.head, input), isLast);
    } catch (cause) {
      // What the decoder throws speaks of its own state.
      throw this.#refusal("a block is damaged", cause);
    }
    frame.head = null;
    for (const piece of frame.pieces.slice(before)) {
      frame.size += piece.length;
      frame.hash?.update(piece);
    }
    if (frame.contentSize !== null && (frame.size > frame.contentSize || (isLast && frame.size < frame.contentSize)))
      throw this.#refusal(`a frame states ${frame.contentSize} bytes and holds ${frame.size}`);
    if (isLast && frame.hash !== null) {
      const stated = littleEndian(bytes, blockEnd, 4);
      if (Number(frame.hash.digest() & 0xffffffffn) !== stated) throw this.#refusal("a frame has another checksum");
    }
    this.#at = blockEnd + checksumBytes;
    return isLast ? "last" : "block";
  }

  #checkWindow(windowBytes: number): void {
    const { path, maxWindowBytes } = this.#options;
    if (windowBytes <= maxWindowBytes) return;
    throw new FormatError(
      "limit-exceeded",
      `${path}: decompressing it takes a window of ${windowBytes} bytes, more than maxWindowBytes (${maxWindowBytes}). Raise it, or compress the file again without --long or --ultra`,
      { details: { path, limit: "maxWindowBytes", value: maxWindowBytes } },
    );
  }

  end(): void {
    if (this.#frame !== null || this.#skip > 0 || this.#at < this.#bytes.length) throw this.#refusal("it is cut off");
  }

  #refusal(what: string, cause?: unknown): FormatError {
    return badCompression(this.#options.path, "zstd", what, this.#origin + this.#at, cause);
  }
}

/** The window of a descriptor (§3.1.1.1.2). */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
