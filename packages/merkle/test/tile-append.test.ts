import { describe, expect, it } from "vitest";
import { treeRoot } from "../src/ordered-tree.js";
import { appendTiles, readTreeEdge } from "../src/tile-append.js";
import { tilesOf } from "../src/tiles.js";
import { asyncCodeOf, seededLeaves } from "./vectors.js";

const LEAVES = seededLeaves("append", 132_000);
const leavesOf = (size: number) => LEAVES.subarray(0, 32 * size);
const headOf = (size: number) => ({ size, root: treeRoot(leavesOf(size)) });

describe("appendTiles()", () => {
  it.each([
    [0, 0],
    [0, 1],
    [0, 700],
    [1, 1],
    [255, 256],
    [256, 256],
    [256, 257],
    [300, 511],
    [65_535, 65_536],
    [65_536, 65_537],
    [65_791, 66_000],
    [65_000, 131_072],
    [131_071, 132_000],
  ])("gives, with the tiles of %i leaves, those of %i", async (before, after) => {
    const old = new Map(tilesOf(leavesOf(before)));
    const read: string[] = [];
    const reader = async (path: string) => {
      read.push(path);
      return old.get(path) as Uint8Array;
    };
    const edge = await readTreeEdge(reader, headOf(before));
    expect(read.every((path) => path.includes(".p/"))).toBe(true);
    expect(read.length).toBeLessThanOrEqual(3);
    const added = leavesOf(after).subarray(32 * before);
    const made = new Map(appendTiles(edge, added));
    const expected = new Map(tilesOf(leavesOf(after)));
    for (const path of made.keys()) expect(expected.has(path), path).toBe(true);
    for (const [path, bytes] of expected)
      expect(Buffer.compare(bytes, made.get(path) ?? (old.get(path) as Uint8Array)), path).toBe(0);
    edge.range.appendMany(added);
    expect(edge.range.root()).toEqual(headOf(after).root);
  });
});

describe("readTreeEdge()", () => {
  it("refuses tiles of another tree, and tiles of another width", async () => {
    const old = new Map(tilesOf(leavesOf(66_000)));
    const read = async (path: string) => old.get(path) as Uint8Array;
    const other = { size: 66_000, root: headOf(65_999).root };
    expect(await asyncCodeOf(() => readTreeEdge(read, other))).toBe("root-mismatch");
    const short = async (path: string) => (await read(path)).subarray(32);
    expect(await asyncCodeOf(() => readTreeEdge(short, headOf(66_000)))).toBe("malformed-tile");
  });
});
