/** What made a record stand out: its oddest numbers, regions of its image, rarest categories, missing values and text. */

import type { DataShape } from "../check.js";
import { textOfDays } from "../date-texts.js";
import { type ColumnScale, type FeatureColumns, robustScale } from "../features.js";
import { regionOfCell } from "../image/image-grid.js";
import { conditionalResiduals } from "../numeric/trimmed-mahalanobis.js";
import { evidenceText, quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import type { DistinctRows } from "./distinct-rows.js";
import type { OutlierModel } from "./outlier-score.js";
import type { AddedViews } from "./record-score.js";
import { cellOf, type ScaledMatrix } from "./scaled-matrix.js";

/** Columns of a kind that explain a finding. */
const SHOWN_COLUMNS = 3;
/** Names of columns without a value that are listed. */
const SHOWN_MISSING = 20;

/** A number, or a region of an image, that is far from what the rest of its record suggests. */
export interface ExplainedCell {
  readonly column: string;
  /** Robust deviations from what the other columns say. */
  readonly residual: number;
  /** Dates as ISO 8601. */
  readonly value?: number | string | null;
  readonly expected?: number | string;
  /** Where in the image it is, instead of a value and what was expected: one pixel says nothing to anybody. */
  readonly region?: string;
}

/** The numbers of a check as its evidence needs them. */
export interface ExplainedNumbers {
  readonly model: OutlierModel;
  readonly scaled: ScaledMatrix;
  readonly columns: FeatureColumns["numbers"];
  /** What a number of a column is in words, where it is a date. */
  readonly dateOf: (column: string) => ((value: number) => string | undefined) | undefined;
}

/** Turns numbers of columns that hold dates into dates: whole days where the column holds nothing finer. */
export function datesOf({ kinds }: DataShape, { dates, numbers }: FeatureColumns): ExplainedNumbers["dateOf"] {
  const days = new Set(dates);
  const whole = new Set(
    numbers.filter(({ values }) => values.every((v) => Number.isNaN(v) || Number.isInteger(v))).map(({ name }) => name),
  );
  return (column) => {
    const kind = kinds[column];
    if (kind === "date" || days.has(column))
      return whole.has(column) ? (value) => textOfDays(Math.round(value)) : textOfDays;
    return kind === "timestamp" || kind === "instant" ? (seconds) => textOfDays(seconds / 86_400) : undefined;
  };
}

/** The cells of a record that are farthest from what its other cells say. */
function oddCellsOf(
  { model: { clipped, covariance }, scaled: { centres, scales }, columns, dateOf }: ExplainedNumbers,
  at: number,
  row: number,
  regions: readonly ExplainedCell[],
  showValues: boolean,
): ExplainedCell[] {
  const d = clipped.columns;
  const residuals = covariance
    ? conditionalResiduals(clipped, at, covariance, SHOWN_COLUMNS)
    : Array.from({ length: d }, (_, j) => ({ column: j, residual: clipped.values[at * d + j]!, expected: 0 }))
        .sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual) || a.column - b.column)
        .slice(0, SHOWN_COLUMNS);
  // Regions of the image stand in for its components, which nobody can look at.
  const waiting = [...regions];
  return residuals.flatMap(({ column: j, residual, expected }): ExplainedCell[] => {
    const { name, values, component } = columns[j]!;
    if (component) return waiting.splice(0, 1);
    const date = dateOf(name);
    const shown = (value: number): number | string => date?.(value) ?? roundScore(value);
    const value = values[row]!;
    return [
      {
        column: name,
        residual: roundScore(residual),
        ...(showValues && {
          value: Number.isNaN(value) ? null : (date?.(value) ?? value),
          expected: shown(cellOf(expected, centres[j]!, scales[j]!)),
        }),
      },
    ];
  });
}

/** The scales of pixels, by which a region stands out. */
function regionScales(pixels: FeatureColumns["numbers"]): readonly ColumnScale[] {
  return pixels.map(({ values }) => robustScale(values.filter((value) => !Number.isNaN(value))));
}

/** The regions of an image that are farthest from what they are in most images. */
function oddRegions(pixels: FeatureColumns["numbers"], scales: readonly ColumnScale[], row: number): ExplainedCell[] {
  return pixels
    .flatMap(({ name, values, cell }, j) => {
      const { centre, scale } = scales[j]!;
      const value = values[row]!;
      if (!cell || Number.isNaN(value)) return [];
      return [{ column: name, residual: roundScore((value - centre) / scale), region: regionOfCell(cell) }];
    })
    .sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual))
    .slice(0, SHOWN_COLUMNS);
}

