/**
 * Compact ranges: the least that must be kept of leaves begin … end of an ordered tree to go on building it. They are
 * the roots of the largest aligned perfect subtrees that tile the range (at most two for each level).
 *
 * Ranges that touch merge, in whatever order they were made, so a tree can be built in pieces on any number of workers.
 * Idea: transparency-dev/merkle, `compact/`.
 */

import { checkDigest, countHashes, emptyTreeRoot, nodeHash } from "./ordered-tree.js";
import { sha256Kernel } from "./sha256-kernel.js";

/** A compact range as plain data, to be sent or stored. */
export interface CompactRangeData {
  /** Index of the first leaf. */
  readonly begin: number;
  /** Index behind the last leaf. */
  readonly end: number;
  /** 32 bytes for each subtree of `perfectSubtrees(begin, end)`, left to right. */
  readonly hashes: Uint8Array;
}

/** Leaves hashed at once by `appendMany`: they stay in the cache with all levels above them. */
const LEAVES_AT_ONCE = 4096;

/**
 * The sizes of the largest aligned perfect subtrees that tile leaves begin … end, left to right.
 *
 * @example
 * perfectSubtrees(3, 9); // [1, 4, 1]
 */
export function perfectSubtrees(begin: number, end: number): number[] {
  checkBounds("perfectSubtrees()", begin, end);
  const sizes: number[] = [];
  for (let at = begin; at < end; ) {
    const size = largestSubtree(at, end - at);
    sizes.push(size);
    at += size;
  }
  return sizes;
}

/** The largest power of two that divides `at` and does not exceed `room` (≥ 1). */
function largestSubtree(at: number, room: number): number {
  let size = 1;
  while (at % (2 * size) === 0 && 2 * size <= room) size *= 2;
  return size;
}

/**
 * A range of leaves that grows at its end.
 *
 * @example
 * const left = new CompactRange(0); left.append(a); left.append(b);
 * const right = new CompactRange(2); right.append(c);
 * left.merge(right);
 * left.root(); // treeRoot of a ‖ b ‖ c
 */
export class CompactRange {
  readonly begin: number;
  #end: number;
  #sizes: number[] = [];
  #hashes: Uint8Array[] = [];

  /** @param begin Index of the first leaf that will be appended, 0 by default. */
  constructor(begin = 0) {
    checkBounds("CompactRange", begin, begin);
    this.begin = begin;
    this.#end = begin;
  }

  /** Index behind the last leaf. */
  get end(): number {
    return this.#end;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#end - this.begin;
  }

  /** Appends one leaf hash (32 bytes). */
  append(leafHash: Uint8Array): void {
    checkDigest("append() leafHash", leafHash);
    this.#push(1, leafHash.slice());
  }

  /** Appends many leaf hashes, 32 bytes each. Costs one hash a leaf. */
  appendMany(leafHashes: Uint8Array): void {
    const count = countHashes("appendMany() leafHashes", leafHashes);
    checkBounds("appendMany()", this.begin, this.#end + count);
    const kernel = sha256Kernel();
    for (let done = 0; done < count; ) {
      const size = largestSubtree(this.#end, Math.min(count - done, LEAVES_AT_ONCE));
      const leaves = leafHashes.subarray(32 * done, 32 * (done + size));
      if (size === 1) {
        this.#push(1, leaves.slice());
      } else {
        const root = new Uint8Array(32);
        kernel.hashLevels(leaves, 1, Math.log2(size), root);
        this.#push(size, root);
      }
      done += size;
    }
  }

  /**
   * Appends the leaves of a range that begins where this one ends. The other range is not changed.
   *
   * @throws RangeError if it begins elsewhere.
   */
  merge(next: CompactRange): void {
    if (next.begin !== this.#end) {
      throw new RangeError(`merge() next begins at leaf ${next.begin}, but this range ends at ${this.#end}`);
    }
    for (let i = 0; i < next.#sizes.length; i++) this.#push(next.#sizes[i]!, next.#hashes[i]!);
  }

  /**
   * The root of the tree of these leaves (32 bytes).
   *
   * @throws RangeError if the range does not begin at leaf 0: it is no tree then.
   */
  root(): Uint8Array {
    if (this.begin !== 0) throw new RangeError(`root() needs a range from leaf 0, this one begins at ${this.begin}`);
    let root = this.#hashes.at(-1);
    if (root === undefined) return emptyTreeRoot();
    for (let i = this.#hashes.length - 2; i >= 0; i--) root = nodeHash(this.#hashes[i]!, root);
    return root.slice();
  }

  /** The range as plain data. */
  toData(): CompactRangeData {
    const hashes = new Uint8Array(32 * this.#hashes.length);
    for (let i = 0; i < this.#hashes.length; i++) hashes.set(this.#hashes[i]!, 32 * i);
    return { begin: this.begin, end: this.#end, hashes };
  }

  /**
   * A range from plain data.
   *
   * @throws RangeError if bounds are no safe integers in order, or the number of hashes is not that of the bounds.
   */
  static fromData(data: CompactRangeData): CompactRange {
    const { begin, end, hashes } = data;
    checkBounds("CompactRange.fromData()", begin, end);
    const sizes = perfectSubtrees(begin, end);
    const count = countHashes("CompactRange.fromData() hashes", hashes);
    if (count !== sizes.length) {
      throw new RangeError(
        `CompactRange.fromData() has ${count} hashes, but leaves ${begin}…${end} are ${sizes.length} subtrees`,
      );
    }
    const range = new CompactRange(begin);
    for (let i = 0; i < count; i++) range.#push(sizes[i]!, hashes.slice(32 * i, 32 * i + 32));
    return range;
  }

  #push(size: number, hash: Uint8Array): void {
    checkBounds("CompactRange", this.begin, this.#end + size);
    this.#end += size;
    let top = hash;
    let width = size;
    // Two subtrees of one width are joined when their union is aligned: it ends at a multiple of twice the width.
    while (this.#sizes.at(-1) === width && this.#end % (2 * width) === 0) {
      this.#sizes.pop();
      top = nodeHash(this.#hashes.pop()!, top);
      width *= 2;
    }
    this.#sizes.push(width);
    this.#hashes.push(top);
  }
}

function checkBounds(name: string, begin: number, end: number): void {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw new RangeError(`${name} must cover leaves 0 ≤ begin ≤ end < 2^53, not ${begin}…${end}`);
  }
}
