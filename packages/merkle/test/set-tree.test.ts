import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../src/hex.js";
import { applyChanges, compareSets, countLeaves, countOf, isSubset, type Multiset, sumSets } from "../src/multiset.js";
import {
  buildSet,
  combineSetRanges,
  emptySetRoot,
  partingOf,
  SetRootBuilder,
  setLeafHash,
  setNodeHash,
  setTop,
  setTreeOf,
} from "../src/set-tree.js";
import { sha256 } from "../src/sha256.js";
import { anyCounts, anyMultiset, type Counts, multisetOf } from "./arbitrary-sets.js";
import { referenceSetRoot } from "./reference-set-tree.js";
import { codeOf, readVectors, seededLeaves } from "./vectors.js";

interface SetVector {
  readonly name: string;
  readonly entries?: readonly (readonly [string, number])[];
  readonly rule?: { readonly seed: string; readonly n: number; readonly countModulus: number };
  readonly root?: string;
  readonly error?: string;
}

const vectors = readVectors<{ valid: SetVector[]; invalid: SetVector[] }>("set-tree");

function countsOf(vector: SetVector): Counts {
  if (vector.entries !== undefined) return new Map(vector.entries);
  const { seed, n, countModulus } = vector.rule!;
  const leaves = seededLeaves(seed, n);
  return new Map(
    Array.from({ length: n }, (_, i) => [toHex(leaves.subarray(32 * i, 32 * i + 32)), 1 + (i % countModulus)]),
  );
}

/** Each key as often as it counts, in the order of the map. */
function leavesOf(counts: Counts): Uint8Array {
  const leaves = [...counts].flatMap(([key, count]) => Array.from({ length: count }, () => fromHex(key)));
  const packed = new Uint8Array(32 * leaves.length);
  for (let i = 0; i < leaves.length; i++) packed.set(leaves[i]!, 32 * i);
  return packed;
}

describe("vectors", () => {
  test.each(vectors.valid)("setTreeOf() and buildSet() give the root of: $name", (vector) => {
    const counts = countsOf(vector);
    const tree = setTreeOf(multisetOf(counts));
    expect(toHex(tree.root)).toBe(vector.root);
    expect(tree.distinct).toBe(counts.size);
    expect(toHex(buildSet(leavesOf(counts)).root)).toBe(vector.root);
    expect(referenceSetRoot(counts)).toBe(vector.root);
  });

  test.each(vectors.invalid)("setTreeOf() refuses: $name", (vector) => {
    expect(codeOf(() => setTreeOf(multisetOf(countsOf(vector))))).toBe(vector.error);
  });
});