/** What the views beside those of numbers saw in a record. */
export interface AddedEvidence {
  /** Rare categories, most surprising first. `records` of `of` have the value. */
  readonly categories?: readonly {
    readonly column: string;
    readonly deviation: number;
    readonly records: number;
    readonly of: number;
    readonly value?: string;
  }[];
  /** Values that are missing together more rarely than usual. */
  readonly missing?: {
    readonly columns: readonly string[];
    readonly deviation: number;
    readonly records: number;
    readonly of: number;
  };
  /** The text that is farthest from the others in form, and its measure. */
  readonly text?: {
    readonly column: string;
    readonly measure: string;
    readonly deviation: number;
    readonly value?: number;
    readonly usual?: number;
  };
}

function addedEvidence({ surprise, text }: AddedViews, row: number, showValues: boolean): AddedEvidence {
  const rare = surprise?.rareValues(row, SHOWN_COLUMNS) ?? [];
  const of = surprise?.counted ?? 0;
  const categories = rare.flatMap(({ column, deviation, records }) =>
    column
      ? [
          {
            column: column.name,
            deviation: roundScore(deviation),
            records,
            of,
            ...(showValues && { value: evidenceText(column.categories[column.codes[row]!]!) }),
          },
        ]
      : [],
  );
  const pattern = rare.find(({ column }) => column === undefined);
  const odd = text?.oddText(row);
  return {
    ...(categories.length > 0 && { categories }),
    ...(pattern && {
      missing: {
        columns: surprise!.missingColumns(row).slice(0, SHOWN_MISSING),
        deviation: roundScore(pattern.deviation),
        records: pattern.records,
        of,
      },
    }),
    ...(odd && {
      text: {
        column: odd.column,
        measure: odd.measure,
        deviation: roundScore(odd.deviation),
        ...(showValues && { value: roundScore(odd.value), usual: roundScore(odd.usual) }),
      },
    }),
  };
}

/** Why a record stands out. */
export interface ExplainedRecord {
  readonly views: Readonly<Record<string, number>>;
  readonly cells: readonly ExplainedCell[];
  readonly more: AddedEvidence;
  /** One sentence on the view that it is oddest to. */
  readonly message: string;
}

/**
 * What explains a record, by its row.
 *
 * @param explained - Undefined where there are no numbers.
 * @param pixels - Columns of the images, which regions are named by.
 * @param viewsOf - The views of a row.
 */
export function explainer(
  explained: ExplainedNumbers | undefined,
  { placeOf }: Pick<DistinctRows, "placeOf">,
  pixels: FeatureColumns["numbers"],
  added: AddedViews,
  viewsOf: (row: number) => Readonly<Record<string, number>>,
  showValues: boolean,
): (row: number) => ExplainedRecord {
  const scales = regionScales(pixels);
  return (row) => {
    const views = viewsOf(row);
    const more = addedEvidence(added, row, showValues);
    const cells = explained
      ? oddCellsOf(explained, placeOf(row), row, oddRegions(pixels, scales, row), showValues)
      : [];
    return { views, cells, more, message: recordMessage(views, cells, more, showValues) };
  };
}

/** One sentence on the number that stands out most. */
export function numbersMessage(cells: readonly ExplainedCell[], showValues: boolean): string {
  const first = cells[0];
  if (!first) return "The record is unlike all others.";
  if (first.region !== undefined) return `The image is unlike the others, most of all at ${first.region}.`;
  const start = `The record is unlike the others, most of all in ${quoted(first.column)}`;
  const { value, expected } = first;
  if (!showValues || value === undefined || value === null || expected === undefined) return `${start}.`;
  const suggested = typeof expected === "number" ? Number(expected.toPrecision(4)) : expected;
  return `${start}: ${value} where its other columns suggest ${suggested}.`;
}

/** One sentence on what stands out most in a record, by its oddest view. */
function recordMessage(
  views: Readonly<Record<string, number>>,
  cells: readonly ExplainedCell[],
  { categories = [], missing, text }: AddedEvidence,
  showValues: boolean,
): string {
  const { surprise = Number.NEGATIVE_INFINITY, text: form = Number.NEGATIVE_INFINITY, ...ofNumbers } = views;
  const most = Math.max(surprise, form, ...Object.values(ofNumbers));
  const start = "The record is unlike the others, most of all";
  if (text && form === most) return `${start} in the text of ${quoted(text.column)}: its ${text.measure}.`;
  if (surprise !== most) return numbersMessage(cells, showValues);
  const [first] = categories;
  if (first && !(missing && missing.deviation > first.deviation)) {
    const value = first.value === undefined ? "a value" : quoted(first.value);
    return `${start} in ${quoted(first.column)}: ${value} that ${first.records} of ${first.of} records have.`;
  }
  if (!missing) return numbersMessage(cells, showValues);
  const names = missing.columns.map(quoted);
  if (names.length === 0) return `${start} because no value of it is missing.`;
  if (names.length === 1) return `${start} because ${names[0]} is missing.`;
  const shown = names.length > SHOWN_COLUMNS ? [...names.slice(0, SHOWN_COLUMNS), "others"] : names;
  return `${start} because ${shown.slice(0, -1).join(", ")} and ${shown.at(-1)} are missing.`;
}
