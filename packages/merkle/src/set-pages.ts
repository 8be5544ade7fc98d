/**
 * Set pages: a set tree as small files, so that one key can be proven and two sets compared without reading all of them
 * (`docs/spec/set-tree.md`, "Pages").
 *
 *     "assayset1" ‖ type ("K" or "I") ‖ length of prefix in half-bytes (u8) ‖ prefix[⌈length/2⌉]
 *     K: (key[32] ‖ count u64 big-endian)*
 *     I: bitmap u16 big-endian ‖ top[32] for each bit that is set
 */

import { VerificationError } from "./errors.js";
import { toHex } from "./hex.js";
import { checkMultiset, compareKeys, keyAt, type Multiset } from "./multiset.js";
import { formatSetTops, type PageParts, partsOf, setTopsPath } from "./set-tops.js";
import { combineSetRanges, emptySetRoot, setTop, writeCount } from "./set-tree.js";

/** More keys than this under one prefix make an index page. Part of the format: it fixes the folder's bytes. */
export const SET_PAGE_CAPACITY = 4096;

/** A prefix with this many digits has at most 4,096 keys: 61 · 4 bits are set, 12 are left. */
const LONGEST_KEY_PREFIX = 61;
const LONGEST_INDEX_PREFIX = 60;

const MAGIC = new TextEncoder().encode("assayset1");
const KEY_PAGE = 0x4b;
const INDEX_PAGE = 0x49;

/** A page with all keys of a prefix. */
export interface SetKeyPage extends Multiset {
  readonly kind: "keys";
  /** Hex digits that all keys of the page begin with. */
  readonly prefix: string;
}

/** A page with the tops of the up to 16 pages below. */
export interface SetIndexPage {
  readonly kind: "index";
  readonly prefix: string;
  /** 16 tops of 32 bytes in the order of the next digit; undefined where no key has it. */
  readonly tops: readonly (Uint8Array | undefined)[];
}

export type SetPage = SetKeyPage | SetIndexPage;

/** A page file: its path within the artefact folder, and its bytes. */
export type SetPageFile = readonly [path: string, bytes: Uint8Array];

/**
 * The path of the page of a prefix.
 *
 * @param prefix 0 to 61 lower-case hex digits.
 * @example
 * setPagePath("3fa"); // "set/3/f/a.page"
 */
export function setPagePath(prefix: string): string {
  if (!/^[0-9a-f]{0,61}$/.test(prefix)) {
    throw new RangeError(`setPagePath() prefix must be 0 to 61 lower-case hex digits, not ${JSON.stringify(prefix)}`);
  }
  return `set/${prefix === "" ? "root" : [...prefix].join("/")}.page`;
}

/** The prefix whose page has this path, or undefined if it is no path of a page. */
export function setPagePrefix(path: string): string | undefined {
  if (path === "set/root.page") return "";
  const match = /^set\/((?:[0-9a-f]\/){0,60}[0-9a-f])\.page$/.exec(path);
  return match?.[1]?.replaceAll("/", "");
}

export interface BuildSetPagesOptions {
  /** Whether the tops beside index pages (`set-tops/…`) are wanted too, for later updates. Default false. */
  readonly tops?: boolean;
}

/**
 * Builds all page files of a set.
 *
 * Pages come one at a time, each before the page that points to it, `set/root.page` last: a folder that breaks off has
 * no root. All keys are hashed once.
 *
 * @returns (of the generator) The set root.
 * @example
 * for (const [path, bytes] of buildSetPages(set)) await write(path, bytes);
 */
export function* buildSetPages(
  set: Multiset,
  { tops = false }: BuildSetPagesOptions = {},
): Generator<SetPageFile, Uint8Array> {
  checkMultiset("buildSetPages() set", set);
  const { top } = yield* buildPagesBelow(set, "", 0, set.counts.length, tops);
  return top ?? emptySetRoot();
}

/** What stands below a prefix: its top (undefined where no key is), and of a key page its parts. */
export interface PagesBelow {
  readonly top: Uint8Array | undefined;
  readonly parts: PageParts | undefined;
}

/** The pages of keys `begin … end`, which share a prefix. */
export function* buildPagesBelow(
  set: Multiset,
  prefix: string,
  begin: number,
  end: number,
  areTopsWanted: boolean,
): Generator<SetPageFile, PagesBelow> {
  if (end - begin <= SET_PAGE_CAPACITY) {
    yield [setPagePath(prefix), formatKeyPage(prefix, set, begin, end)];
    return keyPageTops(set, prefix, begin, end, areTopsWanted);
  }
  const slots: (PagesBelow | undefined)[] = [];
  for (const [digit, range] of digitRanges(set.keys, prefix.length, begin, end).entries()) {
    slots.push(
      range.begin === range.end
        ? undefined
        : yield* buildPagesBelow(set, prefix + digit.toString(16), range.begin, range.end, areTopsWanted),
    );
  }
  return yield* indexPage(prefix, slots, areTopsWanted);
}

