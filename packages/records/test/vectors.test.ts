import { readFile } from "node:fs/promises";
import { toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import type { Batch } from "../src/batch.js";
import { encodeBatch } from "../src/encode-batch.js";
import { loadReader } from "../src/format-readers.js";
import { readBatches } from "../src/hash-source.js";
import { EvidenceFold, typeWarning } from "../src/inference.js";
import { openContent } from "../src/memory-source.js";
import type { Dialect, Format } from "../src/reader.js";
import { typesOfFile } from "../src/reading.js";
import type { DeclaredSchema, ScannedSource } from "../src/source.js";
import { codeOf, type InMemory, leavesOf, rootsOf, scanned, utf8 } from "./scan-and-hash.js";

const folder = new URL("../../../test/vectors/assay/", import.meta.url);
const read = async (name: string) => JSON.parse(await readFile(new URL(name, folder), "utf8"));

interface TextCase {
  readonly schema: DeclaredSchema | null;
  readonly text?: string;
  readonly bytes?: string;
  readonly csv?: Dialect;
  readonly types?: Record<string, unknown>;
  readonly records: string[];
  readonly root: string;
  readonly error: string;
}

const bytesOf = ({ text, bytes }: TextCase) => (text === undefined ? Buffer.from(bytes as string, "hex") : utf8(text));
const optionsOf = ({ schema, csv }: TextCase): InMemory => ({ schema: schema ?? {}, dialect: csv ?? {} });

async function recordsOf(source: ScannedSource): Promise<string[]> {
  const records: string[] = [];
  for await (const { batch } of readBatches(source)) records.push(...encoded(batch));
  return records;
}

function encoded(batch: Batch): string[] {
  const { arena, offsets } = encodeBatch(batch);
  return Array.from({ length: batch.length }, (_, i) => toHex(arena.subarray(offsets[i], offsets[i + 1])));
}

for (const format of ["csv", "jsonl"]) {
  const { valid, invalid } = (await read(`${format}.json`)) as { valid: TextCase[]; invalid: TextCase[] };
  describe(`${format}.json`, () => {
    it.each(valid.map((c, i) => [i, c] as const))("valid %i has the records, types and root", async (_, c) => {
      const file = { path: `data.${format}`, bytes: bytesOf(c) };
      const source = await scanned([file], optionsOf(c));
      expect(await recordsOf(source)).toEqual(c.records);
      expect(await rootsOf(source)).toEqual([c.root]);
      const types = Object.fromEntries(Object.entries(c.types ?? {}).filter(([, type]) => type !== null));
      if (format === "csv") expect({ ...source.reading.types }).toEqual(types);
    });
    it.each(valid.map((c, i) => [i, c] as const))(
      "valid %i is the same however few bytes are read at once",
      async (_, c) => {
        const file = { path: `data.${format}`, bytes: bytesOf(c) };
        const { files, reading } = await scanned([file], optionsOf(c));
        const { index } = files[0]!;
        const reader = await loadReader(format as Format);
        for (const readBytes of [1, 2, 3, 5, 64]) {
          const bytes = openContent(file.path, new Blob([new Uint8Array(file.bytes)]));
          const options = { dialect: c.csv ?? {}, readBytes };
          expect(await reader.index(bytes, options)).toEqual(index);
          const records: string[] = [];
          const { nullValues } = reading;
          const batches = reader.read(bytes, index, index.parts[0]!, {
            ...options,
            nullValues,
            types: typesOfFile(reading, index),
          });
          for await (const { batch } of batches) records.push(...encoded(batch));
          expect(records).toEqual(c.records);
        }
      },
    );
    it.each(invalid.map((c, i) => [i, c.error, c] as const))("invalid %i is refused as %s", async (_, error, c) => {
      const file = { path: `data.${format}`, bytes: bytesOf(c) };
      const read = scanned([file], optionsOf(c)).then((source) => leavesOf(source));
      expect(await codeOf(read)).toBe(error);
    });
  });
}

describe("raw.json", async () => {
  const { valid } = (await read("raw.json")) as {
    valid: { bytes: string; records: string[]; leaves: string[]; root: string }[];
  };
  it.each(valid.map((c, i) => [i, c] as const))(
    "valid %i has the lines and leaves, as text and as jsonl",
    async (_, c) => {
      for (const path of ["data.txt", "data.jsonl"]) {
        const source = await scanned([{ path, bytes: Buffer.from(c.bytes, "hex") }], { leafFormat: "raw/v1" });
        expect(source.records).toBe(c.records.length);
        expect((await leavesOf(source))[0]).toEqual(c.leaves);
        expect(await rootsOf(source)).toEqual([c.root]);
      }
    },
  );
});

describe("lineage.json", async () => {
  const { warnings } = await read("lineage.json");
  it.each((warnings as { fields: string[]; warning: unknown }[]).map((c, i) => [i, c] as const))(
    "warnings %i",
    (_, { fields, warning }) => {
      const fold = new EvidenceFold(0, ["x"]);
      for (const [i, field] of fields.entries()) fold.add(0, utf8(field), 0, utf8(field).length, i, i + 2);
      const [evidence] = fold.finish();
      const found = typeWarning(evidence!, () => "data.csv");
      const plain = found && { type: found.type, misfits: found.misfits, first: found.first.map(({ value }) => value) };
      expect(plain).toEqual(warning);
    },
  );
});

describe("dataset/", async () => {
  const { layouts, leafKey } = await read("dataset/expected.json");
  const schema = await read("dataset/schema.json");
  it.each(Object.keys(layouts))("%s has the bytes, leaves, roots and reading", async (layout) => {
    const { entries, leaves, manifestJson } = layouts[layout];
    const files = await Promise.all(
      (entries as { path: string }[]).map(async ({ path }) => ({
        path,
        bytes: await readFile(new URL(`dataset/files/${layout}/${path}`, folder)),
      })),
    );
    const source = await scanned(files, { schema });
    const found = await leavesOf(source);
    const roots = await rootsOf(source);
    for (const [i, entry] of (entries as Record<string, unknown>[]).entries()) {
      const { file, index } = source.files[i]!;
      expect({
        path: file.path,
        size: file.size,
        bytes: index.bytes,
        format: index.format,
        records: index.records,
      }).toEqual({
        path: entry.path,
        size: entry.size,
        bytes: entry.bytes,
        format: entry.format,
        records: entry.records,
      });
      expect(found[i]).toEqual(leaves[entry.path as string]);
      expect(roots[i]).toBe(entry.root);
    }
    expect(JSON.parse(JSON.stringify(source.reading))).toEqual(JSON.parse(manifestJson).reading);
    const keyed = await rootsOf(source, { leafKey: Buffer.from(leafKey, "hex") });
    expect(keyed).not.toEqual(roots);
  });
});
