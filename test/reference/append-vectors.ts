/** Makes `append-proofs.json` from the reference verifier alone. The invalid ones are true proofs with one part altered. */

import { createHash } from "node:crypto";
import { leavesOf, type Ranges, rangeProof } from "./range-vectors.js";
import * as reference from "./reference.js";

type Json = reference.Json;

const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const leafKey = "0123456789abcdef";

/** Files of a data set: path → how many records, the first ones of the same list each. */
type Sizes = Readonly<Record<string, number>>;

function entriesOf(sizes: Sizes, change: Json = {}): Json[] {
  return Object.entries(sizes).map(([path, records]) => ({
    path,
    size: 9 * records,
    bytes: sha(`${path} ${records}`),
    format: "csv",
    leafFormat: "assay-record/v1",
    records,
    root: reference.treeRoot(leavesOf(records)),
    schema: sha("schema"),
    ...change,
  }));
}

function headOf(entries: readonly Json[]): Json {
  const [{ leafFormat, leafKey }] = entries as [Json];
  const root = reference.treeRoot(entries.map(reference.entryLeaf));
  return { files: entries.length, root, leafFormat, ...(leafKey === undefined ? {} : { leafKey }) };
}

/** RFC 9162 §2.1.4.1. */
function consistencyPath(from: number, leaves: readonly string[], isWhole = true): string[] {
  const n = leaves.length;
  if (from === n) return isWhole ? [] : [reference.treeRoot(leaves)];
  let k = 1;
  while (2 * k < n) k *= 2;
  return from <= k
    ? [...consistencyPath(from, leaves.slice(0, k), isWhole), reference.treeRoot(leaves.slice(k))]
    : [...consistencyPath(from - k, leaves.slice(k), false), reference.treeRoot(leaves.slice(0, k))];
}

function appendProof(before: readonly Json[], after: readonly Json[], paths: readonly string[]): Json {
  const side = (entries: readonly Json[]) => {
    const ranges: [number, number][] = [];
    for (const [i, { path }] of entries.entries()) {
      if (!paths.includes(path)) continue;
      const last = ranges.at(-1);
      if (last !== undefined && last[1] === i) last[1]++;
      else ranges.push([i, i + 1]);
    }
    return rangeProof(entries.map(reference.entryLeaf), ranges as Ranges, "dataset");
  };
  const files = paths.map((path) => {
    const [earlier, later] = [before, after].map((entries) => entries.find((entry) => entry.path === path)) as [
      Json,
      Json,
    ];
    const [from, to] = [earlier.records, later.records];
    const proof = { format: "assay-consistency-proof/v1", from, path: [] as string[], to };
    if (from > 0 && to > from) proof.path = consistencyPath(from, leavesOf(to));
    return { earlier, later, ...(from > 0 && to > from ? { consistency: proof } : {}) };
  });
  const proof = { format: "assay-append-proof/v1", earlier: side(before), files, later: side(after) };
  return { first: headOf(before), second: headOf(after), proof };
}

const EARLIER = { "a.csv": 5, "b/1.csv": 1, "b/2.csv": 8, "empty.csv": 0, "same.csv": 12 };
const LATER = { "a.csv": 9, "b/1.csv": 2, "b/2.csv": 13, "c.csv": 4, "empty.csv": 3, "same.csv": 12 };

