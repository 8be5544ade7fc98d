import { countLeaves, fromHex, type Multiset, setTreeOf, sha256, toHex } from "@assay/merkle";
import { splitOfPath } from "@assay/records";
import { describe, expect, it } from "vitest";
import { parseManifest } from "../src/header.js";
import { setOfLeaves } from "../src/kept.js";
import { headOf } from "../src/lineage.js";
import { movedRecords } from "../src/moved.js";
import { formatRemoved, parseRemoved, removedLeaves } from "../src/removed.js";
import { drawSample, isFraction, sampleSize } from "../src/sample.js";
import { deservedVersion, isVersion, type SplitSet, type VersionChange, verifyVersion } from "../src/version.js";
import { type Case, codeOf, lineageFiles, lineageParent, readVectors } from "./vectors.js";

const vectors = readVectors("lineage.json");
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Numbers of the vectors as leaves: {"0": 2} is the leaf of 0, twice. */
function leavesOf(counts: Record<string, number>): Multiset {
  const leaves = Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, () => sha256(utf8(name))),
  );
  return countLeaves(leaves);
}

const mapOf = (sets: Record<string, Record<string, number>>) =>
  new Map(Object.entries(sets).map(([name, counts]) => [name, leavesOf(counts)]));

describe("movedRecords()", () => {
  it.each(vectors.moved as Case[])("counts $moved in vector %#", ({ first, second, moved }) => {
    expect(movedRecords(mapOf(first), mapOf(second))).toBe(moved);
  });
});

describe("deservedVersion()", () => {
  const splitSet = ({
    set,
    splits,
  }: {
    set: Record<string, number>;
    splits: Record<string, Record<string, number>>;
  }): SplitSet => ({
    set: leavesOf(set),
    splits: mapOf(splits),
  });

  it.each(vectors.versions as Case[])("is $deserves in vector %#", ({ first, second, deserves }) => {
    expect(deservedVersion(splitSet(first), splitSet(second))).toBe(deserves);
  });
});

describe("verifyVersion()", () => {
  const invalid = vectors.invalid.filter((vector: { from?: string }) => vector.from !== undefined);

  it.each(invalid as Case[])("refuses $from → $to for $deserves", async ({ from, to, deserves, error }) => {
    expect(await codeOf(() => verifyVersion(from, to, deserves))).toBe(error);
  });

  it.each([
    ["1.2.3", "1.2.4", "patch"],
    ["1.2.3", "1.2.10", "patch"],
    ["1.2.3", "1.3.0", "patch"],
    ["1.2.3", "2.0.0", "patch"],
    ["1.2.3", "1.3.0", "minor"],
    ["1.2.3", "2.0.0", "minor"],
    ["0.9.9", "1.0.0", "major"],
    ["99999999999999999999.0.0", "100000000000000000000.0.0", "major"],
  ] as [string, string, VersionChange][])("accepts %s → %s for %s", (from, to, deserves) => {
    verifyVersion(from, to, deserves);
  });

  it("knows no pre-releases and no leading zeros", () => {
    for (const text of ["1.2", "1.2.3-rc.1", "01.2.3", "1.2.3+x", "v1.2.3", "1.2.3 ", "1.2.x"])
      expect(isVersion(text)).toBe(false);
    expect(() => verifyVersion("1.0", "2.0.0", "major")).toThrow(RangeError);
  });
});

describe("sampleSize() and drawSample()", () => {
  it.each(vectors.sampleSize as Case[])("takes $records of $of at $fraction", ({ fraction, of, records }) => {
    expect(sampleSize(fraction, of)).toBe(records);
  });

  it.each(vectors.sample as Case[])("draws $records with seed $seed", ({ seed, records, root }) => {
    const sample = setTreeOf(drawSample(lineageParent(), seed, records));
    expect(sample.records).toBe(records);
    expect(toHex(sample.root)).toBe(root);
  });

  it("agrees with sorting all digests, for every size", () => {
    const parent = lineageParent();
    const seed = vectors.sample[4].seed as string;
    const copies: { digest: string; leaf: Uint8Array }[] = [];
    for (let key = 0; key < parent.counts.length; key++) {
      const leaf = parent.keys.slice(32 * key, 32 * key + 32);
      for (let copy = 0; copy < parent.counts[key]!; copy++) {
        const number = new Uint8Array(8);
        new DataView(number.buffer).setBigUint64(0, BigInt(copy));
        copies.push({
          digest: toHex(sha256(Buffer.concat([utf8("assay-sample/v1"), fromHex(seed), leaf, number]))),
          leaf,
        });
      }
    }
    copies.sort((a, b) => (a.digest < b.digest ? -1 : 1));
    for (let size = 0; size <= copies.length; size++) {
      const expected = countLeaves(copies.slice(0, size).map(({ leaf }) => leaf));
      expect(drawSample(parent, seed, size)).toEqual({ keys: expected.keys, counts: expected.counts });
    }
  });

  it("take no other spelling of a fraction", () => {
    for (const { fraction } of vectors.invalid)
      if (fraction !== undefined) expect(isFraction(fraction), fraction).toBe(false);
    for (const fraction of ["1", "0.5", "0.001", "0.25"]) expect(isFraction(fraction)).toBe(true);
    expect(() => drawSample(lineageParent(), "00".repeat(32), 40)).toThrow(RangeError);
  });
});

