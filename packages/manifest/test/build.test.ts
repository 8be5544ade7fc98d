import { fromHex, toHex } from "@assay/merkle";
import { type Executor, inlineExecutor, scanSource, sourceOfBytes, type Task } from "@assay/records";
import { workerExecutor } from "@assay/records/node";
import { describe, expect, it } from "vitest";
import { buildManifest } from "../src/build.js";
import { parseManifest } from "../src/header.js";
import { verifyEntries, verifySet } from "../src/verify.js";
import { buildOf, buildText, layoutFiles } from "./sources.js";
import { codeOf, readVectors } from "./vectors.js";

const { layouts, leafKey } = readVectors("dataset/expected.json");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("buildManifest()", () => {
  it.each(Object.keys(layouts))("makes every byte of the layout %s", async (name) => {
    const expected = layouts[name];
    const built = await buildOf(layoutFiles(name));
    expect(text(built.entriesBytes)).toBe(expected.filesJsonl);
    expect(text(built.headerBytes)).toBe(expected.manifestJson);
    expect(built.manifest).toBe(expected.manifestSha256);
    expect(built.datasetHead).toBe(expected.datasetHead);
    expect(built.setHead).toBe(expected.setHead);
    for (const [i, { path }] of built.entries.entries()) {
      const leaves = built.leaves[i]!;
      const hex = Array.from({ length: leaves.length / 32 }, (_, k) => toHex(leaves.subarray(32 * k, 32 * k + 32)));
      expect(hex).toEqual(expected.leaves[path]);
      expect(await built.leavesOf(path)).toBe(leaves);
    }
  });

  it.each(Object.keys(layouts))("makes the keyed manifest of the layout %s", async (name) => {
    const expected = layouts[name];
    const built = await buildOf(layoutFiles(name), { leafKey: fromHex(leafKey) });
    expect(text(built.headerBytes)).toBe(expected.keyedManifestJson);
    expect(built.header.dataset.root).toBe(expected.keyedDataset);
    expect(built.header.set.root).toBe(expected.keyedSet);
    expect(built.datasetHead).toBe(expected.keyedDatasetHead);
    expect(built.setHead).toBe(expected.keyedSetHead);
  });

  it.each(Object.keys(layouts))("makes splits, derivation and version of the layout %s", async (name) => {
    const expected = layouts[name].splitManifestJson as string;
    const { reading, derivation, version } = parseManifest(new TextEncoder().encode(expected));
    const source = await sourceOfBytes(
      "tiny",
      [...layoutFiles(name)].map(([path, bytes]) => ({ path, bytes })),
      {
        schema: { columns: reading.types as Record<string, "int64"> },
      },
    );
    const scanned = await scanSource({ ...source, ignored: reading.ignored! });
    const built = await buildManifest(scanned, { splits: reading.splits!, derivation: derivation!, version: version! });
    expect(text(built.headerBytes)).toBe(expected);
  });

  it("gives the same bytes whatever order work is done in", async () => {
    /** Answers in input order, as it must, but runs the last inputs first. */
    const backwards: Executor = {
      ...inlineExecutor(),
      workers: 3,
      async *map<Options, Input, Output>(task: Task<Options, Input, Output>, inputs: Iterable<Input>) {
        const all = [...inputs];
        const outputs = new Array<Output>(all.length);
        for (let i = all.length - 1; i >= 0; i--) {
          for await (const output of inlineExecutor().map(task, [all[i]!])) outputs[i] = output;
        }
        yield* outputs;
      },
    };
    const files = layoutFiles("csv-two-files");
    const plain = await buildOf(files);
    const other = await buildOf(files, { executor: backwards });
    expect(other.headerBytes).toEqual(plain.headerBytes);
    expect(other.entriesBytes).toEqual(plain.entriesBytes);
  });

  it("gives the same bytes on two workers", async () => {
    const rows = Array.from({ length: 70_000 }, (_, i) => `${i},${i % 7}\n`).join("");
    const bytes = new TextEncoder().encode(`n,part\n${rows}`);
    const source = await sourceOfBytes("two", [
      { path: "a.csv", bytes },
      { path: "b.csv", bytes: bytes.subarray(0, 1000) },
    ]);
    const splits = { column: "part" };
    const alone = await buildManifest(await scanSource(source), { splits });
    const executor = await workerExecutor({ workers: 2 });
    try {
      const together = await buildManifest(await scanSource(source, { executor }), { executor, splits });
      expect(text(together.headerBytes)).toBe(text(alone.headerBytes));
      expect(text(together.entriesBytes)).toBe(text(alone.entriesBytes));
    } finally {
      await executor.close();
    }
  });

  it("splits by the values of a column", async () => {
    const { built } = await buildText(
      { "a.csv": "n,part\n1,train\n2,test\n3,train\n4,\n" },
      { splits: { column: "part" } },
    );
    expect(Object.keys(built.header.splits!).sort()).toEqual(["test", "train"]);
    expect(built.header.splits!.train!.records).toBe(2);
    expect(built.header.splits!.test!.records).toBe(1);
    expect(parseManifest(built.headerBytes).reading.splits).toEqual({ column: "part" });
  });

  it("knows empty data sets, empty files and files that are not read", async () => {
    const nothing = await buildOf(new Map());
    expect(nothing.header.set.records).toBe(0);
    expect(nothing.header.dataset.files).toBe(0);
    const { built } = await buildText({ "a.csv": "x\n", "b.csv": "x\n1\n" });
    expect(built.entries[0]!.records).toBe(0);
    verifySet(built.header, built.set, built.splits);
    verifyEntries(built.header, built.entriesBytes);
  });

  it("hashes raw lines", async () => {
    const files = [{ path: "a.txt", bytes: new TextEncoder().encode("one\ntwo\none") }];
    const scanned = await scanSource(await sourceOfBytes("lines", files), { leafFormat: "raw/v1" });
    const built = await buildManifest(scanned);
    expect(built.header.leaf).toEqual({ format: "raw/v1" });
    expect(built.header.set).toMatchObject({ distinct: 2, records: 3 });
    expect(built.entries[0]!.schema).toBeUndefined();
    expect(built.header.schemas).toEqual({});
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(buildOf(layoutFiles("csv"), { signal })).rejects.toThrow("enough");
    expect(await codeOf(() => buildOf(layoutFiles("csv"), { leafKey: new Uint8Array(8) }))).toBe("leaf-key-too-short");
  });
});
