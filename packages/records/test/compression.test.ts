import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { sha256, toHex } from "@assay/merkle";
import { afterAll, describe, expect, it } from "vitest";
import { createDecompressor } from "../src/compression.js";
import { readBatches } from "../src/hash-source.js";
import { openSource } from "../src/open-source.js";
import { removeRecords } from "../src/remove-records.js";
import { scanSource } from "../src/scan-source.js";
import { codeOf, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

const folder = mkdtempSync(join(tmpdir(), "assay-compression-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FIXTURES = join(import.meta.dirname, "../../../test/fixtures/compressed");
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(FIXTURES, name)));
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

async function bytesOf(pieces: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces ?? []) all.push(piece);
  return concat(...all);
}

describe("compressed text", () => {
  const plain = fixture("table.csv");

  it.each(["table.csv.gz", "members.csv.gz", "padded.csv.gz", "table.csv.zst", "frames.csv.zst", "skippable.csv.zst"])(
    "has the records of what it stands for, and the bytes of the file: %s",
    async (name) => {
      const stored = fixture(name);
      const before = await scanned(plain);
      const source = await scanned([{ path: name, bytes: stored }]);
      expect(source.files[0]?.file.format).toBe("csv");
      expect(source.files[0]?.index).toMatchObject({ size: stored.length, bytes: toHex(sha256(stored)) });
      expect(await leavesOf(source)).toEqual(await leavesOf(before));
      expect(source.reading).toEqual(before.reading);
    },
  );

  it.each(["frames.csv.zst", "skippable.csv.zst", "table.csv.zst"])(
    "keeps none of the memory that it is given, so that a frame's stored bytes do not pile up: %s",
    async (name) => {
      const stored = fixture(name);
      for (const size of [1, 7, 1000, stored.length]) {
        const start = { stored: 0, plain: 0 };
        const decompressor = await createDecompressor("zstd", { path: name, start, maxWindowBytes: 2 ** 27 });
        const [room, pieces]: [Uint8Array, Uint8Array[]] = [new Uint8Array(size), []];
        for (let at = 0; at < stored.length; at += size) {
          const given = room.subarray(0, Math.min(size, stored.length - at));
          given.set(stored.subarray(at, at + size));
          for (const piece of decompressor.push(given)) pieces.push(piece.slice());
          room.fill(0xff);
        }
        decompressor.end();
        expect(toHex(sha256(concat(...pieces)))).toBe(toHex(sha256(plain)));
      }
    },
  );

  it("is known by its content, whatever its name says", async () => {
    const lines = utf8('{"a":1}\n{"a":2}\n');
    const expected = await leavesOf(await scanned([{ path: "x.jsonl", bytes: lines }]));
    for (const path of ["x.jsonl", "x.jsonl.gz", "nameless", "nameless.gz"])
      expect(await leavesOf(await scanned([{ path, bytes: gzipSync(lines) }]))).toEqual(expected);
    // A name that promises compression where there is none.
    expect(await leavesOf(await scanned([{ path: "x.jsonl.gz", bytes: lines }]))).toEqual(expected);
  });

  it("keeps lines in errors, and batches keep theirs", async () => {
    const bad = gzipSync(utf8('{"a":1}\n\n{"a":\n'));
    await expect(scanned([{ path: "bad.jsonl.gz", bytes: bad }]).then(leavesOf)).rejects.toMatchObject({
      code: "bad-json",
      details: { path: "bad.jsonl.gz", line: 3 },
    });
    const good = await scanned([{ path: "a.jsonl.gz", bytes: gzipSync(utf8('{"a":1}\n\n{"a":2}\n')) }]);
    for await (const { lines } of readBatches(good)) expect([...(lines ?? [])]).toEqual([1, 3]);
  });

  it("loses records and is compressed again, by bytes that others can read", async () => {
    const lines = new TextDecoder().decode(plain).split("\n");
    const left = lines.filter((_, i) => i !== 2).join("\n");
    for (const name of ["table.csv.gz", "table.csv.zst"]) {
      const source = await scanned([{ path: name, bytes: fixture(name) }]);
      expect(await bytesOf(removeRecords(source, 0, []))).toEqual(fixture(name));
      const child = await bytesOf(removeRecords(source, 0, [1]));
      expect(await leavesOf(await scanned([{ path: name, bytes: child }], { reading: source.reading }))).toEqual([
        (await leavesOf(source))[0]?.filter((_, i) => i !== 1),
      ]);
      if (name.endsWith(".gz")) expect(gunzipSync(child).toString()).toBe(left);
      expect(await bytesOf(removeRecords(source, 0, [1]))).toEqual(child);
    }
  });
});

