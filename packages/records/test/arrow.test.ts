import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { arrowReader } from "../src/arrow.js";
import { bytesSource, fixtureBytes, fixtures, readAll, recordsOf } from "./fixture-records.js";

const files = (folder: string): string[] =>
  readdirSync(new URL(`${folder}/`, fixtures)).filter((name) => /\.arrows?$/.test(name));

describe("arrowReader", () => {
  for (const folder of ["simple", "flat", "nested", "exotic-arrow"]) {
    const expected = JSON.parse(readFileSync(new URL(`${folder}/expected.json`, fixtures), "utf8")) as Record<
      string,
      unknown
    >[];
    for (const file of files(folder)) {
      it(`reads every value of ${folder}/${file}`, async () => {
        const { index, batches } = await readAll(arrowReader, bytesSource(fixtureBytes(`${folder}/${file}`)));
        expect(index.records).toBe(expected.length);
        expect(batches.flatMap(({ batch }) => recordsOf(batch))).toEqual(expected);
        // What one thread reads another may want.
        expect(structuredClone(batches)).toEqual(batches);
      });
    }
  }
});
