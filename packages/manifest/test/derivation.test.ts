import { formatProof, fromHex, proveSetUpdate, setTreeOf, sha256, toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { type DerivationEvidence, verifyDerivation } from "../src/derivation.js";
import type { Derivation, ManifestHeader } from "../src/header.js";
import { headOf, type LineageSide } from "../src/lineage.js";
import { formatRemoved, parseRemoved, type RemovedRecord, removedLeaves } from "../src/removed.js";
import { drawSample, sampleSize } from "../src/sample.js";
import { derivationOf, type Files, leafOf, type Synthetic, type SyntheticOptions, synthetic } from "./data-sets.js";
import { type Case, codeOf, lineageFiles, lineageParent, readVectors } from "./vectors.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const files: Files = { "a.csv": [0, 1, 2, 2], "b.csv": [3, 4, 5, 0] };

function child(
  files: Files,
  operation: Derivation["operation"],
  parents: readonly LineageSide[],
  parameters: Derivation["parameters"] = {},
  options: SyntheticOptions = {},
): Synthetic {
  return synthetic(files, { ...options, derivation: derivationOf(operation, parents, parameters) });
}

/** Only what the header says. */
const bare = ({ header, manifest }: LineageSide): LineageSide => ({ header, manifest });

const verdictOf = async (side: LineageSide, evidence: DerivationEvidence) =>
  (await verifyDerivation(side, evidence))?.edge;

describe("verifyDerivation() of reformat, shuffle, reshard", () => {
  const parent = synthetic(files);

  it("proves that the sets are equal, without any leaf", async () => {
    const shuffled = child({ "x.csv": [5, 0, 2, 1, 0, 3, 2, 4] }, "reshard", [parent]);
    expect(await verdictOf(bare(shuffled), { parents: [bare(parent)] })).toBe("proven");
    expect(await verdictOf(bare(shuffled), {})).toBe("proven");
  });

  it.each([
    ["a record is missing", [5, 0, 2, 1, 0, 3, 2]],
    ["a record is doubled", [5, 0, 2, 1, 0, 3, 2, 4, 4]],
    ["a record is another", [5, 0, 2, 1, 0, 3, 2, 7]],
    ["another one is doubled instead", [5, 0, 2, 1, 1, 3, 2, 4]],
  ])("refuses a child where %s", async (_, numbers) => {
    for (const operation of ["reformat", "shuffle", "reshard"] as const) {
      const liar = child({ "x.csv": numbers }, operation, [parent]);
      expect(await codeOf(() => verifyDerivation(bare(liar), {}))).toBe("derivation-mismatch");
    }
  });

  it("refuses a record that moved from train to test", async () => {
    const splits = { train: ["train/a.csv"], test: ["test/b.csv"] };
    const before = synthetic({ "train/a.csv": [1, 2, 3], "test/b.csv": [4, 5] }, { splits });
    const moved = child({ "train/a.csv": [1, 2], "test/b.csv": [4, 5, 3] }, "shuffle", [before], {}, { splits });
    expect(await codeOf(() => verifyDerivation(bare(moved), { parents: [bare(before)] }))).toBe("derivation-mismatch");
    expect(await verdictOf(bare(moved), {})).toBe("not-checked");
  });
});

describe("verifyDerivation() of quarantine and filter", () => {
  const parent = synthetic(files, { version: "1.0.0" });
  const removed: RemovedRecord[] = [
    { checks: ["label-flips"], file: "a.csv", leaf: toHex(leafOf(2)), ordinal: 2, reason: "" },
    { checks: [], file: "b.csv", leaf: toHex(leafOf(4)), ordinal: 1, reason: "x" },
  ];
  const list = formatRemoved(removed);
  const parameters = { removed: toHex(sha256(list)) };
  const honest = child({ "a.csv": [0, 1, 2], "b.csv": [3, 5, 0] }, "quarantine", [parent], parameters, {
    version: "2.0.0",
  });
  const leaves = removedLeaves(removed);
  const update = formatProof(
    proveSetUpdate(parent.set, { keys: leaves.keys, differences: leaves.counts.map((n) => -n) }),
  );

  it("proves it from the leaves of the parent, of the child, or from heads and update", async () => {
    const all = await verifyDerivation(honest, { parents: [parent], removed: list, update });
    expect(all).toEqual({
      operation: "quarantine",
      edge: "proven",
      reason: "the leaves of the parent and the list of removed records",
      places: "checked",
      removed: { records: 2, distinct: 2 },
      version: "checked",
      deserves: "major",
    });
    const fromHeads = await verifyDerivation(bare(honest), { removed: list, update });
    expect(fromHeads).toMatchObject({ edge: "proven", places: "not-checked" });
    expect(fromHeads?.reason).toMatch(/set update/);
    expect(await verdictOf({ ...bare(honest), set: honest.set }, { removed: list })).toBe("proven");
    expect(await verdictOf(bare(honest), { removed: list })).toBe("not-checked");
    expect(await verdictOf(bare(honest), {})).toBe("not-checked");
  });

  const lies: [string, Files][] = [
    ["one record too many was dropped", { "a.csv": [0, 1, 2], "b.csv": [3, 5] }],
    ["an accused one stayed", { "a.csv": [0, 1, 2], "b.csv": [3, 4, 5, 0] }],
    ["both copies were dropped", { "a.csv": [0, 1], "b.csv": [3, 5, 0] }],
    ["one was swapped", { "a.csv": [0, 1, 2], "b.csv": [3, 5, 9] }],
    ["another was dropped instead", { "a.csv": [0, 2, 2], "b.csv": [3, 5, 0] }],
    ["one was added besides", { "a.csv": [0, 1, 2], "b.csv": [3, 5, 0, 7] }],
  ];
  it.each(lies)("refuses a child where %s", async (_, now) => {
    const liar = child(now, "quarantine", [parent], parameters);
    expect(await codeOf(() => verifyDerivation(liar, { parents: [parent], removed: list }))).toBe(
      "derivation-mismatch",
    );
    expect(await codeOf(() => verifyDerivation({ ...bare(liar), set: liar.set }, { removed: list }))).toBe(
      "derivation-mismatch",
    );
    expect(["derivation-mismatch", "root-mismatch"]).toContain(
      await codeOf(() => verifyDerivation(bare(liar), { removed: list, update })),
    );
  });

  it("refuses a child with records that its parent lacks, even without the list", async () => {
    const liar = child({ "a.csv": [0, 1, 9], "b.csv": [3, 5, 0] }, "filter", [parent], parameters);
    expect(await codeOf(() => verifyDerivation(liar, { parents: [parent] }))).toBe("derivation-mismatch");
  });

  it("refuses another list", async () => {
    const other = formatRemoved(removed.slice(1));
    expect(await codeOf(() => verifyDerivation(honest, { parents: [parent], removed: other }))).toBe(
      "removed-mismatch",
    );
  });

  it("refuses a list that accuses another place", async () => {
    const elsewhere = formatRemoved([{ ...(removed[0] as RemovedRecord), ordinal: 1 }, removed[1] as RemovedRecord]);
    const liar = child({ "a.csv": [0, 1, 2], "b.csv": [3, 5, 0] }, "quarantine", [parent], {
      removed: toHex(sha256(elsewhere)),
    });
    expect(await codeOf(() => verifyDerivation(liar, { parents: [parent], removed: elsewhere }))).toBe(
      "derivation-mismatch",
    );
    expect(await verdictOf(liar, { parents: [{ ...bare(parent), set: parent.set }], removed: elsewhere })).toBe(
      "proven",
    );
  });

  it.each([
    ["no such file", { file: "c.csv" }],
    ["no such record", { ordinal: 4 }],
  ])("refuses a list that names %s", async (_, wrong) => {
    const bad = formatRemoved([{ ...(removed[0] as RemovedRecord), ...wrong }, removed[1] as RemovedRecord]);
    const liar = child({ "a.csv": [0, 1, 2], "b.csv": [3, 5, 0] }, "quarantine", [parent], {
      removed: toHex(sha256(bad)),
    });
    const { entries, set } = parent;
    expect(
      await codeOf(() => verifyDerivation(liar, { parents: [{ ...bare(parent), entries, set }], removed: bad })),
    ).toBe("derivation-mismatch");
  });

  it("refuses an update for other changes, and heads that count wrongly", async () => {
    const wrong = formatProof(proveSetUpdate(parent.set, { keys: leafOf(3), differences: new Float64Array([-1]) }));
    expect(await codeOf(() => verifyDerivation(bare(honest), { removed: list, update: wrong }))).toBe(
      "change-mismatch",
    );
    const header: ManifestHeader = {
      ...honest.header,
      set: { ...honest.header.set, distinct: honest.header.set.distinct - 1 },
    };
    expect(await codeOf(() => verifyDerivation({ header, manifest: honest.manifest }, { removed: list, update }))).toBe(
      "derivation-mismatch",
    );
  });

  it("refuses every flipped byte of the list and of the update", async () => {
    for (const [name, bytes] of Object.entries({ removed: list, update })) {
      for (let i = 0; i < bytes.length; i++) {
        const damaged = bytes.slice();
        damaged[i]! ^= 1 << (i % 8);
        const error = await verifyDerivation(bare(honest), { removed: list, update, [name]: damaged }).then(
          () => undefined,
          (caught) => caught,
        );
        expect(error?.name, `${name} byte ${i}`).toBe("VerificationError");
      }
    }
  });

  it("says that an empty list changes nothing", async () => {
    const nothing = { removed: toHex(sha256(new Uint8Array(0))) };
    const same = child(files, "filter", [parent], nothing);
    expect(await verdictOf(bare(same), { removed: new Uint8Array(0) })).toBe("proven");
    const other = child({ "a.csv": [0, 1, 2, 2], "b.csv": [3, 4, 5, 9] }, "filter", [parent], nothing);
    expect(await codeOf(() => verifyDerivation(bare(other), { removed: new Uint8Array(0) }))).toBe(
      "derivation-mismatch",
    );
  });
});

describe("the quarantine of the lineage vectors", () => {
  const { quarantine, invalid } = readVectors("lineage.json");
  const set = setTreeOf(lineageParent());
  const leaves = lineageFiles();
  const parent = { ...synthetic({}), set };
  const named = {
    manifest: parent.manifest,
    leaf: parent.header.leaf,
    dataset: parent.header.dataset,
    set: headOf(set),
  };
  const side: LineageSide = {
    header: { ...parent.header, set: headOf(set) },
    manifest: parent.manifest,
    set,
    leavesOf: async (path) => leaves.get(path),
  };
  const childSide = (removed: string): LineageSide => ({
    header: {
      ...parent.header,
      set: quarantine.child,
      derivation: { operation: "quarantine", parents: [named], parameters: { removed } },
    },
    manifest: "00".repeat(32),
  });

  it("is proven from leaves and from the update", async () => {
    const removed = utf8(quarantine.removedJsonl);
    expect(await verifyDerivation(childSide(quarantine.removed), { parents: [side], removed })).toMatchObject({
      edge: "proven",
      places: "checked",
    });
    const update = formatProof(quarantine.update);
    expect(await verdictOf(childSide(quarantine.removed), { removed, update })).toBe("proven");
    const differences = removedLeaves(parseRemoved(removed));
    const made = proveSetUpdate(set, { keys: differences.keys, differences: differences.counts.map((n) => -n) });
    expect(made).toEqual(quarantine.update);
  });

  it.each(invalid.filter((vector: { removed?: string }) => vector.removed !== undefined) as Case[])(
    "is refused: $why",
    async ({ removed, removedJsonl, error }) => {
      // The heads of the vector's child do not matter here: the list is refused by itself or by the parent's leaves.
      const list = fromHex(removedJsonl);
      const { header } = childSide(removed);
      const records = set.records - (error === "removed-mismatch" ? 3 : 1);
      const liar = { header: { ...header, set: { ...header.set, records } }, manifest: "00".repeat(32) };
      expect(await codeOf(() => verifyDerivation(liar, { parents: [side], removed: list }))).toBe(error);
    },
  );
});

describe("verifyDerivation() of append", () => {
  const parent = synthetic(files, { version: "1.0.0" });

  it("proves new files and longer ones", async () => {
    const grown = child(
      { ...files, "0.csv": [7], "b.csv": [3, 4, 5, 0, 9, 9] },
      "append",
      [parent],
      {},
      { version: "1.1.0" },
    );
    expect(await verifyDerivation(grown, { parents: [parent] })).toMatchObject({
      edge: "proven",
      version: "checked",
      deserves: "minor",
    });
    const { header, manifest, entries } = grown;
    expect(await verdictOf({ header, manifest, entries }, { parents: [parent] })).toBe("not-checked");
    expect(await verdictOf(bare(grown), {})).toBe("not-checked");
  });

  const lies: [string, Files][] = [
    ["a record was edited", { "a.csv": [0, 1, 9, 2, 7], "b.csv": files["b.csv"]! }],
    ["a record was put in between", { "a.csv": [0, 7, 1, 2, 2], "b.csv": files["b.csv"]! }],
    ["two records changed places", { "a.csv": [1, 0, 2, 2, 7], "b.csv": files["b.csv"]! }],
    ["an unchanged file has other records", { "a.csv": [0, 1, 2, 9], "b.csv": [...files["b.csv"]!, 2] }],
    ["a file is gone", { "a.csv": files["a.csv"]!, "c.csv": files["b.csv"]! }],
    ["a file is shorter", { "a.csv": [0, 1, 2], "b.csv": [...files["b.csv"]!, 2] }],
  ];
  it.each(lies)("refuses a child where %s", async (_, now) => {
    const liar = child(now, "append", [parent]);
    expect(await codeOf(() => verifyDerivation(liar, { parents: [parent] }))).toBe("derivation-mismatch");
  });
});

describe("verifyDerivation() of append without entries", () => {
  const parent = synthetic(files);

  it("refuses what numbers and sets alone rule out", async () => {
    const fewer = child({ "a.csv": [0, 1, 2, 2] }, "append", [parent]);
    expect(await codeOf(() => verifyDerivation(bare(fewer), {}))).toBe("derivation-mismatch");
    const other = child({ "a.csv": [0, 1, 2, 2, 9], "b.csv": [3, 4, 5, 9] }, "append", [parent]);
    const sides = { parents: [{ ...bare(parent), set: parent.set }] };
    expect(await codeOf(() => verifyDerivation({ ...bare(other), set: other.set }, sides))).toBe("derivation-mismatch");
    expect(await verdictOf(bare(other), {})).toBe("not-checked");
  });
});

describe("verifyDerivation() of concat and dedupe", () => {
  const first = synthetic(files);
  const second = synthetic({ "c.csv": [0, 8] }, { name: "more" });

  it("proves sums", async () => {
    const both = child({ "all.csv": [0, 1, 2, 2, 3, 4, 5, 0, 0, 8] }, "concat", [first, second]);
    expect(await verdictOf(bare(both), { parents: [first, second] })).toBe("proven");
    expect(await verdictOf(bare(both), { parents: [first, undefined] })).toBe("not-checked");
    for (const numbers of [
      [0, 1, 2, 2, 3, 4, 5, 0, 0],
      [0, 1, 2, 2, 3, 4, 5, 0, 8, 8],
    ]) {
      const liar = child({ "all.csv": numbers }, "concat", [first, second]);
      expect(await codeOf(() => verifyDerivation(bare(liar), { parents: [first, second] }))).toBe(
        "derivation-mismatch",
      );
    }
  });

  it("proves that each key stays once", async () => {
    const once = child({ "a.csv": [0, 1, 2, 3, 4, 5] }, "dedupe", [first]);
    expect(await verdictOf(bare(once), { parents: [first] })).toBe("proven");
    expect(await verdictOf(bare(once), {})).toBe("not-checked");
    for (const numbers of [
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4, 9],
      [0, 1, 2, 3, 4, 4],
      [0, 1, 2, 3, 4, 5, 5],
    ]) {
      const liar = child({ "a.csv": numbers }, "dedupe", [first]);
      expect(await codeOf(() => verifyDerivation(bare(liar), { parents: [first] }))).toBe("derivation-mismatch");
    }
  });
});

