/**
 * The root of a set of leaves in whatever order they come, where its keys are not wanted: leaves are shared out by the bits
 * they begin with, and each share, small enough for the cache, is sorted, counted and hashed by itself. Only the numbers of
 * leaves are shared out; the leaves themselves are moved once, to where their share is sorted.
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
  const words = chunks.map(wordsOf);
  const shares = 2 ** (depth - bits);
  const { order, ends } = shareOut(words, depth, prefix * shares, shares);
  const tops: (Uint8Array | undefined)[] = [];
  let distinct = 0;
  let begin = 0;
  for (const end of ends) {
    const part = topOfShare(words, order.subarray(begin, end), depth);
    tops.push(part.top);
    distinct += part.distinct;
    begin = end;
  }
  return { top: combineSetRanges(bits, tops), distinct, records: order.length };
}

/** The first 16 bits of a leaf that begins with a word as this machine reads it. */
const prefixOf: (word: number) => number =
  new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
    ? (word) => ((word & 255) << 8) | ((word >>> 8) & 255)
    : (word) => word >>> 16;

/** The numbers of the leaves of some shares, share after share and ascending in each, and where each share ends. */
function shareOut(
  chunks: readonly Uint32Array[],
  depth: number,
  first: number,
  shares: number,
): { readonly order: Uint32Array; readonly ends: Uint32Array } {
  const places = new Uint32Array(shares + 1);
  for (const words of chunks) {
    for (let at = 0; at < words.length; at += 8) {
      const share = (prefixOf(words[at]!) >> (16 - depth)) - first;
      if (share >= 0 && share < shares) places[share + 1]!++;
    }
  }
  for (let i = 0; i < shares; i++) places[i + 1] = places[i + 1]! + places[i]!;
  const order = new Uint32Array(places[shares]!);
  let leaf = 0;
  for (const words of chunks) {
    for (let at = 0; at < words.length; at += 8, leaf++) {
      const share = (prefixOf(words[at]!) >> (16 - depth)) - first;
      if (share >= 0 && share < shares) order[places[share]!++] = leaf;
    }
  }
  // Now places[i] is where share i ends.
  return { order, ends: places.subarray(0, shares) };
}

/** Moves leaves, by their ascending numbers, to `room`. */
function gather(chunks: readonly Uint32Array[], order: Uint32Array, room: Uint32Array): void {
  let to = 0;
  let begin = 0;
  let i = 0;
  for (const words of chunks) {
    const end = begin + words.length / 8;
    for (; i < order.length && order[i]! < end; i++, to += 8) {
      const at = 8 * (order[i]! - begin);
      room[to] = words[at]!;
      room[to + 1] = words[at + 1]!;
      room[to + 2] = words[at + 2]!;
      room[to + 3] = words[at + 3]!;
      room[to + 4] = words[at + 4]!;
      room[to + 5] = words[at + 5]!;
      room[to + 6] = words[at + 6]!;
      room[to + 7] = words[at + 7]!;
    }
    begin = end;
  }
}

function topOfShare(chunks: readonly Uint32Array[], order: Uint32Array, skip: number): Omit<SetShare, "records"> {
  const count = order.length;
  if (count === 0) return { top: undefined, distinct: 0 };
  const { leafSets } = sha256Kernel();
  if (leafSets !== undefined && count <= SET_PIECE_KEYS) {
    const top = new Uint8Array(32);
    gather(chunks, order, leafSets.leafRoom);
    const distinct = leafSets.leafSetTop(count, skip, top);
    if (distinct >= 0) return { top, distinct };
  }
  // One leaf very often, prefixes that somebody sought out, or a runtime without lanes.
  const leaves = new Uint32Array(8 * count);
  gather(chunks, order, leaves);
  const set = countLeaves(new Uint8Array(leaves.buffer));
  return { top: setTop(set, 0, set.counts.length), distinct: set.counts.length };
}
