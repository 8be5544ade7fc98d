/**
 * What each operation of a derivation promises, and how it is proven. Every rule computes the set that the child must
 * have from the leaves of its parents and compares roots, so that the child's own leaves are not even needed.
 */

import {
  applyChanges,
  isAssayError,
  isSubset,
  type Multiset,
  type SetChanges,
  setTreeOf,
  toHex,
  treeRoot,
} from "@assay/merkle";
import { proveSplitsOfConcat, proveSplitsOfDedupe, proveSplitsOfRemoval } from "./derived-splits.js";
import { type Edge, expectRecords, expectSet, namedParent, notChecked, type OperationVerdict, proven } from "./edge.js";
import type { Operation } from "./header.js";
import { derivationMismatch, headOf, isSameHead } from "./lineage.js";
import { sumOfMany } from "./lineage-set.js";
import { removedLeaves } from "./removed.js";
import { drawSample, sampleSize } from "./sample.js";
import { proveSplit } from "./split-proof.js";
import { proveUpdate } from "./update-proof.js";

/**
 * Proves the operation of an edge.
 *
 * @throws VerificationError `derivation-mismatch`, `split-overlap`, or a code of the set update.
 */
export async function proveOperation(edge: Edge): Promise<OperationVerdict> {
  switch (edge.derivation.operation) {
    case "reformat":
    case "shuffle":
    case "reshard":
      return proveSame(edge);
    case "filter":
    case "quarantine":
      return proveSplitsOfRemoval(edge, proveRemoval(edge));
    case "append":
      return proveAppend(edge);
    case "concat":
      return proveSplitsOfConcat(edge, proveConcat(edge));
    case "split":
      return proveSplit(edge);
    case "dedupe":
      return proveSplitsOfDedupe(edge, proveDedupe(edge));
    case "sample":
      return proveSampling(edge);
    case "map":
      return { edge: "claimed", reason: "what a map does to records cannot be seen from their leaves" };
  }
}

function proveSame(edge: Edge): OperationVerdict {
  const { child, derivation, parents } = edge;
  const { operation } = derivation;
  const named = namedParent(edge);
  if (!isSameHead(named, child.header.set)) {
    throw derivationMismatch(operation, `its set root is ${child.header.set.root}, and the parent's is ${named.root}`, {
      expected: named,
      actual: child.header.set,
    });
  }
  const splits = child.header.splits;
  if (splits === undefined) return proven("equal set heads");
  const parent = parents[0];
  if (parent === undefined) return notChecked("the splits of the parent are in its manifest, which is not at hand");
  if (parent.header.splits === undefined) return proven("equal set heads");
  const names = new Set([...Object.keys(splits), ...Object.keys(parent.header.splits)]);
  for (const name of names) {
    const before = Object.hasOwn(parent.header.splits, name) ? parent.header.splits[name] : undefined;
    const after = Object.hasOwn(splits, name) ? splits[name] : undefined;
    if (before === undefined || after === undefined || !isSameHead(before, after)) {
      throw derivationMismatch(operation, `the split ${JSON.stringify(name)} is not the parent's`, { split: name });
    }
  }
  return proven("equal set heads, split by split");
}

function proveRemoval(edge: Edge): OperationVerdict {
  const { child, derivation, parents, removed, update } = edge;
  const { operation } = derivation;
  const named = namedParent(edge);
  const before = parents[0]?.set;
  if (removed === undefined) {
    if (before !== undefined && child.set !== undefined && !isSubset(child.set, before)) {
      throw derivationMismatch(operation, "the child has records that its parent lacks");
    }
    return notChecked("derivation/removed.jsonl is not at hand");
  }
  expectRecords(operation, child, named.records - removed.length);
  const leaves = removedLeaves(removed);
  const changes = { keys: leaves.keys, differences: leaves.counts.map((count) => -count) };
  if (before !== undefined) {
    expectSet(operation, child, without(operation, before, changes));
    return proven("the leaves of the parent and the list of removed records");
  }
  if (removed.length === 0) {
    if (!isSameHead(named, child.header.set))
      throw derivationMismatch(operation, "nothing was removed, and the sets differ");
    return proven("equal set heads");
  }
  if (update !== undefined) {
    proveUpdate(operation, named, child.header.set, changes, update);
    return proven("the set update from the parent's set head to the child's");
  }
  if (child.set === undefined)
    return notChecked("neither leaves, nor set pages, nor derivation/update.json are at hand");
  const joined = setTreeOf(sumOfMany([child.set, leaves]));
  if (!isSameHead(headOf(joined), named)) {
    throw derivationMismatch(
      operation,
      `child and removed records together have the set root ${toHex(joined.root)}, and the parent has ${named.root}`,
    );
  }
  return proven("the leaves of the child and the list of removed records");
}

function without(operation: Operation, set: Multiset, changes: SetChanges): Multiset {
  try {
    return applyChanges(set, changes);
  } catch (cause) {
    if (!isAssayError(cause) || cause.code !== "count-underflow") throw cause;
    throw derivationMismatch(
      operation,
      `the list removes a record that the parent lacks. ${cause.message}`,
      cause.details,
    );
  }
}

