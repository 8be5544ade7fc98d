/**
 * Which values of a record are missing, as one category. As one, because values go missing together: a form that was not filled in
 * is one rare thing, not ten.
 */

import type { Table, TableColumn } from "../check.js";

/** Records that share a pattern, from which it is a category of its own. */
const LEAST_OF_PATTERN = 5;

export interface MissingPattern {
  /** Category of each row: its pattern, or, for rare patterns, how many values are missing. */
  readonly codes: Int32Array;
  readonly count: number;
}

export function isMissing(column: TableColumn, row: number): boolean {
  return column.kind === "number" ? Number.isNaN(column.values[row]) : column.codes[row]! < 0;
}

/**
 * The patterns of a table; `undefined` where nothing is missing, or the same in every row. Patterns of fewer than five of the
 * reference rows are pooled by the number of missing values, so that a record with far more of them than others stays rare where
 * values go missing by chance and no two patterns are alike.
 *
 * @param reference - Rows that patterns are counted over.
 * @returns O(rows × columns).
 */
export function missingPattern(
  { length, columns }: Pick<Table, "length" | "columns">,
  reference: Int32Array,
): MissingPattern | undefined {
  // A pattern is a path of missing columns: each known path and next column lead to one path.
  const pathOf = new Int32Array(length);
  const missing = new Int32Array(length);
  let paths = 1;
  for (const column of columns) {
    const next = new Map<number, number>();
    for (let row = 0; row < length; row++) {
      if (!isMissing(column, row)) continue;
      missing[row]!++;
      let path = next.get(pathOf[row]!);
      if (path === undefined) next.set(pathOf[row]!, (path = paths++));
      pathOf[row] = path;
    }
  }
  if (paths === 1) return undefined;
  const counts = new Map<number, number>();
  for (const row of reference) counts.set(pathOf[row]!, (counts.get(pathOf[row]!) ?? 0) + 1);
  const codeOf = new Map<number, number>();
  const codes = Int32Array.from(pathOf, (path, row) => {
    // Paths from 0 up, numbers of missing values from −1 down.
    const key = (counts.get(path) ?? 0) >= LEAST_OF_PATTERN ? path : -missing[row]! - 1;
    let code = codeOf.get(key);
    if (code === undefined) codeOf.set(key, (code = codeOf.size));
    return code;
  });
  return codeOf.size > 1 ? { codes, count: codeOf.size } : undefined;
}
