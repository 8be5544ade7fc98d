/**
 * Multisets of leaves as two packed arrays: 32-byte keys, ascending and distinct, and how often each occurs. Everything
 * here is one pass over sorted keys; nothing makes an object per key.
 */

import { VerificationError } from "./errors.js";
import { joinBytes, toHex } from "./hex.js";
import { countHashes } from "./ordered-tree.js";

/** A multiset of leaves. */
export interface Multiset {
  /** 32 bytes a key, strictly ascending. */
  readonly keys: Uint8Array;
  /** How often each key occurs, 1 … 2⁵³−1. */
  readonly counts: Float64Array;
}

/** What is different in a second multiset. */
export interface SetChanges {
  /** 32 bytes for each key whose count differs, strictly ascending. */
  readonly keys: Uint8Array;
  /** Second count minus first count, never 0. */
  readonly differences: Float64Array;
}

/** The multiset without keys. */
export function emptyMultiset(): Multiset {
  return { keys: new Uint8Array(0), counts: new Float64Array(0) };
}

/**
 * Sorts leaves and counts equal ones.
 *
 * @param leaves 32 bytes a leaf, in any order; or several such chunks.
 * @returns The multiset of all leaves. Takes about n + n log(duplicates) steps and 80 bytes a leaf.
 */
export function countLeaves(leaves: Uint8Array | readonly Uint8Array[]): Multiset {
  const chunks = leaves instanceof Uint8Array ? [leaves] : leaves;
  for (const chunk of chunks) countHashes("countLeaves() leaves", chunk);
  const all = joinBytes(chunks);
  return countSorted(takeLeaves(all, sortedOrder(all, countHashes("countLeaves() leaves", all))));
}

/** The multiset of leaves that are sorted already. Where they are distinct, its keys are these bytes. */
export function countSorted(leaves: Uint8Array): Multiset {
  const n = leaves.length / 32;
  const counts = new Float64Array(n).fill(1);
  let repeated = 0;
  for (let i = 1; i < n; i++) repeated += compareKeys(leaves, 32 * (i - 1), leaves, 32 * i) === 0 ? 1 : 0;
  if (repeated === 0) return { keys: leaves, counts };
  const keys = new Uint8Array(32 * (n - repeated));
  let distinct = 0;
  for (let i = 0; i < n; i++) {
    if (distinct > 0 && compareKeys(keys, 32 * (distinct - 1), leaves, 32 * i) === 0) {
      counts[distinct - 1] = counts[distinct - 1]! + 1;
      continue;
    }
    keys.set(leaves.subarray(32 * i, 32 * i + 32), 32 * distinct);
    counts[distinct++] = 1;
  }
  // Sliced, because a view would hold the larger buffer.
  return { keys, counts: counts.slice(0, distinct) };
}

/** The leaves with these numbers, in this order: word by word, as a view of each would cost more than the copy. */
export function takeLeaves(leaves: Uint8Array, order: Uint32Array): Uint8Array {
  const from = wordsOf(leaves);
  const to = new Uint32Array(8 * order.length);
  for (let i = 0; i < order.length; i++) {
    const at = 8 * order[i]!;
    const out = 8 * i;
    to[out] = from[at]!;
    to[out + 1] = from[at + 1]!;
    to[out + 2] = from[at + 2]!;
    to[out + 3] = from[at + 3]!;
    to[out + 4] = from[at + 4]!;
    to[out + 5] = from[at + 5]!;
    to[out + 6] = from[at + 6]!;
    to[out + 7] = from[at + 7]!;
  }
  return new Uint8Array(to.buffer);
}

