/**
 * The bytes of a Parquet page, read from the front, and the numbers that stand in them as runs and bit-packed groups: levels and
 * dictionary indices (Apache Parquet `Encodings.md`). Every count is a claim: arrays grow as values come, never ahead of them.
 */

/** A cursor over the bytes of a page. Reading past the end is an Error. */
export class PageBytes {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new Error("a page is cut off");
    return this.bytes[this.at++] as number;
  }

  take(count: number): Uint8Array {
    if (!(count >= 0 && count <= this.left))
      throw new Error(`a page has ${this.left} bytes left where ${count} are needed`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  uint32(): number {
    const four = this.take(4);
    return (
      ((four[0] as number) | ((four[1] as number) << 8) | ((four[2] as number) << 16) | ((four[3] as number) << 24)) >>>
      0
    );
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 7; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 128;
    }
    throw new Error("a number in a page is too long");
  }

  zigzag(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
    }
    throw new Error("a number in a page is too long");
  }
}

/** A typed array that is at least `needed` long, with the same beginning; doubled, so that growing costs linear time. */
export function grown<A extends { readonly length: number; set(source: A): void }>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const Constructor = array.constructor as new (length: number) => A;
  const larger = new Constructor(Math.max(needed, array.length * 2, 64));
  larger.set(array);
  return larger;
}

/** Whether `count` numbers of up to eight bits are one run of `value`, so that they need not be read. */
export function isOneRun(bytes: Uint8Array, count: number, value: number): boolean {
  const page = new PageBytes(bytes);
  return page.left > 1 && page.varint() === 2 * count && page.left > 0 && page.byte() === value;
}

/** What {@link readHybrid} gave last: new memory for every page costs more than reading it. */
let hybrid = new Uint32Array(0);
/** Most numbers that are kept for that. */
const MOST_KEPT = 1 << 22;

/**
 * Reads `count` numbers of `width` bits: runs and bit-packed groups mixed (the RLE/bit-packing hybrid).
 *
 * @returns Good until the next call.
 */
export function readHybrid(page: PageBytes, width: number, count: number): Uint32Array {
  if (width > 32) throw new Error(`levels or indices of ${width} bits`);
  if (width === 0) return new Uint32Array(count);
  let out = hybrid;
  const bytesWide = (width + 7) >> 3;
  let seen = 0;
  while (seen < count) {
    const head = page.varint();
    const number = Math.floor(head / 2);
    if (number === 0) continue;
    if (head % 2 === 0) {
      let value = 0;
      for (let index = 0; index < bytesWide; index++) value += page.byte() * 2 ** (8 * index);
      const run = Math.min(number, count - seen);
      out = grown(out, seen + run);
      out.fill(value, seen, seen + run);
      seen += run;
    } else {
      // The last group is padded to 8 values; some writers leave out the padding's bytes.
      const values = Math.min(number * 8, count - seen);
      const packed = page.take(Math.min(number * width, page.left));
      if (packed.length * 8 < values * width) throw new Error("a bit-packed run is cut off");
      if (packed.length >= 2 ** 28) throw new Error(`a bit-packed run of ${packed.length} bytes`);
      out = grown(out, seen + values);
      unpack(packed, width, values, out, seen);
      seen += values;
    }
  }
  if (out.length <= MOST_KEPT) hybrid = out;
  return out.subarray(0, count);
}

function unpack(packed: Uint8Array, width: number, count: number, out: Uint32Array, from: number): void {
  if (width === 1) {
    for (let index = 0; index < count; index++) out[from + index] = ((packed[index >> 3] as number) >> (index & 7)) & 1;
    return;
  }
  if (width === 8) {
    for (let index = 0; index < count; index++) out[from + index] = packed[index] as number;
    return;
  }
  let bit = 0;
  if (width <= 24) {
    const mask = 2 ** width - 1;
    for (let index = 0; index < count; index++, bit += width) {
      const at = bit >>> 3;
      const word =
        (packed[at] as number) |
        ((packed[at + 1] ?? 0) << 8) |
        ((packed[at + 2] ?? 0) << 16) |
        ((packed[at + 3] ?? 0) << 24);
      out[from + index] = (word >>> (bit & 7)) & mask;
    }
    return;
  }
  for (let index = 0; index < count; index++, bit += width) {
    let value = 0;
    let have = 0;
    let at = bit;
    while (have < width) {
      const part = Math.min(8 - (at & 7), width - have);
      value += (((packed[at >>> 3] as number) >> (at & 7)) & (2 ** part - 1)) * 2 ** have;
      have += part;
      at += part;
    }
    out[from + index] = value;
  }
}
