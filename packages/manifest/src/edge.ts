/** An edge of lineage while it is judged, and the comparisons that its operations share. */

import { compareSets, type Multiset, type SetTree, setTreeOf, toHex } from "@assay/merkle";
import type { Derivation, Operation, SetTreeHead } from "./header.js";
import { derivationMismatch, headOf, isSameHead, type LineageSide } from "./lineage.js";
import type { RemovedRecord } from "./removed.js";

/** An edge with everything that is at hand. */
export interface Edge {
  readonly child: LineageSide;
  readonly derivation: Derivation;
  readonly parents: readonly (LineageSide | undefined)[];
  readonly removed?: readonly RemovedRecord[];
  readonly update?: Uint8Array;
  readonly siblings: readonly LineageSide[];
}

/** Whether it holds, and by what; or that it could not be found out, and what is missing. */
export interface OperationVerdict {
  readonly edge: "proven" | "claimed" | "not-checked";
  readonly reason: string;
}

/** The only parent as the child names it: heads without its manifest. */
export function namedParent({ derivation }: Edge): SetTreeHead {
  return (derivation.parents[0] as Derivation["parents"][number]).set;
}

export function proven(by: string): OperationVerdict {
  return { edge: "proven", reason: by };
}

export function notChecked(missing: string): OperationVerdict {
  return { edge: "not-checked", reason: missing };
}

/** Refuses a child whose set is not the expected one; says what is different when both are at hand. */
export function expectSet(operation: Operation, child: LineageSide, expected: Multiset): void {
  const tree = setTreeOf(expected);
  const head = headOf(tree);
  if (isSameHead(head, child.header.set)) return;
  throw derivationMismatch(
    operation,
    `the child has the set root ${child.header.set.root}, and by its parents it would be ${head.root}${differenceOf(tree, child.set)}`,
    { expected: head, actual: child.header.set },
  );
}

function differenceOf(expected: SetTree, actual: SetTree | undefined): string {
  if (actual === undefined) return "";
  const { keys, differences } = compareSets(expected, actual);
  let surplus = 0;
  let missing = 0;
  for (const difference of differences) {
    if (difference > 0) surplus += difference;
    else missing -= difference;
  }
  return ` (${surplus} records too many, ${missing} too few; the first has the leaf ${toHex(keys.subarray(0, 32))})`;
}

/** Refuses a child that has another number of records: seen from the headers alone. */
export function expectRecords(operation: Operation, child: LineageSide, records: number): void {
  if (child.header.set.records === records) return;
  throw derivationMismatch(
    operation,
    `the child has ${child.header.set.records} records, and by its parents it would have ${records}`,
    {
      expected: records,
      actual: child.header.set.records,
    },
  );
}
