/** What `label-flips` finds of flips that were planted, beside cleanlab's default on the same files. */

import { basename, join } from "node:path";
import { checkData } from "@assay/assay/node";
import { drawn, randomOf, readTable, writeTable } from "./data.js";
import { averagePrecision, listQuality, mean, standardError } from "./measures.js";
import { rival } from "./rivals.js";

export const FLIP_SETS = [
  "tabular/car",
  "tabular/credit_g",
  "images/digits8x8",
  "tabular/letter",
  "images/mnist5k",
  "tabular/mushroom",
  "tabular/page_blocks",
  "tabular/segment",
  "text/sentiment_amazon.tsv",
  "text/sentiment_imdb.tsv",
  "text/sms_spam.tsv",
  "tabular/vowel",
];
/** Rows that are looked at, and of a class so that it is kept. */
const MOST_ROWS = 6000;
const LEAST_OF_CLASS = 10;

export const FLIPS = ["clean", "5 %", "10 %", "20 %", "40 %", "pair 20 %"];
const RATE = { clean: 0, "5 %": 0.05, "10 %": 0.1, "20 %": 0.2, "40 %": 0.4, "pair 20 %": 0.2 };

/** A table with flipped labels, and which rows were flipped: to any other class alike, or (pair) to the next. */
export function flipped({ columns, rows }, kind, seed) {
  const at = columns.indexOf("label");
  const classes = [...new Set(rows.map((row) => row[at]))].sort();
  const random = randomOf(1000 * seed + FLIPS.indexOf(kind));
  const order = [...rows.keys()].map((i) => [random(), i]).sort((a, b) => a[0] - b[0]);
  const bad = new Uint8Array(rows.length);
  const out = rows.map((row) => [...row]);
  for (const [, i] of order.slice(0, Math.round(RATE[kind] * rows.length))) {
    const own = classes.indexOf(rows[i][at]);
    const step = kind.startsWith("pair") ? 1 : 1 + Math.floor(random() * (classes.length - 1));
    out[i][at] = classes[(own + step) % classes.length];
    bad[i] = 1;
  }
  return { table: { columns, rows: out }, bad };
}

async function readSet(folder, set) {
  const path = join(folder, set.endsWith(".tsv") ? `${set}.gz` : `${set}.csv.gz`);
  const { columns, rows } = drawn(await readTable(path), MOST_ROWS, 0);
  const at = columns.indexOf("label");
  const counts = new Map();
  for (const row of rows) counts.set(row[at], (counts.get(row[at]) ?? 0) + 1);
  return { columns, rows: rows.filter((row) => counts.get(row[at]) >= LEAST_OF_CLASS) };
}

/** One run: `{ set, kind, seed, … }` with the quality of suspects and of findings at both rates. */
export async function measureFlips(folder, sets, kinds, seeds, scratch, python, log) {
  const results = [];
  for (const set of sets) {
    const clean = await readSet(folder, set);
    for (const kind of kinds) {
      for (let seed = 0; seed < seeds; seed++) {
        const { table, bad } = flipped(clean, kind, seed);
        const path = join(scratch, `${basename(set, ".tsv")}.csv`);
        writeTable(path, table);
        const roles = { label: "label", ...(table.columns.includes("text") && { text: "text" }) };
        const before = process.cpuUsage();
        const { outcomes, findings, run } = await checkData([path], {
          checking: { roles, checks: ["label-flips"], fdr: 0.1 },
          workers: 1,
        });
        const { user, system } = process.cpuUsage(before);
        const [outcome] = outcomes;
        const scores = run.scores.get("label-flips")?.map((score) => (Number.isNaN(score) ? -1e9 : score));
        const at = (fdr) =>
          listQuality(
            findings.filter(({ q }) => q <= fdr).map(({ record }) => record),
            bad,
          );
        const result = {
          set: basename(set, ".tsv"),
          kind,
          seed,
          rows: table.rows.length,
          classes: new Set(clean.rows.map((row) => row[clean.columns.indexOf("label")])).size,
          seconds: (user + system) / 1e6,
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
          `${result.set} ${kind} ${seed}: F1 ${result.f1.toFixed(3)}${result.cleanlab ? ` (cleanlab ${result.cleanlab.f1.toFixed(3)})` : ""}, AP ${result.ap?.toFixed(3)}, ` +
            `${result.findings} findings (${(100 * result.at05.falseShare).toFixed(1)} % false at .05, recall ${result.at05.recall.toFixed(2)}), ${result.calibration}, rate ${result.rate?.toFixed(3)}, ${result.seconds.toFixed(1)} s`,
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
