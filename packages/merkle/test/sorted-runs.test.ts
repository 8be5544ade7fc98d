import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countLeaves, type Multiset, sortLeaves, sumSets } from "../src/multiset.js";
import { type MergeRunsOptions, mergeRuns, type SortedRun } from "../src/sorted-runs.js";
import { seededLeaves } from "./vectors.js";

/** Leaves in ascending order, and how they were asked for. */
function runOf(leaves: Uint8Array, reads: number[] = []): SortedRun {
  const sorted = new Uint8Array(leaves.length);
  for (const [i, leaf] of sortLeaves(leaves).entries()) sorted.set(leaves.subarray(32 * leaf, 32 * leaf + 32), 32 * i);
  return {
    count: leaves.length / 32,
    async read(begin, end) {
      reads.push(end - begin);
      return sorted.slice(32 * begin, 32 * end);
    },
  };
}

async function merged(runs: readonly SortedRun[], options?: MergeRunsOptions): Promise<Multiset> {
  let all: Multiset = { keys: new Uint8Array(0), counts: new Float64Array(0) };
  let before = "";
  for await (const piece of mergeRuns(runs, options)) {
    const first = Buffer.from(piece.keys.subarray(0, 32)).toString("hex");
    expect(first > before).toBe(true);
    before = Buffer.from(piece.keys.subarray(-32)).toString("hex");
    all = sumSets(all, piece);
  }
  return all;
}

/** Leaves of which many are equal, also over the borders of blocks: n of them from so many different ones. */
const repeated = (n: number, different: number, seed: number): Uint8Array => {
  const keys = seededLeaves(`repeated ${seed}`, different);
  const leaves = new Uint8Array(32 * n);
  let state = seed;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const key = (state >>> 8) % different;
    leaves.set(keys.subarray(32 * key, 32 * key + 32), 32 * i);
  }
  return leaves;
};

describe("mergeRuns()", () => {
  it("gives the multiset of all leaves, however they are cut into runs and blocks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(700), fc.integer({ min: 1, max: 40 })), { maxLength: 6 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(2 ** 31),
        async (sizes, maxLeaves, seed) => {
          const runs = sizes.map(([n, different]) => repeated(n, different, seed));
          const all = await merged(
            runs.map((leaves) => runOf(leaves)),
            { maxLeaves },
          );
          expect(all).toEqual(countLeaves(Buffer.concat(runs)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("holds no more leaves than it may, also when all are equal", async () => {
    const reads: number[] = [];
    const runs = [1, 2, 3, 4].map(() => runOf(repeated(5000, 1, 7), reads));
    expect((await merged(runs, { maxLeaves: 1024 })).counts).toEqual(new Float64Array([20_000]));
    expect(Math.max(...reads)).toBeLessThanOrEqual(256);
  });

  it("is empty without leaves", async () => {
    expect((await merged([])).counts).toHaveLength(0);
    expect((await merged([runOf(new Uint8Array(0))])).counts).toHaveLength(0);
  });

  it("refuses a run that is not sorted or too short, and stops when it is told to", async () => {
    const leaves = new Uint8Array([...new Uint8Array(32).fill(2), ...new Uint8Array(32).fill(1)]);
    const unsorted: SortedRun = { count: 2, read: async () => leaves };
    await expect(merged([unsorted])).rejects.toThrow("sorted");
    await expect(merged([{ count: 3, read: async () => leaves }])).rejects.toThrow("not 3");
    await expect(merged([runOf(leaves)], { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    await expect(merged([], { maxLeaves: 0 })).rejects.toThrow(RangeError);
  });
});
