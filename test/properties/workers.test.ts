/**
 * The answer of `assay run` does not depend on how many threads looked for it. The full sizes are in `test/distribution`;
 * here the blocks are real and the checks have fewer records.
 */

import { join } from "node:path";
import { makeManifest } from "@assay/assay/node";
import { describe, expect, test } from "vitest";
import { poisonedTable, slice, toCsv, toParquet } from "./generated-table.js";
import { completed, digestsOf, ownFolder, runInto, writeData } from "./main-job-run.js";

const folder = ownFolder();
const WORKERS = [1, 2, 7];
const table = poisonedTable({ records: 1500, seed: 11, flips: 0.04 });

describe("runMainJob() gives the same manifest, findings, tiles and pages with 1, 2 and 7 workers", () => {
  const manyFiles = Object.fromEntries(
    Array.from({ length: 60 }, (_, part) => [
      `part-${part % 7}/${part}.csv`,
      toCsv(slice(table, part * 25, part * 25 + 25), part),
    ]),
  );
  test.each<[string, Readonly<Record<string, string | Uint8Array>>]>([
    ["a CSV file", { "train.csv": toCsv(table) }],
    ["a Parquet file of row groups of 1007", { "train.parquet": toParquet(table, 1007) }],
    ["60 small files", manyFiles],
  ])("on %s", async (name, files) => {
    const data = writeData(join(folder, name.replaceAll(" ", "-")), files);
    const runs = [];
    for (const workers of WORKERS)
      runs.push(await runInto(folder, data, { workers, checking: { roles: { label: "label" } } }));
    const [first, ...others] = runs;
    expect(completed(first!)).toEqual(expect.arrayContaining(["exact-duplicates", "label-flips", "outliers"]));
    expect(first?.accusations.length).toBeGreaterThan(20);
    expect(Object.keys(first?.digests ?? {})).toEqual(
      expect.arrayContaining(["manifest.json", "files.jsonl", "findings.jsonl", "sketches.arrow"]),
    );
    expect(Object.keys(first?.digests ?? {}).some((path) => path.startsWith("tiles/"))).toBe(true);
    expect(Object.keys(first?.digests ?? {}).some((path) => path.startsWith("set/"))).toBe(true);
    for (const other of others) expect(other.digests).toEqual(first?.digests);
    // The same once more: the second run of a command is the first run again.
    expect((await runInto(folder, data, { workers: 2, checking: { roles: { label: "label" } } })).digests).toEqual(
      first?.digests,
    );
  });
});

describe("makeManifest() gives the same bytes with 1, 2 and 7 workers over several blocks", () => {
  const records = 140_000;
  const wide = poisonedTable({ records, seed: 12 });
  // A line break in quotes right at the border of two blocks, where the first line of a block is the middle of a record.
  const notes = [...(wide.note ?? [])];
  for (const border of [65_536, 131_072])
    for (let at = border - 3; at < border + 3; at++) notes[at] = `at ${at}\n\n"quoted",\r\n1,2,3,north,x\n`;
  const bordered = { ...wide, note: notes };

  test.each<[string, () => string | Uint8Array]>([
    ["blocks.csv", () => toCsv(bordered)],
    ["blocks.parquet", () => toParquet(bordered, 10_007)],
  ])("%s", async (name, content) => {
    const data = join(writeData(join(folder, `manifest-${name}`), { [name]: content() }), name);
    const digests = [];
    for (const workers of WORKERS) {
      const directory = join(folder, `${name}-${workers}.assay`);
      const summary = await makeManifest([data], { workers, output: { directory } });
      expect(summary.records).toBe(records);
      digests.push(digestsOf(directory));
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });
});
