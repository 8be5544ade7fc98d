/** Tables for tests: from plain columns, with leaves as good as the real ones, and rows in leaf order. */

import { createHash } from "node:crypto";
import type { CheckContext, Table, TableColumn } from "../src/check.js";

type Cells = readonly (number | string | null)[] | Float64Array;

/** A table of these columns; texts become categories. Row i of the input is row `rowOf[i]` of the table. */
export function tableOf(columns: Record<string, Cells>): { table: Table; rowOf: Int32Array } {
  const names = Object.keys(columns);
  const length = names.length === 0 ? 0 : (columns[names[0] as string] as Cells).length;
  const hashes = Array.from({ length }, (_, i) =>
    createHash("sha256")
      .update(JSON.stringify(names.map((name) => [name, (columns[name] as Cells)[i]])))
      .digest(),
  );
  const order = hashes
    .map((_, i) => i)
    .sort((a, b) => Buffer.compare(hashes[a] as Buffer, hashes[b] as Buffer) || a - b);
  const rowOf = new Int32Array(length);
  order.forEach((input, row) => {
    rowOf[input] = row;
  });
  const leaves = new Uint8Array(32 * length);
  order.forEach((input, row) => {
    leaves.set(hashes[input] as Buffer, 32 * row);
  });
  const tableColumns = names.map((name): TableColumn => {
    const cells = columns[name] as Cells;
    const sorted = order.map((i) => cells[i] as number | string | null);
    if (sorted.every((cell) => cell === null || typeof cell === "number")) {
      return {
        name,
        kind: "number",
        values: Float64Array.from(sorted, (cell) => (cell === null ? Number.NaN : (cell as number))),
      };
    }
    const texts = [...new Set(sorted.filter((cell) => cell !== null).map(String))];
    const categories = texts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const codeOf = new Map(categories.map((text, code) => [text, code]));
    return {
      name,
      kind: "category",
      codes: Int32Array.from(sorted, (cell) => (cell === null ? -1 : (codeOf.get(String(cell)) as number))),
      categories,
    };
  });
  return { table: { length, leaves, columns: tableColumns }, rowOf };
}

/** A context with a fixed seed that runs everything here. */
export function contextOf(over: Partial<CheckContext> = {}): CheckContext {
  return {
    seed: new Uint8Array(32).fill(7),
    seedOrigin: "given",
    fdr: 0.05,
    showValues: true,
    results: [],
    onProgress() {},
    async map(task, parts, take) {
      const run = task.run ?? (await import(task.module))[task.name];
      const outputs = await Promise.all(parts.map((part) => run(task.options as never, part)));
      if (!take) return outputs;
      outputs.forEach(take);
      return [];
    },
    ...over,
  };
}

/** Uniform numbers in [0, 1) from a seed (xorshift32 after a mix): for tests only. */
export function randomOf(seed: number): () => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  for (let i = 0; i < 8; i++) state = step(state);
  return () => (state = step(state)) / 2 ** 32;
}

function step(state: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** Standard normal numbers from a seed: for tests only. */
export function normalOf(seed: number): () => number {
  const random = randomOf(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
