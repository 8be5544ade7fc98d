/**
 * The answer of `assay run` at sizes where work is cut: 400,000 records are seven blocks of 65,536, row groups that divide no
 * block, 300 files. Takes minutes: ASSAY_SUITE=distribution runs it. The same claims on fewer records are in
 * `test/properties`.
 */

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  poisonedTable,
  reordered,
  schemaOf,
  shuffled,
  slice,
  toCsv,
  toParquet,
} from "../properties/generated-table.js";
import { completed, ownFolder, type Run, runInto, writeData } from "../properties/main-job-run.js";

const folder = ownFolder();
const RECORDS = 400_000;
const MINUTES = 60_000;
const table = withBorderNotes();
const schema = schemaOf(table);

/** Line breaks in quotes around every border of two blocks, where a line may look like a record of its own. */
function withBorderNotes() {
  const made = poisonedTable({ records: RECORDS, seed: 7 });
  const notes = [...(made.note ?? [])];
  for (let border = 65_536; border < RECORDS; border += 65_536)
    for (let at = border - 3; at < border + 3; at++) notes[at] = `at ${at}\n\n"quoted",\r\n1,2,3,north,x\n`;
  return { ...made, note: notes };
}

const run = (input: string, workers: number): Promise<Run> =>
  runInto(folder, input, { workers, reading: { schema }, checking: { roles: { label: "label" } } });

let csv: Run;
let data: string;
beforeAll(async () => {
  data = join(writeData(join(folder, "csv"), { "train.csv": toCsv(table) }), "train.csv");
  csv = await run(data, 2);
}, 10 * MINUTES);

describe("runMainJob() on 400,000 records", () => {
  test("completes its checks and finds what was planted", () => {
    expect(csv.summary.records).toBe(RECORDS);
    expect(completed(csv)).toEqual(
      expect.arrayContaining(["exact-duplicates", "conflicting-duplicates", "label-flips", "outliers"]),
    );
    for (const check of ["exact-duplicates", "label-flips", "outliers"])
      expect(csv.accusations.filter((line) => line.includes(`"${check}"`)).length, check).toBeGreaterThan(100);
  });

  test.each([1, 7])(
    "gives the same bytes with 2 workers and %i, a CSV file",
    async (workers) => {
      expect((await run(data, workers)).digests).toEqual(csv.digests);
    },
    10 * MINUTES,
  );

  test(
    "has one set root and the same findings, shuffled, with columns in another order, in 7 files",
    async () => {
      const other = reordered(shuffled(table, 3));
      const files = Object.fromEntries(
        Array.from({ length: 7 }, (_, part) => [
          `part-${part}.csv`,
          toCsv(slice(other, Math.floor((part * RECORDS) / 7), Math.floor(((part + 1) * RECORDS) / 7)), part),
        ]),
      );
      const sharded = await run(writeData(join(folder, "sharded"), files), 2);
      expect(sharded.summary.set).toBe(csv.summary.set);
      expect(sharded.summary.dataset).not.toBe(csv.summary.dataset);
      expect(sharded.accusations).toEqual(csv.accusations);
    },
    10 * MINUTES,
  );
});

describe("runMainJob() on 200,000 records of Parquet", () => {
  // Four blocks, 20 or two row groups.
  const part = slice(table, 0, 200_000);
  let first: Run | undefined;

  test.each([10_007, 122_880])(
    "gives the same bytes with 1, 2 and 7 workers, and the same findings in other row groups: row groups of %i",
    async (rowGroupSize) => {
      const files = { "train.parquet": toParquet(part, rowGroupSize) };
      const path = join(writeData(join(folder, `groups-${rowGroupSize}`), files), "train.parquet");
      const one = await run(path, 1);
      for (const workers of [2, 7]) expect((await run(path, workers)).digests).toEqual(one.digests);
      expect(one.accusations.length).toBeGreaterThan(100);
      first ??= one;
      expect(one.summary.set).toBe(first.summary.set);
      expect(one.accusations).toEqual(first.accusations);
    },
    15 * MINUTES,
  );
});

describe("runMainJob() on 300 small files", () => {
  test(
    "gives the same bytes with 1, 2 and 7 workers, and the findings of one file",
    async () => {
      const part = slice(table, 0, 30_000);
      const files = Object.fromEntries(
        Array.from({ length: 300 }, (_, number) => [
          `${number % 11}/${number}.csv`,
          toCsv(slice(part, number * 100, number * 100 + 100), number),
        ]),
      );
      const many = writeData(join(folder, "many"), files);
      const one = await run(many, 1);
      expect(one.summary.files).toBe(300);
      for (const workers of [2, 7]) expect((await run(many, workers)).digests).toEqual(one.digests);
      const whole = await run(writeData(join(folder, "whole"), { "train.csv": toCsv(part) }), 2);
      expect(one.summary.set).toBe(whole.summary.set);
      expect(one.accusations).toEqual(whole.accusations);
    },
    10 * MINUTES,
  );
});
