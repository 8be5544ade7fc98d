import {
  buildSetPages,
  equalBytes,
  formatProof,
  fromHex,
  parseProofFile,
  tilesOf,
  toHex,
  verifySetUpdate,
} from "@assay/merkle";
import { decodeRecord, leafOf as recordLeafOf } from "@assay/records";
import { beforeAll, describe, expect, it } from "vitest";
import type { BuiltManifest } from "../src/build.js";
import { memoryFolder, writeFiles } from "../src/folder.js";
import { pageReader, tileReader } from "../src/kept.js";
import { manifestFiles, openManifest, withKeptSets } from "../src/manifest-folder.js";
import { leavesOfJsonRecord, packLeaves, proveLeaves, proveRecord, proveRemoval, verifyLeaves } from "../src/prove.js";
import { parseRecordProof, verifyRecordProof } from "../src/record-proof.js";
import { formatRemoved } from "../src/removed.js";
import { buildOf, buildText, layoutFiles } from "./sources.js";
import { codeOf, readVectors } from "./vectors.js";

let built: BuiltManifest;
beforeAll(async () => {
  built = await buildOf(layoutFiles("csv-two-files"));
});

describe("proveRecord()", () => {
  it("proves every record, from leaves and from kept tiles without data", async () => {
    const folder = memoryFolder();
    await writeFiles(folder, manifestFiles(built, { keep: "tiles" }));
    const opened = await openManifest(folder);
    for (const [i, { path, records }] of built.entries.entries()) {
      for (let ordinal = 0; ordinal < records; ordinal++) {
        const proof = await proveRecord(built, path, ordinal);
        expect(
          await proveRecord(
            { header: opened.header, entries: opened.entries, tilesOf: (root) => tileReader(folder, root) },
            path,
            ordinal,
          ),
        ).toEqual(proof);
        expect(await proveRecord(opened, path, ordinal)).toEqual(proof);
        const leaf = built.leaves[i]!.subarray(32 * ordinal, 32 * ordinal + 32);
        expect((await proveLeaves(opened, leaf)).count).toBeGreaterThan(0);
        const verified = verifyRecordProof(parseRecordProof(formatProof(proof)), built.header);
        expect(equalBytes(verified.leaf, built.leaves[i]!.subarray(32 * ordinal, 32 * ordinal + 32))).toBe(true);
      }
    }
    expect([...tilesOf(built.leaves[0]!)]).toHaveLength(1);
  });

  it("shows the salt of one keyed record, and only with the right key", async () => {
    const leafKey = fromHex(readVectors("dataset/expected.json").leafKey);
    const keyed = await buildOf(layoutFiles("csv"), { leafKey });
    const plain = await buildOf(layoutFiles("csv"));
    const json = '{"id":1,"weight":0.1,"price":9.9,"seen":"2024-01-01T00:00:00Z","note":"a \\"quoted\\" word"}';
    const [reading] = leavesOfJsonRecord(keyed.header, json, leafKey);
    expect(decodeRecord(reading!.recordBytes)).toBeDefined();
    const shown = { record: reading!.recordBytes, leafKey };
    const proof = await proveRecord(keyed, "train.csv", 0, { shown });
    expect(verifyRecordProof(proof, keyed.header, { record: reading!.recordBytes }).confirmed).toBe(true);
    expect(equalBytes(recordLeafOf(reading!.recordBytes), plain.leaves[0]!.subarray(0, 32))).toBe(true);
    expect(await codeOf(() => proveRecord(keyed, "train.csv", 1, { shown }))).toBe("leaf-mismatch");
    expect(await codeOf(() => leavesOfJsonRecord(keyed.header, json))).toBe("leaf-key-missing");
  });

  it("says what is not there", async () => {
    await expect(proveRecord(built, "x.csv", 0)).rejects.toThrow(RangeError);
    await expect(proveRecord(built, "a-part-1.csv", 2)).rejects.toThrow(RangeError);
    expect(await codeOf(() => proveRecord({ header: built.header, entries: built.entries }, "a-part-1.csv", 0))).toBe(
      "not-kept",
    );
    const foreign = { ...built, leavesOf: async () => new Uint8Array(64) };
    expect(await codeOf(() => proveRecord(foreign, "a-part-1.csv", 0))).toBe("root-mismatch");
  });
});

