/** Arrow and Parquet files that are read once, for their leaves alone: all is as when they are read twice, refusals too. */

import { readdirSync } from "node:fs";
import { toHex } from "@assay/merkle";
import { describe, expect, test } from "vitest";
import { arrowReader, toArrowFile } from "../src/arrow.js";
import type { Batch } from "../src/batch.js";
import { hashSource, readBatches } from "../src/hash-source.js";
import { joinAllKinds } from "../src/kinds.js";
import { sourceOfBytes } from "../src/memory-source.js";
import { parquetReader } from "../src/parquet.js";
import type { ByteSource, FormatReader } from "../src/reader.js";
import type { ScannedSource } from "../src/source.js";
import { hashPart, indexFile } from "../src/tasks.js";
import { bytesSource, fixtureBytes, fixtures } from "./fixture-records.js";
import { codeOf, scanned } from "./scan-and-hash.js";

const ONCE = { leafBytes: 2 ** 20, readsOnce: true };
const files = ["simple", "flat", "nested", "exotic-parquet", "exotic-arrow"].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, fixtures)).flatMap((name) =>
    /\.(parquet|arrows?)$/.test(name) ? [`${folder}/${name}`] : [],
  ),
);

async function hashed(source: ScannedSource): Promise<{ leaves: string; kinds: unknown }> {
  let leaves = "";
  let kinds = {};
  for await (const piece of hashSource(source)) {
    leaves += toHex(piece.leaves);
    kinds = joinAllKinds(kinds, piece.kinds);
  }
  return { leaves, kinds };
}

const hasDigests = ({ files: [file] }: ScannedSource): boolean =>
  file?.index.parts.every(({ windows }) => windows.every(({ sha256 }) => sha256 !== null)) === true;

/** Two record batches of the same size. */
function twoBatches(): Uint8Array {
  const batch = (first: number): Batch => ({
    length: 3,
    columns: [
      { name: "id", length: 3, validity: null, type: "int32", values: Int32Array.of(first, first + 1, first + 2) },
    ],
  });
  return toArrowFile([batch(1), batch(4)]);
}

