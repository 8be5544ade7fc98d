/**
 * What do the checks and their kernels cost, beside PyOD, scikit-learn and cleanlab doing the same work on the same numbers?
 *
 * CPU seconds (user and system) of one process each, arrays in memory, loading of modules not counted; ours and the rival's in
 * turn. Whole checks are also run from a file: there reading, sealing and starting threads count.
 */

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomOf } from "./data.js";

const KERNELS = {
  isolation: { name: "isolation forest, 100 trees, 200,000 × 20", rival: "PyOD IForest", rows: 200_000, columns: 20 },
  neighbours: { name: "5 nearest neighbours, exact, 50,000 × 20", rival: "PyOD KNN", rows: 50_000, columns: 20 },
  confident: { name: "confident learning, 1,000,000 × 10", rival: "cleanlab", rows: 1_000_000, columns: 11 },
  flips: { name: "the whole `label-flips`, 6,000 × 16, 10 classes", rival: "scikit-learn", rows: 6000, columns: 17 },
};
const WHOLE = [
  [250_000, 20],
  [1_000_000, 20],
  [5000, 768],
];

/** Rows of normal numbers; where there are labels, around a centre for each of ten classes, a tenth of the labels wrong. */
function numbersOf(kind, rows, columns) {
  const random = randomOf(rows);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  if (kind !== "flips" && kind !== "confident") return Float64Array.from({ length: rows * columns }, normal);
  const values = new Float64Array(rows * columns);
  const centres = Float64Array.from({ length: 10 * columns }, () => 1.2 * normal());
  for (let i = 0, at = 0; i < rows; i++) {
    const own = Math.floor(10 * random());
    values[at++] = random() < 0.1 ? Math.floor(10 * random()) : own;
    if (kind === "flips") {
      for (let j = 1; j < columns; j++) values[at++] = centres[own * columns + j] + normal();
      continue;
    }
    const weights = Array.from({ length: 10 }, (_, k) => Math.exp(normal() + (k === own ? 3 : 0)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const weight of weights) values[at++] = weight / sum;
  }
  return values;
}

/** What a process of its own is asked for: `speed.js KIND FILE COLUMNS`. */
async function work(kind, path, columns) {
  if (kind === "outliers") {
    const { checkData } = await import("@assay/assay/node");
    return () => checkData([path], { checking: { checks: ["outliers"] }, workers: 1 });
  }
  const bytes = readFileSync(path);
  const values = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const rows = values.length / columns;
  // The kernels are no part of the public interface.
  const tasks = await import("../../packages/checks/dist/numeric-tasks.js");
  const checks = await import("@assay/checks");
  const matrix = { kind: "dense", rows, columns, values };
  const seed = new Uint8Array(32);
  const column = (j) => Float64Array.from({ length: rows }, (_, i) => values[i * columns + j]);
  switch (kind) {
    case "isolation":
      return () => tasks.isolationPart({ matrix, seed }, { begin: 0, end: 100 });
    case "neighbours":
      return () => tasks.nearestRows({ matrix, k: 5, references: rows }, { begin: 0, end: rows });
    case "confident": {
      const probabilities = new Float64Array(rows * (columns - 1));
      for (let i = 0; i < rows; i++)
        probabilities.set(values.subarray(i * columns + 1, (i + 1) * columns), i * (columns - 1));
      const labels = Int32Array.from(column(0));
      return () => checks.confidentLearning({ labels, probabilities, classes: columns - 1 }, "prune_by_noise_rate");
    }
    case "flips": {
      const leaves = new Uint8Array(32 * rows);
      for (let i = 0; i < rows; i++) new DataView(leaves.buffer).setUint32(32 * i, i);
      const categories = Array.from({ length: 10 }, (_, k) => `c${k}`);
      const labels = { name: "label", kind: "category", codes: Int32Array.from(column(0)), categories };
      const numbers = Array.from({ length: columns - 1 }, (_, j) => ({
        name: `x${j}`,
        kind: "number",
        values: column(j + 1),
      }));
      const table = { length: rows, leaves, columns: [labels, ...numbers] };
      const roles = { label: "label" };
      const data = checks.tableData(table, checks.tableShape(table, roles));
      return () => checks.runChecks({ data, setRoot: seed }, checks.selectChecks(["label-flips"]), { roles });
    }
  }
}

/** CPU seconds of one run in a process of its own, and its peak of memory. */
function own(kind, path, columns) {
  const answer = spawnSync(process.execPath, [fileURLToPath(import.meta.url), kind, path, String(columns)], {
    encoding: "utf8",
  });
  if (answer.status !== 0) throw new Error(`${kind}: ${answer.stderr}`);
  return JSON.parse(answer.stdout);
}

function rival(python, kind, path, columns) {
  const script = fileURLToPath(new URL("speed.py", import.meta.url));
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const answer = spawnSync(python, [script, kind, path, String(columns)], { encoding: "utf8", env });
  if (answer.status !== 0) throw new Error(`speed.py ${kind}: ${answer.stderr}`);
  return JSON.parse(answer.stdout);
}

const middle = (values) => [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];

/** Each row of the table: medians of `runs` runs in turn with the rival. */
export function measureSpeed(scratch, python, runs, log) {
  const kernels = Object.entries(KERNELS).map(([kind, { name, rival: other, rows, columns }]) => {
    const path = join(scratch, kind);
    writeFileSync(path, numbersOf(kind, rows, columns));
    const ours = [];
    const theirs = [];
    for (let run = 0; run < runs; run++) {
      ours.push(own(kind, path, columns).seconds);
      if (python) theirs.push(rival(python, kind, path, columns).seconds);
    }
    const result = { name, rival: other, seconds: middle(ours), rivalSeconds: middle(theirs) };
    log(`${name}: ${result.seconds.toFixed(2)} CPU s, ${other} ${result.rivalSeconds?.toFixed(2) ?? "not run"}`);
    return result;
  });
  const whole = WHOLE.map(([rows, columns]) => {
    const path = join(scratch, `${rows}-${columns}.csv`);
    writeNumbers(path, rows, columns);
    const result = { rows, columns, ...own("outliers", path, columns) };
    log(`outliers on ${rows} × ${columns}: ${result.seconds.toFixed(1)} CPU s, ${result.peakMegabytes} MB`);
    return result;
  });
  return { kernels, whole };
}

function writeNumbers(path, rows, columns) {
  const file = openSync(path, "w");
  writeSync(file, `${Array.from({ length: columns }, (_, j) => `x${j}`).join(",")}\n`);
  const values = numbersOf("outliers", 1000, columns);
  const random = randomOf(columns);
  for (let begin = 0; begin < rows; begin += 1000) {
    let text = "";
    for (let i = begin; i < Math.min(begin + 1000, rows); i++) {
      const shift = random();
      text += `${Array.from({ length: columns }, (_, j) => (values[(i % 1000) * columns + j] + shift * ((j % 3) - 1)).toFixed(4)).join(",")}\n`;
    }
    writeSync(file, text);
  }
  closeSync(file);
}

/** The tables of the results. */
export function speedTables({ kernels, whole }) {
  return [
    "| work | CPU s | rival | its CPU s | ratio |",
    "|---|---|---|---|---|",
    ...kernels.map(
      ({ name, seconds, rival: other, rivalSeconds }) =>
        `| ${name} | ${seconds.toFixed(2)} | ${other} | ${rivalSeconds?.toFixed(2) ?? "–"} | ${rivalSeconds ? (seconds / rivalSeconds).toFixed(2) : "–"} |`,
    ),
    "",
    "| `outliers` from a CSV file, read and sealed | CPU s | peak MB |",
    "|---|---|---|",
    ...whole.map(
      ({ rows, columns, seconds, peakMegabytes }) =>
        `| ${rows} × ${columns} | ${seconds.toFixed(1)} | ${peakMegabytes} |`,
    ),
  ];
}

if (import.meta.filename === process.argv[1]) {
  const [, , kind, path, columns] = process.argv;
  const run = await work(kind, path, Number(columns));
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, peakMegabytes }));
}
