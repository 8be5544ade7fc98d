/**
 * Makes `range-proofs.json` and `records-proofs.json` from the reference verifier alone. The invalid ones are true proofs
 * with one part altered, each with the code that the specification names.
 */

import { createHash } from "node:crypto";
import * as reference from "./reference.js";

type Json = reference.Json;
export type Ranges = readonly (readonly [number, number])[];

const seed = "assay";
const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const leafNumber = (i: number) => sha(`${seed} ${i}`);
export const leavesOf = (n: number) => Array.from({ length: n }, (_, i) => leafNumber(i));

export function rangeProof(leaves: readonly string[], ranges: Ranges, tree: string): Json {
  const proof: Json = { format: "assay-range-proof/v1", leaves: [], path: [], ranges, size: leaves.length, tree };
  const show = (list: string[], hash: string) => {
    list.push(hash);
    return hash;
  };
  const hashOf = (begin: number, end: number) => show(proof.path, reference.treeRoot(leaves.slice(begin, end)));
  reference.walkRanges(ranges, leaves.length, hashOf, (i: number) => show(proof.leaves, leaves[i] as string));
  return proof;
}

export function rangeVectors(): Json {
  const choices: readonly (readonly [number, Ranges])[] = [
    [1, [[0, 1]]],
    [2, [[0, 1]]],
    [2, [[0, 2]]],
    [3, [[1, 3]]],
    [7, [[2, 5]]],
    [
      7,
      [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
      ],
    ],
    [8, [[0, 4]]],
    [9, [[8, 9]]],
    [100, [[0, 100]]],
    [100, [[30, 70]]],
    [
      100,
      [
        [3, 4],
        [33, 36],
        [99, 100],
      ],
    ],
  ];
  const valid = choices.map(([size, ranges]) => ({
    size,
    root: reference.treeRoot(leavesOf(size)),
    proof: rangeProof(leavesOf(size), ranges, "records"),
  }));
  const { proof, size, root } = valid.at(-1) as Json;
  const altered = (why: string, error: string, change: Json, head = {}) => ({
    why,
    size,
    root,
    ...head,
    proof: { ...proof, ...change },
    error,
  });
  const swap = ([a, b, ...rest]: string[]) => [b, a, ...rest];
  const invalid = [
    altered("another format", "unknown-format", { format: "assay-range-proof/v2" }),
    altered("an unknown field", "malformed-proof", { root }),
    altered("another tree", "malformed-proof", { tree: "set" }),
    altered("no ranges", "malformed-proof", { ranges: [], leaves: [] }),
    altered("an empty range", "malformed-proof", {
      ranges: [
        [3, 4],
        [33, 36],
        [99, 99],
      ],
    }),
    altered("ranges that touch", "malformed-proof", {
      ranges: [
        [3, 4],
        [33, 35],
        [35, 36],
        [99, 100],
      ],
    }),
    altered("ranges that overlap", "malformed-proof", {
      ranges: [
        [3, 5],
        [4, 6],
        [99, 100],
      ],
    }),
    altered("ranges that descend", "malformed-proof", {
      ranges: [
        [33, 36],
        [3, 4],
        [99, 100],
      ],
    }),
    altered("a range that is no pair", "malformed-proof", {
      ranges: [
        [3, 4],
        [33, 36],
        [99, 100, 100],
      ],
    }),
    altered("a range from a half", "malformed-proof", {
      ranges: [
        [3, 4],
        [33, 36],
        [98.5, 99.5],
      ],
    }),
    altered("a leaf too few", "malformed-proof", { leaves: proof.leaves.slice(1) }),
    altered("a leaf too many", "malformed-proof", { leaves: [...proof.leaves, leafNumber(0)] }),
    altered("a leaf in capitals", "malformed-proof", {
      leaves: proof.leaves.map((leaf: string) => leaf.toUpperCase()),
    }),
    altered("a size that is not the head's", "size-mismatch", { size: size + 1 }),
    altered("a head of another size", "size-mismatch", {}, { size: size - 1 }),
    altered("a place behind the end", "index-out-of-range", {
      ranges: [
        [3, 4],
        [33, 36],
        [100, 101],
      ],
    }),
    altered("a hash too few", "proof-length", { path: proof.path.slice(1) }),
    altered("a hash too many", "proof-length", { path: [...proof.path, proof.path[0]] }),
    altered("hashes swapped", "root-mismatch", { path: swap(proof.path) }),
    altered("leaves swapped", "root-mismatch", { leaves: swap(proof.leaves) }),
    altered("another leaf", "root-mismatch", { leaves: [leafNumber(4), ...proof.leaves.slice(1)] }),
    altered("other places, as many", "root-mismatch", {
      ranges: [
        [2, 3],
        [33, 36],
        [99, 100],
      ],
    }),
    altered("another root", "root-mismatch", {}, { root: leafNumber(0) }),
  ];
  const about = "leaves[i] = SHA-256(seed as ASCII || one space || i in decimal digits). proof: against size and root.";
  return { about, seed, valid, invalid };
}

const leafKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/** Three files of records {"x": number}, by canonical bytes. */
function files(isKeyed: boolean) {
  const record = (i: number) => `a16178${i < 24 ? i.toString(16).padStart(2, "0") : `18${i.toString(16)}`}`;
  const sizes = { "a.csv": 5, "b/1.csv": 1, "b/2.csv": 12 };
  let next = 0;
  return Object.entries(sizes).map(([path, size]) => {
    const records = Array.from({ length: size }, () => record(next++));
    const salts = records.map((bytes) => reference.saltOf(leafKey, bytes));
    const leaves = records.map((bytes, i) => reference.leafOf(bytes, isKeyed ? salts[i] : ""));
    const key = isKeyed ? { leafKey: reference.keyIdOf(leafKey) } : {};
    const made = { format: "csv", leafFormat: "assay-record/v1", schema: sha("schema"), ...key };
    const entry = { path, size: 9 * size, bytes: sha(path), records: size, root: reference.treeRoot(leaves), ...made };
    return { entry, records, salts, leaves };
  });
}

function recordsProof(isKeyed: boolean, places: readonly (readonly [number, Ranges])[], isShown = false): Json {
  const all = files(isKeyed);
  const entries = all.map(({ entry }) => reference.entryLeaf(entry));
  const inRanges = <T>(list: readonly T[], ranges: Ranges) => ranges.flatMap(([begin, end]) => list.slice(begin, end));
  const fileRanges: [number, number][] = [];
  for (const [file] of places) {
    const last = fileRanges.at(-1);
    if (last !== undefined && last[1] === file) last[1]++;
    else fileRanges.push([file, file + 1]);
  }
  const proof = {
    format: "assay-records-proof/v1",
    dataset: rangeProof(entries, fileRanges, "dataset"),
    files: places.map(([file, ranges]) => {
      const { entry, leaves, salts } = all[file] as (typeof all)[number];
      const shown = isShown ? { salts: inRanges(salts, ranges) } : {};
      return { entry, records: rangeProof(leaves, ranges, "records"), ...shown };
    }),
  };
  const key = isKeyed ? { leafKey: reference.keyIdOf(leafKey) } : {};
  const head = { files: 3, root: reference.treeRoot(entries), leafFormat: "assay-record/v1", ...key };
  return { head, records: places.flatMap(([file, ranges]) => inRanges(all[file]!.records, ranges)), proof };
}