/** What a key page says above. Without parts its keys are hashed in one go, which costs a little less. */
export function keyPageTops(
  set: Multiset,
  prefix: string,
  begin: number,
  end: number,
  areTopsWanted: boolean,
): PagesBelow {
  if (areTopsWanted) return partsOf(set, begin, end, prefix.length);
  return { top: setTop(set, begin, end), parts: undefined };
}

/** The index page over what stands at each digit, and the tops beside it. */
export function* indexPage(
  prefix: string,
  slots: readonly (PagesBelow | undefined)[],
  areTopsWanted: boolean,
): Generator<SetPageFile, PagesBelow> {
  const tops = slots.map((slot) => slot?.top);
  if (areTopsWanted) {
    const parts = slots.map((slot) => slot?.parts);
    yield [setTopsPath(prefix), formatSetTops(prefix, parts)];
  }
  yield [setPagePath(prefix), formatSetPage({ kind: "index", prefix, tops })];
  return { top: topOfSlots(prefix, tops), parts: undefined };
}

interface KeyRange {
  readonly begin: number;
  readonly end: number;
}

/** Cuts sorted keys, which share `length` digits, into 16 ranges by their next digit. */
export function digitRanges(keys: Uint8Array, length: number, begin: number, end: number): KeyRange[] {
  const ranges: KeyRange[] = [];
  let at = begin;
  for (let digit = 0; digit < 16; digit++) {
    let [low, high] = [at, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (digitAt(keys, middle, length) <= digit) low = middle + 1;
      else high = middle;
    }
    ranges.push({ begin: at, end: low });
    at = low;
  }
  return ranges;
}

/** Digit `position` of key number `index`. */
function digitAt(keys: Uint8Array, index: number, position: number): number {
  const byte = keys[32 * index + (position >> 1)]!;
  return position % 2 === 0 ? byte >> 4 : byte & 15;
}

function topOfSlots(prefix: string, tops: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  return combineSetRanges(4 * prefix.length, tops);
}

/** The top of a page: what the page above, or the root, must say of it. */
export function setPageTop(page: SetPage): Uint8Array {
  const top = page.kind === "keys" ? setTop(page, 0, page.counts.length) : topOfSlots(page.prefix, page.tops);
  return top ?? emptySetRoot();
}

/** The bytes of a page. The inverse of `parseSetPage`. */
export function formatSetPage(page: SetPage): Uint8Array {
  if (page.kind === "keys") return formatKeyPage(page.prefix, page, 0, page.counts.length);
  const present = page.tops.filter((top) => top !== undefined);
  const bytes = new Uint8Array(headerLength(page.prefix) + 2 + 32 * present.length);
  let at = writeHeader(bytes, INDEX_PAGE, page.prefix);
  let bitmap = 0;
  for (let digit = 0; digit < 16; digit++) if (page.tops[digit] !== undefined) bitmap |= 0x8000 >> digit;
  bytes[at++] = bitmap >> 8;
  bytes[at++] = bitmap & 0xff;
  for (const top of present) {
    bytes.set(top, at);
    at += 32;
  }
  return bytes;
}

function formatKeyPage(prefix: string, set: Multiset, begin: number, end: number): Uint8Array {
  const bytes = new Uint8Array(headerLength(prefix) + 40 * (end - begin));
  let at = writeHeader(bytes, KEY_PAGE, prefix);
  // Byte by byte: a view of each key would cost more than the copy.
  const { keys, counts } = set;
  for (let i = begin; i < end; i++) {
    for (let k = 0; k < 32; k++) bytes[at + k] = keys[32 * i + k]!;
    if (counts[i] === 1) bytes[at + 39] = 1;
    else writeCount(bytes, at + 32, counts[i]!);
    at += 40;
  }
  return bytes;
}

function headerLength(prefix: string): number {
  return MAGIC.length + 2 + Math.ceil(prefix.length / 2);
}

function writeHeader(bytes: Uint8Array, type: number, prefix: string): number {
  bytes.set(MAGIC);
  bytes[MAGIC.length] = type;
  bytes[MAGIC.length + 1] = prefix.length;
  for (let i = 0; i < prefix.length; i++) {
    const digit = Number.parseInt(prefix[i]!, 16);
    const at = MAGIC.length + 2 + (i >> 1);
    bytes[at] = bytes[at]! | (i % 2 === 0 ? digit << 4 : digit);
  }
  return headerLength(prefix);
}

