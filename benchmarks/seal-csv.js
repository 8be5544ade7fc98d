/**
 * What does sealing a CSV file cost: typed leaves, record tree, set tree, manifest?
 *
 * Against: the obvious way in Node (fast-csv objects, JSON, one SHA-256 a record), DuckDB and pandas reading the file when
 * BENCH_PYTHON names a Python that has them, and the physical limit of this machine: SHA-256 over the same number of blocks.
 * Whole processes, interleaved, CPU and wall; medians, and the spread; and how much sooner two workers are done, beside two
 * processes that do nothing but count. Then the CPU of each stage, in processes of their own.
 * Usage: node seal-csv.js [records[,records…]] [rounds]
 */

import { spawn, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeRows } from "./rows.js";

const sizes = (process.argv[2] ?? "500000").split(",").map(Number);
const rounds = Number(process.argv[3] ?? 5);
const require = createRequire(import.meta.url);
const assay = join(dirname(require.resolve("@assay/cli/package.json")), "bin/assay.js");
const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
const csv = join(folder, "data.csv");

const here = fileURLToPath(import.meta.url);
/** Above this the obvious way takes minutes. */
const MOST_OBVIOUS = 2_000_000;

const seal = (workers) => [
  process.execPath,
  assay,
  "manifest",
  csv,
  "-o",
  join(folder, `${workers}.assay`),
  "--overwrite",
  "--quiet",
  "--keep",
  "none",
  "--workers",
  String(workers),
];
const contendersOf = (records) => ({
  "assay manifest, 1 worker": seal(1),
  "assay manifest, 2 workers": seal(2),
  ...(records <= MOST_OBVIOUS && { "fast-csv → JSON → SHA-256 a record": [process.execPath, here, "--obvious", csv] }),
  ...(process.env.BENCH_PYTHON && {
    "DuckDB read_csv → table, 1 thread": [
      process.env.BENCH_PYTHON,
      "-c",
      `import duckdb; c = duckdb.connect(config={"threads": 1}); c.execute("create table t as select * from read_csv('${csv}')")`,
    ],
    "pandas read_csv": [process.env.BENCH_PYTHON, "-c", `import pandas; pandas.read_csv("${csv}")`],
  }),
});

/** How many times as long one process takes to count to a number twice as two that count to it once each. */
async function spinSpeedup() {
  const spin = () =>
    new Promise((resolve) => spawn(process.execPath, ["-e", "for (let i = 0; i < 2e9; i++);"]).on("exit", resolve));
  const begin = process.hrtime.bigint();
  await spin();
  await spin();
  const middle = process.hrtime.bigint();
  await Promise.all([spin(), spin()]);
  return Number(middle - begin) / Number(process.hrtime.bigint() - middle);
}

async function obvious(path) {
  const { parseFile } = await import("fast-csv");
  let count = 0;
  for await (const row of parseFile(path, { headers: true })) if (hash("sha256", JSON.stringify(row))) count++;
  return count;
}

/** CPU seconds of the stages of sealing, one after the other, as JSON on stdout. */
async function stages(path) {
  const { CompactRange, setTotalsOf } = await import("@assay/merkle");
  const { hashSource, scanSource } = await import("@assay/records");
  const { openSource } = await import("@assay/records/node");
  const seconds = {};
  let before = { user: 0, system: 0 };
  const lap = (name) => {
    const now = process.cpuUsage();
    seconds[name] = (now.user + now.system - before.user - before.system) / 1e6;
    before = now;
  };
  lap("start and imports");
  const source = await openSource([path]);
  await scanSource(source);
  lap("read, digests, scan, infer: alone");
  const scanned = await scanSource(source, { leafBytes: 2 ** 30 });
  lap("read, digests, scan, infer, encode, leaves: together");
  const range = new CompactRange();
  const pieces = [];
  for await (const { leaves } of hashSource(scanned)) {
    range.appendMany(leaves);
    pieces.push(leaves);
  }
  range.root();
  lap("record tree");
  setTotalsOf(pieces);
  lap("set: sort and tree");
  console.log(JSON.stringify(seconds));
}

/** Wall seconds of a whole process. */
function time(command) {
  const begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command[0], command.slice(1), { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  return { wall: Number(process.hrtime.bigint() - begin) / 1e9 };
}

/** CPU seconds of children so far, from the kernel. */
function childCpu() {
  const fields = spawnSync("cat", [`/proc/${process.pid}/stat`])
    .stdout.toString()
    .split(") ")[1]
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** CPU seconds that SHA-256 alone takes: about 8 blocks of 64 bytes a record (leaf, record tree, set tree), at full speed. */
function floor(records) {
  const block = new Uint8Array(16 * 1024 * 1024);
  const { user, system } = process.cpuUsage();
  for (let i = 0; i < 8; i++) hash("sha256", block);
  const after = process.cpuUsage();
  const seconds = (after.user + after.system - user - system) / 1e6;
  return (seconds / (8 * block.length)) * records * 8 * 64;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (values) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

async function measure(records) {
  const contenders = contendersOf(records);
  const results = new Map(Object.keys(contenders).map((name) => [name, { cpu: [], wall: [] }]));
  const [floors, spins] = [[], []];
  const staged = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(contenders)) {
      const cpuBefore = childCpu();
      const { wall } = time(command);
      results.get(name).cpu.push(childCpu() - cpuBefore);
      results.get(name).wall.push(wall);
    }
    floors.push(floor(records));
    spins.push(await spinSpeedup());
    const { stdout } = spawnSync(process.execPath, [here, "--stages", csv], { encoding: "utf8" });
    for (const [name, seconds] of Object.entries(JSON.parse(stdout)))
      staged.set(name, [...(staged.get(name) ?? []), seconds]);
  }
  const [one, two] = [results.get("assay manifest, 1 worker"), results.get("assay manifest, 2 workers")];
  const reference = median(one.cpu);
  console.log(
    `${records} records × 10 columns, ${(statSync(csv).size / 1e6).toFixed(0)} MB; ${cpus()[0].model}, ${cpus().length} cores; Node ${process.version}; ${rounds} rounds, interleaved\n`,
  );
  console.log("| whole process | CPU s, median (min–max) | wall s, median (min–max) | CPU, assay = 1 |");
  console.log("|---|---|---|---|");
  for (const [name, { cpu, wall }] of results)
    console.log(`| ${name} | ${show(cpu)} | ${show(wall)} | ${(median(cpu) / reference).toFixed(2)} |`);
  console.log(
    `| SHA-256 of 8 blocks a record, in this run | ${show(floors)} | | ${(median(floors) / reference).toFixed(2)} |`,
  );
  console.log(
    `\nOne worker takes ${show(one.wall.map((wall, i) => wall / two.wall[i]))} times as long as two; one process that counts, ${show(spins)} times as long as two.`,
  );
  console.log("\n| stage | CPU s, median (min–max) |\n|---|---|");
  for (const [name, seconds] of staged) console.log(`| ${name} | ${show(seconds)} |`);
  console.log();
}

if (process.argv[2] === "--obvious") {
  await obvious(process.argv[3]);
} else if (process.argv[2] === "--stages") {
  await stages(process.argv[3]);
} else {
  try {
    for (const records of sizes) {
      writeRows(csv, records);
      await measure(records);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
