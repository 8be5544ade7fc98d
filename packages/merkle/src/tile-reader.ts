/**
 * Reading an ordered tree from its tiles: to verify them against a tree head, and to prove from them. Tiles that were not
 * kept can be made on the fly: give a reader that computes them from the data.
 */

import { CompactRange, perfectSubtrees } from "./compact-range.js";
import {
  CONSISTENCY_PROOF_FORMAT,
  type ConsistencyProof,
  consistencyNodes,
  verifyConsistency,
} from "./consistency-proof.js";
import { VerificationError } from "./errors.js";
import { equalBytes, toHex } from "./hex.js";
import {
  checkIndex,
  type InclusionProof,
  inclusionProofOf,
  type ProveInclusionOptions,
  verifyInclusion,
} from "./inclusion-proof.js";
import { checkTreeHead, countHashes, emptyTreeRoot, nodeHash, type TreeHead } from "./ordered-tree.js";
import {
  checkRanges,
  type LeafRange,
  type ProveRangesOptions,
  type RangeProof,
  rangeProofOf,
  subtreesBeside,
  verifyRanges,
} from "./range-proof.js";
import { hashesAtLevel, parseTile, subtreeRoot, TILE_WIDTH, tileAt, tilePath } from "./tiles.js";

/** Gives the bytes of a tile by its path (`tile/…`); rejects if there is none. */
export type ReadTile = (path: string) => Promise<Uint8Array>;

export interface ReadTilesOptions {
  /** Stops between two tiles; its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface VerifyTilesOptions extends ReadTilesOptions {
  /** The lowest level that was kept. Default 0. */
  readonly fromLevel?: number;
  /**
   * Needed when `fromLevel` > 0 and the tree does not end at a complete subtree of that level: the hashes of the perfect
   * subtrees of the leaves behind the last one, as in a compact range (32 bytes each).
   */
  readonly tail?: Uint8Array;
}

/**
 * Reads all hashes of a level of tiles, 32 bytes each. Not verified.
 *
 * @param size Number of leaves of the tree.
 * @param level 2 gives the roots of the complete blocks of 65,536 leaves.
 * @throws VerificationError `malformed-tile`; and whatever `read` throws.
 */
export async function readTileLevel(
  read: ReadTile,
  size: number,
  level: number,
  options: ReadTilesOptions = {},
): Promise<Uint8Array> {
  const hashes = new Uint8Array(32 * hashesAtLevel(size, level));
  for await (const [at, tile] of tilesOfLevel(read, size, level, options.signal)) hashes.set(tile, 32 * at);
  return hashes;
}

