/**
 * The manifest part of an Assay folder (DESIGN §3.3): what is written for a manifest, and reading it back with every byte
 * checked against the header. Other packages put their own files beside.
 *
 *     manifest.json                   the header
 *     files.jsonl                     the file entries, in tree order
 *     tiles/<records root>/tile/…     leaves and trees of the files (see `kept.ts`)
 *     set/…                           set tree pages
 *     set-tops/…                      what of them is wanted to change them later
 *     derivation/removed.jsonl        what was removed, with reasons
 *     derivation/update.json          the set update from the parent
 */

import { buildSetPages, type ReadTile, type SetTree, SourceError, tilesOf, VerificationError } from "@assay/merkle";
import { splitOfPath } from "@assay/records";
import { readBoundAsync } from "./bound.js";
import type { BuiltManifest } from "./build.js";
import { isSetPath } from "./earlier.js";
import type { FileEntry } from "./entry.js";
import type { FolderFile, FolderReader } from "./folder.js";
import type { ManifestHeader } from "./header.js";
import { manifestDigest } from "./header.js";
import {
  blockTilePaths,
  checkSet,
  defaultKeep,
  type Keep,
  keepsSet,
  keptTiles,
  pageReader,
  type ReadKeptOptions,
  readKeptBlocks,
  readKeptLeaves,
  readKeptSet,
  readLeavesOf,
  readPagedSet,
  setOfLeaves,
  tileReader,
} from "./kept.js";
import type { LineageSide } from "./lineage.js";
import { type ManifestSubjects, verifyEntries, verifyManifest } from "./verify.js";

export const MANIFEST_FILE = "manifest.json";
export const ENTRIES_FILE = "files.jsonl";
export const REMOVED_FILE = "derivation/removed.jsonl";
export const UPDATE_FILE = "derivation/update.json";

/** Largest manifest.json that is read: it stays below 1 MB for 1,000 columns. */
const MAX_MANIFEST_BYTES = 2 ** 26;

export interface ManifestFilesOptions {
  /** What is kept of the trees. Default `tiles` up to 10⁷ records, `blocks` above. */
  readonly keep?: Keep;
  /** `derivation/removed.jsonl`. */
  readonly removed?: Uint8Array;
  /** `derivation/update.json`. */
  readonly update?: Uint8Array;
}

/**
 * The files of a built manifest; `manifest.json` comes last, so that a folder that breaks off has none.
 *
 * @example
 * await writeFolder("train.assay", manifestFiles(built, { keep: "tiles" }));
 */
export function* manifestFiles(
  built: BuiltManifest,
  { keep = defaultKeep(built.header.set.records), removed, update }: ManifestFilesOptions = {},
): Generator<FolderFile> {
  const done = new Set<string>();
  for (const [i, { root }] of built.entries.entries()) {
    if (done.has(root)) continue;
    done.add(root);
    yield* keptTiles(root, built.leaves[i] as Uint8Array, keep);
  }
  if (keepsSet(keep)) for (const [path, bytes] of buildSetPages(built.set, { tops: true })) yield { path, bytes };
  if (removed !== undefined) yield { path: REMOVED_FILE, bytes: removed };
  if (update !== undefined) yield { path: UPDATE_FILE, bytes: update };
  yield { path: ENTRIES_FILE, bytes: built.entriesBytes };
  yield { path: MANIFEST_FILE, bytes: built.headerBytes };
}

/** Whether a file of a folder belongs to the manifest part. */
export function isManifestPath(path: string): boolean {
  return path === MANIFEST_FILE || path === ENTRIES_FILE || /^(?:tiles|set|set-tops|derivation)\//.test(path);
}

/** A manifest that was read from a folder, its entries checked against its header. */
export interface OpenedManifest extends LineageSide {
  readonly folder: FolderReader;
  readonly headerBytes: Uint8Array;
  readonly entries: readonly FileEntry[];
  readonly leavesOf: (path: string) => Promise<Uint8Array | undefined>;
  /** Roots of the blocks of 65,536 records of a file, checked; `undefined` when they were not kept. */
  readonly blocksOf: (entry: FileEntry) => Promise<Uint8Array | undefined>;
  /** Reads tiles of a records root; `not-kept` where there is none. For proofs. */
  readonly tilesOf: (root: string) => ReadTile;
  /** Reads a set page; `not-kept` where there is none. For proofs and comparisons. */
  readonly readPage: (path: string) => Promise<Uint8Array>;
}

