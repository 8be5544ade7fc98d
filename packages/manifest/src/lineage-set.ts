/** What lineage asks of multisets of leaves besides what the set tree needs: sizes, sums of many, what two have in common. */

import { compareSets, emptyMultiset, equalBytes, type Multiset, sumSets, VerificationError } from "@assay/merkle";

/** Number of records of a multiset. */
export function recordsOf({ counts }: Multiset): number {
  let records = 0;
  for (const count of counts) records += count;
  if (records > Number.MAX_SAFE_INTEGER) {
    throw new VerificationError("count-overflow", "A set of leaves counts more than 2^53-1 records");
  }
  return records;
}

/** Whether two multisets are equal. */
export function isSameSet(first: Multiset, second: Multiset): boolean {
  return equalBytes(first.keys, second.keys) && first.counts.every((count, i) => count === second.counts[i]);
}

/** Records that two multisets have in common: Σ over leaves of the smaller count. */
export function commonRecords(first: Multiset, second: Multiset): number {
  // a + b − |a − b| is twice the smaller of the two.
  let apart = 0;
  for (const difference of compareSets(first, second).differences) apart += Math.abs(difference);
  return (recordsOf(first) - apart + recordsOf(second)) / 2;
}

/** The sum of many multisets, joined in pairs, so that a thousand small files cost ten passes and not a thousand. */
export function sumOfMany(sets: Iterable<Multiset>): Multiset {
  let level = [...sets];
  while (level.length > 1) {
    const above: Multiset[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Multiset;
      const right = level[i + 1];
      above.push(right === undefined ? left : sumSets(left, right));
    }
    level = above;
  }
  return level[0] ?? emptyMultiset();
}
