/**
 * UTF-16 and windows-1252 to UTF-8, in pieces, so that everything behind it scans one encoding (WHATWG Encoding Standard).
 *
 * Written out here, because runtimes disagree about windows-1252 and because an error must say which byte it is.
 */

import { FormatError } from "@assay/merkle";
import type { Encoding } from "./csv-dialect.js";

/** What bytes 0x80 … 0x9F mean in windows-1252; all others are the code point of the same number. */
const WINDOWS_1252 = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d,
  0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,
  0x017e, 0x0178,
];

/** Turns consecutive pieces of a stored file into UTF-8. */
export interface Transcoder {
  /** UTF-8 of the bytes so far, but for a character that is not complete. `last`: nothing follows. */
  push(bytes: Uint8Array, last: boolean): Uint8Array;
}

/**
 * A transcoder for one byte range of a file.
 *
 * @param path For messages.
 * @param begin Where the range begins in the stored file, for messages.
 * @returns `null` for UTF-8, which needs none.
 */
export function createTranscoder(encoding: Encoding, path: string, begin: number): Transcoder | null {
  if (encoding === "utf-8") return null;
  return encoding === "windows-1252" ? { push: fromWindows1252 } : fromUtf16(encoding === "utf-16be", path, begin);
}

function putCodePoint(out: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    out[at++] = point;
  } else if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6);
    out[at++] = 0x80 | (point & 63);
  } else if (point < 0x10000) {
    out[at++] = 0xe0 | (point >> 12);
    out[at++] = 0x80 | ((point >> 6) & 63);
    out[at++] = 0x80 | (point & 63);
  } else {
    out[at++] = 0xf0 | (point >> 18);
    out[at++] = 0x80 | ((point >> 12) & 63);
    out[at++] = 0x80 | ((point >> 6) & 63);
    out[at++] = 0x80 | (point & 63);
  }
  return at;
}

function fromWindows1252(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length * 3);
  let at = 0;
  for (const byte of bytes) {
    at = putCodePoint(out, at, byte >= 0x80 && byte < 0xa0 ? WINDOWS_1252[byte - 0x80]! : byte);
  }
  return out.subarray(0, at);
}

function fromUtf16(bigEndian: boolean, path: string, begin: number): Transcoder {
  let pending = new Uint8Array(0);
  let offset = begin;
  const refuse = (at: number, what: string): never => {
    throw new FormatError(
      "invalid-utf8",
      `${path}, byte ${at}: ${what}. Is the file really ${bigEndian ? "utf-16be" : "utf-16le"}? Name its encoding, or write it again as UTF-8`,
      { details: { path, offset: at } },
    );
  };
  return {
    push(bytes, last) {
      const input = new Uint8Array(pending.length + bytes.length);
      input.set(pending);
      input.set(bytes, pending.length);
      const high = bigEndian ? 0 : 1;
      const unitAt = (i: number) => (input[i + high]! << 8) | input[i + 1 - high]!;
      const out = new Uint8Array(Math.ceil(input.length / 2) * 3);
      let at = 0;
      let i = 0;
      for (; i + 2 <= input.length; i += 2) {
        const unit = unitAt(i);
        if (unit < 0xd800 || unit > 0xdfff) {
          at = putCodePoint(out, at, unit);
          continue;
        }
        if (unit >= 0xdc00) refuse(offset + i, "the second half of a surrogate pair stands alone");
        if (i + 4 > input.length) {
          if (last) refuse(offset + i, "the first half of a surrogate pair stands alone");
          break;
        }
        const low = unitAt(i + 2);
        if (low < 0xdc00 || low > 0xdfff) refuse(offset + i, "the first half of a surrogate pair stands alone");
        at = putCodePoint(out, at, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        i += 2;
      }
      if (last && i < input.length) refuse(offset + i, "one byte is left over");
      pending = input.slice(i);
      offset += i;
      return out.subarray(0, at);
    },
  };
}

/** How many bytes of the stored file stand behind the UTF-8 bytes [begin, end), which hold whole characters. */
export function storedLength(encoding: Encoding, utf8: Uint8Array, begin: number, end: number): number {
  if (encoding === "utf-8") return end - begin;
  let characters = 0;
  let pairs = 0;
  for (let i = begin; i < end; i++) {
    const byte = utf8[i]!;
    if ((byte & 0xc0) !== 0x80) characters++;
    if (byte >= 0xf0) pairs++;
  }
  return encoding === "windows-1252" ? characters : 2 * (characters + pairs);
}
