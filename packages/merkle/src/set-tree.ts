/**
 * The set tree: one digest for a multiset of leaves, the same in whatever order they arrive (`docs/spec/set-tree.md`).
 *
 * It is a Patricia trie over the bits of the keys: a node stands exactly where keys part, so n keys make n leaves and
 * n−1 nodes, and the shape is a function of the keys alone. Bit 0 is the most significant bit of byte 0.
 */

import { addCounts, checkCount, checkMultiset, compareKeys, countLeaves, type Multiset } from "./multiset.js";
import { checkDigest } from "./ordered-tree.js";
import { sha256 } from "./sha256.js";
import { type Sha256Kernel, sha256Kernel } from "./sha256-kernel.js";
import { SET_PIECE_KEYS } from "./sha256-lanes.js";

/** A multiset and the root that commits to it. */
export interface SetTree extends Multiset {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Number of distinct keys. */
  readonly distinct: number;
  /** Sum of the counts. */
  readonly records: number;
}

/** The root of the set without keys: SHA-256(0x02). */
export function emptySetRoot(): Uint8Array {
  return sha256(new Uint8Array([0x02]));
}

/**
 * The hash of a key and its count: SHA-256(0x02 ‖ key ‖ count as u64, big-endian).
 *
 * @throws VerificationError `count-out-of-range` if the count is not 1 … 2⁵³−1.
 */
export function setLeafHash(key: Uint8Array, count: number): Uint8Array {
  checkDigest("setLeafHash() key", key);
  checkCount(count, key);
  const out = new Uint8Array(32);
  leafInto(new Uint8Array(41), key, 0, count, out, 0);
  return out;
}

/**
 * The hash of a node: SHA-256(0x03 ‖ bit ‖ left ‖ right).
 *
 * @param bit The first bit in which the keys below differ, 0…255.
 * @param left The top of the keys that have a 0 there.
 * @param right The top of the keys that have a 1 there.
 */
export function setNodeHash(bit: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  if (!Number.isInteger(bit) || bit < 0 || bit > 255)
    throw new RangeError(`setNodeHash() bit must be 0…255, not ${bit}`);
  checkDigest("setNodeHash() left", left);
  checkDigest("setNodeHash() right", right);
  const input = new Uint8Array(66);
  input[0] = 0x03;
  input[1] = bit;
  input.set(left, 2);
  input.set(right, 34);
  return sha256(input);
}

/** Joins the tops of two neighbouring key ranges that part at a bit; a range without keys has no top. */
export function combineSetTops(
  bit: number,
  left: Uint8Array | undefined,
  right: Uint8Array | undefined,
): Uint8Array | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  return setNodeHash(bit, left, right);
}

/**
 * Joins the tops of 2ᵏ neighbouring key ranges, cut by bits `firstBit … firstBit + k − 1` of the keys. This is how
 * ranges built by several workers become one tree; the answer is the same for every cut.
 *
 * @param tops 2ᵏ tops in ascending order of keys, undefined for a range without keys.
 * @returns The top of all, or undefined if no range has a key.
 */
