/**
 * Do the claims of `outliers` hold, and what do they find? The test bed: inliers of ADBench's sets, as they are (clean), with 1 % or 5 %
 * of the rows moved (a third of their cells by 6 to 12 robust deviations), or with 2 % of the rows shuffled (every cell from another
 * row); half of the good rows trusted (conformal), or none (decoy).
 */

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { checkData } from "@assay/assay/node";
import { drawn, randomOf, readTable, writeTable } from "./data.js";
import { listQuality, mean, standardError } from "./measures.js";

const MOST_ROWS = 2500;
/** Too wide for a table of its few rows; left out of the test bed from its beginning. */
const LEFT_OUT = "InternetAds";
export const SCENARIOS = ["clean", "moved 1 %", "moved 5 %", "shuffled 2 %"];
const SHARE = { clean: 0, "moved 1 %": 0.01, "moved 5 %": 0.05, "shuffled 2 %": 0.02, "units 3 %": 0.03 };
const METHODS = ["trusted half", "decoy"];
const RATES = [0.05, 0.1];

/** Scale of a column: max(IQR / 1.349, sd / 10), or sd where the IQR is 0. */
function robustDeviation(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (p) => sorted[Math.floor(p * (sorted.length - 1))];
  const middle = mean(values);
  const deviation = Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  const spread = (at(0.75) - at(0.25)) / 1.349;
  return spread > 0 ? Math.max(spread, 0.1 * deviation) : deviation;
}

/** The inliers of a set as numbers, without their answer and without constant columns. */
function inliersOf({ columns, rows }) {
  const answer = columns.length - 1;
  const good = rows.filter((row) => Number(row[answer]) !== 1);
  const kept = [...columns.keys()].filter((j) => j !== answer && good.some((row) => row[j] !== good[0][j]));
  return { columns: kept.map((j) => columns[j]), rows: good.map((row) => kept.map((j) => Number(row[j]))) };
}

/** The rows with bad ones among them, and which these are. */
export function planted(rows, scenario, random) {
  const columns = rows[0].map((_, j) => rows.map((row) => row[j]));
  const order = rows.map((_, i) => [random(), i]).sort((a, b) => a[0] - b[0]);
  const out = rows.map((row) => [...row]);
  const bad = new Uint8Array(rows.length);
  for (const [, i] of order.slice(0, Math.round(SHARE[scenario] * rows.length))) {
    bad[i] = 1;
    if (scenario.startsWith("shuffled")) {
      out[i] = columns.map((column) => column[Math.floor(random() * column.length)]);
      continue;
    }
    const cells = columns.map((_, j) => [random(), j]).sort((a, b) => a[0] - b[0]);
    if (scenario.startsWith("units")) {
      for (const [, j] of cells.slice(0, Math.max(2, Math.ceil(columns.length / 5)))) out[i][j] *= 100;
      continue;
    }
    for (const [, j] of cells.slice(0, Math.ceil(columns.length / 3)))
      out[i][j] += (random() < 0.5 ? -1 : 1) * (6 + 6 * random()) * robustDeviation(columns[j]);
  }
  return { rows: out, bad };
}

/** Names of the sets in a folder of ADBench's files. */
export function claimSets(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".csv.gz"));
  return names.map((name) => basename(name, ".csv.gz")).filter((name) => name !== LEFT_OUT);
}

/** One run for each set, scenario, method and seed. */
export async function measureClaims(folder, sets, seeds, scratch, log) {
  const results = [];
  for (const set of sets) {
    const file = `${set}.csv.gz`;
    const all = inliersOf(await readTable(join(folder, file)));
    for (let seed = 0; seed < seeds; seed++) {
      const { columns, rows: clean } = drawn(all, MOST_ROWS, seed);
      for (const scenario of SCENARIOS) {
        const random = randomOf(1000 * (seed + 1) + SCENARIOS.indexOf(scenario));
        const { rows, bad } = planted(clean, scenario, random);
        const marks = rows.map((_, i) => (bad[i] === 0 && random() < 0.5 ? "yes" : "no"));
        for (const method of METHODS) {
          const path = join(scratch, `${set}.csv`);
          writeTable(path, {
            columns: [...columns, "reviewed"],
            rows: rows.map((row, i) => [...row.map(String), marks[i]]),
          });
          const roles =
            method === "decoy" ? { exclude: ["reviewed"] } : { trusted: { column: "reviewed", value: "yes" } };
          const { outcomes, findings } = await checkData([path], {
            checking: { roles, checks: ["outliers"], fdr: 0.1 },
            workers: 1,
          });
          const at = RATES.map((rate) => {
            const found = findings.filter(({ q }) => q <= rate).map(({ record }) => record);
            return { found: found.length, ...listQuality(found, bad) };
          });
          const { calibration, notes } = outcomes[0];
          const reasons = notes.filter((note) => note.startsWith("uncalibrated")).map((note) => note.slice(14));
          results.push({ set, seed, scenario, method, rows: rows.length, calibration, reasons, at });
          log(
            `${set} ${seed} ${scenario}, ${method}: ${calibration}, ${at[1].found} findings at .10, power ${at[1].recall.toFixed(2)}, ` +
              `false ${at[1].falseShare.toFixed(2)}${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}`,
          );
        }
      }
    }
  }
  return results;
}

