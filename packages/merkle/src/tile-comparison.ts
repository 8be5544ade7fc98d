/**
 * Comparing ordered trees by their tiles: equal hashes are equal subtrees, so only tiles above places that differ are
 * read. Records that were inserted or dropped shift all that follow them; then much differs, and a limit says so before
 * the leaves are read.
 *
 * Every tile is checked against the tile above it, and those at the right edge against the trusted head, before anything
 * in it is used.
 */

import { CompactRange } from "./compact-range.js";
import { VerificationError } from "./errors.js";
import { equalBytes, toHex } from "./hex.js";
import { checkTreeHead, emptyTreeRoot, nodeHash, type TreeHead } from "./ordered-tree.js";
import type { ReadTile, ReadTilesOptions } from "./tile-reader.js";
import { hashesAtLevel, parseTile, subtreeRoot, TILE_WIDTH, tileAt, tilePath } from "./tiles.js";

/** An ordered tree that is kept as tiles. */
export interface TiledTree {
  readonly read: ReadTile;
  /** The trusted tree head. */
  readonly head: TreeHead;
}

export interface CompareTilesOptions extends ReadTilesOptions {
  /** How many leaves of each tree to read at most; rounded up to tiles of 256. Default 2²⁰. */
  readonly maxLeaves?: number;
}

/** Leaves with their places, ascending. */
export interface PlacedLeaves {
  readonly ordinals: readonly number[];
  /** 32 bytes each. */
  readonly leaves: Uint8Array;
}

/** What stands at the places where two trees differ; places behind the end of one are the other's only. */
export interface TreeDifference {
  readonly first: PlacedLeaves;
  readonly second: PlacedLeaves;
}

const TOP_LEVEL = 6;

/**
 * Finds the places where two trees hold different leaves.
 *
 * @returns `undefined` when more than `maxLeaves` would have to be read.
 * @throws VerificationError `malformed-tile`, `root-mismatch`; and whatever the readers throw.
 */
export async function compareTiles(
  first: TiledTree,
  second: TiledTree,
  { maxLeaves = 2 ** 20, signal }: CompareTilesOptions = {},
): Promise<TreeDifference | undefined> {
  const [a, b] = [new VerifiedTiles(first, signal), new VerifiedTiles(second, signal)];
  const shared = Math.min(first.head.size, second.head.size);
  const longer = Math.max(first.head.size, second.head.size);
  if (longer - shared > maxLeaves) return undefined;
  const maxTiles = Math.ceil(maxLeaves / TILE_WIDTH);
  let differing: number[] = [];
  for (let level = TOP_LEVEL; level >= 0; level--) {
    if (differing.length > maxTiles) return undefined;
    const next: number[] = [];
    for (const index of differing) {
      const begin = TILE_WIDTH * index;
      compareHashes(await a.tile(level, index), await b.tile(level, index), begin, begin + TILE_WIDTH, next);
    }
    const [begin, end] = restAt(shared, level);
    if (begin < end) {
      const index = begin / TILE_WIDTH;
      compareHashes(await a.tile(level, index), await b.tile(level, index), begin, end, next);
    }
    differing = next;
  }
  const behind = (size: number) => Array.from({ length: size - shared }, (_, i) => shared + i);
  return {
    first: await a.leavesAt([...differing, ...behind(first.head.size)]),
    second: await b.leavesAt([...differing, ...behind(second.head.size)]),
  };
}

/**
 * The root over the first `size` leaves of a tree, from the tiles at their right edge: whether an earlier tree is the
 * beginning of this one.
 *
 * @throws RangeError if the tree has fewer leaves; VerificationError as `compareTiles`.
 */
export async function prefixRootFromTiles(
  tree: TiledTree,
  size: number,
  { signal }: ReadTilesOptions = {},
): Promise<Uint8Array> {
  if (!Number.isSafeInteger(size) || size < 0 || size > tree.head.size)
    throw new RangeError(`prefixRootFromTiles() size must be 0…${tree.head.size}, not ${size}`);
  const tiles = new VerifiedTiles(tree, signal);
  return foldEdge(size, async (level, index) => tiles.hash(level, index));
}

/** Collects the numbers of hashes begin … end, all in one tile, that two tiles do not share. */
function compareHashes(a: Uint8Array, b: Uint8Array, begin: number, end: number, differing: number[]): void {
  for (let index = begin; index < end; index++) {
    const at = 32 * (index % TILE_WIDTH);
    for (let k = at; k < at + 32; k++) {
      if (a[k] === b[k]) continue;
      differing.push(index);
      break;
    }
  }
}

