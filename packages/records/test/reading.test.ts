import { describe, expect, it } from "vitest";
import type { ColumnType } from "../src/column-type.js";
import type { FileIndex, Format } from "../src/reader.js";
import { resolveReading, typesOfFile } from "../src/reading.js";
import type { DeclaredSchema, Reading } from "../src/source.js";
import { codeOf, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

function index(format: Format, columns: Record<string, ColumnType | null>): FileIndex {
  const list = Object.entries(columns).map(([name, type]) => ({ name, type }));
  return { format, bytes: "", size: 0, records: 1, columns: list, parts: [] };
}
function resolve(
  indexes: FileIndex[],
  schema: DeclaredSchema = {},
  extra: { jsonl?: string[]; given?: Reading } = {},
): Reading {
  return resolveReading({
    files: indexes.map((item, i) => ({ path: `file-${i}`, index: item })),
    schema,
    dialect: {},
    ignored: [],
    evidence: indexes.flatMap(({ columns }) =>
      columns
        .filter(({ name, type }) => type === null && schema.columns?.[name] === undefined)
        .map(({ name }) => ({ name, fields: 1, fits: [0, 0, 0, 1, 1, 1, 0, 0, 0], misfits: [] })),
    ),
    jsonlColumns: new Set(extra.jsonl ?? []),
    given: extra.given,
  });
}
const types = (reading: Reading) => ({ ...reading.types });

describe("resolveReading()", () => {
  it("lists types where files differ: that of text, the stored ones by their JSON, untyped JSON last", () => {
    const files = [
      index("csv", { a: null }),
      index("parquet", { a: "uint8", b: "int8" }),
      index("arrow", { a: { list: "int8" }, b: "int16" }),
      index("jsonl", {}),
    ];
    const reading = resolve(files, {}, { jsonl: ["a", "c"] });
    expect(types(reading)).toEqual({ a: ["int64", "uint8", { list: "int8" }, "json"], b: ["int16", "int8"] });
    expect(reading.inferred).toEqual(["a"]);
    expect({ ...typesOfFile(reading, files[0]!) }).toMatchObject({ a: "int64" });
    expect({ ...typesOfFile(reading, files[3]!) }).not.toHaveProperty("a");
    expect({ ...typesOfFile(reading, files[1]!) }).toEqual({});
  });
  it("names a type once where all files agree", () => {
    expect(types(resolve([index("csv", { a: null }), index("parquet", { a: "int64" })]))).toEqual({ a: "int64" });
  });
  it("keeps stored types where no text is read, and reads bytes that are declared text as text", () => {
    const file = index("parquet", { a: "int32", b: "bytes" });
    const reading = resolve([file], { columns: { a: "int64", b: "text" } });
    expect(types(reading)).toEqual({ a: "int32", b: ["text", "bytes"] });
    expect({ ...typesOfFile(reading, file) }).toEqual({ b: "text" });
    expect({ ...typesOfFile(resolve([file]), file) }).toEqual({});
  });
  it("does not read stored bytes as text because CSV has text there", () => {
    const files = [index("csv", { a: null }), index("parquet", { a: "bytes" })];
    const reading = { ...resolve(files), types: { a: ["text", "bytes"] as const }, inferred: ["a"] };
    expect({ ...typesOfFile(reading, files[1]!) }).toEqual({});
  });
  it("refuses a declared column that no CSV file has, a stored kind that differs, and undeclared columns", () => {
    const codes = [
      () => resolve([index("csv", { a: null })], { columns: { b: "int64" } }),
      () => resolve([index("parquet", { a: "int64" })], { columns: { a: "text" } }),
      () => resolve([index("parquet", { a: "text" })], { columns: { a: "bytes" } }),
      () => resolve([index("parquet", { a: "int64" })], { others: "refuse" }),
    ].map((run) => {
      try {
        return run();
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(codes).toEqual(["schema-mismatch", "schema-mismatch", "schema-mismatch", "undeclared-column"]);
  });
  it("gives the same reading when a source is read again with it", async () => {
    const files = [
      { path: "a.csv", bytes: utf8("id,when,none\n1,2024-01-01,\n") },
      { path: "b.jsonl", bytes: utf8('{"id":2,"extra":[1]}\n') },
    ];
    const schema = { columns: { when: "date" }, nullValues: ["NA"] } as const;
    const first = await scanned(files, { schema });
    expect({ ...first.reading.types }).toEqual({ id: ["int64", "json"], when: "date" });
    const again = await scanned(files, { reading: first.reading });
    expect(again.reading).toEqual(first.reading);
    expect(await leavesOf(again)).toEqual(await leavesOf(first));
  });
  it("reads a child with the types of its parent, and infers only columns that are not there", async () => {
    const { reading } = await scanned("a,b\n1,x\n");
    const child = await scanned("b,a,c\nNA,01,2\n", { reading });
    expect({ ...child.reading.types }).toEqual({ a: "int64", b: "text", c: "int64" });
    expect(child.reading.inferred).toEqual(["a", "b", "c"]);
    expect(await codeOf(leavesOf(await scanned("a\nx\n", { reading })))).toBe("bad-value");
  });
  it("refuses raw/v1 for formats whose records are no lines", async () => {
    expect(await codeOf(scanned("a\n1\n", { leafFormat: "raw/v1" }))).toBe("unsupported-leaf-format");
    expect(await codeOf(scanned("a\n1\n", { leafFormat: "raw/v2" as never }))).toBe("unknown-format");
  });
});
