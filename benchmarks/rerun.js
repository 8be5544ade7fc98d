/**
 * What does a second run cost, when 1 % was added?
 *
 * Twice: as a new file beside a hundred, and behind the end of a file, of short CSV records (113 bytes) and of long JSONL
 * records (2 kB). `assay manifest --since` against the same command without it, and against the least that a run which trusts
 * no modification time can do: SHA-256 of that file with node:crypto in a process of its own. Whole processes with everything
 * that they write (--keep tiles), interleaved; CPU and wall, medians and the spread. The folders are compared byte for byte.
 * Usage: node rerun.js [records] [rounds]
 */

import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";

const records = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const require = createRequire(import.meta.url);
const assay = join(dirname(require.resolve("@assay/cli/package.json")), "bin/assay.js");
const root = mkdtempSync(join(tmpdir(), "assay-bench-"));

let state = 12345;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};

const CSV_HEADER = "id,count,price,ratio,note,day,seen,flag,label,score\n";
function csvRecord(i) {
  const day = String(1 + Math.floor(next() * 28)).padStart(2, "0");
  const note = `plain words number ${Math.floor(next() * 1e9)}`;
  return `${i},${Math.floor(next() * 1000)},${(next() * 100).toFixed(2)},${i % 50 === 0 ? "" : next()},${note},2026-01-${day},2026-01-${day}T12:00:${day}Z,${next() < 0.5},c${Math.floor(next() * 5)},${(next() * 10).toFixed(6)}\n`;
}
const LONG = "words of a document that goes on ".repeat(60);
const jsonRecord = (i) => `{"id":${i},"text":"${Math.floor(next() * 1e9)} ${LONG}"}\n`;

/** Appends records `begin … end` to a file, which gets the header when it is not there. */
function append(path, header, record, begin, end) {
  let text = header;
  for (let i = begin; i < end; i++) {
    text += record(i);
    if (text.length < 1 << 20) continue;
    appendFileSync(path, text);
    text = "";
  }
  appendFileSync(path, text);
}

const HASH = `const fs = require("node:fs"); const hash = require("node:crypto").createHash("sha256");
const file = fs.openSync(process.argv[1], "r"); const room = Buffer.allocUnsafe(1 << 20);
for (let n; (n = fs.readSync(file, room, 0, room.length, null)) > 0; ) hash.update(room.subarray(0, n)); hash.digest();`;

/** CPU seconds of children so far, from the kernel. */
function childCpu() {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function time(...command) {
  const cpu = childCpu();
  const begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, command, { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  return { wall: Number(process.hrtime.bigint() - begin) / 1e9, cpu: childCpu() - cpu };
}

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name !== "seen.jsonl")
    .map((one) => join(one.parentPath, one.name).slice(folder.length))
    .sort();

function compareFolders(one, other) {
  const names = filesOf(one);
  if (names.join("\n") !== filesOf(other).join("\n")) throw new Error(`${one} and ${other} have other files`);
  for (const name of names)
    if (!readFileSync(join(one, name)).equals(readFileSync(join(other, name)))) throw new Error(`${name} differs`);
  return names.length;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (values) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

/** Seals data, adds to it, and seals it again both ways. */
function measure(title, name, fill, add, hashed) {
  const at = join(root, name);
  mkdirSync(join(at, "data"), { recursive: true });
  fill(join(at, "data"));
  const seal = (out, ...more) => {
    const to = join(at, out);
    rmSync(to, { recursive: true, force: true });
    return time(assay, "manifest", join(at, "data"), "-o", to, "--quiet", "--keep", "tiles", "--workers", "1", ...more);
  };
  seal("first.assay");
  add(join(at, "data"));
  const runs = { full: [], since: [], hash: [] };
  for (let i = 0; i < rounds; i++) {
    runs.full.push(seal("full.assay"));
    runs.since.push(seal("since.assay", "--since", join(at, "first.assay")));
    if (hashed !== undefined) runs.hash.push(time("-e", HASH, join(at, "data", hashed)));
  }
  const files = compareFolders(join(at, "full.assay"), join(at, "since.assay"));
  const cpu = (name) => runs[name].map((one) => one.cpu);
  const wall = (name) => runs[name].map((one) => one.wall);
  const share = ((100 * median(cpu("since"))) / median(cpu("full"))).toFixed(0);
  const times = hashed === undefined ? "–" : `${(median(cpu("since")) / median(cpu("hash"))).toFixed(1)} ×`;
  const hash = hashed === undefined ? "–" : show(cpu("hash"));
  console.log(
    `| ${title} | ${files} | ${show(cpu("full"))} | ${show(cpu("since"))} | ${share} % | ${hash} | ${times} | ${show(wall("full"))} | ${show(wall("since"))} |`,
  );
  rmSync(at, { recursive: true });
}

try {
  console.log(
    `${records} records; ${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; Node ${process.version}; ${rounds} rounds, interleaved\n`,
  );
  console.log(
    "| 1 % added | files of the folder | full, CPU s | --since, CPU s | share | hashing that file, CPU s | --since against it | full, wall s | --since, wall s |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  const start = join(root, "start.csv");
  writeFileSync(start, "n\n1\n");
  const onePercent = Math.ceil(records / 100);
  measure(
    "as a new file beside 100, CSV",
    "many",
    (data) => {
      for (let i = 0; i < 100; i++)
        append(
          join(data, `part-${String(i).padStart(3, "0")}.csv`),
          CSV_HEADER,
          csvRecord,
          i * onePercent,
          (i + 1) * onePercent,
        );
    },
    (data) => append(join(data, "part-100.csv"), CSV_HEADER, csvRecord, records, records + onePercent),
  );
  measure(
    "to the same file, CSV",
    "one",
    (data) => append(join(data, "data.csv"), CSV_HEADER, csvRecord, 0, records),
    (data) => append(join(data, "data.csv"), "", csvRecord, records, records + onePercent),
    "data.csv",
  );
  const long = Math.ceil(records / 4);
  measure(
    `to the same file, JSONL, ${long} records of 2 kB`,
    "long",
    (data) => append(join(data, "data.jsonl"), "", jsonRecord, 0, long),
    (data) => append(join(data, "data.jsonl"), "", jsonRecord, long, long + Math.ceil(long / 100)),
    "data.jsonl",
  );
  const starts = Array.from(
    { length: 3 },
    () => time(assay, "manifest", start, "-o", join(root, "start.assay"), "--quiet", "--overwrite").cpu,
  );
  console.log(`\nStarting, one record, exit: ${show(starts)} CPU s.`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