/**
 * With the parent's leaves at hand: each removed leaf is the one at its place. Without, the list may still accuse the
 * right records under wrong places, so the verdict says that nobody looked.
 *
 * @returns `undefined` for operations without a list.
 */
export async function provePlaces({
  derivation,
  parents,
  removed,
}: Edge): Promise<"checked" | "not-checked" | undefined> {
  if (derivation.parameters.removed === undefined) return undefined;
  const parent = parents[0];
  if (parent === undefined || removed === undefined) return "not-checked";
  const entries =
    parent.entries === undefined ? undefined : new Map(parent.entries.map((entry) => [entry.path, entry]));
  let all = true;
  let file: { path: string; leaves: Uint8Array | undefined } | undefined;
  for (const record of removed) {
    const entry = entries?.get(record.file);
    if (entries !== undefined && (entry === undefined || record.ordinal >= entry.records)) {
      throw derivationMismatch(
        derivation.operation,
        `the parent has no record ${record.ordinal} in ${JSON.stringify(record.file)}`,
        { ...record },
      );
    }
    if (file?.path !== record.file) file = { path: record.file, leaves: await parent.leavesOf?.(record.file) };
    if (file.leaves === undefined) {
      all = false;
      continue;
    }
    const leaf = toHex(file.leaves.subarray(32 * record.ordinal, 32 * record.ordinal + 32));
    if (leaf !== record.leaf) {
      throw derivationMismatch(
        derivation.operation,
        `record ${record.ordinal} of ${JSON.stringify(record.file)} in the parent has the leaf ${leaf || "(none)"}, and the list says ${record.leaf}`,
        { ...record },
      );
    }
  }
  return all ? "checked" : "not-checked";
}

async function proveAppend(edge: Edge): Promise<OperationVerdict> {
  const { child, derivation, parents } = edge;
  const parent = parents[0];
  const { operation } = derivation;
  if (child.header.set.records < namedParent(edge).records)
    throw derivationMismatch(operation, "the child has fewer records");
  if (parent?.set !== undefined && child.set !== undefined && !isSubset(parent.set, child.set)) {
    throw derivationMismatch(operation, "records of the parent are not in the child");
  }
  if (parent?.entries === undefined || child.entries === undefined)
    return notChecked("files.jsonl of both is not at hand");
  const now = new Map(child.entries.map((entry) => [entry.path, entry]));
  let missing: string | undefined;
  for (const before of parent.entries) {
    const path = JSON.stringify(before.path);
    const after = now.get(before.path);
    if (after === undefined)
      throw derivationMismatch(operation, `the file ${path} of the parent is gone`, { path: before.path });
    if (after.records < before.records)
      throw derivationMismatch(operation, `the file ${path} has fewer records`, { path: before.path });
    if (before.records === 0) continue;
    let root: string | undefined = after.root;
    if (after.records > before.records) {
      const leaves = await child.leavesOf?.(before.path);
      root = leaves === undefined ? undefined : toHex(treeRoot(leaves.subarray(0, 32 * before.records)));
    }
    if (root === undefined) missing ??= path;
    else if (root !== before.root) {
      throw derivationMismatch(
        operation,
        `the first ${before.records} records of ${path} are not those of the parent`,
        { path: before.path },
      );
    }
  }
  if (missing !== undefined) return notChecked(`the leaves of ${missing}, which grew, are not at hand`);
  return proven("the records of every file of the parent, which come first in the same file now");
}

function proveConcat({ child, derivation, parents }: Edge): OperationVerdict {
  const { operation } = derivation;
  const total = derivation.parents.reduce((sum, { set }) => sum + set.records, 0);
  expectRecords(operation, child, total);
  const sets = derivation.parents.map((_, i) => parents[i]?.set);
  if (!sets.every((set) => set !== undefined))
    return notChecked("the leaves of all parents are needed, and some are not at hand");
  expectSet(operation, child, sumOfMany(sets));
  return proven("the leaves of all parents");
}

function proveDedupe(edge: Edge): OperationVerdict {
  const { child, derivation, parents } = edge;
  const { operation } = derivation;
  expectRecords(operation, child, namedParent(edge).distinct);
  const before = parents[0]?.set;
  if (before === undefined) return notChecked("the leaves of the parent are not at hand");
  expectSet(operation, child, { keys: before.keys, counts: new Float64Array(before.counts.length).fill(1) });
  return proven("the leaves of the parent, each once");
}

function proveSampling(edge: Edge): OperationVerdict {
  const { child, derivation, parents } = edge;
  const { operation } = derivation;
  const { seed, fraction } = derivation.parameters as { seed: string; fraction: string };
  const size = sampleSize(fraction, namedParent(edge).records);
  expectRecords(operation, child, size);
  const before = parents[0]?.set;
  if (before === undefined) return notChecked("the leaves of the parent are not at hand");
  expectSet(operation, child, drawSample(before, seed, size));
  return proven("the sample drawn again from the leaves of the parent");
}