describe("proveLeaves() and leavesOfJsonRecord()", () => {
  const present = '{"note":"","id":2,"weight":1,"price":10,"seen":"2024-01-01T00:00:00.500Z"}';
  const absent = '{"note":" ","id":2,"weight":1,"price":10,"seen":"2024-01-01T00:00:00.500Z"}';

  it("prove presence with its count, and absence, from the set and from kept pages", async () => {
    const folder = memoryFolder();
    await writeFiles(folder, manifestFiles(built));
    const { header } = built;
    for (const [json, count] of [
      [present, 2],
      [absent, 0],
    ] as const) {
      const leaves = packLeaves(leavesOfJsonRecord(header, json));
      const fromSet = await proveLeaves(built, leaves);
      expect(fromSet.count).toBe(count);
      expect(await proveLeaves({ header, readPage: pageReader(folder) }, leaves)).toEqual(fromSet);
      expect(verifyLeaves(parseProofFile(formatProof(fromSet.proof)), header, leaves)).toBe(count);
      expect(await codeOf(() => verifyLeaves(fromSet.proof, header, new Uint8Array(32)))).toBe("leaf-mismatch");
    }
    expect(await codeOf(() => proveLeaves({ header }, new Uint8Array(32)))).toBe("not-kept");
    const { set, ...opened } = await withKeptSets(await openManifest(folder));
    expect(
      await codeOf(() => proveLeaves({ ...opened, readPage: pageReader(memoryFolder()) }, new Uint8Array(32))),
    ).toBe("not-kept");
    expect(set?.distinct).toBe(3);
  });

  it("asks for every leaf that a record can have", async () => {
    const { built: mixed } = await buildText({ "a.csv": "w\n0.1\n" });
    const header = {
      ...mixed.header,
      reading: { ...mixed.header.reading, types: { w: ["float32", "float64"] as const } },
    };
    const readings = leavesOfJsonRecord(header, '{"w":0.1}');
    expect(readings).toHaveLength(2);
    expect((await proveLeaves(mixed, packLeaves(readings))).count).toBe(1);
    expect(await codeOf(() => leavesOfJsonRecord(header, '{"v":0.1}'))).toBe("schema-mismatch");
    expect(await codeOf(() => leavesOfJsonRecord(header, "[1]"))).toBe("not-a-record");
    expect(() => leavesOfJsonRecord({ ...header, leaf: { format: "raw/v1" } }, "{}")).toThrow(RangeError);
  });
});

describe("proveRemoval()", () => {
  it("makes the update that a child is verified with", async () => {
    const leaf = toHex(built.leaves[0]!.subarray(32, 64));
    const removed = [{ checks: [], file: "a-part-1.csv", leaf, ordinal: 1, reason: "" }];
    const pages = new Map(buildSetPages(built.set));
    const fromPages = { header: built.header, readPage: async (path: string) => pages.get(path)! };
    const update = await proveRemoval(built, removed);
    expect(await proveRemoval(fromPages, removed)).toEqual(update);
    expect(update!.changes).toEqual([[leaf, -1]]);
    expect(formatRemoved(removed).length).toBeGreaterThan(0);
    expect(await codeOf(() => verifySetUpdate(update!, { first: built.set.root, second: built.set.root }))).toBe(
      "root-mismatch",
    );
    expect(await proveRemoval(built, [])).toBeUndefined();
    expect(await codeOf(() => proveRemoval({ header: built.header }, removed))).toBe("not-kept");
    expect(await codeOf(() => proveRemoval(built, [{ ...removed[0]!, leaf: "00".repeat(32) }]))).toBe(
      "count-underflow",
    );
  });
});
