/**
 * Semantic versions of data sets (`docs/spec/manifest.md`, "Versions"): PATCH is the same set and the same splits, MINOR
 * a superset, also in every split of the parent, MAJOR everything else. A version may claim more change than there is,
 * never less. No pre-releases, no build names.
 */

import { isSubset, type Multiset, VerificationError } from "@assay/merkle";
import { isSameSet } from "./lineage-set.js";

export type VersionChange = "patch" | "minor" | "major";

/** `MAJOR.MINOR.PATCH` without leading zeros. */
export function isVersion(text: unknown): text is string {
  return typeof text === "string" && parseVersion(text) !== undefined;
}

function parseVersion(text: string): [bigint, bigint, bigint] | undefined {
  const match = /^(0|[1-9][0-9]{0,30})\.(0|[1-9][0-9]{0,30})\.(0|[1-9][0-9]{0,30})$/.exec(text);
  if (match === null) return undefined;
  return [BigInt(match[1] as string), BigInt(match[2] as string), BigInt(match[3] as string)];
}

/** A set and its splits, as leaves with their counts. */
export interface SplitSet {
  readonly set: Multiset;
  /** Split name → its part of the set. */
  readonly splits: ReadonlyMap<string, Multiset>;
}

/** The version change that `child` deserves against `parent`. Cost: one pass over the sorted leaves of both. */
export function deservedVersion(parent: SplitSet, child: SplitSet): VersionChange {
  if (!isSubset(parent.set, child.set)) return "major";
  for (const [name, split] of parent.splits) {
    const later = child.splits.get(name);
    if (later === undefined || !isSubset(split, later)) return "major";
  }
  if (!isSameSet(parent.set, child.set) || parent.splits.size !== child.splits.size) return "minor";
  for (const [name, split] of parent.splits) {
    if (!isSameSet(split, child.splits.get(name) as Multiset)) return "minor";
  }
  return "patch";
}

/**
 * Checks a stated version against its parent's: higher, and the leftmost number that differs is the deserved one or one
 * left of it.
 *
 * @param from version of the parent.
 * @param to version that the child states.
 * @throws VerificationError `version-mismatch`.
 * @example
 * verifyVersion("1.2.3", "1.3.0", "minor");
 */
export function verifyVersion(from: string, to: string, deserved: VersionChange): void {
  const before = parseVersion(from);
  const after = parseVersion(to);
  if (before === undefined) throw new RangeError(`from must be MAJOR.MINOR.PATCH, not ${JSON.stringify(from)}`);
  if (after === undefined) throw new RangeError(`to must be MAJOR.MINOR.PATCH, not ${JSON.stringify(to)}`);
  const first = [0, 1, 2].find((i) => before[i] !== after[i]);
  const isHigher = first !== undefined && (after[first] as bigint) > (before[first] as bigint);
  const needed = { major: 0, minor: 1, patch: 2 }[deserved];
  if (isHigher && first <= needed) return;
  const why = isHigher ? `the change deserves a higher ${deserved} number` : "it is not higher";
  throw new VerificationError("version-mismatch", `Version ${to} does not follow ${from}: ${why}`, {
    details: { from, to, deserved },
  });
}
