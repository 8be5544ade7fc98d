/**
 * Leaves of records (`docs/spec/leaf-encoding.md`): SHA-256(0x00 ‖ recordBytes), or with a leaf key
 * SHA-256(0x00 ‖ salt ‖ recordBytes), salt = HMAC-SHA-256(leafKey, recordBytes); and the files that hold leaf keys.
 */

import { FormatError, hashLeaves, hmacSha256, sha256 } from "@assay/merkle";
import { asciiOf } from "./decimal-text.js";

/** First byte of the hash input of a record leaf. */
const RECORD_LEAF = 0x00;
const MIN_KEY_BYTES = 32;
const KEY_ID_TEXT = new TextEncoder().encode("assay-leaf-key-id/v1");

/**
 * The leaves of many records.
 *
 * @param arena Bytes of all records; record i is `arena[offsets[i], offsets[i+1])`.
 * @param leafKey At least 32 bytes; none: plain leaves.
 * @returns 32 bytes a record.
 * @throws FormatError `leaf-key-too-short`.
 * @example
 * const { arena, offsets } = encodeBatch(batch);
 * const leaves = recordLeaves(arena, offsets);
 */
export function recordLeaves(
  arena: Uint8Array,
  offsets: Float64Array | Uint32Array,
  leafKey?: Uint8Array | null,
): Uint8Array {
  if (leafKey === undefined || leafKey === null) return hashLeaves(arena, offsets, RECORD_LEAF);
  checkLeafKey(leafKey);
  const count = offsets.length - 1;
  const begin = offsets[0] as number;
  const salted = new Uint8Array((offsets[count] as number) - begin + 32 * count);
  const saltedOffsets = new Float64Array(count + 1);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const record = arena.subarray(offsets[index], offsets[index + 1]);
    salted.set(hmacSha256(leafKey, record), at);
    salted.set(record, at + 32);
    at += 32 + record.length;
    saltedOffsets[index + 1] = at;
  }
  return hashLeaves(salted, saltedOffsets, RECORD_LEAF);
}

/** The leaf of one record, 32 bytes; with a salt, the keyed leaf. */
export function leafOf(recordBytes: Uint8Array, salt?: Uint8Array | null): Uint8Array {
  const saltBytes = salt ?? new Uint8Array(0);
  if (saltBytes.length !== 0 && saltBytes.length !== 32) {
    throw new RangeError(`salt: ${saltBytes.length} bytes, expected 32`);
  }
  const input = new Uint8Array(1 + saltBytes.length + recordBytes.length);
  input[0] = RECORD_LEAF;
  input.set(saltBytes, 1);
  input.set(recordBytes, 1 + saltBytes.length);
  return sha256(input);
}

/** The salt of a record under a leaf key: what is shown with the record, so that its leaf can be checked without the key. */
export function saltOf(recordBytes: Uint8Array, leafKey: Uint8Array): Uint8Array {
  checkLeafKey(leafKey);
  return hmacSha256(leafKey, recordBytes);
}

/** The id of a leaf key: 16 hex digits that say which key it is and nothing else about it. Throws `leaf-key-too-short`. */
export function leafKeyId(leafKey: Uint8Array): string {
  checkLeafKey(leafKey);
  return hexOf(hmacSha256(leafKey, KEY_ID_TEXT)).slice(0, 16);
}

/** Refuses a leaf key of less than 32 bytes: `leaf-key-too-short`. */
export function checkLeafKey(leafKey: Uint8Array): void {
  if (leafKey.length >= MIN_KEY_BYTES) return;
  throw new FormatError(
    "leaf-key-too-short",
    `The leaf key has ${leafKey.length} bytes; it needs at least ${MIN_KEY_BYTES} random ones`,
    { details: { bytes: leafKey.length, minimum: MIN_KEY_BYTES } },
  );
}

/**
 * The key of a leaf key file: an even number of lower-case hex digits, 64 or more, and one LF.
 *
 * @throws FormatError `malformed-leaf-key`, `leaf-key-too-short`. No message holds any of the key.
 */
export function parseLeafKeyFile(file: Uint8Array): Uint8Array {
  const digits = file.length - 1;
  const text = asciiOf(file, 0, file.length);
  if (!/^[0-9a-f]*\n$/.test(text) || digits % 2 !== 0) {
    throw new FormatError(
      "malformed-leaf-key",
      "A leaf key file is an even number of lower-case hex digits, 64 or more, and one line feed",
    );
  }
  const key = new Uint8Array(digits / 2);
  for (let index = 0; index < key.length; index++) {
    key[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  checkLeafKey(key);
  return key;
}

/** The file of a leaf key. Throws `leaf-key-too-short`. */
export function formatLeafKeyFile(leafKey: Uint8Array): Uint8Array {
  checkLeafKey(leafKey);
  return new TextEncoder().encode(`${hexOf(leafKey)}\n`);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
