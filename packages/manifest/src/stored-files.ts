/** The files of a stored manifest: those of `manifestFiles`, made a block of leaves and a set page at a time. */

import { streamKeyPages, streamSetPages, tilesOf, treeRoot } from "@assay/merkle";
import { BLOCK_RECORDS } from "@assay/records";
import type { StoredManifest } from "./build-stored.js";
import { hasTiles, isSetPath, type TakenOverFile } from "./earlier.js";
import type { FileEntry } from "./entry.js";
import type { FolderFile } from "./folder.js";
import { defaultKeep, type Keep, keepsSet, keptTilePaths } from "./kept.js";
import { ENTRIES_FILE, MANIFEST_FILE } from "./manifest-folder.js";

export interface StoredManifestFilesOptions {
  /** What is kept of the trees. Default `tiles` up to 10⁷ records, `blocks` above. */
  readonly keep?: Keep;
  readonly signal?: AbortSignal;
}

/**
 * The files of a manifest that was built with `buildStoredManifest`; `manifest.json` comes last. Holds one block of 65,536
 * leaves and 32 bytes for each block of a file.
 *
 * @example
 * await writeFolder("train.assay", storedManifestFiles(stored, { keep: "tiles" }));
 */
export async function* storedManifestFiles(
  stored: StoredManifest,
  { keep = defaultKeep(stored.header.set.records), signal }: StoredManifestFilesOptions = {},
): AsyncGenerator<FolderFile> {
  for (const [file, tree] of keptTrees(stored, keep)) {
    if (tree.made === "taken over") continue;
    const { root, records } = stored.entries[file] as FileEntry;
    if (tree.made !== "anew") {
      for (const [path, bytes] of tree.made) yield { path: `tiles/${root}/${path}`, bytes };
      continue;
    }
    const read = (begin: number, end: number) => stored.readLeaves(file, begin, end);
    if (keep !== "none") yield* tilesOfBlocks(root, records, read, keep, signal);
  }
  if (keepsSet(keep) && stored.updated !== undefined) yield* stored.updated.files();
  else if (keepsSet(keep)) {
    const pieces = stored.sortedSet(signal === undefined ? {} : { signal });
    const made = stored.setFiles === undefined ? streamSetPages(pieces, { tops: true }) : streamKeyPages(pieces);
    for await (const [path, bytes] of made) yield { path, bytes };
    if (stored.setFiles !== undefined) yield* stored.setFiles();
  }
  yield { path: ENTRIES_FILE, bytes: stored.entriesBytes };
  yield { path: MANIFEST_FILE, bytes: stored.headerBytes };
}

/**
 * Files of the earlier folder that belong to the manifest as they are: with those of {@link storedManifestFiles} all of its
 * files. None where the manifest was built without an earlier run.
 */
export function* takenOverFiles(
  stored: StoredManifest,
  { keep = defaultKeep(stored.header.set.records) }: Pick<StoredManifestFilesOptions, "keep"> = {},
): Generator<TakenOverFile> {
  for (const [file, { from, made }] of keptTrees(stored, keep)) {
    const { root, records } = stored.entries[file] as FileEntry;
    if (made === "anew") continue;
    for (const path of keptTilePaths(records, keep)) {
      if (made === "taken over" || !made.has(path))
        yield { path: `tiles/${root}/${path}`, from: `tiles/${from}/${path}` };
    }
  }
  const { updated, earlier } = stored;
  if (!keepsSet(keep) || updated === undefined || earlier === undefined) return;
  for (const path of earlier.paths) if (isSetPath(path) && !updated.changed.has(path)) yield { path, from: path };
}

interface KeptTree {
  /** Root of the earlier tree. */
  readonly from: string;
  /** Its tiles: all from leaves, some, or none. */
  readonly made: "anew" | "taken over" | ReadonlyMap<string, Uint8Array>;
}

/** How the tiles of each records root come about, by the ordinal of the first file that has it. */
function keptTrees(stored: StoredManifest, keep: Keep): Map<number, KeptTree> {
  const trees = new Map<number, KeptTree>();
  if (keep === "none") return trees;
  const done = new Set<string>();
  for (const [file, { path, root }] of stored.entries.entries()) {
    if (done.has(root)) continue;
    done.add(root);
    const from = stored.earlier?.files.get(path)?.entry.root ?? root;
    trees.set(file, { from, made: tilesMade(stored, file, keep) });
  }
  return trees;
}

function tilesMade({ entries, earlier, grown }: StoredManifest, file: number, keep: Keep): KeptTree["made"] {
  const { path, records } = entries[file] as FileEntry;
  const known = earlier?.files.get(path);
  if (earlier === undefined || known === undefined) return "anew";
  if (known.grown === undefined) return hasTiles(earlier, known.entry, keep) ? "taken over" : "anew";
  const expected = [...keptTilePaths(records, keep)];
  const made = grown.get(path)?.tiles();
  const isThere = (tile: string) => made?.has(tile) === true || earlier.paths.has(`tiles/${known.entry.root}/${tile}`);
  return made !== undefined && expected.every(isThere)
    ? new Map(expected.flatMap((tile) => (made.has(tile) ? [[tile, made.get(tile) as Uint8Array]] : [])))
    : "anew";
}

/** The tiles of one file that are kept: levels 0 and 1 of each block, then what is above from the blocks' roots. */
async function* tilesOfBlocks(
  root: string,
  records: number,
  read: (begin: number, end: number) => Promise<Uint8Array>,
  keep: Exclude<Keep, "none">,
  signal: AbortSignal | undefined,
): AsyncGenerator<FolderFile> {
  const blocks = new Uint8Array(32 * Math.floor(records / BLOCK_RECORDS));
  for (let begin = 0; begin < records; begin += BLOCK_RECORDS) {
    signal?.throwIfAborted();
    const end = Math.min(records, begin + BLOCK_RECORDS);
    const leaves = await read(begin, end);
    const isWhole = end - begin === BLOCK_RECORDS;
    const at = (32 * begin) / BLOCK_RECORDS;
    if (isWhole && keep === "blocks") {
      blocks.set(treeRoot(leaves), at);
      continue;
    }
    let top = leaves;
    for (const [path, bytes] of tilesOf(leaves, { begin, toLevel: keep === "leaves" ? 0 : 1 })) {
      if (keep !== "blocks" || path.includes(".p/")) yield { path: `tiles/${root}/${path}`, bytes };
      top = bytes;
    }
    // The last tile of a whole block is the one of level 1, with the 256 hashes below its root.
    if (isWhole && keep === "tiles") blocks.set(treeRoot(top), at);
  }
  if (keep === "leaves") return;
  for (const [path, bytes] of tilesOf(blocks, { inputLevel: 2 })) yield { path: `tiles/${root}/${path}`, bytes };
}
