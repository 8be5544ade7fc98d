import { describe, expect, it } from "vitest";
import { csvReader, dialectWithoutDefaults, parseDialect, tsvReader } from "../src/csv.js";
import { readBatches } from "../src/hash-source.js";
import { openContent } from "../src/memory-source.js";
import type { ByteSource, FileIndex } from "../src/reader.js";
import { codeOf, type InMemory, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

const sourceOf = (bytes: string | Uint8Array, path = "data.csv"): ByteSource =>
  openContent(path, new Blob([typeof bytes === "string" ? bytes : new Uint8Array(bytes)]));

async function failure(text: string | Uint8Array, options: InMemory = {}) {
  try {
    await leavesOf(await scanned(text, options));
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: Record<string, unknown> };
    return { code, message, ...details };
  }
  throw new Error("It was not refused");
}

async function texts(text: string | Uint8Array, options: InMemory = {}) {
  const rows: (string | null)[][] = [];
  const source = await scanned(text, { schema: { others: "text" }, ...options });
  for await (const { batch } of readBatches(source)) {
    for (let i = 0; i < batch.length; i++) {
      rows.push(
        batch.columns.map((column) => {
          if (column.type !== "text") throw new Error(column.type);
          const present = column.validity === null || (column.validity[i >> 3]! & (1 << (i & 7))) !== 0;
          return present
            ? new TextDecoder().decode(column.data.subarray(column.offsets[i], column.offsets[i + 1]))
            : null;
        }),
      );
    }
  }
  return rows;
}

