/**
 * What part of the speed of this machine's own SHA-256 do leaves and trees reach, on one core?
 *
 * The floor is `node:crypto` over 16 KiB at a time, in the same run, for the same number of 64-byte blocks. Raw JSONL: the
 * second look at a file (reading, digest of its bytes, lines, leaves) and the record tree. Nodes: from 2²⁰ leaves to a root.
 * Usage: node hashing.js [records] [rounds]
 */

import { hash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { CompactRange, hashLevel } from "@assay/merkle";
import { hashSource, scanSource } from "@assay/records";
import { openSource } from "@assay/records/node";

const records = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 9);

/** CPU seconds of some work. */
async function cpuOf(work) {
  const { user, system } = process.cpuUsage();
  await work();
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) / 1e6;
}

const piece = new Uint8Array(16 * 1024);
/** CPU seconds that a block of 64 bytes takes at best. */
const secondsABlock = async () =>
  (await cpuOf(() => {
    for (let i = 0; i < 8192; i++) hash("sha256", piece);
  })) /
  (8192 * 256);

let state = 12345;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
const text = Array.from({ length: records }, (_, i) =>
  JSON.stringify({
    id: i,
    price: Math.floor(next() * 1e4) / 100,
    note: `plain words number ${Math.floor(next() * 1e9)}`,
    label: `c${i % 5}`,
    score: next(),
  }),
).join("\n");
const bytes = new TextEncoder().encode(text);
const blocksOf = (length) => Math.ceil((length + 9) / 64);
let leafBlocks = 0;
for (let at = 0; at < bytes.length; ) {
  const end = bytes.indexOf(10, at);
  const stop = end < 0 ? bytes.length : end;
  leafBlocks += blocksOf(1 + stop - at);
  at = stop + 1;
}

const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
const path = join(folder, "data.jsonl");
writeFileSync(path, bytes);
const scanned = await scanSource(await openSource([path]), { leafFormat: "raw/v1" });
async function rawLeaves() {
  const range = new CompactRange();
  for await (const { leaves } of hashSource(scanned)) range.appendMany(leaves);
  return range.root();
}

const LEVEL = 1 << 20;
const nodes = new Uint8Array(32 * LEVEL).map((_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
function interior() {
  let level = nodes;
  for (let count = LEVEL; count > 1; count = Math.ceil(count / 2)) level = hashLevel(level, count);
}

const questions = [
  { name: "raw JSONL: lines, leaves and tree", blocks: leafBlocks + 2 * (records - 1), work: rawLeaves },
  {
    name: "the same, the digest of the bytes counted too",
    blocks: leafBlocks + 2 * (records - 1) + bytes.length / 64,
    work: rawLeaves,
  },
  { name: "interior nodes, 2²⁰ leaves to the root", blocks: 2 * (LEVEL - 1), work: interior },
];
const shares = new Map(questions.map(({ name }) => [name, []]));
const costs = new Map(questions.map(({ name }) => [name, []]));
await rawLeaves();
interior();
for (let round = 0; round < rounds; round++) {
  for (const { name, blocks, work } of questions) {
    const floor = (await secondsABlock()) * blocks;
    const cpu = await cpuOf(work);
    shares.get(name).push((100 * floor) / cpu);
    costs.get(name).push((1e9 * cpu) / blocks);
  }
}

rmSync(folder, { recursive: true });

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const show = (values, digits) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
console.log(
  `${records} lines, ${(bytes.length / 1e6).toFixed(0)} MB, ${(leafBlocks / records).toFixed(2)} blocks a leaf; ${cpus()[0].model}; Node ${process.version}; ${rounds} rounds\n`,
);
console.log("| what | CPU ns a block, median (min–max) | share of the floor, % |\n|---|---|---|");
for (const [name, values] of costs) console.log(`| ${name} | ${show(values, 0)} | ${show(shares.get(name), 0)} |`);
