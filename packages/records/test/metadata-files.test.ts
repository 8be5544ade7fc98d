import { readFileSync } from "node:fs";
import { buildSet, sha256, toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { encodeBatch } from "../src/encode-batch.js";
import { hashSource, readBatches } from "../src/hash-source.js";
import { joinAllKinds, schemaDigest } from "../src/kinds.js";
import { hasMetadataFiles } from "../src/metadata-files.js";
import { codeOf, type InMemory, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

const dataSet = (files: Readonly<Record<string, string>>, options: InMemory = {}) =>
  scanned(
    Object.entries(files).map(([path, text]) => ({
      path,
      bytes: utf8(text),
      ...(/\.(?:png|md)$/.test(path) ? { format: "other" as const } : {}),
    })),
    options,
  );

const PETS = { "a.png": "picture a", "b.png": "picture b", "metadata.csv": "file_name,label\na.png,cat\nb.png,dog\n" };

describe("the vectors of metadata files", () => {
  const vectors = JSON.parse(
    readFileSync(new URL("../../../test/vectors/assay/metadata-files.json", import.meta.url), "utf8"),
  );

  it.each(
    vectors.valid as { why: string; files: Record<string, string>; records: string[]; schema: string; set: string }[],
  )("$why", async ({ files, records, schema, set }) => {
    const source = await dataSet(files);
    const found: string[] = [];
    for await (const { batch } of readBatches(source)) {
      const { arena, offsets } = encodeBatch(batch);
      for (let i = 0; i < batch.length; i++) found.push(toHex(arena.subarray(offsets[i], offsets[i + 1])));
    }
    expect(found).toEqual(records);
    let kinds = {};
    const leaves: Uint8Array[] = [];
    for await (const hashed of hashSource(source)) {
      kinds = joinAllKinds(kinds, hashed.kinds);
      leaves.push(hashed.leaves);
    }
    expect(toHex(schemaDigest(kinds))).toBe(schema);
    expect(toHex(buildSet(new Uint8Array(Buffer.concat(leaves))).root)).toBe(set);
    // Read again as the manifest says, whatever else it would be taken for.
    const again = await dataSet(files, { reading: source.reading });
    expect(again.reading).toEqual(source.reading);
    expect(await leavesOf(again)).toEqual(await leavesOf(source));
  });

  it.each(vectors.invalid as { why: string; files: Record<string, string>; error: string }[])(
    "refused: $why",
    async ({ files, error }) => {
      expect(await codeOf(dataSet(files))).toBe(error);
    },
  );
});

describe("scanSource() of metadata files", () => {
  it("says file, line, column and value of a name that means nothing", async () => {
    const files = { ...PETS, "metadata.csv": 'file_name,label\na.png,"two\nlines"\nc.png,dog\n' };
    await expect(dataSet(files)).rejects.toThrow(
      'metadata.csv, line 4, column "file_name": there is no file "c.png" in the data set. Add it, or take the record away ("c.png")',
    );
  });

  it("names the pictures that no record has, and says in `reading` that others are joined", async () => {
    const { reading, unnamed } = await dataSet({ ...PETS, "c.png": "picture c", "README.md": "pets" });
    expect(unnamed).toEqual(["c.png"]);
    expect(reading).toMatchObject({ metadata: true, types: { file: "bytes", file_name: "text", label: "text" } });
    expect((await dataSet(PETS)).unnamed).toBeUndefined();
  });

  it("reads lines as they are with raw/v1, and with a reading that does not join", async () => {
    const lines = { "a.png": "x", "metadata.jsonl": '{"file_name":"a.png"}\n' };
    const raw = await dataSet(lines, { leafFormat: "raw/v1" });
    expect(raw.reading.metadata).toBeUndefined();
    const plain = await dataSet(PETS, { reading: { types: {}, inferred: [], nullValues: [], others: "infer" } });
    expect(plain.files.every(({ index }) => index.named === undefined)).toBe(true);
  });

  it("gives keyed leaves, splits by a column and single columns of what is joined", async () => {
    const source = await dataSet(PETS);
    const keyed = await leavesOf(source, { leafKey: new Uint8Array(32).fill(7) });
    expect(keyed[2]).toHaveLength(2);
    expect(keyed).not.toEqual(await leavesOf(source));
    const splits: (string | undefined)[] = [];
    for await (const { splitNames = [], splitOf = [] } of hashSource(source, { splits: { column: "label" } }))
      for (const split of splitOf) splits.push(splitNames[split]);
    expect(splits).toEqual(["cat", "dog"]);
    for await (const { batch } of readBatches(source, { columns: ["file"] }))
      expect(batch.columns.map(({ name, type }) => [name, type])).toEqual([["file", "bytes"]]);
  });

  it("shows the pictures themselves to those who look at them", async () => {
    const shown: string[] = [];
    for await (const { batch } of readBatches(await dataSet(PETS), { columns: ["file"], contents: "all" })) {
      const [column] = batch.columns;
      if (column?.type === "bytes") shown.push(new TextDecoder().decode(column.data));
    }
    expect(shown.join()).toBe("picture apicture b");
  });

  it("is the digest of the stored bytes, whatever the picture is called", async () => {
    const [, , leaves] = await leavesOf(await dataSet(PETS));
    const { arena, offsets } = encodeBatch({
      length: 1,
      columns: [
        {
          name: "file",
          type: "bytes",
          length: 1,
          validity: null,
          offsets: Int32Array.of(0, 32),
          data: sha256(utf8("picture a")),
        },
        { name: "label", type: "text", length: 1, validity: null, offsets: Int32Array.of(0, 3), data: utf8("cat") },
      ],
    });
    expect(leaves?.[0]).toBe(toHex(sha256(new Uint8Array([0, ...arena.subarray(offsets[0], offsets[1])]))));
  });
});

describe("hasMetadataFiles()", () => {
  it.each([
    [["metadata.csv", "a.png"], true],
    [["train/metadata.jsonl", "train/x/a.JPG"], true],
    [["train/metadata.csv", "test/a.png"], false],
    [["metadata.csv", "README.md"], false],
    [["other-metadata.csv", "a.png"], false],
  ])("of %j is %s", (paths, expected) => {
    const files = paths.map((path) => ({
      path,
      format: path.endsWith("csv")
        ? ("csv" as const)
        : path.endsWith("jsonl")
          ? ("jsonl" as const)
          : ("other" as const),
    }));
    expect(hasMetadataFiles(files)).toBe(expected);
  });
});
