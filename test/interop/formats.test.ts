/**
 * One set of records, whatever tool wrote it: files that pyarrow, pandas and DuckDB have just written. `make-fixtures.py`
 * writes them into the folder that ASSAY_INTEROP_DIR names; without it these tests fail, because then nothing was checked.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSet, toHex } from "@assay/merkle";
import {
  type DeclaredSchema,
  hashSource,
  joinAllKinds,
  type Kinds,
  type ScannedSource,
  scanSource,
  schemaDigest,
  sourceOfBytes,
} from "@assay/records";
import { openSource, workerExecutor } from "@assay/records/node";
import { beforeAll, describe, expect, it } from "vitest";

const root = process.env.ASSAY_INTEROP_DIR ?? "";

/** Files whose records each table must have, so that a writer that silently wrote nothing is noticed. */
const TABLES: Readonly<Record<string, { readonly files: number; readonly records: number }>> = {
  simple: { files: 14, records: 60 },
  flat: { files: 17, records: 60 },
  nested: { files: 14, records: 60 },
  packed: { files: 14, records: 60 },
  "exotic-parquet": { files: 8, records: 60 },
  "exotic-arrow": { files: 4, records: 60 },
};

const isData = (name: string): boolean =>
  /\.(parquet|arrows?|(csv|jsonl|json)(\.gz|\.zst)?)$/.test(name) && !/^(int96|schema\.|expected\.)/.test(name);
const filesOf = (table: string): string[] =>
  existsSync(join(root, table)) ? readdirSync(join(root, table)).filter(isData).sort() : [];

function schemaOf(table: string, file: string): DeclaredSchema {
  const path = join(root, table, "schema.json");
  // Files that say their own types are read without a schema: nothing may be needed to understand them.
  return /\.(csv|jsonl|json)(\.gz|\.zst)?$/.test(file) && existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as DeclaredSchema)
    : {};
}

interface Identity {
  readonly records: number;
  readonly set: string;
  readonly schema: string;
}

async function identityOf(scanned: ScannedSource, options: Parameters<typeof hashSource>[1] = {}): Promise<Identity> {
  const pieces: Uint8Array[] = [];
  let kinds: Kinds = {};
  for await (const hashed of hashSource(scanned, options)) {
    pieces.push(hashed.leaves);
    kinds = joinAllKinds(kinds, hashed.kinds);
  }
  const leaves = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    leaves.set(piece, at);
    at += piece.length;
  }
  return { records: leaves.length / 32, set: toHex(buildSet(leaves).root), schema: toHex(schemaDigest(kinds)) };
}

async function fileIdentity(table: string, file: string): Promise<Identity> {
  const source = await openSource([join(root, table, file)], { schema: schemaOf(table, file) });
  return identityOf(await scanSource(source));
}

it("ASSAY_INTEROP_DIR names a folder of files that make-fixtures.py has written", () => {
  expect(root, "set ASSAY_INTEROP_DIR to the folder that make-fixtures.py wrote").not.toBe("");
  expect(existsSync(join(root, "simple", "expected.json")), `${root} has no simple/expected.json`).toBe(true);
});

describe.each(Object.entries(TABLES))("the table %s", (table, { files: fileCount, records }) => {
  let first: Identity;
  const files = filesOf(table);

  beforeAll(async () => {
    if (files.length > 0)
      first = await fileIdentity(
        table,
        files.find((name) => name.endsWith(".parquet") || name.endsWith(".arrow")) as string,
      );
  });

  it("was written by every tool in every form", () => {
    expect(files.length).toBe(fileCount);
    expect(first.records).toBe(records);
  });

  it.each(files)("has one set root and one schema digest: %s", async (file) => {
    expect(await fileIdentity(table, file)).toEqual(first);
  });

  it.each(files.filter((file) => /\.(parquet|arrows?)$/.test(file)))(
    "has the same on worker threads: %s",
    async (file) => {
      const executor = workerExecutor({ workers: 2 });
      try {
        const scanned = await scanSource(await openSource([join(root, table, file)]), { executor });
        expect(await identityOf(scanned, { executor })).toEqual(first);
      } finally {
        await executor.close();
      }
    },
  );
});

it("compressed text and arrays of JSON have the set of the table that they are of", async () => {
  const simple = filesOf("simple").find((name) => name.endsWith(".parquet")) as string;
  expect(await fileIdentity("packed", "duckdb.json.zst")).toEqual(await fileIdentity("simple", simple));
});

/** Every value of a table, altered: the path to it, and the JSONL line that then says something else. */
function* alteredLines(line: string): Iterable<{ name: string; line: string }> {
  const record = JSON.parse(line) as Record<string, unknown>;
  for (const [name, value] of Object.entries(record)) {
    if (value === null) continue;
    yield { name: `${name} to null`, line: JSON.stringify({ ...record, [name]: null }) };
    if (typeof value === "string" && name === "text")
      yield { name: `${name} by a space`, line: JSON.stringify({ ...record, [name]: `${value} ` }) };
    if (typeof value === "boolean") yield { name, line: JSON.stringify({ ...record, [name]: !value }) };
    if (typeof value === "number" && Number.isSafeInteger(value))
      yield {
        name: `${name} by one`,
        line: JSON.stringify({ ...record, [name]: value === 0 ? 1 : value - Math.sign(value) }),
      };
    if (Array.isArray(value))
      yield { name: `${name} by an element`, line: JSON.stringify({ ...record, [name]: [...value, null] }) };
  }
}

describe("any change of one value changes the set root", () => {
  it.each(["flat", "nested"])("in the table %s", async (table) => {
    const lines = readFileSync(join(root, table, "json.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    const schema = schemaOf(table, "json.jsonl");
    const rootOf = async (changed: readonly string[]): Promise<string> => {
      const bytes = new TextEncoder().encode(`${changed.join("\n")}\n`);
      return (
        await identityOf(await scanSource(await sourceOfBytes("changed", [{ path: "json.jsonl", bytes }], { schema })))
      ).set;
    };
    const before = (await fileIdentity(table, "json.jsonl")).set;
    expect(await rootOf(lines)).toBe(before);
    expect(await rootOf(lines.toReversed())).toBe(before);
    const roots = new Set([before]);
    let changes = 0;
    for (const [index, line] of lines.entries()) {
      // JSON.parse rounds integers beyond 2⁵³; such lines would change in two places.
      if (/\d{16}/.test(line)) continue;
      for (const altered of alteredLines(line)) {
        const root = await rootOf(lines.with(index, altered.line));
        expect(root, `record ${index}, ${altered.name}`).not.toBe(before);
        roots.add(root);
        changes++;
      }
    }
    expect(changes).toBeGreaterThan(100);
    expect(roots.size).toBeGreaterThan(changes / 2);
  });
});

describe("files that must be refused", () => {
  const folder = join(root, "broken");
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];

  it("were written", () => expect(files.length).toBe(18));

  it.each(files)("%s gives the code that it is named by", async (file) => {
    const refused = async (): Promise<void> => {
      await identityOf(await scanSource(await openSource([join(folder, file)])));
    };
    await expect(refused()).rejects.toMatchObject({ name: "FormatError", code: file.split("--")[0] });
  });
});