describe("csvReader refuses", () => {
  it("an empty file, a byte order mark alone and empty lines alone: no-header", async () => {
    for (const text of ["", "\ufeff", "\n\n", "\r\n"])
      expect(await failure(text)).toMatchObject({ code: "no-header", path: "data.csv" });
  });
  it("a ragged record, naming line, both numbers and the record", async () => {
    const error = await failure("a,b\n1,2\n\n3\n");
    expect(error).toMatchObject({
      code: "ragged-record",
      path: "data.csv",
      line: 4,
      expected: 2,
      actual: 1,
      value: "3",
    });
    expect(error.message).toMatch(/^data\.csv, line 4: 1 field instead of 2/);
  });
  it("an unclosed quote, naming the line on which it is opened", async () => {
    expect(await failure('a,b\n1,2\n3,"x\ny\n')).toMatchObject({ code: "bad-csv", line: 3, column: "b", value: '"x' });
  });
  it("text behind a closing quote and a quote inside a field, naming the column", async () => {
    expect(await failure('a,b\n1,"x\n"y\n')).toMatchObject({ code: "bad-csv", line: 3, column: "b" });
    expect(await failure('a,b\n1,x"y\n')).toMatchObject({ code: "bad-csv", line: 2, column: "b", value: 'x"y' });
  });
  it("a lone CR outside quotes, also at the end of the file", async () => {
    expect(await failure("a\n1\r2\n")).toMatchObject({ code: "bad-csv", line: 2 });
    expect(await failure("a\n1\r")).toMatchObject({ code: "bad-csv", line: 2 });
  });
  it("bytes that are not UTF-8, naming line and offset", async () => {
    const bytes = Uint8Array.of(...utf8("a\nx\ny"), 0xff, ...utf8("z\n"));
    expect(await failure(bytes)).toMatchObject({ code: "invalid-utf8", line: 3, offset: 5 });
    expect(await failure(Uint8Array.of(...utf8('a\n"\n\n'), 0xc3, ...utf8('"\n')))).toMatchObject({
      line: 4,
      offset: 5,
    });
  });
  it("half a character at the end of the file", async () => {
    expect(await failure(Uint8Array.of(0xff, 0xfe, 0x61, 0, 10, 0))).toMatchObject({
      code: "invalid-utf8",
      offset: 0,
      message: expect.stringContaining("the encoding that the file has (it begins as utf-16le does)"),
    });
    expect((await failure(Uint8Array.of(0xfe, 0xff, 0, 0x61, 0, 10))).message).toContain("as utf-16be does");
    expect(await failure(Uint8Array.of(...utf8("a\nx"), 0xe2, 0x82))).toMatchObject({ code: "invalid-utf8", line: 2 });
  });
  it("two columns of one name, also when one is quoted", async () => {
    expect(await failure('a,"a"\n')).toMatchObject({ code: "duplicate-column", line: 1, column: "a" });
  });
  it("a value that is not of its declared type: the first in the file, whatever the order of columns", async () => {
    const schema = { columns: { a: "int64", b: "int64" } } as const;
    const error = await failure("a,b\n1,2\n3,x\ny,4\n", { schema });
    expect(error).toMatchObject({ code: "bad-value", path: "data.csv", line: 3, column: "b", value: "x" });
    expect(error.message).toContain('data.csv, line 3, column "b"');
  });
  it("a long value, quoting 100 characters of it", async () => {
    const error = await failure(`a\n${"x".repeat(5000)}\n`, { schema: { columns: { a: "int64" } } });
    expect(error).toMatchObject({ value: `${"x".repeat(100)}…` });
  });
  it("records longer than maxRecordBytes, complete or not, at the same line for any read size", async () => {
    for (const text of ['a,b\n1,2\n3,"xxxxxxxxxxxxxxxxxxxx"\n4,5\n', 'a,b\n1,2\n3,"xxxxxxxxxxxxxxxxxxxxxxx']) {
      for (const readBytes of [1, 10, 100, 1000]) {
        const index = csvReader.index(sourceOf(text), { readBytes, limits: { maxRecordBytes: 16 } });
        await expect(index).rejects.toMatchObject({
          code: "limit-exceeded",
          details: { line: 3, limit: "maxRecordBytes" },
        });
      }
    }
  });
  it("caps and read sizes that are none, as mistakes of the caller", async () => {
    for (const limits of [{ maxRecordBytes: 0 }, { maxRecordBytes: 2 ** 31 }, { maxColumns: Number.NaN }]) {
      expect(await codeOf(csvReader.index(sourceOf("a\n"), { limits }))).toBeInstanceOf(RangeError);
    }
    for (const readBytes of [0, 1.5]) {
      expect(await codeOf(csvReader.index(sourceOf("a\n"), { readBytes }))).toBeInstanceOf(RangeError);
    }
  });
  it("more columns than maxColumns", async () => {
    const index = csvReader.index(sourceOf("a,b,c,d\n"), { limits: { maxColumns: 3 } });
    await expect(index).rejects.toMatchObject({ code: "limit-exceeded" });
    await expect(csvReader.index(sourceOf("a,b,c\n"), { limits: { maxColumns: 3 } })).resolves.toMatchObject({
      records: 0,
    });
  });
  it("UTF-16 with a lone surrogate or a byte left over", async () => {
    const dialect = { encoding: "utf-16le" } as const;
    expect(await failure(Uint8Array.of(0x61, 0, 10, 0, 0x3d, 0xd8, 10, 0), { dialect })).toMatchObject({
      code: "invalid-utf8",
      offset: 4,
    });
    expect(await failure(Uint8Array.of(0x61, 0, 10, 0, 0x61), { dialect })).toMatchObject({
      code: "invalid-utf8",
      offset: 4,
    });
  });
});

