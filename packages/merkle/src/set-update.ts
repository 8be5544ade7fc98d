/**
 * Set updates: a second set is the first one with exactly these changes. File format `assay-set-update/v1`
 * (`docs/spec/proofs.md`). The proof opens the changed keys in the first set; the verifier plays the changes on what is
 * opened and must come out at the second root.
 */

import { VerificationError } from "./errors.js";
import { equalBytes, isDigestHex, toHex } from "./hex.js";
import { changedCount, checkMultiset, countOf, keyAt, type Multiset, type SetChanges } from "./multiset.js";
import { checkDigest, countHashes } from "./ordered-tree.js";
import { malformedProof, readProofFields, type UnreadProof } from "./proof-form.js";
import { packKeys, refuseDisorder } from "./set-proof.js";
import {
  areAscending,
  compareSetRoot,
  countWalkedKeys,
  type OpenedLeaf,
  type OpenedNode,
  type OpenedTree,
  openKeys,
  readSetProofTree,
  type SetProofTree,
  walk,
} from "./set-proof-tree.js";
import { bitAt, firstDifference } from "./set-tree.js";

export const SET_UPDATE_FORMAT = "assay-set-update/v1";

/** The content of a set update file. Digests are lower-case hex. Not verified. */
export interface SetUpdate {
  /** Key and difference (not 0), ascending by key, at least one. */
  readonly changes: readonly (readonly [key: string, difference: number])[];
  readonly format: typeof SET_UPDATE_FORMAT;
  /** The changed keys, opened in the first set. */
  readonly tree: SetProofTree;
}

/** The two trusted set roots of an update, 32 bytes each. */
export interface SetUpdateRoots {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export interface VerifySetUpdateOptions {
  /** The changes that the caller expects. Default: none stated; then the changes are an answer, not a confirmation. */
  readonly expected?: SetChanges;
}

/**
 * Proves what changes make of a set.
 *
 * @param first The set before the changes. All its keys are hashed once.
 * @param changes At least one; `compareSets(first, second)` gives them.
 * @throws RangeError if the changes are none, not ascending, 0 or not integers.
 * @throws VerificationError `count-underflow`, `count-overflow` if the changes do not fit the set.
 */
export function proveSetUpdate(first: Multiset, changes: SetChanges): SetUpdate {
  checkMultiset("proveSetUpdate() first", first);
  const listed = listChanges("proveSetUpdate() changes", changes);
  if (listed.length === 0) throw new RangeError("proveSetUpdate() changes must hold at least one change");
  for (let i = 0; i < listed.length; i++) {
    const key = keyAt(changes.keys, i);
    changedCount(key, countOf(first, key), changes.differences[i]!);
  }
  const walkers = listed.map((_, i) => i);
  return {
    changes: listed,
    format: SET_UPDATE_FORMAT,
    tree: openKeys(first, 0, first.counts.length, changes.keys, walkers),
  };
}

/** Refuses what are no changes, as a mistake of the caller. */
export function checkChanges(name: string, { keys, differences }: SetChanges): void {
  if (countHashes(`${name} keys`, keys) !== differences.length) {
    throw new RangeError(`${name} has ${keys.length / 32} keys but ${differences.length} differences`);
  }
  if (!areAscending(keys)) throw new RangeError(`${name} keys must be strictly ascending`);
  const wrong = differences.findIndex((difference) => !isDifference(difference));
  if (wrong >= 0) throw new RangeError(`${name} differences[${wrong}] is ${differences[wrong]}`);
}

/** Changes as the proof writes them; refuses what is none, as a mistake of the caller. */
export function listChanges(name: string, changes: SetChanges): (readonly [string, number])[] {
  checkChanges(name, changes);
  return Array.from(changes.differences, (difference, i) => [toHex(keyAt(changes.keys, i)), difference] as const);
}

function isDifference(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value !== 0;
}

/**
 * Checks the form and grammar of a set update that was read from JSON, for looking at it. It says nothing about any set.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`, `key-order`, `count-out-of-range`, `tree-order`.
 */
export function readSetUpdate(value: unknown): SetUpdate {
  const fields = readProofFields(value, SET_UPDATE_FORMAT, ["changes", "tree"]);
  readChanges(fields.changes);
  readSetProofTree(fields.tree);
  return {
    changes: fields.changes as SetUpdate["changes"],
    format: SET_UPDATE_FORMAT,
    tree: fields.tree as SetProofTree,
  };
}

function readChanges(value: unknown): SetChanges {
  if (!Array.isArray(value)) throw malformedProof("changes is not an array", { field: "changes" });
  if (value.length === 0) throw malformedProof("changes is empty", { field: "changes" });
  const names: string[] = [];
  const differences = new Float64Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const change: unknown = value[i];
    if (!Array.isArray(change) || change.length !== 2 || !isDigestHex(change[0]) || !isDifference(change[1])) {
      throw malformedProof(`changes[${i}] is not a digest and an integer other than 0`, { field: "changes", index: i });
    }
    names.push(change[0]);
    differences[i] = change[1];
  }
  const keys = packKeys(names);
  refuseDisorder(keys);
  return { keys, differences };
}

