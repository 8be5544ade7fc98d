/**
 * Files that other tools wrote, whole and damaged: leaves and kinds, or the error with its place, are the same with the
 * kernels and where there is no WebAssembly.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "@assay/merkle";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

interface Modules {
  readonly tasks: typeof import("../src/tasks.js");
  readonly memory: typeof import("../src/memory-source.js");
  readonly kernel: typeof import("../src/column-kernel.js");
  readonly lines: typeof import("../src/line-kernel.js");
}

async function load(): Promise<Modules> {
  vi.resetModules();
  const [tasks, memory, kernel, lines] = await Promise.all([
    import("../src/tasks.js"),
    import("../src/memory-source.js"),
    import("../src/column-kernel.js"),
    import("../src/line-kernel.js"),
  ]);
  return { tasks, memory, kernel, lines };
}

let fast: Modules;
let slow: Modules;
beforeAll(async () => {
  fast = await load();
  expect(fast.kernel.columnKernel()).toBeDefined();
  slow = await load();
  vi.stubGlobal("WebAssembly", undefined);
  expect(slow.kernel.columnKernel()).toBeUndefined();
  expect(slow.lines.takeLineKernel()).toBeUndefined();
  vi.unstubAllGlobals();
});
afterAll(() => {
  vi.resetModules();
});

/** Kinds and leaves of a file, or the error. */
async function resultOf({ tasks, memory }: Modules, name: string, bytes: Uint8Array): Promise<unknown> {
  try {
    const limits = { maxGroupBytes: 2 ** 24 };
    const source = await memory.sourceOfBytes("data", [{ path: name, bytes }], {});
    const file = source.files[0]!;
    const { index } = await tasks.indexFile({ limits, known: null }, { file, ordinal: 0 });
    const parts: unknown[] = [];
    for (const part of index.parts) {
      const input = { file, ordinal: 0, index: { ...index, parts: [] }, part, types: {} };
      const { leaves, kinds } = await tasks.hashPart({ limits, leafKey: null, splitColumn: null }, input);
      parts.push({ leaves: toHex(leaves), kinds });
    }
    return parts;
  } catch (error) {
    const { name: kind, code, message, details } = error as Record<string, unknown>;
    return { kind, code, message, details };
  }
}

const root = join(import.meta.dirname, "../../../test/fixtures/interop");
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(parquet|arrow|arrows|jsonl)$/.test(name))
  .sort();

describe.each(files)("%s", (name) => {
  const bytes = new Uint8Array(readFileSync(join(root, name)));

  test("has the same leaves with and without the kernels", async () => {
    expect(await resultOf(fast, name, bytes)).toEqual(await resultOf(slow, name, bytes));
  });

  test("is refused or read in the same way when a byte of it is another", async () => {
    let state = bytes.length;
    const pick = (bound: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * bound);
    };
    for (let i = 0; i < 12 && bytes.length > 0; i++) {
      const other = bytes.slice();
      const at = pick(bytes.length);
      other[at] = (other[at] as number) ^ (1 << pick(8));
      expect(await resultOf(fast, name, other), `byte ${at}`).toEqual(await resultOf(slow, name, other));
    }
  });
});
