/**
 * The command on files that pandas, pyarrow and DuckDB wrote: one set root, one leaf a record and the same findings, whichever
 * tool wrote them. ASSAY_INTEROP_DIR names the folder of `make-fixtures.py`, ASSAY_INTEROP_PYTHON a Python with the three;
 * without them these tests fail, because then nothing was checked.
 */

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { poisonedTable, schemaOf, toCsv } from "../properties/generated-table.js";
import { completed, ownFolder, type Run, runInto, writeData } from "../properties/main-job-run.js";

const root = process.env.ASSAY_INTEROP_DIR ?? "";
const python = process.env.ASSAY_INTEROP_PYTHON ?? "";
const command = join(import.meta.dirname, "../../packages/cli/bin/assay.js");
const folder = ownFolder();
const run = promisify(execFile);

const TABLES: Readonly<Record<string, number>> = { simple: 14, flat: 17, nested: 14 };

const isText = (file: string): boolean => /\.(csv|jsonl)$/.test(file);
const isTyped = (file: string): boolean => /\.(parquet|arrows?)$/.test(file) && !file.startsWith("int96");
const filesOf = (table: string): string[] =>
  existsSync(join(root, table))
    ? readdirSync(join(root, table))
        .filter((file) => isTyped(file) || isText(file))
        .sort()
    : [];

/** What the command answers with --json; every other end than 0 fails the test. */
async function assayJson(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(process.execPath, [command, ...args, "--json", "--workers", "2"]);
  return JSON.parse(stdout);
}

/** Text needs its schema said; files that hold their types must be understood without. */
const schemaArgs = (table: string, file: string): string[] =>
  isText(file) ? ["--schema", join(root, table, "schema.json")] : [];

/** The leaves of the one file of a folder, ascending: level 0 of its records tree. */
const leavesOf = (directory: string): string[] =>
  readdirSync(join(directory, "tiles"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes(join("tile", "0")))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("hex"))
    .flatMap((tile) => tile.match(/.{64}/g) ?? [])
    .sort();

test("ASSAY_INTEROP_DIR and ASSAY_INTEROP_PYTHON are there", () => {
  expect(existsSync(join(root, "simple", "expected.json")), `ASSAY_INTEROP_DIR=${root}`).toBe(true);
  expect(python, "ASSAY_INTEROP_PYTHON").not.toBe("");
});

describe.each(Object.keys(TABLES))("assay manifest on the table %s", (table) => {
  let first: { readonly summary: Record<string, unknown>; readonly leaves: string[] };
  const manifestOf = async (file: string) => {
    const directory = join(folder, `${table}-${file}.assay`);
    const summary = await assayJson("manifest", join(root, table, file), "-o", directory, ...schemaArgs(table, file));
    return { summary, leaves: leavesOf(directory) };
  };
  beforeAll(async () => {
    first = await manifestOf(filesOf(table).find((file) => file.endsWith(".parquet")) as string);
  });

  test("finds a leaf for every record", () => {
    expect(filesOf(table)).toHaveLength(TABLES[table] as number);
    expect(first.summary).toMatchObject({ records: 60, files: 1 });
    expect(first.leaves).toHaveLength(60);
  });

  test.each(filesOf(table))("gives the same set root and leaves: %s", async (file) => {
    const { summary, leaves } = await manifestOf(file);
    expect(summary.set).toBe(first.summary.set);
    expect(leaves).toEqual(first.leaves);
  });
});