/** The hashes of a level that no hash above covers: those of the last, partial tile of a tree of `size` leaves. */
function restAt(size: number, level: number): readonly [begin: number, end: number] {
  const begin = level === TOP_LEVEL ? 0 : TILE_WIDTH * hashesAtLevel(size, level + 1);
  return [begin, hashesAtLevel(size, level)];
}

/** A tree is the hashes of its right edge, level by level from the top: folded from the right they are its root. */
async function foldEdge(
  size: number,
  hashAt: (level: number, index: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  let root: Uint8Array | undefined;
  for (let level = 0; level <= TOP_LEVEL; level++) {
    const range = new CompactRange();
    const [begin, end] = restAt(size, level);
    for (let index = begin; index < end; index++) range.append(await hashAt(level, index));
    const { hashes } = range.toData();
    for (let at = hashes.length - 32; at >= 0; at -= 32) {
      const hash = hashes.subarray(at, at + 32);
      root = root === undefined ? hash : nodeHash(hash, root);
    }
  }
  return root ?? emptyTreeRoot();
}

/** Tiles of a tree, each checked before it is used, and read once. */
class VerifiedTiles {
  readonly #tree: TiledTree;
  readonly #signal: AbortSignal | undefined;
  readonly #tiles = new Map<string, Uint8Array>();
  #hasEdge = false;

  constructor(tree: TiledTree, signal: AbortSignal | undefined) {
    checkTreeHead("head", tree.head);
    this.#tree = tree;
    this.#signal = signal;
  }

  async hash(level: number, index: number): Promise<Uint8Array> {
    const tile = await this.tile(level, Math.floor(index / TILE_WIDTH));
    const at = 32 * (index % TILE_WIDTH);
    return tile.subarray(at, at + 32);
  }

  async leavesAt(ordinals: readonly number[]): Promise<PlacedLeaves> {
    const leaves = new Uint8Array(32 * ordinals.length);
    let tile: Uint8Array = leaves;
    let number = -1;
    for (const [i, ordinal] of ordinals.entries()) {
      if (Math.floor(ordinal / TILE_WIDTH) !== number) {
        number = Math.floor(ordinal / TILE_WIDTH);
        tile = await this.tile(0, number);
      }
      const at = 32 * (ordinal % TILE_WIDTH);
      leaves.set(tile.subarray(at, at + 32), 32 * i);
    }
    return { ordinals, leaves };
  }

  /** A tile, which is true once it is given. */
  async tile(level: number, index: number): Promise<Uint8Array> {
    if (!this.#hasEdge) await this.#readEdge();
    const kept = this.#tiles.get(`${level}/${index}`);
    if (kept !== undefined) return kept;
    // Not at the edge, so it is full, and the hash above it is that of all its hashes.
    const tile = await this.#read(level, index);
    const [actual, expected] = [subtreeRoot(tile, 0, TILE_WIDTH), await this.hash(level + 1, index)];
    if (!equalBytes(actual, expected)) {
      const path = tilePath(tileAt(this.#tree.head.size, level, index));
      throw mismatch(`The tile ${path} has the root`, actual, expected, { path });
    }
    this.#tiles.set(`${level}/${index}`, tile);
    return tile;
  }

  async #read(level: number, index: number): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    const address = tileAt(this.#tree.head.size, level, index);
    return parseTile(await this.#tree.read(tilePath(address)), address);
  }

  async #readEdge(): Promise<void> {
    const { size, root } = this.#tree.head;
    const edge = new Map<string, Uint8Array>();
    const actual = await foldEdge(size, async (level, index) => {
      const number = Math.floor(index / TILE_WIDTH);
      const name = `${level}/${number}`;
      const tile = edge.get(name) ?? (await this.#read(level, number));
      edge.set(name, tile);
      const at = 32 * (index % TILE_WIDTH);
      return tile.subarray(at, at + 32);
    });
    if (!equalBytes(actual, root)) throw mismatch("The tiles at the right edge have the root", actual, root, {});
    for (const [name, tile] of edge) this.#tiles.set(name, tile);
    this.#hasEdge = true;
  }
}

function mismatch(
  what: string,
  actual: Uint8Array,
  expected: Uint8Array,
  details: Readonly<Record<string, string>>,
): VerificationError {
  const [found, due] = [toHex(actual), toHex(expected)];
  return new VerificationError("root-mismatch", `${what} ${found}, expected ${due}.`, {
    details: { ...details, expected: due, actual: found },
  });
}
