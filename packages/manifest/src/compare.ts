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
  isAssayError,
  prefixRootFromTiles,
  type ReadTile,
  type SetChanges,
  SourceError,
  toHex,
  treeRoot,
  VerificationError,
} from "@assay/merkle";
import { type StatedVersions, statedOf, versionOf } from "./compared-version.js";
import type { FileEntry } from "./entry.js";
import {
  type DifferenceOptions,
  differenceOf,
  type FileDifference,
  type FilePair,
  hasSameRecords,
  pairEntries,
} from "./file-differences.js";
import { isSameHead, isSameLeaf, type LineageSide } from "./lineage.js";
import { movedRecords } from "./moved.js";
import { compareText } from "./path.js";
import type { VersionChange } from "./version.js";

/** One side of a comparison. */
export interface ComparedSide extends LineageSide {
  /** Reads a set page by its path; used when the leaves are not at hand. Rejects where there is none. */
  readonly readPage?: (path: string) => Promise<Uint8Array>;
  /** Reads the tiles of a records root; used before `leavesOf`. Rejects with `not-kept` where there is none. */
  readonly tilesOf?: (root: string) => ReadTile;
}

export interface CompareOptions {
  /** Most places (file and ordinal) that are listed of each of `added` and `removed`. Default 1,000. */
  readonly maxPlaces?: number;
  /**
   * Most leaves of each side that are read from what a folder keeps, to say where records stand and which moved; counted in
   * those that differ. Default 2²⁰. Where more differs
   * (a record that was dropped shifts all that follow), places are left out, and `moved` is `null` unless the rest says it.
   */
  readonly maxLeaves?: number;
  readonly signal?: AbortSignal;
}

/** A leaf that one side has more often. */
export interface LeafChange {
  /** Lower-case hex. */
  readonly leaf: string;
  /** How many more. */
  readonly count: number;
  /**
   * Where it stands on that side, at places whose record is another one on the other side, when these could be read: at
   * least `count`, more where records shifted past a copy.
   */
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
  /** Records of both that are in another file now; `null` when it could not be read where some file differs. */
  readonly moved: number | null;
  /** What the second deserves against the first; `none` for equal data sets; `null` when splits are not at hand. */
  readonly version: "none" | VersionChange | null;
  /**
   * Whether the stated versions, `from` of the first and `to` of the second, follow that; absent when one states none or
   * what it deserves is not known.
   */
  readonly stated?: StatedVersions;
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
 * Sets in memory are compared whole; else set pages and tiles are, whose cost follows the size of the difference. Equal
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
  { maxPlaces = 1000, maxLeaves = 2 ** 20, signal }: CompareOptions = {},
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
  const pairs = pairEntries(first, second);
  const differences = equal ? [] : await differencesOf(pairs, first, second, { maxLeaves, signal });
  const version = isUntouched ? "none" : versionOf(first, second, changes, differences);
  const stated = statedOf(first, second, version);
  return {
    equal,
    sameSet,
    added: sumOf(changes.differences, 1),
    removed: sumOf(changes.differences, -1),
    moved: movedOf(differences),
    version,
    ...(stated === undefined ? {} : { stated }),
    files: await compareFiles(pairs ?? [], second),
    splits,
    addedLeaves: listChanges(changes, 1, differences, maxPlaces),
    removedLeaves: listChanges(changes, -1, differences, maxPlaces),
  };
}

/** What differs file by file; `undefined` for a file where it could not be read, or altogether without entries. */
async function differencesOf(
  pairs: readonly FilePair[] | undefined,
  first: ComparedSide,
  second: ComparedSide,
  options: DifferenceOptions,
): Promise<readonly (FileDifference | undefined)[] | undefined> {
  if (pairs === undefined) return undefined;
  const differences: (FileDifference | undefined)[] = [];
  let left = options.maxLeaves;
  for (const pair of pairs) {
    if (hasSameRecords(pair)) continue;
    // One file that is not known leaves the whole unknown, so no more is read then.
    const isUnknown = differences.length > 0 && differences.at(-1) === undefined;
    const found = isUnknown ? undefined : await differenceOf(pair, first, second, { ...options, maxLeaves: left });
    left -= Math.max(found?.before.ordinals.length ?? 0, found?.after.ordinals.length ?? 0);
    differences.push(found);
  }
  return differences;
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

/** Files that did not change have all their records in both, so they take nothing from the sum and add nothing. */
function movedOf(differences: readonly (FileDifference | undefined)[] | undefined): number | null {
  if (differences === undefined) return null;
  // Nothing moves to another file when there is no other.
  if (differences.length <= 1) return 0;
  if (!differences.every((one) => one !== undefined)) return null;
  const before = new Map(differences.map(({ path, before: { leaves } }) => [path, countLeaves(leaves)]));
  const after = new Map(differences.map(({ path, after: { leaves } }) => [path, countLeaves(leaves)]));
  return movedRecords(before, after);
}

async function compareFiles(pairs: readonly FilePair[], second: ComparedSide): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  for (const { path, before, after } of pairs) {
    const counts = { recordsBefore: before?.records ?? 0, recordsAfter: after?.records ?? 0 };
    changes.push({ path, change: await fileChange(before, after, second), ...counts });
  }
  return changes;
}

async function fileChange(
  before: FileEntry | undefined,
  after: FileEntry | undefined,
  second: ComparedSide,
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
  return (await prefixRoot(after, before.records, second)) === before.root ? "grown" : "changed";
}

/** The root over the first records of a file; `undefined` when neither its tiles nor its leaves are at hand. */
async function prefixRoot(
  { path, records, root }: FileEntry,
  size: number,
  { leavesOf, tilesOf }: ComparedSide,
): Promise<string | undefined> {
  try {
    const head = { size: records, root: fromHex(root) };
    if (tilesOf !== undefined) return toHex(await prefixRootFromTiles({ read: tilesOf(root), head }, size));
  } catch (error) {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
  }
  const leaves = await leavesOf?.(path);
  return leaves === undefined ? undefined : toHex(treeRoot(leaves.subarray(0, 32 * size)));
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

/** Lists the leaves that a side has more often, with their places there when every file that differs could be read. */
function listChanges(
  { keys, differences: changes }: SetChanges,
  sign: 1 | -1,
  differences: readonly (FileDifference | undefined)[] | undefined,
  maxPlaces: number,
): LeafChange[] {
  const changed = new Map<string, { count: number; places: { file: string; ordinal: number }[] }>();
  for (const [i, difference] of changes.entries()) {
    if (difference * sign <= 0) continue;
    changed.set(toHex(keys.subarray(32 * i, 32 * i + 32)), { count: difference * sign, places: [] });
  }
  const isPlaced = differences?.every((one) => one !== undefined) ?? false;
  let found = 0;
  for (const { path, before, after } of isPlaced ? (differences as readonly FileDifference[]) : []) {
    const { ordinals, leaves } = sign === 1 ? after : before;
    for (let i = 0; i < ordinals.length && found < maxPlaces; i++) {
      const change = changed.get(toHex(leaves.subarray(32 * i, 32 * i + 32)));
      if (change === undefined) continue;
      change.places.push({ file: path, ordinal: ordinals[i] as number });
      found++;
    }
  }
  return [...changed].map(([leaf, { count, places }]) => ({ leaf, count, ...(isPlaced ? { places } : {}) }));
}
