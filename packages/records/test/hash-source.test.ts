import { readFile } from "node:fs/promises";
import { toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { checkDataPath, compareText, findPathCollisions } from "../src/data-path.js";
import { hashSource, readBatches, readRecords } from "../src/hash-source.js";
import { sourceOfBytes } from "../src/memory-source.js";
import { matchesPattern } from "../src/path-pattern.js";
import { scanSource } from "../src/scan-source.js";
import type { Progress, ScannedSource, SplitRule } from "../src/source.js";
import { codeOf, leavesOf, rootsOf, scanned, utf8 } from "./scan-and-hash.js";

async function splitsOf(source: ScannedSource, splits: SplitRule): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  for await (const { splitNames, splitOf } of hashSource(source, { splits })) {
    for (const i of splitOf!) all.push(i < 0 ? null : splitNames![i]!);
  }
  return all;
}

describe("hashSource()", () => {
  it("tells splits apart by the values of a column, as JSON writes them", async () => {
    const csv = (values: string) => scanned(`s,x\n${values.replaceAll("\n", ",1\n")},1\n`);
    expect(await splitsOf(await csv("train\n\ntest\ntrain"), { column: "s" })).toEqual([
      "train",
      null,
      "test",
      "train",
    ]);
    expect(await splitsOf(await csv("1\n-20\n\n0"), { column: "s" })).toEqual(["1", "-20", null, "0"]);
    expect(await splitsOf(await csv("true\nfalse"), { column: "s" })).toEqual(["true", "false"]);
    const jsonl = await scanned([
      { path: "a.jsonl", bytes: utf8('{"s":"a"}\n{"s":1}\n{"s":true}\n{}\n{"s":12345678901234567890123}\n') },
    ]);
    expect(await splitsOf(jsonl, { column: "s" })).toEqual(["a", "1", "true", null, "12345678901234567890123"]);
  });
  it("refuses values that cannot name a split, with their place, and a column that no file has", async () => {
    const source = await scanned("s,x\n1,1\n2.5,1\n");
    await expect(splitsOf(source, { column: "s" })).rejects.toMatchObject({
      code: "bad-value",
      details: { line: 3, column: "s" },
    });
    expect(await codeOf(splitsOf(source, { column: "t" }))).toBe("schema-mismatch");
    const jsonl = await scanned([{ path: "a.jsonl", bytes: utf8('{"s":[1]}\n') }]);
    await expect(splitsOf(jsonl, { column: "s" })).rejects.toMatchObject({ code: "bad-value", details: { line: 1 } });
  });
  it("tells splits apart by the patterns of the vectors", async () => {
    const { splits, invalid } = JSON.parse(
      await readFile(new URL("../../../test/vectors/assay/lineage.json", import.meta.url), "utf8"),
    );
    const bytes = (count: number) => utf8(`x\n${"1\n".repeat(count)}`);
    const source = await scanned([
      { path: "a.csv", bytes: bytes(19) },
      { path: "b/c.csv", bytes: bytes(20) },
    ]);
    for (const { patterns, splits: expected } of splits) {
      const found = await splitsOf(source, { paths: patterns });
      for (const name of Object.keys(patterns)) {
        expect(found.filter((split) => split === name)).toHaveLength(expected[name].records);
      }
    }
    for (const { patterns, error } of invalid) {
      if (patterns !== undefined) expect(await codeOf(splitsOf(source, { paths: patterns }))).toBe(error);
    }
  });
  it("keys leaves, refuses short keys and another leaf format than the one of the scan", async () => {
    const source = await scanned("a\n1\n");
    const leafKey = new Uint8Array(32).fill(7);
    expect(await rootsOf(source, { leafKey })).not.toEqual(await rootsOf(source));
    expect(await codeOf(rootsOf(source, { leafKey: new Uint8Array(31) }))).toBe("leaf-key-too-short");
    expect(await codeOf(rootsOf(source, { leafFormat: "raw/v1" }))).toBeInstanceOf(RangeError);
  });
  it("gives the kinds of the columns that it saw", async () => {
    const source = await scanned("a,b,c,d\n1,x,2024-01-01,\n");
    for await (const { kinds } of hashSource(source)) {
      expect({ ...kinds }).toEqual({ a: "number", b: "text", c: "date", d: "null" });
    }
  });
  it("gives files without records too, with the kinds of their columns", async () => {
    const source = await scanned([
      { path: "a.csv", bytes: utf8("id,name,none\n") },
      { path: "b.csv", bytes: utf8("id,name\n1,x\n") },
      { path: "c.jsonl", bytes: utf8("\n") },
    ]);
    const found: unknown[] = [];
    for await (const { file, count, kinds } of hashSource(source)) found.push([file, count, { ...kinds }]);
    expect(found).toEqual([
      [0, 0, { id: "number", name: "text", none: "null" }],
      [1, 1, { id: "number", name: "text" }],
      [2, 0, {}],
    ]);
  });
  it("has the leaf of the vectors for a file of format files", async () => {
    const vectors = JSON.parse(
      await readFile(new URL("../../../test/vectors/assay/files-tar.json", import.meta.url), "utf8"),
    );
    const cases = vectors.files as { path: string; bytes: string; leaf: string }[];
    expect(cases.length).toBeGreaterThan(0);
    const files = cases.map(({ path, bytes }) => ({
      path,
      bytes: Buffer.from(bytes, "hex"),
      format: "files" as const,
    }));
    const source = await scanned(files);
    const found = await leavesOf(source);
    for (const { path, leaf } of cases) {
      expect(found[source.files.findIndex(({ file }) => file.path === path)]).toEqual([leaf]);
    }
    expect({ ...source.reading.types }).toEqual({ file: "bytes", folder: "text" });
  });
  it("gives the records of consecutive files as one item where that is asked for, and the leaves are the same", async () => {
    const picture = (path: string) => ({ path, bytes: utf8(path), format: "files" as const });
    const csv = { path: "c.csv", bytes: utf8("x\n1\n2\n") };
    const source = await scanned([picture("a/1"), picture("b"), csv, picture("d/2"), picture("d/é")]);
    const items = async (options: Parameters<typeof hashSource>[1]) => {
      const found: (readonly [file: number, files: number | undefined, leaves: string])[] = [];
      for await (const { file, files, leaves } of hashSource(source, options)) found.push([file, files, toHex(leaves)]);
      return found;
    };
    const apart = await items({});
    expect(apart.map(([file, files]) => [file, files])).toEqual([0, 1, 2, 3, 4].map((file) => [file, undefined]));
    const leaves = apart.map(([, , leaf]) => leaf);
    expect(await items({ joinsFiles: true })).toEqual([
      [0, 2, leaves.slice(0, 2).join("")],
      [2, undefined, leaves[2]],
      [3, 2, leaves.slice(3).join("")],
    ]);
    const rule = { paths: { one: "a/*", two: "d/*" } };
    expect(await items({ joinsFiles: true, splits: rule })).toEqual(apart);
  });
  it("tells progress, and stops with the reason of an aborted signal", async () => {
    const files = Array.from({ length: 3 }, (_, i) => ({ path: `${i}.csv`, bytes: utf8("x\n1\n2\n") }));
    const told: Progress[] = [];
    const source = await scanned(files, { onProgress: (progress) => told.push(progress) });
    for await (const _ of hashSource(source, { onProgress: (progress) => told.push(progress) }));
    expect(told.map(({ stage, done, total, what }) => `${stage} ${done}/${total} ${what}`)).toEqual([
      "scan 6/18 0.csv",
      "scan 12/18 1.csv",
      "scan 18/18 2.csv",
      "hash 2/6 0.csv",
      "hash 4/6 1.csv",
      "hash 6/6 2.csv",
    ]);
    const abort = new AbortController();
    const run = async () => {
      for await (const _ of hashSource(source, { signal: abort.signal })) abort.abort(new Error("enough"));
    };
    await expect(run()).rejects.toThrow("enough");
    await expect(scanned(files, { signal: abort.signal })).rejects.toThrow("enough");
  });
});

