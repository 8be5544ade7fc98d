/** Tables of texts: read from compressed CSV and TSV, drawn from a seed, written as CSV. */

import { createReadStream, writeFileSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { parseStream } from "fast-csv";

/** A stream of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `{ columns, rows }` of a `.csv.gz` or `.tsv.gz`; every cell is a text. */
export async function readTable(path) {
  const tabs = path.endsWith(".tsv.gz");
  const options = tabs ? { delimiter: "\t", quote: null } : {};
  const rows = [];
  for await (const row of parseStream(createReadStream(path).pipe(createGunzip()), options)) rows.push(row);
  const columns = rows.shift();
  return { columns, rows };
}

/** At most `most` rows, drawn without replacement, in their order. */
export function drawn({ columns, rows }, most, seed) {
  if (rows.length <= most) return { columns, rows };
  const random = randomOf(seed);
  const keys = rows.map(() => random());
  const limit = [...keys].sort((a, b) => a - b)[most - 1];
  return { columns, rows: rows.filter((_, i) => keys[i] <= limit) };
}

/** Writes a table with a header; fields are quoted where they must be. */
export function writeTable(path, { columns, rows }) {
  const field = (text) => (/[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text);
  writeFileSync(path, [columns, ...rows].map((row) => `${row.map(field).join(",")}\n`).join(""));
}
