/** `outliers` and `rare-values` on records of all kinds: the same findings on 1, 2 and 7 workers, shuffled, and spread over files. */

import { join } from "node:path";
import { checkData } from "@assay/assay/node";
import { formatFindings } from "@assay/checks";
import { expect, test } from "vitest";
import { Draws, recordsOf, rounded, shuffled, slice, type Table, toCsv, toParquet } from "./generated-table.js";
import { accusationsOf, ownFolder, writeData } from "./main-job-run.js";

const folder = ownFolder();

/** Numbers of one cause, a city and its country, a comment, gaps; of the first 40 records each is odd in one of them. Half of the others are trusted. */
function mixedTable(records: number): Table {
  const draws = new Draws(31);
  const words = ["paid", "late", "parcel", "came", "back", "twice", "never", "again"];
  const rows = Array.from({ length: records }, (_, i) => {
    const cause = draws.normal();
    const city = draws.pick(["Bern", "Basel", "Lyon", "Nice"]);
    const odd = i < 40 ? ["number", "city", "comment"][i % 3] : undefined;
    return {
      amount: odd === "number" ? 30 + i : rounded(cause + 0.5 * draws.normal()),
      weight: odd === "number" ? -50 - i : rounded(2 * cause + draws.normal()),
      height: draws.uniform() < 0.05 ? null : rounded(draws.normal()),
      city: odd === "city" ? `nowhere ${i}` : city,
      country: city.startsWith("B") ? "CH" : "FR",
      comment: odd === "comment" ? `?${"!".repeat(i)}` : Array.from({ length: 8 }, () => draws.pick(words)).join(" "),
      seen: i >= 40 && draws.uniform() < 0.5 ? "yes" : "no",
    };
  });
  const names = Object.keys(rows[0] as object) as (keyof (typeof rows)[0])[];
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]));
}

test("checkData() finds the same in a mixed table on any number of workers, byte for byte, and however it is stored", async () => {
  const table = mixedTable(1000);
  const cuts = [0, 130, 131, 700, recordsOf(table)];
  const parts = cuts.slice(1).map((end, k) => slice(shuffled(table, 9), cuts[k] as number, end));
  const stored: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>> = {
    plain: { "a.csv": toCsv(table) },
    shuffled: { "a.csv": toCsv(shuffled(table, 8), 2) },
    shards: Object.fromEntries(parts.map((part, k) => [`shard-${k}.csv`, toCsv(part, k)])),
    parquet: { "a.parquet": toParquet(shuffled(table, 7), 333) },
  };
  const run = async (name: string, workers: number) => {
    const data = writeData(join(folder, `${name}-${workers}`), stored[name] as Record<string, string>);
    const checks = ["outliers", "rare-values"];
    const roles = { trusted: { column: "seen", value: "yes" } };
    return (await checkData([data], { workers, checking: { roles, checks, fdr: 0.1 } })).run;
  };
  const plain = await run("plain", 1);
  for (const check of ["outliers", "rare-values"])
    expect(plain.findings.filter((finding) => finding.check === check).length, check).toBeGreaterThan(10);
  for (const workers of [2, 7]) {
    const other = await run("plain", workers);
    expect(formatFindings(other.findings)).toEqual(formatFindings(plain.findings));
    expect(other.scores).toEqual(plain.scores);
  }
  for (const name of ["shuffled", "shards", "parquet"])
    expect(accusationsOf((await run(name, 2)).findings), name).toEqual(accusationsOf(plain.findings));
});