export function combineSetRanges(firstBit: number, tops: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const bits = Math.log2(tops.length);
  if (!Number.isInteger(bits)) throw new RangeError(`combineSetRanges() needs 2^k tops, not ${tops.length}`);
  let level = tops;
  for (let bit = firstBit + bits - 1; bit >= firstBit; bit--) {
    const above: (Uint8Array | undefined)[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(combineSetTops(bit, level[i], level[i + 1]));
    level = above;
  }
  return level[0];
}

/**
 * Builds the set tree of leaves.
 *
 * @param leaves 32 bytes a leaf, in any order and with repeats; or several such chunks.
 * @example
 * const { root, distinct, records } = buildSet(leafHashes);
 */
export function buildSet(leaves: Uint8Array | readonly Uint8Array[]): SetTree {
  return setTreeOf(countLeaves(leaves));
}

/**
 * Builds the set tree of sorted keys and their counts.
 *
 * @throws RangeError if the keys are not strictly ascending.
 * @throws VerificationError `count-out-of-range`, `count-overflow`.
 */
export function setTreeOf(set: Multiset): SetTree {
  const records = checkMultiset("setTreeOf()", set);
  const root = setTop(set, 0, set.counts.length) ?? emptySetRoot();
  return { keys: set.keys, counts: set.counts, root, distinct: set.counts.length, records };
}

/** The top of keys `begin … end` of a checked multiset, or undefined if there are none. Two hashes a key. */
export function setTop(set: Multiset, begin: number, end: number): Uint8Array | undefined {
  if (begin >= end) return undefined;
  return topOf(sha256Kernel(), set, begin, end);
}

function topOf(kernel: Sha256Kernel, set: Multiset, begin: number, end: number): Uint8Array {
  const { keys } = set;
  if (kernel.sets === undefined) return stackedTop(kernel, set, begin, end);
  if (end - begin <= SET_PIECE_KEYS) return topsOf(kernel, set, begin, end, 0);
  // The first and the last key differ where the top node stands.
  const bit = firstDifference(keys, 32 * begin, keys, 32 * (end - 1));
  const middle = partingOf(keys, begin, end, bit);
  return setNodeHash(bit, topOf(kernel, set, begin, middle), topOf(kernel, set, middle, end));
}

/**
 * The tops of the subsets that keys `begin … end` of a checked multiset, at most 4,096, fall into by their first `limit` bits:
 * 32 bytes for each subset that has keys. Two hashes a key.
 */
export function subsetTops(set: Multiset, begin: number, end: number, limit: number): Uint8Array {
  if (begin >= end) return new Uint8Array(0);
  return topsOf(sha256Kernel(), set, begin, end, limit);
}

function topsOf(kernel: Sha256Kernel, set: Multiset, begin: number, end: number, limit: number): Uint8Array {
  const { keys, counts } = set;
  const out = new Uint8Array(limit === 0 ? 32 : 32 * (end - begin));
  const subsets =
    kernel.sets === undefined
      ? stackedTops(kernel, keys, begin, end, limit, countedLeaves(set), out)
      : kernel.sets.setTops(keys, counts, begin, end, limit, out);
  return out.subarray(0, 32 * subsets);
}

/**
 * The top of neighbouring subsets, at most 4,096.
 *
 * @param keys one key of each subset, ascending; bits behind those in which subsets differ do not matter.
 * @param tops of the subsets, 32 bytes each, at least one.
 */
export function joinSubsetTops(keys: Uint8Array, tops: Uint8Array): Uint8Array {
  const kernel = sha256Kernel();
  const top = new Uint8Array(32);
  if (kernel.sets !== undefined) kernel.sets.joinTops(keys, tops, top);
  else stackedTops(kernel, keys, 0, keys.length / 32, 0, (i, out) => out.set(tops.subarray(32 * i, 32 * i + 32)), top);
  return top;
}

/** The top by one key after the other, in one pass. */
export function stackedTop(kernel: Sha256Kernel, set: Multiset, begin: number, end: number): Uint8Array {
  const top = new Uint8Array(32);
  stackedTops(kernel, set.keys, begin, end, 0, countedLeaves(set), top);
  return top;
}

/** Writes the hash of the leaf of the key with this number. */
type LeafWriter = (index: number, out: Uint8Array) => void;

function countedLeaves({ keys, counts }: Multiset): LeafWriter {
  const input = new Uint8Array(41);
  return (index, out) => leafInto(input, keys, 32 * index, counts[index]!, out, 0);
}

/**
 * The tops of subsets that are told apart by their first `limit` bits, one key after the other.
 *
 * A stack holds what waits for its right-hand side: bits grow towards its top, so it is never deeper than 256.
 *
 * @returns Number of subsets.
 */
export function stackedTops(
  kernel: Sha256Kernel,
  keys: Uint8Array,
  begin: number,
  end: number,
  limit: number,
  leafOf: LeafWriter,
  out: Uint8Array,
): number {
  const nodeInput = new Uint8Array(66);
  nodeInput[0] = 0x03;
  const deepest = Math.min(256, end - begin);
  const bits = new Uint8Array(deepest);
  const lefts = new Uint8Array(32 * deepest);
  const top = new Uint8Array(32);
  let depth = 0;
  let subsets = 0;
  leafOf(begin, top);
  for (let i = begin + 1; i <= end; i++) {
    const bit = i < end ? firstDifference(keys, 32 * (i - 1), keys, 32 * i) : -1;
    while (depth > 0 && bits[depth - 1]! > bit) {
      depth--;
      nodeInput[1] = bits[depth]!;
      for (let k = 0; k < 32; k++) {
        nodeInput[2 + k] = lefts[32 * depth + k]!;
        nodeInput[34 + k] = top[k]!;
      }
      kernel.hashInto(nodeInput, top, 0);
    }
    if (bit < limit) out.set(top, 32 * subsets++);
    else {
      bits[depth] = bit;
      lefts.set(top, 32 * depth);
      depth++;
    }
    if (i < end) leafOf(i, top);
  }
  return subsets;
}

function leafInto(
  input: Uint8Array,
  keys: Uint8Array,
  at: number,
  count: number,
  out: Uint8Array,
  outAt: number,
): void {
  input[0] = 0x02;
  for (let k = 0; k < 32; k++) input[1 + k] = keys[at + k]!;
  writeCount(input, 33, count);
  sha256Kernel().hashInto(input, out, outAt);
}

/** Writes a count as u64, big-endian. */
export function writeCount(out: Uint8Array, at: number, count: number): void {
  let rest = count;
  for (let k = 7; k >= 0; k--) {
    out[at + k] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The first bit in which two different keys differ, 0…255; 256 if they are equal. */
export function firstDifference(left: Uint8Array, leftAt: number, right: Uint8Array, rightAt: number): number {
  for (let i = 0; i < 32; i++) {
    const difference = left[leftAt + i]! ^ right[rightAt + i]!;
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return 256;
}

/** One bit of the key at a place, 0 or 1. */
export function bitAt(keys: Uint8Array, at: number, bit: number): 0 | 1 {
  return ((keys[at + (bit >> 3)]! >> (7 - (bit & 7))) & 1) as 0 | 1;
}

/** For keys `begin … end`, sorted, that part at a bit: the number of the first that has a 1 there. */
export function partingOf(keys: Uint8Array, begin: number, end: number, bit: number): number {
  let [low, high] = [begin, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (bitAt(keys, 32 * middle, bit) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Builds a set root from keys that come in ascending order, without holding them: for sorted runs that are merged from
 * disk. Equal keys that follow each other are counted together.
 *
 * @example
 * const builder = new SetRootBuilder();
 * for (const [key, count] of sorted) builder.add(key, count);
 * builder.finish().root;
 */
export class SetRootBuilder {
  #key: Uint8Array | undefined;
  #count = 0;
  #distinct = 0;
  #records = 0;
  #bits: number[] = [];
  #lefts: Uint8Array[] = [];

  /**
   * Adds a key (32 bytes), not below the one before.
   *
   * @throws RangeError if it is below.
   * @throws VerificationError `count-out-of-range`, `count-overflow`.
   */
  add(key: Uint8Array, count = 1): void {
    checkDigest("add() key", key);
    const records = addCounts(this.#records, checkCount(count, key), key);
    const previous = this.#key;
    if (previous !== undefined) {
      const order = compareKeys(previous, 0, key, 0);
      if (order > 0) throw new RangeError("add() keys must be ascending");
      if (order === 0) {
        this.#count += count;
        this.#records = records;
        return;
      }
      const bit = firstDifference(previous, 0, key, 0);
      const top = this.#close(setLeafHash(previous, this.#count), bit);
      this.#bits.push(bit);
      this.#lefts.push(top);
    }
    this.#key = key.slice();
    this.#count = count;
    this.#distinct++;
    this.#records = records;
  }

  /** The root over all keys that were added, their number and the sum of their counts. */
  finish(): { readonly root: Uint8Array; readonly distinct: number; readonly records: number } {
    const root = this.#key === undefined ? emptySetRoot() : this.#close(setLeafHash(this.#key, this.#count), -1);
    return { root, distinct: this.#distinct, records: this.#records };
  }

  #close(top: Uint8Array, bit: number): Uint8Array {
    let joined = top;
    while (this.#bits.length > 0 && this.#bits.at(-1)! > bit) {
      joined = setNodeHash(this.#bits.pop()!, this.#lefts.pop()!, joined);
    }
    return joined;
  }
}
