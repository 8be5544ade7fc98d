import { fromHex, toHex } from "@assay/merkle";
import { schemaDigest, sourceOfBytes } from "@assay/records";
import { beforeAll, describe, expect, it } from "vitest";
import type { BuiltManifest } from "../src/build.js";
import { type FileEntry, formatEntries } from "../src/entry.js";
import type { ManifestHeader } from "../src/header.js";
import { blockRoots } from "../src/kept.js";
import { verifyEntries, verifySet } from "../src/verify.js";
import { inspectData, verifyData } from "../src/verify-data.js";
import { buildOf, buildText, layoutFiles, sourceOf, textFiles } from "./sources.js";
import { codeOf, readVectors } from "./vectors.js";

const files = { "a.csv": "n,t\n1,x\n2,y\n2,y\n", "b/c.csv": "n,t\n3,z\n" };
let built: BuiltManifest;
beforeAll(async () => {
  ({ built } = await buildText(files, { splits: { paths: { a: "a.csv", b: "b/**" } } }));
});

const sourceOfText = (texts: Record<string, string>) =>
  sourceOfBytes(
    "tiny",
    [...textFiles(texts)].map(([path, bytes]) => ({ path, bytes })),
  );
const verify = async (texts: Record<string, string>, header = built.header) =>
  verifyData(header, built.entries, await sourceOfText(texts));

describe("verifyEntries()", () => {
  const check = (header: Partial<ManifestHeader>, entries: readonly FileEntry[] = built.entries) =>
    codeOf(() => verifyEntries({ ...built.header, ...header }, formatEntries(entries)));
  const edit = (change: Partial<FileEntry>) => [{ ...built.entries[0]!, ...change }, built.entries[1]!];

  it("accepts what was built", () => {
    expect(verifyEntries(built.header, built.entriesBytes)).toHaveLength(2);
  });

  it("refuses what does not match, in the order of the specification", async () => {
    expect(await check({}, built.entries.slice(1))).toBe("size-mismatch");
    expect(await check({}, edit({ path: "a2.csv" }))).toBe("dataset-root-mismatch");
    expect(await check({}, edit({ records: 9 }))).toBe("dataset-root-mismatch");
    expect(await check({ dataset: { ...built.header.dataset, root: "00".repeat(32) } })).toBe("dataset-root-mismatch");
    expect(await check({ set: { ...built.header.set, records: 5 } })).toBe("count-mismatch");
    expect(await check({ size: built.header.size + 1 })).toBe("size-mismatch");
    expect(await check({ leaf: { format: "raw/v1" } })).toBe("leaf-format-mismatch");
    expect(await check({ leaf: { format: "assay-record/v1", keyId: "0123456789abcdef" } })).toBe(
      "leaf-format-mismatch",
    );
    expect(await check({ schemas: {} })).toBe("schema-digest-mismatch");
    const [digest] = Object.keys(built.header.schemas);
    expect(await check({ schemas: { [digest!]: { n: "number" } } })).toBe("schema-digest-mismatch");
    const surplus = { [toHex(schemaDigest({ x: "text" }))]: { x: "text" } } as const;
    expect(await check({ schemas: { ...built.header.schemas, ...surplus } })).toBe("schema-digest-mismatch");
  });

  it("calls what does not parse a mismatch: the header binds it", () => {
    for (const [bytes, code] of [
      [new TextEncoder().encode("{}\n"), "malformed-entry"],
      [formatEntries(built.entries).reverse(), "malformed-entry"],
    ] as const) {
      expect(() => verifyEntries(built.header, bytes)).toThrow(
        expect.objectContaining({ name: "VerificationError", code }),
      );
    }
  });
});

describe("verifySet()", () => {
  it("refuses another set, other counts and other splits", async () => {
    const { built: other } = await buildText({ "a.csv": "n,t\n1,x\n" });
    const { header, set, splits } = built;
    verifySet(header, set, splits);
    verifySet(header, set);
    expect(await codeOf(() => verifySet(header, other.set))).toBe("set-root-mismatch");
    expect(await codeOf(() => verifySet({ ...header, set: { ...header.set, distinct: 2 } }, set))).toBe(
      "count-mismatch",
    );
    expect(await codeOf(() => verifySet(header, set, new Map([...splits, ["b", other.set]])))).toBe(
      "split-root-mismatch",
    );
    expect(await codeOf(() => verifySet(header, set, new Map([["a", splits.get("a")!]])))).toBe("split-root-mismatch");
    expect(await codeOf(() => verifySet(header, set, new Map([...splits, ["c", other.set]])))).toBe(
      "split-root-mismatch",
    );
    const counted = { ...header.splits, a: { ...header.splits!.a!, distinct: 3 } };
    expect(await codeOf(() => verifySet({ ...header, splits: counted }, set, splits))).toBe("count-mismatch");
  });
});

