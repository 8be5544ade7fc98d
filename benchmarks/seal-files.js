/**
 * What does sealing files as they are cost: a digest of each, records, both trees, manifest?
 *
 * 20,000 files of 8 KiB, and four of 400 MB, by `assay manifest --format files`. Against: hashing by model-signing
 * (`hashing.Config().hash`, SHA-256 of each file; BENCH_PYTHON names a Python that has it), b3sum on one thread (BENCH_B3SUM
 * names it), and node:crypto at its plainest: one process, one buffer, `crypto.hash` or `createHash`, nothing else.
 * Whole processes, interleaved, CPU and wall, medians and the spread; and of assay and node:crypto the hashing alone, as the
 * first minus what the same command costs on one empty file.
 * Usage: node seal-files.js [small files] [bytes of a large file] [rounds]
 */

import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";

const small = Number(process.argv[2] ?? 20_000);
const largeBytes = Number(process.argv[3] ?? 400_000_000);
const rounds = Number(process.argv[4] ?? 5);
const require = createRequire(import.meta.url);
const assay = join(dirname(require.resolve("@assay/cli/package.json")), "bin/assay.js");
const root = mkdtempSync(join(tmpdir(), "assay-bench-"));

const PLAIN = `const fs = require("node:fs"), path = require("node:path"), crypto = require("node:crypto");
const room = Buffer.allocUnsafe(1 << 20); let count = 0;
const walk = (folder) => { for (const one of fs.readdirSync(folder, { withFileTypes: true })) {
  const at = path.join(folder, one.name); if (one.isDirectory()) { walk(at); continue; }
  const file = fs.openSync(at, "r"); let n = fs.readSync(file, room, 0, room.length, null);
  if (n < room.length) crypto.hash("sha256", room.subarray(0, n));
  else { const hash = crypto.createHash("sha256"); for (; n > 0; n = fs.readSync(file, room, 0, room.length, null)) hash.update(room.subarray(0, n)); hash.digest(); }
  fs.closeSync(file); count++; } };
walk(process.argv[1]); if (count === 0) throw new Error("no files");`;

const SIGNING = "import sys\nfrom model_signing import hashing\nhashing.Config().hash(sys.argv[1])";

const seal = (workers) => (data) => [
  process.execPath,
  [
    assay,
    "manifest",
    data,
    "--format",
    "files",
    "-o",
    join(root, "out.assay"),
    "--overwrite",
    "--quiet",
    "--keep",
    "none",
    "--workers",
    workers,
  ],
];
const contenders = {
  "assay manifest, 1 worker": seal("1"),
  "assay manifest, 2 workers": seal("2"),
  "node:crypto, plainest": (data) => [process.execPath, ["-e", PLAIN, data]],
  ...(process.env.BENCH_PYTHON && {
    "model-signing, hashing": (data) => [process.env.BENCH_PYTHON, ["-c", SIGNING, data]],
  }),
  ...(process.env.BENCH_B3SUM && {
    "b3sum, 1 thread": (data) => [
      "sh",
      [
        "-c",
        `find "$1" -type f -print0 | xargs -0 "$0" --num-threads 1 > ${join(root, "b3")}`,
        process.env.BENCH_B3SUM,
        data,
      ],
    ],
  }),
};

/** CPU seconds of children so far, from the kernel. */
function childCpu() {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function time([command, given]) {
  const cpu = childCpu();
  const begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, given, { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command} ${given.join(" ")} ended with ${status}: ${stderr}`);
  return { wall: Number(process.hrtime.bigint() - begin) / 1e9, cpu: childCpu() - cpu };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (values) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

/** Times of every contender on some data. */
function race(data) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let i = 0; i < rounds; i++)
    for (const [name, command] of Object.entries(contenders)) times[name].push(time(command(data)));
  return times;
}

const cpuOf = (times) => times.map(({ cpu }) => cpu);

try {
  const folders = { small: join(root, "small"), large: join(root, "large"), none: join(root, "none") };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  writeFileSync(join(folders.none, "empty"), "");
  for (let i = 0; i < small; i++) {
    const folder = join(folders.small, `class-${i % 50}`);
    if (i < 50) mkdirSync(folder);
    writeFileSync(join(folder, `${i}.bin`), randomFillSync(Buffer.alloc(8192)));
  }
  const piece = randomFillSync(Buffer.alloc(1 << 24));
  for (let i = 0; i < 4; i++) {
    const file = openSync(join(folders.large, `${i}.bin`), "w");
    for (let at = 0; at < largeBytes; at += piece.length) {
      piece.writeUInt32LE(i * 1000 + at / piece.length, 0);
      writeSync(file, piece, 0, Math.min(piece.length, largeBytes - at));
    }
    closeSync(file);
  }
  console.log(
    `${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; Node ${process.version}; ${rounds} rounds, interleaved\n`,
  );
  const empty = race(folders.none);
  for (const [title, data] of [
    [`${small} files of 8 KiB`, folders.small],
    [`4 files of ${largeBytes / 1e6} MB`, folders.large],
  ]) {
    const times = race(data);
    const first = median(cpuOf(times["assay manifest, 1 worker"]));
    console.log(
      `| ${title} | CPU s, median (min–max) | wall s, median (min–max) | CPU, assay = 1 | CPU s beyond one empty file |`,
    );
    console.log("|---|---|---|---|---|");
    for (const [name, measured] of Object.entries(times)) {
      const cpu = cpuOf(measured);
      const beyond = median(cpu) - median(cpuOf(empty[name]));
      console.log(
        `| ${name} | ${show(cpu)} | ${show(measured.map(({ wall }) => wall))} | ${(median(cpu) / first).toFixed(2)} | ${beyond.toFixed(2)} |`,
      );
    }
    console.log("");
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
