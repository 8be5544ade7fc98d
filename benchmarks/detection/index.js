/**
 * How well do the checks find what is known to be wrong?
 *
 * `outliers` on the sets of ADBench, its claims on their inliers with planted oddities (`claims`) and on generated tables
 * (`honest`), `label-flips` on public sets with planted flips; beside PyOD, scikit-learn and cleanlab on the same files in the same
 * run when BENCH_PYTHON names a Python that has them. BENCH_DATA names the folder of the sets: `adbench`, `tabular`, `images`,
 * `text`, files `.csv.gz` or `.tsv.gz` with the answer as the last column, or a column `label`. Flips are planted in the sets that
 * scikit-learn carries, too, so that this needs no folder.
 * `speed` says what checks and kernels cost, on numbers that it makes.
 * Usage: node detection/index.js [outliers] [claims] [honest] [label-flips] [copies] [resamples] [speed] [--seeds 5]
 * [--sets car,vowel] [--kinds "10 %,20 %"] [--save FILE: each run of label-flips as a line of JSON, for a run that may be cut short]
 */

import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { claimSets, claimTables, measureClaims } from "./claims.js";
import { copyTables, measureCopies } from "./flip-copies.js";
import { measureResamples, resampleTables } from "./flip-resamples.js";
import { FLIPS, flipSets } from "./flip-sets.js";
import { honestTables, measureHonest } from "./honest-claims.js";
import { flipTables, measureFlips } from "./label-flips.js";
import { measureOutliers, outlierTables } from "./outliers.js";
import { measureSpeed, speedTables } from "./speed.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "5" },
    resamples: { type: "string", default: "20" },
    sets: { type: "string" },
    kinds: { type: "string" },
    save: { type: "string" },
  },
});
const folder = process.env.BENCH_DATA;
const python = process.env.BENCH_PYTHON;
const wanted = (name) => positionals.length === 0 || positionals.includes(name);
const chosen = (name) => values.sets === undefined || values.sets.split(",").some((own) => name.includes(own));
if (folder === undefined && python === undefined)
  throw new Error("BENCH_DATA names no folder of data sets, and BENCH_PYTHON no Python with scikit-learn's");
const log = (text, result) => {
  console.error(text);
  if (values.save !== undefined && result !== undefined) appendFileSync(values.save, `${JSON.stringify(result)}\n`);
};
const scratch = mkdtempSync(join(tmpdir(), "assay-detection-"));
try {
  if (wanted("outliers") && folder !== undefined) {
    const results = await measureOutliers(join(folder, "adbench"), scratch, python, log);
    console.log(["## How well does `outliers` rank?", "", ...outlierTables(results), ""].join("\n"));
  }
  if (wanted("claims") && folder !== undefined) {
    const adbench = join(folder, "adbench");
    const results = await measureClaims(adbench, claimSets(adbench).filter(chosen), Number(values.seeds), scratch, log);
    console.log(["## Do the claims of `outliers` hold?", "", ...claimTables(results), ""].join("\n"));
  }
  if (wanted("honest")) {
    const results = await measureHonest(Number(values.seeds), chosen, scratch, log);
    console.log(["## Does the decoy of `outliers` accuse honest tables?", "", ...honestTables(results), ""].join("\n"));
  }
  const sets = await flipSets(folder, python, scratch, chosen);
  if (wanted("label-flips")) {
    const kinds = values.kinds === undefined ? FLIPS : values.kinds.split(",");
    const results = await measureFlips(sets, kinds, Number(values.seeds), scratch, python, log);
    for (const from of new Set(sets.map((set) => set.from))) {
      const tables = flipTables(results.filter((result) => result.from === from));
      console.log([`## How well does \`label-flips\` find planted flips? (${from})`, "", ...tables, ""].join("\n"));
    }
  }
  if (wanted("copies")) {
    const results = await measureCopies(sets, Number(values.seeds), scratch, log);
    console.log(["## Does copying a flipped record hide it?", "", ...copyTables(results), ""].join("\n"));
  }
  if (wanted("resamples")) {
    const results = await measureResamples(sets, Number(values.resamples), scratch, log);
    console.log(["## Is the claim of `label-flips` kept set by set?", "", ...resampleTables(results), ""].join("\n"));
  }
  if (wanted("speed")) {
    const results = measureSpeed(scratch, python, 3, console.error);
    console.log(["## What do the checks and their kernels cost?", "", ...speedTables(results), ""].join("\n"));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
