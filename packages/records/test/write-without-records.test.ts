/** The child data of a source on disk: all files, or no folder. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOfBytes } from "../src/memory-source.js";
import { openSource } from "../src/open-source.js";
import { scanSource } from "../src/scan-source.js";
import type { Progress, ScannedSource, Source } from "../src/source.js";
import { writeError, writeWithoutRecords } from "../src/write-without-records.js";
import { fixtureBytes } from "./fixture-records.js";
import { codeOf, leavesOf, utf8 } from "./scan-and-hash.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-write-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILES: Readonly<Record<string, Uint8Array>> = {
  "a.csv": utf8("x,y\n1,a\n2,b\n3,c\n"),
  "deep/er/b.jsonl": utf8('{"x":1}\n\n{"x":2}\n'),
  "deep/flat.parquet": fixtureBytes("flat/pyarrow-gzip-groups.parquet"),
  "deep/notes.md.bin": Uint8Array.of(0, 1, 2, 255),
  "pictures/1.png": Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 1),
  "pictures/2.png": Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 2),
};

async function parentOnDisk(): Promise<ScannedSource> {
  const root = join(folder, "data");
  for (const [path, bytes] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  return scanSource(await sourceOnDisk(root));
}

/** Pictures are records here, which no name says. */
async function sourceOnDisk(root: string): Promise<Source> {
  const source = await openSource([root]);
  return {
    ...source,
    files: source.files.map((file) => (file.path.endsWith(".png") ? { ...file, format: "files" } : file)),
  };
}

const indexOf = (parent: ScannedSource, path: string): number =>
  parent.files.findIndex(({ file }) => file.path === path);
const listed = (root: string): string[] =>
  (readdirSync(root, { recursive: true }) as string[]).filter((path) => statSync(join(root, path)).isFile()).sort();