describe("verifyDerivation() of split", () => {
  const parent = synthetic(files);
  const splits = { train: ["train/a.csv"], test: ["test/b.csv"] };
  const parted = (train: number[], test: number[]) =>
    child({ "train/a.csv": train, "test/b.csv": test }, "split", [parent], {}, { splits });

  it("proves parts in one data set", async () => {
    const honest = parted([0, 0, 2, 2], [1, 3, 4, 5]);
    expect(await verdictOf(honest, { parents: [parent] })).toBe("proven");
    expect(await verdictOf(bare(honest), {})).toBe("not-checked");
  });

  it("refuses copies of one record on both sides, also from the heads alone", async () => {
    const liar = parted([0, 2, 2], [0, 1, 3, 4, 5]);
    for (const side of [liar, bare(liar)])
      expect(await codeOf(() => verifyDerivation(side, { parents: [parent] }))).toBe("split-overlap");
  });

  it("names a record in two parts, also where the parts are then more than the parent", async () => {
    const liar = parted([0, 0, 2, 2, 4], [1, 3, 4, 5]);
    expect(await codeOf(() => verifyDerivation(liar, { parents: [parent] }))).toBe("split-overlap");
  });

  it("refuses a lost and an added record", async () => {
    for (const [train, test] of [
      [
        [0, 0, 2, 2],
        [1, 3, 4],
      ],
      [
        [0, 0, 2, 2],
        [1, 3, 4, 5, 6],
      ],
      [
        [0, 0, 2, 2],
        [1, 3, 4, 6],
      ],
    ] as const) {
      expect(await codeOf(() => verifyDerivation(bare(parted([...train], [...test])), {}))).toBe("derivation-mismatch");
    }
  });

  it("refuses a record that is in no part, from the heads alone", async () => {
    const some = { "train/a.csv": [0, 0, 2, 2], "test/b.csv": [1, 3, 4], "rest.csv": [5] };
    const liar = child(some, "split", [parent], {}, { splits });
    expect(await codeOf(() => verifyDerivation(bare(liar), {}))).toBe("derivation-mismatch");
    const larger = child({ "a.csv": [0, 1, 2, 2, 3, 4, 5, 0, 6] }, "split", [parent]);
    expect(await codeOf(() => verifyDerivation(bare(larger), {}))).toBe("derivation-mismatch");
  });

  it("proves parts in several data sets", async () => {
    const part = (name: string, numbers: number[]) => child({ "a.csv": numbers }, "split", [parent], {}, { name });
    const [train, test] = [part("train", [0, 0, 2, 2]), part("test", [1, 3, 4, 5])];
    expect(await verdictOf(train, { parents: [parent], siblings: [test] })).toBe("proven");
    expect(await verdictOf(train, { siblings: [test] })).toBe("proven");
    expect(await verdictOf(train, { parents: [parent] })).toBe("not-checked");
    expect(await codeOf(() => verifyDerivation(part("train", [0, 2, 2]), { parents: [parent] }))).toBe("split-overlap");
    expect(await codeOf(() => verifyDerivation(part("train", [0, 0, 9]), { parents: [parent] }))).toBe(
      "derivation-mismatch",
    );
    expect(await codeOf(() => verifyDerivation(train, { siblings: [part("test", [0, 1, 3, 4])] }))).toBe(
      "split-overlap",
    );
    expect(await codeOf(() => verifyDerivation(train, { siblings: [part("test", [1, 3, 4])] }))).toBe(
      "derivation-mismatch",
    );
    expect(await codeOf(() => verifyDerivation(train, { siblings: [synthetic({ "a.csv": [1, 3, 4, 5] })] }))).toBe(
      "derivation-mismatch",
    );
  });
});

