import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareSets, type Multiset } from "../src/multiset.js";
import { readSetPages } from "../src/set-page-reader.js";
import { updateSetPages } from "../src/set-page-update.js";
import { buildSetPages } from "../src/set-pages.js";
import { buildSet, setTreeOf } from "../src/set-tree.js";
import { asyncCodeOf, seededLeaves } from "./vectors.js";

const pagesOf = (set: Multiset, tops = false) => new Map(buildSetPages(set, { tops }));

/** The pages of the second set, made from those of the first; and which were read and written on the way. */
async function updated(first: Multiset, second: Multiset, tops = false) {
  const pages = pagesOf(first, tops);
  const before = new Map(pages);
  const [read, written]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const reader = async (path: string) => {
    read.add(path);
    return before.get(path) as Uint8Array;
  };
  const generator = updateSetPages(reader, setTreeOf(first).root, compareSets(first, second), { tops });
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
  for (const tops of [false, true]) {
    const { pages, root, distinct } = await updated(first, second, tops);
    expect(root).toEqual(setTreeOf(second).root);
    expect(distinct).toBe(second.counts.length - first.counts.length);
    const expected = pagesOf(second, tops);
    expect([...pages.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [path, bytes] of expected) expect(Buffer.compare(bytes, pages.get(path) as Uint8Array), path).toBe(0);
  }
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
    [30_000, 30_300],
    [30_300, 30_000],
    [16_000, 17_000],
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

describe("updateSetPages() with tops", () => {
  const leaves = seededLeaves("tops", 10_100);
  const first = buildSet(leaves.subarray(0, 32 * 10_000));
  const second = buildSet(leaves);
  const changes = compareSets(first, second);

  /** What an update makes of pages, of which some are not as they were. */
  async function update(altered: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Uint8Array>> {
    const pages = pagesOf(first, true);
    for (const [path, bytes] of altered) pages.set(path, bytes);
    const before = new Map(pages);
    for await (const [path, bytes] of updateSetPages(
      async (path) => before.get(path) as Uint8Array,
      first.root,
      changes,
      { tops: true },
    ))
      if (bytes !== undefined) pages.set(path, bytes);
    return pages;
  }

  /** The set with one bit of a page or of tops flipped. */
  function flipped(path: string, at: number): Map<string, Uint8Array> {
    const bytes = (pagesOf(first, true).get(path) as Uint8Array).slice();
    bytes[at]! ^= 1;
    return new Map([[path, bytes]]);
  }

  it("uses no tops that do not give the top of their page", async () => {
    const path = "set-tops/root.tops";
    const { length } = pagesOf(first, true).get(path) as Uint8Array;
    for (const at of [11 + 1 + 8 + 5, length - 1])
      expect(await asyncCodeOf(() => update(flipped(path, at)))).toBe("root-mismatch");
    for (const at of [0, 10, 11]) expect(await asyncCodeOf(() => update(flipped(path, at)))).toBe("malformed-page");
    const whole = pagesOf(first, true).get(path) as Uint8Array;
    for (const bytes of [whole.subarray(0, -1), new Uint8Array([...whole, 0]), whole.subarray(0, 20)])
      expect(await asyncCodeOf(() => update(new Map([[path, bytes]])))).toBe("malformed-page");
  });

  it("changes no key that does not give its top, and leaves the others to who reads them", async () => {
    const path = "set/0.page";
    const page = pagesOf(first).get(path) as Uint8Array;
    // Keys are digests: what begins like a changed key is in its part. 64 parts here: 6 bits behind the digit.
    const partAt = (bytes: Uint8Array, at: number) => ((bytes[at]! << 8) | bytes[at + 1]!) >> 6;
    const touched = new Set(Array.from(changes.differences, (_, i) => partAt(changes.keys, 32 * i)));
    const verdicts = new Set<string>();
    for (let key = 0; key < (page.length - 12) / 40; key += 7) {
      const at = 12 + 40 * key;
      const isTouched = touched.has(partAt(page, at));
      const altered = flipped(path, at + 31);
      if (isTouched) expect(await asyncCodeOf(() => update(altered))).toBe("root-mismatch");
      else {
        const pages = await update(altered);
        const read = async (name: string) => pages.get(name) as Uint8Array;
        expect(await asyncCodeOf(() => readSetPages(read, second.root))).toBe("root-mismatch");
      }
      verdicts.add(isTouched ? "changed" : "copied");
    }
    expect(verdicts).toEqual(new Set(["changed", "copied"]));
    // The order of keys is looked at before they are hashed, as are counts.
    const key = Array.from({ length: 600 }, (_, i) => i).find(
      (i) => touched.has(partAt(page, 12 + 40 * i)) && partAt(page, 12 + 40 * i) === partAt(page, 12 + 40 * (i + 1)),
    ) as number;
    const twice = page.slice();
    twice.copyWithin(12 + 40 * (key + 1), 12 + 40 * key, 12 + 40 * (key + 1));
    expect(await asyncCodeOf(() => update(new Map([[path, twice]])))).toBe("malformed-page");
    const none = page.slice();
    none.fill(0, 12 + 40 * key + 32, 12 + 40 * key + 40);
    expect(await asyncCodeOf(() => update(new Map([[path, none]])))).toBe("count-out-of-range");
    for (const bytes of [page.subarray(0, -1), page.subarray(0, 12), pagesOf(first).get("set/1.page") as Uint8Array])
      expect(await asyncCodeOf(() => update(new Map([[path, bytes]])))).toBe("malformed-page");
  });

  it("are told by readSetPages() as they are written", async () => {
    const pages = pagesOf(second, true);
    const told = new Map<string, Uint8Array>();
    await readSetPages(async (path) => pages.get(path) as Uint8Array, second.root, {
      onTops: async (path, bytes) => void told.set(path, bytes),
    });
    expect([...told.keys()]).toEqual(["set-tops/root.tops"]);
    expect(told).toEqual(new Map([...pages].filter(([path]) => path.startsWith("set-tops/"))));
  });
});
