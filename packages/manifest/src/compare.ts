/**
 * Comparing two data sets by their manifests (`docs/spec/manifest.md`, "Versions"; DESIGN §9): which records came and
 * went, where they stand, which moved to another file, what happened to each file, which version the change deserves.
 * A difference is a result, not an error.
 */

import {
  buildSetPages,
  compareSetPages,
  compareSets,
  countLeaves,
  fromHex,
  type Multiset,
  type SetChanges,
  SourceError,
  toHex,
  treeRoot,
  VerificationError,
} from "@assay/merkle";
import { deservedOf } from "./derivation.js";
import type { FileEntry } from "./entry.js";
import { isSameHead, isSameLeaf, type LineageSide } from "./lineage.js";
import { movedRecords } from "./moved.js";
import { compareText } from "./path.js";
import type { VersionChange } from "./version.js";

/** One side of a comparison. */
export interface ComparedSide extends LineageSide {
  /** Reads a set page by its path; used when the leaves are not at hand. Rejects where there is none. */
  readonly readPage?: (path: string) => Promise<Uint8Array>;
}

export interface CompareOptions {
  /** Most places (file and ordinal) that are listed of each of `added` and `removed`. Default 1,000. */
  readonly maxPlaces?: number;
  readonly signal?: AbortSignal;
}

/** A leaf that one side has more often. */
export interface LeafChange {
  /** Lower-case hex. */
  readonly leaf: string;
  /** How many more. */
  readonly count: number;
  /** Where all its occurrences stand on that side, when the leaves are at hand: more than `count` where copies stayed. */
  readonly places?: readonly { readonly file: string; readonly ordinal: number }[];
}

/** What happened to a file. */
export interface FileChange {
  readonly path: string;
  /** `restored`: other bytes, the same records in the same order. `grown`: the records of before come first. */
  readonly change: "added" | "removed" | "same" | "restored" | "grown" | "changed";
  readonly recordsBefore: number;
  readonly recordsAfter: number;
}

export interface SplitChange {
  readonly split: string;
  readonly change: "added" | "removed" | "same" | "changed";
}

/** What is different in the second data set. */
export interface Comparison {
  /** Dataset heads are equal: the same files with the same bytes and records. */
  readonly equal: boolean;
  /** Set heads are equal: the same records, however stored. */
  readonly sameSet: boolean;
  /** Records that the second has and the first lacks. */
  readonly added: number;
  /** Records that the first has and the second lacks. */
  readonly removed: number;
  /** Records of both that are in another file now; `null` when the leaves of some file that differs are not at hand. */
  readonly moved: number | null;
  /** What the second deserves against the first; `none` for equal data sets; `null` when splits are not at hand. */
  readonly version: "none" | VersionChange | null;
  /** Ascending by path. Empty when entries are not at hand. */
  readonly files: readonly FileChange[];
  readonly splits: readonly SplitChange[];
  /** Ascending by leaf. */
  readonly addedLeaves: readonly LeafChange[];
  /** Ascending by leaf. */
  readonly removedLeaves: readonly LeafChange[];
}

/**
 * Compares two data sets.
 *
 * Leaves are compared where both sides have them, else set pages, whose cost follows the size of the difference; equal
 * heads need neither.
 *
 * @throws VerificationError `leaf-format-mismatch`: leaves that are not made alike cannot be compared. SourceError
 *   `not-kept`: the sets differ, and one side has neither leaves nor pages. Codes of pages that do not match their root.
 * @example
 * const { added, removed, version } = await compareManifests(before, after);
 */
