/** RFC 9162 §2.1 transcribed: MTH, PATH and SUBPROOF as the RFC defines them, slow, with its own SHA-256. */

import { createHash } from "node:crypto";

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

const memory = new WeakMap<object, Map<string, Uint8Array>>();

/** §2.1.1. Takes leaf hashes, so that trees of leaves that were hashed elsewhere can be checked too. */
export function mth(leaves: readonly Uint8Array[], begin = 0, end = leaves.length): Uint8Array {
  if (begin === end) return sha256();
  if (end - begin === 1) return leaves[begin]!;
  let known = memory.get(leaves);
  if (known === undefined) memory.set(leaves, (known = new Map()));
  const name = `${begin}-${end}`;
  let root = known.get(name);
  if (root === undefined) {
    const k = largestPowerOfTwoBelow(end - begin);
    root = sha256(new Uint8Array([1]), mth(leaves, begin, begin + k), mth(leaves, begin + k, end));
    known.set(name, root);
  }
  return root;
}

function largestPowerOfTwoBelow(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

/** §2.1.3.1: PATH(m, D[begin:end]). */
export function path(leaves: readonly Uint8Array[], m: number, begin = 0, end = leaves.length): Uint8Array[] {
  const n = end - begin;
  if (n === 1) return [];
  const k = largestPowerOfTwoBelow(n);
  return m < k
    ? [...path(leaves, m, begin, begin + k), mth(leaves, begin + k, end)]
    : [...path(leaves, m - k, begin + k, end), mth(leaves, begin, begin + k)];
}

/** §2.1.4.1: PROOF(m, D_n). */
export function proof(leaves: readonly Uint8Array[], m: number): Uint8Array[] {
  return subproof(leaves, m, 0, leaves.length, true);
}

function subproof(leaves: readonly Uint8Array[], m: number, begin: number, end: number, whole: boolean): Uint8Array[] {
  const n = end - begin;
  if (m === n) return whole ? [] : [mth(leaves, begin, end)];
  const k = largestPowerOfTwoBelow(n);
  return m <= k
    ? [...subproof(leaves, m, begin, begin + k, whole), mth(leaves, begin + k, end)]
    : [...subproof(leaves, m - k, begin + k, end, false), mth(leaves, begin, begin + k)];
}
