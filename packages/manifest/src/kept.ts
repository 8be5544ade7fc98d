/**
 * What a folder keeps of the trees besides the manifest, and reading it back. Nothing that is read is used before it was
 * checked against the root that a verified manifest or entry says.
 *
 * | `keep` | `tiles/<records root>/tile/…` (C2SP tlog-tiles, height 8) | `set/…` |
 * |---|---|---|
 * | `tiles` | all levels | yes |
 * | `leaves` | level 0: the leaves | no: it follows from the leaves |
 * | `blocks` | level 2 and above, and of levels 0 and 1 the tile at the right edge, where no whole block of 65,536 is | yes |
 * | `none` | – | – |
 *
 * Tiles are named by the records root, so files with the same records share them.
 */

import {
  CompactRange,
  countLeaves,
  emptyMultiset,
  equalBytes,
  FormatError,
  fromHex,
  hashesAtLevel,
  MAX_SET_TOPS_BYTES,
  nodeHash,
  type ReadTile,
  readSetPages,
  readTileLevel,
  type SetTree,
  SourceError,
  setTreeOf,
  TILE_WIDTH,
  tileAt,
  tilePath,
  tilesOf,
  toHex,
  treeRoot,
  VerificationError,
  verifyTiles,
} from "@assay/merkle";
import { BLOCK_RECORDS } from "@assay/records";
import { readBoundAsync } from "./bound.js";
import type { FileEntry } from "./entry.js";
import type { FolderFile, FolderReader } from "./folder.js";
import type { ManifestHeader, SetTreeHead } from "./header.js";
import { headOf, isSameHead } from "./lineage.js";

export type Keep = "tiles" | "leaves" | "blocks" | "none";

/** Up to this many records all tiles are kept when nothing else is said; above, blocks. */
export const KEEP_TILES_RECORDS = 10_000_000;

/** Most leaves that are held at the same time: 4 GiB of them. */
const MAX_LEAVES = 2 ** 27;

/** Largest tile and largest set page, bytes. */
const MAX_TILE_BYTES = 32 * TILE_WIDTH;
const MAX_PAGE_BYTES = 11 + 31 + 40 * 4096;

/** What is kept when nothing is said. */
export function defaultKeep(records: number): Keep {
  return records <= KEEP_TILES_RECORDS ? "tiles" : "blocks";
}

/** Whether set pages are kept. */
export function keepsSet(keep: Keep): boolean {
  return keep === "tiles" || keep === "blocks";
}

/** The tiles of one file that are kept, below `tiles/<records root>/`. */
export function* keptTiles(root: string, leaves: Uint8Array, keep: Keep): Generator<FolderFile> {
  if (keep === "none") return;
  const file = ([path, bytes]: readonly [string, Uint8Array]): FolderFile => ({ path: `tiles/${root}/${path}`, bytes });
  if (keep === "tiles") for (const tile of tilesOf(leaves)) yield file(tile);
  if (keep === "leaves") for (const tile of tilesOf(leaves, { toLevel: 0 })) yield file(tile);
  if (keep === "blocks") {
    for (const tile of tilesOf(leaves, { fromLevel: 2 })) yield file(tile);
    const begin = leaves.length / 32 - ((leaves.length / 32) % BLOCK_RECORDS);
    for (const [path, bytes] of tilesOf(leaves.subarray(32 * begin), { begin, toLevel: 1 })) {
      if (path.includes(".p/")) yield file([path, bytes]);
    }
  }
}

/** The paths of the tiles of one file that `blocks` keeps, below `tiles/<records root>/`. */
export function* blockTilePaths(records: number): Generator<string> {
  for (let level = 0; hashesAtLevel(records, level) > 0; level++) {
    const hashes = hashesAtLevel(records, level);
    const tiles = Math.ceil(hashes / TILE_WIDTH);
    const first = level >= 2 ? 0 : hashes % TILE_WIDTH === 0 ? tiles : tiles - 1;
    for (let i = first; i < tiles; i++) yield tilePath(tileAt(records, level, i));
  }
}

/** The paths of the tiles of one file that are kept, below `tiles/<records root>/`. */
export function* keptTilePaths(records: number, keep: Keep): Generator<string> {
  if (keep === "none") return;
  if (keep === "blocks") {
    yield* blockTilePaths(records);
    return;
  }
  for (let level = 0; hashesAtLevel(records, level) > 0 && (level === 0 || keep === "tiles"); level++) {
    const tiles = Math.ceil(hashesAtLevel(records, level) / TILE_WIDTH);
    for (let i = 0; i < tiles; i++) yield tilePath(tileAt(records, level, i));
  }
}

/** Reads tiles of one file; `not-kept` where there is none. */
export function tileReader(folder: FolderReader, root: string): ReadTile {
  return (path) => readKept(folder, `tiles/${root}/${path}`, MAX_TILE_BYTES);
}

