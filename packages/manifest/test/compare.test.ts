import { buildSetPages, tilesOf, toHex, treeRoot } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ComparedSide, compareManifests } from "../src/compare.js";
import type { LineageSide } from "../src/lineage.js";
import { type Files, leafOf, type Synthetic, synthetic } from "./data-sets.js";
import { buildOf, layoutFiles } from "./sources.js";
import { codeOf } from "./vectors.js";

const splits = { train: ["train.csv"], test: ["test.csv"] };
const before = synthetic({ "train.csv": [1, 2, 3, 3], "test.csv": [4, 5] }, { splits });
const after = (files: Files, options = {}) => synthetic(files, { splits, ...options });

/** Only header, entries and pages. */
function paged({ header, manifest, entries, set }: Synthetic): ComparedSide {
  const pages = new Map(buildSetPages(set));
  return { header, manifest, entries, readPage: async (path) => pages.get(path)! };
}

/** What a folder keeps: header, entries, pages and tiles; counts what is read. */
function kept(side: Synthetic): ComparedSide & { readonly reads: string[] } {
  const reads: string[] = [];
  const tiles = new Map([...side.leaves.values()].map((leaves) => [toHex(treeRoot(leaves)), new Map(tilesOf(leaves))]));
  const tilesOfRoot = (root: string) => async (path: string) => {
    reads.push(path);
    return tiles.get(root)!.get(path)!;
  };
  const { readPage, ...rest } = paged(side);
  const counted = async (path: string) => {
    reads.push(path);
    return readPage!(path);
  };
  return { ...rest, readPage: counted, tilesOf: tilesOfRoot, leavesOf: side.leavesOf, reads };
}

const bare = ({ header, manifest }: LineageSide): ComparedSide => ({ header, manifest });

