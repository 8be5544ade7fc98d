/**
 * From the columns of a table to what detectors compute with: which columns say something, as numbers, categories or text,
 * and what was left out and why. Nothing is left out silently, and no single cell can take a column out of sight.
 */

import type { Table, TableColumn } from "./check.js";
import { idColumns } from "./columns.js";
import { daysOfText } from "./date-texts.js";
import { type DenseMatrix, denseMatrix } from "./numeric/matrix.js";
import { momentsOf } from "./numeric/moments.js";
import { quantileOfSorted } from "./numeric/quantiles.js";
import { quoted } from "./quoted.js";

type NumberColumn = Extract<TableColumn, { kind: "number" }>;
type CategoryColumn = Extract<TableColumn, { kind: "category" }>;

/** A cell that is not what its column is. */
export interface StrangeCell {
  readonly column: string;
  readonly row: number;
  /** What it holds; `Infinity` or `-Infinity` for a number that is not finite. */
  readonly text: string;
}

export interface FeatureColumns {
  /** Finite or NaN (missing), not constant. */
  readonly numbers: readonly NumberColumn[];
  /** Names of those numbers that are dates written as text, in days since 1970-01-01. */
  readonly dates: readonly string[];
  /** Few enough values that each of them says something. */
  readonly categories: readonly CategoryColumn[];
  /** Words: many different values of several words each. */
  readonly texts: readonly CategoryColumn[];
  /** Columns that say nothing to these detectors, and why. */
  readonly left: readonly { readonly column: string; readonly reason: string }[];
  /** Texts in columns of numbers; they are missing in `numbers`. */
  readonly oddCells: readonly StrangeCell[];
  /** Numbers that are infinite; they are missing in `numbers`. */
  readonly infiniteCells: readonly StrangeCell[];
}

export interface FeatureOptions {
  /** Columns that are features because the user said so, even if they look like ids. */
  readonly named?: readonly string[];
  /** The column that holds text, if one was named. */
  readonly text?: string | undefined;
}

/** Why a column that does not vary is left. */
export const CONSTANT = "it has the same value in every record, or none";
/** Values of a category that become columns of their own; the rest is pooled. */
const MAX_CATEGORIES = 64;
/** Records of a category below which it is pooled. */
const LEAST_OF_CATEGORY = 5;
/** Share of texts that must be numbers for a column of texts to be read as numbers. */
const NUMERIC_SHARE = 0.95;
/** JSON's grammar of numbers, which is what type inference takes for a number. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/**
 * Sorts columns by what they are. Columns of texts of which nearly all are numbers, or dates, are read as numbers.
 *
 * @param table - Only columns that may be features.
 * @example
 * const { numbers, left } = featuresOf(await data.table(featureColumns(data.shape)));
 */
export function featuresOf(table: Table, { named = [], text }: FeatureOptions = {}): FeatureColumns {
  // Numbers first: one odd cell among different numbers makes a column of texts that all differ, as an id does.
  const dates: string[] = [];
  const columns = table.columns.map((column) => {
    if (column.kind === "number" || column.name === text) return column;
    const numbers = numbersBehindTexts(column, numberOfText);
    if (numbers) return numbers;
    const days = numbersBehindTexts(column, daysOfText);
    if (days) dates.push(column.name);
    return days ?? column;
  });
  const ids = new Set(idColumns({ ...table, columns }).filter((name) => !named.includes(name) && name !== text));
  const numbers: NumberColumn[] = [];
  const categories: CategoryColumn[] = [];
  const texts: CategoryColumn[] = [];
  const left: { column: string; reason: string }[] = [];
  const oddCells: StrangeCell[] = [];
  const infiniteCells: StrangeCell[] = [];
  for (const column of columns) {
    const { name } = column;
    if (ids.has(name)) {
      left.push({ column: name, reason: "it differs in every record, as an id does" });
      continue;
    }
    if (column.kind === "number") {
      for (const { row, text: cell } of column.odd ?? []) oddCells.push({ column: name, row, text: cell });
      const finite = withoutInfinities(column, infiniteCells);
      if (varies(finite.values)) numbers.push(finite);
      else left.push({ column: name, reason: CONSTANT });
      continue;
    }
    if (name === text || looksLikeText(column)) texts.push(column);
    else if (column.categories.length < 2) left.push({ column: name, reason: CONSTANT });
    else if (commonShare(column) < 0.5)
      left.push({ column: name, reason: "most of its values are too rare to say anything" });
    else categories.push(column);
  }
  return { numbers, dates, categories, texts, left, oddCells, infiniteCells };
}