/**
 * Reads a page strictly. Says nothing about its truth: compare `setPageTop` with the page above before using it.
 *
 * @param path Where the page was found; its prefix must be that of the path. Default: any.
 * @throws VerificationError `malformed-page`, then `count-out-of-range`.
 */
export function parseSetPage(bytes: Uint8Array, path?: string): SetPage {
  const refuse = (reason: string) => malformedPage(path, reason);
  const start = MAGIC.length + 2;
  if (bytes.length < start) throw refuse("it is shorter than a header");
  for (let i = 0; i < MAGIC.length; i++) if (bytes[i] !== MAGIC[i]) throw refuse('it does not begin with "assayset1"');
  const type = bytes[MAGIC.length]!;
  if (type !== KEY_PAGE && type !== INDEX_PAGE) throw refuse(`its type is byte ${type}, not "K" or "I"`);
  const length = bytes[MAGIC.length + 1]!;
  const longest = type === KEY_PAGE ? LONGEST_KEY_PREFIX : LONGEST_INDEX_PREFIX;
  if (length > longest) throw refuse(`its prefix has ${length} digits, more than ${longest}`);
  const bodyAt = start + Math.ceil(length / 2);
  if (bytes.length < bodyAt) throw refuse("it ends inside its prefix");
  if (length % 2 === 1 && (bytes[bodyAt - 1]! & 15) !== 0) throw refuse("the unused half of its prefix is not 0");
  const prefix = toHex(bytes.subarray(start, bodyAt)).slice(0, length);
  if (path !== undefined && setPagePrefix(path) !== prefix) throw refuse(`it is the page ${setPagePath(prefix)}`);
  const body = bytes.subarray(bodyAt);
  return type === KEY_PAGE ? parseKeys(body, prefix, refuse) : parseSlots(body, prefix, refuse);
}

function malformedPage(path: string | undefined, reason: string): VerificationError {
  return new VerificationError("malformed-page", `The set page ${path ?? "that was given"} is malformed: ${reason}.`, {
    details: path === undefined ? {} : { path },
  });
}

type Refuse = (reason: string) => VerificationError;

function parseKeys(body: Uint8Array, prefix: string, refuse: Refuse): SetKeyPage {
  if (body.length % 40 !== 0) throw refuse(`${body.length} bytes of keys are not 40 for each`);
  const n = body.length / 40;
  if (n > SET_PAGE_CAPACITY) throw refuse(`it has ${n} keys, more than ${SET_PAGE_CAPACITY}`);
  if (n === 0 && prefix !== "") throw refuse("it has no keys, and is not the root page");
  const keys = new Uint8Array(32 * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < 32; k++) keys[32 * i + k] = body[40 * i + k]!;
    if (i > 0 && compareKeys(keys, 32 * (i - 1), keys, 32 * i) >= 0)
      throw refuse(`key ${i} is not above the one before`);
  }
  // Of sorted keys, all begin with the prefix if the first and the last do.
  for (const i of n === 0 ? [] : [0, n - 1]) {
    if (!toHex(keyAt(keys, i)).startsWith(prefix)) throw refuse(`key ${i} does not begin with its prefix`);
  }
  const counts = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let count = 0;
    for (let k = 32; k < 40; k++) count = 256 * count + body[40 * i + k]!;
    if (count < 1 || count > Number.MAX_SAFE_INTEGER) {
      const key = toHex(keyAt(keys, i));
      throw new VerificationError("count-out-of-range", `The count of key ${key} is not 1 to 2^53-1.`, {
        details: { key },
      });
    }
    counts[i] = count;
  }
  return { kind: "keys", prefix, keys, counts };
}

function parseSlots(body: Uint8Array, prefix: string, refuse: Refuse): SetIndexPage {
  if (body.length < 2) throw refuse("it ends inside its bitmap");
  const bitmap = 256 * body[0]! + body[1]!;
  const tops: (Uint8Array | undefined)[] = [];
  let at = 2;
  for (let digit = 0; digit < 16; digit++) {
    const isPresent = (bitmap & (0x8000 >> digit)) !== 0;
    tops.push(isPresent ? body.slice(at, at + 32) : undefined);
    if (isPresent) at += 32;
  }
  if (at === 2) throw refuse("it has no slots");
  if (at !== body.length) throw refuse(`${body.length - 2} bytes of tops do not fit its bitmap`);
  return { kind: "index", prefix, tops };
}
