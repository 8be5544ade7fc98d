import { describe, expect, test } from "vitest";
import { hashSource, readBatches } from "../src/hash-source.js";
import { joinAllKinds } from "../src/kinds.js";
import type { MemoryFile } from "../src/memory-source.js";
import { type InMemory, leavesOf, rootsOf, scanned, utf8 } from "./scan-and-hash.js";

/** Enough for every file here. */
const LEAF_BYTES = 2 ** 26;

/** One file of many records, so that it is scanned in several runs; `odd` stands in one of the last. */
function fileOf(column: (i: number) => string, odd?: string, end = "\n"): string {
  const lines = Array.from(
    { length: 12_000 },
    (_, i) => `${i},${i === 11_000 && odd !== undefined ? odd : column(i)},note ${i} ${"x".repeat(60)}`,
  );
  return `id,value,note\n${lines.join("\n")}${end}`;
}

/** Whether leaves were made in the scan of each file and used; both ways must say the same. */
async function earlyOf(files: string | readonly MemoryFile[], options: InMemory = {}): Promise<boolean[]> {
  const [plain, early] = [await scanned(files, options), await scanned(files, { ...options, leafBytes: LEAF_BYTES })];
  const { files: _, ...rest } = early;
  expect(rest).toEqual({ ...plain, files: undefined, ...rest });
  expect(early.files.map(({ index }) => index)).toEqual(plain.files.map(({ index }) => index));
  expect(early.reading).toEqual(plain.reading);
  expect(await leavesOf(early)).toEqual(await leavesOf(plain));
  const once = await scanned(files, { ...options, leafBytes: LEAF_BYTES, readsOnce: true });
  expect(once.files.map(({ index }) => index.bytes)).toEqual(plain.files.map(({ index }) => index.bytes));
  expect(await rootsOf(once)).toEqual(await rootsOf(plain));
  const kinds = [];
  for (const source of [plain, early]) {
    let all = {};
    for await (const hashed of hashSource(source)) all = joinAllKinds(all, hashed.kinds);
    kinds.push(all);
  }
  expect(kinds[1]).toEqual(kinds[0]);
  return early.files.map(({ early: made }) => made !== undefined);
}