/** Leaves as 32-bit words, copied if they do not lie on a word. */
export function wordsOf(leaves: Uint8Array): Uint32Array {
  const aligned = leaves.byteOffset % 4 === 0 ? leaves : leaves.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** Below this the counters of the radix sort cost more than comparing. */
const RADIX_SORT_FROM = 1024;
/** Bits that a pass of the radix sort sorts by: three passes for 32, and counters that stay in the cache. */
const RADIX_BITS = 11;
const RADIX = 2 ** RADIX_BITS;

/**
 * The leaf numbers in ascending order of leaves: a radix sort on the first four bytes, then full keys where those tie.
 * Equal leaves may come in any order.
 *
 * @param leaves 32 bytes a leaf, fewer than 2³².
 */
export function sortLeaves(leaves: Uint8Array): Uint32Array {
  return sortedOrder(leaves, countHashes("sortLeaves() leaves", leaves));
}

function sortedOrder(leaves: Uint8Array, n: number): Uint32Array {
  const byKey = (a: number, b: number) => compareKeys(leaves, 32 * a, leaves, 32 * b);
  if (n < RADIX_SORT_FROM) return Uint32Array.from({ length: n }, (_, i) => i).sort(byKey);
  let prefixes = new Uint32Array(n);
  let order = new Uint32Array(n);
  let nextPrefixes = new Uint32Array(n);
  let nextOrder = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const at = 32 * i;
    prefixes[i] = (leaves[at]! << 24) | (leaves[at + 1]! << 16) | (leaves[at + 2]! << 8) | leaves[at + 3]!;
    order[i] = i;
  }
  const starts = new Uint32Array(RADIX + 1);
  // Prefixes travel with the numbers, so that every pass reads both in order.
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    starts.fill(0);
    for (let i = 0; i < n; i++) {
      const slot = ((prefixes[i]! >>> shift) & (RADIX - 1)) + 1;
      starts[slot] = starts[slot]! + 1;
    }
    for (let i = 1; i < starts.length; i++) starts[i] = starts[i]! + starts[i - 1]!;
    for (let i = 0; i < n; i++) {
      const prefix = prefixes[i]!;
      const slot = (prefix >>> shift) & (RADIX - 1);
      const to = starts[slot]!;
      starts[slot] = to + 1;
      nextPrefixes[to] = prefix;
      nextOrder[to] = order[i]!;
    }
    [prefixes, nextPrefixes] = [nextPrefixes, prefixes];
    [order, nextOrder] = [nextOrder, order];
  }
  for (let begin = 0; begin < n; ) {
    let end = begin + 1;
    // One key many times is the usual reason for a tie; then there is nothing to sort.
    let equal = true;
    while (end < n && prefixes[end] === prefixes[begin]) {
      equal &&= byKey(order[begin]!, order[end]!) === 0;
      end++;
    }
    if (!equal) order.subarray(begin, end).sort(byKey);
    begin = end;
  }
  return order;
}

