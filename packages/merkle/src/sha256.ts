/**
 * SHA-256 (FIPS 180-4) of one message, of an arena of records and of a level of a tree; HMAC-SHA-256 (RFC 2104).
 *
 * The batch forms are the ones to use for data: they take packed arrays and make no object per record.
 */

import { type Sha256Hasher, type Sha256Kernel, sha256Kernel } from "./sha256-kernel.js";

/**
 * The SHA-256 digest of some bytes, 32 bytes.
 *
 * @example
 * toHex(sha256(new Uint8Array(0))); // "e3b0c442…"
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  sha256Kernel().hashInto(bytes, out, 0);
  return out;
}

/**
 * A SHA-256 hash in progress, for bytes that come in pieces.
 *
 * @example
 * toHex(createSha256().update(head).update(tail).digest());
 */
export function createSha256(): Sha256Hasher {
  return sha256Kernel().create();
}

/** HMAC-SHA-256 (RFC 2104) of `data` under `key`, 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return sha256Kernel().hmac(key, data);
}

/**
 * Hashes many records at once: digest i is SHA-256(prefix ‖ arena[offsets[i] … offsets[i + 1])).
 *
 * @param arena The bytes of all records, one after the other.
 * @param offsets One number more than there are records, ascending, within the arena (as in an Arrow column).
 * @param prefix The first byte of each hash input, 0…255: 0 for record leaves, 4 for file entry leaves.
 * @param out Where the digests go, 32 bytes a record; a fresh array by default.
 * @returns `out`.
 * @throws RangeError if offsets leave the arena or descend, or `out` is too short.
 */
export function hashLeaves(
  arena: Uint8Array,
  offsets: Uint32Array | Float64Array,
  prefix: number,
  out?: Uint8Array,
): Uint8Array {
  return hashLeavesWith(sha256Kernel(), arena, offsets, prefix, out);
}

/** `hashLeaves` on a kernel of one's choice. */
export function hashLeavesWith(
  kernel: Sha256Kernel,
  arena: Uint8Array,
  offsets: Uint32Array | Float64Array,
  prefix: number,
  out?: Uint8Array,
): Uint8Array {
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 255) {
    throw new RangeError(`hashLeaves() prefix must be a byte, not ${prefix}`);
  }
  if (offsets.length === 0)
    throw new RangeError("hashLeaves() offsets must hold one number more than there are records");
  let previous = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    // Written so that NaN fails too.
    if (!(offset >= previous && offset <= arena.length) || !Number.isInteger(offset)) {
      throw new RangeError(`hashLeaves() offsets[${i}] is ${offset}, not within ${previous}…${arena.length}`);
    }
    previous = offset;
  }
  const count = offsets.length - 1;
  const digests = outputOf("hashLeaves()", out, count);
  kernel.hashLeaves(arena, offsets, prefix, digests);
  return digests;
}

/**
 * Hashes a level of an ordered tree into the level above (RFC 9162 §2.1.1): node i is
 * SHA-256(0x01 ‖ node 2i ‖ node 2i+1), and a last node without a neighbour moves up unchanged. It is never duplicated.
 *
 * @param nodes The hashes of the level, 32 bytes each, left to right.
 * @param count How many of them there are.
 * @param out Where the ⌈count/2⌉ hashes go; a fresh array by default. It may be `nodes` itself.
 * @returns `out`.
 */
export function hashLevel(nodes: Uint8Array, count: number, out?: Uint8Array): Uint8Array {
  return hashLevelWith(sha256Kernel(), nodes, count, out);
}

/** `hashLevel` on a kernel of one's choice. */
export function hashLevelWith(kernel: Sha256Kernel, nodes: Uint8Array, count: number, out?: Uint8Array): Uint8Array {
  if (!Number.isSafeInteger(count) || count < 0 || 32 * count > nodes.length) {
    throw new RangeError(`hashLevel() count is ${count}, but nodes holds ${Math.floor(nodes.length / 32)} hashes`);
  }
  const pairs = Math.floor(count / 2);
  const above = outputOf("hashLevel()", out, count - pairs);
  kernel.hashPairs(nodes, pairs, above);
  if (count % 2 === 1) above.set(nodes.subarray(32 * (count - 1), 32 * count), 32 * pairs);
  return above;
}

function outputOf(caller: string, out: Uint8Array | undefined, count: number): Uint8Array {
  if (out === undefined) return new Uint8Array(32 * count);
  if (out.length < 32 * count) {
    throw new RangeError(`${caller} out has ${out.length} bytes, but ${count} digests take ${32 * count}`);
  }
  return out;
}
