/** One set of records, however stored: the fixtures that pyarrow, pandas and DuckDB wrote (`test/interop/make-fixtures.py`). */

import { readdirSync, readFileSync } from "node:fs";
import { toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { hashSource } from "../src/hash-source.js";
import { dropNullKinds, joinAllKinds } from "../src/kinds.js";
import { sourceOfBytes } from "../src/memory-source.js";
import { scanSource } from "../src/scan-source.js";
import type { DeclaredSchema } from "../src/source.js";
import { fixtureBytes, fixtures } from "./fixture-records.js";

async function leavesOf(path: string, schema: DeclaredSchema): Promise<{ leaves: string[]; kinds: unknown }> {
  const source = await sourceOfBytes("fixture", [{ path: path.replace(/^.*\//, ""), bytes: fixtureBytes(path) }], {
    schema,
  });
  const leaves: string[] = [];
  let kinds = {};
  for await (const hashed of hashSource(await scanSource(source))) {
    for (let at = 0; at < hashed.leaves.length; at += 32) leaves.push(toHex(hashed.leaves.subarray(at, at + 32)));
    kinds = joinAllKinds(kinds, hashed.kinds);
  }
  return { leaves, kinds: dropNullKinds(kinds) };
}

const isData = (name: string): boolean => /\.(parquet|arrows?|csv|jsonl)$/.test(name) && !name.startsWith("int96");

describe("the same records in other files", () => {
  for (const folder of ["simple", "flat", "nested", "exotic-parquet", "exotic-arrow"]) {
    const names = readdirSync(new URL(`${folder}/`, fixtures));
    const schema = names.includes("schema.json")
      ? (JSON.parse(readFileSync(new URL(`${folder}/schema.json`, fixtures), "utf8")) as DeclaredSchema)
      : {};
    const files = names.filter(isData);
    const first = `${folder}/${files.find((name) => name.startsWith("pyarrow"))}`;
    for (const file of files) {
      it(`have the same leaves and kinds in ${folder}/${file}`, async () => {
        // Self-describing files keep their own types; a column that can only be null has none to declare.
        const declared = /\.(csv|jsonl)$/.test(file) ? schema : {};
        const [actual, expected] = [await leavesOf(`${folder}/${file}`, declared), await leavesOf(first, {})];
        expect(actual.leaves).toEqual(expected.leaves);
        expect(new Set(actual.leaves).size).toBe(60);
        expect(actual.kinds).toEqual(expected.kinds);
      });
    }
  }
});
