import { createHash } from "node:crypto";
import { toHex } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LeafSpec } from "../src/header.js";
import { assayDataset, assaySet } from "../src/heads.js";
import { cborMap } from "./reference-cbor.js";
import { type Case, readVectors } from "./vectors.js";

const vectors = readVectors("heads.json");

describe("assayDataset() and assaySet()", () => {
  it.each(vectors.valid as Case[])("make the heads of vector %#", ({ dataset, datasetHead, set, setHead }) => {
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

  it("agree with a literal transcription", () => {
    const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    const keyId = fc.option(fc.constantFrom("0123456789abcdef", "ffffffffffffffff"), { nil: undefined });
    fc.assert(
      fc.property(root, count, count, count, keyId, (bytes, files, records, distinct, id) => {
        const leaf: [string, string][] = [
          ["leafFormat", "raw/v1"],
          ...(id === undefined ? [] : [["leafKey", id] as [string, string]]),
        ];
        const shared: [string, string | number | Buffer][] = [
          ["root", Buffer.from(bytes)],
          ["records", records],
          ...leaf,
        ];
        const hash = (tag: number, fields: typeof shared) =>
          createHash("sha256")
            .update(Buffer.from([tag]))
            .update(cborMap(fields))
            .digest("hex");
        const header = {
          leaf: { format: "raw/v1", ...(id === undefined ? {} : { keyId: id }) },
          dataset: { files, root: toHex(bytes) },
          set: { distinct, records, root: toHex(bytes) },
        } as const;
        expect(assayDataset(header)).toBe(hash(6, [["files", files], ...shared]));
        expect(assaySet(header)).toBe(hash(7, [["distinct", distinct], ...shared]));
      }),
      { numRuns: 50 },
    );
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
