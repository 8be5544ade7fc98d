/** Worker threads run built modules, so these tests run the built package. */

import { hashSource, joinAllKinds, type Kinds, scanSource, sourceOfBytes } from "@assay/records";
import { workerExecutor } from "@assay/records/node";
import { describe, expect, test } from "vitest";
import { randomOf } from "./tables.js";

const built = new URL("../dist/index.js", import.meta.url);

/** Two files, so two parts; the first of several blocks. */
async function input() {
  const random = randomOf(6);
  const lines = (n: number) =>
    Array.from({ length: n }, (_, i) => `${Math.floor(random() * 1000)},t${i % 5},${i % 3},s${i % 4}`);
  const files = { "a.csv": lines(150_000), "b.csv": lines(2000) };
  const bytes = Object.entries(files).map(([path, rows]) => ({
    path,
    bytes: new TextEncoder().encode(`n,t,y,s\n${rows.join("\n")}\n`),
  }));
  const scanned = await scanSource(await sourceOfBytes("tiny", bytes));
  const leaves: Uint8Array[][] = scanned.files.map(() => []);
  let kinds: Kinds = {};
  for await (const hashed of hashSource(scanned)) {
    leaves[hashed.file]?.push(hashed.leaves);
    kinds = joinAllKinds(kinds, hashed.kinds);
  }
  return { scanned, kinds, leaves: leaves.map((pieces) => new Uint8Array(Buffer.concat(pieces))) };
}

describe("built package", () => {
  test("fold() gives the same on worker threads as here, also when it is bound to the order", async () => {
    const { scannedData } = (await import(built.href)) as typeof import("../src/index.js");
    const { digestFold, chainFold } = await import(new URL("./fixtures/digest-fold.mjs", import.meta.url).href);
    const source = await input();
    const executor = workerExecutor({ workers: 2 });
    try {
      const here = scannedData(source);
      const there = scannedData(source, { executor });
      const digest = await here.fold(digestFold, ["n", "t"], null);
      expect(digest).toMatchObject({ count: 152_000, texts: ["t0", "t1", "t2", "t3", "t4"] });
      expect(await there.fold(digestFold, ["n", "t"], null)).toEqual(digest);
      expect(await there.fold(chainFold, ["n"], null)).toEqual(await here.fold(chainFold, ["n"], null));
    } finally {
      await executor.close();
    }
  });
});
