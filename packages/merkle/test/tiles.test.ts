import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CompactRange } from "../src/compact-range.js";
import { proveConsistency } from "../src/consistency-proof.js";
import { equalBytes } from "../src/hex.js";
import { proveInclusion } from "../src/inclusion-proof.js";
import { treeRoot } from "../src/ordered-tree.js";
import { proveConsistencyFromTiles, proveInclusionFromTiles, readTileLevel, verifyTiles } from "../src/tile-reader.js";
import { hashesAtLevel, parseTile, parseTilePath, tileAt, tilePath, tilesOf } from "../src/tiles.js";
import { asyncCodeOf, codeOf, seededLeaves } from "./vectors.js";

const leaves = seededLeaves("assay", 3000);

function folderOf(hashes: Uint8Array) {
  const files = new Map(tilesOf(hashes));
  const opened: string[] = [];
  const read = async (path: string) => {
    opened.push(path);
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`no tile ${path}`);
    return bytes;
  };
  return { files, opened, read, head: { size: hashes.length / 32, root: treeRoot(hashes) } };
}

/** 2¹⁶ + 300 leaves: three levels of tiles. */
const large = seededLeaves("large", 65_836);

describe("layout", () => {
  test("tilePath() writes C2SP paths and parseTilePath() takes no others", () => {
    const addresses = [
      ["tile/0/000", 0, 0, 256],
      ["tile/0/x001/x234/067", 0, 1234067, 256],
      ["tile/3/x123/999.p/255", 3, 123999, 255],
      ["tile/6/000.p/1", 6, 0, 1],
    ] as const;
    for (const [path, level, index, width] of addresses) {
      expect(tilePath({ level, index, width })).toBe(path);
      expect(parseTilePath(path)).toEqual({ level, index, width });
    }
    for (const path of [
      "tile/0/0",
      "tile/00/000",
      "tile/7/000",
      "tile/0/x000/001",
      "tile/0/001/002",
      "tile/0/000.p/256",
      "tile/0/000.p/0",
      "tile/0/000.p/01",
      "tile/0/../000",
      "tile/0/000/",
    ]) {
      expect(parseTilePath(path)).toBeUndefined();
    }
    expect(() => tilePath({ level: 7, index: 0, width: 1 })).toThrow(RangeError);
    expect(() => tilePath({ level: 0, index: 0, width: 257 })).toThrow(RangeError);
  });

  test("tilesOf() makes exactly the tiles of a size, each of the width its path says", () => {
    for (const size of [0, 1, 255, 256, 257, 512, 3000]) {
      const { files } = folderOf(leaves.subarray(0, 32 * size));
      const expected: string[] = [];
      for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
        const tiles = Math.ceil(hashesAtLevel(size, level) / 256);
        for (let index = 0; index < tiles; index++) expected.push(tilePath(tileAt(size, level, index)));
      }
      expect([...files.keys()]).toEqual(expected);
      for (const [path, bytes] of files) expect(bytes.length).toBe(32 * parseTilePath(path)!.width);
    }
    expect([...folderOf(large).files.keys()].slice(-3)).toEqual(["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"]);
  });

  test("a hash of a higher tile is the root of the tile below it", () => {
    const { files } = folderOf(leaves);
    for (let index = 0; index < 11; index++) {
      const below = files.get(tilePath({ level: 0, index, width: 256 }))!;
      expect(files.get("tile/1/000.p/11")!.subarray(32 * index, 32 * index + 32)).toEqual(treeRoot(below));
    }
  });

  test("tilesOf() in parts gives the tiles of the whole", () => {
    const blockRoots = treeRoot(large.subarray(0, 32 * 65_536));
    const parts = new Map([
      ...tilesOf(large.subarray(0, 32 * 65_536), { toLevel: 1 }),
      ...tilesOf(large.subarray(32 * 65_536), { begin: 65_536, toLevel: 1 }),
      ...tilesOf(blockRoots, { inputLevel: 2 }),
    ]);
    const { files } = folderOf(large);
    expect([...parts.keys()].sort()).toEqual([...files.keys()].sort());
    for (const [path, bytes] of files) expect(equalBytes(parts.get(path)!, bytes)).toBe(true);
    expect(() => [...tilesOf(large, { begin: 256, toLevel: 1 })]).toThrow(RangeError);
    expect(() => [...tilesOf(large, { begin: 65_536 })]).toThrow(RangeError);
  });

  test("parseTile() refuses a tile of another width", () => {
    const address = { level: 0, index: 0, width: 3 };
    expect(parseTile(leaves.subarray(0, 96), address).length).toBe(96);
    for (const length of [0, 64, 95, 97, 128]) {
      expect(codeOf(() => parseTile(leaves.subarray(0, length), address))).toBe("malformed-tile");
    }
  });

  test("tileAt() refuses a tile that the tree does not have", () => {
    expect(tileAt(257, 0, 1)).toEqual({ level: 0, index: 1, width: 1 });
    expect(() => tileAt(256, 0, 1)).toThrow(RangeError);
    expect(() => tileAt(255, 1, 0)).toThrow(RangeError);
  });
});

