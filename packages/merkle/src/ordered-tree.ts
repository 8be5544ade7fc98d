/**
 * The ordered tree: RFC 9162 §2.1 (Certificate Transparency 2.0). Leaves begin with 00, nodes with 01; a tree of n > 1
 * leaves splits at the largest power of two below n; nothing is ever duplicated or padded.
 *
 * A root does not bind its size. Whoever keeps a root keeps the size beside it: the two are a tree head.
 */

import { hashLevel, sha256 } from "./sha256.js";

/** What is trusted about an ordered tree: its size and its root, always together. */
export interface TreeHead {
  /** Number of leaves, a safe integer. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** The root of the tree without leaves: SHA-256 of nothing. */
export function emptyTreeRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** The hash of one leaf: SHA-256(0x00 ‖ data). For many leaves use `hashLeaves`. */
export function leafHash(data: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + data.length);
  input.set(data, 1);
  return sha256(input);
}

/** The hash of a node: SHA-256(0x01 ‖ left ‖ right), of two 32-byte hashes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  checkDigest("nodeHash() left", left);
  checkDigest("nodeHash() right", right);
  const input = new Uint8Array(65);
  input[0] = 0x01;
  input.set(left, 1);
  input.set(right, 33);
  return sha256(input);
}

/**
 * The root over leaf hashes.
 *
 * @param leafHashes 32 bytes a leaf, in order.
 * @example
 * toHex(treeRoot(new Uint8Array(0))); // "e3b0c442…", the empty tree
 */
export function treeRoot(leafHashes: Uint8Array): Uint8Array {
  let count = countHashes("treeRoot() leafHashes", leafHashes);
  if (count === 0) return emptyTreeRoot();
  if (count === 1) return leafHashes.slice(0, 32);
  const nodes = hashLevel(leafHashes, count);
  for (count = Math.ceil(count / 2); count > 1; count = Math.ceil(count / 2)) hashLevel(nodes, count, nodes);
  return nodes.slice(0, 32);
}

/** The number of 32-byte hashes in a packed array; TypeError or RangeError names the argument. */
export function countHashes(name: string, hashes: Uint8Array): number {
  if (!(hashes instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (hashes.length % 32 !== 0) throw new RangeError(`${name} must hold 32 bytes a hash, not ${hashes.length} in all`);
  return hashes.length / 32;
}

/** Refuses what is no 32-byte digest, as a mistake of the caller. */
export function checkDigest(name: string, digest: Uint8Array): void {
  if (!(digest instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (digest.length !== 32) throw new RangeError(`${name} must have 32 bytes, not ${digest.length}`);
}

/** Refuses a tree head that is none, as a mistake of the caller. */
export function checkTreeHead(name: string, head: TreeHead): void {
  if (!Number.isSafeInteger(head.size) || head.size < 0) {
    throw new RangeError(`${name}.size must be a safe integer from 0, not ${head.size}`);
  }
  checkDigest(`${name}.root`, head.root);
}
