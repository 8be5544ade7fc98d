/** What worker threads run for trees: named by the URL of this module, so it is built as an entry of its own, beside the index. */

import { CompactRange, type CompactRangeData, type SetShare, setShareOf } from "@assay/merkle";

/** Consecutive leaves of one file, in memory that threads share. */
export interface LeafRange {
  /** Index of the first one in its file. */
  readonly begin: number;
  readonly pieces: readonly Uint8Array[];
}

/** Task: the compact range of leaves. */
export function rangeOfLeaves(_options: null, { begin, pieces }: LeafRange): CompactRangeData {
  const range = new CompactRange(begin);
  for (const leaves of pieces) range.appendMany(leaves);
  return range.toData();
}

/** Leaves that begin with some bits, among all. */
export interface LeafShare {
  readonly pieces: readonly Uint8Array[];
  readonly bits: number;
  readonly prefix: number;
}

/** Task: the part of a set. */
export function shareOfLeaves(_options: null, { pieces, bits, prefix }: LeafShare): SetShare {
  return setShareOf(pieces, bits, prefix);
}
