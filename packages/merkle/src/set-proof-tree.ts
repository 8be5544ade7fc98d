/**
 * The tree inside set proofs and set updates (`docs/spec/proofs.md`, "Set proof"): the part of a set tree through which
 * the asked keys walk, with bare hashes for everything beside it. What is built and what is verified meet here.
 *
 *     tree = null                    the empty set; only as the whole tree
 *          | "hash"                  a subtree that is not opened
 *          | ["key", count]          set leaf
 *          | [bit, tree, tree]       set node: keys with the bit 0, keys with the bit 1
 */

import { VerificationError } from "./errors.js";
import { equalBytes, fromHex, isDigestHex, toHex } from "./hex.js";
import { compareKeys, keyAt, type Multiset } from "./multiset.js";
import { malformedProof } from "./proof-form.js";
import { bitAt, emptySetRoot, firstDifference, partingOf, setLeafHash, setNodeHash, setTop } from "./set-tree.js";

/** The JSON form of the tree. */
export type SetProofTree =
  | null
  | string
  | readonly [key: string, count: number]
  | readonly [bit: number, left: SetProofTree, right: SetProofTree];

/** A subtree that is not opened. */
interface BareHash {
  readonly kind: "hash";
  readonly hash: Uint8Array;
}

export interface OpenedLeaf {
  readonly kind: "leaf";
  readonly key: Uint8Array;
  count: number;
  walked: boolean;
}

export interface OpenedNode {
  readonly kind: "node";
  readonly bit: number;
  left: OpenedTree;
  right: OpenedTree;
  walked: boolean;
}

/** A tree read from its JSON form: mutable, because a set update is played on it. */
export type OpenedTree = BareHash | OpenedLeaf | OpenedNode;

/**
 * Opens a range of sorted keys for the keys that are asked about.
 *
 * @param asked Packed keys; `walkers` are the numbers of those that walk through this range. A key walks by its own
 * bits, so an absent one need not share the range's prefix.
 */
export function openKeys(
  set: Multiset,
  begin: number,
  end: number,
  asked: Uint8Array,
  walkers: readonly number[],
): SetProofTree {
  if (begin === end) return null;
  if (walkers.length === 0) return toHex(setTop(set, begin, end)!);
  if (end - begin === 1) return [toHex(keyAt(set.keys, begin)), set.counts[begin]!];
  // Of sorted keys the first and the last part where the range parts.
  const bit = firstDifference(set.keys, 32 * begin, set.keys, 32 * (end - 1));
  const middle = partingOf(set.keys, begin, end, bit);
  const { left, right } = partWalkers(asked, walkers, bit);
  return [bit, openKeys(set, begin, middle, asked, left), openKeys(set, middle, end, asked, right)];
}

/** Which of the walkers go left at a bit, and which go right. */
export function partWalkers(
  asked: Uint8Array,
  walkers: readonly number[],
  bit: number,
): { readonly left: number[]; readonly right: number[] } {
  const left: number[] = [];
  const right: number[] = [];
  for (const walker of walkers) (bitAt(asked, 32 * walker, bit) === 0 ? left : right).push(walker);
  return { left, right };
}

/**
 * Step 2 of the verification: reads the tree and checks its grammar and order.
 *
 * @returns The tree, or null for the empty set.
 * @throws VerificationError `malformed-proof`, `count-out-of-range`, `tree-order`.
 */
export function readSetProofTree(value: unknown): OpenedTree | null {
  return value === null ? null : readSubtree(value, -1).tree;
}

/** A subtree and one of its opened leaves: since all of them agree before its bit, one stands for all. */
interface ReadSubtree {
  readonly tree: OpenedTree;
  readonly sample: Uint8Array | undefined;
}

/** Recursive, but never deeper than 257: bits must grow on the way down, and this is checked before going on. */
function readSubtree(value: unknown, bitAbove: number): ReadSubtree {
  if (typeof value === "string") {
    if (!isDigestHex(value))
      throw malformedProof("a hash in its tree is not 64 lower-case hex digits", { field: "tree" });
    return { tree: { kind: "hash", hash: fromHex(value) }, sample: undefined };
  }
  if (Array.isArray(value) && value.length === 2) return readLeaf(value[0], value[1]);
  if (Array.isArray(value) && value.length === 3) return readNode(value[0], value[1], value[2], bitAbove);
  throw malformedProof("its tree has something that is neither hash nor leaf nor node", { field: "tree" });
}

