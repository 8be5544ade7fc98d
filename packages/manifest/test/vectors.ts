import { readFileSync } from "node:fs";
import { countLeaves, type Multiset, sha256 } from "@assay/merkle";

/** One case of a vector file. */
// biome-ignore lint/suspicious/noExplicitAny: vectors are data of many shapes
export type Case = Record<string, any>;

/** A vector file of `test/vectors/assay`. */
// biome-ignore lint/suspicious/noExplicitAny: vectors are data of many shapes
export function readVectors(name: string): any {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/assay/${name}`, import.meta.url), "utf8"));
}

/** The code of the error that `run` throws, or `undefined`. */
export async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** The parent of `lineage.json`: keys by the rule of the set tree vectors, each 1 to 3 times. */
export function lineageParent(): Multiset {
  const { seed, n } = readVectors("lineage.json");
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < n; i++) {
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, i);
    const leaf = sha256(new Uint8Array([...new TextEncoder().encode(seed), ...number]));
    for (let copy = 0; copy < 1 + (i % 3); copy++) leaves.push(leaf);
  }
  return countLeaves(leaves);
}

/** Its files: keys ascending, even places to `b/c.csv`, odd ones to `a.csv`, each as often as it counts. */
export function lineageFiles(): Map<string, Uint8Array> {
  const { keys, counts } = lineageParent();
  const files = new Map<string, Uint8Array[]>([
    ["a.csv", []],
    ["b/c.csv", []],
  ]);
  for (let i = 0; i < counts.length; i++) {
    for (let copy = 0; copy < counts[i]!; copy++)
      files.get(i % 2 === 0 ? "b/c.csv" : "a.csv")!.push(keys.subarray(32 * i, 32 * i + 32));
  }
  return new Map([...files].map(([path, leaves]) => [path, new Uint8Array(Buffer.concat(leaves))]));
}
