import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileKernel } from "../assembly/build.js";
import { SHA256_LANES } from "../src/generated/sha256-lanes.js";
import { toHex } from "../src/hex.js";
import { countLeaves } from "../src/multiset.js";
import { firstDifference, joinSubsetTops, setTop, stackedTop, subsetTops } from "../src/set-tree.js";
import { hashLevelWith } from "../src/sha256.js";
import { laneKernel, nodeKernel, portableKernel } from "../src/sha256-kernel.js";
import { LANES_LONGEST, SET_PIECE_KEYS } from "../src/sha256-lanes.js";

const lanes = laneKernel(portableKernel(), LANES_LONGEST);
const reference = portableKernel();

/** Bytes that look random and are the same each time. */
function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed;
  return new Uint8Array(length).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

test("the module is what its source becomes", { timeout: 60_000 }, async () => {
  expect(Buffer.from(await compileKernel()).toString("base64")).toBe(SHA256_LANES);
});

describe("the lanes", () => {
  test("hash records of every length to 1,100 as @noble/hashes does, in groups of any lengths", () => {
    const lengths = Array.from({ length: 1101 }, (_, i) => i);
    // In order, and so that neighbours differ in their number of blocks.
    for (const step of [1, 67, 500]) {
      const order = lengths.map((i) => lengths[(i * step) % 1101]!);
      const offsets = new Float64Array(order.length + 1);
      for (const [i, length] of order.entries()) offsets[i + 1] = offsets[i]! + length;
      const arena = bytesOf(offsets.at(-1)!, step);
      const out = new Uint8Array(32 * order.length);
      lanes.hashLeaves(arena, offsets, 0x04, out);
      for (let i = 0; i < order.length; i++) {
        const expected = nobleSha256(new Uint8Array([4, ...arena.subarray(offsets[i]!, offsets[i + 1]!)]));
        expect(toHex(out.subarray(32 * i, 32 * i + 32)), `length ${order[i]}`).toBe(toHex(expected));
      }
    }
  });

  test("hash arenas that are larger than their memory, with records that are too long among them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(200), fc.nat(2000), fc.constant(140_000)), { maxLength: 40 }),
        fc.nat(1000),
        (lengths, begin) => {
          const offsets = new Float64Array(lengths.length + 1).fill(begin);
          for (const [i, length] of lengths.entries()) offsets[i + 1] = offsets[i]! + length;
          const arena = bytesOf(offsets.at(-1)!, lengths.length);
          const out = new Uint8Array(32 * lengths.length);
          const expected = new Uint8Array(32 * lengths.length);
          lanes.hashLeaves(arena, offsets, 0, out);
          nodeKernel()!.hashLeaves(arena, offsets, 0, expected);
          expect(toHex(out)).toBe(toHex(expected));
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  test("hash levels of any width, also in place, and whole subtrees", () => {
    for (const count of [0, 1, 2, 3, 7, 8, 9, 15, 16, 100, 4095, 8193, 20_001]) {
      const nodes = bytesOf(32 * count, count + 1);
      const expected = hashLevelWith(reference, nodes, count);
      expect(toHex(hashLevelWith(lanes, nodes, count))).toBe(toHex(expected));
      const inPlace = nodes.slice();
      hashLevelWith(lanes, inPlace, count, inPlace);
      expect(toHex(inPlace.subarray(0, expected.length))).toBe(toHex(expected));
    }
    for (const [roots, levels] of [
      [1, 1],
      [5, 3],
      [33, 8],
      [3, 12],
    ] as const) {
      const nodes = bytesOf(32 * roots * 2 ** levels, levels);
      const [expected, actual] = [new Uint8Array(32 * roots), new Uint8Array(32 * roots)];
      reference.hashLevels(nodes, roots, levels, expected);
      lanes.hashLevels(nodes, roots, levels, actual);
      expect(toHex(actual)).toBe(toHex(expected));
    }
  });

  test("every last byte of a node has its second block", () => {
    const nodes = new Uint8Array(64 * 256);
    for (let i = 0; i < 256; i++) nodes[64 * i + 63] = i;
    expect(toHex(hashLevelWith(lanes, nodes, 512))).toBe(toHex(hashLevelWith(reference, nodes, 512)));
  });

  test("give the tops of sets of any size and shape, with any counts", () => {
    const largest = 2 * SET_PIECE_KEYS + 1;
    for (const size of [1, 2, 3, 4, 5, 6, 17, 100, 999, SET_PIECE_KEYS, SET_PIECE_KEYS + 1, largest]) {
      for (const prefix of [0, 12, 28]) {
        const leaves = bytesOf(32 * size, size);
        // Keys that agree in their first bytes part deep below.
        for (let i = 0; i < size; i++) leaves.fill(0xa5, 32 * i, 32 * i + prefix);
        const { keys, counts } = countLeaves(leaves);
        for (let i = 0; i < counts.length; i += 3) counts[i] = i % 2 === 0 ? 2 ** 53 - 1 : 2 ** 40 + i;
        const set = { keys, counts };
        expect(toHex(setTop(set, 0, counts.length)!)).toBe(toHex(stackedTop(reference, set, 0, counts.length)));
      }
    }
  });

  test("give the top of the deepest set that there is: each key parts one bit below the one before", () => {
    const keys = new Uint8Array(32 * 257);
    for (let i = 0; i < 257; i++) for (let bit = 0; bit < i; bit++) keys[32 * i + (bit >> 3)]! |= 0x80 >> (bit & 7);
    const set = { keys, counts: new Float64Array(257).fill(1) };
    expect(toHex(setTop(set, 0, 257)!)).toBe(toHex(stackedTop(reference, set, 0, 257)));
  });

  test("give the tops of subsets that are told apart by their first bits, and join them to the top of all", () => {
    for (const size of [1, 2, 5, 17, 1000, SET_PIECE_KEYS]) {
      const leaves = bytesOf(32 * size, size);
      // Some of them alone in their subset, some with many.
      for (let i = 0; i < size; i += 2) leaves.fill(0x5a, 32 * i, 32 * i + 3);
      const set = countLeaves(leaves);
      const n = set.counts.length;
      for (const limit of [0, 1, 8, 11, 24, 255]) {
        const begins = Array.from({ length: n }, (_, i) => i).filter(
          (i) => i === 0 || firstDifference(set.keys, 32 * (i - 1), set.keys, 32 * i) < limit,
        );
        const expected = begins.map((begin, i) => toHex(stackedTop(reference, set, begin, begins[i + 1] ?? n)));
        const tops = subsetTops(set, 0, n, limit);
        expect(toHex(tops)).toBe(expected.join(""));
        const keys = Buffer.concat(begins.map((begin) => set.keys.subarray(32 * begin, 32 * begin + 32)));
        expect(toHex(joinSubsetTops(keys, tops))).toBe(toHex(stackedTop(reference, set, 0, n)));
      }
    }
  });
});
