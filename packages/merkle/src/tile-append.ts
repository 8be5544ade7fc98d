/**
 * Growing an ordered tree that is kept as tiles. Full tiles never change; of the others only those at the right edge are
 * read, one a level, so appending costs the new leaves and not those that are there.
 */

import { CompactRange } from "./compact-range.js";
import { VerificationError } from "./errors.js";
import { equalBytes, toHex } from "./hex.js";
import { checkTreeHead, countHashes, type TreeHead } from "./ordered-tree.js";
import { sha256Kernel } from "./sha256-kernel.js";
import type { ReadTile, ReadTilesOptions } from "./tile-reader.js";
import { hashesAtLevel, parseTile, TILE_WIDTH, type TileFile, tileAt, tilePath } from "./tiles.js";

/** The right edge of a tree: all that is needed to append to it. */
export interface TreeEdge {
  /** Number of leaves. */
  readonly size: number;
  /** For each level of tiles the hashes of its last tile, 32 bytes each; nothing where that tile is full. */
  readonly tiles: readonly Uint8Array[];
  /** The compact range of all leaves. */
  readonly range: CompactRange;
}

/**
 * Reads the right edge of a tree from its tiles.
 *
 * @param head The trusted tree head.
 * @throws VerificationError `malformed-tile`, `root-mismatch`; and whatever `read` throws.
 */
export async function readTreeEdge(
  read: ReadTile,
  head: TreeHead,
  { signal }: ReadTilesOptions = {},
): Promise<TreeEdge> {
  checkTreeHead("readTreeEdge() head", head);
  const { size } = head;
  const tiles: Uint8Array[] = [];
  for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
    signal?.throwIfAborted();
    const hashes = hashesAtLevel(size, level);
    if (hashes % TILE_WIDTH === 0) {
      tiles.push(new Uint8Array(0));
      continue;
    }
    const address = tileAt(size, level, Math.floor(hashes / TILE_WIDTH));
    tiles.push(parseTile(await read(tilePath(address)), address));
  }
  const range = rangeOfEdge(size, tiles);
  const actual = range.root();
  if (!equalBytes(actual, head.root)) {
    const [found, expected] = [toHex(actual), toHex(head.root)];
    throw new VerificationError(
      "root-mismatch",
      `The tiles at the right edge have the root ${found}, expected ${expected}.`,
      { details: { expected, actual: found } },
    );
  }
  return { size, tiles, range };
}

/** The perfect subtrees of a tile stand for those of the tree, 256^level times as wide. */
function rangeOfEdge(size: number, tiles: readonly Uint8Array[]): CompactRange {
  const parts = [...tiles].reverse().map((tile) => {
    const range = new CompactRange();
    range.appendMany(tile);
    return range.toData().hashes;
  });
  const hashes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    hashes.set(part, at);
    at += part.length;
  }
  return CompactRange.fromData({ begin: 0, end: size, hashes });
}

/**
 * The tiles that appended leaves change or add, level by level upwards. All other tiles of the tree are those of before.
 *
 * @param leaves 32 bytes a leaf.
 * @example
 * for (const [path, bytes] of appendTiles(await readTreeEdge(read, head), leaves)) await write(path, bytes);
 */
export function* appendTiles(edge: TreeEdge, leaves: Uint8Array): Generator<TileFile, void> {
  countHashes("appendTiles() leaves", leaves);
  let fresh = leaves;
  for (let level = 0; fresh.length > 0; level++) {
    const before = hashesAtLevel(edge.size, level);
    const last = edge.tiles[level] ?? new Uint8Array(0);
    const nodes = new Uint8Array(last.length + fresh.length);
    nodes.set(last);
    nodes.set(fresh, last.length);
    const count = nodes.length / 32;
    const first = Math.floor(before / TILE_WIDTH);
    for (let at = 0; at < count; at += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, count - at);
      const path = tilePath({ level, index: first + at / TILE_WIDTH, width });
      yield [path, nodes.subarray(32 * at, 32 * (at + width))];
    }
    const full = Math.floor(count / TILE_WIDTH);
    fresh = new Uint8Array(32 * full);
    sha256Kernel().hashLevels(nodes, full, Math.log2(TILE_WIDTH), fresh);
  }
}
