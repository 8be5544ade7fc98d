/**
 * Hex and byte strings. Digests are written as lower-case hex everywhere, so the reader takes nothing else: one digest,
 * one spelling.
 */

/** The codes of the digits. */
const codeOfValue: readonly number[] = Array.from({ length: 16 }, (_, value) => value.toString(16).charCodeAt(0));
/** Bytes that are written at once: those of a digest. */
const PIECE_BYTES = 32;
const pieceCodes: number[] = new Array(2 * PIECE_BYTES).fill(0);

/** From here on a decoder is faster than putting pieces together: those of many digests. */
const MANY_BYTES = 4096;

/**
 * Writes bytes as lower-case hex digits, two a byte.
 *
 * @example
 * toHex(new Uint8Array([0, 255])); // "00ff"
 */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length > MANY_BYTES) return toHexAtOnce(bytes);
  let text = "";
  for (let begin = 0; begin < bytes.length; begin += PIECE_BYTES) {
    const count = Math.min(PIECE_BYTES, bytes.length - begin);
    for (let i = 0; i < count; i++) {
      const byte = bytes[begin + i]!;
      pieceCodes[2 * i] = codeOfValue[byte >> 4]!;
      pieceCodes[2 * i + 1] = codeOfValue[byte & 15]!;
    }
    // Put together digit by digit, a text is a chain of thirty texts until somebody reads it: ten times the time.
    text += String.fromCharCode.apply(null, count === PIECE_BYTES ? pieceCodes : pieceCodes.slice(0, 2 * count));
  }
  return text;
}

function toHexAtOnce(bytes: Uint8Array): string {
  const codes = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    codes[2 * i] = codeOfValue[byte >> 4]!;
    codes[2 * i + 1] = codeOfValue[byte & 15]!;
  }
  return new TextDecoder().decode(codes);
}

/**
 * Reads lower-case hex digits, two a byte.
 *
 * @throws RangeError if the text has an odd length, an upper-case digit or any other character.
 * @example
 * fromHex("00ff"); // Uint8Array [0, 255]
 */
export function fromHex(text: string): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`fromHex() text must be a string, not ${typeof text}`);
  if (text.length % 2 !== 0) {
    throw new RangeError(`fromHex() text must have an even number of digits, not ${text.length}`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = hexDigit(text.charCodeAt(2 * i));
    const low = hexDigit(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) {
      const at = high < 0 ? 2 * i : 2 * i + 1;
      throw new RangeError(`fromHex() text has ${JSON.stringify(text[at])} at ${at}, which is no lower-case hex digit`);
    }
    bytes[i] = 16 * high + low;
  }
  return bytes;
}

/** Value of a digit by its code; 255 for what is none. */
const valueOfCode = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value++) valueOfCode[value.toString(16).charCodeAt(0)] = value;

function hexDigit(code: number): number {
  const value = code < 128 ? valueOfCode[code]! : 255;
  return value === 255 ? -1 : value;
}

/** Whether a value is the text of a digest: exactly 64 lower-case hex digits. */
export function isDigestHex(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/**
 * Orders two byte strings byte by byte, a prefix first: negative, 0 or positive, as `Array.prototype.sort` wants it.
 *
 * @example
 * compareBytes(new Uint8Array([1]), new Uint8Array([1, 0])); // negative
 */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Whether two byte strings are the same. Not in constant time: digests here are public. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/**
 * Byte strings behind each other as one. A single one is given back as it is, not copied.
 *
 * @example
 * joinBytes([new Uint8Array([1]), new Uint8Array([2, 3])]); // 1, 2, 3
 */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
