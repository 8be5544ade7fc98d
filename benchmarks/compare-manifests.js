/**
 * What does comparing two large data sets cost, when little differs?
 *
 * Folders of one file are made from a seed, leaves first and without data: one with ten records replaced, and one with ten
 * dropped, so that all behind them shift. `assay compare` reads the set pages and the tiles above what differs.
 * Against: the same command on folders without set pages, which must read every leaf, as comparing sorted lists of digests
 * would. Whole processes, start and exit included; the files that are read are counted in a run of the library.
 * Usage: node compare-manifests.js [records] [rounds]
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  compareManifests,
  datasetRoot,
  EMPTY_ROOT,
  formatEntries,
  formatManifest,
  manifestFiles,
  openManifest,
} from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { countLeaves, setTreeOf, toHex, treeRoot } from "@assay/merkle";

const records = Number(process.argv[2] ?? 10_000_000);
const rounds = Number(process.argv[3] ?? 5);
const require = createRequire(import.meta.url);
const assay = join(dirname(require.resolve("@assay/cli/package.json")), "bin/assay.js");
const root = mkdtempSync(join(tmpdir(), "assay-bench-"));
/** The schema digest of `{"n": "number"}`. */
const SCHEMA = "f7ab6f99ee805bdc8e9ba3615335196f6a11126f0ed3fe326477623445bba438";

/** Leaves that look like digests. */
function seededLeaves(count) {
  const words = new Uint32Array(8 * count);
  let state = 12345;
  for (let i = 0; i < words.length; i++) {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    // The first word of a leaf is its number mixed, the others say more of it: no two leaves agree.
    words[i] = mixed ^ (mixed >>> 15);
  }
  return new Uint8Array(words.buffer);
}

/** A folder of one file with these leaves. */
function makeFolder(name, leaves) {
  const set = setTreeOf(countLeaves(leaves));
  const entry = {
    path: "data.csv",
    size: leaves.length,
    bytes: EMPTY_ROOT,
    format: "csv",
    leafFormat: "assay-record/v1",
    records: leaves.length / 32,
    root: toHex(treeRoot(leaves)),
    schema: SCHEMA,
  };
  const header = {
    format: "assay-manifest/v1",
    name: "data",
    leaf: { format: "assay-record/v1" },
    dataset: { files: 1, root: datasetRoot([entry]) },
    set: { distinct: set.distinct, records: set.records, root: toHex(set.root) },
    size: entry.size,
    reading: { types: { n: "int64" }, inferred: [], nullValues: [], others: "infer" },
    schemas: { [SCHEMA]: { n: "number" } },
  };
  const built = { header, set, leaves: [leaves], entries: [entry] };
  const bytes = { headerBytes: formatManifest(header), entriesBytes: formatEntries([entry]) };
  const made = new Set();
  let files = 0;
  for (const file of manifestFiles({ ...built, ...bytes }, { keep: "tiles" })) {
    const path = join(root, name, file.path);
    if (!made.has(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    made.add(dirname(path));
    writeFileSync(path, file.bytes);
    files++;
  }
  return files;
}

/** Set pages and tiles that one comparison reads of each folder. */
async function countReads(before, after) {
  const open = async (name) => {
    const reader = await openFolderReader(join(root, name));
    const reads = { pages: 0, tiles: 0 };
    const counted = {
      list: () => reader.list(),
      read: (path, options) => {
        if (path.startsWith("set/")) reads.pages++;
        if (path.startsWith("tiles/")) reads.tiles++;
        return reader.read(path, options);
      },
    };
    return { opened: await openManifest(counted), reads };
  };
  const [one, other] = [await open(before), await open(after)];
  const begin = process.hrtime.bigint();
  const { added, removed, moved, version } = await compareManifests(one.opened, other.opened);
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  const places = { pages: one.reads.pages + other.reads.pages, tiles: one.reads.tiles + other.reads.tiles };
  return { ...places, seconds, says: `+${added} −${removed}, moved ${moved}, ${version}` };
}

/** CPU seconds of children so far, from the kernel. */
function childCpu() {
  const fields = spawnSync("cat", [`/proc/${process.pid}/stat`])
    .stdout.toString()
    .split(") ")[1]
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function time(before, after) {
  const cpu = childCpu();
  const begin = process.hrtime.bigint();
  const command = [assay, "compare", join(root, before), join(root, after), "--json"];
  const { status, stderr } = spawnSync(process.execPath, command, { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  return { wall: Number(process.hrtime.bigint() - begin) / 1e9, cpu: childCpu() - cpu };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (values) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

try {
  const leaves = seededLeaves(records);
  const files = makeFolder("before.assay", leaves);
  const places = Array.from({ length: 10 }, (_, i) => Math.floor(((i + 0.5) * records) / 10));
  const dropped = new Uint8Array(leaves.length - 320);
  let from = 0;
  let to = 0;
  for (const place of [...places, records]) {
    dropped.set(leaves.subarray(32 * from, 32 * place), to);
    to += 32 * (place - from);
    from = place + 1;
  }
  for (const place of places) leaves[32 * place + 31] ^= 1;
  makeFolder("replaced.assay", leaves);
  makeFolder("dropped.assay", dropped);
  console.log(
    `${records} records, ${files} files a folder; ${cpus()[0].model}, ${cpus().length} cores; Node ${process.version}; ${rounds} rounds\n`,
  );
  console.log("| what differs | says | pages read of both | tiles read of both | whole process, wall s | CPU s |");
  console.log("|---|---|---|---|---|---|");
  const compare = async (title, after, times) => {
    const { pages, tiles, says } = await countReads("before.assay", after);
    const measured = Array.from({ length: times }, () => time("before.assay", after));
    const [wall, cpu] = [measured.map((one) => one.wall), measured.map((one) => one.cpu)];
    console.log(`| ${title} | ${says} | ${pages} | ${tiles} | ${show(wall)} | ${show(cpu)} |`);
  };
  await compare("ten records replaced", "replaced.assay", rounds);
  await compare("ten records dropped", "dropped.assay", rounds);
  for (const name of ["before.assay", "replaced.assay"]) renameSync(join(root, name, "set"), join(root, `${name}.set`));
  const wholes = Array.from({ length: Math.min(rounds, 2) }, () => time("before.assay", "replaced.assay"));
  console.log(
    `| ten records replaced, no pages: all leaves | | 0 | all | ${show(wholes.map((one) => one.wall))} | ${show(wholes.map((one) => one.cpu))} |`,
  );
} finally {
  if (existsSync(root)) rmSync(root, { recursive: true, force: true });
}