describe("csvReader reads", () => {
  it("a header and nothing else as no records", async () => {
    for (const text of ["a,b", "a,b\n", "\ufeffa,b\r\n", "\n\na,b\n\n"]) {
      const source = await scanned(text);
      expect(source.records).toBe(0);
      expect(source.files[0]?.index.columns.map(({ name }) => name)).toEqual(["a", "b"]);
      expect(await leavesOf(source)).toEqual([[]]);
    }
  });
  it("NUL bytes, quoted line ends and a last line without line end", async () => {
    expect(await texts('a,b\n"x\r\ny\rz",\0\n"",')).toEqual([
      ["x\r\ny\rz", "\0"],
      ["", null],
    ]);
  });
  it("empty lines as nulls in a file of one column, and skips them in others", async () => {
    expect(await texts("a\n\n1\n\r\n")).toEqual([[null], ["1"], [null]]);
    expect(await texts("a,b\n\n1,2\n\n")).toEqual([["1", "2"]]);
  });
  it("columns that are called like members of objects", async () => {
    const source = await scanned("__proto__,constructor,toString,\n1,x,,5\n");
    expect({ ...source.reading.types, other: 1 }).toMatchObject({ constructor: "text", "": "int64" });
    expect(Object.getOwnPropertyDescriptor(source.reading.types, "__proto__")?.value).toBe("int64");
    expect(Object.hasOwn(source.reading.types, "toString")).toBe(false);
    expect((await leavesOf(source))[0]).toHaveLength(1);
  });
  it("fields of a million characters", async () => {
    const long = "é".repeat(1_000_000);
    for (const text of [`a,b\n${long},1\n`, `a,b\n"${long}""",1`]) {
      const index = await csvReader.index(sourceOf(text), { readBytes: 64 });
      expect(index.records).toBe(1);
      const options = { types: { a: "text", b: "int64" }, readBytes: 64 } as const;
      for await (const { batch } of csvReader.read(sourceOf(text), index, index.parts[0]!, options)) {
        expect(batch.columns[0]).toMatchObject({ length: 1 });
        expect((batch.columns[0] as { data: Uint8Array }).data.length).toBeGreaterThanOrEqual(2_000_000);
      }
    }
  });
  it("the line of each record, counting those inside quotes", async () => {
    const lines: number[] = [];
    for await (const placed of readBatches(await scanned('a,b\n"x\ny",1\n\n2,3\r\n4,5'))) lines.push(...placed.lines!);
    expect(lines).toEqual([2, 5, 6]);
  });
  it("files without a header", async () => {
    const dialect = { header: false } as const;
    expect((await scanned("", { dialect })).files[0]?.index).toMatchObject({ records: 0, columns: [] });
    expect((await scanned("\ufeff", { dialect })).files[0]?.index).toMatchObject({ records: 0, columns: [] });
    expect(await texts("\n\n", { dialect })).toEqual([[null], [null]]);
    expect(await texts("\n1\n", { dialect })).toEqual([[null], ["1"]]);
    expect(await texts("\n1,2\n", { dialect })).toEqual([["1", "2"]]);
  });
  it("null values only where they are not quoted", async () => {
    expect(await texts('a,b\nNA,"NA"\nNAN,x\n', { schema: { others: "text", nullValues: ["NA", "x"] } })).toEqual([
      [null, "NA"],
      ["NAN", null],
    ]);
  });
  it("tsv files by tabs whatever the dialect says", async () => {
    const index = await tsvReader.index(sourceOf("a\tb;c\n1\t2\n", "data.tsv"), { dialect: { delimiter: ";" } });
    expect(index.columns.map(({ name }) => name)).toEqual(["a", "b;c"]);
  });
  it("all of windows-1252 as the WHATWG standard has it", async () => {
    const high = Array.from({ length: 128 }, (_, i) => 128 + i);
    const [row] = await texts(Uint8Array.of(0x61, 10, ...high), { dialect: { encoding: "windows-1252" } });
    const expected = `€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ${String.fromCharCode(...high.slice(32))}`;
    expect(row).toEqual([expected]);
  });
});

describe("parts", () => {
  /** A file of 70,000 records in UTF-16 with pairs of surrogates: the parts begin at the right bytes of the stored file. */
  it("of a transcoded file begin where their records begin", async () => {
    const text = `a,b\n${Array.from({ length: 70_000 }, (_, i) => `${i},"😀é\n${i % 7}"\n`).join("")}`;
    const units = new Uint8Array(2 * text.length + 2);
    units.set([0xfe, 0xff]);
    for (let i = 0; i < text.length; i++) {
      units[2 * i + 2] = text.charCodeAt(i) >> 8;
      units[2 * i + 3] = text.charCodeAt(i) & 255;
    }
    const plain = await scanned(text);
    const wide = await scanned(units, { dialect: { encoding: "utf-16be" } });
    expect(wide.files[0]?.index.parts.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 65_536],
      [65_536, 70_000],
    ]);
    expect(await leavesOf(wide)).toEqual(await leavesOf(plain));
    for (const source of [plain, wide]) {
      const [first, second] = source.files[0]!.index.parts;
      expect(first?.windows[0]).toMatchObject({ begin: 0, end: second?.windows[0]?.begin });
      expect(second?.windows[0]?.end).toBe(source.files[0]?.file.size);
      expect(second?.detail).toMatchObject({ line: 2 * 65_536 + 2 });
    }
  });
});

