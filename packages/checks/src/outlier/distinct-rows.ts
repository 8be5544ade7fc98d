/** Rows of equal features as one, in an order that follows what they hold. */

import type { Table } from "../check.js";
import { groupKeys, groupOrder, groupsOf, isCoarse } from "../groups.js";
import { randomStream } from "../numeric/random-stream.js";

export interface DistinctRows {
  /** First row of each distinct row. */
  readonly first: Int32Array;
  /** Place among `first` of a row of the table. */
  placeOf(row: number): number;
  /** How many rows of the table count as one with a row, itself among them. */
  copiesOf(row: number): number;
  /** 1 for distinct rows that a trusted record has, in the order of `first`. */
  readonly trusted: Uint8Array;
  /**
   * 1 for distinct rows whose drawn record is trusted: what to calibrate by. Of the records of a row each is drawn alike. Were
   * any trusted record enough, rows of many copies would be trusted more often than others, and those are seldom odd: the rest would
   * look odder than it is.
   */
  readonly calibrating: Uint8Array;
}

/** The distinct rows of a table, in the order of keyed hashes. O(rows × columns). */
export function distinctRows(table: Table, isTrusted: (row: number) => boolean, seed: Uint8Array): DistinctRows {
  const groups = groupsOf(table);
  const order = groupOrder(groupKeys(table, groups, seed));
  const position = new Int32Array(groups.count);
  for (const [i, group] of order.entries()) position[group] = i;
  return distinctBy(
    table.length,
    groups.groupOf.map((group) => position[group]!),
    order.map((group) => groups.first[group]!),
    isTrusted,
    seed,
  );
}

/**
 * The rows that a record is compared with: copies count once, so that they do not vouch for each other. Where features are coarse
 * (a few categories) equal records are no copies but what is usual, and each counts: else what is frequent would look as rare
 * as what is not, and trusted records would stand for fewer than they are.
 *
 * @param distinct - The distinct rows of the table.
 */
export function comparedRows(
  table: Table,
  distinct: DistinctRows,
  isTrusted: (row: number) => boolean,
  seed: Uint8Array,
): DistinctRows {
  const { first } = distinct;
  if (!isCoarse(table, { count: first.length, first }, table.length)) return distinct;
  const every = Int32Array.from({ length: table.length }, (_, row) => row);
  return distinctBy(table.length, every, every, isTrusted, seed);
}

function distinctBy(
  length: number,
  places: Int32Array,
  first: Int32Array,
  isTrusted: (row: number) => boolean,
  seed: Uint8Array,
): DistinctRows {
  const sizes = new Int32Array(first.length);
  const trustedSizes = new Int32Array(first.length);
  for (let row = 0; row < length; row++) {
    sizes[places[row]!]!++;
    if (isTrusted(row)) trustedSizes[places[row]!]!++;
  }
  const trusted = new Uint8Array(first.length);
  const calibrating = new Uint8Array(first.length);
  // Places follow keyed hashes of what rows hold, so that a shuffle draws the same.
  const { below } = randomStream(seed, "trusted-copies");
  for (let i = 0; i < first.length; i++) {
    trusted[i] = trustedSizes[i]! > 0 ? 1 : 0;
    calibrating[i] = below(sizes[i]!) < trustedSizes[i]! ? 1 : 0;
  }
  return { first, trusted, calibrating, placeOf: (row) => places[row]!, copiesOf: (row) => sizes[places[row]!]! };
}
