/**
 * Splits under operations that are proven by sets: a set does not see that a record went from test to train. Splits by a column
 * follow from the records, and so from the set; splits by paths are proven one by one, from their heads where nothing in them
 * changed, else from their leaves.
 */

import { applyChanges, canonicalJson, isAssayError, isSubset, type SetTree, setTreeOf } from "@assay/merkle";
import { splitOfPath } from "@assay/records";
import { type Edge, notChecked, type OperationVerdict, proven } from "./edge.js";
import type { SetTreeHead } from "./header.js";
import { derivationMismatch, headOf, isSameHead, type LineageSide } from "./lineage.js";
import { sumOfMany } from "./lineage-set.js";
import { removedLeaves } from "./removed.js";

/** A split that holds, or what is missing to know; a lie is thrown. */
type SplitVerdict = "holds" | "not at hand";

/**
 * Adds the splits to what was found out about an operation.
 *
 * @param proveOne looks at one split of child and parents, by name.
 * @throws VerificationError `derivation-mismatch` for a split that is not what the operation makes of the parents'.
 */
function withSplits(
  edge: Edge,
  verdict: OperationVerdict,
  proveOne: (name: string, parents: readonly LineageSide[]) => SplitVerdict,
): OperationVerdict {
  const { child, derivation, parents } = edge;
  const rule = child.header.reading.splits;
  if (child.header.splits === undefined || rule === undefined) return verdict;
  const isKnown = derivation.parents.every((_, i) => parents[i] !== undefined);
  if (!isKnown && "column" in rule) return verdict;
  if (!isKnown)
    return verdict.edge === "proven"
      ? notChecked("the splits of the parents are in their manifests, which are not all at hand")
      : verdict;
  const sides = parents as readonly LineageSide[];
  if (sides.some(({ header }) => header.splits === undefined)) return verdict;
  if (sides.some(({ header }) => canonicalJson(header.reading.splits ?? null) !== canonicalJson(rule)))
    throw derivationMismatch(derivation.operation, "its splits are made in another way than those of its parents");
  if ("column" in rule) return verdict;
  const missing = Object.keys(rule.paths).filter((name) => proveOne(name, sides) === "not at hand");
  if (verdict.edge !== "proven") return verdict;
  if (missing.length > 0) return notChecked(`the leaves of the split ${JSON.stringify(missing[0])} are not at hand`);
  return proven(`${verdict.reason}, split by split`);
}

const NO_RECORDS = { distinct: 0, records: 0 };

/** The head of a split; one that is not there has no records. */
function splitHead(
  { header }: LineageSide,
  name: string,
): Pick<SetTreeHead, "distinct" | "records"> & { root?: string } {
  const splits = header.splits ?? {};
  return Object.hasOwn(splits, name) ? (splits[name] as SetTreeHead) : NO_RECORDS;
}

function splitMismatch({ derivation }: Edge, name: string, why: string): Error {
  return derivationMismatch(derivation.operation, `of the split ${JSON.stringify(name)} ${why}`, { split: name });
}

function expectRecords(edge: Edge, name: string, expected: number): void {
  const { records } = splitHead(edge.child, name);
  if (records === expected) return;
  throw splitMismatch(edge, name, `the child has ${records} records, and by its parents it would have ${expected}`);
}

function expectHead(edge: Edge, name: string, expected: SetTreeHead | ReturnType<typeof splitHead>): void {
  const actual = splitHead(edge.child, name);
  if (actual.records === 0 && expected.records === 0) return;
  if (
    expected.root !== undefined &&
    actual.root !== undefined &&
    isSameHead(expected as SetTreeHead, actual as SetTreeHead)
  )
    return;
  throw splitMismatch(edge, name, "the child has other records than by its parents it would have");
}

/** `filter`, `quarantine`: each split loses the records of the list that were in its files, and no others. */
export function proveSplitsOfRemoval(edge: Edge, verdict: OperationVerdict): OperationVerdict {
  const { removed } = edge;
  if (removed === undefined) return verdict;
  return withSplits(edge, verdict, (name, [parent]) => {
    const before = parent as LineageSide;
    const rule = before.header.reading.splits as { readonly paths: Readonly<Record<string, string>> };
    const listed = removed.filter(({ file }) => splitOfPath(rule.paths, file) === name);
    expectRecords(edge, name, splitHead(before, name).records - listed.length);
    if (listed.length === 0) {
      expectHead(edge, name, splitHead(before, name));
      return "holds";
    }
    const { keys, counts } = removedLeaves(listed);
    const whole = before.splits?.get(name);
    if (whole !== undefined) {
      const rest = orMismatch(edge, name, () =>
        setTreeOf(applyChanges(whole, { keys, differences: counts.map((count) => -count) })),
      );
      expectHead(edge, name, headOf(rest));
      return "holds";
    }
    const rest = edge.child.splits?.get(name);
    if (rest === undefined) return "not at hand";
    const joined = headOf(setTreeOf(sumOfMany([rest, { keys, counts }])));
    if (!isSameHead(joined, splitHead(before, name) as SetTreeHead))
      throw splitMismatch(edge, name, "the child and the removed records together are not the parent's");
    return "holds";
  });
}

function orMismatch(edge: Edge, name: string, make: () => SetTree): SetTree {
  try {
    return make();
  } catch (cause) {
    if (!isAssayError(cause) || cause.code !== "count-underflow") throw cause;
    throw splitMismatch(edge, name, `the list removes a record that the parent lacks there. ${cause.message}`);
  }
}

/** `concat`: each split is the sum of the parents'. */
export function proveSplitsOfConcat(edge: Edge, verdict: OperationVerdict): OperationVerdict {
  return withSplits(edge, verdict, (name, parents) => {
    const heads = parents.map((parent) => splitHead(parent, name));
    expectRecords(
      edge,
      name,
      heads.reduce((sum, { records }) => sum + records, 0),
    );
    const filled = heads.filter(({ records }) => records > 0);
    if (filled.length <= 1) {
      expectHead(edge, name, filled[0] ?? NO_RECORDS);
      return "holds";
    }
    const sets = parents.map(({ splits }, i) => (heads[i]?.records === 0 ? undefined : splits?.get(name)));
    const found = sets.filter((set) => set !== undefined);
    if (found.length < filled.length) return "not at hand";
    expectHead(edge, name, headOf(setTreeOf(sumOfMany(found))));
    return "holds";
  });
}

/** `dedupe`: of copies in several splits any one may stay, but a split gets no record that it had not. */
export function proveSplitsOfDedupe(edge: Edge, verdict: OperationVerdict): OperationVerdict {
  return withSplits(edge, verdict, (name, [parent]) => {
    const before = parent as LineageSide;
    const [{ distinct }, { records }] = [splitHead(before, name), splitHead(edge.child, name)];
    if (records > distinct)
      throw splitMismatch(edge, name, `the child has ${records} records, and the parent ${distinct} different ones`);
    if (records === 0) return "holds";
    const [whole, part] = [before.splits?.get(name), edge.child.splits?.get(name)];
    if (whole === undefined || part === undefined) return "not at hand";
    if (!isSubset(part, whole)) throw splitMismatch(edge, name, "the child has records that were not in it");
    return "holds";
  });
}
