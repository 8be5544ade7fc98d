/**
 * Set proofs: each of these keys occurs so often in a set, 0 being proven absence. File format `assay-set-proof/v1`
 * (`docs/spec/proofs.md`).
 *
 * A proof is verified against a trusted root *and the caller's own question*: the bits of an absent key are bound by
 * nothing but what was asked. Whoever only wants to look reads the proof with `readSetProof`, which answers nothing.
 */

import { VerificationError } from "./errors.js";
import { equalBytes, fromHex, isDigestHex, toHex } from "./hex.js";
import { checkMultiset, countLeaves, keyAt, type Multiset } from "./multiset.js";
import { checkDigest, countHashes } from "./ordered-tree.js";
import { malformedProof, readProofFields, type UnreadProof } from "./proof-form.js";
import { areAscending, countWalkedKeys, openKeys, readSetProofTree, type SetProofTree } from "./set-proof-tree.js";

export const SET_PROOF_FORMAT = "assay-set-proof/v1";

/** The content of a set proof file. Digests are lower-case hex. Not verified. */
export interface SetProof {
  readonly format: typeof SET_PROOF_FORMAT;
  /** The keys it answers about, ascending and distinct, at least one. */
  readonly keys: readonly string[];
  readonly tree: SetProofTree;
}

/** How often each asked key occurs. Only `verifySetProof` makes it. */
export interface VerifiedCounts {
  /** The asked keys, ascending and distinct, 32 bytes each. */
  readonly keys: Uint8Array;
  /** For each key how often it occurs; 0: proven absent. */
  readonly counts: Float64Array;
}

/**
 * Proves how often keys occur in a set.
 *
 * @param set Sorted keys and counts. All are hashed once: for many questions to a large set, prove from its pages.
 * @param asked The keys in question, 32 bytes each, at least one, in any order; equal ones count once.
 * @throws RangeError if nothing is asked or `set` is not sorted.
 * @example
 * const proof = proveSet(buildSet(leaves), leafHash(record));
 */
export function proveSet(set: Multiset, asked: Uint8Array): SetProof {
  checkMultiset("proveSet() set", set);
  const { keys, names, walkers } = readQuestion("proveSet() asked", asked);
  return { format: SET_PROOF_FORMAT, keys: names, tree: openKeys(set, 0, set.counts.length, keys, walkers) };
}

interface Question {
  /** Packed, ascending and distinct. */
  readonly keys: Uint8Array;
  readonly names: readonly string[];
  readonly walkers: readonly number[];
}

/** Sorts the keys that a caller asks about. */
export function readQuestion(name: string, asked: Uint8Array): Question {
  if (countHashes(name, asked) === 0) throw new RangeError(`${name} must hold at least one key`);
  const { keys } = countLeaves(asked);
  const walkers = Array.from({ length: keys.length / 32 }, (_, i) => i);
  return { keys, names: walkers.map((i) => toHex(keyAt(keys, i))), walkers };
}

/**
 * Checks the form and grammar of a set proof that was read from JSON, for looking at it. It says nothing about any set.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`, `key-order`, `count-out-of-range`, `tree-order`.
 */
export function readSetProof(value: unknown): SetProof {
  const fields = readProofFields(value, SET_PROOF_FORMAT, ["keys", "tree"]);
  const keys = readKeys(fields.keys);
  refuseDisorder(packKeys(keys));
  readSetProofTree(fields.tree);
  return { format: SET_PROOF_FORMAT, keys, tree: fields.tree as SetProofTree };
}

/**
 * Verifies a set proof, step by step as the specification has it.
 *
 * @param proof As it was read; its form is checked here.
 * @param root The trusted set root, 32 bytes. Take it from a verified set head.
 * @param asked The keys that the caller asks about, 32 bytes each, in any order; equal ones count once.
 * @throws VerificationError, in this order: `malformed-proof`, `unknown-format`, `key-order`, `leaf-mismatch` (not the keys
 * that were asked), `count-out-of-range`, `tree-order`, `tree-incomplete`, `tree-not-minimal`, `root-mismatch`.
 * @example
 * verifySetProof(proof, root, leafHash(record)).counts[0] === 0; // absent
 */
export function verifySetProof(proof: SetProof | UnreadProof, root: Uint8Array, asked: Uint8Array): VerifiedCounts {
  checkDigest("verifySetProof() root", root);
  const question = readQuestion("verifySetProof() asked", asked);
  const fields = readProofFields(proof, SET_PROOF_FORMAT, ["keys", "tree"]);
  const keys = packKeys(readKeys(fields.keys));
  refuseDisorder(keys);
  if (!equalBytes(keys, question.keys)) {
    throw new VerificationError("leaf-mismatch", "The proof does not answer about exactly the keys that were asked.", {
      details: { expected: question.names.slice(0, 16), asked: question.names.length, answered: keys.length / 32 },
    });
  }
  const tree = readSetProofTree(fields.tree);
  return { keys, counts: countWalkedKeys(tree, keys, root) };
}

function readKeys(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw malformedProof("keys is not an array", { field: "keys" });
  if (value.length === 0) throw malformedProof("keys is empty", { field: "keys" });
  for (let i = 0; i < value.length; i++) {
    if (!isDigestHex(value[i])) {
      throw malformedProof(`keys[${i}] is not a digest of 64 lower-case hex digits`, { field: "keys", index: i });
    }
  }
  return value as readonly string[];
}

/** Digests in hex, one behind the other as bytes. */
export function packKeys(names: readonly string[]): Uint8Array {
  const keys = new Uint8Array(32 * names.length);
  for (let i = 0; i < names.length; i++) keys.set(fromHex(names[i]!), 32 * i);
  return keys;
}

/** `key-order`, unless keys are strictly ascending. */
export function refuseDisorder(keys: Uint8Array): void {
  if (!areAscending(keys))
    throw new VerificationError("key-order", "The keys of the proof are not ascending and distinct.");
}
