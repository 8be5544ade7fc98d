import { sha256, toHex } from "@assay/merkle";
import { describe, expect, test } from "vitest";
import { type CsvRangesOptions, indexCsvRanges } from "../src/csv-ranges.js";
import { inlineExecutor } from "../src/executor.js";
import { sourceOfBytes } from "../src/memory-source.js";
import type { ByteSource } from "../src/reader.js";
import type { SourceFile } from "../src/source.js";
import { type IndexTaskOutput, indexFile, taskOf } from "../src/tasks.js";
import { utf8 } from "./scan-and-hash.js";

const executor = inlineExecutor();

async function inRanges(bytes: Uint8Array, options: Partial<CsvRangesOptions> = {}): Promise<IndexTaskOutput | null> {
  const source: ByteSource = {
    path: "data.csv",
    size: bytes.length,
    read: async (begin, end) => bytes.slice(begin, end),
  };
  return indexCsvRanges(source, "csv", 3, {
    executor,
    task: taskOf("readCsvRange", {}),
    mostLeaves: 2 ** 20,
    ...options,
  });
}

/** What one thread finds. */
async function alone(bytes: Uint8Array): Promise<IndexTaskOutput> {
  const { files } = await sourceOfBytes("data", [{ path: "data.csv", bytes }]);
  const file = files[0] as SourceFile;
  return indexFile({ known: [] }, { file, ordinal: 3, mostLeaves: 2 ** 20 });
}

const blocksOf = ({ early = [] }: IndexTaskOutput) => early.flatMap(({ blocks }) => blocks);

async function expectSame(text: string, rangeBytes: number): Promise<IndexTaskOutput> {
  const bytes = utf8(text);
  const [ranges, whole] = [(await inRanges(bytes, { rangeBytes })) as IndexTaskOutput, await alone(bytes)];
  expect(ranges.index).toEqual(whole.index);
  expect(ranges.evidence).toEqual(whole.evidence);
  const types = JSON.stringify(whole.early?.[0]?.types);
  // Made with other types they are other leaves, which nobody takes.
  if (ranges.early?.some((made) => JSON.stringify(made.types) !== types)) return ranges;
  const [found, expected] = [ranges, whole].map((output) => toHex(sha256(Buffer.concat(blocksOf(output)))));
  expect(found).toBe(expected);
  return ranges;
}

const HEADER = "id,text,value\n";
const records = (count: number, record: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => record(i)).join("");

describe("indexCsvRanges() finds what one thread finds", () => {
  test("wherever it cuts: in quotes, in line ends, between lines of no bytes", async () => {
    const text =
      HEADER +
      records(60, (i) =>
        i % 3 === 0 ? `${i},"a ""b""\n,c\r\nd",${i}.5\r\n` : i % 3 === 1 ? `${i},plain é,${i}\n\n` : `${i},"",${i}\n`,
      );
    for (const rangeBytes of [48, 49, 50, 51, 52, 53, 60, 64, 65, 127, 300, 1000, 5000]) {
      await expectSame(text, rangeBytes);
      await expectSame(`\ufeff${text.trimEnd()}`, rangeBytes);
    }
  });

  test("in files of several parts, however many records are behind the last", async () => {
    for (const count of [65_535, 65_536, 65_537, 131_072, 140_000])
      for (const rangeBytes of [100_000, 700_001])
        await expectSame(
          HEADER + records(count, (i) => `${i},x${i % 7 === 0 ? '"' : ""},1\n`.replace(/x"/, '"x\n"')),
          rangeBytes,
        );
  });

  test("where lines of no bytes stand between two parts, and the second range ends before, in or behind them", async () => {
    const text = HEADER + records(65_600, (i) => `${i},x,1\n${i === 65_535 ? "\n\r\n\n" : ""}`);
    const half = Math.floor(text.indexOf("65536,x") / 2);
    for (let rangeBytes = half - 4; rangeBytes <= half + 12; rangeBytes++) await expectSame(text, rangeBytes);
  });

  test("of fields that do not fit: their places, and the first of them", async () => {
    const odd = (i: number) => (i % 40 === 5 ? `n/a ${i}` : String(i));
    const { early = [] } = await expectSame(HEADER + records(400, (i) => `${i},"two\nlines",${odd(i)}\n`), 300);
    // A range without them takes the others for numbers.
    expect(new Set(early.map(({ types }) => types.value))).toEqual(new Set(["text", "int64"]));
  });
});

describe("indexCsvRanges() leaves to one thread", () => {
  const text = HEADER + records(100, (i) => `${i},text ${i},1\n`);

  test("what is no plain CSV, wherever that is", async () => {
    for (const bad of ["1,2\n", '1,a"b,2\n', '1,"a"b,2\n', "1,a\rb,2\n", '1,"open,2\n'])
      for (const at of [HEADER.length, text.indexOf("50,"), text.length])
        expect(await inRanges(utf8(text.slice(0, at) + bad + text.slice(at)), { rangeBytes: 200 })).toBeNull();
    const invalid = utf8(text);
    invalid[text.length - 6] = 0xff;
    expect(await inRanges(invalid, { rangeBytes: 200 })).toBeNull();
  });

  test("records that are longer than a range, too many leaves, and other dialects", async () => {
    expect(await inRanges(utf8(text), { rangeBytes: 12 })).toBeNull();
    expect(await inRanges(utf8(text), { rangeBytes: 200, mostLeaves: 99 })).toBeNull();
    expect(await inRanges(utf8(text), { rangeBytes: 200, mostLeaves: 200 })).not.toBeNull();
    for (const dialect of [{ header: false }, { escape: "\\" }, { encoding: "utf-16le" }] as const)
      expect(await inRanges(utf8(text), { rangeBytes: 200, dialect })).toBeNull();
  });

  test("an empty file and one of a header are nobody's large files", async () => {
    expect(await inRanges(utf8(HEADER), { rangeBytes: 200 })).toBeNull();
  });
});
