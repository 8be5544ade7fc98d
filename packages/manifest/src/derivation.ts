/**
 * Lineage that is checked, not claimed (`docs/spec/manifest.md`, "Derivations"; DESIGN §5): an edge from parents to a
 * child is proven from committed leaf digests alone, or from the two set heads and a set update. No record is needed.
 */

import { sha256, toHex, VerificationError } from "@assay/merkle";
import { readBound } from "./bound.js";
import type { Edge } from "./edge.js";
import type { Derivation, Operation, SetTreeHead } from "./header.js";
import { checkParent, checkSide, isSameHead, isSameLeaf, type LineageSide } from "./lineage.js";
import { proveOperation, provePlaces } from "./operations.js";
import { checkSameReading, type ReadingUse } from "./reading-match.js";
import { parseRemoved, type RemovedRecord } from "./removed.js";
import { deservedVersion, type SplitSet, type VersionChange, verifyVersion } from "./version.js";

/** What is at hand besides the child. */
export interface DerivationEvidence {
  /** The parents, in the order in which the child names them; `undefined` for one that is not at hand. */
  readonly parents?: readonly (LineageSide | undefined)[];
  /** The bytes of `derivation/removed.jsonl`. */
  readonly removed?: Uint8Array;
  /** The bytes of `derivation/update.json`. */
  readonly update?: Uint8Array;
  /** `split` into several data sets: the other parts. */
  readonly siblings?: readonly LineageSide[];
}

/** What was found out about an edge. A lie is not a verdict but an error. */
export interface DerivationVerdict {
  readonly operation: Operation;
  /** `claimed`: the operation (`map`) cannot be proven. `not-checked`: what would prove it is not at hand. */
  readonly edge: "proven" | "claimed" | "not-checked";
  /** What it was proven by, or what is missing. */
  readonly reason: string;
  /** `filter` and `quarantine`: whether each removed record was compared with the one at its place in the parent. */
  readonly places?: "checked" | "not-checked";
  /** `filter` and `quarantine`, with the list: how many records it takes out, and how many different ones. */
  readonly removed?: { readonly records: number; readonly distinct: number };
  /** What the child deserves against its (only or first) parent, when that could be found out. */
  readonly deserves?: VersionChange;
  /** Whether the stated version follows the parent's; `none` when one of them states none. */
  readonly version: "checked" | "not-checked" | "none";
}

/**
 * Verifies the edge that a manifest states.
 *
 * In this order: parents are the named ones (`head-mismatch`); leaf formats and keys (`leaf-format-mismatch`); readings
 * (`reading-mismatch`); the list of removed records (`removed-mismatch`, `malformed-removed`); the operation
 * (`derivation-mismatch`, `split-overlap`, codes of the set update); the version (`version-mismatch`).
 *
 * @returns `undefined` when the manifest states no derivation.
 * @throws VerificationError with these codes; a side that is not what its header says: `set-root-mismatch`,
 *   `split-root-mismatch`, `dataset-root-mismatch`.
 * @example
 * const verdict = await verifyDerivation(child, { parents: [parent], removed });
 * if (verdict?.edge === "proven") console.log(verdict.reason);
 */
export async function verifyDerivation(
  child: LineageSide,
  { parents = [], removed, update, siblings = [] }: DerivationEvidence = {},
): Promise<DerivationVerdict | undefined> {
  const { derivation } = child.header;
  if (derivation === undefined) return undefined;
  if (parents.length > derivation.parents.length)
    throw new RangeError(`parents must be at most ${derivation.parents.length}`);
  checkSide(child);
  for (const [i, parent] of parents.entries()) {
    if (parent === undefined) continue;
    checkParent(derivation.parents[i] as Derivation["parents"][number], parent);
    checkSide(parent);
  }
  if (derivation.operation !== "map") {
    checkLeaves(child, derivation);
    checkReadings(child, parents);
  }
  const records = readRemoved(derivation, removed);
  const edge: Edge = {
    child,
    derivation,
    parents,
    siblings,
    ...(records === undefined ? {} : { removed: records }),
    ...(update === undefined ? {} : { update }),
  };
  const { edge: proven, reason } = await proveOperation(edge);
  const places = await provePlaces(edge);
  const { version, deserves } = checkVersion(child, derivation, parents);
  return {
    operation: derivation.operation,
    edge: proven,
    reason,
    ...(places === undefined ? {} : { places }),
    ...(records === undefined
      ? {}
      : { removed: { records: records.length, distinct: new Set(records.map(({ leaf }) => leaf)).size } }),
    ...(deserves === undefined ? {} : { deserves }),
    version,
  };
}

