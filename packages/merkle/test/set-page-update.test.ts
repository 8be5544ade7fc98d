import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareSets, type Multiset } from "../src/multiset.js";
import { updateSetPages } from "../src/set-page-update.js";
import { buildSetPages } from "../src/set-pages.js";
import { buildSet, setTreeOf } from "../src/set-tree.js";
import { asyncCodeOf, seededLeaves } from "./vectors.js";

const pagesOf = (set: Multiset) => new Map(buildSetPages(set));

/** The pages of the second set, made from those of the first; and which were read and written on the way. */
async function updated(first: Multiset, second: Multiset) {
  const pages = pagesOf(first);
  const before = new Map(pages);
  const [read, written]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const reader = async (path: string) => {
    read.add(path);
    return before.get(path) as Uint8Array;
  };
  const generator = updateSetPages(reader, setTreeOf(first).root, compareSets(first, second));
  for (;;) {
    const { done, value } = await generator.next();
    if (done === true) return { ...value, pages, read, written };
    const [path, bytes] = value;
    expect(written.has(path)).toBe(false);
    written.add(path);
    if (bytes === undefined) expect(pages.delete(path)).toBe(true);
    else pages.set(path, bytes);
  }
}

/** Keys of which most share leading digits, so that pages are nested. */
function crowded(seed: string, n: number, shared: number): Uint8Array {
  const leaves = seededLeaves(seed, n);
  for (let i = 0; i < n; i++) if (i % 3 > 0) leaves.fill(0xab, 32 * i, 32 * i + shared);
  return leaves;
}

async function expectBuilt(first: Multiset, second: Multiset): Promise<void> {
  const { pages, root, distinct } = await updated(first, second);
  expect(root).toEqual(setTreeOf(second).root);
  expect(distinct).toBe(second.counts.length - first.counts.length);
  const expected = pagesOf(second);
  expect([...pages.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [path, bytes] of expected) expect(Buffer.compare(bytes, pages.get(path) as Uint8Array), path).toBe(0);
}

describe("updateSetPages()", () => {
  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [4096, 4097],
    [4097, 4096],
    [4097, 0],
    [0, 20_000],
    [20_000, 0],
    [70_000, 4000],
    [4000, 70_000],
  ])("makes the pages of %i keys those of %i", async (before, after) => {
    const leaves = seededLeaves("update", Math.max(before, after));
    await expectBuilt(buildSet(leaves.subarray(0, 32 * before)), buildSet(leaves.subarray(0, 32 * after)));
  });

  it("makes the pages of any set those of any other", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 5, 29),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 13_999 }), fc.integer({ min: 0, max: 9000 })), { maxLength: 4 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 13_999 }), fc.integer({ min: 0, max: 9000 })), { maxLength: 4 }),
        async (shared, first, second) => {
          const leaves = crowded(`crowded ${shared}`, 14_000, shared);
          // Ranges overlap, so keys occur more than once.
          const setOf = (ranges: [number, number][]) =>
            buildSet(ranges.map(([begin, length]) => leaves.subarray(32 * begin, 32 * (begin + length))));
          await expectBuilt(setOf(first), setOf(second));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("reads and writes the pages on the paths of changed keys, and no others", async () => {
    const leaves = seededLeaves("few", 100_000);
    const first = buildSet(leaves.subarray(32));
    const { read, written } = await updated(first, buildSet(leaves));
    expect([...read].sort()).toEqual([...written].sort());
    expect(written.size).toBe(3);
    expect((await updated(first, first)).read.size).toBe(0);
  });

  it("uses no page that is not of the root, and takes nothing that is not there", async () => {
    const first = buildSet(seededLeaves("first", 10_000));
    const other = pagesOf(buildSet(seededLeaves("other", 10_000)));
    const changes = compareSets(first, buildSet(seededLeaves("second", 5)));
    const drain = async (read: (path: string) => Promise<Uint8Array>, set: Multiset, given = changes) => {
      for await (const _ of updateSetPages(read, setTreeOf(set).root, given));
    };
    expect(await asyncCodeOf(() => drain(async (path) => other.get(path) as Uint8Array, first))).toBe("root-mismatch");
    const own = pagesOf(buildSet(seededLeaves("second", 5)));
    const second = buildSet(seededLeaves("second", 5));
    expect(await asyncCodeOf(() => drain(async (path) => own.get(path) as Uint8Array, second))).toBe("count-underflow");
    const unsorted = { keys: first.keys.slice(0, 64).fill(0, 0, 64), differences: new Float64Array([1, 1]) };
    await expect(drain(async () => new Uint8Array(), first, unsorted)).rejects.toThrow("strictly ascending");
  });
});
