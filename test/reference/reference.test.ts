/** The reference verifier and the packages say the same: about every vector, and about every tree of a small size. */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import * as manifest from "@assay/manifest";
import * as merkle from "@assay/merkle";
import { describe, expect, test } from "vitest";
import { appendVectors } from "./append-vectors.js";
import { pageFiles, topsVectors } from "./page-vectors.js";
import { leavesOf as rangeLeaves, rangeVectors, recordsVectors } from "./range-vectors.js";
import * as reference from "./reference.js";

type Json = reference.Json;

const vectorsOf = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../vectors/assay/${name}.json`, import.meta.url), "utf8"));

/** The code that a function refuses with, or what it returns. */
function said(run: () => unknown): unknown {
  try {
    return run() ?? "holds";
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

const bytes = merkle.fromHex;
const pack = (hashes: readonly string[]) => bytes(hashes.join(""));
const packages = {
  inclusion: (proof: Json, head: reference.Head) => {
    merkle.verifyInclusion(proof, { size: head.size, root: bytes(head.root) });
  },
  ranges: (proof: Json, head: reference.Head) => {
    merkle.verifyRanges(proof, { size: head.size, root: bytes(head.root) });
  },
  consistency: (proof: Json, earlier: reference.Head, later: reference.Head) =>
    merkle.verifyConsistency(
      proof,
      { size: earlier.size, root: bytes(earlier.root) },
      { size: later.size, root: bytes(later.root) },
    ),
  set: (proof: Json, root: string, asked: string[]) => [
    ...merkle.verifySetProof(proof, bytes(root), pack(asked)).counts,
  ],
  update: (proof: Json, first: string, second: string) => {
    merkle.verifySetUpdate(proof, { first: bytes(first), second: bytes(second) });
  },
};

/** Leaves of the vectors: SHA-256(seed ‖ number). */
function leavesOf(seed: string, n: number): string[] {
  return Array.from({ length: n }, (_, i) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(i);
    return createHash("sha256").update(seed).update(number).digest("hex");
  });
}

const rootOf = (leaves: readonly string[]) => merkle.toHex(merkle.treeRoot(pack(leaves)));

describe("the reference verifier", () => {
  test("imports node:crypto only, and has under 300 lines of code", () => {
    const lines = readFileSync(new URL("reference.ts", import.meta.url), "utf8").split("\n");
    expect(lines.filter((line) => /^import\b|\bimport\(|\brequire\(/.test(line))).toEqual([
      'import { createHash, createHmac } from "node:crypto";',
    ]);
    expect(lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line)).length).toBeLessThan(300);
  });
});

describe("vectors, judged by the reference", () => {
  test("records.json: leaves, salts, keyed leaves", () => {
    const { leafKey, leafKeyId, valid } = vectorsOf("records");
    expect(reference.keyIdOf(leafKey)).toBe(leafKeyId);
    for (const { recordBytes, leaf, salt, keyedLeaf } of valid) {
      expect(reference.leafOf(recordBytes)).toBe(leaf);
      expect(reference.saltOf(leafKey, recordBytes)).toBe(salt);
      expect(reference.leafOf(recordBytes, salt)).toBe(keyedLeaf);
    }
  });

  test.each(["csv", "jsonl", "raw"])("%s.json: roots from canonical records", (name) => {
    for (const { records, root } of vectorsOf(name).valid)
      expect(reference.treeRoot(records.map((record: string) => reference.leafOf(record)))).toBe(root);
  });

  test("files-tar.json: roots of the samples, and sets of them", () => {
    for (const { records, root, set } of vectorsOf("files-tar").tars) {
      const leaves: string[] = records.map((record: string) => reference.leafOf(record));
      expect(reference.treeRoot(leaves)).toBe(root);
      const counts = new Map<string, number>();
      for (const leaf of leaves) counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
      expect(reference.setRoot(counts)).toBe(set);
    }
  });

  test("metadata-files.json: sets of the records", () => {
    for (const { records, set } of vectorsOf("metadata-files").valid) {
      const counts = new Map<string, number>();
      for (const record of records) {
        const leaf = reference.leafOf(record);
        counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
      }
      expect(reference.setRoot(counts)).toBe(set);
    }
  });

  test("ordered-tree.json", () => {
    const { seed, roots, inclusion, consistency, invalid } = vectorsOf("ordered-tree");
    const leaves = leavesOf(seed, 100);
    for (const [n, root] of Object.entries(roots)) expect(reference.treeRoot(leaves.slice(0, Number(n)))).toBe(root);
    for (const { size, root, proof } of inclusion)
      expect(said(() => reference.verifyInclusion(proof, { size, root }))).toBe("holds");
    for (const { size1, root1, size2, root2, proof } of consistency) {
      const heads = [
        { size: size1, root: root1 },
        { size: size2, root: root2 },
      ] as const;
      expect(said(() => reference.verifyConsistency(proof, ...heads))).toBe("holds");
    }
    for (const { kind, size, root, size1, root1, size2, root2, proof, error } of invalid) {
      const run = () =>
        kind === "inclusion"
          ? reference.verifyInclusion(proof, { size, root })
          : reference.verifyConsistency(proof, { size: size1, root: root1 }, { size: size2, root: root2 });
      expect(said(run)).toBe(error);
    }
  });

  test("set-tree.json", () => {
    for (const { entries, rule, root } of vectorsOf("set-tree").valid) {
      const keys = rule === undefined ? [] : leavesOf(rule.seed, rule.n);
      const counts = new Map<string, number>(
        entries ?? keys.map((key, i) => [key, 1 + (i % rule.countModulus)] as const),
      );
      if (counts.size <= 1000) expect(reference.setRoot(counts)).toBe(root);
    }
  });

  test("set-pages.json", () => {
    const { seed, n, root, pages, listing, rootPageSha256, odd, index, twoKeys, empty } = vectorsOf("set-pages");
    const counts = new Map(leavesOf(seed, n).map((key, i) => [key, 1 + (i % 3)]));
    const sha = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");
    const files = pageFiles(counts);
    const digests = [...files].map(([path, page]) => [path, sha(Buffer.from(page, "hex"))] as const);
    const lines = digests.map(([path, digest]) => `${path} ${digest}\n`).sort();
    expect(reference.setRoot(counts)).toBe(root);
    expect([files.size, sha(lines.join(""))]).toEqual([pages, listing]);
    expect(new Map(digests).get("set/root.page")).toBe(rootPageSha256);
    expect(files.get(odd.path)).toBe(odd.page);
    expect(files.get(index.path)).toBe(index.page);
    const keys = twoKeys.page.slice(22).match(/.{80}/g) as string[];
    const two = new Map(keys.map((key) => [key.slice(0, 64), Number.parseInt(key.slice(64), 16)]));
    for (const [set, expected] of [
      [two, twoKeys],
      [new Map<string, number>(), empty],
    ]) {
      expect(pageFiles(set).get("set/root.page")).toBe(expected.page);
      expect(reference.setRoot(set)).toBe(expected.root);
    }
  });

  test("set-proofs.json, set-updates.json, proof-bytes.json", () => {
    const proofs = vectorsOf("set-proofs");
    for (const { proof, root, counts } of proofs.valid)
      expect(said(() => reference.verifySetProof(proof, root, proof.keys))).toEqual(counts);
    for (const { proof, root, asked, error } of proofs.invalid)
      expect(said(() => reference.verifySetProof(proof, root, asked))).toBe(error);
    const updates = vectorsOf("set-updates");
    for (const { proof, root1, root2 } of updates.valid)
      expect(said(() => reference.verifySetUpdate(proof, root1, root2))).toBe("holds");
    for (const { proof, root1, root2, expected, error } of updates.invalid)
      expect(said(() => reference.verifySetUpdate(proof, root1, root2, expected))).toBe(error);
    const files = vectorsOf("proof-bytes");
    for (const { hex } of files.valid) expect(said(() => reference.parseProofFile(hex))).toHaveProperty("format");
    for (const { hex, error } of files.invalid) expect(said(() => reference.parseProofFile(hex))).toBe(error);
  });

  test("entries.json and heads.json", () => {
    const { entries, order, root, inclusion, invalidPaths, invalidEntries } = vectorsOf("entries");
    for (const { entry, leaf } of entries) {
      const outcome = said(() => void manifest.checkEntry(entry));
      expect(said(() => void reference.checkEntry(entry))).toBe(outcome);
      expect(reference.entryLeaf(entry)).toBe(leaf);
    }
    const byPath = new Map<string, string>(entries.map(({ entry, leaf }: Json) => [entry.path, leaf]));
    expect(reference.treeRoot(order.map((path: string) => byPath.get(path)))).toBe(root);
    for (const { size, root: head, proof } of inclusion)
      expect(said(() => reference.verifyInclusion(proof, { size, root: head }))).toBe("holds");
    for (const { path, error } of invalidPaths) expect(said(() => reference.checkPath(path))).toBe(error);
    for (const { entry, error } of invalidEntries) expect(said(() => reference.checkEntry(entry))).toBe(error);
    for (const { dataset, datasetHead, set, setHead } of vectorsOf("heads").valid) {
      expect(reference.headDigest("06", dataset)).toBe(datasetHead);
      expect(reference.headDigest("07", set)).toBe(setHead);
    }
  });

  test("record-proofs.json", () => {
    const { valid, invalid } = vectorsOf("record-proofs");
    for (const { proof, head, recordBytes, leafKey } of valid)
      expect(said(() => reference.verifyRecords(proof, head, [recordBytes], leafKey))).toBe("holds");
    for (const { proof, head, recordBytes, leafKey, error, why } of invalid)
      expect(
        said(() => reference.verifyRecords(proof, head, [recordBytes], leafKey)),
        why,
      ).toBe(error);
  });

  test.each([
    ["range-proofs", rangeVectors],
    ["records-proofs", recordsVectors],
    ["append-proofs", appendVectors],
    ["set-tops", topsVectors],
  ] as const)("%s.json is what the reference makes (ASSAY_WRITE_VECTORS=1 writes it)", (name, make) => {
    const made = make();
    if (process.env.ASSAY_WRITE_VECTORS === "1") {
      const url = new URL(`../vectors/assay/${name}.json`, import.meta.url);
      writeFileSync(url, `${JSON.stringify(made, null, 1)}\n`);
    }
    expect(vectorsOf(name)).toEqual(made);
  });

  test("range-proofs.json and records-proofs.json", () => {
    const { valid, invalid } = vectorsOf("range-proofs");
    for (const { proof, size, root } of valid) {
      const [leaves] = [rangeLeaves(size)];
      const asked = proof.ranges.flatMap(([begin, end]: [number, number]) => leaves.slice(begin, end));
      expect(said(() => reference.verifyRanges(proof, { size, root }, asked))).toBe("holds");
      expect(said(() => packages.ranges(proof, { size, root }))).toBe("holds");
      expect(merkle.proveRanges(pack(leaves), proof.ranges)).toEqual(proof);
    }
    for (const { why, proof, size, root, error } of invalid) {
      expect(
        said(() => reference.verifyRanges(proof, { size, root })),
        why,
      ).toBe(error);
      expect(
        said(() => packages.ranges(proof, { size, root })),
        why,
      ).toBe(error);
    }
    const records = vectorsOf("records-proofs");
    for (const { why, proof, head, records: held, leafKey, error = "holds" } of [
      ...records.valid,
      ...records.invalid,
    ]) {
      expect(
        said(() => reference.verifyRecords(proof, head, held, leafKey)),
        why,
      ).toBe(error);
      const header: Json = { leaf: { format: head.leafFormat }, dataset: head };
      if (head.leafKey !== undefined) header.leaf.keyId = head.leafKey;
      const options = { records: held.map(bytes), ...(leafKey !== undefined && { leafKey: bytes(leafKey) }) };
      const run = () => void manifest.verifyRecordsProof(proof, header, options);
      expect(said(run), why).toBe(error);
    }
  });

  test("append-proofs.json", () => {
    const { valid, invalid } = vectorsOf("append-proofs");
    const headerOf = ({ leafFormat, leafKey, files, root }: Json): Json => ({
      leaf: { format: leafFormat, ...(leafKey === undefined ? {} : { keyId: leafKey }) },
      dataset: { files, root },
    });
    for (const { why, proof, first, second, isWhole, error } of [...valid, ...invalid]) {
      const outcome = error ?? isWhole;
      expect(
        said(() => reference.verifyAppend(proof, first, second)),
        why,
      ).toBe(outcome);
      expect(
        said(() => manifest.verifyAppend(proof, headerOf(first), headerOf(second)).isWhole),
        why,
      ).toBe(outcome);
    }
  });

  test("lineage.json: the quarantine", () => {
    const { root, quarantine } = vectorsOf("lineage");
    const { update, child } = quarantine;
    expect(said(() => reference.verifySetUpdate(update, root, child.root, update.changes))).toBe("holds");
  });
});

describe("packages and reference agree on every tree of a small size", () => {
  const leaves = leavesOf("small", 20);
  const heads = leaves.map((_, i) => ({ size: i + 1, root: reference.treeRoot(leaves.slice(0, i + 1)) }));

  test("roots", () => {
    for (let n = 0; n <= 20; n++) expect(rootOf(leaves.slice(0, n))).toBe(reference.treeRoot(leaves.slice(0, n)));
  });

  test("inclusion, against its own head and the next one", () => {
    for (const [n, head] of heads.entries()) {
      for (let index = 0; index <= n; index++) {
        const proof = merkle.proveInclusion(pack(leaves.slice(0, n + 1)), index);
        for (const against of [head, { ...head, root: heads[(n + 1) % 20]!.root }]) {
          const expected = against === head ? "holds" : "root-mismatch";
          expect(said(() => reference.verifyInclusion(proof, against))).toBe(expected);
          expect(said(() => packages.inclusion(proof, against))).toBe(expected);
        }
      }
    }
  });

  test("consistency, for every pair of sizes", () => {
    for (const later of heads) {
      for (const earlier of heads.slice(0, later.size)) {
        const proof = merkle.proveConsistency(pack(leaves.slice(0, later.size)), earlier.size);
        expect(said(() => reference.verifyConsistency(proof, earlier, later))).toBe("holds");
        const cut = { ...proof, path: proof.path.slice(1) };
        const outcome = said(() => reference.verifyConsistency(cut, earlier, later));
        if (proof.path.length > 0) expect(outcome).not.toBe("holds");
        expect(said(() => packages.consistency(cut, earlier, later))).toBe(outcome);
      }
    }
  });

  test("ranges, for every choice of leaves up to 8", () => {
    for (const head of heads.slice(0, 8)) {
      for (let bits = 1; bits < 2 ** head.size; bits++) {
        const ranges = merkle.rangesOf([...leaves.keys()].filter((i) => i < head.size && ((bits >> i) & 1) === 1));
        const proof = merkle.proveRanges(pack(leaves.slice(0, head.size)), ranges);
        expect(said(() => reference.verifyRanges(proof, head))).toBe("holds");
        const [path, shown]: [string[], string[]] = [[], []];
        const show = (list: string[], hash: string) => {
          list.push(hash);
          return hash;
        };
        reference.walkRanges(
          ranges,
          head.size,
          (begin: number, end: number) => show(path, reference.treeRoot(leaves.slice(begin, end))),
          (i: number) => show(shown, leaves[i]!),
        );
        expect(proof).toEqual({ ...proof, path, leaves: shown, ranges, size: head.size });
      }
    }
  });

  test("sets: roots, proofs of every key and of absent ones, updates between neighbours", () => {
    const keys = [...leavesOf("set", 12), `${"a5".repeat(31)}00`, `${"a5".repeat(31)}01`, `${"a5".repeat(30)}0000`];
    let before: Map<string, number> | undefined;
    for (let n = 0; n <= keys.length; n++) {
      const counts = new Map(keys.slice(0, n).map((key, i) => [key, 1 + (i % 3)]));
      const set = merkle.buildSet(pack([...counts].flatMap(([key, count]) => Array(count).fill(key))));
      const root = reference.setRoot(counts);
      expect(merkle.toHex(set.root)).toBe(root);
      for (let k = 1; k <= 3; k++) {
        for (let at = 0; at + k <= keys.length; at++) {
          const asked = keys.slice(at, at + k).sort();
          const proof = merkle.proveSet(set, pack(asked));
          const expected = asked.map((key) => counts.get(key) ?? 0);
          expect(said(() => reference.verifySetProof(proof, root, asked))).toEqual(expected);
          expect(said(() => packages.set(proof, root, asked))).toEqual(expected);
        }
      }
      if (before !== undefined) {
        for (const [from, to] of [
          [before, counts],
          [counts, before],
        ] as const) {
          const one = merkle.buildSet(pack([...from].flatMap(([key, count]) => Array(count).fill(key))));
          const other = merkle.buildSet(pack([...to].flatMap(([key, count]) => Array(count).fill(key))));
          const update = merkle.proveSetUpdate(one, merkle.compareSets(one, other));
          const roots = [reference.setRoot(from), reference.setRoot(to)] as const;
          expect(said(() => reference.verifySetUpdate(update, ...roots))).toBe("holds");
          expect(said(() => packages.update(update, roots[1], roots[0]))).not.toBe("holds");
          expect(said(() => reference.verifySetUpdate(update, roots[1], roots[0]))).toBe(
            said(() => packages.update(update, roots[1], roots[0])),
          );
        }
      }
      before = counts;
    }
  });
});