function checkLeaves(child: LineageSide, { operation, parents }: Derivation): void {
  for (const parent of parents) {
    if (isSameLeaf(parent.leaf, child.header.leaf)) continue;
    throw new VerificationError(
      "leaf-format-mismatch",
      `Under ${operation} the leaves of parent and child are made alike, and here they are not`,
      {
        details: { parent: parent.leaf, child: child.header.leaf },
      },
    );
  }
}

function checkReadings(child: LineageSide, parents: readonly (LineageSide | undefined)[]): void {
  const uses = [child, ...parents].flatMap((side) => (side === undefined ? [] : [readingUse(side)]));
  for (const [i, first] of uses.entries()) for (const second of uses.slice(i + 1)) checkSameReading(first, second);
}

function readingUse({ header, entries }: LineageSide): ReadingUse {
  return { name: header.name, reading: header.reading, ...(entries === undefined ? {} : { entries }) };
}

function readRemoved({ parameters }: Derivation, removed: Uint8Array | undefined): RemovedRecord[] | undefined {
  if (parameters.removed === undefined || removed === undefined) return undefined;
  const actual = toHex(sha256(removed));
  if (actual !== parameters.removed) {
    throw new VerificationError(
      "removed-mismatch",
      `The list of removed records has the digest ${actual}, and the manifest names ${parameters.removed}`,
      {
        details: { expected: parameters.removed, actual },
      },
    );
  }
  return readBound(() => parseRemoved(removed));
}

function checkVersion(
  child: LineageSide,
  derivation: Derivation,
  parents: readonly (LineageSide | undefined)[],
): { version: DerivationVerdict["version"]; deserves?: VersionChange } {
  const to = child.header.version;
  const states = new Set<DerivationVerdict["version"]>();
  const deserved = derivation.parents.map((named, i) => {
    const parent = parents[i];
    if (parent === undefined) {
      states.add(to === undefined ? "none" : "not-checked");
      return undefined;
    }
    // Only a map may change how leaves are made, and then no record is known to be the same.
    const change = isSameLeaf(named.leaf, child.header.leaf) ? deservedOf(parent, child) : "major";
    const from = parent.header.version;
    if (to === undefined || from === undefined) states.add("none");
    else if (change === undefined) states.add("not-checked");
    else {
      verifyVersion(from, to, change);
      states.add("checked");
    }
    return change;
  });
  const version = states.has("not-checked") ? "not-checked" : states.has("checked") ? "checked" : "none";
  return deserved[0] === undefined ? { version } : { version, deserves: deserved[0] };
}

/** What a child deserves, from heads as far as they go, else from leaves; `undefined` when neither is enough. */
export function deservedOf(parent: LineageSide, child: LineageSide): VersionChange | undefined {
  const before = parent.header;
  const after = child.header;
  if (after.set.records < before.set.records) return "major";
  const splits = Object.entries(before.splits ?? {});
  const later = new Map(Object.entries(after.splits ?? {}));
  if (splits.some(([name, head]) => (later.get(name)?.records ?? -1) < head.records)) return "major";
  const isSameSplits =
    splits.length === later.size && splits.every(([name, head]) => isSameHead(head, later.get(name) as SetTreeHead));
  if (isSameHead(before.set, after.set) && isSameSplits) return "patch";
  const first = splitSetOf(parent);
  const second = splitSetOf(child);
  return first === undefined || second === undefined ? undefined : deservedVersion(first, second);
}

function splitSetOf({ header, set, splits }: LineageSide): SplitSet | undefined {
  const names = Object.keys(header.splits ?? {});
  if (set === undefined || names.some((name) => splits?.get(name) === undefined)) return undefined;
  return { set, splits: splits ?? new Map() };
}
