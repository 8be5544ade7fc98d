/**
 * Base64 (RFC 4648 §4), canonical only: standard alphabet, padding, unused bits zero. DSSE lets readers accept the
 * URL-safe alphabet too; we do not, so that each signature has one spelling.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Int16Array(128).fill(-1);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

const PAD = "=".charCodeAt(0);

/** The bytes of canonical base64 text; undefined for any other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array(0);
  const padding = text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const characters = length - padding;
  let written = 0;
  let bits = 0;
  let held = 0;
  for (let index = 0; index < characters; index++) {
    const code = text.charCodeAt(index);
    const value = code < 128 ? VALUES[code]! : -1;
    if (value < 0) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : undefined;
}

/** Canonical base64 of bytes. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  // Pieces of whole groups of three bytes keep the texts short enough to join.
  for (let begin = 0; begin < bytes.length; begin += 3 * 4096) {
    let part = "";
    const end = Math.min(bytes.length, begin + 3 * 4096);
    for (let index = begin; index < end; index += 3) {
      const left = end - index;
      const group = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
      part += ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]!;
      part += left > 1 ? ALPHABET[(group >> 6) & 63]! : "=";
      part += left > 2 ? ALPHABET[group & 63]! : "=";
    }
    parts.push(part);
  }
  return parts.join("");
}