describe("verifyTiles()", () => {
  test("accepts the tiles of any size", async () => {
    for (const size of [0, 1, 2, 255, 256, 257, 700, 3000]) {
      const { read, head } = folderOf(leaves.subarray(0, 32 * size));
      await verifyTiles(read, head);
    }
    const { read, head } = folderOf(large);
    await verifyTiles(read, head);
  });

  test("accepts the upper levels alone, with the hashes of the tail", async () => {
    const { read, head, opened } = folderOf(large);
    const tail = new CompactRange();
    tail.appendMany(large.subarray(32 * 65_536));
    await verifyTiles(read, head, { fromLevel: 2, tail: tail.toData().hashes });
    expect(opened).toEqual(["tile/2/000.p/1"]);
    expect(await readTileLevel(read, head.size, 2)).toEqual(treeRoot(large.subarray(0, 32 * 65_536)));
    await expect(verifyTiles(read, head, { fromLevel: 2 })).rejects.toThrow(RangeError);
    const wrong = tail.toData().hashes.fill(7);
    expect(await asyncCodeOf(() => verifyTiles(read, head, { fromLevel: 2, tail: wrong }))).toBe("root-mismatch");
  });

  test("refuses one bit changed in any tile, another head and a tile of another width", async () => {
    const { read, head, files } = folderOf(leaves);
    for (const [path, bytes] of [...files]) {
      const altered = bytes.slice();
      altered[17] = altered[17]! ^ 4;
      files.set(path, altered);
      expect(await asyncCodeOf(() => verifyTiles(read, head))).toBe("root-mismatch");
      files.set(path, bytes.slice(32));
      expect(await asyncCodeOf(() => verifyTiles(read, head))).toBe("malformed-tile");
      files.set(path, bytes);
    }
    await verifyTiles(read, head);
    expect(await asyncCodeOf(() => verifyTiles(read, { ...head, root: leaves.subarray(0, 32) }))).toBe("root-mismatch");
  });
});

describe("proveInclusionFromTiles()", () => {
  test("gives the proof of proveInclusion() for any size and leaf", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), fc.nat(), async (size, choice) => {
        const part = leaves.subarray(0, 32 * size);
        const { read, head } = folderOf(part);
        const index = choice % size;
        expect(await proveInclusionFromTiles(read, head, index, { tree: "dataset" })).toEqual(
          proveInclusion(part, index, { tree: "dataset" }),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("reads few tiles, also where the tree ends in pieces", async () => {
    const { read, head, opened } = folderOf(large);
    for (const index of [0, 65_535, 65_536, 65_835]) {
      opened.length = 0;
      expect(await proveInclusionFromTiles(read, head, index)).toEqual(proveInclusion(large, index));
      expect(opened.length).toBeLessThanOrEqual(5);
    }
  });

  test("refuses tiles of another tree, and a leaf that is not there", async () => {
    const { read } = folderOf(leaves);
    const head = { size: 3000, root: leaves.subarray(0, 32) };
    expect(await asyncCodeOf(() => proveInclusionFromTiles(read, head, 5))).toBe("root-mismatch");
    await expect(proveInclusionFromTiles(read, head, 3000)).rejects.toThrow(RangeError);
  });
});

describe("proveConsistencyFromTiles()", () => {
  test("gives the proof of the leaves, for every pair of sizes and across levels of tiles", async () => {
    const headOf = (all: Uint8Array, size: number) => ({ size, root: treeRoot(all.subarray(0, 32 * size)) });
    const compare = async (all: Uint8Array, from: number, to: number) => {
      const { read, head } = folderOf(all.subarray(0, 32 * to));
      const expected = proveConsistency(all.subarray(0, 32 * to), from);
      expect(await proveConsistencyFromTiles(read, head, headOf(all, from))).toEqual(expected);
    };
    for (let to = 1; to <= 20; to++) for (let from = 1; from <= to; from++) await compare(leaves, from, to);
    for (const from of [1, 255, 256, 257, 2048, 2999, 3000]) await compare(leaves, from, 3000);
    for (const from of [256, 65_535, 65_536, 65_537, 65_800]) await compare(large, from, 65_836);
  });

  test("reads a few tiles, and proves nothing of a tree that is no beginning", async () => {
    const { read, head, opened } = folderOf(large);
    await proveConsistencyFromTiles(read, head, { size: 40_000, root: treeRoot(large.subarray(0, 32 * 40_000)) });
    expect(new Set(opened).size).toBeLessThanOrEqual(5);
    const other = { size: 40_000, root: treeRoot(large.subarray(32, 32 * 40_001)) };
    expect(await asyncCodeOf(() => proveConsistencyFromTiles(read, head, other))).toBe("root-mismatch");
    await expect(proveConsistencyFromTiles(read, head, { size: 0, root: head.root })).rejects.toThrow(RangeError);
  });
});