describe("work that is under way", () => {
  it("is told by bytes, and stops inside of a file when aborted", async () => {
    const bytes = new Blob([`a\n${"xy\n".repeat(12_000_000)}`]);
    const source = await sourceOfBytes("big", [{ path: "a.csv", bytes }]);
    const abort = new AbortController();
    const told: number[] = [];
    const onProgress = ({ done }: Progress) => {
      told.push(done);
      abort.abort(new Error("enough"));
    };
    await expect(scanSource(source, { signal: abort.signal, onProgress })).rejects.toThrow("enough");
    expect(told).toHaveLength(1);
    expect(told[0]).toBeLessThan(bytes.size);
  });
});

describe("readBatches() and readRecords()", () => {
  it("read chosen columns, and single records in file and record order with their lines", async () => {
    const source = await scanned([
      { path: "a.csv", bytes: utf8("x,y\n1,a\n2,b\n\n3,c\n") },
      { path: "b.jsonl", bytes: utf8('{"x":9}\n') },
    ]);
    for await (const { batch } of readBatches(source, { columns: ["x"] }))
      expect(batch.columns.map(({ name }) => name)).toEqual(["x"]);
    const found: unknown[] = [];
    const places = [
      { file: 1, ordinal: 0 },
      { file: 0, ordinal: 2 },
      { file: 0, ordinal: 0 },
    ];
    for await (const { file, ordinal, line, batch, index } of readRecords(source, places)) {
      const column = batch.columns.find(({ name }) => name === "x") as { values: BigInt64Array };
      found.push([file, ordinal, line, Number(column.values[index])]);
    }
    expect(found).toEqual([
      [0, 0, 2, 1],
      [0, 2, 5, 3],
      [1, 0, 1, 9],
    ]);
    for (const place of [
      { file: 2, ordinal: 0 },
      { file: 0, ordinal: 3 },
      { file: 0, ordinal: -1 },
    ]) {
      expect(await codeOf(readRecords(source, [place]).next())).toBeInstanceOf(RangeError);
    }
  });
  it("give the bytes of lines with raw/v1", async () => {
    const source = await scanned([{ path: "a.txt", bytes: utf8("one\r\n\nthree") }], { leafFormat: "raw/v1" });
    const lines: string[] = [];
    for await (const { raw } of readRecords(
      source,
      [0, 1, 2].map((ordinal) => ({ file: 0, ordinal })),
    ))
      lines.push(toHex(raw!));
    expect(lines).toEqual([toHex(utf8("one")), "", toHex(utf8("three"))]);
  });
});

