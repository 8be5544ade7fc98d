/** Forms of Arrow and Parquet files besides the common one. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { arrowReader } from "../src/arrow.js";
import { parquetReader } from "../src/parquet.js";
import type { FormatReader } from "../src/reader.js";
import { bytesSource, fixtureBytes, fixtures, readAll, recordsOf } from "./fixture-records.js";

const readerOf = (path: string): FormatReader => (path.endsWith(".parquet") ? parquetReader : arrowReader);

async function records(path: string, options = {}): Promise<unknown[]> {
  const { batches } = await readAll(readerOf(path), bytesSource(fixtureBytes(path), path), options);
  return batches.flatMap(({ batch }) => recordsOf(batch));
}

describe("index()", () => {
  for (const name of ["no-records.parquet", "no-row-groups.parquet", "no-records.arrow", "no-records.arrows"]) {
    it(`finds columns and no records in ${name}`, async () => {
      const index = await readerOf(name).index(bytesSource(fixtureBytes(`forms/${name}`)));
      expect(index.records).toBe(0);
      expect(index.parts).toEqual([]);
      expect(index.columns).toEqual([
        { name: "id", type: "int64" },
        { name: "tags", type: { list: "text" } },
      ]);
    });
  }

  it("lists the stored types of a Parquet file", async () => {
    const { columns } = await parquetReader.index(bytesSource(fixtureBytes("exotic-parquet/pyarrow-snappy.parquet")));
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toEqual({
      blob: "bytes",
      uuid: "bytes",
      i8: "int8",
      i16: "int16",
      u8: "uint8",
      u16: "uint16",
      u32: "uint32",
      half: "float16",
      special: "float64",
      wide: "decimal(38,10)",
      wider: "decimal(76,20)",
      ms: "time",
      ns_clock: "time",
      at_ms: "timestamp",
      at_ns: "timestamp",
      seen_ns: "instant",
      category: "text",
      large: "text",
      large_list: { list: "int16" },
      vector: { list: "float32" },
      nothing: "null",
    });
  });

  it("lists the stored types of an Arrow file, with the size of fixed-size lists", async () => {
    const { columns } = await arrowReader.index(bytesSource(fixtureBytes("exotic-arrow/pyarrow-file.arrow")));
    const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      uuid: "bytes",
      vector: { list: "float32", size: 3 },
      category: "text",
      lasted: "duration",
      day_ms: "date",
      view: "text",
      blob_view: "bytes",
      list_view: { list: "int16" },
      runs: "text",
      tiny_decimal: "decimal(5,2)",
      nothing: "null",
    });
    const nested = await arrowReader.index(bytesSource(fixtureBytes("nested/pyarrow-file.arrow")));
    expect(nested.columns.find(({ name }) => name === "tree")?.type).toEqual({
      struct: { leaves: { list: { struct: { tags: { list: "text" } } } } },
    });
    expect(nested.columns.find(({ name }) => name === "counts")?.type).toEqual({ map: ["text", "int32"] });
  });

  it("cuts a Parquet file into its row groups, whose windows cover all column chunks", async () => {
    const bytes = fixtureBytes("flat/pyarrow-gzip-groups.parquet");
    const index = await parquetReader.index(bytesSource(bytes));
    expect(index.parts.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 17],
      [17, 34],
      [34, 51],
      [51, 60],
    ]);
    expect(new Set(index.parts.map((part) => part.windows.length))).toEqual(new Set([14]));
  });
});

describe("read()", () => {
  it("skips an empty record batch", async () => {
    expect(await records("forms/empty-batch.arrow")).toEqual([{ id: "number:1", tags: ["text:a"] }]);
  });

  const words = ["a", null, "a", "b", "a", "c", "b", "a"].map((word) => ({
    word: word === null ? null : `text:${word}`,
  }));
  for (const name of ["dictionary-deltas.arrows", "dictionary-deltas.arrow", "dictionary-replaced.arrows"]) {
    it(`takes each batch's words from the dictionary that holds for it: ${name}`, async () => {
      expect(await records(`forms/${name}`)).toEqual(words);
    });
  }

  for (const name of ["text-as-bytes.parquet", "text-as-bytes.arrow"]) {
    it(`reads bytes that were declared to be text, at any depth: ${name}`, async () => {
      expect(await records(`forms/${name}`)).toEqual([
        { text: "bytes:61", list: ["bytes:78"] },
        { text: null, list: [] },
        { text: "bytes:c385", list: null },
      ]);
      expect(await records(`forms/${name}`, { types: { text: "text", list: { list: "text" } } })).toEqual([
        { text: "text:a", list: ["text:x"] },
        { text: null, list: [] },
        { text: "text:Å", list: null },
      ]);
    });
  }

  it("reads an Arrow file of Polars, whose schema in front of the batches has no length", async () => {
    expect(await records("forms/polars.arrow")).toEqual([
      { word: "text:a", n: ["number:1", null] },
      { word: null, n: null },
      { word: `text:${"Å".repeat(9)}`, n: [] },
    ]);
  });

  it("refuses bytes in front of the batches that are no schema, also where that has no length", async () => {
    const bytes = fixtureBytes("forms/polars.arrow").slice();
    bytes.fill(0, 12, 300);
    await expect(arrowReader.index(bytesSource(bytes, "polars.arrow"))).rejects.toMatchObject({
      code: "bad-arrow",
      message: expect.stringContaining("it does not say what bytes 16 to"),
    });
  });

  it("says what Feather of version 1 is", async () => {
    const bytes = new TextEncoder().encode("FEA1\0\0\0\0 and a footer FEA1");
    await expect(arrowReader.index(bytesSource(bytes, "old.feather"))).rejects.toMatchObject({
      code: "bad-arrow",
      message: expect.stringContaining("write it again as version 2"),
    });
  });

  it("reads INT96 as timestamps", async () => {
    const expected = JSON.parse(readFileSync(new URL("flat/expected.json", fixtures), "utf8")) as Record<
      string,
      unknown
    >[];
    expect(await records("flat/int96-only.parquet")).toEqual(expected.map(({ id, at }) => ({ id, at })));
  });

  for (const path of ["nested/pyarrow-gzip-groups.parquet", "nested/pyarrow-file.arrow"]) {
    it(`reads only the columns that are asked for: ${path}`, async () => {
      const expected = JSON.parse(readFileSync(new URL("nested/expected.json", fixtures), "utf8")) as Record<
        string,
        unknown
      >[];
      expect(await records(path, { columns: ["tree", "id"] })).toEqual(expected.map(({ id, tree }) => ({ id, tree })));
      expect((await records(path, { columns: [] })).length).toBe(60);
    });
  }

  it("reads no column chunk that is not asked for", async () => {
    const bytes = fixtureBytes("flat/pyarrow-snappy.parquet");
    const index = await parquetReader.index(bytesSource(bytes));
    const ranges: number[] = [];
    const source = {
      ...bytesSource(bytes),
      read: async (begin: number, end: number) => {
        ranges.push(end - begin);
        return bytes.subarray(begin, end);
      },
    };
    for await (const _ of parquetReader.read(source, index, index.parts[0]!, { types: {}, columns: ["flag"] }));
    expect(ranges.length).toBe(2);
  });
});
