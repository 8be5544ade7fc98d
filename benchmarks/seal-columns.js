/**
 * What does sealing the same rows cost as Parquet, as Arrow and as JSONL: leaves, record tree, set tree, manifest?
 *
 * Against, for each format: the obvious way in Python (pyarrow, `to_pylist`, one SHA-256 a row), decoding or loading alone
 * with other libraries, and the physical limit: SHA-256 over the same number of blocks. Whole processes, interleaved, CPU and
 * wall; medians, and the spread. BENCH_PYTHON must name a Python that has pyarrow: it writes the files.
 * Usage: node seal-columns.js [records] [rounds]
 */

import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeRows } from "./rows.js";

const require = createRequire(import.meta.url);
const assay = join(dirname(require.resolve("@assay/cli/package.json")), "bin/assay.js");
const here = fileURLToPath(import.meta.url);
const python = process.env.BENCH_PYTHON;

/** Writes the rows of a CSV file as the library's own defaults have it: Parquet with Snappy, Arrow uncompressed. */
const WRITE = `
import json, sys, pyarrow as pa, pyarrow.csv, pyarrow.parquet as pq
table = pa.csv.read_csv(sys.argv[1])
pq.write_table(table, sys.argv[2] + ".parquet")
with pa.ipc.new_file(sys.argv[2] + ".arrow", table.schema) as out: out.write_table(table, max_chunksize=65536)
with open(sys.argv[2] + ".jsonl", "w") as out:
    for batch in table.to_batches():
        for row in batch.to_pylist(): out.write(json.dumps({k: v for k, v in row.items() if v is not None}, default=str) + "\\n")
`;
const READ = {
  parquet: "import pyarrow.parquet as pq; t = pq.read_table(sys.argv[1])",
  arrow: "import pyarrow as pa; t = pa.ipc.open_file(sys.argv[1]).read_all()",
  jsonl: "import pyarrow.json as pj; t = pj.read_json(sys.argv[1])",
};
const HASH = "[hashlib.sha256(repr(row).encode()).digest() for row in t.to_pylist()]";

function contendersOf(format, path, folder) {
  const py = (code) => [python, "-c", `import sys, hashlib; ${code}`, path];
  const node = (what) => [process.execPath, here, what, path];
  const seal = (...more) => [
    ...[process.execPath, assay, "manifest", path, "-o", join(folder, "out.assay"), "--overwrite", "--quiet"],
    ...["--keep", "none", "--workers", "1", ...more],
  ];
  return {
    "assay manifest, 1 worker": seal(),
    ...(format === "jsonl" && { "assay manifest, 1 worker, raw/v1": seal("--leaf-format", "raw/v1") }),
    "pyarrow → to_pylist → SHA-256 a row": py(`${READ[format]}; ${HASH}`),
    "pyarrow, reading alone": py(READ[format]),
    "the readers of assay, decoding alone": node("--decode"),
    ...(format === "parquet" && { "hyparquet, decoding alone (column chunks)": node("--hyparquet") }),
    ...(format === "arrow" && { "apache-arrow, loading alone": node("--apache-arrow") }),
    ...(format === "jsonl" && { "JSON.parse of each line alone": node("--json-parse") }),
  };
}

const alone = {
  /** Both looks that a manifest takes at a file, but no leaves. */
  async "--decode"(path) {
    const { readBatches, scanSource } = await import("@assay/records");
    const { openSource } = await import("@assay/records/node");
    let count = 0;
    for await (const { batch } of readBatches(await scanSource(await openSource([path])))) count += batch.length;
    return count;
  },
  async "--hyparquet"(path) {
    const [{ parquetRead, asyncBufferFromFile }, { compressors }] = await Promise.all([
      import("hyparquet"),
      import("hyparquet-compressors"),
    ]);
    let count = 0;
    const onChunk = ({ columnData }) => {
      count += columnData.length;
    };
    await parquetRead({ file: await asyncBufferFromFile(path), compressors, onChunk });
    return count;
  },
  async "--apache-arrow"(path) {
    const { tableFromIPC } = await import("apache-arrow");
    return tableFromIPC(readFileSync(path)).numRows;
  },
  "--json-parse"(path) {
    const bytes = readFileSync(path);
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      const end = bytes.indexOf(10, at);
      JSON.parse(bytes.toString("utf8", at, end));
      at = end + 1;
    }
    return count;
  },
};

/** CPU and wall seconds of a whole process. */
function time(command) {
  const cpuBefore = childCpu();
  const begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command[0], command.slice(1), { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  return { wall: Number(process.hrtime.bigint() - begin) / 1e9, cpu: childCpu() - cpuBefore };
}

/** CPU seconds of children so far, from the kernel. */
function childCpu() {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** CPU seconds that SHA-256 alone takes: about 8 blocks of 64 bytes a record (leaf, record tree, set tree), 16 KiB at a time. */
function floor(records) {
  const piece = new Uint8Array(16 * 1024);
  const { user, system } = process.cpuUsage();
  for (let i = 0; i < 8192; i++) hash("sha256", piece);
  const after = process.cpuUsage();
  const seconds = (after.user + after.system - user - system) / 1e6;
  return (seconds / (8192 * piece.length)) * records * 8 * 64;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (values) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

/** One format: every contender once a round. */
function measure(format, path, folder, records, rounds) {
  const contenders = contendersOf(format, path, folder);
  const results = new Map(Object.keys(contenders).map((name) => [name, []]));
  const floors = [];
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(contenders)) results.get(name).push(time(command));
    floors.push(floor(records));
  }
  const own = results.get("assay manifest, 1 worker").map(({ cpu }) => cpu);
  const ratios = (cpu) => show(own.map((value, round) => value / cpu[round]));
  console.log(`\n### ${format}, ${(statSync(path).size / 1e6).toFixed(0)} MB\n`);
  console.log("| whole process | CPU s, median (min–max) | wall s | assay / this, CPU of the same round |");
  console.log("|---|---|---|---|");
  for (const [name, times] of results) {
    const cpu = times.map((each) => each.cpu);
    console.log(`| ${name} | ${show(cpu)} | ${show(times.map(({ wall }) => wall))} | ${ratios(cpu)} |`);
  }
  console.log(`| SHA-256 of 8 blocks a record, in this run | ${show(floors)} | | ${ratios(floors)} |`);
}

if (process.argv[2]?.startsWith("--")) {
  await alone[process.argv[2]](process.argv[3]);
} else if (python === undefined) {
  throw new Error("BENCH_PYTHON must name a Python that has pyarrow");
} else {
  const records = Number(process.argv[2] ?? 1_000_000);
  const rounds = Number(process.argv[3] ?? 5);
  const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
  try {
    const csv = join(folder, "data.csv");
    writeRows(csv, records);
    const written = spawnSync(python, ["-c", WRITE, csv, join(folder, "data")], { encoding: "utf8" });
    if (written.status !== 0) throw new Error(written.stderr);
    console.log(
      `${records} records × 10 columns; ${cpus()[0].model}, ${cpus().length} cores; Node ${process.version}; ${rounds} rounds, interleaved`,
    );
    for (const format of Object.keys(READ)) measure(format, join(folder, `data.${format}`), folder, records, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