/**
 * Verifies a set update, step by step as the specification has it.
 *
 * @param update As it was read; its form is checked here.
 * @param roots The trusted roots of both sets. Take them from verified set heads.
 * @returns The changes, which turn the first set into the second and are all that differs.
 * @throws VerificationError, in this order: `malformed-proof`, `unknown-format`, `key-order`, `change-mismatch`,
 * `count-out-of-range`, `tree-order`, `tree-incomplete`, `tree-not-minimal`, `root-mismatch` (first root),
 * `count-underflow` or `count-overflow`, `root-mismatch` (second root).
 * @example
 * verifySetUpdate(update, { first: parent.root, second: child.root }, { expected: removed });
 */
export function verifySetUpdate(
  update: SetUpdate | UnreadProof,
  roots: SetUpdateRoots,
  options: VerifySetUpdateOptions = {},
): SetChanges {
  const { expected } = options;
  checkDigest("verifySetUpdate() roots.first", roots.first);
  checkDigest("verifySetUpdate() roots.second", roots.second);
  if (expected !== undefined) checkChanges("verifySetUpdate() expected", expected);
  const fields = readProofFields(update, SET_UPDATE_FORMAT, ["changes", "tree"]);
  const changes = readChanges(fields.changes);
  if (expected !== undefined && !sameChanges(changes, expected)) {
    throw new VerificationError("change-mismatch", "The changes of the update are not exactly those expected.", {
      details: { expected: expected.differences.length, actual: changes.differences.length },
    });
  }
  const tree = readSetProofTree(fields.tree);
  const counts = countWalkedKeys(tree, changes.keys, roots.first);
  for (let i = 0; i < counts.length; i++) changedCount(keyAt(changes.keys, i), counts[i]!, changes.differences[i]!);
  compareSetRoot(applyToTree(tree, changes), roots.second);
  return changes;
}

function sameChanges(left: SetChanges, right: SetChanges): boolean {
  return (
    equalBytes(left.keys, right.keys) && left.differences.every((difference, i) => difference === right.differences[i])
  );
}

/** Additions before removals: a removal can lay a bare hash where an addition would have to walk. */
function applyToTree(tree: OpenedTree | null, changes: SetChanges): OpenedTree | null {
  let changed = tree;
  for (const sign of [1, -1]) {
    for (let i = 0; i < changes.differences.length; i++) {
      const difference = changes.differences[i]!;
      if (Math.sign(difference) !== sign) continue;
      const key = keyAt(changes.keys, i);
      changed = sign === 1 ? add(changed, key, difference) : remove(changed!, key, -difference);
    }
  }
  return changed;
}

function add(tree: OpenedTree | null, key: Uint8Array, count: number): OpenedTree {
  const fresh: OpenedLeaf = { kind: "leaf", key, count, walked: true };
  if (tree === null) return fresh;
  const end = walk(tree, key);
  const parting = firstDifference(end.key, 0, key, 0);
  if (parting === 256) {
    end.count += count;
    return tree;
  }
  // The new leaf belongs above the first node that parts later than the two keys do.
  let above: OpenedNode | undefined;
  let at = tree;
  while (at.kind === "node" && at.bit < parting) {
    above = at;
    at = childOf(at, key);
  }
  const [left, right] = bitAt(key, 0, parting) === 0 ? [fresh, at] : [at, fresh];
  const node: OpenedNode = { kind: "node", bit: parting, left, right, walked: true };
  return above === undefined ? node : replaceChild(tree, above, key, node);
}

/** Takes away from a leaf that is there; at 0 it goes, and its sibling takes the place of their node. */
function remove(tree: OpenedTree, key: Uint8Array, count: number): OpenedTree | null {
  const leaf = walk(tree, key);
  leaf.count -= count;
  if (leaf.count > 0) return tree;
  let above: OpenedNode | undefined;
  let parent: OpenedNode | undefined;
  for (let at = tree; at.kind === "node"; at = childOf(at, key)) {
    above = parent;
    parent = at;
  }
  if (parent === undefined) return null;
  const sibling = bitAt(key, 0, parent.bit) === 0 ? parent.right : parent.left;
  return above === undefined ? sibling : replaceChild(tree, above, key, sibling);
}

function childOf(node: OpenedNode, key: Uint8Array): OpenedTree {
  return bitAt(key, 0, node.bit) === 0 ? node.left : node.right;
}

function replaceChild(tree: OpenedTree, parent: OpenedNode, key: Uint8Array, child: OpenedTree): OpenedTree {
  if (bitAt(key, 0, parent.bit) === 0) parent.left = child;
  else parent.right = child;
  return tree;
}
