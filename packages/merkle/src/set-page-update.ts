/**
 * Changing a set that is kept as pages: only pages on the paths of changed keys are read, checked and made again. All
 * others stay as they are, byte for byte, so an update costs what changed and not what the set holds.
 *
 * Keys are digests, so one change in a hundred keys is a change in every page. With the tops beside the index pages only the
 * parts of a page in which keys change are hashed; the rest of the page is copied as it is.
 */

import { applyChanges, emptyMultiset, type Multiset, type SetChanges } from "./multiset.js";
import { checkDigest } from "./ordered-tree.js";
import { concatenateSets, type ReadSetPage, readSetPage, type SetPageOptions } from "./set-page-reader.js";
import { spliceKeyPage } from "./set-page-splice.js";
import {
  buildPagesBelow,
  digitRanges,
  formatSetPage,
  indexPage,
  keyPageTops,
  type PagesBelow,
  SET_PAGE_CAPACITY,
  type SetPageFile,
  setPagePath,
} from "./set-pages.js";
import { type PageParts, parseSetTops, setTopsPath } from "./set-tops.js";
import { emptySetRoot } from "./set-tree.js";
import { checkChanges } from "./set-update.js";

/** A page that is another now, or (without bytes) is there no more. */
export type ChangedSetPage = SetPageFile | readonly [path: string, bytes: undefined];

/** What changes made of a set. */
export interface UpdatedSet {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** How many more distinct keys there are; fewer are negative. */
  readonly distinct: number;
}

export interface UpdateSetPagesOptions extends SetPageOptions {
  /**
   * Whether the set is kept with the tops beside its index pages: all of them are there, and what changes of them comes too.
   * Keys of a page whose tops do not change are then not looked at. Default false.
   */
  readonly tops?: boolean;
}

/** What stands below a prefix after the changes. */
interface Subtree extends PagesBelow {
  /** The page, where its keys are few enough for one, which is not written yet; undefined below an index page. */
  readonly page: KeyPage | undefined;
}

interface KeyPage {
  readonly bytes: Uint8Array;
  /** How many keys it has. */
  readonly count: number;
}

/**
 * The pages of a set after changes, as far as they are not those of before. With the other pages of before they are what
 * `buildSetPages` would give.
 *
 * @param root The trusted root of the set before, 32 bytes.
 * @param changes Second count minus first count of each key, as `compareSets` gives them; none is allowed.
 * @returns (of the generator) The root after the changes.
 * @throws As `readSetPages`, and VerificationError `count-underflow`, `count-overflow` if the changes do not fit the set.
 * @example
 * for await (const [path, bytes] of updateSetPages(read, root, changes)) bytes === undefined ? await remove(path) : await write(path, bytes);
 */
export async function* updateSetPages(
  read: ReadSetPage,
  root: Uint8Array,
  changes: SetChanges,
  options: UpdateSetPagesOptions = {},
): AsyncGenerator<ChangedSetPage, UpdatedSet> {
  checkDigest("updateSetPages() root", root);
  checkChanges("updateSetPages() changes", changes);
  if (changes.differences.length === 0) return { root, distinct: 0 };
  const update = new PageUpdate(read, changes, options);
  const { top, page } = yield* update.below("", { top: root, parts: undefined }, 0, changes.differences.length);
  if (page !== undefined) yield [setPagePath(""), page.bytes];
  return { root: top ?? emptySetRoot(), distinct: update.distinct };
}

class PageUpdate {
  distinct = 0;
  readonly #read: ReadSetPage;
  readonly #changes: SetChanges;
  readonly #signal: AbortSignal | undefined;
  readonly #hasTops: boolean;

  constructor(read: ReadSetPage, changes: SetChanges, { signal, tops = false }: UpdateSetPagesOptions) {
    this.#read = read;
    this.#changes = changes;
    this.#signal = signal;
    this.#hasTops = tops;
  }

