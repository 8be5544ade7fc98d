/**
 * Reading a set from its pages: all of it, for a proof, or for a comparison. Every page is checked against the page above
 * it, and the first against the trusted root, before anything in it is used.
 */

import { FormatError, VerificationError } from "./errors.js";
import { equalBytes, toHex } from "./hex.js";
import {
  addCounts,
  changedCount,
  compareSets,
  countOf,
  emptyMultiset,
  keyAt,
  type Multiset,
  type SetChanges,
} from "./multiset.js";
import { checkDigest } from "./ordered-tree.js";
import { digitRanges, parseSetPage, type SetIndexPage, type SetPage, setPagePath, setPageTop } from "./set-pages.js";
import { readQuestion, SET_PROOF_FORMAT, type SetProof } from "./set-proof.js";
import { openKeys, partWalkers, type SetProofTree } from "./set-proof-tree.js";
import { formatSetTops, type PageParts, partsOf, setTopsPath } from "./set-tops.js";
import { combineSetRanges, emptySetRoot, setTop } from "./set-tree.js";
import { listChanges, SET_UPDATE_FORMAT, type SetUpdate } from "./set-update.js";

/** Gives the bytes of a page by its path (`set/…`); rejects if there is none. */
export type ReadSetPage = (path: string) => Promise<Uint8Array>;

export interface SetPageOptions {
  /** Stops between two pages; its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface ReadSetPagesOptions extends SetPageOptions {
  /** How many distinct keys to hold at most (each takes 40 bytes). Default 2²⁷. */
  readonly maxKeys?: number;
  /** Told the path and the bytes of the tops that belong beside each index page, each after the pages below it. Default none. */
  readonly onTops?: (path: string, bytes: Uint8Array) => Promise<void>;
}

const DEFAULT_MAX_KEYS = 2 ** 27;