describe("verifyData()", () => {
  it("accepts the data it was built from, in every layout of the vectors", async () => {
    for (const layout of ["csv", "csv-two-files", "jsonl"]) {
      const data = layoutFiles(layout);
      const one = await buildOf(data);
      const verdict = await verifyData(one.header, one.entries, await sourceOf(data));
      expect(verdict.set).toBe("same");
      expect(verdict.files.map(({ bytes, records }) => [bytes, records])).toEqual(
        one.entries.map(() => ["same", "same"]),
      );
    }
    expect(await verify(files)).toMatchObject({ set: "same" });
  });

  it("names what is missing, unexpected, changed, and in this order", async () => {
    expect(await codeOf(() => verify({ "a.csv": files["a.csv"] }))).toBe("file-missing");
    expect(await codeOf(() => verify({ ...files, "x.csv": "n\n" }))).toBe("file-unexpected");
    expect(await codeOf(() => verify({ ...files, "b/c.csv": "n,t\n4,z\n" }))).toBe("bytes-mismatch");
    expect(await codeOf(() => verify({ "a.csv": "n,t\n1,x\n", "x.csv": "n\n" }))).toBe("file-missing");
  });

  it("tells a file that was re-stored from one that was altered", async () => {
    const restored = { ...files, "a.csv": 't,n\nx,1\n"y",2\ny,2\n' };
    const verdict = await inspectData(built.header, built.entries, await sourceOfText(restored));
    expect(verdict.files).toEqual([
      { path: "a.csv", bytes: "changed", records: "same" },
      { path: "b/c.csv", bytes: "same", records: "same" },
    ]);
    expect(verdict.fault?.code).toBe("bytes-mismatch");
    expect(verdict.set).toBe("same");
    expect((await verifyData(built.header, built.entries, await sourceOfText(restored), { onlySet: true })).set).toBe(
      "same",
    );
    const altered = { ...files, "a.csv": "n,t\n1,x\n2,y\n2,z\n" };
    expect(
      await codeOf(async () => verifyData(built.header, built.entries, await sourceOfText(altered), { onlySet: true })),
    ).toBe("set-root-mismatch");
  });

  it("takes a changed file that cannot be read for a changed file", async () => {
    const broken = { ...files, "a.csv": 'n,t\n1,"x\n2,y\n2,y\n' };
    const verdict = await inspectData(built.header, built.entries, await sourceOfText(broken));
    expect(verdict.fault?.code).toBe("bytes-mismatch");
    expect(verdict.fault?.name).toBe("VerificationError");
    expect(verdict.files).toEqual([
      { path: "a.csv", bytes: "changed", records: "not-checked" },
      { path: "b/c.csv", bytes: "same", records: "same" },
    ]);
    expect(verdict.set).toBe("not-checked");
  });

  it("sees a reading that was edited, though no byte of the data changed", async () => {
    const asText: ManifestHeader = {
      ...built.header,
      reading: { ...built.header.reading, types: { n: "text", t: "text" }, inferred: [] },
    };
    expect(await codeOf(() => verify(files, asText))).toBe("records-root-mismatch");
    const impossible: ManifestHeader = {
      ...built.header,
      reading: { ...built.header.reading, types: { n: "int64", t: "date" }, inferred: [] },
    };
    expect(await codeOf(() => verify(files, impossible))).toBe("records-root-mismatch");
  });

  it("refuses every flipped byte of the data", async () => {
    const bytes = textFiles(files).get("a.csv")!;
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1;
      const source = await sourceOfBytes("tiny", [
        { path: "a.csv", bytes: damaged },
        { path: "b/c.csv", bytes: textFiles(files).get("b/c.csv")! },
      ]);
      expect(await codeOf(() => verifyData(built.header, built.entries, source)), `byte ${i}`).toBe("bytes-mismatch");
    }
  });

  it("names the first block that differs when tiles were kept", async () => {
    const altered = { ...files, "a.csv": "n,t\n1,x\n2,y\n2,z\n" };
    const blocksOf = async (entry: FileEntry) => blockRoots((await built.leavesOf(entry.path))!);
    const verdict = await inspectData(built.header, built.entries, await sourceOfText(altered), { blocksOf });
    expect(verdict.files[0]).toEqual({
      path: "a.csv",
      bytes: "changed",
      records: "changed",
      block: { begin: 0, end: 3 },
    });
  });

  it("sees a split that is not the stated one", async () => {
    const { splits } = built.header;
    const swapped = { ...built.header, splits: { a: splits!.b!, b: splits!.a! } };
    expect(await codeOf(() => verify(files, swapped))).toBe("split-root-mismatch");
  });

  it("needs the leaf key of keyed leaves", async () => {
    const leafKey = fromHex(readVectors("dataset/expected.json").leafKey);
    const data = layoutFiles("csv");
    const keyed = await buildOf(data, { leafKey });
    const source = await sourceOf(data);
    expect((await verifyData(keyed.header, keyed.entries, source, { leafKey })).set).toBe("same");
    expect(await codeOf(() => verifyData(keyed.header, keyed.entries, source))).toBe("leaf-key-missing");
    expect(
      await codeOf(() => verifyData(keyed.header, keyed.entries, source, { leafKey: leafKey.slice().reverse() })),
    ).toBe("leaf-key-mismatch");
  });
});