  /** Changes `begin … end`, at least one, of the keys below a prefix. The caller writes the key page. */
  async *below(
    prefix: string,
    { top, parts }: PagesBelow,
    begin: number,
    end: number,
  ): AsyncGenerator<ChangedSetPage, Subtree> {
    const changes = {
      keys: this.#changes.keys.subarray(32 * begin, 32 * end),
      differences: this.#changes.differences.subarray(begin, end),
    };
    if (top !== undefined && parts !== undefined) {
      this.#signal?.throwIfAborted();
      const spliced = spliceKeyPage(await this.#read(setPagePath(prefix)), prefix, top, parts, changes);
      if (spliced !== undefined) {
        this.distinct += spliced.distinct;
        return spliced;
      }
    }
    const page = top === undefined ? undefined : await readSetPage(this.#read, prefix, top, this.#signal);
    if (page?.kind === "index") return yield* this.#belowIndex(prefix, page.tops, begin, end);
    const before = page ?? emptyMultiset();
    const after = applyChanges(before, changes);
    const count = after.counts.length;
    this.distinct += count - before.counts.length;
    if (count > SET_PAGE_CAPACITY)
      return { ...(yield* buildPagesBelow(after, prefix, 0, count, this.#hasTops)), page: undefined };
    return this.#keyPage(prefix, after);
  }

  #keyPage(prefix: string, keys: Multiset): Subtree {
    const count = keys.counts.length;
    const bytes = formatSetPage({ kind: "keys", prefix, ...keys });
    return { ...keyPageTops(keys, prefix, 0, count, this.#hasTops), page: { bytes, count } };
  }

  async *#belowIndex(
    prefix: string,
    tops: readonly (Uint8Array | undefined)[],
    begin: number,
    end: number,
  ): AsyncGenerator<ChangedSetPage, Subtree> {
    const parts: readonly (PageParts | undefined)[] = this.#hasTops
      ? parseSetTops(await this.#read(setTopsPath(prefix)), prefix)
      : [];
    const ranges = digitRanges(this.#changes.keys, prefix.length, begin, end);
    const distinct = this.distinct;
    const before = tops.map((top, digit): PagesBelow => ({ top, parts: parts[digit] }));
    const subtrees: (Subtree | undefined)[] = [];
    for (const [digit, range] of ranges.entries()) {
      const child = prefix + digit.toString(16);
      subtrees.push(
        range.begin === range.end ? undefined : yield* this.below(child, before[digit]!, range.begin, range.end),
      );
    }
    const slots = subtrees.map((subtree, digit): PagesBelow => subtree ?? before[digit]!);
    // Only where keys went can the rest fit into one page.
    const joined = this.distinct < distinct ? await this.#keysBelow(prefix, slots, subtrees) : undefined;
    for (const [digit, subtree] of subtrees.entries()) {
      const path = setPagePath(prefix + digit.toString(16));
      const isPage = joined === undefined && slots[digit]!.top !== undefined;
      if (!isPage && tops[digit] !== undefined) yield [path, undefined];
      if (isPage && subtree?.page !== undefined) yield [path, subtree.page.bytes];
    }
    if (joined === undefined) return { ...(yield* indexPage(prefix, slots, this.#hasTops)), page: undefined };
    if (this.#hasTops) yield [setTopsPath(prefix), undefined];
    return this.#keyPage(prefix, joined);
  }

  /** The keys of all slots, if one page holds them. */
  async #keysBelow(
    prefix: string,
    slots: readonly PagesBelow[],
    subtrees: readonly (Subtree | undefined)[],
  ): Promise<Multiset | undefined> {
    // What is at hand first: then most pages need not be read.
    let count = 0;
    for (const subtree of subtrees) {
      if (subtree?.top !== undefined && subtree.page === undefined) return undefined;
      count += subtree?.page?.count ?? 0;
    }
    const sets: Multiset[] = [];
    for (const [digit, { top }] of slots.entries()) {
      if (count > SET_PAGE_CAPACITY) return undefined;
      if (top === undefined) continue;
      const child = prefix + digit.toString(16);
      const subtree = subtrees[digit];
      const bytes = subtree?.page?.bytes;
      const read = bytes === undefined ? this.#read : async () => bytes;
      const page = await readSetPage(read, child, top, this.#signal);
      if (page.kind === "index") return undefined;
      sets.push(page);
      if (subtree === undefined) count += page.counts.length;
    }
    return count > SET_PAGE_CAPACITY ? undefined : concatenateSets(sets, count);
  }
}
