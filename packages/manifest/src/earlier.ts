/**
 * What a build takes over from the folder of an earlier run: entries of files that did not change, first records of files
 * that grew, and tiles and set pages as they are.
 *
 * Whatever is used is checked against the header of then. What is taken over as it is (tiles of records that nobody read
 * again, pages that no changed key is in) is not looked at, as its roots say what it must be: `verifyKept` looks.
 */

import {
  appendTiles,
  CompactRange,
  compareSets,
  countLeaves,
  fromHex,
  isAssayError,
  joinBytes,
  readTreeEdge,
  type SetChanges,
  SourceError,
  setPagePrefix,
  setTopsPath,
  type TreeEdge,
  toHex,
  updateSetPages,
} from "@assay/merkle";
import type { Kinds } from "@assay/records";
import type { FileEntry } from "./entry.js";
import type { FolderFile, FolderReader } from "./folder.js";
import type { ManifestHeader, SetTreeHead } from "./header.js";
import { HeldFiles } from "./held-files.js";
import { type Keep, keptTilePaths, pageReader, readKeptLeaves, tileReader } from "./kept.js";
import type { LeafSpace } from "./leaf-store.js";

/** A file whose records are known, all of them or the first. */
export interface EarlierFile {
  /** Its entry in the earlier manifest. */
  readonly entry: FileEntry;
  /** Column → kind, then. */
  readonly kinds: Kinds;
  /** Where it grew: the stored file as it is now. The source then has the records behind those of the entry alone. */
  readonly grown?: { readonly size: number; readonly bytes: string };
}

/** An earlier manifest, and what of it still holds. */
export interface EarlierRun {
  readonly folder: FolderReader;
  /** Paths of all files of the folder. */
  readonly paths: ReadonlySet<string>;
  readonly header: ManifestHeader;
  /** Files that are known, by path. */
  readonly files: ReadonlyMap<string, EarlierFile>;
  /** Entries whose records are in no known file: of files that are gone, or are others now. */
  readonly gone: readonly FileEntry[];
}

/** A file of a folder that is one of the earlier folder. */
export interface TakenOverFile {
  /** Path in the folder that is written. */
  readonly path: string;
  /** Path in the earlier folder. */
  readonly from: string;
}

/** Whether the earlier folder has the tiles of a tree that are to be kept. */
export function hasTiles({ paths }: EarlierRun, { root, records }: Pick<FileEntry, "root" | "records">, keep: Keep) {
  for (const path of keptTilePaths(records, keep)) if (!paths.has(`tiles/${root}/${path}`)) return false;
  return true;
}

/** Whether the earlier folder has the set tree. */
export function hasPages({ paths }: EarlierRun): boolean {
  return paths.has("set/root.page");
}

/** Whether it has the tops beside each index page too, without which the set tree is made anew. */
export function hasTops({ paths }: EarlierRun): boolean {
  for (const path of paths) {
    const prefix = setPagePrefix(path);
    if (prefix !== undefined && prefix !== "" && !paths.has(setTopsPath(prefix.slice(0, -1)))) return false;
  }
  return true;
}

/** Whether a path is one of the set tree: a page, or tops. */
export function isSetPath(path: string): boolean {
  return path.startsWith("set/") || path.startsWith("set-tops/");
}

/**
 * The leaves of an earlier entry, checked.
 *
 * @throws SourceError `not-kept`; as `readKeptLeaves`.
 */
export async function earlierLeaves({ folder }: EarlierRun, entry: FileEntry): Promise<Uint8Array> {
  const leaves = await readKeptLeaves(folder, entry);
  if (leaves !== undefined) return leaves;
  throw new SourceError("not-kept", `The earlier folder does not hold the leaves of ${entry.path}`, {
    details: { path: entry.path },
  });
}

/** The records tree of a file that grew. */
export class GrownTree {
  readonly #edge: TreeEdge | undefined;
  readonly #appended: Uint8Array[] = [];
  /** Of all its leaves. */
  readonly range: CompactRange;

  private constructor(edge: TreeEdge | undefined, range: CompactRange) {
    this.#edge = edge;
    this.range = range;
  }

  /** From the right edge of its tiles, or where these are not kept from its leaves. */
  static async open(run: EarlierRun, entry: FileEntry): Promise<GrownTree> {
    try {
      const head = { size: entry.records, root: fromHex(entry.root) };
      const edge = await readTreeEdge(tileReader(run.folder, entry.root), head);
      return new GrownTree(edge, edge.range);
    } catch (error) {
      if (!isAssayError(error) || error.code !== "not-kept") throw error;
      const range = new CompactRange();
      range.appendMany(await earlierLeaves(run, entry));
      return new GrownTree(undefined, range);
    }
  }

  append(leaves: Uint8Array): void {
    this.range.appendMany(leaves);
    this.#appended.push(leaves);
  }

  /** The tiles that are not those of before; `undefined` when that cannot be said. */
  tiles(): ReadonlyMap<string, Uint8Array> | undefined {
    return this.#edge === undefined ? undefined : new Map(appendTiles(this.#edge, joinBytes(this.#appended)));
  }
}

/** A set that differs a little from the earlier one. */
export interface UpdatedPages {
  readonly head: SetTreeHead;
  /** Pages of before that are gone or others. */
  readonly changed: ReadonlySet<string>;
  /** The pages that are others now. */
  readonly files: () => AsyncIterable<FolderFile>;
}

/**
 * Changes the earlier set: takes out what is gone, adds what is new.
 *
 * @param added leaves, 32 bytes each.
 * @param space where pages go while more than `maxBytes` of them wait to be written.
 * @throws VerificationError when a page that is read does not match.
 */
export async function updatePages(
  run: EarlierRun,
  added: readonly Uint8Array[],
  { space, maxBytes, signal }: { space: LeafSpace | undefined; maxBytes: number; signal: AbortSignal | undefined },
): Promise<UpdatedPages> {
  const changes = await changesOf(run, added);
  const { set } = run.header;
  const changed = new Set<string>();
  const held = new HeldFiles(space, maxBytes);
  const update = updateSetPages(pageReader(run.folder), fromHex(set.root), changes, {
    tops: true,
    ...(signal === undefined ? {} : { signal }),
  });
  let next = await update.next();
  for (; next.done !== true; next = await update.next()) {
    const [path, bytes] = next.value;
    changed.add(path);
    if (bytes !== undefined) await held.add(path, bytes);
  }
  const { root, distinct } = next.value;
  const records = changes.differences.reduce((sum, difference) => sum + difference, set.records);
  return {
    head: { distinct: set.distinct + distinct, records, root: toHex(root) },
    changed,
    files: () => held.files(),
  };
}

async function changesOf(run: EarlierRun, added: readonly Uint8Array[]): Promise<SetChanges> {
  const gone: Uint8Array[] = [];
  for (const entry of run.gone) gone.push(await earlierLeaves(run, entry));
  return compareSets(countLeaves(gone), countLeaves(added));
}
