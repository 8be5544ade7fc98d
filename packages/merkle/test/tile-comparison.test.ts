import { describe, expect, test } from "vitest";
import { treeRoot } from "../src/ordered-tree.js";
import { compareTiles, prefixRootFromTiles, type TiledTree } from "../src/tile-comparison.js";
import { tilesOf } from "../src/tiles.js";
import { asyncCodeOf, seededLeaves } from "./vectors.js";

const leaves = seededLeaves("assay", 140_000);

interface Counted extends TiledTree {
  readonly paths: string[];
}

function tiled(hashes: Uint8Array, change?: (path: string, bytes: Uint8Array) => Uint8Array): Counted {
  const files = new Map(tilesOf(hashes));
  const paths: string[] = [];
  const read = async (path: string) => {
    paths.push(path);
    const bytes = files.get(path) as Uint8Array;
    return change === undefined ? bytes : change(path, bytes.slice());
  };
  return { read, head: { size: hashes.length / 32, root: treeRoot(hashes) }, paths };
}

/** Leaves with some replaced. */
function replaced(count: number, ordinals: readonly number[]): Uint8Array {
  const hashes = leaves.slice(0, 32 * count);
  for (const ordinal of ordinals) hashes[32 * ordinal]! ^= 1;
  return hashes;
}

describe("compareTiles()", () => {
  test("finds exactly the places that differ, at sizes around the tiles", async () => {
    for (const [size, ordinals] of [
      [0, []],
      [1, [0]],
      [255, [0, 254]],
      [256, [255]],
      [257, [0, 256]],
      [65_536, [7, 65_535]],
      [65_537, [65_536]],
      [70_001, [3, 300, 65_535, 65_536, 69_999, 70_000]],
      [140_000, [139_999]],
    ] as const) {
      const found = await compareTiles(tiled(leaves.slice(0, 32 * size)), tiled(replaced(size, ordinals)));
      expect(found?.first.ordinals, String(size)).toEqual(ordinals);
      expect(found?.second.ordinals).toEqual(ordinals);
      const of = (hashes: Uint8Array) => ordinals.flatMap((i) => [...hashes.subarray(32 * i, 32 * i + 32)]);
      expect([...found!.first.leaves]).toEqual(of(leaves));
      expect([...found!.second.leaves]).toEqual(of(replaced(size, ordinals)));
    }
  });

  test("gives what is behind the shorter tree to the longer one", async () => {
    for (const [one, other] of [
      [0, 3],
      [256, 300],
      [65_500, 65_600],
      [70_000, 70_001],
    ] as const) {
      const found = await compareTiles(tiled(leaves.slice(0, 32 * one)), tiled(leaves.slice(0, 32 * other)));
      expect(found?.first.ordinals).toEqual([]);
      expect(found?.second.ordinals).toEqual(Array.from({ length: other - one }, (_, i) => one + i));
    }
  });

  test("reads a few tiles for a small difference, and none of the leaves when too much differs", async () => {
    const [before, after] = [tiled(leaves), tiled(replaced(140_000, [5, 77_777]))];
    await compareTiles(before, after);
    // The edge (levels 2, 1, 0) and two paths of two tiles each.
    expect(after.paths.length).toBeLessThanOrEqual(7);
    const shifted = tiled(leaves.subarray(32));
    expect(await compareTiles(tiled(leaves), shifted, { maxLeaves: 10_000 })).toBeUndefined();
    expect(shifted.paths.filter((path) => path.startsWith("tile/0")).length).toBeLessThanOrEqual(1);
    expect((await compareTiles(tiled(leaves), tiled(leaves.subarray(32))))?.first.ordinals).toHaveLength(140_000);
  });

  test("uses no tile before it was checked against the head", async () => {
    const good = tiled(leaves);
    const after = replaced(140_000, [5]);
    for (const bad of ["tile/0/000", "tile/1/000", "tile/2/000.p/2", "tile/1/002.p/34", "tile/0/546.p/224"]) {
      const flipped = tiled(after, (path, bytes) => {
        if (path === bad) bytes[bytes.length - 1]! ^= 1;
        return bytes;
      });
      expect(await asyncCodeOf(() => compareTiles(good, flipped)), bad).toBe("root-mismatch");
      expect(flipped.paths).toContain(bad);
    }
    const short = tiled(after, (path, bytes) => (path === "tile/0/000" ? bytes.subarray(32) : bytes));
    expect(await asyncCodeOf(() => compareTiles(good, short))).toBe("malformed-tile");
  });
});

describe("prefixRootFromTiles()", () => {
  test("is the root of the first leaves, for sizes around the tiles", async () => {
    for (const size of [0, 1, 255, 256, 257, 1000, 65_535, 65_536, 65_537, 131_072, 139_999, 140_000])
      expect(await prefixRootFromTiles(tiled(leaves), size)).toEqual(treeRoot(leaves.subarray(0, 32 * size)));
    await expect(prefixRootFromTiles(tiled(leaves), 140_001)).rejects.toThrow(RangeError);
  });
});
