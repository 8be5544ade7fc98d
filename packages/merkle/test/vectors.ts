/** Reads the vectors that are shared by all packages, and makes the leaves that they describe by rule. */

import { readFileSync } from "node:fs";
import { sha256 } from "../src/sha256.js";

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/assay/${name}.json`, import.meta.url), "utf8")) as T;
}

/** SHA-256(seed as ASCII ‖ i as 4 bytes, big-endian) for i = 0 … n−1, packed. */
export function seededLeaves(seed: string, n: number): Uint8Array {
  const prefix = new TextEncoder().encode(seed);
  const leaves = new Uint8Array(32 * n);
  const input = new Uint8Array(prefix.length + 4);
  input.set(prefix);
  for (let i = 0; i < n; i++) {
    new DataView(input.buffer).setUint32(prefix.length, i);
    leaves.set(sha256(input), 32 * i);
  }
  return leaves;
}

/** The code of the error that a function throws, or undefined if it throws none. */
export function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code ?? (error as Error).name;
  }
  return undefined;
}

/** The code of the error that a promise is rejected with, or undefined. */
export async function asyncCodeOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return (error as { code?: unknown }).code ?? (error as Error).name;
  }
  return undefined;
}