/** The tables of the results. */
export function claimTables(results) {
  const sets = [...new Set(results.map(({ set }) => set))];
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  const of = (method, scenario) => results.filter((result) => result.method === method && result.scenario === scenario);
  /** Mean over sets of the mean over seeds, and its standard error over sets; a set without such runs is left out. */
  const overSets = (runs, pick) => {
    const values = sets
      .map((set) => runs.filter((run) => run.set === set).map(pick))
      .filter((own) => own.length > 0)
      .map(mean);
    return values.length === 0 ? { mean: 0, error: 0 } : { mean: mean(values), error: standardError(values) };
  };
  const both = (show) => RATES.map((_, i) => show(i)).join(" / ");
  const lines = [
    `${sets.length} sets, at most ${MOST_ROWS} rows each, ${seeds} ${seeds === 1 ? "seed" : "seeds"}; two figures: at q = ${RATES.join(" / ")}. A run that is \`uncalibrated\` has no findings: power 0, false share 0.`,
    "",
    "| method | rows | runs with a finding | power | power where calibrated | false share ± standard error over sets | false share where there are findings | sets `uncalibrated` |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const method of METHODS) {
    for (const scenario of SCENARIOS) {
      const runs = of(method, scenario);
      const calibrated = runs.filter(({ calibration }) => calibration !== "uncalibrated");
      const power = (own) => (i) => overSets(own, ({ at }) => at[i].recall).mean.toFixed(2);
      const falseShare = (i) => {
        const share = overSets(runs, ({ at }) => at[i].falseShare);
        return `${share.mean.toFixed(3)} ± ${share.error.toFixed(3)}`;
      };
      const falseWhereFound = (i) => {
        const own = runs.filter(({ at }) => at[i].found > 0);
        return own.length === 0 ? "–" : overSets(own, ({ at }) => at[i].falseShare).mean.toFixed(3);
      };
      lines.push(
        `| ${method} | ${scenario} | ${both((i) => runs.filter(({ at }) => at[i].found > 0).length)} of ${runs.length} | ` +
          `${scenario === "clean" ? "–" : both(power(runs))} | ${scenario === "clean" ? "–" : both(power(calibrated))} | ` +
          `${both(falseShare)} | ${both(falseWhereFound)} | ${((runs.length - calibrated.length) / seeds).toFixed(1)} |`,
      );
    }
  }
  const above = METHODS.flatMap((method) =>
    sets.flatMap((set) =>
      RATES.flatMap((rate, i) => {
        const runs = results.filter((run) => run.set === set && run.method === method && run.at[i].found > 0);
        const share = runs.length === 0 ? 0 : mean(runs.map(({ at }) => at[i].falseShare));
        return share > 2 * rate ? [`${set} (${method}, ${rate}: ${share.toFixed(2)} in ${runs.length} runs)`] : [];
      }),
    ),
  );
  lines.push(
    "",
    `Sets whose false share is above 2 q on average over their runs with findings: ${above.join(", ") || "none"}.`,
    "",
    "`uncalibrated`, by set (runs of all, and the reasons):",
    "",
  );
  for (const set of sets) {
    const own = results.filter((result) => result.set === set);
    for (const method of METHODS) {
      const runs = own.filter((run) => run.method === method);
      const silent = runs.filter(({ calibration }) => calibration === "uncalibrated");
      // Reasons of one kind differ in their figures from run to run: the first is shown.
      const reasons = new Map(
        silent.flatMap((run) => run.reasons).map((reason) => [reason.replaceAll(/\d+/g, ""), reason]),
      );
      if (silent.length > 0)
        lines.push(`- ${set}, ${method}: ${silent.length} of ${runs.length}: ${[...reasons.values()].join("; ")}`);
    }
  }
  return lines;
}
