/** The files of a stored manifest: those of `manifestFiles`, made a block of leaves and a set page at a time. */

import { streamSetPages, tilesOf, treeRoot } from "@assay/merkle";
import { BLOCK_RECORDS } from "@assay/records";
import type { StoredManifest } from "./build-stored.js";
import type { FolderFile } from "./folder.js";
import { defaultKeep, type Keep, keepsSet } from "./kept.js";
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
  const done = new Set<string>();
  if (keep !== "none") {
    for (const [file, { root, records }] of stored.entries.entries()) {
      if (done.has(root)) continue;
      done.add(root);
      const read = (begin: number, end: number) => stored.readLeaves(file, begin, end);
      yield* tilesOfBlocks(root, records, read, keep, signal);
    }
  }
  if (keepsSet(keep)) {
    const pieces = stored.sortedSet(signal === undefined ? {} : { signal });
    for await (const [path, bytes] of streamSetPages(pieces)) yield { path, bytes };
  }
  yield { path: ENTRIES_FILE, bytes: stored.entriesBytes };
  yield { path: MANIFEST_FILE, bytes: stored.headerBytes };
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
