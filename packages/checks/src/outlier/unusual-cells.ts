/** The most unusual cell of a record, and what would have been expected there. No claim. */

import type { SuspectReason, Table } from "../check.js";
import { firstRows } from "../columns.js";
import type { FeatureColumns } from "../features.js";
import { log } from "../numeric/elementary.js";
import { evidenceText, quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import type { ExplainedNumbers } from "./outlier-evidence.js";
import { cellOf, type ScaledMatrix } from "./scaled-matrix.js";

/** How unusual the cells of a table are, in deviations of a normal value. */
export interface CellView {
  /** Of the most unusual cell of a row; 0 where it has none. */
  scoreOf(row: number): number;
  /** That cell. */
  cellOf(row: number): UnusualCell | undefined;
}

interface UnusualCell {
  readonly column: string;
  readonly value: number | string;
  readonly expected: number | string;
  /** Whether value and expected are dates as text. */
  readonly ofDates?: boolean;
  /** Of a category: how many of the distinct records have the value. */
  readonly records?: { readonly count: number; readonly of: number };
}

/** How far each cell of a matrix of numbers is from what is expected of it; NaN where it is missing. */
export interface CellDeviations {
  readonly deviation: Float64Array;
  /** In the units of the matrix. */
  readonly expected: Float64Array;
}

/**
 * Numbers against what is expected of them.
 *
 * @param placeOf - Row of the matrix of a row of the table.
 * @param dateOf - How the numbers of a column of dates are written.
 */
export function farNumbers(
  numbers: FeatureColumns["numbers"],
  { deviation, expected }: CellDeviations,
  { centres, scales }: ScaledMatrix,
  placeOf: (row: number) => number,
  dateOf: ExplainedNumbers["dateOf"],
): CellView {
  const d = numbers.length;
  const farthest = (row: number): number => {
    const begin = placeOf(row) * d;
    let best = -1;
    for (let cell = begin; cell < begin + d; cell++)
      if (deviation[cell]! > (best < 0 ? 0 : deviation[best]!)) best = cell;
    return best;
  };
  return {
    scoreOf(row) {
      const cell = farthest(row);
      return cell < 0 ? 0 : deviation[cell]!;
    },
    cellOf(row) {
      const cell = farthest(row);
      if (cell < 0) return undefined;
      const j = cell % d;
      const { name, values } = numbers[j]!;
      const usual = roundScore(cellOf(expected[cell]!, centres[j]!, scales[j]!));
      const date = dateOf(name);
      return {
        column: name,
        value: date?.(values[row]!) ?? values[row]!,
        expected: date?.(usual) ?? usual,
        ofDates: date !== undefined,
      };
    },
  };
}

/** Categories by their share p, as √(2 ln 1/p). Expected is the most frequent value of the column, the first of equals. */
export function rareCategories({ categories }: Pick<FeatureColumns, "categories">, table: Table): CellView {
  const rows = firstRows(table);
  const columns = categories.map(({ name, codes, categories: values }) => {
    const counts = new Int32Array(values.length);
    for (const row of rows) if (codes[row]! >= 0) counts[codes[row]!]!++;
    const score = Float64Array.from(counts, (count) =>
      Math.sqrt(Math.max(0, -2 * log((count + 0.5) / (rows.length + 0.5 * values.length)))),
    );
    const most = counts.reduce((best, count, code) => (count > counts[best]! ? code : best), 0);
    return { name, codes, values, counts, score, most };
  });
  type Column = (typeof columns)[number];
  const rarest = (row: number): Column | undefined => {
    let best: Column | undefined;
    let most = 0;
    for (const column of columns) {
      const code = column.codes[row]!;
      if (code >= 0 && column.score[code]! > most) [best, most] = [column, column.score[code]!];
    }
    return best;
  };
  return {
    scoreOf(row) {
      const column = rarest(row);
      return column ? column.score[column.codes[row]!]! : 0;
    },
    cellOf(row) {
      const column = rarest(row);
      if (!column) return undefined;
      const code = column.codes[row]!;
      return {
        column: column.name,
        value: column.values[code]!,
        expected: column.values[column.most]!,
        records: { count: column.counts[code]!, of: rows.length },
      };
    },
  };
}

/** Why a row is suspected: its most unusual cell of all views, the first of equals. None where nothing is unusual. */
export function unusualCellReason(
  views: readonly CellView[],
  row: number,
  record: number,
  showValues: boolean,
): SuspectReason[] {
  const [first, ...others] = views;
  const view = others.reduce((best, own) => (own.scoreOf(row) > best!.scoreOf(row) ? own : best), first);
  const cell = view?.cellOf(row);
  if (!view || !cell) return [];
  const { column, value, expected, records, ofDates = false } = cell;
  const share = records ? ` that ${records.count} of ${records.of} distinct records have` : "";
  const shown = (of: number | string): string => (typeof of === "number" || ofDates ? `${of}` : quoted(of));
  const about = typeof expected === "number" ? Number(expected.toPrecision(4)) : expected;
  const message = showValues
    ? `Column ${quoted(column)} holds ${shown(value)} here${share}, where ${records ? "the most frequent is" : "the rest suggests"} ${shown(about)}.`
    : `Column ${quoted(column)} holds a value here${records ? share : " that is far from what the rest suggests"}.`;
  const plain = (of: number | string): number | string => (typeof of === "string" ? evidenceText(of) : of);
  return [
    {
      record,
      message,
      evidence: {
        column,
        deviation: roundScore(view.scoreOf(row)),
        ...(records && { records: records.count, of: records.of }),
        ...(showValues && { value: plain(value), expected: plain(expected) }),
      },
    },
  ];
}