describe("compareManifests()", () => {
  it("finds nothing between equal data sets, from heads alone", async () => {
    const same = await compareManifests(bare(before), bare(after({ "train.csv": [1, 2, 3, 3], "test.csv": [4, 5] })));
    expect(same).toMatchObject({
      equal: true,
      sameSet: true,
      added: 0,
      removed: 0,
      moved: 0,
      version: "none",
      addedLeaves: [],
      removedLeaves: [],
    });
  });

  it("names added and removed records and where they stand", async () => {
    const now = after({ "train.csv": [1, 2, 3, 7], "test.csv": [4, 5, 7] });
    for (const [first, second] of [
      [before, now],
      [paged(before), paged(now)],
      [before, paged(now)],
      [paged(before), now],
    ] as const) {
      const found = await compareManifests(first, second);
      expect(found).toMatchObject({ equal: false, sameSet: false, added: 2, removed: 1, version: "major" });
      expect(found.removedLeaves.map(({ leaf, count }) => [leaf, count])).toEqual([[toHex(leafOf(3)), 1]]);
      expect(found.addedLeaves.map(({ leaf, count }) => [leaf, count])).toEqual([[toHex(leafOf(7)), 2]]);
    }
    const found = await compareManifests(before, now);
    expect(found.addedLeaves[0]!.places).toEqual([
      { file: "test.csv", ordinal: 2 },
      { file: "train.csv", ordinal: 3 },
    ]);
    // Its copy at ordinal 2 stayed.
    expect(found.removedLeaves[0]!.places).toEqual([{ file: "train.csv", ordinal: 3 }]);
    expect(found.files).toEqual([
      { path: "test.csv", change: "grown", recordsBefore: 2, recordsAfter: 3 },
      { path: "train.csv", change: "changed", recordsBefore: 4, recordsAfter: 4 },
    ]);
    expect((await compareManifests(before, now, { maxPlaces: 1 })).addedLeaves[0]!.places).toHaveLength(1);
  });

  it("counts what moved, and never calls it a patch where it crossed splits", async () => {
    const crossed = await compareManifests(before, after({ "train.csv": [1, 2, 3], "test.csv": [4, 5, 3] }));
    expect(crossed).toMatchObject({ sameSet: true, equal: false, moved: 1, version: "major" });
    expect(crossed.splits).toEqual([
      { split: "test", change: "changed" },
      { split: "train", change: "changed" },
    ]);
    const plain = synthetic({ "a.csv": [1, 2], "b.csv": [3] });
    expect(await compareManifests(plain, synthetic({ "a.csv": [2], "b.csv": [1, 3] }))).toMatchObject({
      moved: 1,
      version: "patch",
      added: 0,
    });
    expect(
      (await compareManifests(bare(before), bare(after({ "train.csv": [1, 2, 3], "test.csv": [4, 5, 3] })))).moved,
    ).toBeNull();
  });

  it("deserves a minor version for a superset in every split", async () => {
    expect((await compareManifests(before, after({ "train.csv": [1, 2, 3, 3, 9], "test.csv": [4, 5] }))).version).toBe(
      "minor",
    );
    expect((await compareManifests(before, after({ "train.csv": [1, 2, 3, 3, 4], "test.csv": [5] }))).version).toBe(
      "major",
    );
    const none = synthetic({ "train.csv": [1, 2, 3, 3], "test.csv": [4, 5] });
    expect((await compareManifests(before, none)).version).toBe("major");
    expect((await compareManifests(none, before)).version).toBe("minor");
  });

  it("sees the same set in every layout of the vectors", async () => {
    const [csv, two, jsonl] = await Promise.all(
      ["csv", "csv-two-files", "jsonl"].map((layout) => buildOf(layoutFiles(layout))),
    );
    for (const [a, b] of [
      [csv, two],
      [two, jsonl],
      [csv, jsonl],
    ] as const) {
      expect(await compareManifests(a!, b!)).toMatchObject({
        equal: false,
        sameSet: true,
        added: 0,
        removed: 0,
        version: "patch",
      });
    }
  });

  it("takes a split called constructor for a name like any other", async () => {
    const odd = { constructor: ["train.csv"], ["__proto__"]: ["test.csv"] };
    const named = synthetic({ "train.csv": [1, 2, 3, 3], "test.csv": [4, 5] }, { splits: odd });
    const plain = synthetic({ "train.csv": [1, 2, 3, 3], "test.csv": [4, 5] });
    const found = await compareManifests(plain, named);
    expect(found.splits).toEqual([
      { split: "__proto__", change: "added" },
      { split: "constructor", change: "added" },
    ]);
    expect((await compareManifests(named, plain)).version).toBe("major");
  });

  it("says what it cannot compare", async () => {
    const now = after({ "train.csv": [1], "test.csv": [4, 5] });
    expect(await codeOf(() => compareManifests(before, bare(now)))).toBe("not-kept");
    const keyed = after(
      { "train.csv": [1], "test.csv": [] },
      { leaf: { format: "assay-record/v1", keyId: "0123456789abcdef" } },
    );
    expect(await codeOf(() => compareManifests(before, keyed))).toBe("leaf-format-mismatch");
  });

  it("tells restored files from changed ones", async () => {
    const restored: LineageSide = {
      ...before,
      entries: before.entries.map((entry) => ({ ...entry, bytes: "00".repeat(32) })),
    };
    expect((await compareManifests(before, restored)).files.map(({ change }) => change)).toEqual([
      "restored",
      "restored",
    ]);
    const found = await compareManifests(
      before,
      after({ "train.csv": [1, 2, 3, 3], "test.csv": [], "x.csv": [4, 5] }, { splits: undefined }),
    );
    expect(found.files.map(({ path, change }) => [path, change])).toEqual([
      ["test.csv", "changed"],
      ["train.csv", "same"],
      ["x.csv", "added"],
    ]);
  });

  it("says the same from pages and tiles as from all leaves, and as counting does", async () => {
    const numbers = fc.array(fc.nat(12), { maxLength: 12 });
    const anyFiles = fc.dictionary(fc.constantFrom("a.csv", "b.csv", "c.csv"), numbers, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(anyFiles, anyFiles, async (one, other) => {
        const [first, second] = [synthetic(one), synthetic(other)];
        const whole = await compareManifests(first, second);
        expect(await compareManifests(kept(first), kept(second))).toEqual(whole);
        const counts = (files: Files, path?: string) => {
          const found = new Map<number, number>();
          for (const [name, list] of Object.entries(files))
            if (path === undefined || name === path) for (const n of list) found.set(n, (found.get(n) ?? 0) + 1);
          return found;
        };
        const common = (path?: string) => {
          let sum = 0;
          const after = counts(other, path);
          for (const [n, count] of counts(one, path)) sum += Math.min(count, after.get(n) ?? 0);
          return sum;
        };
        const stayed = ["a.csv", "b.csv", "c.csv"].reduce((sum, path) => sum + common(path), 0);
        expect(whole.moved).toBe(common() - stayed);
        for (const { count, places } of [...whole.addedLeaves, ...whole.removedLeaves])
          expect(places!.length).toBeGreaterThanOrEqual(count);
      }),
    );
  });

  it("reads what the difference needs, not what the data sets hold", async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => i);
    const changed = many.map((n) => (n === 77 || n === 19_000 ? -n : n));
    const [first, second] = [kept(synthetic({ "a.csv": many })), kept(synthetic({ "a.csv": changed }))];
    const found = await compareManifests(first, second);
    expect(found).toMatchObject({ added: 2, removed: 2, moved: 0, version: "major" });
    const places = [[{ file: "a.csv", ordinal: 77 }], [{ file: "a.csv", ordinal: 19_000 }]];
    expect(found.removedLeaves.map((one) => one.places)).toEqual(expect.arrayContaining(places));
    // The edge of the tree and two tiles; the root page and at most four of its sixteen.
    expect(first.reads.length).toBeLessThanOrEqual(9);
    expect(second.reads.length).toBeLessThanOrEqual(9);
  });

  it("leaves places out where too much shifted, and still says what is known", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => i);
    const before = synthetic({ "a.csv": many, "b.csv": [1, 2] });
    const now = synthetic({ "a.csv": many.slice(1), "b.csv": [1, 2] });
    const found = await compareManifests(kept(before), kept(now), { maxLeaves: 1000 });
    expect(found).toMatchObject({ added: 0, removed: 1, moved: 0, version: "major" });
    expect(found.removedLeaves).toEqual([{ leaf: toHex(leafOf(0)), count: 1 }]);
    const both = synthetic({ "a.csv": many.slice(1), "b.csv": [1, 2, 0] });
    expect((await compareManifests(kept(before), kept(both), { maxLeaves: 1000 })).moved).toBeNull();
    expect((await compareManifests(kept(before), kept(both))).moved).toBe(1);
  });

  it("tells whether the stated versions follow the change", async () => {
    const one = synthetic({ "a.csv": [1, 2] }, { version: "1.4.0" });
    for (const [files, version, holds] of [
      [[1, 2, 3], "1.5.0", true],
      [[1, 2, 3], "1.4.1", false],
      [[1], "2.0.0", true],
      [[1], "1.5.0", false],
      [[2, 1], "1.4.1", true],
      [[2, 1], "1.4.0", false],
    ] as const) {
      const other = synthetic({ "a.csv": files }, { version });
      expect((await compareManifests(kept(one), kept(other))).stated).toEqual({ from: "1.4.0", to: version, holds });
    }
    expect(await compareManifests(one, synthetic({ "a.csv": [1] }))).not.toHaveProperty("stated");
  });
});