describe("compressed bytes that are refused", () => {
  const names = ["table.csv.gz", "table.csv.zst", "members.csv.gz", "frames.csv.zst"];

  it.each(names)("cut off anywhere: %s", async (name) => {
    const bytes = fixture(name);
    const boundaries = name.startsWith("table")
      ? []
      : [readFileSync(join(FIXTURES, name.replace("csv", "first.csv"))).length];
    for (let end = 5; end < bytes.length; end++) {
      if (boundaries.includes(end)) continue;
      expect(await codeOf(scanned([{ path: name, bytes: bytes.slice(0, end) }])), `${end}`).toBe("bad-compression");
    }
  });

  // What was compressed without a checksum has nothing that could tell.
  it.each(names.filter((name) => name !== "frames.csv.zst"))(
    "with any byte altered that changes a record, never read as another: %s",
    async (name) => {
      const bytes = fixture(name);
      const expected = await leavesOf(await scanned([{ path: name, bytes }]));
      for (let at = 4; at < bytes.length; at++) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
        const found = await scanned([{ path: name, bytes: damaged }]).then(leavesOf, (error) => error.code);
        // Times, names and padding of the head are no part of the content.
        if (typeof found === "string") expect(["bad-compression", "limit-exceeded"], `${at}`).toContain(found);
        else expect(found, `${at}`).toEqual(expected);
      }
    },
  );

  it("with something behind", async () => {
    for (const name of names) {
      const bytes = concat(fixture(name), utf8("x,y\n1,2\n"));
      await expect(scanned([{ path: name, bytes }])).rejects.toMatchObject({
        code: "bad-compression",
        details: { path: name, method: name.endsWith("gz") ? "gzip" : "zstd" },
      });
    }
  });

  it("formats that are read by position", async () => {
    const path = join(FIXTURES, "../interop/simple/pyarrow.parquet");
    const bytes = gzipSync(readFileSync(path));
    await expect(scanned([{ path: "a.parquet.gz", bytes }])).rejects.toMatchObject({
      code: "bad-compression",
      details: { method: "gzip", format: "parquet" },
    });
    // Plain files are their bytes.
    const asFile = await scanned([{ path: "a.parquet.gz", bytes, format: "files" }]);
    expect(asFile.files[0]?.index).toMatchObject({ records: 1, bytes: toHex(sha256(bytes)) });
  });

  it("bombs, in memory that does not follow what they stand for", async () => {
    const lines = gzipSync(Buffer.alloc(65 * 1024 * 1024, `${"0".repeat(1023)}\n`));
    for (const bytes of [lines, zstdBomb(4096)]) {
      await expect(scanned([{ path: "bomb.csv", bytes }])).rejects.toMatchObject({
        code: "limit-exceeded",
        details: { limit: "maxInflation", value: 250 },
      });
    }
    const limits = { maxInflation: 100_000 };
    expect((await scanned([{ path: "a.txt", bytes: lines }], { limits })).records).toBe(65 * 1024);
    // The half gigabyte of the other are one line.
    await expect(scanned([{ path: "a.txt", bytes: zstdBomb(4096) }], { limits })).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "maxRecordBytes" },
    });
    const wide = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0);
    await expect(scanned([{ path: "wide.csv", bytes: wide }])).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "maxWindowBytes" },
    });
  });

  it("what a second program wrote differently is the same (zstd on this machine, when there is one)", async () => {
    const path = join(folder, "again.csv");
    writeFileSync(path, fixture("table.csv"));
    try {
      execFileSync("zstd", ["-q", "-19", "--long=27", "-f", path], { stdio: "ignore" });
    } catch {
      return;
    }
    const source = await scanSource(await openSource([`${path}.zst`]));
    expect(source.source.name).toBe("again");
    expect(await leavesOf(source)).toEqual(await leavesOf(await scanned(fixture("table.csv"))));
  });
});

/** A frame of blocks that each stand for 128 KiB of one byte: four bytes for 131,072. */
function zstdBomb(blocks: number): Uint8Array {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, (17 - 10) << 3];
  for (let i = 0; i < blocks; i++) {
    const head = 131_072 * 8 + 2 + (i === blocks - 1 ? 1 : 0);
    bytes.push(head & 0xff, (head >> 8) & 0xff, head >> 16, 0x61);
  }
  return Uint8Array.from(bytes);
}