/** Reads set pages; `not-kept` where there is none. */
export function pageReader(folder: FolderReader): (path: string) => Promise<Uint8Array> {
  return (path) => readKept(folder, path, MAX_PAGE_BYTES);
}

async function readKept(folder: FolderReader, path: string, maxBytes: number): Promise<Uint8Array> {
  // Larger than any tile or page: it does not match its root.
  const bytes = await readBoundAsync(() => folder.read(path, { maxBytes }));
  if (bytes !== undefined) return bytes;
  throw new SourceError(
    "not-kept",
    `The folder does not hold ${path}. Give the data (--data), so that it is made again`,
    {
      details: { path },
    },
  );
}

export interface ReadKeptOptions {
  readonly signal?: AbortSignal;
}

/**
 * The leaves of a file in file order, from its tiles.
 *
 * @returns 32 bytes a record, checked against the entry; `undefined` when they were not kept.
 * @throws VerificationError `records-root-mismatch`, `malformed-tile`; FormatError `limit-exceeded`.
 */
export async function readKeptLeaves(
  folder: FolderReader,
  entry: Pick<FileEntry, "path" | "records" | "root">,
  { signal }: ReadKeptOptions = {},
): Promise<Uint8Array | undefined> {
  const { records, root } = entry;
  if (records === 0) return new Uint8Array(0);
  if (records > MAX_LEAVES) throw tooManyLeaves(records);
  const read = tileReader(folder, root);
  const leaves = await orNotKept(async () => {
    // The last tile first: an entry that claims many records costs no memory without their tiles.
    await read(tilePath(tileAt(records, 0, Math.ceil(records / TILE_WIDTH) - 1)));
    return readTileLevel(read, records, 0, signal === undefined ? {} : { signal });
  });
  if (leaves !== undefined && toHex(treeRoot(leaves)) !== root) throw tilesMismatch(entry, toHex(treeRoot(leaves)));
  return leaves;
}

function tooManyLeaves(records: number): FormatError {
  return new FormatError(
    "limit-exceeded",
    `${records} leaves are more than ${MAX_LEAVES}, the most that are held at once`,
    {
      details: { limit: "leaves", maximum: MAX_LEAVES, records },
    },
  );
}

function tilesMismatch({ path, root }: Pick<FileEntry, "path" | "root">, actual: string): VerificationError {
  return new VerificationError(
    "records-root-mismatch",
    `The kept tiles of ${path} have the root ${actual}, expected ${root}`,
    {
      details: { path, expected: root, actual },
    },
  );
}

/**
 * The roots of the blocks of 65,536 records of a file, the last one of what is left; from tiles of any `keep`.
 *
 * @returns 32 bytes a block, checked against the entry; `undefined` when they were not kept.
 * @throws VerificationError `records-root-mismatch`, `root-mismatch`, `malformed-tile`.
 */
export async function readKeptBlocks(
  folder: FolderReader,
  entry: Pick<FileEntry, "path" | "records" | "root">,
  { signal }: ReadKeptOptions = {},
): Promise<Uint8Array | undefined> {
  const { records, root } = entry;
  if (records > MAX_LEAVES * TILE_WIDTH) throw tooManyLeaves(records);
  const read = tileReader(folder, root);
  const options = signal === undefined ? {} : { signal };
  const kept = await orNotKept(async () => {
    const tail = await readTail(read, records);
    await verifyTiles(read, { size: records, root: fromHex(root) }, { fromLevel: 2, tail, ...options });
    return { blocks: await readTileLevel(read, records, 2, options), tail };
  });
  if (kept === undefined) {
    const leaves = await readKeptLeaves(folder, entry, options);
    return leaves === undefined ? undefined : blockRoots(leaves);
  }
  if (kept.tail.length === 0) return kept.blocks;
  let last = kept.tail.subarray(-32);
  for (let at = kept.tail.length - 64; at >= 0; at -= 32) last = nodeHash(kept.tail.subarray(at, at + 32), last);
  const roots = new Uint8Array(kept.blocks.length + 32);
  roots.set(kept.blocks);
  roots.set(last, kept.blocks.length);
  return roots;
}

/** The perfect subtrees behind the last whole block, largest first, from the tiles at the right edge of levels 1 and 0. */
async function readTail(read: ReadTile, records: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const level of [1, 0]) {
    const hashes = hashesAtLevel(records, level);
    const width = hashes % TILE_WIDTH;
    if (width === 0) continue;
    const tile = await read(tilePath(tileAt(records, level, Math.floor(hashes / TILE_WIDTH))));
    if (tile.length !== 32 * width) {
      throw new VerificationError(
        "malformed-tile",
        `The tile at the right edge of level ${level} has ${tile.length} bytes, expected ${32 * width}`,
      );
    }
    const range = new CompactRange();
    range.appendMany(tile);
    parts.push(range.toData().hashes);
  }
  const tail = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    tail.set(part, at);
    at += part.length;
  }
  return tail;
}