describe("roots", () => {
  test("setTreeOf() and buildSet() are the literal trie at every size to 300", () => {
    const all = seededLeaves("sizes", 300);
    const counts = new Map<string, number>();
    for (let n = 0; n <= 300; n++) {
      const root = referenceSetRoot(counts);
      expect(toHex(setTreeOf(multisetOf(counts)).root)).toBe(root);
      expect(toHex(buildSet(leavesOf(counts)).root)).toBe(root);
      if (n < 300) counts.set(toHex(all.subarray(32 * n, 32 * n + 32)), 1 + (n % 3));
    }
  });

  test("setTreeOf() is the literal trie for random multisets", () => {
    fc.assert(
      fc.property(anyCounts(), (counts) => {
        expect(toHex(setTreeOf(multisetOf(counts)).root)).toBe(referenceSetRoot(counts));
      }),
    );
  });

  test("buildSet() does not depend on the order or the chunks of leaves", () => {
    fc.assert(
      fc.property(anyCounts(), fc.integer({ min: 0, max: 1000 }), (counts, cut) => {
        const small = new Map([...counts].map(([key, count]) => [key, 1 + (count % 3)]));
        const leaves = leavesOf(small);
        const at = 32 * (cut % (leaves.length / 32 + 1));
        const chunks = [leaves.subarray(at), new Uint8Array(0), leaves.subarray(0, at)];
        const tree = buildSet(chunks);
        expect(toHex(tree.root)).toBe(referenceSetRoot(small));
        expect(tree.records).toBe(leaves.length / 32);
        expect(tree).toEqual(buildSet(leaves));
      }),
    );
  });

  test("combineSetRanges() joins the tops of key ranges to the same root for every cut", () => {
    fc.assert(
      fc.property(anyMultiset(), fc.integer({ min: 0, max: 6 }), (set, bits) => {
        const tops: (Uint8Array | undefined)[] = [];
        let begin = 0;
        for (let slot = 0; slot < 2 ** bits; slot++) {
          let end = begin;
          while (end < set.counts.length && set.keys[32 * end]! >> (8 - bits) === slot) end++;
          tops.push(setTop(set, begin, end));
          begin = end;
        }
        expect(combineSetRanges(0, tops) ?? emptySetRoot()).toEqual(setTreeOf(set).root);
      }),
    );
  });

  test("SetRootBuilder gives the root of setTreeOf()", () => {
    fc.assert(
      fc.property(anyMultiset(), (set) => {
        const builder = new SetRootBuilder();
        for (let i = 0; i < set.counts.length; i++) {
          const key = set.keys.subarray(32 * i, 32 * i + 32);
          const once = Math.min(1, set.counts[i]! - 1);
          if (once > 0) builder.add(key, once);
          builder.add(key, set.counts[i]! - once);
        }
        const { root, distinct, records } = setTreeOf(set);
        expect(builder.finish()).toEqual({ root, distinct, records });
      }),
    );
  });

  test("SetRootBuilder refuses descending keys and counts that do not fit", () => {
    const builder = new SetRootBuilder();
    builder.add(fromHex("05".repeat(32)), Number.MAX_SAFE_INTEGER - 1);
    expect(() => builder.add(fromHex("04".repeat(32)))).toThrow(RangeError);
    expect(codeOf(() => builder.add(fromHex("05".repeat(32)), 2))).toBe("count-overflow");
    expect(codeOf(() => builder.add(fromHex("05".repeat(32)), 0))).toBe("count-out-of-range");
  });

  test.each([2000, 12_000])("countLeaves() sorts %i leaves that share their first bytes", (n) => {
    const leaves = new Uint8Array(32 * n);
    for (let i = 0; i < n; i++) new DataView(leaves.buffer).setUint32(32 * i + 28, (i * 7919) % (n / 2));
    const { keys, counts } = countLeaves(leaves);
    expect(counts.length).toBe(n / 2);
    expect(counts.every((count) => count === 2)).toBe(true);
    expect(counts.every((_, i) => new DataView(keys.buffer).getUint32(32 * i + 28) === i)).toBe(true);
  });

  test("countLeaves() sorts many random leaves, some of them often", () => {
    const distinct = seededLeaves("sort", 3000);
    const leaves = new Uint8Array(4 * distinct.length);
    for (let i = 0; i < 4; i++) leaves.set(distinct.subarray(32 * 500 * i), distinct.length * i);
    // The rest of each part stays 0: one key that occurs 3,000 times.
    const counts = new Map<string, number>();
    for (let at = 0; at < leaves.length; at += 32) {
      const key = toHex(leaves.subarray(at, at + 32));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.get("00".repeat(32))).toBe(3000);
    expect(compareSets(countLeaves(leaves), multisetOf(counts)).differences.length).toBe(0);
  });

  test("setTreeOf() refuses keys that are not ascending and counts out of range", () => {
    const keys = fromHex("02".repeat(32) + "01".repeat(32));
    expect(() => setTreeOf({ keys, counts: new Float64Array([1, 1]) })).toThrow(RangeError);
    for (const count of [0, -1, 0.5, Number.NaN, 2 ** 53]) {
      expect(codeOf(() => setTreeOf({ keys: keys.subarray(0, 32), counts: new Float64Array([count]) }))).toBe(
        "count-out-of-range",
      );
    }
  });

  test("setLeafHash() and setNodeHash() are the hashes of the definition", () => {
    const key = fromHex("2a".repeat(32));
    expect(setLeafHash(key, 0x0102030405060)).toEqual(sha256(fromHex(`02${"2a".repeat(32)}0000102030405060`)));
    expect(setNodeHash(200, key, key)).toEqual(sha256(fromHex(`03c8${"2a".repeat(64)}`)));
  });

  test("partingOf() finds the first key with a 1", () => {
    const keys = fromHex("00".repeat(32) + "10".repeat(32) + "80".repeat(32));
    expect([partingOf(keys, 0, 3, 0), partingOf(keys, 0, 2, 3)]).toEqual([2, 1]);
  });
});

describe("multisets", () => {
  const byMap = (set: Multiset): Counts => {
    const counts = new Map<string, number>();
    for (let i = 0; i < set.counts.length; i++) {
      counts.set(toHex(set.keys.subarray(32 * i, 32 * i + 32)), set.counts[i]!);
    }
    return counts;
  };

  test("compareSets() and applyChanges() are inverse", () => {
    fc.assert(
      fc.property(anyMultiset(), anyMultiset(), (first, second) => {
        const changes = compareSets(first, second);
        expect(changes.differences.every((difference) => difference !== 0)).toBe(true);
        expect(applyChanges(first, changes)).toEqual(second);
      }),
    );
  });

  test("sumSets() adds counts, and each summand is a subset", () => {
    fc.assert(
      fc.property(anyMultiset(), anyMultiset(), (first, second) => {
        const sum = sumSets(first, second);
        const expected = byMap(first);
        for (const [key, count] of byMap(second)) expected.set(key, (expected.get(key) ?? 0) + count);
        expect(sum).toEqual(multisetOf(expected));
        expect(isSubset(first, sum)).toBe(true);
        expect(isSubset(sum, first)).toBe(second.counts.length === 0);
        for (const [key, count] of expected) expect(countOf(sum, fromHex(key))).toBe(count);
        expect(countOf(sum, new Uint8Array(32).fill(0x77))).toBe(expected.get("77".repeat(32)) ?? 0);
      }),
    );
  });

  test("applyChanges() refuses to take away more than there is, or to count too far", () => {
    const key = fromHex("01".repeat(32));
    const set = { keys: key, counts: new Float64Array([2]) };
    expect(codeOf(() => applyChanges(set, { keys: key, differences: new Float64Array([-3]) }))).toBe("count-underflow");
    const much = new Float64Array([Number.MAX_SAFE_INTEGER]);
    expect(codeOf(() => applyChanges(set, { keys: key, differences: much }))).toBe("count-overflow");
    expect(codeOf(() => sumSets(set, { keys: key, counts: much }))).toBe("count-overflow");
  });
});
