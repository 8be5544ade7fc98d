import { buildSetPages, toHex } from "@assay/merkle";
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
    expect(found.removedLeaves[0]!.places).toEqual([
      { file: "train.csv", ordinal: 2 },
      { file: "train.csv", ordinal: 3 },
    ]);
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
});
