import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LeafSpec } from "../src/header.js";
import { assayDataset, assaySet } from "../src/heads.js";
import { readVectors } from "./vectors.js";

const vectors = readVectors("heads.json");

describe("assayDataset() and assaySet()", () => {
  it.each(vectors.valid)("make the heads of vector %#", ({ dataset, datasetHead, set, setHead }) => {
    const leaf: LeafSpec = {
      format: dataset.leafFormat,
      ...(dataset.leafKey === undefined ? {} : { keyId: dataset.leafKey }),
    };
    const header = {
      leaf,
      dataset: { files: dataset.files, root: dataset.root },
      set: { distinct: set.distinct, records: set.records, root: set.root },
    };
    expect(assayDataset(header)).toBe(datasetHead);
    expect(assaySet(header)).toBe(setHead);
  });

  it("hash the CBOR of the example behind their own first byte", () => {
    const { cbor, datasetHead } = vectors.example;
    expect(
      createHash("sha256")
        .update(Buffer.from(`06${cbor}`, "hex"))
        .digest("hex"),
    ).toBe(datasetHead);
  });

  it("change with every field, and differ from each other", () => {
    const header = {
      leaf: { format: "assay-record/v1" },
      dataset: { files: 1, root: "00".repeat(32) },
      set: { distinct: 1, records: 1, root: "00".repeat(32) },
    } as const;
    const others = [
      header,
      { ...header, leaf: { format: "raw/v1" } as const },
      { ...header, leaf: { format: "assay-record/v1", keyId: "0".repeat(16) } as const },
      { ...header, set: { ...header.set, records: 2 } },
    ];
    const heads = others.flatMap((other) => [assayDataset(other), assaySet(other)]);
    heads.push(
      assayDataset({ ...header, dataset: { ...header.dataset, files: 2 } }),
      assayDataset({ ...header, dataset: { files: 1, root: "01".repeat(32) } }),
    );
    heads.push(
      assaySet({ ...header, set: { ...header.set, distinct: 2 } }),
      assaySet({ ...header, set: { ...header.set, root: "01".repeat(32) } }),
    );
    expect(new Set(heads).size).toBe(heads.length);
  });
});