describe("assay compare", () => {
  const pairs: [string, string, string][] = [
    ["simple", "pandas.csv", "pandas.parquet"],
    ["simple", "pyarrow.csv", "duckdb.parquet"],
    ["simple", "duckdb.jsonl", "pyarrow-feather.arrow"],
    ["flat", "duckdb.csv", "pyarrow-zstd-v2.parquet"],
    ["flat", "pyarrow.csv", "pyarrow-stream.arrows"],
    ["nested", "duckdb.jsonl", "pyarrow-gzip-groups.parquet"],
  ];

  test.each(pairs)(
    "says that the same records are the same, with the declared schema: %s/%s and %s",
    async (table, a, b) => {
      const schema = ["--schema", join(root, table, "schema.json")];
      expect(await assayJson("compare", join(root, table, a), join(root, table, b), ...schema)).toMatchObject({
        sameSet: true,
        added: 0,
        removed: 0,
      });
    },
  );

  test.each(pairs)("reads text with the types of the other side: %s/%s and %s", async (table, a, b) => {
    for (const [left, right] of [
      [a, b],
      [b, a],
    ] as const)
      expect(await assayJson("compare", join(root, table, left), join(root, table, right))).toMatchObject({
        sameSet: true,
      });
  });

  test("sees every value that is another", async () => {
    const text = readFileSync(join(root, "simple", "pandas.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    const at = text.findIndex((line) => !/\d{16}/.test(line));
    const record = JSON.parse(text[at] as string) as Record<string, unknown>;
    const others: Record<string, unknown> = {
      id: 4242,
      row: 4242,
      x: 0.30000001,
      single: 7.5,
      yes: !record.yes,
      text: `${record.text} `,
      at: "1999-01-01T00:00:00.000001",
      seen: "1999-01-01T00:00:00.000001Z",
    };
    expect(Object.keys(others).sort()).toEqual(Object.keys(record).sort());
    for (const [name, value] of Object.entries(others)) {
      const lines = text.with(at, JSON.stringify({ ...record, [name]: value }));
      const changed = join(
        writeData(join(folder, `changed-${name}`), { "other.jsonl": `${lines.join("\n")}\n` }),
        "other.jsonl",
      );
      const schema = ["--schema", join(root, "simple", "schema.json")];
      const answer = await assayJson("compare", join(root, "simple", "duckdb.parquet"), changed, ...schema);
      expect(answer, name).toMatchObject({ sameSet: false, added: 1, removed: 1 });
    }
  });
});

const CONVERT = `
import sys, duckdb, pandas, pyarrow as pa, pyarrow.csv, pyarrow.parquet as pq
source, folder = sys.argv[1:]
names = ["x", "y", "z", "label", "note"]
types = {name: pa.float64() if name in "xyz" else pa.string() for name in names}
table = pa.csv.read_csv(source, parse_options=pa.csv.ParseOptions(newlines_in_values=True),
    convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False))
for size in [1007, 12288]:
    pq.write_table(table, f"{folder}/pyarrow-{size}.parquet", row_group_size=size)
with pa.ipc.new_file(f"{folder}/pyarrow.arrow", table.schema) as writer:
    for batch in table.to_batches(max_chunksize=501):
        writer.write_batch(batch)
frame = table.to_pandas()
frame.to_parquet(f"{folder}/pandas.parquet", index=False)
frame.to_csv(f"{folder}/pandas.csv", index=False, lineterminator="\\n")
frame.sample(frac=1, random_state=1).to_json(f"{folder}/pandas-shuffled.jsonl", orient="records", lines=True, double_precision=15)
connection = duckdb.connect()
connection.register("source", table)
connection.execute(f"COPY (SELECT * FROM source ORDER BY note) TO '{folder}/duckdb-sorted.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
connection.execute(f"COPY (SELECT note, label, z, y, x FROM source) TO '{folder}/duckdb-reordered.csv' (FORMAT csv, HEADER)")
`;

describe("assay run on the same records, written by other tools", () => {
  const table = poisonedTable({ records: 3000, seed: 31, flips: 0.04 });
  const options = {
    workers: 2,
    reading: { schema: schemaOf(table) },
    checking: { roles: { label: "label" } },
  };
  const written = [
    "pyarrow-1007.parquet",
    "pyarrow-12288.parquet",
    "pyarrow.arrow",
    "pandas.parquet",
    "pandas.csv",
    "pandas-shuffled.jsonl",
    "duckdb-sorted.parquet",
    "duckdb-reordered.csv",
  ];
  let plain: Run;
  let data: string;
  beforeAll(async () => {
    data = writeData(join(folder, "written"), { "ours.csv": toCsv(table) });
    await run(python, ["-c", CONVERT, join(data, "ours.csv"), data]);
    plain = await runInto(folder, join(data, "ours.csv"), options);
    expect(completed(plain)).toEqual(expect.arrayContaining(["exact-duplicates", "label-flips", "outliers"]));
    expect(plain.accusations.length).toBeGreaterThan(50);
  });

  test.each(written)("has one set root and the same findings: %s", async (file) => {
    const other = await runInto(folder, join(data, file), options);
    expect(other.summary.set).toBe(plain.summary.set);
    expect(other.accusations).toEqual(plain.accusations);
  });
});
