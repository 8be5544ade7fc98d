/** The sets that flips are planted in: those of a folder, where there is one, and those that scikit-learn carries. */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { checkData } from "@assay/assay/node";
import { drawn, randomOf, readTable, writeTable } from "./data.js";
import { rival } from "./rivals.js";

const FOLDER_SETS = [
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
/** Of the PyPI package; its digits are the same as `digits8x8`, so they are left out where the folder has these. */
const PACKAGE_SETS = ["iris", "wine", "breast_cancer", "digits"];
/** Rows that are looked at, and of a class so that it is kept. */
export const MOST_ROWS = 6000;
const LEAST_OF_CLASS = 10;

/** `{ name, from, table }` of each set: `from` is `folder` or `scikit-learn`. Sets of scikit-learn need a Python that has it. */
export async function flipSets(folder, python, scratch, wanted = () => true) {
  const found = [];
  const add = async (name, from, path) => {
    const { columns, rows } = drawn(await readTable(path), MOST_ROWS, 0);
    const at = columns.indexOf("label");
    const counts = new Map();
    for (const row of rows) counts.set(row[at], (counts.get(row[at]) ?? 0) + 1);
    found.push({ name, from, table: { columns, rows: rows.filter((row) => counts.get(row[at]) >= LEAST_OF_CLASS) } });
  };
  for (const set of folder === undefined ? [] : FOLDER_SETS) {
    const path = join(folder, set.endsWith(".tsv") ? `${set}.gz` : `${set}.csv.gz`);
    const name = basename(set, ".tsv");
    if (wanted(name) && existsSync(path)) await add(name, "folder", path);
  }
  const named = PACKAGE_SETS.filter((name) => wanted(name) && !found.some((set) => set.name.startsWith(name)));
  if (python === undefined || named.length === 0) return found;
  for (const path of rival(python, ["sets", scratch, ...named]))
    await add(basename(path, ".csv.gz"), "scikit-learn", path);
  return found;
}

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
  return { table: { columns, rows: out }, bad, classes: classes.length };
}

/** What `label-flips` says of a table written to a file: its outcome, findings up to q = .1, scores and CPU seconds. */
export async function judged(table, path) {
  writeTable(path, table);
  const roles = { label: "label", ...(table.columns.includes("text") && { text: "text" }) };
  const before = process.cpuUsage();
  const { outcomes, findings, run } = await checkData([path], {
    checking: { roles, checks: ["label-flips"], fdr: 0.1 },
    workers: 1,
  });
  const { user, system } = process.cpuUsage(before);
  return {
    outcome: outcomes[0],
    findings,
    scores: run.scores.get("label-flips"),
    seconds: (user + system) / 1e6,
  };
}