export async function compareManifests(
  first: ComparedSide,
  second: ComparedSide,
  { maxPlaces = 1000, signal }: CompareOptions = {},
): Promise<Comparison> {
  if (!isSameLeaf(first.header.leaf, second.header.leaf)) {
    throw new VerificationError(
      "leaf-format-mismatch",
      "The leaves of the two data sets are not made alike (format or key), so they cannot be compared",
      {
        details: { first: first.header.leaf, second: second.header.leaf },
      },
    );
  }
  const sameSet = isSameHead(first.header.set, second.header.set);
  const equal =
    sameSet &&
    first.header.dataset.root === second.header.dataset.root &&
    first.header.dataset.files === second.header.dataset.files;
  const changes = sameSet
    ? { keys: new Uint8Array(0), differences: new Float64Array(0) }
    : await changesOf(first, second, signal);
  const splits = compareSplits(first, second);
  const isUntouched = equal && splits.every(({ change }) => change === "same");
  return {
    equal,
    sameSet,
    added: sumOf(changes.differences, 1),
    removed: sumOf(changes.differences, -1),
    moved: equal ? 0 : await movedOf(first, second),
    version: isUntouched ? "none" : versionOf(first, second, changes),
    files: await compareFiles(first, second),
    splits,
    addedLeaves: await listChanges(changes, 1, second, maxPlaces),
    removedLeaves: await listChanges(changes, -1, first, maxPlaces),
  };
}

async function changesOf(
  first: ComparedSide,
  second: ComparedSide,
  signal: AbortSignal | undefined,
): Promise<SetChanges> {
  if (first.set !== undefined && second.set !== undefined) return compareSets(first.set, second.set);
  const roots = [fromHex(first.header.set.root), fromHex(second.header.set.root)] as const;
  const [before, after] = [pagesOf(first), pagesOf(second)];
  if (before === undefined || after === undefined) {
    const { name } = (before === undefined ? first : second).header;
    throw new SourceError(
      "not-kept",
      `The sets differ, and of ${name} neither leaves nor set pages are at hand. Give the data (--data)`,
      {
        details: { name },
      },
    );
  }
  return compareSetPages(before, roots[0], after, roots[1], signal === undefined ? {} : { signal });
}

/** Pages that are at hand, or are made of the leaves. */
function pagesOf({ set, readPage }: ComparedSide): ComparedSide["readPage"] {
  if (set === undefined) return readPage;
  const pages = new Map(buildSetPages(set));
  return async (path) => pages.get(path) as Uint8Array;
}

function sumOf(differences: Float64Array, sign: 1 | -1): number {
  let sum = 0;
  for (const difference of differences) if (difference * sign > 0) sum += difference * sign;
  return sum;
}

async function movedOf(first: ComparedSide, second: ComparedSide): Promise<number | null> {
  const pairs = pairEntries(first, second);
  if (pairs === undefined) return null;
  if (pairs.every(({ before, after }) => before?.root === after?.root && before?.records === after?.records)) return 0;
  const before = new Map<string, Multiset>();
  const after = new Map<string, Multiset>();
  for (const { path, before: one, after: other } of pairs) {
    // Files that did not change are read too: their records may be copies of ones that moved.
    const leavesBefore = one === undefined ? undefined : await first.leavesOf?.(path);
    const leavesAfter = other === undefined ? undefined : await second.leavesOf?.(path);
    if ((one !== undefined && leavesBefore === undefined) || (other !== undefined && leavesAfter === undefined))
      return null;
    if (leavesBefore !== undefined) before.set(path, countLeaves(leavesBefore));
    if (leavesAfter !== undefined) after.set(path, countLeaves(leavesAfter));
  }
  return movedRecords(before, after);
}

interface Pair {
  readonly path: string;
  readonly before: FileEntry | undefined;
  readonly after: FileEntry | undefined;
}

