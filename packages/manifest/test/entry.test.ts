import { createHash } from "node:crypto";
import { canonicalJson, fromHex, toHex } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkEntry,
  checkEntryOrder,
  datasetRoot,
  EMPTY_ROOT,
  entryBytes,
  entryLeaf,
  entryLeaves,
  type FileEntry,
  formatEntries,
  parseEntries,
} from "../src/entry.js";
import { compareText } from "../src/path.js";
import { cborMap } from "./reference-cbor.js";
import { type Case, codeOf, readVectors } from "./vectors.js";

const vectors = readVectors("entries.json");
const utf8 = (text: string) => new TextEncoder().encode(text);
const sorted = (entries: FileEntry[]) => [...entries].sort((a, b) => compareText(a.path, b.path));

function referenceEntryBytes(entry: FileEntry): Buffer {
  const digests = new Set(["bytes", "root", "schema"]);
  return cborMap(
    Object.entries(entry).map(([name, value]) => [
      name,
      digests.has(name) ? Buffer.from(value as string, "hex") : value,
    ]),
  );
}

function referenceTree(leaves: Buffer[]): Buffer {
  const hash = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return hash(Buffer.from([1]), referenceTree(leaves.slice(0, k)), referenceTree(leaves.slice(k)));
}

describe("entryBytes() and entryLeaf()", () => {
  it.each(vectors.entries as Case[])(
    "make the bytes and the leaf of the vector $entry.path",
    ({ entry, entryBytes: bytes, leaf }) => {
      expect(toHex(entryBytes(entry))).toBe(bytes);
      expect(toHex(entryLeaf(entry))).toBe(leaf);
    },
  );

  it("agree with a literal transcription", () => {
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
    const entry = fc.record({
      path: fc.constantFrom("a", "é/b.csv", "x".repeat(300)),
      size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      bytes: digest,
      records: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      root: digest,
      schema: digest,
    });
    fc.assert(
      fc.property(entry, (fields) => {
        const full: FileEntry = { ...fields, format: "csv", leafFormat: "assay-record/v1" };
        expect(toHex(entryBytes(full))).toBe(referenceEntryBytes(full).toString("hex"));
      }),
      { numRuns: 50 },
    );
  });
});

describe("entryLeaves() and formatEntries()", () => {
  it("give each entry what it has alone, whatever fields those beside it have", () => {
    const base = { format: "csv", leafFormat: "assay-record/v1", size: 7, records: 1 } as const;
    const digest = (i: number) => i.toString(16).padStart(64, "0");
    const entries = Array.from({ length: 9000 }, (_, i): FileEntry => {
      const named = { ...base, path: `${String(i).padStart(5, "0")}${i % 7 === 0 ? '"é' : ""}`, root: digest(i + 1) };
      if (i % 3 === 0) return { ...named, bytes: digest(i), schema: digest(5) };
      if (i % 3 === 1) return { ...named, bytes: digest(i), leafKey: "0123456789abcdef", schema: digest(6) };
      return { ...named, format: "other", records: 0, root: EMPTY_ROOT, bytes: digest(i) };
    });
    const leaves = entryLeaves(entries);
    for (const i of [0, 1, 2, 4095, 4096, 4097, 8999])
      expect(toHex(leaves.subarray(32 * i, 32 * i + 32))).toBe(toHex(entryLeaf(entries[i]!)));
    const text = entries.map((entry) => `${canonicalJson(entry)}\n`).join("");
    expect(new TextDecoder().decode(formatEntries(entries))).toBe(text);
    expect(formatEntries([])).toHaveLength(0);
  });
});

describe("datasetRoot()", () => {
  const entries = sorted(vectors.entries.map((vector: { entry: FileEntry }) => vector.entry));

  it("is that of the vector, in the order of UTF-8 bytes", () => {
    expect(entries.map(({ path }) => path)).toEqual(vectors.order);
    expect(datasetRoot(entries)).toBe(vectors.root);
    expect(datasetRoot([])).toBe(vectors.emptyRoot);
    expect(vectors.emptyRoot).toBe(EMPTY_ROOT);
    expect(datasetRoot([vectors.entries[0].entry])).toBe(vectors.oneRoot);
  });

  it("agrees with the recursive definition for every number of entries", () => {
    for (let n = 0; n <= entries.length; n++) {
      const leaves = entries.slice(0, n).map((entry) =>
        createHash("sha256")
          .update(Buffer.concat([Buffer.from([4]), referenceEntryBytes(entry)]))
          .digest(),
      );
      expect(datasetRoot(entries.slice(0, n))).toBe(referenceTree(leaves).toString("hex"));
    }
  });

  it("refuses the same path twice, and paths out of order", async () => {
    const twice = vectors.duplicate.paths.map((path: string) => ({ ...vectors.entries[0].entry, path }));
    expect(await codeOf(() => checkEntryOrder(twice))).toBe(vectors.duplicate.error);
    expect(await codeOf(() => datasetRoot([...entries].reverse()))).toBe("path-order");
  });
});

