/**
 * What stands at the places where a file of two data sets differs. Equal places cancel out of every comparison, so these
 * are enough to say where records came and went, which moved to another file, and what a split gained or lost; and with
 * tiles at hand they cost what the difference costs, not what the file does.
 */

import { compareTiles, equalBytes, fromHex, isAssayError, type PlacedLeaves, type ReadTile } from "@assay/merkle";
import type { FileEntry } from "./entry.js";
import type { LineageSide } from "./lineage.js";
import { compareText } from "./path.js";

/** One side with its leaves, or ways to read them. */
export interface DifferingSide extends Pick<LineageSide, "entries" | "leavesOf"> {
  /** Reads the tiles of a records root; rejects with `not-kept` where there is none. */
  readonly tilesOf?: (root: string) => ReadTile;
}

/** A file of one data set or of both. */
export interface FilePair {
  readonly path: string;
  readonly before: FileEntry | undefined;
  readonly after: FileEntry | undefined;
}

/** The leaves of a file that are not at the same place in the other data set. */
export interface FileDifference {
  readonly path: string;
  readonly before: PlacedLeaves;
  readonly after: PlacedLeaves;
}

export interface DifferenceOptions {
  /** How many leaves of a file to read at most. */
  readonly maxLeaves: number;
  readonly signal?: AbortSignal | undefined;
}

/** Pairs the files of two data sets by path, ascending; `undefined` when entries are not at hand. */
export function pairEntries(
  first: Pick<LineageSide, "entries">,
  second: Pick<LineageSide, "entries">,
): FilePair[] | undefined {
  if (first.entries === undefined || second.entries === undefined) return undefined;
  const before = new Map(first.entries.map((entry) => [entry.path, entry]));
  const after = new Map(second.entries.map((entry) => [entry.path, entry]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return paths.map((path) => ({ path, before: before.get(path), after: after.get(path) }));
}

/** Whether a file has the same records in the same order in both. */
export function hasSameRecords({ before, after }: FilePair): boolean {
  return before?.root === after?.root && before?.records === after?.records;
}

/**
 * Finds what differs in a file, from tiles where both sides keep them, else from all leaves of the file.
 *
 * @returns `undefined` when neither is at hand, or when more than `maxLeaves` would have to be read.
 */
export async function differenceOf(
  pair: FilePair,
  first: DifferingSide,
  second: DifferingSide,
  options: DifferenceOptions,
): Promise<FileDifference | undefined> {
  const { path, before, after } = pair;
  if (before !== undefined && after !== undefined) {
    const found = await fromTiles(pair, first, second, options);
    if (found !== "not-kept") return found && { path, before: found.first, after: found.second };
  }
  const [one, other] = [await leavesFor(before, first, options), await leavesFor(after, second, options)];
  return one === undefined || other === undefined ? undefined : { path, ...placesApart(one, other) };
}

async function fromTiles(
  { before, after }: FilePair,
  first: DifferingSide,
  second: DifferingSide,
  { maxLeaves, signal }: DifferenceOptions,
): Promise<Awaited<ReturnType<typeof compareTiles>> | "not-kept"> {
  if (first.tilesOf === undefined || second.tilesOf === undefined) return "not-kept";
  const treeOf = ({ root, records }: FileEntry, tilesOf: (root: string) => ReadTile) => ({
    read: tilesOf(root),
    head: { size: records, root: fromHex(root) },
  });
  const trees = [treeOf(before as FileEntry, first.tilesOf), treeOf(after as FileEntry, second.tilesOf)] as const;
  try {
    return await compareTiles(...trees, { maxLeaves, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
    return "not-kept";
  }
}

async function leavesFor(
  entry: FileEntry | undefined,
  { leavesOf, tilesOf }: DifferingSide,
  { maxLeaves }: DifferenceOptions,
): Promise<Uint8Array | undefined> {
  if (entry === undefined || entry.records === 0) return new Uint8Array(0);
  // Without tiles the leaves are in memory already.
  if (tilesOf !== undefined && entry.records > maxLeaves) return undefined;
  return leavesOf?.(entry.path);
}

function placesApart(one: Uint8Array, other: Uint8Array): Pick<FileDifference, "before" | "after"> {
  const [before, after]: [number[], number[]] = [[], []];
  for (let at = 0; at < Math.max(one.length, other.length); at += 32) {
    const [a, b] = [one.subarray(at, at + 32), other.subarray(at, at + 32)];
    if (a.length === b.length && equalBytes(a, b)) continue;
    if (a.length > 0) before.push(at / 32);
    if (b.length > 0) after.push(at / 32);
  }
  return { before: pick(one, before), after: pick(other, after) };
}

function pick(leaves: Uint8Array, ordinals: readonly number[]): PlacedLeaves {
  const picked = new Uint8Array(32 * ordinals.length);
  for (const [i, ordinal] of ordinals.entries()) picked.set(leaves.subarray(32 * ordinal, 32 * ordinal + 32), 32 * i);
  return { ordinals, leaves: picked };
}
