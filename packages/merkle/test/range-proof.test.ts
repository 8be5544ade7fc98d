import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../src/hex.js";
import { proveInclusion } from "../src/inclusion-proof.js";
import { treeRoot } from "../src/ordered-tree.js";
import { formatProof, parseProof, parseProofFile } from "../src/proof-file.js";
import type { UnreadProof } from "../src/proof-form.js";
import { type LeafRange, proveRanges, type RangeProof, rangesOf, verifyRanges } from "../src/range-proof.js";
import { proveRangesFromTiles } from "../src/tile-reader.js";
import { tilesOf } from "../src/tiles.js";
import { codeOf, seededLeaves } from "./vectors.js";

const leaves = seededLeaves("assay", 700);
const head = (size: number) => ({ size, root: treeRoot(leaves.subarray(0, 32 * size)) });
const prove = (size: number, ranges: readonly LeafRange[]) => proveRanges(leaves.subarray(0, 32 * size), ranges);

/** Ranges of a tree from one bit for each leaf. */
const placesOf = (size: number, bits: number): number[] =>
  Array.from({ length: size }, (_, i) => i).filter((i) => ((bits >> i) & 1) === 1);

/** The fewest hashes that give the root besides the asked leaves, by the definition of the tree and nothing else. */
function fewest(begin: number, end: number, asked: ReadonlySet<number>): number {
  const inside = Array.from({ length: end - begin }, (_, i) => asked.has(begin + i));
  if (inside.every((is) => is)) return 0;
  if (!inside.some((is) => is)) return 1;
  let left = 1;
  while (2 * left < end - begin) left *= 2;
  return fewest(begin, begin + left, asked) + fewest(begin + left, end, asked);
}