function readLeaf(key: unknown, count: unknown): ReadSubtree {
  if (!isDigestHex(key)) throw malformedProof("the key of a leaf is not 64 lower-case hex digits", { field: "tree" });
  if (typeof count !== "number" || !Number.isInteger(count)) {
    throw malformedProof(`the count of leaf ${key} is not an integer`, { field: "tree" });
  }
  if (count < 1 || count > Number.MAX_SAFE_INTEGER) {
    throw new VerificationError("count-out-of-range", `The count of leaf ${key} is ${count}, not 1 to 2^53-1.`, {
      details: { key, count: String(count) },
    });
  }
  const bytes = fromHex(key);
  return { tree: { kind: "leaf", key: bytes, count, walked: false }, sample: bytes };
}

function readNode(bit: unknown, left: unknown, right: unknown, bitAbove: number): ReadSubtree {
  if (typeof bit !== "number" || !Number.isInteger(bit) || bit < 0 || bit > 255 || Object.is(bit, -0)) {
    throw malformedProof("the bit of a node is not 0 to 255", { field: "tree" });
  }
  if (bit <= bitAbove) throw treeOrder(bit, `stands below bit ${bitAbove}`);
  const zero = readSubtree(left, bit);
  const one = readSubtree(right, bit);
  if (zero.sample !== undefined && bitAt(zero.sample, 0, bit) !== 0)
    throw treeOrder(bit, "has a key on the wrong side");
  if (one.sample !== undefined && bitAt(one.sample, 0, bit) !== 1) throw treeOrder(bit, "has a key on the wrong side");
  if (zero.sample !== undefined && one.sample !== undefined) {
    if (firstDifference(zero.sample, 0, one.sample, 0) < bit) throw treeOrder(bit, "has keys that part before it");
  }
  const tree: OpenedNode = { kind: "node", bit, left: zero.tree, right: one.tree, walked: false };
  return { tree, sample: zero.sample ?? one.sample };
}

function treeOrder(bit: number, reason: string): VerificationError {
  return new VerificationError("tree-order", `The node of bit ${bit} ${reason}.`, { details: { bit } });
}

/**
 * Steps 3 to 5: walks every key, demands that nothing more was opened than they need, and compares with the root.
 *
 * @param keys Packed keys.
 * @returns The count of each key; 0 is absence.
 * @throws VerificationError `tree-incomplete`, `tree-not-minimal`, `root-mismatch`.
 */
export function countWalkedKeys(tree: OpenedTree | null, keys: Uint8Array, root: Uint8Array): Float64Array {
  const counts = new Float64Array(keys.length / 32);
  for (let i = 0; i < counts.length; i++) {
    const key = keyAt(keys, i);
    const leaf = tree === null ? undefined : walk(tree, key);
    counts[i] = leaf !== undefined && equalBytes(leaf.key, key) ? leaf.count : 0;
  }
  if (tree !== null) refuseSurplus(tree);
  compareSetRoot(tree, root);
  return counts;
}

/** The leaf where the walk of a key ends, its own or another's; marks what it walks through. */
export function walk(tree: OpenedTree, key: Uint8Array): OpenedLeaf {
  let at = tree;
  while (at.kind === "node") {
    at.walked = true;
    at = bitAt(key, 0, at.bit) === 0 ? at.left : at.right;
  }
  if (at.kind === "hash") {
    const name = toHex(key);
    throw new VerificationError("tree-incomplete", `The path of key ${name} ends in a hash that is not opened.`, {
      details: { key: name },
    });
  }
  at.walked = true;
  return at;
}

function refuseSurplus(tree: OpenedTree): void {
  if (tree.kind === "hash") return;
  if (!tree.walked) {
    const what = tree.kind === "leaf" ? `The leaf ${toHex(tree.key)}` : `A node of bit ${tree.bit}`;
    throw new VerificationError("tree-not-minimal", `${what} is opened, but no asked key passes through it.`);
  }
  if (tree.kind === "node") {
    refuseSurplus(tree.left);
    refuseSurplus(tree.right);
  }
}

/** Hashes a tree and compares: `root-mismatch`. */
export function compareSetRoot(tree: OpenedTree | null, root: Uint8Array): void {
  const actual = tree === null ? emptySetRoot() : hashOpened(tree);
  if (equalBytes(actual, root)) return;
  const [expected, found] = [toHex(root), toHex(actual)];
  throw new VerificationError("root-mismatch", `The set root is ${found}, expected ${expected}.`, {
    details: { expected, actual: found },
  });
}

function hashOpened(tree: OpenedTree): Uint8Array {
  switch (tree.kind) {
    case "hash":
      return tree.hash;
    case "leaf":
      return setLeafHash(tree.key, tree.count);
    case "node":
      return setNodeHash(tree.bit, hashOpened(tree.left), hashOpened(tree.right));
  }
}

/** Whether packed keys are strictly ascending. */
export function areAscending(keys: Uint8Array): boolean {
  for (let at = 32; at < keys.length; at += 32) if (compareKeys(keys, at - 32, keys, at) >= 0) return false;
  return true;
}