/**
 * Opens a folder: reads and checks `manifest.json` and `files.jsonl`. Trees are read when they are asked for, so that
 * `proveRecord`, `proveLeaves` and `compareManifests` take the result as it is.
 *
 * @param subjects what is known about the manifest from a trusted statement, or from a child.
 * @throws SourceError `not-found` without `manifest.json`; VerificationError `file-missing` without `files.jsonl`, and the
 *   codes of {@link verifyManifest} and {@link verifyEntries}.
 * @example
 * const opened = await openManifest(await openFolderReader("train.assay"));
 */
export async function openManifest(
  folder: FolderReader,
  { signal, ...subjects }: ManifestSubjects & ReadKeptOptions = {},
): Promise<OpenedManifest> {
  const headerBytes = await folder.read(MANIFEST_FILE, { maxBytes: MAX_MANIFEST_BYTES });
  if (headerBytes === undefined) {
    throw new SourceError("not-found", `The folder has no ${MANIFEST_FILE}: it is no Assay folder`, {
      details: { path: MANIFEST_FILE },
    });
  }
  const header = verifyManifest(headerBytes, subjects);
  const entriesBytes = await folder.read(ENTRIES_FILE);
  if (entriesBytes === undefined) throw missing(ENTRIES_FILE);
  const entries = verifyEntries(header, entriesBytes);
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const options = signal === undefined ? {} : { signal };
  return {
    folder,
    header,
    headerBytes,
    manifest: manifestDigest(headerBytes),
    entries,
    leavesOf: async (path) => {
      const entry = byPath.get(path);
      return entry === undefined ? undefined : readKeptLeaves(folder, entry, options);
    },
    blocksOf: (entry) => readKeptBlocks(folder, entry, options),
    tilesOf: (root) => tileReader(folder, root),
    readPage: pageReader(folder),
  };
}

function missing(path: string): VerificationError {
  return new VerificationError("file-missing", `The folder has no ${path}`, { details: { path } });
}

/**
 * An opened manifest with its set, and with its splits where they follow from paths; each as far as it was kept.
 *
 * @throws VerificationError when what was kept does not match.
 */
export async function withKeptSets(opened: OpenedManifest, options: ReadKeptOptions = {}): Promise<OpenedManifest> {
  const { folder, header, entries } = opened;
  const set = await readKeptSet(folder, header, entries, options);
  const splits = await readKeptSplits(folder, header, entries, options);
  return { ...opened, ...(set === undefined ? {} : { set }), ...(splits === undefined ? {} : { splits }) };
}

async function readKeptSplits(
  folder: FolderReader,
  header: ManifestHeader,
  entries: readonly FileEntry[],
  options: ReadKeptOptions,
): Promise<Map<string, SetTree> | undefined> {
  const rule = header.reading.splits;
  if (rule === undefined || !("paths" in rule) || header.splits === undefined) return undefined;
  const splits = new Map<string, SetTree>();
  for (const [name, head] of Object.entries(header.splits)) {
    const files = entries.filter(({ path }) => splitOfPath(rule.paths, path) === name);
    const leaves = await readLeavesOf(folder, files, options);
    if (leaves === undefined) return undefined;
    splits.set(name, checkSet(setOfLeaves(leaves), head, name));
  }
  return splits;
}

/**
 * The list of removed records and the set update of a folder, as {@link verifyDerivation} takes them. Not verified here.
 */
export async function readDerivationFiles(
  folder: FolderReader,
): Promise<{ readonly removed?: Uint8Array; readonly update?: Uint8Array }> {
  const removed = await folder.read(REMOVED_FILE);
  const update = await folder.read(UPDATE_FILE);
  return { ...(removed === undefined ? {} : { removed }), ...(update === undefined ? {} : { update }) };
}