describe("verifyDerivation() of sample and map", () => {
  const parent = synthetic({ "a.csv": Array.from({ length: 40 }, (_, i) => i % 30) });
  const seed = "07".repeat(32);
  const parameters = { seed, fraction: "0.25" };
  const size = sampleSize("0.25", 40);

  /** The sample as a child with that set; which file its records are in does not matter. */
  function sampleOf(drawn: ReturnType<typeof drawSample>): LineageSide {
    const set = setTreeOf(drawn);
    const { header, manifest } = child({}, "sample", [parent], parameters);
    return { header: { ...header, set: headOf(set) }, manifest };
  }

  it("draws the sample again", async () => {
    expect(await verdictOf(sampleOf(drawSample(parent.set, seed, size)), { parents: [parent] })).toBe("proven");
    expect(await verdictOf(sampleOf(drawSample(parent.set, seed, size)), {})).toBe("not-checked");
  });

  it("refuses another sample, and another size", async () => {
    for (const drawn of [drawSample(parent.set, "08".repeat(32), size), drawSample(parent.set, seed, size - 1)]) {
      expect(await codeOf(() => verifyDerivation(sampleOf(drawn), { parents: [parent] }))).toBe("derivation-mismatch");
    }
  });

  it("only repeats what a map claims, whatever its leaves are", async () => {
    const mapped = child(
      { "a.csv": [100] },
      "map",
      [parent],
      {},
      { leaf: { format: "assay-record/v1", keyId: "0123456789abcdef" } },
    );
    expect(await verdictOf(mapped, { parents: [parent] })).toBe("claimed");
  });
});

