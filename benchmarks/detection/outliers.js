/** The ranking of `outliers` on sets whose outliers are known, beside PyOD on the same files. */

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { checkData } from "@assay/assay/node";
import { drawn, readTable, writeTable } from "./data.js";
import { auroc, averagePrecision, mean } from "./measures.js";
import { rival } from "./rivals.js";

/** Rows of a set that are looked at, drawn with seed 0. */
const MOST_ROWS = 10_000;

/** `{ set, rows, auroc, ap, seconds, calibration, rivals }` of each set in a folder of ADBench's files. */
export async function measureOutliers(folder, scratch, python, log) {
  const results = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".csv.gz"))) {
    const set = basename(file, ".csv.gz");
    const table = drawn(await readTable(join(folder, file)), MOST_ROWS, 0);
    const path = join(scratch, `${set}.csv`);
    writeTable(path, table);
    const answer = table.columns.length - 1;
    const bad = Uint8Array.from(table.rows, (row) => (Number(row[answer]) === 1 ? 1 : 0));
    const before = process.cpuUsage();
    const { outcomes, run } = await checkData([path], {
      checking: { roles: { exclude: [table.columns[answer]] }, checks: ["outliers"] },
      workers: 1,
    });
    const { user, system } = process.cpuUsage(before);
    const scores = run.scores.get("outliers");
    const own = {
      set,
      rows: table.rows.length,
      auroc: auroc(scores, bad),
      ap: averagePrecision(scores, bad),
      seconds: (user + system) / 1e6,
      calibration: outcomes[0].calibration,
      rivals: python ? rival(python, ["outliers", path]) : {},
    };
    log(`${set}: AUROC ${own.auroc.toFixed(3)}, AP ${own.ap.toFixed(3)}, ${own.seconds.toFixed(1)} CPU s`);
    results.push(own);
  }
  return results;
}

/** The tables of the results. */
export function outlierTables(results) {
  const names = Object.keys(results[0]?.rivals ?? {});
  const row = (label, pick) => [
    `| ${label} | ${mean(results.map((result) => pick(result).auroc)).toFixed(3)} | ${mean(results.map((result) => pick(result).ap)).toFixed(3)} | ${results.reduce((sum, result) => sum + pick(result).seconds, 0).toFixed(1)} |`,
  ];
  return [
    `${results.length} sets, at most ${MOST_ROWS} rows each.`,
    "",
    "| method | mean AUROC | mean AP | CPU s in all |",
    "|---|---|---|---|",
    ...row("assay `outliers`, files read, sealed and checked", (result) => result),
    ...names.flatMap((name) => row(`PyOD ${name}, arrays in memory`, (result) => result.rivals[name])),
    "",
    `| set | rows | AUROC | AP |${names.map((name) => ` ${name} |`).join("")}`,
    `|---|---|---|---|${names.map(() => "---|").join("")}`,
    ...results.map(
      (result) =>
        `| ${result.set} | ${result.rows} | ${result.auroc.toFixed(3)} | ${result.ap.toFixed(3)} |${names.map((name) => ` ${result.rivals[name].auroc.toFixed(3)} |`).join("")}`,
    ),
  ];
}