describe("verifyRanges()", () => {
  test("accepts what proveRanges() makes of every choice of leaves of every tree to 9, with the fewest hashes", () => {
    for (let size = 1; size <= 9; size++) {
      for (let bits = 1; bits < 2 ** size; bits++) {
        const places = placesOf(size, bits);
        const proof = prove(size, rangesOf(places));
        const verified = verifyRanges(proof, head(size));
        expect(proof.leaves).toEqual(places.map((i) => toHex(leaves.subarray(32 * i, 32 * i + 32))));
        expect(verified.leaves.length).toBe(32 * places.length);
        expect(proof.path.length).toBe(fewest(0, size, new Set(places)));
      }
    }
  });

  test("shows one leaf with the hashes of its inclusion proof, and all leaves with none", () => {
    const one = prove(100, [[34, 35]]);
    const inclusion = proveInclusion(leaves.subarray(0, 3200), 34);
    expect([...one.path].sort()).toEqual([...inclusion.path].sort());
    expect(prove(700, [[0, 700]]).path).toEqual([]);
  });

  test("shares nodes: 100 records in a row take fewer hashes than one record alone takes twice", () => {
    expect(prove(700, [[300, 400]]).path.length).toBeLessThanOrEqual(2 * 10);
  });

  test("gives the same proof from tiles", async () => {
    for (const size of [1, 2, 255, 256, 257, 600, 700]) {
      const tiles = new Map(tilesOf(leaves.subarray(0, 32 * size)));
      const read = async (path: string) => tiles.get(path) as Uint8Array;
      for (const ranges of [
        [[0, 1]],
        [[size - 1, size]],
        [[0, size]],
        rangesOf([0, size >> 1, size - 1]),
      ] as LeafRange[][]) {
        expect(await proveRangesFromTiles(read, head(size), ranges)).toEqual(prove(size, ranges));
      }
    }
  });

  test("takes places and leaves that are asked, and refuses others", () => {
    const proof = prove(20, [
      [3, 5],
      [9, 10],
    ]);
    const asked = Uint8Array.from([...leaves.subarray(96, 160), ...leaves.subarray(288, 320)]);
    const ranges: LeafRange[] = [
      [3, 5],
      [9, 10],
    ];
    expect(verifyRanges(proof, head(20), { leaves: asked, ranges, tree: "records" }).ranges).toEqual(ranges);
    const refused = (options: Parameters<typeof verifyRanges>[2]) =>
      codeOf(() => verifyRanges(proof, head(20), options));
    expect(refused({ leaves: asked.subarray(0, 64) })).toBe("leaf-mismatch");
    expect(refused({ leaves: leaves.subarray(0, 96) })).toBe("leaf-mismatch");
    expect(refused({ ranges: [[3, 5]] })).toBe("leaf-mismatch");
    expect(
      refused({
        ranges: [
          [3, 5],
          [9, 11],
        ],
      }),
    ).toBe("leaf-mismatch");
    expect(refused({ tree: "dataset" })).toBe("malformed-proof");
  });

  const good = prove(20, [
    [3, 5],
    [9, 10],
  ]);
  const altered: readonly (readonly [string, Partial<Record<keyof RangeProof, unknown>>, string])[] = [
    ["another format", { format: "assay-range-proof/v2" }, "unknown-format"],
    ["another size", { size: 21 }, "size-mismatch"],
    ["another tree", { tree: "set" }, "malformed-proof"],
    ["no ranges", { ranges: [] }, "malformed-proof"],
    [
      "an empty range",
      {
        ranges: [
          [3, 5],
          [9, 9],
        ],
      },
      "malformed-proof",
    ],
    [
      "ranges that touch",
      {
        ranges: [
          [3, 4],
          [4, 5],
          [9, 10],
        ],
      },
      "malformed-proof",
    ],
    [
      "ranges that overlap",
      {
        ranges: [
          [3, 5],
          [4, 5],
        ],
      },
      "malformed-proof",
    ],
    [
      "ranges that descend",
      {
        ranges: [
          [9, 10],
          [3, 5],
        ],
      },
      "malformed-proof",
    ],
    [
      "a range from -1",
      {
        ranges: [
          [-1, 1],
          [9, 10],
        ],
      },
      "malformed-proof",
    ],
    [
      "a range of halves",
      {
        ranges: [
          [3.5, 5.5],
          [9, 10],
        ],
      },
      "malformed-proof",
    ],
    ["fewer leaves than places", { leaves: good.leaves.slice(1) }, "malformed-proof"],
    ["a leaf in capitals", { leaves: good.leaves.map((leaf) => leaf.toUpperCase()) }, "malformed-proof"],
    ["leaves swapped", { leaves: [...good.leaves].reverse() }, "root-mismatch"],
    [
      "other places, as many",
      {
        ranges: [
          [3, 5],
          [11, 12],
        ],
      },
      "root-mismatch",
    ],
    [
      "a place behind the end",
      {
        ranges: [
          [3, 5],
          [20, 21],
        ],
      },
      "index-out-of-range",
    ],
    ["a hash too few", { path: good.path.slice(1) }, "proof-length"],
    ["a hash too many", { path: [...good.path, good.path[0]] }, "proof-length"],
    ["hashes swapped", { path: [...good.path].reverse() }, "root-mismatch"],
    ["an unknown field", { root: "" } as never, "malformed-proof"],
  ];
  test.each(altered)("refuses %s", (_, change, error) => {
    expect(codeOf(() => verifyRanges({ ...good, ...change } as unknown as UnreadProof, head(20)))).toBe(error);
  });

  test("refuses every single-bit flip of a proof file", () => {
    const bytes = formatProof(good);
    expect(parseProof(bytes)).toEqual(good);
    for (let i = 0; i < 8 * bytes.length; i++) {
      const flipped = bytes.slice();
      flipped[i >> 3]! ^= 1 << (i & 7);
      expect(
        codeOf(() => verifyRanges(parseProofFile(flipped), head(20))),
        `bit ${i}`,
      ).toBeTypeOf("string");
    }
  });

  test("refuses a true proof against every other root and size", () => {
    for (let size = 1; size <= 40; size++) {
      if (size !== 20) expect(codeOf(() => verifyRanges(good, head(size)))).toBe("size-mismatch");
      expect(codeOf(() => verifyRanges(good, { ...head(size), size: 20 }))).toBe(
        size === 20 ? undefined : "root-mismatch",
      );
    }
  });

  test("counts beyond 32 bits and bounds its work by the proof, not by what it claims", () => {
    const size = 2 ** 53 - 1;
    const claim = { ...good, size, ranges: [[size - 3, size]] } as unknown as UnreadProof;
    expect(codeOf(() => verifyRanges(claim, { size, root: new Uint8Array(32) }))).toBe("proof-length");
    const wide = { ...good, size, ranges: [[0, size]] } as unknown as UnreadProof;
    expect(codeOf(() => verifyRanges(wide, { size, root: new Uint8Array(32) }))).toBe("malformed-proof");
  });
});

describe("rangesOf()", () => {
  test("joins what touches and keeps each place once", () => {
    expect(rangesOf([7, 3, 4, 4])).toEqual([
      [3, 5],
      [7, 8],
    ]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60), { minLength: 1 }), (places) => {
        const listed = rangesOf(places).flatMap(([begin, end]) =>
          Array.from({ length: end - begin }, (_, i) => begin + i),
        );
        expect(listed).toEqual([...places].sort((a, b) => a - b));
      }),
    );
  });

  test.each([[[]], [[[2, 2]]], [[[0, 21]]]])("proveRanges() refuses %j as a mistake of the caller", (ranges) => {
    expect(() => prove(20, ranges as unknown as LeafRange[])).toThrow(RangeError);
  });
});