describe("verifyDerivation()", () => {
  const parent = synthetic(files, { version: "1.0.0" });

  it("is silent without a derivation", async () => {
    expect(await verifyDerivation(parent, {})).toBeUndefined();
  });

  it("refuses a parent that is not the named one", async () => {
    const honest = child(files, "shuffle", [parent]);
    const other = synthetic(files, { version: "1.0.1" });
    expect(await codeOf(() => verifyDerivation(honest, { parents: [other] }))).toBe("head-mismatch");
    const madeUp = derivationOf("shuffle", [parent]);
    const liar = synthetic(files, {
      derivation: { ...madeUp, parents: [{ ...madeUp.parents[0]!, dataset: { files: 9, root: "00".repeat(32) } }] },
    });
    expect(await codeOf(() => verifyDerivation(liar, { parents: [parent] }))).toBe("head-mismatch");
  });

  it("refuses leaves that are made in another way", async () => {
    const keyed = child(
      files,
      "shuffle",
      [parent],
      {},
      { leaf: { format: "assay-record/v1", keyId: "0123456789abcdef" } },
    );
    expect(await codeOf(() => verifyDerivation(keyed, {}))).toBe("leaf-format-mismatch");
  });

  it.each([
    ["types", { types: { n: "text" } }],
    ["null values", { nullValues: ["NA"] }],
    ["dialect", { csv: { delimiter: ";" } }],
    ["others", { others: "text" }],
  ] as const)("refuses other %s", async (_, reading) => {
    const reread = child(files, "shuffle", [parent], {}, { reading });
    expect(await codeOf(() => verifyDerivation(reread, { parents: [parent] }))).toBe("reading-mismatch");
    const second = synthetic({ "c.csv": [8] }, { reading });
    const both = child({ ...files, "c.csv": [8] }, "concat", [parent, second]);
    expect(await codeOf(() => verifyDerivation(both, { parents: [parent, second] }))).toBe("reading-mismatch");
  });

  it("lets a child have further columns", async () => {
    const wider = child(
      { ...files, "c.csv": [8] },
      "append",
      [parent],
      {},
      { reading: { types: { n: "int64", x: "text" } } },
    );
    expect(await verdictOf(wider, { parents: [parent] })).toBe("proven");
  });

  it("refuses sides that are not what their headers say", async () => {
    const honest = child(files, "shuffle", [parent]);
    const other = synthetic({ "a.csv": [1] });
    expect(await codeOf(() => verifyDerivation({ ...honest, set: other.set }, {}))).toBe("set-root-mismatch");
    expect(await codeOf(() => verifyDerivation(honest, { parents: [{ ...parent, entries: other.entries }] }))).toBe(
      "dataset-root-mismatch",
    );
    expect(await codeOf(() => verifyDerivation({ ...honest, splits: new Map([["train", other.set]]) }, {}))).toBe(
      "split-root-mismatch",
    );
  });

  it("refuses a version that claims less change than there is", async () => {
    const splits = { train: ["train/a.csv"], test: ["test/b.csv"] };
    const before = synthetic({ "train/a.csv": [1, 2, 3], "test/b.csv": [4, 5] }, { splits, version: "1.0.0" });
    const list = formatRemoved([{ checks: [], file: "train/a.csv", leaf: toHex(leafOf(3)), ordinal: 2, reason: "" }]);
    const after = { "train/a.csv": [1, 2], "test/b.csv": [4, 5] };
    for (const [version, code] of [
      ["1.0.1", "version-mismatch"],
      ["1.1.0", "version-mismatch"],
      ["2.0.0", undefined],
    ] as const) {
      const dropped = child(after, "quarantine", [before], { removed: toHex(sha256(list)) }, { splits, version });
      expect(await codeOf(() => verifyDerivation(dropped, { parents: [before], removed: list }))).toBe(code);
    }
    // Moved between splits, in a data set whose operation says nothing about splits: never a PATCH.
    const moved = { "train/a.csv": [1, 2], "test/b.csv": [4, 5, 3] };
    const asMap = child(moved, "map", [before], {}, { splits, version: "1.0.1" });
    expect(await codeOf(() => verifyDerivation(asMap, { parents: [before] }))).toBe("version-mismatch");
  });
});
