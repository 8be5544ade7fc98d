import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parquetReader } from "../src/parquet.js";
import { bytesSource, fixtureBytes, fixtures, readAll, recordsOf } from "./fixture-records.js";

const files = (folder: string): string[] =>
  readdirSync(new URL(`${folder}/`, fixtures)).filter((name) => name.endsWith(".parquet"));

describe("parquetReader", () => {
  for (const folder of ["simple", "flat", "nested", "exotic-parquet"]) {
    const expected = JSON.parse(readFileSync(new URL(`${folder}/expected.json`, fixtures), "utf8")) as Record<
      string,
      unknown
    >[];
    for (const file of files(folder).filter((name) => !name.startsWith("int96"))) {
      it(`reads every value of ${folder}/${file}`, async () => {
        const { index, batches } = await readAll(parquetReader, bytesSource(fixtureBytes(`${folder}/${file}`)));
        expect(index.records).toBe(expected.length);
        expect(batches.flatMap(({ batch }) => recordsOf(batch))).toEqual(expected);
        // What one thread reads another may want.
        expect(structuredClone(batches)).toEqual(batches);
      });
    }
  }
});
