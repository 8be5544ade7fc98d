/**
 * How well do the checks find what is known to be wrong?
 *
 * `outliers` on the sets of ADBench, `label-flips` on public sets with planted flips; beside PyOD, scikit-learn and cleanlab on the
 * same files in the same run when BENCH_PYTHON names a Python that has them. BENCH_DATA names the folder of the sets: `adbench`,
 * `tabular`, `images`, `text`, files `.csv.gz` or `.tsv.gz` with the answer as the last column, or a column `label`.
 * `speed` says what they cost, on numbers that it makes.
 * Usage: node detection/index.js [outliers] [label-flips] [speed] [--seeds 1] [--sets car,vowel] [--kinds "10 %,20 %"]
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FLIP_SETS, FLIPS, flipTables, measureFlips } from "./label-flips.js";
import { measureOutliers, outlierTables } from "./outliers.js";
import { measureSpeed, speedTables } from "./speed.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: "1" }, sets: { type: "string" }, kinds: { type: "string" } },
});
const folder = process.env.BENCH_DATA;
if (folder === undefined) throw new Error("BENCH_DATA names no folder of data sets");
const python = process.env.BENCH_PYTHON;
const wanted = (name) => positionals.length === 0 || positionals.includes(name);
const chosen = (all, names) =>
  names === undefined ? all : all.filter((name) => names.split(",").some((own) => name.includes(own)));
const scratch = mkdtempSync(join(tmpdir(), "assay-detection-"));
try {
  if (wanted("outliers")) {
    const results = await measureOutliers(join(folder, "adbench"), scratch, python, console.error);
    console.log(["## How well does `outliers` rank?", "", ...outlierTables(results), ""].join("\n"));
  }
  if (wanted("label-flips")) {
    const sets = chosen(FLIP_SETS, values.sets);
    const kinds = values.kinds === undefined ? FLIPS : values.kinds.split(",");
    const results = await measureFlips(folder, sets, kinds, Number(values.seeds), scratch, python, console.error);
    console.log(["## How well does `label-flips` find planted flips?", "", ...flipTables(results), ""].join("\n"));
  }
  if (wanted("speed")) {
    const results = measureSpeed(scratch, python, 3, console.error);
    console.log(["## What do the checks and their kernels cost?", "", ...speedTables(results), ""].join("\n"));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
