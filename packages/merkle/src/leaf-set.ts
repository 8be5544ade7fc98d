/**
 * The root of a set of leaves in whatever order they come, where its keys are not wanted: leaves are shared out by the bits
 * they begin with, and each share, small enough for the cache, is sorted, counted and hashed by itself. Leaves are read in
 * the order in which they lie and put behind the last one of their share: to gather share after share instead would read
 * all over memory (three times the cost, measured).
 */

import { countLeaves, wordsOf } from "./multiset.js";
import { countHashes } from "./ordered-tree.js";
import type { SetTotals } from "./set-page-stream.js";
import { combineSetRanges, emptySetRoot, setTop } from "./set-tree.js";
import { sha256Kernel } from "./sha256-kernel.js";
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
/** Leaves of neighbouring shares that are moved in one go, for which all leaves are looked at: 32 MiB. */
const MOVED_LEAVES = 2 ** 20;

/**
 * The root of the set of leaves: what `buildSet` gives, without the keys.
 *
 * Cost: two hashes a distinct leaf; 32 bytes of memory a leaf, at most 32 MiB unless many leaves are alike.
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
  const words = chunks.map(wordsOf);
  const shares = 2 ** (depth - bits);
  const first = prefix * shares;
  const counts = countShares(words, depth, first, shares);
  const tops: (Uint8Array | undefined)[] = [];
  let distinct = 0;
  let records = 0;
  let room = new Uint32Array(0);
  for (let begin = 0; begin < shares; begin = tops.length) {
    let end = begin;
    let moved = 0;
    while (end < shares && (end === begin || moved + counts[end]! <= MOVED_LEAVES)) moved += counts[end++]!;
    if (room.length < 8 * moved) room = new Uint32Array(8 * moved);
    const some = counts.subarray(begin, end);
    moveShares(words, depth, first + begin, some, room);
    let at = 0;
    for (const count of some) {
      const part = topOfShare(room.subarray(at, at + 8 * count), depth);
      tops.push(part.top);
      distinct += part.distinct;
      at += 8 * count;
    }
    records += moved;
  }
  return { top: combineSetRanges(bits, tops), distinct, records };
}

/** The first 16 bits of a leaf that begins with a word as this machine reads it. */
const prefixOf: (word: number) => number =
  new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
    ? (word) => ((word & 255) << 8) | ((word >>> 8) & 255)
    : (word) => word >>> 16;

/** How many leaves each of some shares has. */
function countShares(chunks: readonly Uint32Array[], depth: number, first: number, shares: number): Uint32Array {
  const counts = new Uint32Array(shares);
  for (const words of chunks) {
    for (let at = 0; at < words.length; at += 8) {
      const share = (prefixOf(words[at]!) >> (16 - depth)) - first;
      if (share >= 0 && share < shares) counts[share]!++;
    }
  }
  return counts;
}

/** Puts the leaves of consecutive shares to `room`, share behind share. */
function moveShares(
  chunks: readonly Uint32Array[],
  depth: number,
  first: number,
  counts: Uint32Array,
  room: Uint32Array,
): void {
  const shares = counts.length;
  const places = new Uint32Array(shares);
  for (let i = 1; i < shares; i++) places[i] = places[i - 1]! + 8 * counts[i - 1]!;
  for (const words of chunks) {
    for (let at = 0; at < words.length; at += 8) {
      const share = (prefixOf(words[at]!) >> (16 - depth)) - first;
      if (share < 0 || share >= shares) continue;
      const to = places[share]!;
      places[share] = to + 8;
      room[to] = words[at]!;
      room[to + 1] = words[at + 1]!;
      room[to + 2] = words[at + 2]!;
      room[to + 3] = words[at + 3]!;
      room[to + 4] = words[at + 4]!;
      room[to + 5] = words[at + 5]!;
      room[to + 6] = words[at + 6]!;
      room[to + 7] = words[at + 7]!;
    }
  }
}

function topOfShare(leaves: Uint32Array, skip: number): Omit<SetShare, "records"> {
  const count = leaves.length / 8;
  if (count === 0) return { top: undefined, distinct: 0 };
  const { leafSets } = sha256Kernel();
  if (leafSets !== undefined && count <= SET_PIECE_KEYS) {
    leafSets.leafRoom.set(leaves);
    const top = new Uint8Array(32);
    const distinct = leafSets.leafSetTop(count, skip, top);
    if (distinct >= 0) return { top, distinct };
  }
  // One leaf very often, prefixes that somebody sought out, or a runtime without lanes.
  const set = countLeaves(new Uint8Array(leaves.slice().buffer));
  return { top: setTop(set, 0, set.counts.length), distinct: set.counts.length };
}