/** Columns that a note names one by one. */
const NAMED_COLUMNS = 20;

/** One note for each reason why columns were left, in the order of the columns. */
export function leftNotes(left: FeatureColumns["left"]): string[] {
  return [...new Set(left.map(({ reason }) => reason))].map((reason) => {
    const names = left.filter((entry) => entry.reason === reason).map(({ column }) => quoted(column));
    const more = names.length > NAMED_COLUMNS ? ` and ${names.length - NAMED_COLUMNS} more` : "";
    return `not looked at: ${names.slice(0, NAMED_COLUMNS).join(", ")}${more}: ${reason}`;
  });
}

function numberOfText(text: string): number {
  return NUMBER.test(text) ? Number(text) + 0 : Number.NaN;
}

/** A column of texts read as numbers, when at least 20 texts and 95 % of them all are. */
function numbersBehindTexts(column: CategoryColumn, parse: (text: string) => number): NumberColumn | undefined {
  const parsed = Float64Array.from(column.categories, parse);
  let present = 0;
  let numeric = 0;
  for (const code of column.codes) {
    if (code < 0) continue;
    present++;
    if (Number.isFinite(parsed[code])) numeric++;
  }
  if (present < 20 || numeric < NUMERIC_SHARE * present) return undefined;
  const odd: { row: number; text: string }[] = [];
  const values = new Float64Array(column.codes.length).fill(Number.NaN);
  for (const [row, code] of column.codes.entries()) {
    if (code < 0) continue;
    const value = parsed[code]!;
    if (Number.isFinite(value)) values[row] = value;
    else odd.push({ row, text: column.categories[code]! });
  }
  return { name: column.name, kind: "number", values, odd };
}

function withoutInfinities(column: NumberColumn, found: StrangeCell[]): NumberColumn {
  let values = column.values;
  for (const [row, value] of column.values.entries()) {
    if (Number.isFinite(value) || Number.isNaN(value)) continue;
    if (values === column.values) values = column.values.slice();
    values[row] = Number.NaN;
    found.push({ column: column.name, row, text: String(value) });
  }
  return { name: column.name, kind: "number", values };
}

function varies(values: Float64Array): boolean {
  let first = Number.NaN;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== first) return true;
  }
  return false;
}

/** Whether at least half of the records have a text of their own, and texts have three words on average. */
function looksLikeText({ codes, categories }: CategoryColumn): boolean {
  let present = 0;
  let words = 0;
  const wordsOf = Int32Array.from(categories, (text) => text.split(/\s+/u).length);
  for (const code of codes) {
    if (code < 0) continue;
    present++;
    words += wordsOf[code]!;
  }
  return present > 0 && categories.length >= 0.5 * present && words >= 3 * present;
}

/** Share of the records whose category would get a column of its own. */
function commonShare(column: CategoryColumn): number {
  const counts = new Int32Array(column.categories.length);
  let present = 0;
  for (const code of column.codes) {
    if (code < 0) continue;
    counts[code]!++;
    present++;
  }
  let covered = 0;
  for (const code of commonCategories(counts)) covered += counts[code]!;
  return present === 0 ? 0 : covered / present;
}

/** The most frequent categories, ties in code point order, that get a column of their own. */
function commonCategories(counts: Int32Array): number[] {
  return [...counts.keys()]
    .filter((code) => counts[code]! >= LEAST_OF_CATEGORY)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, MAX_CATEGORIES);
}

/** How a numeric column is centred and scaled. */
export interface ColumnScale {
  readonly centre: number;
  readonly scale: number;
}

/**
 * The robust scale of a column: median, and the greater of IQR / 1.349 and a tenth of the standard deviation (the standard
 * deviation where the IQR is 0). For the standard deviation values are first cut off at 100 typical deviations, so that one
 * absurd value cannot shrink all others to nothing.
 *
 * @param values - Without missing ones, in any order.
 */
export function robustScale(values: Float64Array): ColumnScale {
  const sorted = values.slice().sort();
  const centre = quantileOfSorted(sorted, 0.5);
  const iqr = (quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25)) / 1.349;
  let typical = iqr;
  if (!(typical > 0)) {
    const deviations = sorted.map((value) => Math.abs(value - centre)).sort();
    const firstPositive = deviations.findIndex((deviation) => deviation > 0);
    typical = firstPositive < 0 ? 0 : quantileOfSorted(deviations.subarray(firstPositive), 0.5);
  }
  const limit = 100 * typical;
  const { variance } = momentsOf(sorted.map((value) => Math.max(-limit, Math.min(limit, value - centre))));
  const deviation = Math.sqrt(variance);
  const scale = iqr > 0 ? Math.max(iqr, 0.1 * deviation) : deviation;
  return { centre, scale: scale > 0 && Number.isFinite(scale) ? scale : 1 };
}

