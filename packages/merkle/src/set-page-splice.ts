/**
 * Changing a key page of which the tops of its parts are known: parts in which keys change are taken out of its bytes,
 * checked against their tops, changed, hashed, and put back; the bytes between are copied and not looked at.
 *
 * The top that comes out follows from the tops of before, which follow from the trusted root, and from keys that were checked.
 * What is copied can only be wrong as a page that nobody read can be: reading it finds that it does not give its top.
 */

import { VerificationError } from "./errors.js";
import { equalBytes, toHex } from "./hex.js";
import { applyChanges, compareKeys, type Multiset, type SetChanges } from "./multiset.js";
import { formatSetPage, SET_PAGE_CAPACITY, setPagePath } from "./set-pages.js";
import { type PageParts, partBitsOf, partNumber, setTopsPath, subsetParts, topOfParts } from "./set-tops.js";
import { subsetTops, writeCount } from "./set-tree.js";

/** A key page after changes. */
export interface SplicedPage {
  readonly top: Uint8Array;
  readonly parts: PageParts;
  readonly page: { readonly bytes: Uint8Array; readonly count: number };
  /** How many more keys it has; fewer are negative. */
  readonly distinct: number;
}

/** Keys `begin … end` of a page. */
interface Place {
  readonly part: number;
  readonly begin: number;
  readonly end: number;
}

const KEY_BYTES = 40;

/**
 * Changes a key page.
 *
 * @param bytes of the page, of which nobody has looked at anything.
 * @param top what it must have, from the page above.
 * @param parts the tops of its parts; not checked yet.
 * @param changes at least one, of keys that begin with the prefix.
 * @returns `undefined` where the keys are no longer one page, or fall into other parts.
 * @throws VerificationError `root-mismatch`, `malformed-page`, `count-out-of-range`, `count-underflow`, `count-overflow`.
 */
export function spliceKeyPage(
  bytes: Uint8Array,
  prefix: string,
  top: Uint8Array,
  parts: PageParts,
  changes: SetChanges,
): SplicedPage | undefined {
  const { bits } = parts;
  const path = setPagePath(prefix);
  const said = topOfParts(parts, prefix.length);
  if (!equalBytes(said, top)) throw mismatch(setTopsPath(prefix.slice(0, -1)), top, said);
  const head = formatSetPage({ kind: "keys", prefix, keys: new Uint8Array(0), counts: new Float64Array(0) });
  const n = (bytes.length - head.length) / KEY_BYTES;
  if (!Number.isInteger(n) || n < 1 || n > SET_PAGE_CAPACITY || head.some((byte, i) => bytes[i] !== byte))
    throw malformed(path, "it is no page of 1 to 4,096 keys with its prefix");
  const places = placesOf(bytes, head.length, n, prefix.length, bits, changes);
  const before = keysAt(bytes, head.length, places, path);
  checkTops(before, places, parts, prefix, path);
  const after = applyChanges(before, changes);
  const distinct = after.counts.length - before.counts.length;
  if (n + distinct > SET_PAGE_CAPACITY || partBitsOf(n + distinct) !== bits) return undefined;
  const changed = subsetParts(after, 0, after.counts.length, prefix.length, bits);
  const merged = mergeParts(parts, changed, places);
  return {
    top: topOfParts(merged, prefix.length),
    parts: merged,
    page: { bytes: putBack(bytes, head.length, n + distinct, places, after, prefix.length, bits), count: n + distinct },
    distinct,
  };
}

function mismatch(path: string, top: Uint8Array, actual: Uint8Array | undefined): VerificationError {
  const [expected, found] = [toHex(top), actual === undefined ? "none" : toHex(actual)];
  return new VerificationError("root-mismatch", `${path} has the top ${found}, expected ${expected}.`, {
    details: { path, expected, actual: found },
  });
}

function malformed(path: string, reason: string): VerificationError {
  return new VerificationError("malformed-page", `The set page ${path} is malformed: ${reason}.`, {
    details: { path },
  });
}