describe("writeWithoutRecords()", () => {
  it("writes what stays, copies what loses nothing, leaves out files that are removed records", async () => {
    const parent = await parentOnDisk();
    const removed = new Map([
      [indexOf(parent, "a.csv"), [1]],
      [indexOf(parent, "deep/flat.parquet"), [0, 20, 59]],
      [indexOf(parent, "pictures/1.png"), [0]],
    ]);
    const told: Progress[] = [];
    const target = join(folder, "on", "the way", "clean");
    await writeWithoutRecords(parent, removed, target, { onProgress: (progress) => told.push(progress) });
    expect(listed(target)).toEqual(Object.keys(FILES).filter((path) => path !== "pictures/1.png"));
    for (const path of ["deep/er/b.jsonl", "deep/notes.md.bin", "pictures/2.png"]) {
      expect(new Uint8Array(readFileSync(join(target, path))), path).toEqual(FILES[path]);
    }
    expect(readFileSync(join(target, "a.csv"), "utf8")).toBe("x,y\n1,a\n3,c\n");
    const child = await scanSource(await sourceOnDisk(target), { reading: parent.reading });
    const before = await leavesOf(parent);
    const expected = before.flatMap((leaves, file) => leaves.filter((_, i) => !removed.get(file)?.includes(i)));
    expect((await leavesOf(child)).flat()).toEqual(expected);
    const bytes = Object.values(FILES).reduce((sum, { length }) => sum + length, 0);
    expect(told.at(-1)).toEqual({ stage: "write", done: bytes, total: bytes, what: "pictures/2.png" });
    expect(readdirSync(dirname(target))).toEqual(["clean"]);
    expect(statSync(target).mode & 0o777).toBe(statSync(join(folder, "data")).mode & 0o777);
  });

  it("refuses a folder that exists, even an empty one, and leaves it as it is (exists)", async () => {
    const parent = await parentOnDisk();
    mkdirSync(join(folder, "clean"));
    expect(await codeOf(writeWithoutRecords(parent, new Map(), join(folder, "clean")))).toBe("exists");
    expect(await codeOf(writeWithoutRecords(parent, new Map(), join(folder, "data", "a.csv")))).toBe("exists");
    expect(await codeOf(writeWithoutRecords(parent, new Map(), join(folder, "data", "a.csv", "b")))).toBe(
      "cannot-write",
    );
    expect(readdirSync(folder).sort()).toEqual(["clean", "data"]);
  });

  it("leaves nothing behind when a file changed since the scan (source-changed)", async () => {
    for (const path of ["a.csv", "deep/er/b.jsonl"]) {
      const parent = await parentOnDisk();
      const bytes = FILES[path] as Uint8Array;
      writeFileSync(join(folder, "data", path), bytes.with(bytes.length - 2, 0x39));
      const removed = new Map([[indexOf(parent, "a.csv"), [0]]]);
      expect(await codeOf(writeWithoutRecords(parent, removed, join(folder, "clean"))), path).toBe("source-changed");
      expect(readdirSync(folder)).toEqual(["data"]);
    }
  });

  it("leaves nothing behind when bytes in memory are not those of the scan (source-changed)", async () => {
    const source = await sourceOfBytes("data", [{ path: "a.csv", bytes: utf8("x\n1\n2\n") }]);
    const scanned = await scanSource(source);
    const files = scanned.files.map(({ file, index }) => ({
      file: { ...file, content: new Blob(["x\n1\n3\n"]) },
      index,
    }));
    for (const ordinals of [[], [0]]) {
      const writing = writeWithoutRecords({ ...scanned, files }, new Map([[0, ordinals]]), join(folder, "clean"));
      expect(await codeOf(writing)).toBe("source-changed");
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing behind after an abort", async () => {
    const parent = await parentOnDisk();
    const controller = new AbortController();
    const onProgress = ({ what }: Progress): void => {
      if (what === "deep/flat.parquet") controller.abort(new Error("enough"));
    };
    const options = { signal: controller.signal, onProgress };
    await expect(writeWithoutRecords(parent, new Map(), join(folder, "clean"), options)).rejects.toThrow("enough");
    expect(readdirSync(folder)).toEqual(["data"]);
  });

  it("refuses paths that lead out or cannot be written, before anything is written", async () => {
    const parent = await scanSource(await sourceOfBytes("data", [{ path: "a.csv", bytes: utf8("x\n1\n") }]));
    const [entry] = parent.files as [ScannedSource["files"][number]];
    const withPaths = (...paths: string[]): ScannedSource => ({
      ...parent,
      files: paths.map((path) => ({ ...entry, file: { ...entry.file, path } })),
    });
    const target = join(folder, "clean");
    for (const path of ["../a.csv", "/a.csv", "a/../../b.csv", "", "a//b", "C:/x.csv", "a\\b.csv", "a\0.csv"]) {
      expect(await codeOf(writeWithoutRecords(withPaths(path), new Map(), target)), path).toBe("bad-path");
    }
    for (const path of ["con", "a/nul.csv", "a.", "b /c.csv", "what?.csv", "xx:y"]) {
      expect(await codeOf(writeWithoutRecords(withPaths(path), new Map(), target)), path).toBe("unwritable-path");
    }
    for (const paths of [[`${"n".repeat(300)}.csv`], ["a", "a/b"], ["a/b", "a"]]) {
      expect(await codeOf(writeWithoutRecords(withPaths(...paths), new Map(), target))).toBe("unwritable-path");
    }
    expect(await codeOf(writeWithoutRecords(withPaths("a", "a"), new Map(), target))).toBe("duplicate-path");
    await expect(writeWithoutRecords(parent, new Map([[0, [1]]]), target)).rejects.toThrow(RangeError);
    await expect(writeWithoutRecords(parent, new Map([[1, []]]), target)).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("writeError()", () => {
  it("says what to do next", () => {
    const system = (code: string) => Object.assign(new Error(code), { code, syscall: "write" });
    const codes = ["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EIO"].map(
      (code) => (writeError(system(code), "clean") as { code: string }).code,
    );
    expect(codes).toEqual([
      "disk-full",
      "disk-full",
      "permission-denied",
      "permission-denied",
      "permission-denied",
      "cannot-write",
    ]);
    const reason = new Error("stop");
    expect(writeError(reason, "clean")).toBe(reason);
  });
});
