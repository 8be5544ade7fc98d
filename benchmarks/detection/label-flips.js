/** What `label-flips` finds of flips that were planted, beside cleanlab's default on the same files. */

import { join } from "node:path";
import { FLIPS, flipped, judged, MOST_ROWS } from "./flip-sets.js";
import { averagePrecision, listQuality, mean, standardError } from "./measures.js";
import { rival } from "./rivals.js";

/** One run: `{ set, kind, seed, … }` with the quality of suspects and of findings at both rates. */
export async function measureFlips(sets, kinds, seeds, scratch, python, log) {
  const results = [];
  // Seeds outermost, so that a run which is cut short has whole seeds.
  for (let seed = 0; seed < seeds; seed++) {
    for (const { name, from, table: clean } of sets) {
      for (const kind of kinds) {
        const { table, bad, classes } = flipped(clean, kind, seed);
        const path = join(scratch, `${name}.csv`);
        const { outcome, findings, scores: all, seconds } = await judged(table, path);
        const scores = all?.map((score) => (Number.isNaN(score) ? -1e9 : score));
        const at = (fdr) =>
          listQuality(
            findings.filter(({ q }) => q <= fdr).map(({ record }) => record),
            bad,
          );
        const result = {
          set: name,
          from,
          kind,
          seed,
          rows: table.rows.length,
          classes,
          seconds,
          calibration: outcome.calibration,
          rate: outcome.estimate?.rate,
          suspects: outcome.suspects?.length ?? 0,
          findings: findings.length,
          f1: listQuality(outcome.suspects ?? [], bad).f1,
          ap: scores && kind !== "clean" ? averagePrecision(scores, bad) : undefined,
          at05: at(0.05),
          at10: at(0.1),
        };
        if (python) {
          const [theirs] = rival(python, ["label-flips", path]);
          result.cleanlab = {
            flagged: theirs.flagged.length,
            f1: listQuality(theirs.flagged, bad).f1,
            ap: kind === "clean" ? undefined : averagePrecision(theirs.scores, bad),
            seconds: theirs.seconds,
          };
        }
        log(
          `${name} ${kind} ${seed}: F1 ${result.f1.toFixed(3)}${result.cleanlab ? ` (cleanlab ${result.cleanlab.f1.toFixed(3)})` : ""}, AP ${result.ap?.toFixed(3)}, ` +
            `${result.findings} findings (${(100 * result.at05.falseShare).toFixed(1)} % false at .05, recall ${result.at05.recall.toFixed(2)}), ${result.calibration}, rate ${result.rate?.toFixed(3)}, ${result.seconds.toFixed(1)} s`,
          result,
        );
        results.push(result);
      }
    }
  }
  return results;
}

/** The tables of the results. */
export function flipTables(results) {
  const kinds = FLIPS.filter((kind) => results.some((result) => result.kind === kind));
  const planted = kinds.filter((kind) => kind !== "clean");
  const seeds = [...new Set(results.map(({ seed }) => seed))];
  /** Mean over sets, with the standard error over seeds; with two classes flips to the next are flips to any other. */
  const cell = (kind, pick, wanted = () => true) => {
    const filter = (result) => wanted(result) && (!kind.startsWith("pair") || result.classes > 2);
    const bySeed = seeds
      .map((seed) =>
        results.filter((result) => result.kind === kind && result.seed === seed && filter(result)).map(pick),
      )
      .filter((values) => values.length > 0)
      .map(mean);
    if (bySeed.length === 0) return "–";
    const error = standardError(bySeed);
    return `${mean(bySeed).toFixed(3)}${error > 0 ? ` ± ${error.toFixed(3)}` : ""}`;
  };
  const calibrated = ({ calibration }) => calibration === "posterior";
  const row = (label, of, pick, filter) => `| ${label} | ${of.map((kind) => cell(kind, pick, filter)).join(" | ")} |`;
  const lines = [
    `${new Set(results.map(({ set }) => set)).size} sets, at most ${MOST_ROWS} rows each, ${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}; mean over sets (pair: those of more than two classes)${seeds.length > 1 ? " ± standard error over seeds" : ""}.`,
    "",
    `| | ${planted.join(" | ")} |`,
    `|---|${planted.map(() => "---|").join("")}`,
    row("F1 of `suspects`", planted, ({ f1 }) => f1),
    ...(results[0]?.cleanlab
      ? [row("F1 of cleanlab's default, logistic regression", planted, ({ cleanlab }) => cleanlab.f1)]
      : []),
    row("AP of the ranking", planted, ({ ap }) => ap),
    ...(results[0]?.cleanlab ? [row("AP of cleanlab's self-confidence", planted, ({ cleanlab }) => cleanlab.ap)] : []),
    row("recall of findings at .05, calibrated sets", planted, ({ at05 }) => at05.recall, calibrated),
    row("recall of findings at .10, calibrated sets", planted, ({ at10 }) => at10.recall, calibrated),
    row("false share at .05, calibrated sets", planted, ({ at05 }) => at05.falseShare, calibrated),
    row("false share at .10, calibrated sets", planted, ({ at10 }) => at10.falseShare, calibrated),
    `| sets \`uncalibrated\` (mean over seeds) | ${planted.map((kind) => (results.filter((result) => result.kind === kind && result.calibration !== "posterior").length / seeds.length).toFixed(1)).join(" | ")} |`,
  ];
  const clean = results.filter(({ kind }) => kind === "clean");
  if (clean.length > 0) {
    lines.push(
      "",
      `Unflipped: ${clean.filter(({ findings }) => findings > 0).length} of ${clean.length} runs with a finding; suspects ${(100 * mean(clean.map(({ suspects, rows }) => suspects / rows))).toFixed(2)} % of the records` +
        `${clean[0].cleanlab ? `; cleanlab flags ${(100 * mean(clean.map(({ cleanlab, rows }) => cleanlab.flagged / rows))).toFixed(2)} %` : ""}.`,
    );
  }
  return lines;
}
