/**
 * Every lie about every operation, from the leaves of both sides and, where the heads alone rule it out, from these: a
 * record too many dropped, one swapped, one added, one on both sides of a split, one moved between splits, a parent that
 * is made up. The honest child stands beside them, so that a rule that refuses everything is seen too.
 */

import { sha256, toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { type DerivationEvidence, verifyDerivation } from "../src/derivation.js";
import type { DerivationParameters, Operation } from "../src/header.js";
import { formatRemoved } from "../src/removed.js";
import { drawSample, sampleSize } from "../src/sample.js";
import { derivationOf, type Files, leafOf, type Synthetic, synthetic } from "./data-sets.js";
import { codeOf } from "./vectors.js";

const splits = { train: ["train.csv"], test: ["test.csv"] };
const parent = synthetic({ "train.csv": [0, 1, 2, 3, 3], "test.csv": [4, 5, 6] }, { splits, version: "1.0.0" });
const other = synthetic({ "train.csv": [7, 8], "test.csv": [9] }, { splits, version: "1.0.0" });
const list = formatRemoved([{ checks: [], file: "train.csv", leaf: toHex(leafOf(2)), ordinal: 2, reason: "" }]);
const removed = { removed: toHex(sha256(list)) };
const sampling = { seed: "07".repeat(32), fraction: "0.5" };
const byLeaf = new Map(Array.from({ length: 10 }, (_, n) => [toHex(leafOf(n)), n]));
const drawn = drawSample(parent.set, sampling.seed, sampleSize(sampling.fraction, 8));
const sample = [...drawn.counts].flatMap((count, i) =>
  Array<number>(count).fill(byLeaf.get(toHex(drawn.keys.subarray(32 * i, 32 * i + 32))) as number),
);
const unsampled = [0, 1, 2, 3, 3, 4, 5, 6].filter((n) => !sample.includes(n));

interface Claim {
  readonly honest: Files;
  readonly parents?: readonly Synthetic[];
  readonly parameters?: DerivationParameters;
  readonly evidence?: DerivationEvidence;
  /** Without splits the moved record is not asked about. */
  readonly splits?: Record<string, readonly string[]> | undefined;
  /** What is told → the child's files. */
  readonly lies: Readonly<Record<string, Files>>;
}

const train = [0, 1, 2, 3, 3];
const test = [4, 5, 6];
const equalSets = (honest: Files): Claim => ({
  honest,
  lies: {
    "one record dropped": { ...honest, "test.csv": [4, 5] },
    "one copy dropped": { ...honest, "train.csv": [0, 1, 2, 3] },
    "one swapped": { ...honest, "test.csv": [4, 5, 9] },
    "one added": { ...honest, "test.csv": [4, 5, 6, 9] },
    "one moved from train to test": { "train.csv": [0, 1, 3, 3], "test.csv": [4, 5, 6, 2] },
    "two exchanged between train and test": { "train.csv": [0, 1, 4, 3, 3], "test.csv": [2, 5, 6] },
    "one copy moved from train to test": { "train.csv": [0, 1, 2, 3], "test.csv": [4, 5, 6, 3] },
  },
});
const removal: Claim = {
  honest: { "train.csv": [0, 1, 3, 3], "test.csv": test },
  parameters: removed,
  evidence: { removed: list },
  lies: {
    "one record too many dropped": { "train.csv": [0, 1, 3, 3], "test.csv": [4, 5] },
    "the listed one kept": { "train.csv": train, "test.csv": test },
    "another dropped instead": { "train.csv": [0, 2, 3, 3], "test.csv": test },
    "one swapped": { "train.csv": [0, 1, 3, 3], "test.csv": [4, 5, 9] },
    "one added": { "train.csv": [0, 1, 3, 3], "test.csv": [...test, 9] },
    "one moved from train to test": { "train.csv": [0, 1, 3], "test.csv": [...test, 3] },
    "two exchanged between train and test": { "train.csv": [0, 4, 3, 3], "test.csv": [1, 5, 6] },
  },
};

const CLAIMS: Readonly<Record<Exclude<Operation, "map">, Claim>> = {
  reformat: equalSets({ "train.csv": train, "test.csv": test }),
  shuffle: equalSets({ "train.csv": [3, 1, 3, 0, 2], "test.csv": [6, 4, 5] }),
  reshard: equalSets({ "train.csv": train, "test.csv": test }),
  filter: removal,
  quarantine: removal,
  append: {
    honest: { "train.csv": [...train, 9], "test.csv": test },
    lies: {
      "one record dropped": { "train.csv": [0, 1, 2, 3, 9], "test.csv": test },
      "one swapped": { "train.csv": [0, 1, 8, 3, 3, 9], "test.csv": test },
      "two changed places": { "train.csv": [1, 0, 2, 3, 3, 9], "test.csv": test },
      "one moved from train to test": { "train.csv": [0, 1, 2, 3], "test.csv": [...test, 3, 9] },
      "one put in front": { "train.csv": [9, ...train], "test.csv": test },
    },
  },
  concat: {
    honest: { "train.csv": [...train, 7, 8], "test.csv": [...test, 9] },
    parents: [parent, other],
    lies: {
      "one record dropped": { "train.csv": [...train, 7, 8], "test.csv": test },
      "one swapped": { "train.csv": [...train, 7, 7], "test.csv": [...test, 9] },
      "one twice": { "train.csv": [...train, 7, 8, 8], "test.csv": [...test, 9] },
      "one moved from train to test": { "train.csv": [0, 1, 2, 3, 7, 8], "test.csv": [...test, 3, 9] },
      "two exchanged between train and test": { "train.csv": [...train, 7, 9], "test.csv": [...test, 8] },
    },
  },
  split: {
    honest: { "train.csv": [0, 1, 2, 4], "test.csv": [3, 3, 5, 6] },
    lies: {
      "one record dropped": { "train.csv": [0, 1, 2, 4], "test.csv": [3, 3, 5] },
      "one swapped": { "train.csv": [0, 1, 2, 4], "test.csv": [3, 3, 5, 9] },
      "a copy on each side": { "train.csv": [0, 1, 2, 3], "test.csv": [3, 4, 5, 6] },
      "one on both sides besides": { "train.csv": [0, 1, 2, 4], "test.csv": [3, 3, 4, 5, 6] },
      "one in neither": { "train.csv": [0, 1, 2, 4], "test.csv": [3, 3, 5], "rest.csv": [6] },
    },
  },
  dedupe: {
    honest: { "train.csv": [0, 1, 2, 3], "test.csv": test },
    lies: {
      "one record too many dropped": { "train.csv": [0, 1, 2], "test.csv": test },
      "one swapped": { "train.csv": [0, 1, 2, 9], "test.csv": test },
      "a copy kept": { "train.csv": train, "test.csv": test },
      "another twice instead": { "train.csv": [0, 1, 2, 2], "test.csv": test },
      "one moved from train to test": { "train.csv": [0, 1, 2], "test.csv": [...test, 3] },
      "two exchanged between train and test": { "train.csv": [0, 1, 4, 3], "test.csv": [2, 5, 6] },
    },
  },
  sample: {
    honest: { "train.csv": sample },
    parameters: sampling,
    splits: undefined,
    lies: {
      "one record too many dropped": { "train.csv": sample.slice(1) },
      "one swapped for another of the parent": { "train.csv": [...sample.slice(1), unsampled[0] as number] },
      "one that the parent lacks": { "train.csv": [...sample.slice(1), 9] },
    },
  },
};

const childOf = (operation: Operation, files: Files, claim: Claim, version?: string): Synthetic =>
  synthetic(files, {
    derivation: derivationOf(operation, claim.parents ?? [parent], claim.parameters),
    ...("splits" in claim && claim.splits === undefined ? {} : { splits }),
    ...(version === undefined ? {} : { version }),
  });

const LIES = ["derivation-mismatch", "split-overlap"];

describe.each(Object.entries(CLAIMS) as [Operation, Claim][])("%s", (operation, claim) => {
  const evidence = { parents: claim.parents ?? [parent], ...claim.evidence };

  it("is proven where it is true", async () => {
    const honest = childOf(operation, claim.honest, claim);
    expect((await verifyDerivation(honest, evidence))?.edge).toBe("proven");
  });

  it.each(Object.entries(claim.lies))("refuses %s", async (_, files) => {
    const liar = childOf(operation, files, claim);
    expect(LIES).toContain(await codeOf(() => verifyDerivation(liar, evidence)));
    // What cannot be seen without the parent is not-checked, and never proven.
    const { header, manifest, entries, set, splits: parts } = liar;
    const alone = { header, manifest, entries, set, splits: parts };
    const verdict = await verifyDerivation(alone, { ...claim.evidence }).catch((error) => error);
    expect(verdict.edge ?? verdict.code).not.toBe("proven");
  });

  it("refuses a parent that is made up", async () => {
    const honest = childOf(operation, claim.honest, claim);
    const [first, ...rest] = evidence.parents;
    const others = synthetic({ "train.csv": train, "test.csv": [4, 5, 9] }, { splits, version: "1.0.0" });
    const renamed = synthetic({ "train.csv": train, "test.csv": test }, { splits, version: "1.0.0", name: "another" });
    for (const made of [others, renamed]) {
      const lie = { ...evidence, parents: [made, ...rest] };
      expect(await codeOf(() => verifyDerivation(honest, lie))).toBe("head-mismatch");
    }
    // The right manifest with the leaves or entries of another data set.
    for (const [part, code] of [
      [{ set: others.set }, "set-root-mismatch"],
      [{ splits: others.splits }, "split-root-mismatch"],
      [{ entries: others.entries }, "dataset-root-mismatch"],
    ] as const) {
      const lie = { ...evidence, parents: [{ ...first!, ...part }, ...rest] };
      expect(await codeOf(() => verifyDerivation(honest, lie))).toBe(code);
    }
    // A child that states other heads of its parent than the parent has.
    const stated = honest.header.derivation!.parents.map((one) => ({ ...one, set: { ...one.set, records: 99 } }));
    const liar = {
      ...honest,
      header: { ...honest.header, derivation: { ...honest.header.derivation!, parents: stated } },
    };
    expect(await codeOf(() => verifyDerivation(liar, evidence))).toBe("head-mismatch");
  });

  it("leaves open what only the leaves of the splits would show, and says which", async () => {
    if (!["filter", "quarantine", "concat", "dedupe"].includes(operation)) return;
    const honest = childOf(operation, claim.honest, claim);
    const { splits: _, ...bare } = honest;
    const parents = evidence.parents.map((side) => {
      const { splits: _parts, ...rest } = side as Synthetic;
      return rest;
    });
    const verdict = await verifyDerivation(bare, { ...evidence, parents });
    expect(verdict).toMatchObject({ edge: "not-checked" });
    expect(verdict?.reason).toContain('"train"');
  });
});
