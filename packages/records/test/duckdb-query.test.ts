import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openQuery } from "../src/duckdb-query.js";
import { openSource } from "../src/open-source.js";
import { scanSource } from "../src/scan-source.js";
import { openSpool, type Spool } from "../src/spool.js";
import { leavesOf, scanned } from "./scan-and-hash.js";

let folder: string;
let spool: Spool;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-query-"));
  spool = openSpool({ directory: folder });
});
afterEach(async () => {
  await spool.close();
  rmSync(folder, { recursive: true, force: true });
});

async function leavesOfQuery(inputs: readonly string[], query: string): Promise<string[]> {
  const source = await openSource(inputs, { query, spool });
  return (await leavesOf(await scanSource(source)))[0] as string[];
}

test("the rows of a query have the leaves of the same records elsewhere", async () => {
  const csv = "id,name,score,day\n1,ada,0.5,2026-01-02\n2,,1.25,2026-01-03\n";
  writeFileSync(join(folder, "people.csv"), csv);
  const leaves = await leavesOfQuery([], `SELECT * FROM read_csv('${folder}/people.csv') ORDER BY id;`);
  expect(leaves).toEqual((await leavesOf(await scanned(csv)))[0]);
  const numbers = await leavesOfQuery([], "SELECT i::BIGINT AS i, (i / 8)::DOUBLE AS x FROM range(3) t(i) -- a remark");
  expect(numbers).toEqual((await leavesOf(await scanned("i,x\n0,0\n1,0.125\n2,0.25\n")))[0]);
});

test("a database file is opened read-only, and the copy is taken away", async () => {
  const path = join(folder, "warehouse.duckdb");
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run("CREATE TABLE t AS SELECT 1 AS a UNION ALL SELECT 2");
  connection.closeSync();
  instance.closeSync();
  const source = await openSource([path], { query: "SELECT a FROM t", spool });
  expect(source).toMatchObject({ name: "query", files: [{ path: "query.parquet", format: "parquet" }] });
  expect(source.warnings[0]).toContain("only the set root");
  expect((await scanSource(source)).records).toBe(2);
  await spool.close();
  expect(readdirSync(folder)).toEqual(["warehouse.duckdb"]);
});

test.each([
  ["SELEC 1", "cannot-read", "DuckDB refuses the query"],
  ["SELECT * FROM nothing", "cannot-read", "does not exist"],
  ["SELECT 1; SELECT 2", "cannot-read", "not one SELECT"],
  ["", "cannot-read", "not one SELECT"],
  ["COPY (SELECT 1) TO '/tmp/never.csv'", "cannot-read", "not one SELECT"],
  ["CREATE TABLE t AS SELECT 1", "cannot-read", "not one SELECT"],
  ["SELECT 1) TO 'x' --", "cannot-read", "DuckDB refuses the query"],
  ["SELECT 1::HUGEINT AS big", "unsupported-type", '"big" of the query has the type HUGEINT'],
])("refuses %j", async (query, code, says) => {
  await expect(openSource([], { query, spool })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(says),
  });
});

test("says what is missing: the database, the spool, the package", async () => {
  const query = "SELECT 1";
  await expect(openSource([join(folder, "none.duckdb")], { query, spool })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(openSource([], { query })).rejects.toMatchObject({ code: "cannot-read" });
  const load = () => Promise.reject(new Error("Cannot find package"));
  await expect(openQuery([], query, { spool }, load)).rejects.toMatchObject({
    code: "cannot-read",
    message: expect.stringContaining("npm install @duckdb/node-api"),
  });
});

test("stops when it is aborted", async () => {
  const controller = new AbortController();
  const query = "SELECT max(md5((a.i * b.i)::VARCHAR)) AS x FROM range(10000000) a(i), range(1000000) b(i)";
  const opening = openSource([], { query, spool, signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 200);
  await expect(opening).rejects.toThrow("enough");
});
