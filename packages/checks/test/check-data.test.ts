import { hashSource, joinAllKinds, type Kinds, scanSource, sourceOfBytes } from "@assay/records";
import { describe, expect, test } from "vitest";
import type { Fold, Roles, Table, TableColumn } from "../src/check.js";
import { type ScannedInput, scannedData } from "../src/check-data.js";
import { asCategory } from "../src/columns.js";
import { exactDuplicates } from "../src/duplicate/exact-duplicates.js";
import { groupsOf } from "../src/groups.js";
import { allChecks } from "../src/registry.js";
import { runChecks } from "../src/run-checks.js";

async function scanned(files: Record<string, string>): Promise<ScannedInput> {
  const bytes = Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) }));
  const source = await scanSource(await sourceOfBytes("tiny", bytes));
  const leaves: Uint8Array[][] = source.files.map(() => []);
  let kinds: Kinds = {};
  for await (const hashed of hashSource(source)) {
    leaves[hashed.file]?.push(hashed.leaves);
    kinds = joinAllKinds(kinds, hashed.kinds);
  }
  return { scanned: source, kinds, leaves: leaves.map((pieces) => Buffer.concat(pieces)) };
}

async function table(files: Record<string, string>, columns: readonly string[], roles: Roles = {}) {
  const data = scannedData(await scanned(files), { roles });
  return { data, table: await data.table(columns) };
}

/** Cells by leaf, whatever the order. */
function cells({ length, leaves, columns }: Table): Record<string, unknown[]> {
  return Object.fromEntries(
    Array.from({ length }, (_, row) => [
      Buffer.from(leaves.subarray(32 * row, 32 * row + 32)).toString("hex"),
      columns.map((c) => (c.kind === "number" ? c.values[row] : (c.categories[c.codes[row] as number] ?? null))),
    ]),
  );
}

