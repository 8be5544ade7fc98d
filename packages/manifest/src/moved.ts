/**
 * Records that are in both versions of a data set, but in another file (`docs/spec/manifest.md`, "Versions"):
 * Σ over leaves of min(count in first, count in second) − Σ over paths and leaves of min(count there in first, there in second).
 */

import type { Multiset } from "@assay/merkle";
import { commonRecords, sumOfMany } from "./lineage-set.js";

/**
 * Counts moved records.
 *
 * @param first path → leaves of the file, in the first version.
 * @param second the same in the second version.
 * @example
 * movedRecords(new Map([["train.csv", countLeaves(leaves)]]), new Map([["test.csv", countLeaves(leaves)]]));
 */
export function movedRecords(first: ReadonlyMap<string, Multiset>, second: ReadonlyMap<string, Multiset>): number {
  let stayed = 0;
  for (const [path, leaves] of first) {
    const later = second.get(path);
    if (later !== undefined) stayed += commonRecords(leaves, later);
  }
  return commonRecords(sumOfMany(first.values()), sumOfMany(second.values())) - stayed;
}
