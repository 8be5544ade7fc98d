/**
 * Gzip (RFC 1952) piece by piece: members one behind the other, each with its checksum and length, which are checked. Zeros
 * may follow the last one, as tapes and other tools leave them; anything else may not.
 */

import {
  Z_BUF_ERROR,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from "pako";
import { badCompression, type Decompressor, type DecompressorOptions } from "./compression.js";

/** Bytes of output at once. */
const PIECE_BYTES = 131_072;
/** The largest window, and gzip's head and tail (zlib's `inflateInit2`). */
const WINDOW_BITS = 15 + 16;

export class GzipDecompressor implements Decompressor {
  readonly #options: DecompressorOptions;
  readonly #stream = new ZStream();
  #stored: number;
  #plain: number;
  /** Between two members, or before the first. */
  #between = true;
  #members = 0;
  #padded = false;

  constructor(options: DecompressorOptions) {
    this.#options = options;
    this.#stored = options.start.stored;
    this.#plain = options.start.plain;
    zlibInflateInit2(this.#stream, WINDOW_BITS);
  }

  *push(stored: Uint8Array): Generator<Uint8Array, void> {
    const stream = this.#stream;
    stream.input = stored;
    stream.next_in = 0;
    stream.avail_in = stored.length;
    const begin = this.#stored;
    for (;;) {
      if (this.#between && !this.#beginMember(begin)) break;
      const output = new Uint8Array(PIECE_BYTES);
      stream.output = output;
      stream.next_out = 0;
      stream.avail_out = output.length;
      const status = zlibInflate(stream, Z_NO_FLUSH);
      const written = stream.next_out;
      this.#plain += written;
      if (written > 0) yield output.subarray(0, written);
      if (status === Z_STREAM_END) this.#between = true;
      else if (status !== Z_OK && status !== Z_BUF_ERROR)
        throw this.#refusal(stream.msg || "it is damaged", begin + stream.next_in);
      else if (stream.avail_in === 0 && stream.avail_out > 0) break;
    }
    this.#stored = begin + stored.length;
  }

  /** Whether there is another member in what is at hand. */
  #beginMember(begin: number): boolean {
    const stream = this.#stream;
    while (this.#members > 0 && stream.avail_in > 0 && stream.input[stream.next_in] === 0) {
      this.#padded = true;
      stream.next_in++;
      stream.avail_in--;
    }
    if (stream.avail_in === 0) return false;
    const at = begin + stream.next_in;
    if (this.#padded || stream.input[stream.next_in] !== 0x1f)
      throw this.#refusal("bytes follow its end that are no gzip", at);
    zlibInflateReset(stream);
    this.#between = false;
    this.#members++;
    this.#options.onFrame?.({ stored: at, plain: this.#plain });
    return true;
  }

  end(): void {
    if (!this.#between) throw this.#refusal("it is cut off", this.#stored);
  }

  #refusal(what: string, at: number): Error {
    return badCompression(this.#options.path, "gzip", what, at);
  }
}
