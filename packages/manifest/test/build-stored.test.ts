import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ScannedSource, scanSource, sourceOfBytes } from "@assay/records";
import { workerExecutor } from "@assay/records/node";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type BuildManifestOptions, buildManifest } from "../src/build.js";
import { buildStoredManifest } from "../src/build-stored.js";
import type { FolderFile } from "../src/folder.js";
import { memoryFolder, writeFiles } from "../src/folder.js";
import type { LeafSpace } from "../src/leaf-store.js";
import { manifestFiles, openManifest } from "../src/manifest-folder.js";
import { existingFolderAround, openLeafSpace } from "../src/node/leaf-space.js";
import { proveLeaves, proveRecord } from "../src/prove.js";
import { verifyRecordProof } from "../src/record-proof.js";
import { storedManifestFiles } from "../src/stored-files.js";
import { layoutFiles, sourceOf, textFiles } from "./sources.js";
import { codeOf } from "./vectors.js";

const folder = mkdtempSync(join(tmpdir(), "assay-leaves-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KEEPS = ["tiles", "leaves", "blocks", "none"] as const;

/** Every file by its path, in base64: a failing comparison of long byte arrays takes minutes to print. */
async function bytesOf(files: Iterable<FolderFile> | AsyncIterable<FolderFile>): Promise<Record<string, string>> {
  const all = new Map<string, Uint8Array>();
  await writeFiles(memoryFolder(all), files);
  return Object.fromEntries(
    [...all].map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")] as const).sort(),
  );
}

async function scannedText(files: Record<string, string>): Promise<ScannedSource> {
  return scanSource(
    await sourceOfBytes(
      "tiny",
      [...textFiles(files)].map(([path, bytes]) => ({ path, bytes })),
    ),
  );
}

/** Records of which some are equal, in several files and splits. */
function records(n: number, different: number, seed: number): string {
  let state = seed;
  let text = "id,split\n";
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += `${(state >>> 8) % different},${["train", "test", "dev"][(state >>> 4) % 3]}\n`;
  }
  return text;
}

async function expectSame(
  scanned: ScannedSource,
  options: BuildManifestOptions,
  maxLeafBytes: number,
  keeps: readonly (typeof KEEPS)[number][] = KEEPS,
): Promise<number> {
  const built = await buildManifest(scanned, options);
  const file = openLeafSpace(folder);
  let written = 0;
  const space: LeafSpace = {
    ...file,
    append(bytes) {
      written += bytes.length;
      return file.append(bytes);
    },
  };
  try {
    const stored = await buildStoredManifest(scanned, { ...options, space, maxLeafBytes });
    expect(Buffer.from(stored.headerBytes).toString()).toBe(Buffer.from(built.headerBytes).toString());
    for (const keep of keeps) {
      expect(await bytesOf(storedManifestFiles(stored, { keep }))).toEqual(
        await bytesOf(manifestFiles(built, { keep })),
      );
    }
    for (const { path } of built.entries) {
      expect(Buffer.from((await stored.leavesOf(path))!).equals((await built.leavesOf(path))!)).toBe(true);
    }
    return written;
  } finally {
    await file.close();
  }
}

describe("buildStoredManifest()", () => {
  it("gives every byte of buildManifest(), whatever goes to disk", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 32, 1000, 5000, 10 ** 9),
        fc.constantFrom(
          undefined,
          { column: "split" },
          { paths: { even: "*0.csv", rest: "*1.csv", none: "nowhere/**" } },
        ),
        fc.nat(2 ** 31),
        async (sizes, maxLeafBytes, splits, seed) => {
          const files = sizes.map(([n, different], i) => [`${i >> 1}/${i % 2}.csv`, records(n, different, seed + i)]);
          const scanned = await scannedText(Object.fromEntries(files));
          const written = await expectSame(scanned, splits === undefined ? {} : { splits }, maxLeafBytes, [
            "tiles",
            "blocks",
          ]);
          const leaves = scanned.records * (splits === undefined ? 1 : 2);
          if (maxLeafBytes === 0 && splits === undefined) expect(written).toBe(36 * leaves);
          if (maxLeafBytes === 10 ** 9) expect(written).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("does so for blocks and tiles of all levels, on 1, 2 and 7 workers", async () => {
    const text = records(140_000, 100_000, 5);
    const scanned = await scannedText({
      "a.csv": text,
      "b.csv": records(70, 9, 6),
      "c.csv": text,
      "none.csv": "id,split\n",
    });
    for (const workers of [1, 2, 7]) {
      const executor = workerExecutor({ workers });
      try {
        expect(await expectSame(scanned, { executor }, 10 ** 6, workers === 1 ? KEEPS : ["tiles"])).toBeGreaterThan(
          10 ** 6,
        );
      } finally {
        await executor.close();
      }
    }
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);

  it("makes keyed manifests", async () => {
    for (const layout of ["csv", "csv-two-files", "jsonl"]) {
      const files = layoutFiles(layout);
      await expectSame(
        await scanSource(await sourceOf(files)),
        { leafKey: new Uint8Array(32).fill(7), version: "1.2.3" },
        32,
      );
    }
  });

  it("keeps what proofs need", async () => {
    const space = openLeafSpace(folder);
    const scanned = await scannedText({ "a.csv": records(3000, 10 ** 6, 1) });
    const stored = await buildStoredManifest(scanned, { space, maxLeafBytes: 1000 });
    const kept = memoryFolder();
    await writeFiles(kept, storedManifestFiles(stored));
    const opened = await openManifest(kept, { assayDataset: stored.datasetHead });
    const proof = await proveRecord(opened, "a.csv", 2999);
    expect(verifyRecordProof(proof, opened.header).ordinal).toBe(2999);
    expect((await proveLeaves(opened, new Uint8Array(32))).count).toBe(0);
    expect((await proveLeaves(opened, await stored.readLeaves(0, 5, 6))).count).toBe(1);
    await space.close();
  });

  it("stops when it is told to, and passes on what the space says", async () => {
    const scanned = await scannedText({ "a.csv": records(3000, 10 ** 6, 1) });
    const space = openLeafSpace(folder);
    await expect(buildStoredManifest(scanned, { space, signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    await space.close();
    await expect(buildStoredManifest(scanned, { maxLeafBytes: -1 })).rejects.toThrow(RangeError);
    const broken: LeafSpace = {
      ...openLeafSpace(folder),
      append: async () => Promise.reject(new Error("no more")),
    };
    await expect(buildStoredManifest(scanned, { space: broken, maxLeafBytes: 0 })).rejects.toThrow("no more");
  });
});

describe("openLeafSpace()", () => {
  it("gives back what it took, and leaves nothing behind", async () => {
    const space = openLeafSpace(folder);
    expect(await space.append(new Uint8Array([1, 2, 3]))).toBe(0);
    expect(await space.append(new Uint8Array([4, 5]))).toBe(3);
    expect(await space.read(1, 4)).toEqual(new Uint8Array([2, 3, 4, 5]));
    await expect(space.read(4, 2)).rejects.toThrow(RangeError);
    if (process.platform !== "win32") expect(readdirSync(folder)).toEqual([]);
    await space.close();
    await space.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses more than is free, with both numbers and the way out", async () => {
    const space = openLeafSpace(folder);
    await space.reserve(1000);
    const error = await space.reserve(2 ** 62).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "disk-full", details: { needed: 2 ** 62, free: expect.any(Number) } });
    expect(String(error)).toContain("--temp");
    const scanned = await scannedText({ "a.csv": records(100, 10, 1) });
    const small: LeafSpace = { ...space, reserve: (bytes) => space.reserve(bytes * 2 ** 50) };
    await expect(buildStoredManifest(scanned, { space: small, maxLeafBytes: 0 })).rejects.toMatchObject({
      code: "disk-full",
      details: { needed: 40 * 100 * 2 ** 50 },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses what is no folder", async () => {
    const missing = openLeafSpace(join(folder, "missing"));
    expect(await codeOf(() => missing.reserve(1))).toBe("not-found");
    expect(await codeOf(() => missing.append(new Uint8Array(1)))).toBe("not-found");
    await missing.close();
    const path = join(folder, "file");
    writeFileSync(path, "");
    expect(await codeOf(() => openLeafSpace(path).append(new Uint8Array(1)))).toBe("cannot-write");
    rmSync(path);
    expect(existsSync(path)).toBe(false);
  });
});

describe("existingFolderAround()", () => {
  it("is the innermost folder that is there", async () => {
    expect(await existingFolderAround(join(folder, "a/b/c.assay"))).toBe(folder);
    expect(await existingFolderAround(join(folder, "c.assay"))).toBe(folder);
  });
});
