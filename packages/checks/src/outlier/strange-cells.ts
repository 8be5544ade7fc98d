/** Cells that are not what their column is, as findings of `rare-values`: exact, and of severity `low`. */

import type { CheckData, Finding } from "../check.js";
import type { FeatureColumns, StrangeCell } from "../features.js";
import { evidenceText, quoted } from "../quoted.js";

/** Cells of one column above which they are a habit of the data, and noted but not found one by one. */
export const MAX_STRANGE_CELLS = 20;
/** What people write where they have no value. */
const MISSING_WORDS = /^(?:|-+|\?+|\.|na|n\/a|nan|nil|none|null|missing|unknown|#n\/a)$/i;

/** Findings of texts and infinities in columns of numbers; words for a missing value and habits are only noted. */
export function strangeFindings(
  check: string,
  { oddCells, infiniteCells, dates }: FeatureColumns,
  data: CheckData,
  showValues: boolean,
  notes: string[],
): Finding[] {
  const findings: Finding[] = [];
  const report = (cells: readonly StrangeCell[], kind: string, what: string): void => {
    for (const column of new Set(cells.map((cell) => cell.column))) {
      const usual = dates.includes(column) ? "dates" : "numbers";
      const own = cells.filter((cell) => cell.column === column);
      const unusual = own.filter(({ text }) => !MISSING_WORDS.test(text.trim()));
      const listed = unusual.length <= MAX_STRANGE_CELLS;
      notes.push(
        `${quoted(column)} was read as ${usual}; ${own.length} ${what} ${own.length === 1 ? "cell" : "cells"} in it ` +
          `counted as missing${listed ? "" : ", too many to list one by one"}`,
      );
      if (!listed) continue;
      for (const { row, text } of unusual) {
        findings.push({
          ...data.place(row),
          check,
          kind,
          score: 1,
          severity: "low",
          message: showValues
            ? `Column ${quoted(column)} holds ${usual}, but here ${quoted(text)}.`
            : `Column ${quoted(column)} holds ${usual}, but not here.`,
          evidence: { column, ...(showValues ? { value: evidenceText(text) } : {}) },
        });
      }
    }
  };
  report(oddCells, "odd-cell", "odd");
  report(infiniteCells, "non-finite", "infinite");
  return findings;
}