describe("parseRemoved() and formatRemoved()", () => {
  const { removedJsonl, removed } = vectors.quarantine;

  it("read and write the vector", () => {
    const records = parseRemoved(utf8(removedJsonl));
    expect(formatRemoved([...records].reverse())).toEqual(utf8(removedJsonl));
    expect(toHex(sha256(utf8(removedJsonl)))).toBe(removed);
    expect(removedLeaves(records).counts).toEqual(new Float64Array([1, 1, 1]));
    expect(parseRemoved(new Uint8Array(0))).toEqual([]);
  });

  const malformed = vectors.invalid.filter((vector: { error: string }) => vector.error === "malformed-removed");
  it.each(malformed as Case[])("refuse $why", async ({ removedJsonl: hex, error }) => {
    expect(await codeOf(() => parseRemoved(fromHex(hex)))).toBe(error);
  });
});

describe("the parent of the lineage vectors", () => {
  it("has the root that the vectors say, and its files hold it", () => {
    expect(toHex(setTreeOf(lineageParent()).root)).toBe(vectors.root);
    const all = countLeaves([...lineageFiles().values()]);
    expect(toHex(setTreeOf(all).root)).toBe(vectors.root);
  });
});

describe("splits by paths", () => {
  it.each(vectors.splits as Case[])("are those of vector %#", ({ patterns, splits }) => {
    for (const [name, head] of Object.entries<object>(splits)) {
      const files = [...lineageFiles()].filter(([path]) => splitOfPath(patterns, path) === name);
      expect(headOf(setOfLeaves(files.map(([, leaves]) => leaves)))).toEqual(head);
    }
  });

  it.each(vectors.invalid.filter((vector: { patterns?: object }) => vector.patterns !== undefined) as Case[])(
    "refuse $patterns",
    async ({ patterns, error }) => {
      expect(await codeOf(() => [...lineageFiles().keys()].map((path) => splitOfPath(patterns, path)))).toBe(error);
    },
  );
});

describe("parseManifest()", () => {
  const text = readVectors("dataset/expected.json").layouts.csv.manifestJson as string;
  const sample = (fraction: string) => {
    const header = JSON.parse(text);
    const { dataset, leaf, set } = header;
    const derivation = {
      operation: "sample",
      parameters: { fraction, seed: "00".repeat(32) },
      parents: [{ dataset, leaf, manifest: "00".repeat(32), set }],
    };
    return utf8(
      text.replace(
        '},"format":"assay-manifest/v1"',
        `},"derivation":${JSON.stringify(derivation)},"format":"assay-manifest/v1"`,
      ),
    );
  };

  it.each(vectors.invalid.filter((vector: { fraction?: string }) => vector.fraction !== undefined) as Case[])(
    "refuses the fraction '$fraction'",
    async ({ fraction, error }) => {
      expect(await codeOf(() => parseManifest(sample(fraction)))).toBe(error);
    },
  );

  it("accepts a good fraction", () => {
    expect(parseManifest(sample("0.25")).derivation?.parameters.fraction).toBe("0.25");
  });

  it.each(vectors.invalid.filter((vector: { csv?: object }) => vector.csv !== undefined) as Case[])(
    "refuses the dialect $csv",
    async ({ csv, error }) => {
      expect(
        await codeOf(() =>
          parseManifest(utf8(text.replace('"reading":{', `"reading":{"csv":${JSON.stringify(csv)},`))),
        ),
      ).toBe(error);
    },
  );
});