/** The tiles of a level, each with the number of its first hash. */
async function* tilesOfLevel(
  read: ReadTile,
  size: number,
  level: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [at: number, tile: Uint8Array]> {
  const count = hashesAtLevel(size, level);
  for (let at = 0; at < count; at += TILE_WIDTH) {
    signal?.throwIfAborted();
    const address = tileAt(size, level, at / TILE_WIDTH);
    yield [at, parseTile(await read(tilePath(address)), address)];
  }
}

/**
 * Verifies all tiles of a tree, from a level upwards, against its head.
 *
 * @param head The trusted tree head.
 * @throws VerificationError `malformed-tile`, `root-mismatch`; and whatever `read` throws.
 * @throws RangeError if `tail` does not fit the size.
 */
export async function verifyTiles(read: ReadTile, head: TreeHead, options: VerifyTilesOptions = {}): Promise<void> {
  const { fromLevel = 0, tail = new Uint8Array(0), signal } = options;
  checkTreeHead("verifyTiles() head", head);
  const unit = TILE_WIDTH ** fromLevel;
  const tailLength = perfectSubtrees(0, head.size % unit).length;
  if (countHashes("verifyTiles() tail", tail) !== tailLength) {
    throw new RangeError(
      `verifyTiles() tail must hold ${tailLength} hashes for ${head.size} leaves from level ${fromLevel}`,
    );
  }
  const range = new CompactRange();
  let roots = new Uint8Array(32 * hashesAtLevel(head.size, fromLevel + 1));
  for await (const [at, tile] of tilesOfLevel(read, head.size, fromLevel, signal)) {
    range.appendMany(tile);
    if (tile.length === 32 * TILE_WIDTH) roots.set(subtreeRoot(tile, 0, TILE_WIDTH), (32 * at) / TILE_WIDTH);
  }
  const actual = foldRight([range.toData().hashes, tail]);
  if (!equalBytes(actual, head.root)) {
    throw mismatch(`Tiles of level ${fromLevel} have the root`, actual, head.root, { level: fromLevel });
  }
  // The lowest level is true now; each level above must be what follows from the one below.
  for (let level = fromLevel + 1; roots.length > 0; level++) {
    const above = new Uint8Array(32 * hashesAtLevel(head.size, level + 1));
    for await (const [at, tile] of tilesOfLevel(read, head.size, level, signal)) {
      const expected = roots.subarray(32 * at, 32 * at + tile.length);
      if (!equalBytes(tile, expected)) {
        const path = tilePath(tileAt(head.size, level, at / TILE_WIDTH));
        const slot = tile.findIndex((byte, i) => byte !== expected[i]) >> 5;
        const [found, due] = [tile.slice(32 * slot, 32 * slot + 32), expected.slice(32 * slot, 32 * slot + 32)];
        throw mismatch(`Hash ${slot} of the tile ${path} is`, found, due, { path, hash: slot });
      }
      if (tile.length === 32 * TILE_WIDTH) above.set(subtreeRoot(tile, 0, TILE_WIDTH), (32 * at) / TILE_WIDTH);
    }
    roots = above;
  }
}

function foldRight(parts: readonly Uint8Array[]): Uint8Array {
  let root: Uint8Array | undefined;
  for (const part of [...parts].reverse()) {
    for (let at = part.length - 32; at >= 0; at -= 32) {
      const hash = part.subarray(at, at + 32);
      root = root === undefined ? hash : nodeHash(hash, root);
    }
  }
  return root ?? emptyTreeRoot();
}

function mismatch(
  what: string,
  actual: Uint8Array,
  expected: Uint8Array,
  details: Readonly<Record<string, string | number>>,
): VerificationError {
  const [found, due] = [toHex(actual), toHex(expected)];
  return new VerificationError("root-mismatch", `${what} ${found}, expected ${due}.`, {
    details: { ...details, expected: due, actual: found },
  });
}

/**
 * Proves that leaf `index` is in a tree, reading only the tiles on its path. The proof is verified before it is returned.
 *
 * @param head The trusted tree head.
 * @throws RangeError if there is no such leaf.
 * @throws VerificationError `malformed-tile`, `root-mismatch` (a tile is not of this tree); and whatever `read` throws.
 */
export async function proveInclusionFromTiles(
  read: ReadTile,
  head: TreeHead,
  index: number,
  options: ProveInclusionOptions = {},
): Promise<InclusionProof> {
  checkTreeHead("proveInclusionFromTiles() head", head);
  checkIndex("proveInclusionFromTiles()", index, head.size);
  const nodes = new NodeReader(read, head.size);
  const path: string[] = [];
  let at = index;
  // `last` is the number of the last node of the level: the leaf's sibling may be there only in part, or not at all.
  for (let level = 0, last = head.size - 1; last > 0; level++, last = Math.floor(last / 2)) {
    const sibling = at % 2 === 1 ? at - 1 : at + 1;
    if (sibling <= last) path.push(toHex(await nodes.node(level, sibling)));
    at = Math.floor(at / 2);
  }
  const leaf = toHex(await nodes.node(0, index));
  const proof = inclusionProofOf({ index, leaf, path, size: head.size }, options);
  verifyInclusion(proof, head);
  return proof;
}

/**
 * Proves which leaves stand in ranges of a tree, reading only the tiles of the ranges and on their paths. The proof is
 * verified before it is returned.
 *
 * @param head The trusted tree head.
 * @param ranges As for `proveRanges`, and with the same proof.
 * @throws As `proveInclusionFromTiles`.
 */
export async function proveRangesFromTiles(
  read: ReadTile,
  head: TreeHead,
  ranges: readonly LeafRange[],
  options: ProveRangesOptions = {},
): Promise<RangeProof> {
  checkTreeHead("proveRangesFromTiles() head", head);
  checkRanges("proveRangesFromTiles()", ranges, head.size);
  const nodes = new NodeReader(read, head.size);
  const leaves: string[] = [];
  for (const [begin, end] of ranges) {
    for (let index = begin; index < end; index++) leaves.push(toHex(await nodes.node(0, index)));
  }
  const path: string[] = [];
  for (const [begin, end] of subtreesBeside(0, head.size, ranges)) {
    let level = 0;
    while (2 ** level < end - begin) level++;
    path.push(toHex(await nodes.node(level, begin / 2 ** level)));
  }
  const proof = rangeProofOf({ leaves, path, ranges, size: head.size }, options);
  verifyRanges(proof, head);
  return proof;
}

/**
 * Proves that the tree over the first `from` leaves is the beginning of a tree, reading only the tiles on the paths to its
 * end. The proof is verified before it is returned.
 *
 * @param head The trusted head of the later tree; `earlier` the one of the earlier tree.
 * @returns As `proveConsistency`, the same proof.
 * @throws RangeError if `earlier.size` is not 1 … `head.size`.
 * @throws VerificationError `malformed-tile`, `root-mismatch` (the earlier tree is no beginning of it, or a tile is not of this
 *   tree); and whatever `read` throws.
 */
export async function proveConsistencyFromTiles(
  read: ReadTile,
  head: TreeHead,
  earlier: TreeHead,
): Promise<ConsistencyProof> {
  checkTreeHead("proveConsistencyFromTiles() head", head);
  checkTreeHead("proveConsistencyFromTiles() earlier", earlier);
  const [from, to] = [earlier.size, head.size];
  if (from < 1 || from > to)
    throw new RangeError(`proveConsistencyFromTiles() earlier.size must be 1…${to}, not ${from}`);
  const nodes = new NodeReader(read, to);
  const path: string[] = [];
  for (const [level, index] of consistencyNodes(from, to)) path.push(toHex(await nodes.node(level, index)));
  const proof = { format: CONSISTENCY_PROOF_FORMAT, from, path, to } as const;
  verifyConsistency(proof, earlier, head);
  return proof;
}

/** Nodes of a tree by level and number, from tiles; each tile is read once. */
class NodeReader {
  readonly #read: ReadTile;
  readonly #size: number;
  readonly #tiles = new Map<string, Uint8Array>();

  constructor(read: ReadTile, size: number) {
    this.#read = read;
    this.#size = size;
  }

  async node(level: number, index: number): Promise<Uint8Array> {
    const width = 2 ** level;
    if ((index + 1) * width <= this.#size) return this.#storedNode(level, index);
    // Cut off by the end of the tree: its left half is there, and its right half perhaps not at all.
    const left = await this.node(level - 1, 2 * index);
    const hasRight = (2 * index + 1) * (width / 2) < this.#size;
    return hasRight ? nodeHash(left, await this.node(level - 1, 2 * index + 1)) : left;
  }

  async #storedNode(level: number, index: number): Promise<Uint8Array> {
    const tileLevel = Math.floor(level / 8);
    const width = 2 ** (level % 8);
    const at = index * width;
    const address = tileAt(this.#size, tileLevel, Math.floor(at / TILE_WIDTH));
    const path = tilePath(address);
    let tile = this.#tiles.get(path);
    if (tile === undefined) {
      tile = parseTile(await this.#read(path), address);
      this.#tiles.set(path, tile);
    }
    return subtreeRoot(tile, at % TILE_WIDTH, width);
  }
}