/** A column of a matrix of features and where it comes from. */
export interface EncodedColumn {
  readonly name: string;
  /** The category, or `"missing"` for the mark of missing values; absent for the number itself. */
  readonly part?: string;
}

export interface EncodedFeatures {
  readonly matrix: DenseMatrix;
  readonly columns: readonly EncodedColumn[];
  /** How many of the first columns are numbers. */
  readonly numbers: number;
}

/**
 * Features for classifiers: numbers with mean 0 and deviation 1 after values beyond 10 robust deviations are cut off, missing
 * ones at the median and marked by a column; categories as one column of 0 and 1 each, rare ones pooled.
 *
 * @param rows - Rows of the table, in the order of the rows of the matrix.
 */
export function encodeFeatures({ numbers, categories }: FeatureColumns, rows: Int32Array): EncodedFeatures {
  const columns: EncodedColumn[] = [];
  const filled: Float64Array[] = [];
  const marks: { column: EncodedColumn; values: Float64Array }[] = [];
  const deviationOf = imageDeviation(numbers, rows);
  for (const { name, values, cell } of numbers) {
    const taken = Float64Array.from(rows, (row) => values[row]!);
    const present = taken.filter((value) => !Number.isNaN(value));
    if (present.length === 0) continue;
    if (cell) {
      const { mean } = momentsOf(present);
      columns.push({ name });
      filled.push(taken.map((value) => (Number.isNaN(value) ? 0 : (value - mean) / deviationOf)));
      continue;
    }
    const { centre, scale } = robustScale(present);
    const clipped = taken.map((value) =>
      Number.isNaN(value) ? 0 : Math.max(-10, Math.min(10, (value - centre) / scale)),
    );
    const { mean, variance } = momentsOf(clipped);
    const deviation = variance > 0 ? Math.sqrt(variance) : 1;
    columns.push({ name });
    filled.push(clipped.map((value) => (value - mean) / deviation));
    if (present.length < taken.length) {
      marks.push({
        column: { name, part: "missing" },
        values: taken.map((value) => (Number.isNaN(value) ? 1 : 0)),
      });
    }
  }
  const numberCount = columns.length;
  for (const column of categories) marks.push(...categoryMarks(column, rows));
  for (const { column, values } of marks) {
    columns.push(column);
    filled.push(values);
  }
  const matrix = denseMatrix(rows.length, columns.length);
  for (const [j, values] of filled.entries()) {
    for (let i = 0; i < rows.length; i++) matrix.values[i * columns.length + j] = values[i]!;
  }
  return { matrix, columns, numbers: numberCount };
}

/** The one deviation that all pixels are scaled by: a pixel that hardly varies then says little, as it should. */
function imageDeviation(numbers: readonly NumberColumn[], rows: Int32Array): number {
  let total = 0;
  let count = 0;
  for (const { values, cell } of numbers) {
    if (!cell) continue;
    const present = Float64Array.from(rows, (row) => values[row]!).filter((value) => !Number.isNaN(value));
    if (present.length > 0) total += momentsOf(present).variance;
    count++;
  }
  return total > 0 ? Math.sqrt(total / count) : 1;
}

function categoryMarks(
  { name, codes, categories }: CategoryColumn,
  rows: Int32Array,
): { column: EncodedColumn; values: Float64Array }[] {
  const counts = new Int32Array(categories.length);
  for (const row of rows) if (codes[row]! >= 0) counts[codes[row]!]!++;
  const common = commonCategories(counts);
  const rank = new Int32Array(categories.length).fill(common.length);
  for (const [i, code] of common.entries()) rank[code] = i;
  const marks = common.map((code) => ({
    column: { name, part: categories[code]! },
    values: new Float64Array(rows.length),
  }));
  const pooled = new Float64Array(rows.length);
  const missing = new Float64Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const code = codes[row]!;
    if (code < 0) missing[i] = 1;
    else (marks[rank[code]!]?.values ?? pooled)[i] = 1;
  }
  if (pooled.includes(1)) marks.push({ column: { name, part: "(rare)" }, values: pooled });
  if (missing.includes(1)) marks.push({ column: { name, part: "(missing)" }, values: missing });
  return marks;
}
