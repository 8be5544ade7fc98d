/**
 * Consistency proofs: the first `from` leaves of a later tree are the earlier tree. RFC 9162 §2.1.4, in the file format
 * `assay-consistency-proof/v1` (`docs/spec/proofs.md`).
 */

import { VerificationError } from "./errors.js";
import { equalBytes, fromHex, toHex } from "./hex.js";
import { wrongLength } from "./inclusion-proof.js";
import { checkTreeHead, countHashes, nodeHash, type TreeHead } from "./ordered-tree.js";
import { readPath, readProofFields, readSize, type UnreadProof } from "./proof-form.js";
import { hashLevel } from "./sha256.js";

export const CONSISTENCY_PROOF_FORMAT = "assay-consistency-proof/v1";

/** The content of a consistency proof file. Digests are lower-case hex. Not verified. */
export interface ConsistencyProof {
  readonly format: typeof CONSISTENCY_PROOF_FORMAT;
  /** Number of leaves of the earlier tree, at least 1. */
  readonly from: number;
  readonly path: readonly string[];
  /** Number of leaves of the later tree. */
  readonly to: number;
}

/**
 * Proves that the tree over the first `from` leaves is the beginning of the tree over all of them (RFC 9162 §2.1.4.1).
 *
 * @param leafHashes The leaves of the later tree, 32 bytes each. One hash for each leaf is computed.
 * @throws RangeError if `from` is not 1 … the number of leaves.
 */
export function proveConsistency(leafHashes: Uint8Array, from: number): ConsistencyProof {
  const to = countHashes("proveConsistency() leafHashes", leafHashes);
  if (!Number.isSafeInteger(from) || from < 1 || from > to) {
    throw new RangeError(`proveConsistency() from must be 1…${to}, not ${from}`);
  }
  const path: string[] = [];
  let nodes = leafHashes;
  let at = 0;
  for (const [level, index] of consistencyNodes(from, to)) {
    for (; at < level; at++) {
      const width = Math.ceil(to / 2 ** at);
      nodes = nodes === leafHashes ? hashLevel(nodes, width) : hashLevel(nodes, width, nodes);
    }
    path.push(toHex(nodes.subarray(32 * index, 32 * index + 32)));
  }
  return { format: CONSISTENCY_PROOF_FORMAT, from, path, to };
}

/** The nodes of a consistency proof by level and number, in its order: levels never go down. */
export function* consistencyNodes(from: number, to: number): Generator<readonly [level: number, index: number]> {
  let at = from - 1;
  // Up to here the earlier tree's last subtree is perfect; above it the path begins.
  let started = false;
  let level = 0;
  for (let width = to; from < to; width = Math.ceil(width / 2)) {
    if (!started && at % 2 === 0) {
      started = true;
      // A power of two is one subtree, whose hash is the earlier root: the verifier has it.
      if (!isPowerOfTwo(from)) yield [level, at];
    }
    if (width === 1) break;
    if (started) {
      if (at % 2 === 1) yield [level, at - 1];
      else if (at + 1 < width) yield [level, at + 1];
    }
    at = Math.floor(at / 2);
    level++;
  }
}

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest > 1 && rest % 2 === 0) rest /= 2;
  return rest === 1;
}

/**
 * Checks the form of a consistency proof that was read from JSON. Says nothing about its truth.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`.
 */
export function readConsistencyProof(value: unknown): ConsistencyProof {
  const fields = readProofFields(value, CONSISTENCY_PROOF_FORMAT, ["from", "path", "to"]);
  return {
    format: CONSISTENCY_PROOF_FORMAT,
    from: readSize(fields.from, "from"),
    path: readPath(fields.path),
    to: readSize(fields.to, "to"),
  };
}

/**
 * Verifies a consistency proof (RFC 9162 §2.1.4.2).
 *
 * @param proof As it was read; its form is checked here.
 * @param earlier The trusted head of the earlier tree.
 * @param later The trusted head of the later tree.
 * @throws VerificationError, in this order: `malformed-proof`, `unknown-format`, `size-mismatch`, `size-order`,
 * `empty-start` (the empty tree is the beginning of every tree: nothing is proven), `proof-length`, `root-mismatch`.
 */
export function verifyConsistency(proof: ConsistencyProof | UnreadProof, earlier: TreeHead, later: TreeHead): void {
  checkTreeHead("verifyConsistency() earlier", earlier);
  checkTreeHead("verifyConsistency() later", later);
  const { from, path, to } = readConsistencyProof(proof);
  if (from !== earlier.size || to !== later.size) {
    throw new VerificationError(
      "size-mismatch",
      `The proof goes from ${from} to ${to} leaves, asked was from ${earlier.size} to ${later.size}.`,
      { details: { expected: [earlier.size, later.size], actual: [from, to] } },
    );
  }
  if (from > to) {
    throw new VerificationError("size-order", `A tree of ${from} leaves cannot be the beginning of one of ${to}.`, {
      details: { from, to },
    });
  }
  if (from === 0) {
    throw new VerificationError("empty-start", "The empty tree is the beginning of every tree; nothing is proven.");
  }
  if (from === to) {
    if (path.length > 0) throw wrongLength(path.length, "too many");
    compareRoots("later", later.root, earlier.root);
    return;
  }
  const roots = rootsFromPath(earlier.root, from, to, path);
  compareRoots("earlier", earlier.root, roots.earlier);
  compareRoots("later", later.root, roots.later);
}

interface RootPair {
  readonly earlier: Uint8Array;
  readonly later: Uint8Array;
}

/** RFC 9162 §2.1.4.2, steps 1 to 6, for 0 < from < to. */
function rootsFromPath(earlierRoot: Uint8Array, from: number, to: number, path: readonly string[]): RootPair {
  const [first, ...rest] = [...(isPowerOfTwo(from) ? [earlierRoot] : []), ...path.map(fromHex)];
  if (first === undefined) throw wrongLength(path.length, "too few");
  let at = from - 1;
  let last = to - 1;
  const up = () => {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  };
  while (at % 2 === 1) up();
  let earlier = first;
  let later = first;
  for (const hash of rest) {
    if (last === 0) throw wrongLength(path.length, "too many");
    if (at % 2 === 1 || at === last) {
      earlier = nodeHash(hash, earlier);
      later = nodeHash(hash, later);
      while (at % 2 === 0 && at !== 0) up();
    } else {
      later = nodeHash(later, hash);
    }
    up();
  }
  if (last !== 0) throw wrongLength(path.length, "too few");
  return { earlier, later };
}

function compareRoots(which: "earlier" | "later", expected: Uint8Array, actual: Uint8Array): void {
  if (equalBytes(expected, actual)) return;
  throw new VerificationError(
    "root-mismatch",
    `Cannot verify consistency: the ${which} root is ${toHex(actual)}, expected ${toHex(expected)}.`,
    { details: { which, expected: toHex(expected), actual: toHex(actual) } },
  );
}