/** Where the parts are in which keys change, ascending. */
function placesOf(
  bytes: Uint8Array,
  headLength: number,
  n: number,
  length: number,
  bits: number,
  { keys, differences }: SetChanges,
): Place[] {
  const places: Place[] = [];
  /** The number of the first key, from `from` on, of which the part is not below. */
  const firstOf = (part: number, from: number): number => {
    let [low, high] = [from, n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (partNumber(bytes, headLength + KEY_BYTES * middle, length, bits) < part) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let at = 0;
  for (let i = 0; i < differences.length; i++) {
    const part = partNumber(keys, 32 * i, length, bits);
    if (places.at(-1)?.part === part) continue;
    const begin = firstOf(part, at);
    at = firstOf(part + 1, begin);
    places.push({ part, begin, end: at });
  }
  return places;
}

/** The keys and counts at some places. That they ascend is checked: hashing relies on it. */
function keysAt(bytes: Uint8Array, headLength: number, places: readonly Place[], path: string): Multiset {
  const n = places.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const keys = new Uint8Array(32 * n);
  const counts = new Float64Array(n);
  let i = 0;
  for (const { begin, end } of places) {
    for (let at = headLength + KEY_BYTES * begin; at < headLength + KEY_BYTES * end; at += KEY_BYTES) {
      for (let k = 0; k < 32; k++) keys[32 * i + k] = bytes[at + k]!;
      if (i > 0 && compareKeys(keys, 32 * (i - 1), keys, 32 * i) >= 0) throw malformed(path, "its keys do not ascend");
      let count = 0;
      for (let k = 32; k < KEY_BYTES; k++) count = 256 * count + bytes[at + k]!;
      if (count < 1 || count > Number.MAX_SAFE_INTEGER) {
        const key = toHex(keys.subarray(32 * i, 32 * i + 32));
        throw new VerificationError("count-out-of-range", `The count of key ${key} is not 1 to 2^53-1.`, {
          details: { key },
        });
      }
      counts[i++] = count;
    }
  }
  return { keys, counts };
}

/** Checks keys that are to change against the tops of their parts. */
function checkTops(
  before: Multiset,
  places: readonly Place[],
  { bits, numbers, tops }: PageParts,
  prefix: string,
  path: string,
): void {
  const found = subsetTops(before, 0, before.counts.length, 4 * prefix.length + bits);
  let at = 0;
  let n = 0;
  for (const { part, begin, end } of places) {
    while (at < numbers.length && numbers[at]! < part) at++;
    const expected = numbers[at] === part ? tops.subarray(32 * at, 32 * at + 32) : undefined;
    const actual = begin === end ? undefined : found.subarray(32 * n, 32 * ++n);
    const isSame = expected === undefined || actual === undefined ? expected === actual : equalBytes(expected, actual);
    if (!isSame) throw mismatch(`Part ${part} of ${path}`, expected ?? new Uint8Array(0), actual);
  }
  // A place may hold keys of several parts only where it lies about them.
  if (32 * n !== found.length) throw malformed(path, "its keys do not fall into the parts that they stand in");
}

/** The parts of a page, of which those at some places are others now. */
function mergeParts(before: PageParts, changed: PageParts, places: readonly Place[]): PageParts {
  const gone = new Set(places.map(({ part }) => part));
  const most = before.numbers.length + changed.numbers.length;
  const numbers = new Uint16Array(most);
  const tops = new Uint8Array(32 * most);
  let n = 0;
  let j = 0;
  const take = (from: PageParts, i: number) => {
    numbers[n] = from.numbers[i]!;
    tops.set(from.tops.subarray(32 * i, 32 * i + 32), 32 * n++);
  };
  for (let i = 0; i < before.numbers.length; i++) {
    const number = before.numbers[i]!;
    while (j < changed.numbers.length && changed.numbers[j]! <= number) take(changed, j++);
    if (!gone.has(number)) take(before, i);
  }
  while (j < changed.numbers.length) take(changed, j++);
  return { bits: before.bits, numbers: numbers.slice(0, n), tops: tops.slice(0, 32 * n) };
}

/** The page with the keys of some places in the place of those that stand there. */
function putBack(
  bytes: Uint8Array,
  headLength: number,
  count: number,
  places: readonly Place[],
  { keys, counts }: Multiset,
  length: number,
  bits: number,
): Uint8Array {
  const out = new Uint8Array(headLength + KEY_BYTES * count);
  let to = 0;
  let from = 0;
  let i = 0;
  for (const { part, begin, end } of places) {
    const kept = bytes.subarray(from, headLength + KEY_BYTES * begin);
    out.set(kept, to);
    to += kept.length;
    from = headLength + KEY_BYTES * end;
    for (; i < counts.length && partNumber(keys, 32 * i, length, bits) === part; i++) {
      for (let k = 0; k < 32; k++) out[to + k] = keys[32 * i + k]!;
      if (counts[i] === 1) out[to + 39] = 1;
      else writeCount(out, to + 32, counts[i]!);
      to += KEY_BYTES;
    }
  }
  out.set(bytes.subarray(from), to);
  return out;
}
