/**
 * Tiles: an ordered tree as small files, in the layout of C2SP tlog-tiles with tiles of height 8. A full tile holds the
 * 256 hashes that stand side by side at a level of the tree that is a multiple of 8; the last tile of a level may hold
 * fewer, and says so in its path. Only perfect subtrees are stored, so what was written never changes.
 */

import { VerificationError } from "./errors.js";
import { countHashes } from "./ordered-tree.js";
import { hashLevel } from "./sha256.js";
import { sha256Kernel } from "./sha256-kernel.js";

/** Hashes in a full tile. */
export const TILE_WIDTH = 256;

/** The highest level of tiles below 2⁵³ leaves. */
const TOP_LEVEL = 6;

/** Where a tile stands. */
export interface TileAddress {
  /** Level of the tile: its hashes are roots of perfect subtrees of 256^level leaves. 0 to 6. */
  readonly level: number;
  /** Number of the tile in its level, from 0. */
  readonly index: number;
  /** Number of hashes, 1 to 256; fewer than 256 in the last tile of a level only. */
  readonly width: number;
}

/** A tile file: its path below the tree's folder, and its bytes. */
export type TileFile = readonly [path: string, bytes: Uint8Array];

/**
 * The path of a tile, as C2SP tlog-tiles has it.
 *
 * @example
 * tilePath({ level: 0, index: 1234067, width: 256 }); // "tile/0/x001/x234/067"
 * tilePath({ level: 1, index: 0, width: 3 }); // "tile/1/000.p/3"
 */
export function tilePath(address: TileAddress): string {
  const { level, index, width } = address;
  if (!isInteger(level, 0, TOP_LEVEL)) throw new RangeError(`tilePath() level must be 0…${TOP_LEVEL}, not ${level}`);
  if (!isInteger(index, 0, Number.MAX_SAFE_INTEGER)) throw new RangeError(`tilePath() index is ${index}`);
  if (!isInteger(width, 1, TILE_WIDTH)) throw new RangeError(`tilePath() width must be 1…256, not ${width}`);
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift((groups.length === 0 ? "" : "x") + String(rest % 1000).padStart(3, "0"));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  return `tile/${level}/${groups.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** The address of a tile with this path, or undefined if it is no path of a tile: the inverse of `tilePath`. */
export function parseTilePath(path: string): TileAddress | undefined {
  const match = /^tile\/([0-6])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  if (match === null) return undefined;
  const index = Number(match[2]!.replace(/[x/]/g, ""));
  const address = { level: Number(match[1]), index, width: match[3] === undefined ? TILE_WIDTH : Number(match[3]) };
  if (!Number.isSafeInteger(index) || address.width > TILE_WIDTH) return undefined;
  // Leading groups of zeros and a full tile written as a partial one are other spellings of a path.
  return tilePath(address) === path ? address : undefined;
}

function isInteger(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** How many hashes a level of tiles holds for a tree of `size` leaves: its complete subtrees of 256^level leaves. */
export function hashesAtLevel(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/**
 * The tile number `index` of a level, for a tree of `size` leaves.
 *
 * @throws RangeError if the tree has no such tile.
 */
export function tileAt(size: number, level: number, index: number): TileAddress {
  const width = Math.min(TILE_WIDTH, hashesAtLevel(size, level) - TILE_WIDTH * index);
  if (!isInteger(level, 0, TOP_LEVEL) || !isInteger(index, 0, Number.MAX_SAFE_INTEGER) || !(width >= 1)) {
    throw new RangeError(`tileAt(): a tree of ${size} leaves has no tile ${index} at level ${level}`);
  }
  return { level, index, width };
}

export interface TilesOptions {
  /** The level of the hashes that are given: 0 (default) leaf hashes, 2 roots of complete blocks of 65,536 leaves. */
  readonly inputLevel?: number;
  /** Number of the first hash that is given, at `inputLevel`. Default 0. For a tree that is built in parts. */
  readonly begin?: number;
  /** The lowest level of tiles to make. Default `inputLevel`. */
  readonly fromLevel?: number;
  /** The highest level of tiles to make. Default: all there are. A part that begins behind 0 must say it. */
  readonly toLevel?: number;
}

/**
 * Makes the tiles of an ordered tree, level by level upwards.
 *
 * A tree can be made in parts: `tilesOf(leaves, { begin: 65536 * k, toLevel: 1 })` for each block of 65,536 leaves and
 * `tilesOf(blockRoots, { inputLevel: 2 })` over the roots of complete blocks give the tiles of the whole.
 *
 * @param hashes 32 bytes each. Tiles of the lowest level are views of them.
 * @throws RangeError if a part does not begin where its highest tile begins.
 * @example
 * for (const [path, bytes] of tilesOf(leafHashes)) await write(path, bytes);
 */
export function* tilesOf(hashes: Uint8Array, options: TilesOptions = {}): Generator<TileFile, void> {
  const { inputLevel = 0, begin = 0, fromLevel = inputLevel, toLevel = TOP_LEVEL } = options;
  for (const [name, level] of Object.entries({ inputLevel, fromLevel, toLevel })) {
    if (!isInteger(level, 0, TOP_LEVEL)) throw new RangeError(`tilesOf() ${name} must be 0…${TOP_LEVEL}, not ${level}`);
  }
  if (fromLevel < inputLevel) throw new RangeError("tilesOf() fromLevel must not be below inputLevel");
  const unit = TILE_WIDTH ** (toLevel - inputLevel + 1);
  if (!isInteger(begin, 0, Number.MAX_SAFE_INTEGER) || begin % unit !== 0) {
    throw new RangeError(
      `tilesOf() begin must be a multiple of ${unit} for tiles up to level ${toLevel}, not ${begin}`,
    );
  }
  let nodes = hashes;
  let count = countHashes("tilesOf() hashes", hashes);
  let first = begin;
  for (let level = inputLevel; level <= toLevel && count > 0; level++) {
    if (level >= fromLevel) {
      for (let at = 0; at < count; at += TILE_WIDTH) {
        const width = Math.min(TILE_WIDTH, count - at);
        const address = { level, index: (first + at) / TILE_WIDTH, width };
        yield [tilePath(address), nodes.subarray(32 * at, 32 * (at + width))];
      }
    }
    count = Math.floor(count / TILE_WIDTH);
    first /= TILE_WIDTH;
    nodes = tileRoots(nodes, count);
  }
}

/** The roots of the first `count` full tiles. */
function tileRoots(nodes: Uint8Array, count: number): Uint8Array {
  const roots = new Uint8Array(32 * count);
  sha256Kernel().hashLevels(nodes, count, Math.log2(TILE_WIDTH), roots);
  return roots;
}

/** The root of the perfect subtree over `width` hashes of a tile, a power of two, from number `from`. */
export function subtreeRoot(tile: Uint8Array, from: number, width: number): Uint8Array {
  let nodes: Uint8Array = tile.slice(32 * from, 32 * (from + width));
  for (let count = width; count > 1; count /= 2) nodes = hashLevel(nodes, count, nodes);
  return nodes.slice(0, 32);
}

/**
 * Reads a tile strictly: it has exactly the hashes that its address says.
 *
 * @throws VerificationError `malformed-tile`.
 */
export function parseTile(bytes: Uint8Array, address: TileAddress): Uint8Array {
  if (bytes.length === 32 * address.width) return bytes;
  const path = tilePath(address);
  throw new VerificationError(
    "malformed-tile",
    `The tile ${path} has ${bytes.length} bytes; ${address.width} hashes take ${32 * address.width}.`,
    { details: { path, expected: 32 * address.width, actual: bytes.length } },
  );
}
