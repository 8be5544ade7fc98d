/**
 * A byte buffer that grows: what record bytes, texts and offsets are written into, without an object per value.
 */

/** Largest buffer that 32-bit offsets can address. */
export const MAX_OFFSET = 0x7fffffff;

/** Bytes `[0, length)` of `bytes` are written; call {@link ByteArena.reserve} before writing into `bytes` directly. */
export class ByteArena {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  push(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(this.length + 1);
    this.bytes[this.length++] = byte;
  }

  /** Appends `source[begin, end)`. */
  append(source: Uint8Array, begin: number, end: number): void {
    const count = end - begin;
    this.reserve(count);
    const { bytes, length } = this;
    // A call costs more than copying a few bytes here.
    if (count > 48) bytes.set(source.subarray(begin, end), length);
    else for (let index = 0; index < count; index++) bytes[length + index] = source[begin + index] as number;
    this.length = length + count;
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
