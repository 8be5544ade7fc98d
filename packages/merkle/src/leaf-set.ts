/**
 * The root of a set of leaves in whatever order they come, where its keys are not wanted: leaves are shared out by the bits
 * they begin with, and each share, small enough for the cache, is sorted, counted and hashed by itself. Nothing is moved
 * in memory but into the lanes.
 */

import { countLeaves, wordsOf } from "./multiset.js";
import { countHashes } from "./ordered-tree.js";
import type { SetTotals } from "./set-page-stream.js";
import { combineSetRanges, emptySetRoot, setTop } from "./set-tree.js";
import { type LeafSets, sha256Kernel } from "./sha256-kernel.js";
import { SET_PIECE_KEYS } from "./sha256-lanes.js";

/** The leaves of a set that begin with some bits. Plain data. */
export interface SetShare {
  /** Their top, 32 bytes; undefined where there are none. */
  readonly top: Uint8Array | undefined;
  readonly distinct: number;
  readonly records: number;
}

/** Leaves that a share has on average: so few that no share of digests exceeds what the lanes take. */
const SHARE_LEAVES = 2048;
/** Bits that shares are told apart by: more counters would not stay in the cache. */
const MOST_BITS = 16;

/**
 * The root of the set of leaves: what `buildSet` gives, without the keys.
 *
 * Cost: two hashes a distinct leaf, and 4 bytes of memory a leaf.
 *
 * @param leaves 32 bytes a leaf, in any order and with repeats; or several such chunks. Together fewer than 2³².
 * @example
 * toHex(setTotalsOf(leaves).root) === toHex(buildSet(leaves).root);
 */
export function setTotalsOf(leaves: Uint8Array | readonly Uint8Array[]): SetTotals {
  const { top, distinct, records } = setShareOf(leaves, 0, 0);
  return { root: top ?? emptySetRoot(), distinct, records };
}

/**
 * The part of a set whose leaves begin with some bits, so that several workers can share in it: `combineSetRanges(0, …)`
 * joins the tops of all 2^bits parts.
 *
 * @param bits 0 … 8.
 * @param prefix The first bits of the leaves as a number, 0 … 2^bits − 1.
 */
export function setShareOf(leaves: Uint8Array | readonly Uint8Array[], bits: number, prefix: number): SetShare {
  if (!Number.isInteger(bits) || bits < 0 || bits > 8)
    throw new RangeError(`setShareOf() bits must be 0 to 8, not ${bits}`);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix >= 2 ** bits)
    throw new RangeError(`setShareOf() prefix must have ${bits} bits, not be ${prefix}`);
  const chunks = leaves instanceof Uint8Array ? [leaves] : leaves;
  const total = chunks.reduce((sum, chunk) => sum + countHashes("setShareOf() leaves", chunk), 0);
  if (total >= 2 ** 32) throw new RangeError(`setShareOf() takes fewer than 2^32 leaves, not ${total}`);
  const depth = Math.min(MOST_BITS, Math.max(bits, Math.ceil(Math.log2(Math.max(1, total) / SHARE_LEAVES))));
  const shares = sharedOut(chunks, bits, prefix, depth);
  const tops: (Uint8Array | undefined)[] = [];
  let distinct = 0;
  for (let share = 0; share < 2 ** (depth - bits); share++) {
    const part = topOfShare(shares, share, depth);
    tops.push(part.top);
    distinct += part.distinct;
  }
  return { top: combineSetRanges(bits, tops), distinct, records: shares.numbers.length };
}

/** Numbers of leaves over all chunks, share by share and ascending in each. */
interface Shares {
  readonly words: readonly Uint32Array[];
  readonly numbers: Uint32Array;
  /** Share i is `numbers[starts[i], starts[i + 1])`. */
  readonly starts: Uint32Array;
}

function sharedOut(chunks: readonly Uint8Array[], bits: number, prefix: number, depth: number): Shares {
  const width = 2 ** (depth - bits);
  const first = prefix * width;
  const shift = 16 - depth;
  // Counted one place further on, so that the sums are where shares begin, and after filling where they end.
  const starts = new Uint32Array(width + 2);
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += 32) {
      const share = (((chunk[at]! << 8) | chunk[at + 1]!) >> shift) - first;
      if (share >= 0 && share < width) starts[share + 2]!++;
    }
  }
  for (let i = 2; i < starts.length; i++) starts[i] = starts[i]! + starts[i - 1]!;
  const numbers = new Uint32Array(starts[width + 1]!);
  let number = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += 32, number++) {
      const share = (((chunk[at]! << 8) | chunk[at + 1]!) >> shift) - first;
      if (share >= 0 && share < width) numbers[starts[share + 1]!++] = number;
    }
  }
  return { words: chunks.map(wordsOf), numbers, starts };
}

function topOfShare(shares: Shares, share: number, skip: number): Omit<SetShare, "records"> {
  const count = shares.starts[share + 1]! - shares.starts[share]!;
  if (count === 0) return { top: undefined, distinct: 0 };
  const { leafSets } = sha256Kernel();
  if (leafSets !== undefined && count <= SET_PIECE_KEYS) {
    const top = new Uint8Array(32);
    copyShare(shares, share, leafSets.leafRoom);
    const distinct = leafSets.leafSetTop(count, skip, top);
    if (distinct >= 0) return { top, distinct };
  }
  // One leaf very often, prefixes that somebody sought out, or a runtime without lanes.
  const words = new Uint32Array(8 * count);
  copyShare(shares, share, words);
  const set = countLeaves(new Uint8Array(words.buffer));
  return { top: setTop(set, 0, set.counts.length), distinct: set.counts.length };
}

function copyShare({ words, numbers, starts }: Shares, share: number, to: LeafSets["leafRoom"]): void {
  let chunk = 0;
  let from = words[0]!;
  let begin = 0;
  let end = from.length / 8;
  let out = 0;
  for (let i = starts[share]!; i < starts[share + 1]!; i++) {
    const number = numbers[i]!;
    while (number >= end) {
      from = words[++chunk]!;
      begin = end;
      end += from.length / 8;
    }
    const at = 8 * (number - begin);
    to[out] = from[at]!;
    to[out + 1] = from[at + 1]!;
    to[out + 2] = from[at + 2]!;
    to[out + 3] = from[at + 3]!;
    to[out + 4] = from[at + 4]!;
    to[out + 5] = from[at + 5]!;
    to[out + 6] = from[at + 6]!;
    to[out + 7] = from[at + 7]!;
    out += 8;
  }
}
