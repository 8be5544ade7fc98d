/**
 * How surprising the categories of a record are, and which of its values are missing. The surprise of a value is −ln of its
 * smoothed frequency, (c + ½) / (n + ½ m) where c of n records have it in a column of m values. It counts in deviations of
 * its column: where five values cover everything a sixth is odd, and where most values are rare another rare one is not.
 * Categories depend on each other, so the sum is no probability; it ranks.
 */

import type { Table, TableColumn } from "../check.js";
import { log } from "../numeric/elementary.js";
import { isMissing, missingPattern } from "./missing-pattern.js";

type CategoryColumn = Extract<TableColumn, { kind: "category" }>;

/** Largest deviation of one column. */
const CUT = 10;
/** Deviation up to which a value explains nothing. */
const NOTABLE = 1;

/** A value that makes a record surprising. */
export interface RareValue {
  /** Column of the value; `undefined` for the pattern of missing values. */
  readonly column: CategoryColumn | undefined;
  /** How much more surprising it is than its column is on average, in standard deviations of that. */
  readonly deviation: number;
  /** Records that have it, of those that frequencies are counted over. */
  readonly records: number;
}

export interface SurpriseView {
  /** Of each row of the table: root of the sum of squared deviations of what is more surprising than the average, each cut off at 10. */
  readonly values: Float64Array;
  /** Records that frequencies are counted over. */
  readonly counted: number;
  /** The values of a row that are more than one deviation above the average of their column, the most surprising first. */
  rareValues(row: number, count: number): RareValue[];
  /** Names of the columns that have no value in a row. */
  missingColumns(row: number): string[];
}

/** One column: for each code how many records have it, and how surprising that is. */
interface Surprises {
  readonly column: CategoryColumn | undefined;
  readonly codes: Int32Array;
  readonly counts: Int32Array;
  /** 0 for what is no more surprising than the average. */
  readonly deviation: Float64Array;
}

/**
 * The view of a table; `undefined` where it has no categories and nothing is missing, or nothing that differs between records.
 * A missing category takes no part in its own column; that it is missing counts in the pattern.
 *
 * @param table - All columns that values may be missing in.
 * @param categories - Those among them that are categories.
 * @param reference - Rows that frequencies are counted over: each distinct record once.
 */
export function surpriseView(
  table: Pick<Table, "length" | "columns">,
  categories: readonly CategoryColumn[],
  reference: Int32Array,
): SurpriseView | undefined {
  const columns = categories.map((column) => surprisesOf(column, column.codes, column.categories.length, reference));
  const pattern = missingPattern(table, reference);
  if (pattern) columns.push(surprisesOf(undefined, pattern.codes, pattern.count, reference));
  if (columns.length === 0) return undefined;
  const values = new Float64Array(table.length);
  for (const { codes, deviation } of columns) {
    for (let row = 0; row < table.length; row++) {
      const own = codes[row]! < 0 ? 0 : deviation[codes[row]!]!;
      values[row]! += own * own;
    }
  }
  for (let row = 0; row < table.length; row++) values[row] = Math.sqrt(values[row]!);
  if (values.every((value) => value === values[0])) return undefined;
  return {
    values,
    counted: reference.length,
    rareValues: (row, count) =>
      columns
        .flatMap(({ column, codes, counts, deviation }) => {
          const code = codes[row]!;
          if (code < 0 || !(deviation[code]! > NOTABLE)) return [];
          return [{ column, deviation: deviation[code]!, records: counts[code]! }];
        })
        .sort((a, b) => b.deviation - a.deviation)
        .slice(0, count),
    missingColumns: (row) => table.columns.filter((column) => isMissing(column, row)).map(({ name }) => name),
  };
}

function surprisesOf(
  column: CategoryColumn | undefined,
  codes: Int32Array,
  codeCount: number,
  reference: Int32Array,
): Surprises {
  const counts = new Int32Array(codeCount);
  let present = 0;
  for (const row of reference) {
    if (codes[row]! < 0) continue;
    counts[codes[row]!]!++;
    present++;
  }
  const distinct = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const surprise = Float64Array.from(counts, (count) => -log((count + 0.5) / (present + 0.5 * distinct)));
  let mean = 0;
  let variance = 0;
  for (const [code, count] of counts.entries()) mean += (count / present) * surprise[code]!;
  for (const [code, count] of counts.entries()) variance += (count / present) * (surprise[code]! - mean) ** 2;
  const scale = Math.sqrt(variance);
  const deviation = surprise.map((own) => (scale > 0 ? Math.max(0, Math.min(CUT, (own - mean) / scale)) : 0));
  return { column, codes, counts, deviation };
}
