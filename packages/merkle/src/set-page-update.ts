/**
 * Changing a set that is kept as pages: only pages on the paths of changed keys are read, checked and made again. All
 * others stay as they are, byte for byte, so an update costs what changed and not what the set holds.
 */

import { applyChanges, emptyMultiset, type Multiset, type SetChanges } from "./multiset.js";
import { checkDigest } from "./ordered-tree.js";
import { concatenateSets, type ReadSetPage, readSetPage, type SetPageOptions } from "./set-page-reader.js";
import {
  buildPagesBelow,
  digitRanges,
  formatSetPage,
  SET_PAGE_CAPACITY,
  type SetPageFile,
  setPagePath,
} from "./set-pages.js";
import { combineSetRanges, emptySetRoot, setTop } from "./set-tree.js";
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

/** What stands below a prefix after the changes. */
interface Subtree {
  /** Undefined when no key is left. */
  readonly top: Uint8Array | undefined;
  /** The keys, where they are few enough for one page, which is not written yet; undefined below an index page. */
  readonly keys: Multiset | undefined;
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
  options: SetPageOptions = {},
): AsyncGenerator<ChangedSetPage, UpdatedSet> {
  checkDigest("updateSetPages() root", root);
  checkChanges("updateSetPages() changes", changes);
  if (changes.differences.length === 0) return { root, distinct: 0 };
  const update = new PageUpdate(read, changes, options.signal);
  const { top, keys } = yield* update.below("", root, 0, changes.differences.length);
  if (keys !== undefined) yield keyPage("", keys);
  return { root: top ?? emptySetRoot(), distinct: update.distinct };
}

function keyPage(prefix: string, keys: Multiset): SetPageFile {
  return [setPagePath(prefix), formatSetPage({ kind: "keys", prefix, ...keys })];
}

class PageUpdate {
  distinct = 0;
  readonly #read: ReadSetPage;
  readonly #changes: SetChanges;
  readonly #signal: AbortSignal | undefined;

  constructor(read: ReadSetPage, changes: SetChanges, signal: AbortSignal | undefined) {
    this.#read = read;
    this.#changes = changes;
    this.#signal = signal;
  }

  /** Changes `begin … end`, at least one, of the keys below a prefix. The caller writes the key page. */
  async *below(
    prefix: string,
    top: Uint8Array | undefined,
    begin: number,
    end: number,
  ): AsyncGenerator<ChangedSetPage, Subtree> {
    const page = top === undefined ? undefined : await readSetPage(this.#read, prefix, top, this.#signal);
    if (page?.kind === "index") return yield* this.#belowIndex(prefix, page.tops, begin, end);
    const before = page ?? emptyMultiset();
    const { keys, differences } = this.#changes;
    const after = applyChanges(before, {
      keys: keys.subarray(32 * begin, 32 * end),
      differences: differences.subarray(begin, end),
    });
    this.distinct += after.counts.length - before.counts.length;
    if (after.counts.length <= SET_PAGE_CAPACITY) return { top: setTop(after, 0, after.counts.length), keys: after };
    return { top: yield* buildPagesBelow(after, prefix, 0, after.counts.length), keys: undefined };
  }

  async *#belowIndex(
    prefix: string,
    before: readonly (Uint8Array | undefined)[],
    begin: number,
    end: number,
  ): AsyncGenerator<ChangedSetPage, Subtree> {
    const ranges = digitRanges(this.#changes.keys, prefix.length, begin, end);
    const distinct = this.distinct;
    const subtrees: (Subtree | undefined)[] = [];
    for (const [digit, range] of ranges.entries()) {
      const child = prefix + digit.toString(16);
      subtrees.push(
        range.begin === range.end ? undefined : yield* this.below(child, before[digit], range.begin, range.end),
      );
    }
    const tops = subtrees.map((subtree, digit) => (subtree === undefined ? before[digit] : subtree.top));
    // Only where keys went can the rest fit into one page.
    const joined = this.distinct < distinct ? await this.#keysBelow(prefix, tops, subtrees) : undefined;
    for (const [digit, subtree] of subtrees.entries()) {
      const child = prefix + digit.toString(16);
      const isPage = joined === undefined && tops[digit] !== undefined;
      if (!isPage && before[digit] !== undefined) yield [setPagePath(child), undefined];
      if (isPage && subtree?.keys !== undefined) yield keyPage(child, subtree.keys);
    }
    const top = combineSetRanges(4 * prefix.length, tops);
    if (joined !== undefined) return { top, keys: joined };
    yield [setPagePath(prefix), formatSetPage({ kind: "index", prefix, tops })];
    return { top, keys: undefined };
  }

  /** The keys of all slots, if one page holds them. */
  async #keysBelow(
    prefix: string,
    tops: readonly (Uint8Array | undefined)[],
    subtrees: readonly (Subtree | undefined)[],
  ): Promise<Multiset | undefined> {
    const parts: Multiset[] = [];
    let count = 0;
    // What is at hand first: then most pages need not be read.
    for (const subtree of subtrees) count += subtree?.keys?.counts.length ?? 0;
    for (const [digit, top] of tops.entries()) {
      if (top === undefined) continue;
      const subtree = subtrees[digit];
      if (subtree !== undefined) {
        if (subtree.keys === undefined) return undefined;
        parts.push(subtree.keys);
        continue;
      }
      const page = await readSetPage(this.#read, prefix + digit.toString(16), top, this.#signal);
      if (page.kind === "index") return undefined;
      parts.push(page);
      count += page.counts.length;
      if (count > SET_PAGE_CAPACITY) return undefined;
    }
    return count > SET_PAGE_CAPACITY ? undefined : concatenateSets(parts, count);
  }
}