/** What a folder was found to hold. */
export interface KeptVerdict {
  /** Files whose leaves are all there and match. */
  readonly leaves: number;
  /** Files of which the blocks are there and match, and not the leaves. */
  readonly blocks: number;
  /** Whether the set was recomputed, from pages or leaves. */
  readonly set: "same" | "not-kept";
  /** Whether every split was recomputed. */
  readonly splits: "same" | "not-kept" | "none";
}

/**
 * Verifies everything that a folder keeps of the trees: each tile, each page, and that there is nothing besides.
 *
 * @throws VerificationError `records-root-mismatch`, `root-mismatch`, `malformed-tile`, `malformed-page`,
 *   `set-root-mismatch`, `split-root-mismatch`, `count-mismatch`; `file-missing` where only a part was kept;
 *   `file-unexpected` for a tile or page that belongs to nothing.
 */
export async function verifyKept(opened: OpenedManifest, options: ReadKeptOptions = {}): Promise<KeptVerdict> {
  const { folder, header, entries } = opened;
  const paths = await folder.list();
  const tiles = groupTiles(paths);
  let leaves = 0;
  let blocks = 0;
  for (const entry of new Map(entries.map((one) => [one.root, one])).values()) {
    const present = tiles.get(entry.root);
    tiles.delete(entry.root);
    if (present === undefined) continue;
    const kept = await readBoundAsync(() => verifyTilesOf(folder, entry, present, options));
    if (kept === "leaves") leaves++;
    else blocks++;
  }
  for (const [root, present] of tiles) throw unexpected(`tiles/${root}/${present.values().next().value}`);
  const pages = new Set(paths.filter(isSetPath));
  const reader: FolderReader = {
    ...folder,
    read: (path, limits) => {
      pages.delete(path);
      return folder.read(path, limits);
    },
  };
  const hasPages = paths.some((path) => path.startsWith("set/"));
  const set = await readBoundAsync(() =>
    hasPages ? readPagedSet(reader, header, { ...options, tops: true }) : readKeptSet(folder, header, entries, options),
  );
  if (hasPages && set === undefined) throw missing("set/…: some of its pages");
  for (const page of pages) throw unexpected(page);
  const splits = await readBoundAsync(() => readKeptSplits(folder, header, entries, options));
  return {
    leaves,
    blocks,
    set: set === undefined ? "not-kept" : "same",
    splits: header.splits === undefined ? "none" : splits === undefined ? "not-kept" : "same",
  };
}

function groupTiles(paths: readonly string[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const path of paths) {
    const match = /^tiles\/([^/]+)\/(.+)$/.exec(path);
    if (match === null) continue;
    const [, root, tile] = match as unknown as [string, string, string];
    const group = groups.get(root);
    if (group === undefined) groups.set(root, new Set([tile]));
    else group.add(tile);
  }
  return groups;
}

function unexpected(path: string): VerificationError {
  return new VerificationError("file-unexpected", `The folder has ${path}, which belongs to nothing in the manifest`, {
    details: { path },
  });
}

async function verifyTilesOf(
  folder: FolderReader,
  entry: FileEntry,
  present: ReadonlySet<string>,
  options: ReadKeptOptions,
): Promise<"leaves" | "blocks"> {
  const rest = new Set(present);
  const leaves = await readKeptLeaves(folder, entry, options);
  if (leaves === undefined) {
    const blocks = await readKeptBlocks(folder, entry, options);
    if (blocks === undefined) throw missing(`tiles/${entry.root}: some of its tiles`);
    for (const path of blockTilePaths(entry.records)) rest.delete(path);
  } else {
    for (const [path, bytes] of tilesOf(leaves)) {
      if (!rest.delete(path)) continue;
      const kept = await folder.read(`tiles/${entry.root}/${path}`);
      if (kept === undefined || !kept.every((byte, i) => byte === bytes[i]) || kept.length !== bytes.length) {
        throw new VerificationError(
          "root-mismatch",
          `The tile ${path} of ${entry.path} does not follow from its leaves`,
          {
            details: { path: `tiles/${entry.root}/${path}` },
          },
        );
      }
    }
  }
  for (const path of rest) throw unexpected(`tiles/${entry.root}/${path}`);
  return leaves === undefined ? "blocks" : "leaves";
}