describe("scannedData()", () => {
  test("gives equal tables for the same records in CSV and JSONL, whole, split and shuffled", async () => {
    const columns = ["n", "t", "b"];
    const csv = await table({ "a.csv": 'n,t,b\n1,x,true\n2.5,"y, ""z""",false\n,,true\n-0,é,\n' }, columns);
    const jsonl = await table(
      {
        "a.jsonl": '{"b":true}\n{"t":"é","n":0}\n',
        "b.jsonl": '{"n":2.5,"t":"y, \\"z\\"","b":false}\n{"t":"x","b":true,"n":1.0}\n',
      },
      columns,
    );
    expect(cells(jsonl.table)).toEqual(cells(csv.table));
    expect(jsonl.table.leaves).toEqual(csv.table.leaves);
    expect(csv.table.columns.map(({ kind }) => kind)).toEqual(["number", "category", "number"]);
    expect(csv.table.columns[1]).toMatchObject({ categories: ["x", 'y, "z"', "é"] });
    expect(csv.data.shape.records).toBe(4);
  });
  test("place() gives file, ordinal, record and line of every leaf, and row() the way back", async () => {
    const { data, table: read } = await table({ "a.csv": 'x\n1\n"2\n"\n3\n', "b.csv": "x\n4\n1\n" }, ["x"]);
    const places = Array.from({ length: read.length }, (_, row) => data.place(row));
    expect(places.map(({ record }) => record).sort()).toEqual([0, 1, 2, 3, 4]);
    const byRecord = places.toSorted((a, b) => a.record - b.record);
    expect(byRecord.map(({ file, ordinal, line }) => [file, ordinal, line])).toEqual([
      ["a.csv", 0, 2],
      ["a.csv", 1, 3],
      ["a.csv", 2, 5],
      ["b.csv", 0, 2],
      ["b.csv", 1, 3],
    ]);
    expect(byRecord[0]?.leaf).toBe(byRecord[4]?.leaf);
    expect(data.row(0)).toBe(data.row(4) - 1);
    for (const { record } of places) expect(data.place(data.row(record)).record).toBe(record);
    expect(() => data.place(5)).toThrow(RangeError);
    expect(() => data.row(5)).toThrow(RangeError);
  });
  test("reads a column of numbers with odd cells as numbers, the odd ones apart", async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `${i / 2},${i}`);
    lines[7] = "n/a,7";
    const { table: read } = await table({ "a.csv": `x,id\n${lines.join("\n")}\n` }, ["x", "id"]);
    const [x, id] = read.columns;
    if (x?.kind !== "number" || id?.kind !== "number") throw new Error("not numbers");
    expect(x.odd).toEqual([{ row: id.values.indexOf(7), text: "n/a" }]);
    expect(x.values.filter((value) => Number.isNaN(value))).toHaveLength(1);
  });
  test("makes categories of what is mixed, nested or nothing", async () => {
    const jsonl = '{"m":1,"l":[1,null],"o":{"b":1,"a":"x"},"z":null}\n{"m":"1","l":[],"o":{"a":"x","b":1}}\n';
    const { table: read, data } = await table({ "a.jsonl": jsonl }, ["m", "l", "o"]);
    expect(read.columns.map((c) => (c.kind === "category" ? c.categories.length : c.kind))).toEqual([2, 2, 1]);
    expect(Object.keys(data.shape.kinds)).not.toContain("toString");
    const empty = await table({ "a.csv": "x,nothing\n1,\n2,\n" }, ["nothing"]);
    expect(empty.table.columns[0]).toEqual({
      name: "nothing",
      kind: "category",
      codes: Int32Array.of(-1, -1),
      categories: [],
    });
  });
  test("reads what names something as texts, whatever it is stored as", async () => {
    const csv = "flag,site,day\ntrue,9007199254740993,2024-01-02\nfalse,9007199254740992,2024-01-03\n";
    const roles = { label: "flag", source: "site", split: "day" };
    const { table: read } = await table({ "a.csv": csv }, ["flag", "site", "day"], roles);
    expect(read.columns.map((c) => (c.kind === "category" ? c.categories : c.kind))).toEqual([
      ["false", "true"],
      ["9007199254740992", "9007199254740993"],
      ["2024-01-02", "2024-01-03"],
    ]);
  });
  test("keeps long integers and decimals apart that round to one double", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `{"n":${9007199254740992n + BigInt(i >> 1)},"k":${i},"y":"c${i % 2}"}`,
    );
    const { table: read } = await table({ "a.jsonl": `${rows.join("\n")}\n` }, ["n"]);
    expect(new Set((read.columns[0] as { values: Float64Array }).values).size).toBeLessThan(20);
    expect(groupsOf(read).count).toBe(20);
    expect(asCategory(read.columns[0] as TableColumn).categories).toHaveLength(20);
    const short = await table({ "a.csv": "n\n1.5\n3\n" }, ["n"]);
    expect(short.table.columns[0]).not.toHaveProperty("rounded");
  });
  test("refuses a column that is not there, and more memory than it may take", async () => {
    const input = await scanned({ "a.csv": "x,t\n1,abc\n2,def\n" });
    await expect(scannedData(input).table(["y"])).rejects.toThrow(/there is no column "y"/);
    expect(() => scannedData(input, { maxMemoryBytes: 50 })).toThrow(
      expect.objectContaining({ code: "memory-exceeded" }),
    );
    await expect(scannedData(input, { maxMemoryBytes: 100 }).table(["x", "t"])).rejects.toMatchObject({
      code: "memory-exceeded",
      details: { needed: expect.any(Number), maxMemoryBytes: 100 },
    });
  });
  test("fold() adds every record once, in file order when it is bound to it", async () => {
    const texts: Fold<string[], null, string> = {
      module: "none",
      name: "texts",
      orderBound: true,
      start: () => [],
      add: (state, { columns: [x] }) => [...state, ...(x?.kind === "number" ? [...x.values] : []).map(String)],
      merge: (left, right) => [...left, ...right],
      finish: (state) => state.join(),
    };
    const data = scannedData(await scanned({ "b.csv": "x\n3\n4\n", "a.csv": "x\n1\n2\n" }));
    expect(await data.fold(texts, ["x"], null)).toBe("1,2,3,4");
  });
});

describe("runChecks() on a scanned source", () => {
  const setRoot = new Uint8Array(32);
  test("names the line of every finding, also when no check read a column", async () => {
    const input = await scanned({ "a.csv": "x,y\n1,a\n2,b\n1,a\n" });
    const { findings } = await runChecks({ ...input, setRoot }, [exactDuplicates()]);
    expect(findings).toMatchObject([{ file: "a.csv", ordinal: 2, record: 2, line: 4 }]);
  });
  test("gives an outcome for every check on files without records", async () => {
    const input = await scanned({ "a.csv": "x,y\n" });
    const { outcomes } = await runChecks({ ...input, setRoot }, allChecks());
    expect(outcomes.map(({ status }) => status)).toEqual(allChecks().map(() => "skipped"));
  });
  test("writes values of a source only when they may be shown", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i / 7},${i % 3},secret${i % 2}`);
    const input = await scanned({ "a.csv": `x,y,s\n${[...rows, ...rows.slice(0, 5)].join("\n")}\n` });
    const roles = { label: "y", source: "s" };
    const checks = allChecks().filter(({ id }) => /duplicates|sources/.test(id));
    const keyed = await runChecks({ ...input, setRoot, keyed: true }, checks, { roles });
    expect(JSON.stringify([keyed.outcomes, keyed.findings])).not.toMatch(/secret/);
    const shown = await runChecks({ ...input, setRoot, keyed: true }, checks, { roles, showValues: true });
    expect(JSON.stringify(shown.outcomes)).toMatch(/secret0/);
  });
});