describe("parts of whole blocks", () => {
  const partsOf = async (text: string) => {
    const { files } = await scanned(text, { schema: { others: "text" } });
    return files[0]!.index.parts.map(({ begin, end }) => [begin, end]);
  };
  it("begin a part only where something follows", async () => {
    const block = "1,2\n".repeat(65_536);
    expect(await partsOf(`a,b\n${block}`)).toEqual([[0, 65_536]]);
    expect(await partsOf(`a,b\n${block}3,4`)).toEqual([
      [0, 65_536],
      [65_536, 65_537],
    ]);
    // Empty lines are bytes of the file: some part must cover them, though it has no records.
    const trailing = `a,b\n${block}\n\n`;
    expect((await partsOf(trailing)).at(-1)).toEqual([65_536, 65_536]);
    expect((await leavesOf(await scanned(trailing)))[0]).toHaveLength(65_536);
  });
  it("cut batches early when records are long, without a trace in the leaves", async () => {
    const long = `${"x".repeat(9_000_000)}`;
    const text = `a\n${`${long}\n`.repeat(5)}`;
    const source = await scanned(text);
    const lengths: number[] = [];
    for await (const { batch } of readBatches(source)) lengths.push(batch.length);
    expect(lengths.length).toBeGreaterThan(1);
    const [leaves] = await leavesOf(source);
    expect(leaves).toHaveLength(5);
    expect(new Set(leaves).size).toBe(1);
  });
});

describe("a file that changed between the passes", () => {
  const types = { a: "int64", b: "int64" } as const;
  async function readChanged(before: string, after: string): Promise<unknown> {
    const index: FileIndex = await csvReader.index(sourceOf(before));
    return codeOf(
      (async () => {
        for await (const _ of csvReader.read(sourceOf(after), index, index.parts[0]!, { types }));
      })(),
    );
  }
  it("is refused as source-changed, also when the change makes it malformed", async () => {
    expect(await readChanged("a,b\n1,2\n", "a,b\n1,3\n")).toBe("source-changed");
    expect(await readChanged("a,b\n1,2\n", "a,b\n1,x\n")).toBe("source-changed");
    expect(await readChanged("a,b\n1,2\n", 'a,b\n1,"\n')).toBe("source-changed");
    expect(await readChanged("a,b\n1,2\n", "a,b\n1\n\n\n")).toBe("source-changed");
    expect(await readChanged("a,b\n1,2\n", "a,b\n1")).toBe("source-changed");
    expect(await readChanged("a,b\n1,2\n", "a,b\n1,2\n")).toBe("no error");
  });
  it("is refused as bad-value when the bytes are those of the first pass", async () => {
    expect(await readChanged("a,b\n1,x\n", "a,b\n1,x\n")).toBe("bad-value");
  });
});

describe("parseDialect()", () => {
  it.each([
    { delimiter: "," },
    { quote: '"' },
    { escape: '"' },
    { quote: "'", escape: "'" },
    { header: true },
    { encoding: "utf-8" },
    { delimiter: "" },
    { delimiter: "ab" },
    { delimiter: "\n" },
    { quote: "\r" },
    { escape: "\ufeff" },
    { delimiter: "\ud800" },
    { delimiter: '"' },
    { delimiter: "\\", escape: "\\" },
    { quote: "", escape: "\\" },
    { escape: "" },
    { encoding: "latin1" },
    { other: 1 },
    [],
    null,
  ])("refuses %j", (value) => {
    expect(() => parseDialect(value)).toThrow(expect.objectContaining({ code: "bad-dialect" }));
  });
  it("takes each character of one code point", () => {
    const dialect = { delimiter: "😀", quote: "", header: false, encoding: "utf-16be" };
    expect(parseDialect(dialect)).toEqual(dialect);
  });
  it("dialectWithoutDefaults() leaves defaults out before it reads strictly", () => {
    expect(
      dialectWithoutDefaults({ delimiter: ",", quote: '"', escape: '"', header: true, encoding: "utf-8" }),
    ).toEqual({});
    expect(dialectWithoutDefaults({ quote: "'", escape: "'", delimiter: ";" })).toEqual({ quote: "'", delimiter: ";" });
  });
});
