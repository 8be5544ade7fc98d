/** Rows of equal features as one, in an order that follows what they hold. */

import type { Table } from "../check.js";
import { type Groups, groupKeys, groupOrder, groupsOf } from "../groups.js";

export interface DistinctRows {
  readonly groups: Groups;
  /** First row of each distinct row, in the order of keyed hashes. */
  readonly first: Int32Array;
  /** Place in that order of a row of the table. */
  placeOf(row: number): number;
  /** 1 for distinct rows that a trusted record has, in that order. */
  readonly trusted: Uint8Array;
}

/** The distinct rows of a table. O(rows × columns). */
export function distinctRows(table: Table, isTrusted: (row: number) => boolean, seed: Uint8Array): DistinctRows {
  const groups = groupsOf(table);
  const order = groupOrder(groupKeys(table, groups, seed));
  const position = new Int32Array(groups.count);
  for (const [i, group] of order.entries()) position[group] = i;
  const placeOf = (row: number): number => position[groups.groupOf[row]!]!;
  const trusted = new Uint8Array(groups.count);
  for (let row = 0; row < table.length; row++) if (isTrusted(row)) trusted[placeOf(row)] = 1;
  return { groups, first: Int32Array.from(order, (group) => groups.first[group]!), placeOf, trusted };
}
