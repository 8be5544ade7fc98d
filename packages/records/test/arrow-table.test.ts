import { FormatError } from "@assay/merkle";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrowReader, fromArrow, toArrow } from "../src/arrow.js";
import type { Batch, Column } from "../src/batch.js";
import { encodeCbor } from "../src/cbor.js";
import { encodeBatch } from "../src/encode-batch.js";
import { parquetReader } from "../src/parquet.js";
import { bytesSource, fixtureBytes, readAll, recordsOf } from "./fixture-records.js";

const files = [
  "flat/pyarrow-gzip-groups.parquet",
  "nested/pyarrow-gzip-groups.parquet",
  "exotic-parquet/pyarrow-snappy.parquet",
  "exotic-arrow/pyarrow-file.arrow",
];

async function batchesOf(path: string): Promise<Batch[]> {
  const reader = path.endsWith(".parquet") ? parquetReader : arrowReader;
  return (await readAll(reader, bytesSource(fixtureBytes(path)))).batches.map(({ batch }) => batch);
}

function oneColumn(column: Column): Batch {
  return { length: column.length, columns: [column] };
}

describe("toArrow() and fromArrow()", () => {
  for (const path of files) {
    it(`are inverses, types and all: ${path}`, async () => {
      const batches = await batchesOf(path);
      const back = fromArrow(toArrow(batches));
      expect(back.map(recordsOf)).toEqual(batches.map(recordsOf));
      expect(back.map(({ columns }) => columns.map(({ type }) => type))).toEqual(
        batches.map(({ columns }) => columns.map(({ type }) => type)),
      );
      expect(back.map((batch) => encodeBatch(batch))).toEqual(batches.map((batch) => encodeBatch(batch)));
    });
  }

  it("give a table whose values apache-arrow reads as they are", async () => {
    const table = toArrow(await batchesOf("flat/pyarrow-gzip-groups.parquet"));
    expect(table.numRows).toBe(60);
    expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toContain(
      "seen: Timestamp<MICROSECOND, UTC>",
    );
    expect(table.getChild("id")?.get(1)).toBe(-9223372036854775808n);
    expect(table.getChild("text")?.get(5)).toBeNull();
  });

  it("read a file that apache-arrow writes", async () => {
    const table = toArrow(await batchesOf("nested/pyarrow-snappy.parquet"));
    for (const format of ["file", "stream"] as const) {
      const { batches } = await readAll(arrowReader, bytesSource(arrow.tableToIPC(table, format)));
      expect(batches.flatMap(({ batch }) => recordsOf(batch))).toEqual(recordsOf(fromArrow(table)[0] as Batch));
    }
  });

  it("cut what is larger than a block, aligned within the record batch", async () => {
    const values = Int32Array.from({ length: 150_000 }, (_, index) => index);
    const validity = new Uint8Array(18_750).fill(0xfe);
    const batch = oneColumn({ name: "n", type: "int32", length: 150_000, validity, values });
    const { index, batches } = await readAll(arrowReader, bytesSource(arrow.tableToIPC(toArrow([batch]), "stream")));
    expect(index.records).toBe(150_000);
    expect(batches.map(({ begin, batch: { length } }) => [begin, length])).toEqual([
      [0, 65_536],
      [65_536, 65_536],
      [131_072, 18_928],
    ]);
    expect(recordsOf(batches[1]?.batch as Batch)[9]).toEqual({ n: "number:65545" });
    expect(recordsOf(batches[1]?.batch as Batch)[8]).toEqual({ n: null });
  });

  it("handle slices of tables", () => {
    const table = arrow.tableFromArrays({ id: Int32Array.from([1, 2, 3, 4, 5]), word: ["a", "bb", "ccc", "", "é"] });
    expect(fromArrow(table.slice(2, 4)).flatMap(recordsOf)).toEqual([
      { id: "number:3", word: "text:ccc" },
      { id: "number:4", word: "text:" },
    ]);
  });

  it("keep untyped JSON, and refuse what only says that it is", () => {
    const good = encodeCbor(["a", 1, null]);
    const column: Column = {
      name: "any",
      type: "json",
      length: 1,
      validity: null,
      offsets: Int32Array.of(0, good.length),
      data: good,
    };
    expect(fromArrow(toArrow([oneColumn(column)]))[0]?.columns[0]).toMatchObject({ type: "json", data: good });
    // 1 as two bytes: not the shortest form.
    const bad: Column = { ...column, offsets: Int32Array.of(0, 2), data: Uint8Array.of(0x18, 0x01) };
    expect(() => fromArrow(toArrow([oneColumn(bad)]))).toThrowError(expect.objectContaining({ code: "not-canonical" }));
  });

  it("choose the coarsest unit that holds every time", () => {
    const times = (nanoseconds: number[]): Column => ({
      name: "at",
      type: "timestamp",
      length: nanoseconds.length,
      validity: null,
      seconds: BigInt64Array.from(nanoseconds, () => -1n),
      nanoseconds: Int32Array.from(nanoseconds),
    });
    const unitOf = (nanoseconds: number[]): unknown =>
      (toArrow([oneColumn(times(nanoseconds))]).schema.fields[0] as arrow.Field<arrow.Timestamp>).type.unit;
    expect(unitOf([0, 0])).toBe(arrow.TimeUnit.SECOND);
    expect(unitOf([0, 5_000_000])).toBe(arrow.TimeUnit.MILLISECOND);
    expect(unitOf([1_000, 5_000_000])).toBe(arrow.TimeUnit.MICROSECOND);
    expect(unitOf([1_000, 1])).toBe(arrow.TimeUnit.NANOSECOND);
    const far: Column = { ...times([1]), seconds: BigInt64Array.of(10_000_000_000n) } as Column;
    expect(() => toArrow([oneColumn(far)])).toThrowError(FormatError);
  });

  it("count what a dictionary becomes against maxGroupBytes", async () => {
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8());
    const dictionary = arrow.vectorFromArray(["x".repeat(10_000)], new arrow.Utf8());
    const words = arrow.makeVector(
      arrow.makeData({ type, length: 1000, nullCount: 0, data: new Int8Array(1000), dictionary }),
    );
    const bytes = arrow.tableToIPC(new arrow.Table({ words }), "file");
    const { batches } = await readAll(arrowReader, bytesSource(bytes));
    expect(batches[0]?.batch.length).toBe(1000);
    const limited = readAll(arrowReader, bytesSource(bytes), { limits: { maxGroupBytes: 1_000_000 } });
    await expect(limited).rejects.toMatchObject({ code: "limit-exceeded", details: { maximum: 1_000_000 } });
  });

  it("refuse batches that differ, and what is no table", () => {
    const column = (name: string): Batch => oneColumn({ name, type: "null", length: 1, validity: null });
    expect(() => toArrow([column("a"), column("b")])).toThrowError(TypeError);
    expect(() => fromArrow({} as never)).toThrowError(TypeError);
    expect(toArrow([]).numRows).toBe(0);
    expect(fromArrow(toArrow([]))).toEqual([]);
  });

  it("are inverses for random texts, numbers and nulls", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.option(fc.string({ unit: "binary" })),
            fc.option(fc.double()),
            fc.option(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n })),
          ),
        ),
        (rows) => {
          const texts = rows.map(([text]) => new TextEncoder().encode(text ?? ""));
          const offsets = new Int32Array(rows.length + 1);
          for (const [index, text] of texts.entries()) offsets[index + 1] = (offsets[index] as number) + text.length;
          const bits = (at: 0 | 1 | 2): Uint8Array => {
            const out = new Uint8Array((rows.length + 7) >> 3);
            for (const [index, row] of rows.entries())
              if (row[at] !== null) out[index >> 3] = (out[index >> 3] as number) | (1 << (index & 7));
            return out;
          };
          const length = rows.length;
          const batch: Batch = {
            length,
            columns: [
              {
                name: "t",
                type: "text",
                length,
                validity: bits(0),
                offsets,
                data: Uint8Array.from(texts.flatMap((text) => [...text])),
              },
              {
                name: "x",
                type: "float64",
                length,
                validity: bits(1),
                values: Float64Array.from(rows, ([, x]) => x ?? 0),
              },
              {
                name: "d",
                type: "decimal(38,3)",
                scale: 3,
                length,
                validity: bits(2),
                values: rows.map(([, , d]) => d ?? 0n),
              },
            ],
          };
          expect(fromArrow(toArrow([batch])).flatMap(recordsOf)).toEqual(recordsOf(batch));
        },
      ),
      { numRuns: 60 },
    );
  });
});