describe("checkEntry()", () => {
  it.each(vectors.invalidEntries as Case[])("refuses $entry as $error", async ({ entry, error }) => {
    expect(await codeOf(() => checkEntry(entry))).toBe(error);
  });

  it.each(vectors.invalidPaths as Case[])("refuses the path $path", async ({ path, error }) => {
    expect(await codeOf(() => checkEntry({ ...vectors.entries[0].entry, path }))).toBe(error);
  });

  it("reports faults in the order of the specification", async () => {
    const good = vectors.entries[1].entry;
    const faults: [object, string][] = [
      [{ schema: undefined }, "malformed-entry"],
      [{ format: "parquet", leafFormat: "raw/v1", schema: undefined }, "unsupported-leaf-format"],
      [{ leafFormat: "raw/v2" }, "unknown-format"],
      [{ path: "../a" }, "bad-path"],
      [{ size: -1 }, "malformed-entry"],
    ];
    let entry = { ...good };
    for (const [fault, code] of faults) {
      entry = { ...entry, ...fault };
      for (const name of Object.keys(entry)) if (entry[name] === undefined) delete entry[name];
      expect(await codeOf(() => checkEntry(entry))).toBe(code);
    }
  });

  it("takes a member __proto__ for an unknown field", async () => {
    const entry = JSON.parse(`{"__proto__":1,${JSON.stringify(vectors.entries[0].entry).slice(1)}`);
    expect(await codeOf(() => checkEntry(entry))).toBe("malformed-entry");
  });
});

describe("parseEntries()", () => {
  // The first vector is there for its bytes only: 0 records, and a root that is not the empty one.
  const entries = sorted(vectors.entries.slice(1).map((vector: { entry: FileEntry }) => vector.entry));

  it("is the inverse of formatEntries()", () => {
    const bytes = formatEntries(entries);
    expect(formatEntries(parseEntries(bytes))).toEqual(bytes);
    expect(parseEntries(new Uint8Array(0))).toEqual([]);
  });

  it("reads and writes the files.jsonl of the data set vectors", () => {
    for (const layout of Object.values<{ filesJsonl: string; entries: FileEntry[]; dataset: string }>(
      readVectors("dataset/expected.json").layouts,
    )) {
      const parsed = parseEntries(utf8(layout.filesJsonl));
      expect(parsed.map((entry) => ({ ...entry }))).toEqual(layout.entries);
      expect(new TextDecoder().decode(formatEntries(parsed))).toBe(layout.filesJsonl);
      expect(datasetRoot(parsed)).toBe(layout.dataset);
    }
  });

  it("refuses everything but the one spelling", async () => {
    const text = new TextDecoder().decode(formatEntries(entries));
    const lines = text.split("\n").slice(0, -1);
    const spellings = [
      text.slice(0, -1),
      `${text}\n`,
      `\ufeff${text}`,
      text.replace('"size":', '"size": '),
      text.replaceAll("\n", "\r\n"),
      text.replace('"records":2,', '"records":2.0,'),
      text.replace('"path":', '"path":"x","path":'),
    ];
    for (const spelling of spellings) expect(await codeOf(() => parseEntries(utf8(spelling)))).toBe("malformed-entry");
    expect(await codeOf(() => parseEntries(utf8(`${lines[1]}\n${lines[0]}\n`)))).toBe("path-order");
    expect(await codeOf(() => parseEntries(utf8(`${lines[0]}\n${lines[0]}\n`)))).toBe("duplicate-path");
    expect(await codeOf(() => parseEntries(fromHex("ff0a")))).toBe("malformed-entry");
  });
});