describe("a source that is scanned for its leaves alone", () => {
  for (const path of files) {
    test(`has the digest, leaves and kinds of ${path}`, async () => {
      const list = [{ path: path.replace(/^.*\//, ""), bytes: fixtureBytes(path) }];
      const [twice, once] = [await scanned(list), await scanned(list, ONCE)];
      expect(await hashed(once)).toEqual(await hashed(twice));
      expect(once.files[0]?.index.bytes).toBe(twice.files[0]?.index.bytes);
      expect(hasDigests(twice)).toBe(true);
      expect(hasDigests(once)).toBe(false);
      await expect(readBatches(once).next()).rejects.toThrow(RangeError);
    });
  }

  test("is read twice where there are more records than room for leaves, or batches lie in another order", async () => {
    const few = [{ path: "few.arrow", bytes: twoBatches() }];
    expect(hasDigests(await scanned(few, { ...ONCE, leafBytes: 32 * 5 }))).toBe(true);
    expect(hasDigests(await scanned(few, { ...ONCE, leafBytes: 32 * 6 }))).toBe(false);

    const swapped = twoBatches();
    const footer = new DataView(swapped.buffer, swapped.byteOffset, swapped.byteLength);
    // Blocks are 24 bytes; the first batch begins where the second ends 24 bytes later in the list.
    const blocks = blocksOf(footer);
    const [first, second] = [swapped.slice(blocks, blocks + 24), swapped.slice(blocks + 24, blocks + 48)];
    swapped.set(second, blocks);
    swapped.set(first, blocks + 24);
    const list = [{ path: "swapped.arrow", bytes: swapped }];
    const once = await scanned(list, ONCE);
    expect(hasDigests(once)).toBe(true);
    const [ordered, turned] = [await hashed(await scanned(few)), await hashed(once)];
    expect(turned).toEqual(await hashed(await scanned(list)));
    expect(turned.leaves).toBe(ordered.leaves.slice(192) + ordered.leaves.slice(0, 192));
  });

  test("is read again where bytes were declared to be text", async () => {
    const bytes = toArrowFile([
      {
        length: 1,
        columns: [
          {
            name: "note",
            length: 1,
            validity: null,
            type: "bytes",
            offsets: Int32Array.of(0, 2),
            data: Uint8Array.of(65, 66),
          },
        ],
      },
    ]);
    const list = [{ path: "notes.arrow", bytes }];
    const schema = { columns: { note: "text" } } as const;
    const [twice, once] = [await scanned(list, { schema }), await scanned(list, { ...ONCE, schema })];
    expect(await hashed(once)).toEqual(await hashed(twice));
    expect(await hashed(once)).not.toEqual(await hashed(await scanned(list, ONCE)));
  });
});

/** Where the blocks of two record batches are listed in the footer: two ascending offsets, 24 bytes apart. */
function blocksOf(file: DataView): number {
  const end = file.byteLength - 10;
  for (let at = end - file.getInt32(end, true); at + 48 <= end; at += 4) {
    const [first, second] = [file.getBigInt64(at, true), file.getBigInt64(at + 24, true)];
    const isBlock = first > 0n && second > first && second < BigInt(end);
    if (isBlock && second === first + BigInt(file.getInt32(at + 8, true)) + file.getBigInt64(at + 16, true)) return at;
  }
  throw new Error("no blocks");
}

/** What is found in a file when it is read once or twice, or the error. */
async function resultOf(path: string, bytes: Uint8Array, readsOnce: boolean): Promise<unknown> {
  try {
    const limits = { maxGroupBytes: 2 ** 24 };
    const source = await sourceOfBytes("data", [{ path: path.replace(/^.*\//, ""), bytes }], {});
    const file = source.files[0] as (typeof source.files)[number];
    const input = { file, ordinal: 0, mostLeaves: 10_000 };
    const { index, early } = await indexFile({ limits, known: null, readsOnce }, input);
    if (early !== undefined) {
      const leaves = early.flatMap(({ blocks }) => blocks.map(toHex)).join("");
      return { bytes: index.bytes, leaves, kinds: early[0]?.kinds };
    }
    let leaves = "";
    let kinds = {};
    for (const part of index.parts) {
      const one = { file, ordinal: 0, index: { ...index, parts: [] }, part, types: {} };
      const output = await hashPart({ limits, leafKey: null, splitColumn: null }, one);
      leaves += toHex(output.leaves);
      kinds = joinAllKinds(kinds, output.kinds);
    }
    return { bytes: index.bytes, leaves, kinds };
  } catch (error) {
    const { name, code, message, details } = error as Record<string, unknown>;
    return { name, code, message, details };
  }
}

describe("a damaged file is refused, or read, in the same words", () => {
  for (const path of ["flat/pyarrow-file.arrow", "exotic-arrow/pyarrow-zstd.arrow", "flat/duckdb.parquet"]) {
    test(path, async () => {
      const bytes = fixtureBytes(path);
      const step = Math.max(1, Math.floor(bytes.length / 150));
      for (let at = 0, round = 0; at < bytes.length; at += step, round++) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ (1 << (round & 7));
        expect(await resultOf(path, damaged, true), `byte ${at}`).toEqual(await resultOf(path, damaged, false));
      }
    });
  }
});

test("indexOnce() refuses a file whose footer or schema is another when its turn comes", async () => {
  const none = () => {};
  const changing = (path: string, at: (bytes: Uint8Array) => number): ByteSource => {
    const source = bytesSource(fixtureBytes(path), path);
    const place = at(fixtureBytes(path));
    let isChanged = false;
    return {
      ...source,
      async read(begin, end) {
        // What is looked at in front is as it was, and what is read in its turn is not.
        if (begin <= 8 && end > 40) isChanged = true;
        const bytes = (await source.read(begin, end)).slice();
        if (isChanged && begin <= place && place < end) bytes[place - begin] = 0xee;
        return bytes;
      },
    };
  };
  const inFooter = (bytes: Uint8Array) => bytes.length - 14;
  const once = (reader: FormatReader, path: string) =>
    codeOf(reader.indexOnce?.(changing(path, inFooter), {}, 1000, none) ?? Promise.resolve());
  expect(await once(arrowReader, "flat/pyarrow-file.arrow")).toBe("source-changed");
  expect(await once(parquetReader, "flat/duckdb.parquet")).toBe("source-changed");
});