describe("leaves made in the scan are those of a second reading", () => {
  test("where the first records tell the types, with a last line end or without", async () => {
    expect(await earlyOf(fileOf((i) => `${i}.5`))).toEqual([true]);
    expect(await earlyOf(fileOf((i) => `2024-01-0${1 + (i % 9)}`, undefined, ""))).toEqual([true]);
    expect(await earlyOf(fileOf((i) => (i % 2 === 0 ? "true" : "")))).toEqual([true]);
    expect(await earlyOf("id,value,note\n")).toEqual([true]);
  });

  test("where an empty column gets a type late, and where a fraction comes behind whole numbers", async () => {
    for (const odd of ["7", "2.5", "text", "2024-01-01T00:00:00Z"])
      expect(await earlyOf(fileOf(() => "", odd))).toEqual([true]);
    expect(await earlyOf(fileOf((i) => String(i), "0.1"))).toEqual([true]);
    expect(await earlyOf(fileOf((i) => String(-i), "1e300"))).toEqual([true]);
  });

  test("and they are given up where a type changes otherwise", async () => {
    for (const odd of ["n/a", "2024-01-01", "9007199254740993.5x"])
      expect(await earlyOf(fileOf((i) => String(i), odd))).toEqual([false]);
    expect(await earlyOf(fileOf((i) => `2024-01-0${1 + (i % 9)}`, "2024-01-01T00:00:00"))).toEqual([false]);
    // Whole numbers that no double has stand before the fraction: the column is text.
    expect(await earlyOf(fileOf((i) => (i === 5 ? "9007199254740993" : "1"), "0.5"))).toEqual([false]);
  });

  test("where another file decides the type", async () => {
    const whole = { path: "a.csv", bytes: utf8(fileOf((i) => String(i))) };
    const fraction = { path: "b.csv", bytes: utf8("value,id\n2.5,1\n") };
    const text = { path: "c.csv", bytes: utf8("value\nx\n") };
    expect(await earlyOf([whole, fraction])).toEqual([true, true]);
    // Made, but not used: the column is text now.
    expect(await earlyOf([whole, text])).toEqual([true, true]);
    expect(await earlyOf([text, whole, fraction, { path: "d.jsonl", bytes: utf8('{"id":1}\n') }])).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test("of files of several parts that are read once, and again only where leaves must be made anew", async () => {
    const bytes = (last: string) =>
      utf8(
        `id,value\n${Array.from({ length: 140_000 }, (_, i) => `${i},${i === 139_000 ? last : i % 7}`).join("\n")}\n`,
      );
    const options = { leafBytes: LEAF_BYTES, readsOnce: true };
    const [plain, once] = [
      await scanned([{ path: "a.csv", bytes: bytes("8") }]),
      await scanned([{ path: "a.csv", bytes: bytes("8") }], options),
    ];
    const digests = once.files[0]?.index.parts.map(({ windows }) => windows[0]?.sha256);
    expect(digests).toEqual([plain.files[0]?.index.parts[0]?.windows[0]?.sha256, null, null]);
    expect(await rootsOf(once)).toEqual(await rootsOf(plain));
    await expect(async () => {
      for await (const _ of readBatches(once));
    }).rejects.toThrow(RangeError);
    // Given up in the last part, or by another file: the parts have digests again before they are read.
    const late = await scanned([{ path: "a.csv", bytes: bytes("x") }], options);
    expect(late.files[0]?.index).toEqual((await scanned([{ path: "a.csv", bytes: bytes("x") }])).files[0]?.index);
    const two = [
      { path: "a.csv", bytes: bytes("8") },
      { path: "b.csv", bytes: utf8("value\nx\n") },
    ];
    expect(await rootsOf(await scanned(two, options))).toEqual(await rootsOf(await scanned(two)));
    const leafKey = new Uint8Array(32).fill(7);
    expect(await rootsOf(once, { leafKey })).toEqual(await rootsOf(plain, { leafKey }));
  });

  test("and none are made for given types or nulls, or more leaves than there is room for", async () => {
    expect(
      await earlyOf(
        fileOf((i) => String(i)),
        { schema: { columns: { id: "int32" } } },
      ),
    ).toEqual([false]);
    expect(
      await earlyOf(
        fileOf((i) => String(i)),
        { schema: { nullValues: ["note 7"] } },
      ),
    ).toEqual([false]);
    const { files } = await scanned(
      fileOf((i) => String(i)),
      { leafBytes: 32 * 11_000 },
    );
    expect(files[0]?.early).toBeUndefined();
  });

  test("and they are not used with a key or with splits by column", async () => {
    const text = fileOf((i) => String(i % 3));
    const [plain, early] = [await scanned(text), await scanned(text, { leafBytes: LEAF_BYTES })];
    expect(early.files[0]?.early).toBeDefined();
    const leafKey = new Uint8Array(32).fill(7);
    expect(await leavesOf(early, { leafKey })).toEqual(await leavesOf(plain, { leafKey }));
    const names = [];
    for await (const { splitNames } of hashSource(early, { splits: { column: "value" } })) names.push(splitNames);
    expect(names).toEqual([["0", "1", "2"]]);
  });

  test("of JSONL, as objects and as they stand", async () => {
    const lines = (odd: string) =>
      `${Array.from({ length: 70_000 }, (_, i) => (i === 69_000 ? odd : `{"id":${i},"note":"text ${i}"}`)).join("\n")}\n`;
    const jsonl = (text: string) => [{ path: "data.jsonl", bytes: utf8(text) }];
    expect(await earlyOf(jsonl(lines('{"id":null,"other":true}')))).toEqual([true]);
    expect(await earlyOf(jsonl(lines("").slice(0, -1)))).toEqual([true]);
    expect(await earlyOf(jsonl(lines('{"id":[1]}')))).toEqual([false]);
    expect(await earlyOf(jsonl(lines("[")), { leafFormat: "raw/v1" })).toEqual([true]);
  });

  test("of JSONL, and they are not used where a type was declared, or another format has the column", async () => {
    const bytes = utf8('{"id":"1.50"}\n');
    const declared = { schema: { columns: { id: "decimal(5,2)" } } } as const;
    expect(await earlyOf([{ path: "data.jsonl", bytes }], declared)).toEqual([true]);
    const files = [
      { path: "a.csv", bytes: utf8("id\n2024-01-01\n") },
      { path: "b.jsonl", bytes: utf8('{"id":"2024-01-02"}\n') },
    ];
    expect(await earlyOf(files)).toEqual([true, true]);
  });
});