export function recordsVectors(): Json {
  const good = recordsProof(false, [
    [0, [[1, 3]]],
    [
      2,
      [
        [0, 1],
        [7, 12],
      ],
    ],
  ]);
  const keyed = recordsProof(
    true,
    [
      [0, [[0, 1]]],
      [1, [[0, 1]]],
    ],
    true,
  );
  const unshown = recordsProof(true, [[1, [[0, 1]]]]);
  const valid = [
    good,
    recordsProof(false, [[1, [[0, 1]]]]),
    recordsProof(false, [
      [0, [[0, 5]]],
      [1, [[0, 1]]],
      [2, [[0, 12]]],
    ]),
    keyed,
    { ...keyed, leafKey },
    { ...unshown, leafKey },
  ];
  const alter = (of: Json, why: string, error: string, change: (copy: Json) => void) => {
    const copy = structuredClone(of);
    change(copy);
    return { why, ...copy, error };
  };
  const invalid = [
    alter(good, "another format", "unknown-format", ({ proof }) => (proof.format = "assay-records-proof/v2")),
    alter(good, "an unknown field", "malformed-proof", ({ proof }) => (proof.root = sha(""))),
    alter(good, "an unknown field of a file", "malformed-proof", ({ proof }) => (proof.files[0].root = sha(""))),
    alter(good, "a file too few", "malformed-proof", ({ proof }) => proof.files.pop()),
    alter(good, "files that are no list", "malformed-proof", ({ proof }) => (proof.files = {})),
    alter(
      good,
      "a salt without a key",
      "malformed-proof",
      ({ proof }) => (proof.files[0].salts = [sha("a"), sha("b")]),
    ),
    alter(keyed, "a salt too few", "malformed-proof", ({ proof }) => (proof.files[0].salts = [])),
    alter(good, "an entry without its root", "malformed-entry", ({ proof }) => delete proof.files[0].entry.root),
    alter(good, "an entry that leaves the folder", "bad-path", ({ proof }) => (proof.files[0].entry.path = "../a.csv")),
    alter(good, "trees exchanged", "malformed-proof", ({ proof }) => (proof.files[0].records.tree = "dataset")),
    alter(good, "leaves of another key", "leaf-format-mismatch", ({ head }) => (head.leafKey = "0123456789abcdef")),
    alter(good, "files in another order", "leaf-mismatch", ({ proof }) => proof.files.reverse()),
    alter(good, "an entry renamed", "leaf-mismatch", ({ proof }) => (proof.files[0].entry.path = "A.csv")),
    alter(good, "an entry with more records", "leaf-mismatch", ({ proof }) => proof.files[0].entry.records++),
    alter(good, "a data set with one more file", "size-mismatch", ({ head }) => head.files++),
    alter(good, "another data set", "root-mismatch", ({ head }) => (head.root = sha("another"))),
    alter(good, "another leaf", "root-mismatch", ({ proof }) => (proof.files[0].records.leaves[0] = sha("leaf"))),
    alter(good, "other places, as many", "root-mismatch", ({ proof }) => (proof.files[1].records.ranges[0] = [1, 2])),
    alter(good, "a hash too few", "proof-length", ({ proof }) => proof.files[1].records.path.pop()),
    alter(good, "a record too few", "leaf-mismatch", ({ records }) => records.pop()),
    alter(good, "two records exchanged", "leaf-mismatch", ({ records }) => records.reverse()),
    alter(good, "another record", "leaf-mismatch", ({ records }) => (records[0] = "a0")),
    alter(keyed, "another salt", "leaf-mismatch", ({ proof }) => (proof.files[0].salts[0] = sha("salt"))),
    alter({ ...keyed, leafKey }, "a salt that is not the key's", "leaf-mismatch", ({ proof }) => {
      proof.files[0].salts[0] = sha("salt");
    }),
    alter({ ...keyed, leafKey: `ff${leafKey.slice(2)}` }, "another key", "leaf-key-mismatch", () => {}),
    alter(unshown, "neither key nor salt", "leaf-key-missing", () => {}),
  ];
  const about =
    "head: from the verified manifest. records: canonical bytes of the records that the caller holds, in the order of their places. leafKey: what the caller has, when it has it.";
  return { about, valid, invalid };
}