/** Compares the 32-byte keys at two places. */
export function compareKeys(left: Uint8Array, leftAt: number, right: Uint8Array, rightAt: number): number {
  for (let i = 0; i < 32; i++) {
    const difference = left[leftAt + i]! - right[rightAt + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Key number `index` of packed keys, as a view. */
export function keyAt(keys: Uint8Array, index: number): Uint8Array {
  return keys.subarray(32 * index, 32 * index + 32);
}

/** How often a key occurs in a multiset, 0 if it does not. Costs log₂ n comparisons. */
export function countOf(set: Multiset, key: Uint8Array): number {
  const at = lowerBound(set.keys, key);
  return at < set.counts.length && compareKeys(set.keys, 32 * at, key, 0) === 0 ? set.counts[at]! : 0;
}

/** The number of the first of the sorted keys that is not below `key`. */
function lowerBound(keys: Uint8Array, key: Uint8Array): number {
  let low = 0;
  let high = keys.length / 32;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (compareKeys(keys, 32 * middle, key, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Checks that keys and counts are a multiset.
 *
 * @returns The sum of the counts.
 * @throws RangeError if keys are not strictly ascending or the arrays do not fit each other.
 * @throws VerificationError `count-out-of-range` or `count-overflow` (the sum exceeds 2⁵³−1).
 */
export function checkMultiset(name: string, set: Multiset): number {
  const { keys, counts } = set;
  const n = countHashes(`${name} keys`, keys);
  if (counts.length !== n) throw new RangeError(`${name} has ${n} keys but ${counts.length} counts`);
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (i > 0 && compareKeys(keys, 32 * (i - 1), keys, 32 * i) >= 0) {
      throw new RangeError(`${name} keys must be strictly ascending; key ${i} is not above the one before it`);
    }
    const count = counts[i]!;
    // A view of the key is made for a refusal only.
    if (Number.isSafeInteger(count) && count >= 1 && count <= Number.MAX_SAFE_INTEGER - total) total += count;
    else total = addCounts(total, checkCount(count, keyAt(keys, i)), keyAt(keys, i));
  }
  return total;
}

/** Refuses a count outside 1 … 2⁵³−1. */
export function checkCount(count: number, key: Uint8Array): number {
  if (Number.isSafeInteger(count) && count >= 1) return count;
  const name = toHex(key);
  throw new VerificationError("count-out-of-range", `The count of key ${name} is ${count}, not 1 to 2^53-1.`, {
    details: { key: name, count: String(count) },
  });
}

/** The sum of two counts; `count-overflow` above 2⁵³−1. */
export function addCounts(total: number, count: number, key: Uint8Array): number {
  if (count <= Number.MAX_SAFE_INTEGER - total) return total + count;
  const name = toHex(key);
  throw new VerificationError("count-overflow", `Counts up to key ${name} add up to more than 2^53-1.`, {
    details: { key: name },
  });
}

/**
 * The sum of two multisets: counts of equal keys are added. This is how the sets of several files become one.
 *
 * @throws VerificationError `count-overflow` if a count would exceed 2⁵³−1.
 */
export function sumSets(first: Multiset, second: Multiset): Multiset {
  const keys = new Uint8Array(first.keys.length + second.keys.length);
  const counts = new Float64Array(keys.length / 32);
  let n = 0;
  walkBoth(first, second, (source, at, left, right) => {
    keys.set(source.subarray(at, at + 32), 32 * n);
    counts[n] = addCounts(left, right, keyAt(keys, n));
    n++;
  });
  return { keys: keys.slice(0, 32 * n), counts: counts.slice(0, n) };
}

/**
 * What must change in the first multiset to make it the second: for each key the second count minus the first.
 *
 * @example
 * compareSets(parent, child).differences; // all negative: child is parent without some records
 */
export function compareSets(first: Multiset, second: Multiset): SetChanges {
  const keys = new Uint8Array(first.keys.length + second.keys.length);
  const differences = new Float64Array(keys.length / 32);
  let n = 0;
  walkBoth(first, second, (source, at, left, right) => {
    if (left === right) return;
    keys.set(source.subarray(at, at + 32), 32 * n);
    differences[n++] = right - left;
  });
  return { keys: keys.slice(0, 32 * n), differences: differences.slice(0, n) };
}

/**
 * A multiset after changes.
 *
 * @throws VerificationError `count-underflow` if a count would fall below 0, `count-overflow` above 2⁵³−1.
 */
export function applyChanges(set: Multiset, changes: SetChanges): Multiset {
  const keys = new Uint8Array(set.keys.length + changes.keys.length);
  const counts = new Float64Array(keys.length / 32);
  let n = 0;
  walkBoth(set, { keys: changes.keys, counts: changes.differences }, (source, at, old, difference) => {
    const count = changedCount(source.subarray(at, at + 32), old, difference);
    if (count === 0) return;
    keys.set(source.subarray(at, at + 32), 32 * n);
    counts[n++] = count;
  });
  return { keys: keys.slice(0, 32 * n), counts: counts.slice(0, n) };
}

/** A count after a change; `count-underflow` below 0, `count-overflow` above 2⁵³−1. */
export function changedCount(key: Uint8Array, old: number, difference: number): number {
  const count = old + difference;
  if (count < 0 || count > Number.MAX_SAFE_INTEGER) {
    const name = toHex(key);
    const details = { key: name, old, difference };
    if (count < 0) {
      throw new VerificationError(
        "count-underflow",
        `Cannot take ${-difference} of key ${name}: it occurs ${old} times.`,
        {
          details,
        },
      );
    }
    throw new VerificationError("count-overflow", `Adding ${difference} to key ${name} exceeds 2^53-1.`, { details });
  }
  return count;
}

/** Whether every key of `part` occurs at least as often in `whole`. */
export function isSubset(part: Multiset, whole: Multiset): boolean {
  let subset = true;
  walkBoth(part, whole, (_source, _at, inPart, inWhole) => {
    subset &&= inPart <= inWhole;
  });
  return subset;
}

type KeyVisitor = (source: Uint8Array, at: number, firstCount: number, secondCount: number) => void;

/** Visits every key of either side once, in ascending order, with both counts. */
function walkBoth(first: Multiset, second: Multiset, visit: KeyVisitor): void {
  const [left, right] = [first.keys, second.keys];
  let [i, j] = [0, 0];
  while (i < first.counts.length || j < second.counts.length) {
    const order =
      i === first.counts.length ? 1 : j === second.counts.length ? -1 : compareKeys(left, 32 * i, right, 32 * j);
    if (order < 0) {
      visit(left, 32 * i, first.counts[i]!, 0);
      i++;
    } else if (order > 0) {
      visit(right, 32 * j, 0, second.counts[j]!);
      j++;
    } else {
      visit(left, 32 * i, first.counts[i]!, second.counts[j]!);
      i++;
      j++;
    }
  }
}
