/**
 * The score of a whole record: the mean over what its table has of numbers (the mean of their three views, `outlier-score.ts`),
 * categories and missing values, and texts, each in robust deviations from its own middle. Three views of numbers are three opinions on
 * one thing, so they have one vote; what a table does not have takes no part, so numbers alone score as numbers alone.
 */

import type { Table, TableColumn } from "../check.js";
import { roundScore } from "../scores.js";
import { standardisedView } from "./added-view.js";
import { type OutlierModel, VIEWS } from "./outlier-score.js";
import { type SurpriseView, surpriseView } from "./surprise-view.js";
import { type TextView, textView } from "./text-view.js";

type CategoryColumn = Extract<TableColumn, { kind: "category" }>;

/** The views beside those of numbers that a table has. */
export interface AddedViews {
  /** Categories and which values are missing. */
  readonly surprise?: SurpriseView;
  readonly text?: TextView;
}

/**
 * @param table - All columns that values may be missing in.
 * @param reference - Rows that records are compared with.
 */
export function addedViews(
  table: Pick<Table, "length" | "columns">,
  categories: readonly CategoryColumn[],
  texts: readonly CategoryColumn[],
  reference: Int32Array,
): AddedViews {
  const surprise = surpriseView(table, categories, reference);
  const text = textView(texts, table.length, reference);
  return { ...(surprise && { surprise }), ...(text && { text }) };
}

export interface RecordScores {
  /** Of every row of the table, 9 significant digits. */
  readonly score: Float64Array;
  /** Each view of a row in robust deviations from its median. */
  viewsOf(row: number): Record<string, number>;
}

/**
 * @param numbers - The model of the numbers and the place in it of a row; absent where there are none.
 * @param reference - Rows that medians and scales are taken over.
 */
export function recordScores(
  length: number,
  numbers: { readonly model: OutlierModel; placeOf(row: number): number } | undefined,
  added: AddedViews,
  reference: Int32Array,
): RecordScores {
  const more = (["surprise", "text"] as const).flatMap((name) => {
    const view = added[name];
    return view ? [{ name, values: standardisedView(view.values, reference) }] : [];
  });
  const kinds = (numbers ? 1 : 0) + more.length;
  const score = new Float64Array(length);
  for (let row = 0; row < length; row++) {
    let sum = numbers ? numbers.model.rows.score[numbers.placeOf(row)]! : 0;
    for (const { values } of more) sum += values[row]!;
    score[row] = roundScore(sum / kinds);
  }
  return {
    score,
    viewsOf(row) {
      const own = numbers
        ? VIEWS.map((view) => [view, numbers.model.rows.views[view][numbers.placeOf(row)]!] as const)
        : [];
      return Object.fromEntries(
        [...own, ...more.map(({ name, values }) => [name, values[row]!] as const)].map(([name, z]) => [
          name,
          roundScore(z),
        ]),
      );
    },
  };
}