/** The roots of the blocks of 65,536 leaves; the last one of what is left. */
export function blockRoots(leaves: Uint8Array): Uint8Array {
  const blocks = Math.ceil(leaves.length / 32 / BLOCK_RECORDS);
  const roots = new Uint8Array(32 * blocks);
  for (let i = 0; i < blocks; i++) {
    roots.set(treeRoot(leaves.subarray(32 * BLOCK_RECORDS * i, 32 * BLOCK_RECORDS * (i + 1))), 32 * i);
  }
  return roots;
}

/**
 * The set of a data set: from its pages, or from the leaves of all files.
 *
 * @returns checked against the header; `undefined` when neither was kept.
 * @throws VerificationError `set-root-mismatch`, `count-mismatch`, `malformed-page`, `root-mismatch`, `count-out-of-range`.
 */
export async function readKeptSet(
  folder: FolderReader,
  header: Pick<ManifestHeader, "set">,
  entries: readonly FileEntry[],
  { signal }: ReadKeptOptions = {},
): Promise<SetTree | undefined> {
  const options = signal === undefined ? {} : { signal };
  const paged = await readPagedSet(folder, header, options);
  if (paged !== undefined) return paged;
  const leaves = await readLeavesOf(folder, entries, options);
  return leaves === undefined ? undefined : checkSet(setTreeOf(countLeaves(leaves)), header.set);
}

/**
 * The set from its pages, checked; `undefined` when one of them is not there.
 *
 * @param options.tops whether the tops beside index pages are checked too, those that are there. Default false.
 */
export async function readPagedSet(
  folder: FolderReader,
  header: Pick<ManifestHeader, "set">,
  { signal, tops = false }: ReadKeptOptions & { readonly tops?: boolean } = {},
): Promise<SetTree | undefined> {
  const root = fromHex(header.set.root);
  const onTops = async (path: string, expected: Uint8Array): Promise<void> => {
    const bytes = await folder.read(path, { maxBytes: MAX_SET_TOPS_BYTES });
    if (bytes === undefined || equalBytes(bytes, expected)) return;
    throw new VerificationError("root-mismatch", `The set tops ${path} do not follow from their pages`, {
      details: { path },
    });
  };
  const options = { ...(signal === undefined ? {} : { signal }), ...(tops ? { onTops } : {}) };
  const pages = await orNotKept(() => readSetPages(pageReader(folder), root, options));
  if (pages === undefined) return undefined;
  let records = 0;
  for (const count of pages.counts) records += count;
  return checkSet({ ...pages, root, distinct: pages.counts.length, records }, header.set);
}

/** Leaves of some files, checked each; `undefined` when one is not there. */
export async function readLeavesOf(
  folder: FolderReader,
  entries: readonly FileEntry[],
  options: ReadKeptOptions = {},
): Promise<Uint8Array[] | undefined> {
  const total = entries.reduce((records, entry) => records + entry.records, 0);
  if (total > MAX_LEAVES) throw tooManyLeaves(total);
  const all: Uint8Array[] = [];
  for (const entry of entries) {
    const leaves = await readKeptLeaves(folder, entry, options);
    if (leaves === undefined) return undefined;
    all.push(leaves);
  }
  return all;
}

/** The set over some leaves, nothing when there are none. */
export function setOfLeaves(leaves: readonly Uint8Array[]): SetTree {
  return setTreeOf(leaves.length === 0 ? emptyMultiset() : countLeaves(leaves));
}

/**
 * Compares a set with the head that a manifest states.
 *
 * @throws VerificationError `set-root-mismatch` or `split-root-mismatch`, `count-mismatch`.
 */
export function checkSet(set: SetTree, head: SetTreeHead, split?: string): SetTree {
  if (isSameHead(headOf(set), head)) return set;
  const what = split === undefined ? "The set" : `The split ${JSON.stringify(split)}`;
  const details = { expected: head, actual: headOf(set), ...(split === undefined ? {} : { split }) };
  if (!equalBytes(set.root, fromHex(head.root))) {
    const code = split === undefined ? "set-root-mismatch" : "split-root-mismatch";
    throw new VerificationError(code, `${what} has the root ${toHex(set.root)}, expected ${head.root}`, { details });
  }
  throw new VerificationError(
    "count-mismatch",
    `${what} has ${set.records} records, ${set.distinct} of them different; the manifest says ${head.records} and ${head.distinct}`,
    {
      details,
    },
  );
}

/** The result, or `undefined` when something that it needs was not kept. */
async function orNotKept<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === "not-kept") return undefined;
    throw error;
  }
}
