/**
 * `split`: the parts have no leaf in common and sum to the parent, so that copies of one record stay together and nothing
 * that was trained on is tested on. The parts are the splits of the child, or the child and its siblings.
 */

import { compareSets, countOf, type Multiset, type SetTree, toHex, VerificationError } from "@assay/merkle";
import { type Edge, expectSet, namedParent, notChecked, type OperationVerdict, proven } from "./edge.js";
import { derivationMismatch, isSameHead, type LineageSide } from "./lineage.js";
import { commonRecords, sumOfMany } from "./lineage-set.js";

interface Part {
  readonly name: string;
  readonly set: SetTree;
}

export function proveSplit(edge: Edge): OperationVerdict {
  return edge.child.header.splits === undefined ? proveSiblings(edge) : proveOwnSplits(edge);
}

/** The child holds all parts, as its splits. */
function proveOwnSplits(edge: Edge): OperationVerdict {
  const { child } = edge;
  const named = namedParent(edge);
  const parts = Object.keys(child.header.splits ?? {}).map((name) => ({ name, set: child.splits?.get(name) }));
  const areAtHand = parts.every((part): part is Part => part.set !== undefined);
  // A record in two parts is named, also where the parts are not the parent for that very reason.
  const sum = areAtHand ? sumApart(parts) : undefined;
  if (!isSameHead(named, child.header.set)) throw derivationMismatch("split", "the parts together are not the parent");
  const heads = Object.values(child.header.splits ?? {});
  const records = heads.reduce((sum, head) => sum + head.records, 0);
  const distinct = heads.reduce((sum, head) => sum + head.distinct, 0);
  if (records !== child.header.set.records) {
    throw derivationMismatch(
      "split",
      `the parts have ${records} records, and the whole has ${child.header.set.records}`,
    );
  }
  if (distinct > child.header.set.distinct) {
    throw new VerificationError(
      "split-overlap",
      `Some records are in two parts: together they have ${distinct} different ones, the whole has ${child.header.set.distinct}`,
      {
        details: { expected: child.header.set.distinct, actual: distinct },
      },
    );
  }
  if (sum === undefined) return notChecked("the leaves of the splits are not at hand");
  expectSet("split", child, sum);
  return proven("the leaves of the splits");
}

/** The child is one part of several data sets. */
function proveSiblings(edge: Edge): OperationVerdict {
  const { child, parents, siblings } = edge;
  const named = namedParent(edge);
  for (const sibling of siblings) checkSibling(edge, sibling);
  const before = parents[0]?.set;
  if (before !== undefined && child.set !== undefined) checkWhole(before, child.set);
  if (child.header.set.records > named.records)
    throw derivationMismatch("split", "the part has more records than the parent");
  if (siblings.length === 0 && !isSameHead(child.header.set, named))
    return notChecked("the other parts are not at hand");
  const parts = [child, ...siblings].map(({ header, set }) => ({ name: header.name, set }));
  if (!parts.every((part): part is Part => part.set !== undefined))
    return notChecked("the leaves of the parts are not at hand");
  const whole = { header: { ...child.header, set: named }, manifest: "" };
  expectSet("split", whole, sumApart(parts));
  return proven("the leaves of all parts");
}

function checkSibling({ derivation }: Edge, { header }: LineageSide): void {
  const theirs = header.derivation;
  if (theirs?.operation === "split" && theirs.parents[0]?.manifest === derivation.parents[0]?.manifest) return;
  throw derivationMismatch("split", `${header.name} is not another part of the same parent`, { sibling: header.name });
}

/** Every leaf of a part is in the parent, and just as often: copies of one record stay together. */
function checkWhole(parent: Multiset, part: Multiset): void {
  const { keys, counts } = part;
  for (let i = 0; i < counts.length; i++) {
    const leaf = keys.subarray(32 * i, 32 * i + 32);
    const before = countOf(parent, leaf);
    if (before < (counts[i] as number))
      throw derivationMismatch("split", `the parent lacks the leaf ${toHex(leaf)}`, { leaf: toHex(leaf) });
    if (before > (counts[i] as number)) throw overlap(leaf, "this part", "another part");
  }
}

/** The sum of parts that have no leaf in common. */
function sumApart(parts: readonly Part[]): Multiset {
  const sum = sumOfMany(parts.map(({ set }) => set));
  // Each leaf that is in two parts is one different leaf fewer in the sum.
  if (parts.reduce((distinct, { set }) => distinct + set.distinct, 0) === sum.counts.length) return sum;
  for (const [i, part] of parts.entries()) {
    for (const other of parts.slice(0, i)) {
      const leaf = firstCommon(part.set, other.set);
      if (leaf !== undefined) throw overlap(leaf, other.name, part.name);
    }
  }
  return sum;
}

function overlap(leaf: Uint8Array, first: string, second: string): VerificationError {
  return new VerificationError("split-overlap", `The leaf ${toHex(leaf)} is in ${first} and in ${second}`, {
    details: { leaf: toHex(leaf), first, second },
  });
}

/** A leaf of both, found as one whose count is not all of the difference between the sets. */
function firstCommon(first: Multiset, second: Multiset): Uint8Array | undefined {
  if (commonRecords(first, second) === 0) return undefined;
  const { keys, differences } = compareSets(first, second);
  const changed = { keys, counts: differences };
  for (let i = 0; i < first.counts.length; i++) {
    const leaf = first.keys.subarray(32 * i, 32 * i + 32);
    if (countOf(changed, leaf) !== -(first.counts[i] as number)) return leaf;
  }
  return undefined;
}