/** Reads a page and checks it against its top. */
export async function readSetPage(
  read: ReadSetPage,
  prefix: string,
  top: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<SetPage> {
  return (await readWithParts(read, prefix, top, signal, false)).page;
}

async function readWithParts(
  read: ReadSetPage,
  prefix: string,
  top: Uint8Array,
  signal: AbortSignal | undefined,
  arePartsWanted: boolean,
): Promise<{ readonly page: SetPage; readonly parts: PageParts | undefined }> {
  signal?.throwIfAborted();
  const path = setPagePath(prefix);
  const page = parseSetPage(await read(path), path);
  const found =
    page.kind === "keys" && arePartsWanted
      ? partsOf(page, 0, page.counts.length, prefix.length)
      : { top: setPageTop(page), parts: undefined };
  const actual = found.top ?? emptySetRoot();
  if (equalBytes(actual, top)) return { page, parts: found.parts };
  const details = { path, expected: toHex(top), actual: toHex(actual) };
  throw new VerificationError(
    "root-mismatch",
    `The set page ${path} has the top ${details.actual}, expected ${details.expected}.`,
    { details },
  );
}

/** The prefixes and tops of the pages below an index page, in order. */
function slotsOf(page: SetIndexPage): { readonly prefix: string; readonly top: Uint8Array }[] {
  return page.tops.flatMap((top, digit) =>
    top === undefined ? [] : [{ prefix: page.prefix + digit.toString(16), top }],
  );
}

/**
 * Reads a whole set back.
 *
 * @param root The trusted set root, 32 bytes.
 * @throws VerificationError `malformed-page`, `count-out-of-range`, `root-mismatch`, `count-overflow`.
 * @throws FormatError `limit-exceeded`; and whatever `read` throws.
 */
export async function readSetPages(
  read: ReadSetPage,
  root: Uint8Array,
  options: ReadSetPagesOptions = {},
): Promise<Multiset> {
  const { maxKeys = DEFAULT_MAX_KEYS, signal, onTops } = options;
  checkDigest("readSetPages() root", root);
  const parts: Multiset[] = [];
  let n = 0;
  for await (const page of keyPagesBelow(read, "", root, signal, onTops)) {
    n += page.counts.length;
    if (n > maxKeys) {
      throw new FormatError("limit-exceeded", `The set has more than maxKeys, ${maxKeys}, keys; raise it to read on.`, {
        details: { limit: "maxKeys", value: maxKeys },
      });
    }
    parts.push(page);
  }
  const set = concatenateSets(parts, n);
  let total = 0;
  for (let i = 0; i < n; i++) total = addCounts(total, set.counts[i]!, keyAt(set.keys, i));
  return set;
}

async function* keyPagesBelow(
  read: ReadSetPage,
  prefix: string,
  top: Uint8Array,
  signal: AbortSignal | undefined,
  onTops: ReadSetPagesOptions["onTops"],
): AsyncGenerator<Multiset, PageParts | undefined> {
  const { page, parts } = await readWithParts(read, prefix, top, signal, onTops !== undefined);
  if (page.kind === "keys") {
    yield page;
    return parts;
  }
  const slots: (PageParts | undefined)[] = new Array(16).fill(undefined);
  for (const slot of slotsOf(page)) {
    const digit = Number.parseInt(slot.prefix.slice(-1), 16);
    slots[digit] = yield* keyPagesBelow(read, slot.prefix, slot.top, signal, onTops);
  }
  await onTops?.(setTopsPath(prefix), formatSetTops(prefix, slots));
  return undefined;
}

/** Sets whose keys follow each other, as one. */
export function concatenateSets(parts: readonly Multiset[], n: number): Multiset {
  const set = { keys: new Uint8Array(32 * n), counts: new Float64Array(n) };
  let at = 0;
  for (const { keys, counts } of parts) {
    set.keys.set(keys, 32 * at);
    set.counts.set(counts, at);
    at += counts.length;
  }
  return set;
}

/**
 * Proves how often keys occur, reading only the pages on their paths.
 *
 * @param root The trusted set root, 32 bytes.
 * @param asked As for `proveSet`, and with the same proof.
 * @throws As `readSetPages`.
 */
export async function proveSetFromPages(
  read: ReadSetPage,
  root: Uint8Array,
  asked: Uint8Array,
  options: SetPageOptions = {},
): Promise<SetProof> {
  checkDigest("proveSetFromPages() root", root);
  const { keys, names, walkers } = readQuestion("proveSetFromPages() asked", asked);
  const tree = await new PageOpener(read, keys, options.signal).openPage("", root, walkers);
  return { format: SET_PROOF_FORMAT, keys: names, tree };
}

/**
 * Proves what changes make of a set, reading only the pages on the paths of the changed keys.
 *
 * @param root The trusted root of the set before the changes, 32 bytes.
 * @param changes As for `proveSetUpdate`, and with the same proof.
 * @throws As `readSetPages`, and `count-underflow`, `count-overflow` if the changes do not fit the set.
 */
export async function proveSetUpdateFromPages(
  read: ReadSetPage,
  root: Uint8Array,
  changes: SetChanges,
  options: SetPageOptions = {},
): Promise<SetUpdate> {
  checkDigest("proveSetUpdateFromPages() root", root);
  const listed = listChanges("proveSetUpdateFromPages() changes", changes);
  if (listed.length === 0) throw new RangeError("proveSetUpdateFromPages() changes must hold at least one change");
  const opener = new PageOpener(read, changes.keys, options.signal);
  const tree = await opener.openPage(
    "",
    root,
    listed.map((_, i) => i),
  );
  for (let i = 0; i < listed.length; i++) {
    changedCount(keyAt(changes.keys, i), opener.counts[i]!, changes.differences[i]!);
  }
  return { changes: listed, format: SET_UPDATE_FORMAT, tree };
}

/** Opens a set for asked keys, page by page. */
class PageOpener {
  /** How often each asked key occurs, as far as pages were opened. */
  readonly counts: Float64Array;
  readonly #read: ReadSetPage;
  readonly #asked: Uint8Array;
  readonly #signal: AbortSignal | undefined;

  constructor(read: ReadSetPage, asked: Uint8Array, signal: AbortSignal | undefined) {
    this.counts = new Float64Array(asked.length / 32);
    this.#read = read;
    this.#asked = asked;
    this.#signal = signal;
  }

  async openPage(prefix: string, top: Uint8Array, walkers: readonly number[]): Promise<SetProofTree> {
    const page = await readSetPage(this.#read, prefix, top, this.#signal);
    if (page.kind === "index") return this.#openSlots(page, 0, 16, walkers);
    for (const walker of walkers) this.counts[walker] = countOf(page, keyAt(this.#asked, walker));
    return openKeys(page, 0, page.counts.length, this.#asked, walkers);
  }

  /** Opens slots `begin … end` (a power of two of them, at least one in use) as the set tree has them. */
  async #openSlots(page: SetIndexPage, begin: number, end: number, walkers: readonly number[]): Promise<SetProofTree> {
    const firstBit = 4 * page.prefix.length + 4 - Math.log2(end - begin);
    if (walkers.length === 0) return toHex(combineSetRanges(firstBit, page.tops.slice(begin, end))!);
    if (end - begin === 1) return this.openPage(page.prefix + begin.toString(16), page.tops[begin]!, walkers);
    const middle = (begin + end) / 2;
    const isUsed = (from: number, to: number) => page.tops.slice(from, to).some((top) => top !== undefined);
    // Where one half has no keys there is no node: a walk goes on in the other half, whatever its bit.
    if (!isUsed(begin, middle)) return this.#openSlots(page, middle, end, walkers);
    if (!isUsed(middle, end)) return this.#openSlots(page, begin, middle, walkers);
    const { left, right } = partWalkers(this.#asked, walkers, firstBit);
    return [
      firstBit,
      await this.#openSlots(page, begin, middle, left),
      await this.#openSlots(page, middle, end, right),
    ];
  }
}

/**
 * Compares two sets by their pages. Equal tops are equal subtrees, so only pages on paths that differ are read: at most
 * 62 of each set for each key that differs.
 *
 * @param rootA The trusted root of the first set; `rootB` that of the second. 32 bytes each.
 * @returns What must change in the first set to make it the second.
 * @throws As `readSetPages`.
 * @example
 * const { keys, differences } = await compareSetPages(readParent, parentRoot, readChild, childRoot);
 */
export async function compareSetPages(
  readA: ReadSetPage,
  rootA: Uint8Array,
  readB: ReadSetPage,
  rootB: Uint8Array,
  options: SetPageOptions = {},
): Promise<SetChanges> {
  checkDigest("compareSetPages() rootA", rootA);
  checkDigest("compareSetPages() rootB", rootB);
  const found: SetChanges[] = [];
  const { signal } = options;
  for await (const changes of compareSides({ read: readA, top: rootA }, { read: readB, top: rootB }, "", signal)) {
    found.push(changes);
  }
  let n = 0;
  for (const { differences } of found) n += differences.length;
  const { keys, counts } = concatenateSets(
    found.map((changes) => ({ keys: changes.keys, counts: changes.differences })),
    n,
  );
  return { keys, differences: counts };
}

/** What one set has under a prefix: a page yet to be read, or the part of a key page that was read. */
type Side = UnreadSide | KeySide;

interface UnreadSide {
  readonly read: ReadSetPage;
  readonly top: Uint8Array;
}

interface KeySide {
  readonly set: Multiset;
  /** Computed once; undefined if there are no keys. */
  readonly top: Uint8Array | undefined;
}

function keySide(set: Multiset): KeySide {
  return { set, top: setTop(set, 0, set.counts.length) };
}

const nothing: KeySide = { set: emptyMultiset(), top: undefined };

async function* compareSides(
  a: Side,
  b: Side,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SetChanges> {
  if (a.top === undefined ? b.top === undefined : b.top !== undefined && equalBytes(a.top, b.top)) return;
  const pageA = await openSide(a, prefix, signal);
  const pageB = await openSide(b, prefix, signal);
  if (!isIndex(pageA) && !isIndex(pageB)) {
    yield compareSets(pageA, pageB);
    return;
  }
  const slotsA = splitSide(a, pageA, prefix);
  const slotsB = splitSide(b, pageB, prefix);
  for (let digit = 0; digit < 16; digit++) {
    yield* compareSides(slotsA[digit]!, slotsB[digit]!, prefix + digit.toString(16), signal);
  }
}

async function openSide(side: Side, prefix: string, signal: AbortSignal | undefined): Promise<Multiset | SetIndexPage> {
  return "set" in side ? side.set : readSetPage(side.read, prefix, side.top, signal);
}

function isIndex(page: Multiset | SetIndexPage): page is SetIndexPage {
  return "tops" in page;
}

/** The 16 sides below a page; a key page is cut as the index page it would be. */
function splitSide(side: Side, page: Multiset | SetIndexPage, prefix: string): Side[] {
  if (!isIndex(page)) {
    return digitRanges(page.keys, prefix.length, 0, page.counts.length).map(({ begin, end }) =>
      begin === end
        ? nothing
        : keySide({ keys: page.keys.subarray(32 * begin, 32 * end), counts: page.counts.subarray(begin, end) }),
    );
  }
  const { read } = side as UnreadSide;
  return page.tops.map((top) => (top === undefined ? nothing : { read, top }));
}
