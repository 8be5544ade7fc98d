/**
 * Set pages from keys that come in ascending order, without holding them: for sets that are larger than memory. The pages
 * and the root are those of `buildSetPages`.
 *
 * A prefix gets a key page when it has at most 4,096 keys. So it is enough to see 4,097 keys ahead: when all of them
 * begin with the prefix it is an index page, and else the whole prefix is at hand.
 */

import { addCounts, checkMultiset, compareKeys, keyAt, type Multiset } from "./multiset.js";
import {
  digitRanges,
  formatSetPage,
  indexPage,
  keyPageTops,
  type PagesBelow,
  SET_PAGE_CAPACITY,
  type SetPageFile,
  setPagePath,
} from "./set-pages.js";
import { combineSetRanges, emptySetRoot } from "./set-tree.js";

/** What a set tree commits to, without its keys. */
export interface SetTotals {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Number of distinct keys. */
  readonly distinct: number;
  /** Sum of the counts. */
  readonly records: number;
}

export interface StreamSetPagesOptions {
  /** Whether the tops beside index pages (`set-tops/…`) are wanted too, for later updates. Default false. */
  readonly tops?: boolean;
  /** Whether key pages are wanted; without them all that has hashes in it comes, and {@link streamKeyPages} gives the rest. Default true. */
  readonly keyPages?: boolean;
}

/**
 * Builds all page files of a set that comes in pieces, as `mergeRuns` gives them. Pages come one at a time, each before
 * the page that points to it, `set/root.page` last.
 *
 * Cost: two hashes a key; memory for one piece and 4,097 keys, whatever the size of the set.
 *
 * @param pieces Multisets whose keys ascend strictly, also from one piece to the next.
 * @returns (of the generator) The root and the totals of the set.
 * @throws RangeError if keys do not ascend; VerificationError `count-out-of-range`, `count-overflow`.
 */
export async function* streamSetPages(
  pieces: AsyncIterable<Multiset> | Iterable<Multiset>,
  { tops = false, keyPages = true }: StreamSetPagesOptions = {},
): AsyncGenerator<SetPageFile, SetTotals> {
  return yield* streamPages(pieces, { tops, keyPages, indexPages: true, hashes: true });
}

/**
 * The key pages of a set that comes in pieces: what {@link streamSetPages} leaves out without `keyPages`. Nothing is hashed.
 *
 * @throws As {@link streamSetPages}.
 */
export async function* streamKeyPages(
  pieces: AsyncIterable<Multiset> | Iterable<Multiset>,
): AsyncGenerator<SetPageFile> {
  yield* streamPages(pieces, { tops: false, keyPages: true, indexPages: false, hashes: false });
}

/** The root of a set that comes in pieces; see {@link streamSetPages}. */
export async function streamSetRoot(pieces: AsyncIterable<Multiset> | Iterable<Multiset>): Promise<SetTotals> {
  const wanted = { tops: false, keyPages: false, indexPages: false, hashes: true };
  const { value } = await streamPages(pieces, wanted).next();
  return value as SetTotals;
}

interface Wanted {
  readonly tops: boolean;
  readonly keyPages: boolean;
  readonly indexPages: boolean;
  readonly hashes: boolean;
}

async function* streamPages(
  pieces: AsyncIterable<Multiset> | Iterable<Multiset>,
  wanted: Wanted,
): AsyncGenerator<SetPageFile, SetTotals> {
  const ahead = new KeysAhead(pieces);
  try {
    const { top } = yield* pagesBelow(ahead, "", wanted);
    return { root: top ?? emptySetRoot(), distinct: ahead.distinct, records: ahead.records };
  } finally {
    await ahead.close();
  }
}

async function* pagesBelow(ahead: KeysAhead, prefix: string, wanted: Wanted): AsyncGenerator<SetPageFile, PagesBelow> {
  await ahead.fill();
  const count = ahead.countOf(prefix);
  if (count <= SET_PAGE_CAPACITY) {
    const page = ahead.take(count);
    if (wanted.keyPages) yield [setPagePath(prefix), formatSetPage({ kind: "keys", prefix, ...page })];
    return wanted.hashes ? keyPageTops(page, prefix, 0, count, wanted.tops) : { top: undefined, parts: undefined };
  }
  const slots: (PagesBelow | undefined)[] = [];
  for (let digit = 0; digit < 16; digit++) {
    const below = prefix + digit.toString(16);
    await ahead.fill();
    slots.push(ahead.countOf(below) === 0 ? undefined : yield* pagesBelow(ahead, below, wanted));
  }
  if (wanted.indexPages) return yield* indexPage(prefix, slots, wanted.tops);
  const tops = slots.map((slot) => slot?.top);
  return { top: wanted.hashes ? combineSetRanges(4 * prefix.length, tops) : undefined, parts: undefined };
}

/** The next keys of the stream: at least 4,097 of them after `fill()`, or all that are left. */
class KeysAhead {
  readonly #pieces: AsyncIterator<Multiset> | Iterator<Multiset>;
  #keys: Uint8Array = new Uint8Array(0);
  #counts: Float64Array = new Float64Array(0);
  #lastKey: Uint8Array | undefined;
  #ended = false;
  distinct = 0;
  records = 0;

  constructor(pieces: AsyncIterable<Multiset> | Iterable<Multiset>) {
    this.#pieces = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  }

  async fill(): Promise<void> {
    while (!this.#ended && this.#counts.length <= SET_PAGE_CAPACITY) {
      const { done, value } = await this.#pieces.next();
      if (done === true) this.#ended = true;
      else this.#push(value);
    }
  }

  #push(piece: Multiset): void {
    const records = checkMultiset("streamSetPages() piece", piece);
    const count = piece.counts.length;
    if (count === 0) return;
    if (this.#lastKey !== undefined && compareKeys(this.#lastKey, 0, piece.keys, 0) >= 0) {
      throw new RangeError("streamSetPages() pieces must ascend: one begins at or below the end of the one before it");
    }
    this.#lastKey = keyAt(piece.keys, count - 1).slice();
    this.records = addCounts(this.records, records, this.#lastKey);
    this.distinct += count;
    if (this.#counts.length === 0) {
      this.#keys = piece.keys;
      this.#counts = piece.counts;
      return;
    }
    const keys = new Uint8Array(this.#keys.length + piece.keys.length);
    keys.set(this.#keys);
    keys.set(piece.keys, this.#keys.length);
    const counts = new Float64Array(keys.length / 32);
    counts.set(this.#counts);
    counts.set(piece.counts, this.#counts.length);
    this.#keys = keys;
    this.#counts = counts;
  }

  /** How many of the keys ahead begin with a prefix; what is not yet ahead is not counted. */
  countOf(prefix: string): number {
    let [begin, end] = [0, this.#counts.length];
    // All keys ahead begin with what was settled above, so digits are narrowed down one after another.
    for (let i = 0; i < prefix.length && begin < end; i++) {
      const range = digitRanges(this.#keys, i, begin, end)[Number.parseInt(prefix[i] as string, 16)];
      begin = range?.begin ?? 0;
      end = range?.end ?? 0;
    }
    return end - begin;
  }

  take(count: number): Multiset {
    const taken = { keys: this.#keys.subarray(0, 32 * count), counts: this.#counts.subarray(0, count) };
    this.#keys = this.#keys.subarray(32 * count);
    this.#counts = this.#counts.subarray(count);
    return taken;
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#pieces.return?.();
  }
}