export function appendVectors(): Json {
  const [before, after] = [entriesOf(EARLIER), entriesOf(LATER)];
  const whole = appendProof(before, after, Object.keys(EARLIER));
  const some = appendProof(before, after, ["b/1.csv", "same.csv"]);
  const key = { leafKey };
  const stored = { format: "parquet", bytes: sha("parquet"), size: 100 };
  const cases = [
    whole,
    some,
    appendProof(before, after, ["a.csv"]),
    appendProof(before, after, ["empty.csv"]),
    appendProof(before, before, Object.keys(EARLIER)),
    appendProof(before, entriesOf(EARLIER, stored), Object.keys(EARLIER)),
    appendProof(entriesOf(EARLIER, key), entriesOf(LATER, key), ["b/2.csv", "same.csv"]),
    ...[1, 2, 3, 4, 6, 7].map((n) => appendProof(entriesOf({ "x.csv": n }), entriesOf({ "x.csv": n + 1 }), ["x.csv"])),
    appendProof(entriesOf({ "x.csv": 3 }), entriesOf({ "x.csv": 100 }), ["x.csv"]),
  ];
  const valid = cases.map((one) => ({ ...one, isWhole: reference.verifyAppend(one.proof, one.first, one.second) }));
  const alter = (of: Json, why: string, error: string, change: (copy: Json) => void) => {
    const copy = structuredClone(of);
    change(copy);
    return { why, ...copy, error };
  };
  // A file that is not the earlier one with more behind it, told by a proof that is true in all else.
  const others = entriesOf({ "x.csv": 5 }, { root: sha("other records") });
  const swapped = appendProof(others, entriesOf({ "x.csv": 9 }), ["x.csv"]);
  const replaced = appendProof(entriesOf({ "x.csv": 5 }), others, ["x.csv"]);
  const shrunk = appendProof(entriesOf({ "x.csv": 9 }), entriesOf({ "x.csv": 5 }), ["x.csv"]);
  const mixed = appendProof(entriesOf({ "x.csv": 5 }), entriesOf({ "x.csv": 5 }, key), ["x.csv"]);
  const invalid = [
    alter(whole, "another format", "unknown-format", ({ proof }) => (proof.format = "assay-append-proof/v2")),
    alter(whole, "an unknown field", "malformed-proof", ({ proof }) => (proof.root = sha(""))),
    alter(whole, "no later entries", "malformed-proof", ({ proof }) => delete proof.later),
    alter(whole, "no files", "malformed-proof", ({ proof }) => (proof.files = [])),
    alter(whole, "files that are no list", "malformed-proof", ({ proof }) => (proof.files = {})),
    alter(whole, "a file too few", "malformed-proof", ({ proof }) => proof.files.pop()),
    alter(whole, "an unknown field of a file", "malformed-proof", ({ proof }) => (proof.files[0].path = "a.csv")),
    alter(whole, "a file without its later entry", "malformed-proof", ({ proof }) => delete proof.files[0].later),
    alter(whole, "an entry without its root", "malformed-entry", ({ proof }) => delete proof.files[0].later.root),
    alter(whole, "an entry that leaves the folder", "bad-path", ({ proof }) => {
      for (const entry of [proof.files[0].earlier, proof.files[0].later]) entry.path = "../a.csv";
    }),
    alter(whole, "a renamed file", "malformed-proof", ({ proof }) => (proof.files[0].later.path = "b.csv")),
    alter(whole, "files in another order", "malformed-proof", ({ proof }) => proof.files.reverse()),
    alter(whole, "a file twice", "malformed-proof", ({ proof }) => (proof.files[1] = proof.files[0])),
    alter(whole, "no consistency proof of a file that grew", "malformed-proof", ({ proof }) => {
      delete proof.files[0].consistency;
    }),
    alter(whole, "a consistency proof of a file that had no records", "malformed-proof", ({ proof }) => {
      proof.files[3].consistency = { format: "assay-consistency-proof/v1", from: 0, path: [], to: 3 };
    }),
    alter(whole, "a consistency proof of a file that did not grow", "malformed-proof", ({ proof }) => {
      proof.files[4].consistency = { format: "assay-consistency-proof/v1", from: 12, path: [], to: 12 };
    }),
    alter(whole, "a proof of another kind in its place", "unknown-format", ({ proof }) => {
      proof.files[0].consistency = proof.earlier;
    }),
    alter(whole, "another tree", "malformed-proof", ({ proof }) => (proof.later.tree = "records")),
    alter(whole, "data sets of two leaf keys", "leaf-format-mismatch", ({ second }) => (second.leafKey = leafKey)),
    alter(mixed, "entries of two leaf keys", "leaf-format-mismatch", ({ second }) => delete second.leafKey),
    alter(whole, "the first data set has one more file", "size-mismatch", ({ first }) => first.files++),
    alter(whole, "another first data set", "root-mismatch", ({ first }) => (first.root = sha("another"))),
    alter(whole, "another second data set", "root-mismatch", ({ second }) => (second.root = sha("another"))),
    alter(whole, "data sets exchanged", "size-mismatch", (copy) => {
      [copy.first, copy.second] = [copy.second, copy.first];
    }),
    alter(whole, "an earlier entry that is not the shown leaf", "leaf-mismatch", ({ proof }) => {
      proof.files[0].earlier.size++;
    }),
    alter(whole, "a later entry that is not the shown leaf", "leaf-mismatch", ({ proof }) => {
      proof.files[4].later.bytes = sha("others");
    }),
    alter(some, "an entry of another place", "root-mismatch", ({ proof }) => (proof.later.ranges[0] = [0, 1])),
    alter(some, "a place behind the end", "index-out-of-range", ({ proof }) => (proof.later.ranges[1] = [6, 7])),
    alter(some, "a hash of entries too few", "proof-length", ({ proof }) => proof.earlier.path.pop()),
    alter(some, "a hash of records too few", "proof-length", ({ proof }) => proof.files[0].consistency.path.pop()),
    alter(whole, "a hash of records too many", "proof-length", ({ proof }) => {
      proof.files[0].consistency.path.push(sha("more"));
    }),
    alter(whole, "another hash of records", "root-mismatch", ({ proof }) => {
      proof.files[0].consistency.path[0] = sha("another");
    }),
    alter(
      whole,
      "a consistency proof to another size",
      "size-mismatch",
      ({ proof }) => proof.files[0].consistency.to++,
    ),
    alter(whole, "consistency proofs of two files exchanged", "size-mismatch", ({ proof: { files } }) => {
      [files[0].consistency, files[2].consistency] = [files[2].consistency, files[0].consistency];
    }),
    { why: "other records come first", ...swapped, error: "root-mismatch" },
    { why: "as many records, and others", ...replaced, error: "root-mismatch" },
    { why: "fewer records", ...shrunk, error: "size-order" },
  ];
  const about =
    "first, second: from the two verified manifests. isWhole: whether the proof is about all files of the first data set.";
  return { about, valid, invalid };
}
