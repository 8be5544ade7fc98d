/**
 * The version that a difference deserves (`docs/spec/manifest.md`, "Versions"), from as little as says it: heads, what
 * changed in the set, what differs in files; and whether the versions that the manifests state follow it.
 */

import { canonicalJson, countLeaves, isAssayError, isSubset, type SetChanges } from "@assay/merkle";
import { splitOfPath } from "@assay/records";
import { deservedOf } from "./derivation.js";
import type { FileDifference } from "./file-differences.js";
import { isSameHead, type LineageSide } from "./lineage.js";
import { type VersionChange, verifyVersion } from "./version.js";

/** The versions that two manifests state. */
export interface StatedVersions {
  readonly from: string;
  readonly to: string;
  /** Whether the second follows the first as the change deserves. */
  readonly holds: boolean;
}

/** From heads and changes as far as they go; splits that differ need what differs in their files, or their leaves. */
export function versionOf(
  first: LineageSide,
  second: LineageSide,
  { differences: changes }: SetChanges,
  differences: readonly (FileDifference | undefined)[] | undefined,
): VersionChange | null {
  if (changes.some((difference) => difference < 0)) return "major";
  const splits = Object.entries(first.header.splits ?? {});
  const after = second.header.splits ?? {};
  if (splits.some(([name]) => !Object.hasOwn(after, name))) return "major";
  const isKept = splits.every(([name, head]) => isSameHead(head, after[name] ?? head));
  if (isKept) return changes.length === 0 && splits.length === Object.keys(after).length ? "patch" : "minor";
  return deservedOf(first, second) ?? splitsKeepRecords(first, second, differences) ?? null;
}

/**
 * Splits by paths follow from their files: whether each split of the first is whole in the second. As true as the heads of
 * the splits are to the rule, which `verify` looks at.
 */
function splitsKeepRecords(
  { header: { reading: before } }: LineageSide,
  { header: { reading: after } }: LineageSide,
  differences: readonly (FileDifference | undefined)[] | undefined,
): "minor" | "major" | undefined {
  const rule = before.splits;
  if (rule === undefined || !("paths" in rule) || canonicalJson(rule) !== canonicalJson(after.splits ?? null)) return;
  if (differences === undefined || !differences.every((one) => one !== undefined)) return;
  for (const split of Object.keys(rule.paths)) {
    const files = differences.filter(({ path }) => splitOfPath(rule.paths, path) === split);
    const leavesOf = (side: "before" | "after") => countLeaves(files.map((file) => file[side].leaves));
    if (!isSubset(leavesOf("before"), leavesOf("after"))) return "major";
  }
  return "minor";
}

/** What the stated versions are worth against what the change deserves. */
export function statedOf(
  first: LineageSide,
  second: LineageSide,
  deserved: "none" | VersionChange | null,
): StatedVersions | undefined {
  const [from, to] = [first.header.version, second.header.version];
  if (from === undefined || to === undefined || deserved === null) return undefined;
  if (deserved === "none") return { from, to, holds: true };
  try {
    verifyVersion(from, to, deserved);
    return { from, to, holds: true };
  } catch (error) {
    if (!isAssayError(error) || error.code !== "version-mismatch") throw error;
    return { from, to, holds: false };
  }
}
