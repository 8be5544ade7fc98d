/** What is at hand about a data set when its lineage is judged, and how a lie about it is reported. */

import { type ErrorDetails, type SetTree, toHex, VerificationError } from "@assay/merkle";
import { datasetRoot, type FileEntry } from "./entry.js";
import type { LeafSpec, ManifestHeader, Operation, Parent, SetTreeHead } from "./header.js";
import { assayDataset, assaySet } from "./heads.js";

/** One end of an edge. Only header and digest are needed; the more is at hand, the more can be proven. */
export interface LineageSide {
  readonly header: ManifestHeader;
  /** SHA-256 of its `manifest.json`, lower-case hex. */
  readonly manifest: string;
  /** Its file entries. */
  readonly entries?: readonly FileEntry[];
  /** Its leaves with their counts. */
  readonly set?: SetTree;
  /** Split name → leaves with their counts. */
  readonly splits?: ReadonlyMap<string, SetTree>;
  /** Leaves of a file in file order, 32 bytes each, checked against its entry; `undefined` when they are not at hand. */
  readonly leavesOf?: (path: string) => Promise<Uint8Array | undefined>;
}

/** A parent as a child names it. */
export function parentOf({ header, manifest }: Pick<LineageSide, "header" | "manifest">): Parent {
  return { manifest, leaf: header.leaf, dataset: header.dataset, set: header.set };
}

/** Refuses a side whose parts are not those that its header commits to. */
export function checkSide({ header, entries, set, splits }: LineageSide): void {
  if (set !== undefined) checkSetHead(set, header.set, `the leaves of ${header.name}`, "set-root-mismatch");
  for (const [name, split] of splits ?? []) {
    const head = new Map(Object.entries(header.splits ?? {})).get(name);
    if (head === undefined) {
      throw new VerificationError("split-root-mismatch", `${header.name} has no split ${JSON.stringify(name)}`, {
        details: { split: name },
      });
    }
    checkSetHead(split, head, `the split ${name} of ${header.name}`, "split-root-mismatch");
  }
  if (entries !== undefined && datasetRoot(entries) !== header.dataset.root) {
    throw new VerificationError(
      "dataset-root-mismatch",
      `The file entries of ${header.name} are not those of its manifest`,
    );
  }
}

function checkSetHead(
  set: SetTree,
  head: SetTreeHead,
  what: string,
  code: "set-root-mismatch" | "split-root-mismatch",
): void {
  if (isSameHead(headOf(set), head)) return;
  throw new VerificationError(
    code,
    `Cannot use ${what}: they have the root ${toHex(set.root)}, and the manifest says ${head.root}`,
    {
      details: { expected: head, actual: headOf(set) },
    },
  );
}

/** The head of a set tree as a manifest writes it. */
export function headOf({ distinct, records, root }: SetTree): SetTreeHead {
  return { distinct, records, root: toHex(root) };
}

export function isSameHead(a: SetTreeHead, b: SetTreeHead): boolean {
  return a.root === b.root && a.records === b.records && a.distinct === b.distinct;
}

export function isSameLeaf(a: LeafSpec, b: LeafSpec): boolean {
  return a.format === b.format && a.keyId === b.keyId;
}

/** Whether the parent is the one that the child names: its bytes, and the fields from which its heads follow. */
export function checkParent(named: Parent, side: LineageSide): void {
  const own = parentOf(side);
  if (named.manifest === own.manifest && assayDataset(named) === assayDataset(own) && assaySet(named) === assaySet(own))
    return;
  throw new VerificationError(
    "head-mismatch",
    `The parent ${side.header.name} is not the one that the manifest names: it has the manifest ${own.manifest}, expected ${named.manifest}`,
    { details: { expected: named, actual: own } },
  );
}

/** The error for an operation that does not hold. */
export function derivationMismatch(operation: Operation, why: string, details: ErrorDetails = {}): VerificationError {
  return new VerificationError("derivation-mismatch", `This is no ${operation} of its parent: ${why}`, {
    details: { operation, ...details },
  });
}