function pairEntries(first: LineageSide, second: LineageSide): Pair[] | undefined {
  if (first.entries === undefined || second.entries === undefined) return undefined;
  const before = new Map(first.entries.map((entry) => [entry.path, entry]));
  const after = new Map(second.entries.map((entry) => [entry.path, entry]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return paths.map((path) => ({ path, before: before.get(path), after: after.get(path) }));
}

async function compareFiles(first: LineageSide, second: LineageSide): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  for (const { path, before, after } of pairEntries(first, second) ?? []) {
    const counts = { recordsBefore: before?.records ?? 0, recordsAfter: after?.records ?? 0 };
    changes.push({ path, change: await fileChange(path, before, after, second), ...counts });
  }
  return changes;
}

async function fileChange(
  path: string,
  before: FileEntry | undefined,
  after: FileEntry | undefined,
  second: LineageSide,
): Promise<FileChange["change"]> {
  if (before === undefined) return "added";
  if (after === undefined) return "removed";
  if (before.records === after.records && before.root === after.root) {
    return before.bytes === after.bytes && before.size === after.size && before.format === after.format
      ? "same"
      : "restored";
  }
  if (after.records <= before.records) return "changed";
  if (before.records === 0) return "grown";
  const leaves = await second.leavesOf?.(path);
  return leaves !== undefined && toHex(treeRoot(leaves.subarray(0, 32 * before.records))) === before.root
    ? "grown"
    : "changed";
}

function compareSplits(first: LineageSide, second: LineageSide): SplitChange[] {
  const before = new Map(Object.entries(first.header.splits ?? {}));
  const after = new Map(Object.entries(second.header.splits ?? {}));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return names.map((split) => {
    const [one, other] = [before.get(split), after.get(split)];
    if (one === undefined) return { split, change: "added" };
    if (other === undefined) return { split, change: "removed" };
    return { split, change: isSameHead(one, other) ? "same" : "changed" };
  });
}

/** From heads and changes as far as they go; splits that grew need their leaves. */
function versionOf(first: ComparedSide, second: ComparedSide, { differences }: SetChanges): VersionChange | null {
  if (differences.some((difference) => difference < 0)) return "major";
  const splits = Object.entries(first.header.splits ?? {});
  const after = second.header.splits ?? {};
  if (splits.some(([name]) => !Object.hasOwn(after, name))) return "major";
  const isKept = splits.every(([name, head]) => isSameHead(head, after[name] ?? head));
  if (isKept) return differences.length === 0 && splits.length === Object.keys(after).length ? "patch" : "minor";
  return deservedOf(first, second) ?? null;
}

/** Lists the leaves that a side has more often, with their places there. */
async function listChanges(
  { keys, differences }: SetChanges,
  sign: 1 | -1,
  side: ComparedSide,
  maxPlaces: number,
): Promise<LeafChange[]> {
  const changed = new Map<string, { count: number; places: { file: string; ordinal: number }[] }>();
  for (const [i, difference] of differences.entries()) {
    if (difference * sign <= 0) continue;
    changed.set(toHex(keys.subarray(32 * i, 32 * i + 32)), { count: difference * sign, places: [] });
  }
  const isPlaced = changed.size > 0 && (await findPlaces(changed, side, maxPlaces));
  return [...changed].map(([leaf, { count, places }]) => ({ leaf, count, ...(isPlaced ? { places } : {}) }));
}

/** Whether all files could be searched. */
async function findPlaces(
  changed: ReadonlyMap<string, { readonly places: { file: string; ordinal: number }[] }>,
  { entries, leavesOf }: ComparedSide,
  maxPlaces: number,
): Promise<boolean> {
  if (entries === undefined || leavesOf === undefined) return false;
  // Numbers are looked up before any text is made: nearly all records are not among the changed ones.
  const heads = new Set([...changed.keys()].map((leaf) => Number.parseInt(leaf.slice(0, 12), 16)));
  let found = 0;
  for (const { path, records } of entries) {
    const leaves = await leavesOf(path);
    if (leaves === undefined) return false;
    const view = new DataView(leaves.buffer, leaves.byteOffset, leaves.byteLength);
    for (let ordinal = 0; ordinal < records && found < maxPlaces; ordinal++) {
      const head = view.getUint32(32 * ordinal) * 0x1_0000 + view.getUint16(32 * ordinal + 4);
      if (!heads.has(head)) continue;
      const change = changed.get(toHex(leaves.subarray(32 * ordinal, 32 * ordinal + 32)));
      if (change === undefined) continue;
      change.places.push({ file: path, ordinal });
      found++;
    }
  }
  return true;
}