describe("sourceOfBytes()", () => {
  it("sorts by UTF-8 bytes, takes Blobs, and refuses bad, repeated and unknown files", async () => {
    const bytes = new Blob(["a\n1\n"]);
    const { files } = await sourceOfBytes("x", [
      { path: "\u{1f600}.csv", bytes },
      { path: "\uffee.csv", bytes },
    ]);
    expect(files.map(({ path }) => path)).toEqual(["\uffee.csv", "\u{1f600}.csv"]);
    expect((await scanSource(await sourceOfBytes("x", [{ path: "a.csv", bytes }]))).records).toBe(1);
    const codes = [
      [{ path: "../a.csv", bytes }],
      [
        { path: "a.csv", bytes },
        { path: "a.csv", bytes },
      ],
      [{ path: "a", bytes }],
    ].map((list) => codeOf(sourceOfBytes("x", list)));
    expect(await Promise.all(codes)).toEqual(["bad-path", "duplicate-path", "unknown-format"]);
  });
});

describe("paths", () => {
  it("checkDataPath() refuses what the vectors refuse, and takes what they take", async () => {
    const { order, invalidPaths } = JSON.parse(
      await readFile(new URL("../../../test/vectors/assay/entries.json", import.meta.url), "utf8"),
    );
    const check = (path: string) => {
      try {
        checkDataPath(path);
        return "good";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    for (const path of [...order, "con", "a."]) expect([path, check(path)]).toEqual([path, "good"]);
    for (const { path, error } of invalidPaths) expect([path, check(path)]).toEqual([path, error]);
    for (const path of ["\ud800", "é".repeat(2049)]) expect([path, check(path)]).toEqual([path, "bad-path"]);
  });
  it.each([
    ["*.csv", "a.csv", true],
    ["*.csv", "b/a.csv", false],
    ["**.csv", "b/a.csv", true],
    ["b/*", "b/", true],
    ["b/**", "b", false],
    ["a?c", "abc", false],
    ["[a]", "[a]", true],
    ["", "", true],
    ["***", "a/b", true],
    ["*/*/c", "a/b/c", true],
    ["*/c", "a/b/c", false],
  ])("matchesPattern(%j, %j) is %s", (pattern, path, expected) => {
    expect(matchesPattern(pattern, path)).toBe(expected);
  });
  it("matchesPattern() takes no long time for any pattern", () => {
    expect(matchesPattern(`${"**a".repeat(300)}b`, "a".repeat(4000))).toBe(false);
  });
  it("compareText() is the order of UTF-8 bytes", () => {
    const texts = ["\u{1f600}", "\uffee", "\ud7ff", "a", "", "aa", "\u{10ffff}", "\ue000", "é"];
    const byBytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...texts].sort(compareText)).toEqual(byBytes);
  });
  it("findPathCollisions() sees case and Unicode form", () => {
    expect(findPathCollisions(["A", "b", "a", "\u00c5", "a\u030a"])).toEqual([
      ["A", "a"],
      ["\u00c5", "a\u030a"],
    ]);
  });
});
