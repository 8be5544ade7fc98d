import { toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import type { Batch } from "../src/batch.js";
import { encodeBatch } from "../src/encode-batch.js";
import { readBatches } from "../src/hash-source.js";
import { jsonReader } from "../src/jsonl.js";
import { recordLeaves } from "../src/leaves.js";
import { openContent } from "../src/memory-source.js";
import type { FilePart } from "../src/reader.js";
import { removeRecords } from "../src/remove-records.js";
import { codeOf, type InMemory, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

const json = (text: string, options: InMemory = {}) => scanned([{ path: "data.json", bytes: utf8(text) }], options);
const jsonl = (text: string, options: InMemory = {}) => scanned([{ path: "data.jsonl", bytes: utf8(text) }], options);

async function failure(text: string, options: InMemory = {}) {
  const source = scanned([{ path: "data.json", bytes: utf8(text), format: "json" }], options);
  return source.then(leavesOf).then(
    () => expect.unreachable("It was not refused"),
    ({ code, message, details }) => ({ code, message, ...details }),
  );
}

describe("jsonReader", () => {
  const objects = [
    '{"a":1,"b":"x, ] } \\" \\\\","c":{"d":[1,{"e":null}]}}',
    '{ "a" : 2.50 , "c": {} }',
    "{}",
    '{"a":"[{","b":"\\\\"}',
    '{"zwölf":"\u{1f600}","n":12345678901234567890123}',
  ];

  it("gives the leaves of the same objects in JSONL, whatever stands between them", async () => {
    const expected = await leavesOf(await jsonl(`${objects.join("\n")}\n`));
    for (const [begin, comma, end] of [
      ["[", ",", "]"],
      ["\n[ \r\n\t", " ,\n", " ]\n \n"],
      ["[\n  ", "\n,\n", "\n]"],
    ]) {
      const text = `${begin}${objects.join(comma)}${end}`;
      const source = await json(text);
      expect(source.files[0]?.file.format).toBe("json");
      expect(await leavesOf(source)).toEqual(expected);
      for (const readBytes of [1, 2, 3, 7]) {
        const bytes = openContent("data.json", new Blob([text]));
        const index = await jsonReader.index(bytes, { readBytes });
        expect(index).toEqual(source.files[0]?.index);
        const [part] = index.parts as [FilePart];
        const batches: Batch[] = [];
        for await (const { batch } of jsonReader.read(bytes, index, part, { readBytes, types: {} }))
          batches.push(batch);
        const { arena, offsets } = encodeBatch(batches[0] as Batch);
        const leaves = toHex(recordLeaves(arena, offsets, null)).match(/.{64}/g);
        expect([leaves]).toEqual(expected);
      }
    }
    expect((await json("[]")).records).toBe(0);
    expect((await json(" [ ] ")).records).toBe(0);
  });

  it("knows the line on which each element begins", async () => {
    for await (const { lines } of readBatches(await json('[\n{"a":1},\n\n{"a":\n2}, {"a":3},\n{"a":4}]'))) {
      expect([...(lines ?? [])]).toEqual([2, 4, 5, 6]);
    }
  });

  it("cuts a long array into parts that give the same leaves", async () => {
    const many = Array.from({ length: 150_000 }, (_, i) => `{"i":${i}}`);
    const source = await json(`[${many.join(",")}]`);
    expect(source.files[0]?.index.parts.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 65_536],
      [65_536, 131_072],
      [131_072, 150_000],
    ]);
    expect(await leavesOf(source)).toEqual(await leavesOf(await jsonl(`${many.join("\n")}\n`)));
    const exact = await json(`[${many.slice(0, 131_072).join(",")}\n]\n`);
    expect(await leavesOf(exact)).toEqual(await leavesOf(await jsonl(many.slice(0, 131_072).join("\n"))));
  });

  it.each([
    ["", "bad-json", 1, "there is nothing in it"],
    [" \n", "bad-json", 2, "there is nothing in it"],
    ['{"a":1}', "bad-json", 1, "it is no array"],
    ["[", "bad-json", 1, "ends inside the array"],
    ['[{"a":1}', "bad-json", 1, "ends inside the array"],
    ['[{"a":1},', "bad-json", 1, "ends inside the array"],
    ['[{"a":1},\n]', "bad-json", 2, "a value was expected"],
    ['[,{"a":1}]', "bad-json", 1, "a value was expected"],
    ['[{"a":1}\n{"a":2}]', "bad-json", 2, "a comma or ] was expected"],
    ['[{"a":1}]\n[]', "bad-json", 2, "text follows the array"],
    ['[{"a":1}]x', "bad-json", 1, "text follows the array"],
    ['[{"a":"\n', "bad-json", 1, "ends inside a value"],
    ['[{"a":1},\n1]', "not-a-record", 2, "no JSON object"],
    ['[\n"x"]', "not-a-record", 2, "no JSON object"],
    ['[\n[{"a":1}]]', "not-a-record", 2, "no JSON object"],
    ["[null]", "not-a-record", 1, "no JSON object"],
    ['[{"a":1},\n{"a":1,"\\u0061":2}]', "duplicate-key", 2, "there twice"],
    ['[{"a":NaN}]', "bad-json", 1, "a value was expected"],
    ['[{"a":1]]', "bad-json", 1, ""],
    ["[nul", "bad-json", 1, ""],
    ['[{"a":"\\ud800"}]', "invalid-utf8", 1, "surrogate"],
  ])("refuses %j", async (text, code, line, says) => {
    const found = await failure(text);
    expect(found).toMatchObject({ code, path: "data.json", line });
    expect(found.message).toContain(says);
  });

  it("refuses a byte order mark, and raw/v1", async () => {
    expect(await failure('\ufeff[{"a":1}]')).toMatchObject({
      code: "bad-json",
      message: expect.stringMatching(/byte order mark/),
    });
    expect(await failure("[{}]", { leafFormat: "raw/v1" })).toMatchObject({ code: "unsupported-leaf-format" });
  });

  it("refuses what is nested too deep or too long, in memory that does not follow it", async () => {
    const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
    expect(await failure(`[${deep}]`)).toMatchObject({ code: "too-deep", line: 1 });
    expect(await codeOf(jsonl(deep).then(leavesOf))).toBe("too-deep");
    expect(await failure(`[${"[".repeat(10_000)}`)).toMatchObject({ code: "bad-json" });
    const limits = { maxRecordBytes: 1000 };
    const long = `{"a":"${"x".repeat(300_000)}"}`;
    for (const text of [`[${long}]`, `[{"a":1},\n${long}`])
      expect(await failure(text, { limits })).toMatchObject({ code: "limit-exceeded", limit: "maxRecordBytes" });
    // Blanks between elements are no record.
    expect((await json(`[{"a":1},${" ".repeat(300_000)}{"a":2}]`, { limits })).records).toBe(2);
  });

  it("loses records and stays an array of the others", async () => {
    const objects = Array.from({ length: 6 }, (_, i) => `{"i":${i}}`);
    const text = `[ ${objects.join(" ,\n")} ]\n`;
    const source = await json(text);
    for (let mask = 0; mask < 64; mask++) {
      const gone = [0, 1, 2, 3, 4, 5].filter((i) => (mask >> i) & 1);
      const pieces: Uint8Array[] = [];
      for await (const piece of removeRecords(source, 0, gone) ?? []) pieces.push(piece);
      const child = Buffer.concat(pieces).toString();
      expect(JSON.parse(child)).toEqual(
        objects.filter((_, i) => !gone.includes(i)).map((object) => JSON.parse(object)),
      );
      if (mask === 0) expect(child).toBe(text);
      if (mask === 0b010010) expect(child).toBe('[ {"i":0} ,\n{"i":2} ,\n{"i":3} ,\n{"i":5} ]\n');
    }
    // Also where everything in front of a part leaves.
    const many = Array.from({ length: 65_600 }, (_, i) => `{"i":${i}}`);
    const gone = Array.from({ length: 65_537 }, (_, i) => i);
    const pieces: Uint8Array[] = [];
    for await (const piece of removeRecords(await json(`[${many.join(",")}]`), 0, gone) ?? []) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(`[${many.slice(65_537).join(",")}]`);
    const first: Uint8Array[] = [];
    for await (const piece of removeRecords(await json(`[${many.join(",")}]`), 0, gone.slice(0, 65_536)) ?? [])
      first.push(piece);
    expect(Buffer.concat(first).toString()).toBe(`[${many.slice(65_536).join(",")}]`);
  });
});
