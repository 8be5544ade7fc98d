import { describe, expect, it } from "vitest";
import { readBatches } from "../src/hash-source.js";
import { codeOf, type InMemory, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

const jsonl = (text: string, options: InMemory = {}) => scanned([{ path: "data.jsonl", bytes: utf8(text) }], options);

async function failure(text: string, options: InMemory = {}) {
  try {
    await leavesOf(await jsonl(text, options));
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: Record<string, unknown> };
    return { code, message, ...details };
  }
  throw new Error("It was not refused");
}

async function columnTypes(text: string) {
  for await (const { batch } of readBatches(await jsonl(text))) {
    return Object.fromEntries(batch.columns.map(({ name, type }) => [name, type]));
  }
  return {};
}

describe("jsonlReader", () => {
  it("gives untyped values a column type where all agree, and says json where they do not", async () => {
    expect(
      await columnTypes('{"a":1,"b":"x","c":true,"d":1.5,"e":1,"f":null,"g":[1]}\n{"a":2,"d":2,"e":"1"}\n'),
    ).toEqual({
      a: "int64",
      b: "text",
      c: "boolean",
      d: "float64",
      e: "json",
      f: "null",
      g: "json",
    });
    expect(await columnTypes('{"a":12345678901234567890123}\n{"a":1}\n')).toEqual({ a: "json" });
  });
  it("gives a value the same leaf whatever stands beside it", async () => {
    const values = [
      "1",
      "1.0",
      "-0",
      "-0.0",
      "0.1",
      "1e300",
      "9007199254740993",
      "12345678901234567890123",
      '"x"',
      "true",
      "null",
      "[1]",
      '{"b":1}',
    ];
    const alone = await Promise.all(
      values.map(async (value) => (await leavesOf(await jsonl(`{"a":${value}}\n`)))[0]![0]),
    );
    for (const [i, first] of values.entries()) {
      for (const [k, second] of values.entries()) {
        const both = await leavesOf(await jsonl(`{"a":${first}}\n{"a":${second}}\n`));
        expect(both[0]).toEqual([alone[i], alone[k]]);
      }
    }
  });
  it("names line and column of what it refuses", async () => {
    expect(await failure('{"a":1}\n\n{"a":}\n')).toMatchObject({ code: "bad-json", path: "data.jsonl", line: 3 });
    expect(await failure('{"a":1}\n{"a":"x"}\n', { schema: { columns: { a: "int64" } } })).toMatchObject({
      code: "bad-value",
      line: 2,
      column: "a",
      value: "x",
    });
    expect(await failure('{"a":1}\n{"a":1e999}\n')).toMatchObject({
      code: "number-out-of-range",
      line: 2,
      column: "a",
    });
    expect(await failure(`{"b":1}\n{"a":${"[".repeat(70)}${"]".repeat(70)}}\n`)).toMatchObject({
      code: "too-deep",
      line: 2,
    });
    expect(await failure("\ufeff{}\n")).toMatchObject({
      code: "bad-json",
      line: 1,
      message: expect.stringContaining("byte order mark"),
    });
    expect(await failure('{"a":1,"b":2}\n', { schema: { columns: { a: "int64" }, others: "refuse" } })).toMatchObject({
      code: "undeclared-column",
      line: 1,
      column: "b",
    });
  });
  it("keeps members that are called like members of objects", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const [leaves] = await leavesOf(await jsonl(names.map((name) => `{"${name}":1}\n`).join("")));
    expect(new Set(leaves).size).toBe(3);
    expect(await columnTypes('{"__proto__":1}\n')).toEqual(Object.fromEntries([["__proto__", "int64"]]));
  });
  it("does not parse lines for raw/v1 leaves", async () => {
    expect((await leavesOf(await jsonl("not json\n\n{}", { leafFormat: "raw/v1" })))[0]).toHaveLength(3);
  });
  it("cuts files into parts of whole blocks, each with its first line", async () => {
    const line = '{"a":1}\n';
    const { files } = await jsonl(`${line}\n\n${line.repeat(65_536)}`);
    expect(files[0]?.index.parts.map(({ begin, end, detail }) => [begin, end, detail])).toEqual([
      [0, 65_536, { line: 1, skip: 0 }],
      [65_536, 65_537, { line: 65_539, skip: 0 }],
    ]);
  });
  it("refuses more members than maxColumns", async () => {
    const text = `{${Array.from({ length: 11 }, (_, i) => `"c${i}":1`).join(",")}}\n`;
    const limits = { maxColumns: 10 };
    expect(await codeOf(jsonl(text).then((source) => leavesOf(source, { limits })))).toBe("limit-exceeded");
  });
});

describe("textReader", () => {
  it("makes each line a record, empty ones too", async () => {
    const source = await scanned([{ path: "data.txt", bytes: utf8("x\r\n\ny") }]);
    expect(source.records).toBe(3);
    const same = await jsonl('{"text":"x"}\n{"text":""}\n{"text":"y"}\n');
    expect(await leavesOf(source)).toEqual(await leavesOf(same));
  });
  it("refuses what is not UTF-8 with its line, unless lines are raw", async () => {
    const bytes = Uint8Array.of(0x61, 10, 0xff, 10);
    const files = [{ path: "data.txt", bytes }];
    await expect(scanned(files).then((source) => leavesOf(source))).rejects.toMatchObject({
      code: "invalid-utf8",
      details: { line: 2 },
    });
    expect(await codeOf(scanned(files, { leafFormat: "raw/v1" }).then((source) => leavesOf(source)))).toBe("no error");
  });
});
