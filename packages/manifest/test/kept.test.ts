import { equalBytes, sha256, toHex, treeRoot } from "@assay/merkle";
import { BLOCK_RECORDS } from "@assay/records";
import { beforeAll, describe, expect, it } from "vitest";
import type { BuiltManifest } from "../src/build.js";
import { type FolderReader, memoryFolder, writeFiles } from "../src/folder.js";
import {
  blockRoots,
  blockTilePaths,
  defaultKeep,
  type Keep,
  keptTiles,
  readKeptBlocks,
  readKeptLeaves,
} from "../src/kept.js";
import { isManifestPath, manifestFiles, openManifest, verifyKept, withKeptSets } from "../src/manifest-folder.js";
import { buildText } from "./sources.js";
import { codeOf } from "./vectors.js";

/** Leaves that no record has: enough of them to fill blocks. */
function manyLeaves(count: number): Uint8Array {
  const leaves = new Uint8Array(32 * count);
  const view = new DataView(leaves.buffer);
  for (let i = 0; i < count; i++) view.setUint32(32 * i, i + 1);
  return leaves;
}

async function folderOf(
  files: Iterable<{ path: string; bytes: Uint8Array | AsyncIterable<Uint8Array> }>,
): Promise<{ folder: FolderReader; files: Map<string, Uint8Array> }> {
  const map = new Map<string, Uint8Array>();
  const folder = memoryFolder(map);
  await writeFiles(folder, files);
  return { folder, files: map };
}

describe("keptTiles(), readKeptLeaves() and readKeptBlocks()", () => {
  it.each([1, 255, 256, 257, 1000, BLOCK_RECORDS, BLOCK_RECORDS + 300])("read %i leaves back", async (count) => {
    const leaves = manyLeaves(count);
    const root = toHex(treeRoot(leaves));
    const entry = { path: "a.csv", records: count, root };
    for (const keep of ["tiles", "leaves", "blocks"] as const) {
      const { folder, files } = await folderOf(keptTiles(root, leaves, keep));
      const kept = await readKeptLeaves(folder, entry);
      // Below one tile, the tile at the right edge is all leaves.
      if (keep === "blocks" && count >= 256) expect(kept).toBeUndefined();
      else expect(equalBytes(kept!, leaves)).toBe(true);
      expect(toHex((await readKeptBlocks(folder, entry))!)).toBe(toHex(blockRoots(leaves)));
      if (keep === "blocks")
        expect([...files.keys()].sort()).toEqual(
          [...blockTilePaths(count)].map((path) => `tiles/${root}/${path}`).sort(),
        );
    }
  });

  it("know nothing where nothing was kept", async () => {
    const entry = { path: "a.csv", records: 5, root: "00".repeat(32) };
    expect(await readKeptLeaves(memoryFolder(), entry)).toBeUndefined();
    expect(await readKeptBlocks(memoryFolder(), entry)).toBeUndefined();
    expect(await readKeptLeaves(memoryFolder(), { ...entry, records: 0 })).toEqual(new Uint8Array(0));
  });

  it("refuse to allocate for entries that only claim records", async () => {
    const entry = { path: "a.csv", records: Number.MAX_SAFE_INTEGER, root: "00".repeat(32) };
    expect(await codeOf(() => readKeptLeaves(memoryFolder(), entry))).toBe("limit-exceeded");
    expect(await readKeptLeaves(memoryFolder(), { ...entry, records: 2 ** 27 })).toBeUndefined();
  });

  it("keep more for larger data sets only when asked", () => {
    expect(defaultKeep(10_000_000)).toBe("tiles");
    expect(defaultKeep(10_000_001)).toBe("blocks");
  });
});

