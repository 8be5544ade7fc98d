/** Files that were cut, altered or made to harm: a clean refusal, and nothing but that. */

import { readdirSync } from "node:fs";
import { isAssayError } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { arrowReader } from "../src/arrow.js";
import { parquetReader } from "../src/parquet.js";
import type { FormatReader } from "../src/reader.js";
import { bytesSource, fixtureBytes, fixtures, readAll, recordsOf } from "./fixture-records.js";

const readerOf = (path: string): FormatReader => (path.endsWith(".parquet") ? parquetReader : arrowReader);
const badCode = (path: string): string => (path.endsWith(".parquet") ? "bad-parquet" : "bad-arrow");

const samples = [
  "flat/duckdb.parquet",
  "flat/pyarrow-delta.parquet",
  "flat/pyarrow-lz4-small-pages.parquet",
  "nested/pyarrow-snappy.parquet",
  "nested/pyarrow-brotli-plain.parquet",
  "exotic-parquet/pyarrow-lengths.parquet",
  "flat/pyarrow-file.arrow",
  "nested/pyarrow-stream.arrows",
  "exotic-arrow/pyarrow-zstd.arrow",
  "flat/pyarrow-lz4.arrow",
];

/** The records of a file, or the error that it gives, which must be one of ours. */
async function outcome(path: string, bytes: Uint8Array): Promise<{ records: unknown[] } | { code: string }> {
  try {
    const { index, batches } = await readAll(readerOf(path), bytesSource(bytes, path));
    const records = batches.flatMap(({ batch }) => recordsOf(batch));
    expect(records.length).toBe(index.records);
    return { records };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    expect(error.name, error.message).toBe("FormatError");
    expect(error.message).toContain(path);
    expect(error.message).not.toMatch(/undefined|\bnull\b|NaN|DataView|\n/);
    return { code: error.code };
  }
}

describe("a file that is cut off", () => {
  for (const path of samples) {
    it(`is ${badCode(path)} at every length: ${path}`, async () => {
      const bytes = fixtureBytes(path);
      const step = Math.max(1, Math.floor(bytes.length / 120));
      for (let length = 0; length < bytes.length; length += length < 24 || length > bytes.length - 24 ? 1 : step) {
        expect(await outcome(path, bytes.subarray(0, length)), `${length} bytes`).toEqual({ code: badCode(path) });
      }
    });
  }
});

describe("a file with one altered byte", () => {
  for (const path of samples) {
    it(`is read or refused, and keeps its number of records: ${path}`, async () => {
      const bytes = fixtureBytes(path);
      const codes = new Set<string>();
      for (let at = 0, round = 0; at < bytes.length; at += Math.max(1, Math.floor(bytes.length / 180)), round++) {
        const altered = bytes.slice();
        altered[at] = (altered[at] as number) ^ [0x01, 0x80, 0xff, 0x10][round % 4]!;
        const result = await outcome(path, altered);
        if ("code" in result) codes.add(result.code);
        else if (path !== "nested/pyarrow-stream.arrows") expect(result.records.length, `byte ${at}`).toBe(60);
      }
      expect(codes).toContain(badCode(path));
    });
  }
});

describe("a file that must be refused", () => {
  for (const name of readdirSync(new URL("broken/", fixtures))) {
    const [code] = name.split("--") as [string];
    it(`is ${code}: ${name}`, async () => {
      expect(await outcome(name, fixtureBytes(`broken/${name}`))).toEqual({ code });
    });
  }
});

describe("limits", () => {
  for (const path of ["flat/pyarrow-snappy.parquet", "flat/pyarrow-lz4.arrow"]) {
    it(`refuse more than maxGroupBytes in ${path}`, async () => {
      const reading = readAll(readerOf(path), bytesSource(fixtureBytes(path), path), {
        limits: { maxGroupBytes: 1000 },
      });
      await expect(reading).rejects.toMatchObject({
        code: "limit-exceeded",
        details: { limit: "maxGroupBytes", maximum: 1000 },
      });
    });
    it(`refuse more than maxColumns in ${path}`, async () => {
      const reading = readAll(readerOf(path), bytesSource(fixtureBytes(path), path), { limits: { maxColumns: 12 } });
      await expect(reading).rejects.toMatchObject({ code: "limit-exceeded", details: { limit: "maxColumns" } });
    });
  }
});

describe("a file that changes between the two looks", () => {
  for (const path of [
    "flat/pyarrow-gzip-groups.parquet",
    "nested/pyarrow-file.arrow",
    "nested/pyarrow-stream.arrows",
  ]) {
    it(`is source-changed: ${path}`, async () => {
      const bytes = fixtureBytes(path);
      const reader = readerOf(path);
      const index = await reader.index(bytesSource(bytes, path));
      const window = index.parts.at(-1)?.windows.at(-1);
      const altered = bytes.slice();
      altered[window?.begin ?? 0] = (altered[window?.begin ?? 0] as number) ^ 1;
      const read = async (): Promise<void> => {
        for (const part of index.parts)
          for await (const _ of reader.read(bytesSource(altered, path), index, part, { types: {} }));
      };
      await expect(read()).rejects.toMatchObject({ name: "SourceError", code: "source-changed" });
    });
  }

  it("an aborted signal throws its reason", async () => {
    const path = "flat/pyarrow-snappy.parquet";
    const reason = new Error("enough");
    const index = await parquetReader.index(bytesSource(fixtureBytes(path), path));
    await expect(
      parquetReader.index(bytesSource(fixtureBytes(path), path), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const batches = parquetReader.read(bytesSource(fixtureBytes(path), path), index, index.parts[0]!, {
      types: {},
      signal: AbortSignal.abort(reason),
    });
    await expect(batches[Symbol.asyncIterator]().next()).rejects.toBe(reason);
  });
});