describe("manifestFiles(), openManifest() and verifyKept()", () => {
  let built: BuiltManifest;
  beforeAll(async () => {
    const rows = (begin: number, end: number) =>
      Array.from({ length: end - begin }, (_, i) => `${begin + i},x\n`).join("");
    const files = {
      "train/a.csv": `n,t\n${rows(0, 300)}`,
      "test/b.csv": `n,t\n${rows(290, 310)}`,
      "test/c.csv": `n,t\n${rows(290, 310)}`,
    };
    ({ built } = await buildText(files, { splits: { paths: { train: "train/**", test: "test/**" } } }));
  });

  it.each([
    ["tiles", { leaves: 2, blocks: 0, set: "same", splits: "same" }],
    ["leaves", { leaves: 2, blocks: 0, set: "same", splits: "same" }],
    ["blocks", { leaves: 1, blocks: 1, set: "same", splits: "not-kept" }],
    ["none", { leaves: 0, blocks: 0, set: "not-kept", splits: "not-kept" }],
  ] as [Keep, object][])("hold with --keep %s", async (keep, verdict) => {
    const { folder, files } = await folderOf(manifestFiles(built, { keep }));
    expect([...files.keys()].every(isManifestPath)).toBe(true);
    expect([...files.keys()].at(-1)).toBe("manifest.json");
    expect([...files.keys()].some((path) => path.startsWith("set/"))).toBe(keep === "tiles" || keep === "blocks");
    const opened = await openManifest(folder, {
      manifest: built.manifest,
      assayDataset: built.datasetHead,
      assaySet: built.setHead,
    });
    expect(await verifyKept(opened)).toEqual(verdict);
    const full = await withKeptSets(opened);
    expect(full.set?.root).toEqual(keep === "none" ? undefined : built.set.root);
    expect(full.splits === undefined).toBe(keep === "blocks" || keep === "none");
  });

  it("refuse every byte that is flipped, of every file", async () => {
    const rows = Array.from({ length: 260 }, (_, i) => `${i}\n`).join("");
    const { built: small } = await buildText({ "a.csv": `n\n${rows}` });
    for (const keep of ["tiles", "blocks"] as const) {
      const { folder, files } = await folderOf(manifestFiles(small, { keep }));
      for (const [path, bytes] of files) {
        // Every byte of short files; of longer ones, tiles and pages every byte in the first and last 64 and each 97th between.
        for (let i = 0; i < bytes.length; i++) {
          if (i > 64 && i < bytes.length - 64 && i % 97 !== 0) continue;
          const damaged = bytes.slice();
          damaged[i]! ^= 1 << (i % 8);
          files.set(path, damaged);
          const error = await openManifest(folder, { manifest: small.manifest })
            .then((opened) => verifyKept(opened))
            .then(
              () => undefined,
              (caught) => caught,
            );
          expect(error?.name, `${keep} ${path} byte ${i}`).toBe("VerificationError");
        }
        files.set(path, bytes);
      }
      await verifyKept(await openManifest(folder));
    }
  });

  it("refuse files that are missing, cut off or too many", async () => {
    const { files, folder } = await folderOf(manifestFiles(built, { keep: "tiles" }));
    const verify = async () => verifyKept(await openManifest(folder));
    for (const [path, bytes] of [...files]) {
      if (path === "manifest.json") continue;
      files.set(path, bytes.subarray(0, bytes.length - 1));
      expect((await verify().catch((caught) => caught)).name, path).toBe("VerificationError");
      files.delete(path);
      // What is left may be what another `keep` would have kept. The right edge is part of all of them.
      const code = await codeOf(verify);
      if (path === "files.jsonl" || path.endsWith("/tile/0/001.p/44")) expect(code, path).toBe("file-missing");
      files.set(path, bytes);
    }
    for (const path of [
      "set/f/f.page",
      "set/x",
      `tiles/${"00".repeat(32)}/tile/0/000`,
      `tiles/${built.entries[0]!.root}/tile/3/000`,
    ]) {
      files.set(path, new Uint8Array(1));
      expect(await codeOf(verify), path).toBe("file-unexpected");
      files.delete(path);
    }
    files.delete("manifest.json");
    expect(await codeOf(verify)).toBe("not-found");
  });

  it("refuse tops that do not follow from their pages, and mind none", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i}\n`).join("");
    const { built: large } = await buildText({ "a.csv": `n\n${rows}` });
    const { folder, files } = await folderOf(manifestFiles(large, { keep: "blocks" }));
    const verify = async () => verifyKept(await openManifest(folder));
    expect(await verify()).toMatchObject({ set: "same" });
    const tops = files.get("set-tops/root.tops") as Uint8Array;
    files.set("set-tops/root.tops", tops.with(tops.length - 1, 255 - (tops.at(-1) as number)));
    expect(await codeOf(verify)).toBe("root-mismatch");
    files.set("set-tops/root.tops", new Uint8Array(200_000));
    expect((await verify().catch((caught) => caught)).name).toBe("VerificationError");
    files.delete("set-tops/root.tops");
    expect(await verify()).toMatchObject({ set: "same" });
    files.set("set-tops/0.tops", tops);
    expect(await codeOf(verify)).toBe("file-unexpected");
  });

  it("refuse a manifest that is not the stated one", async () => {
    const { folder } = await folderOf(manifestFiles(built, { keep: "none" }));
    const other = toHex(sha256(new Uint8Array(0)));
    for (const subjects of [{ manifest: other }, { assayDataset: other }, { assaySet: other }]) {
      expect(await codeOf(() => openManifest(folder, subjects))).toBe("head-mismatch");
    }
  });
});
