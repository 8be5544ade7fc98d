/**
 * A sketch of each column: what a later run needs to measure drift without the old records (`docs/spec/sketches.md`).
 * Computed from all values in sorted order, so it is exact where it says something and the same however the records are
 * stored; every occurrence of a record counts.
 */

import { canonicalJson, isAssayError, sha256, toHex } from "@assay/merkle";
import type { Kind } from "@assay/records";
import type { CheckData, Table, TableColumn } from "../check.js";
import { compareTexts } from "../code-point-order.js";
import { asCategory, columnNames, featureColumns, idColumns } from "../columns.js";

/** Steps between the ranks of a grid: 257 values, so that a share is known to 1/256 between them. */
export const GRID_STEPS = 256;
/** Most values of a column that are listed with their counts; the rest are pooled. */
export const MOST_VALUES = 256;
/** Longest value that is listed, in UTF-16 units: longer ones are texts, not names. */
export const LONGEST_VALUE = 128;
/** Most columns that are sketched, those first by code point; of the others only the kind is kept. */
export const MOST_COLUMNS = 4096;
/** Different numbers of a label that are still classes and not a measurement. */
const MOST_NUMBER_LABELS = 50;
/** Longest kind that is written out. */
const LONGEST_KIND = 1024;

/**
 * The distribution of n numbers, exact at some of them: `below[i]` numbers are less than `points[i]`, `upTo[i]` are not
 * greater. The first point is the least number and the last the greatest; where no more than 257 numbers differ, all of them are
 * points.
 */
export interface Grid {
  /** Strictly ascending. */
  readonly points: readonly number[];
  readonly below: readonly number[];
  readonly upTo: readonly number[];
}

/** A value and how many records have it. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

interface Named {
  readonly column: string;
  /** As `kindText` writes it: `number`, or RFC 8785 JSON of a nested one. */
  readonly kind: string;
  /** What the column was for: `other` is source, annotator, item, time, split, trust mark or no chosen feature. */
  readonly role: "feature" | "label" | "id" | "other" | "excluded";
}

interface Counted extends Named {
  /** Records without a value; a text in a column of numbers is none. */
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
}

/**
 * What is known of a column: the distribution of its numbers; its values and their lengths in UTF-16 units; counts alone (ids, and
 * all columns where leaves are keyed); or only that it is there (not looked at, or too large).
 */
export type ColumnSketch =
  | (Counted & { readonly form: "numbers"; readonly grid: Grid })
  | (Counted & {
      readonly form: "values";
      /** Of the lengths of all values. */
      readonly grid: Grid;
      /** The most frequent, at most 256: descending by count, then ascending by code point. */
      readonly values: readonly ValueCount[];
    })
  | (Counted & { readonly form: "counts" })
  | (Named & { readonly form: "name" });

/** The sketches of a data set. */
export interface DataSketch {
  readonly records: number;
  /** One for each column that has a value anywhere, ascending by name (code point). */
  readonly columns: readonly ColumnSketch[];
}

/**
 * Sketches every column that has a value. Features and label are read, ids by nature among them only counted; excluded columns
 * are never read. A column that does not fit into memory is named and no more.
 *
 * Cost: one reading of the columns that no check has read, and sorting each: O(records · log records) a column.
 *
 * @throws the reason of `signal`.
 */
export async function sketchData(
  data: CheckData,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<DataSketch> {
  const { shape } = data;
  const { label, exclude = [] } = shape.roles;
  const read = new Set(
    [...featureColumns(shape), ...(label === undefined ? [] : [label])].sort(compareTexts).slice(0, MOST_COLUMNS),
  );
  const tables = shape.records === 0 ? new Map<string, Table>() : await tablesOf(data, [...read]);
  const columns: ColumnSketch[] = [];
  for (const column of columnNames(shape)) {
    signal?.throwIfAborted();
    const kind = shape.kinds[column] ?? "null";
    if (kind === "null") continue;
    const isLabel = column === label;
    const named = { column, kind: kindText(kind) };
    const table = tables.get(column);
    if (exclude.includes(column)) columns.push({ ...named, role: "excluded", form: "name" });
    else if (!read.has(column)) columns.push({ ...named, role: "other", form: "name" });
    else if (!table) columns.push({ ...named, role: isLabel ? "label" : "feature", form: "name" });
    else if (isLabel)
      columns.push(sketchColumn({ ...named, role: "label" }, labelColumn(table.columns[0] as TableColumn)));
    else {
      const isId = idColumns(table).length > 0;
      const sketch = sketchColumn({ ...named, role: isId ? "id" : "feature" }, table.columns[0] as TableColumn);
      columns.push(isId ? countsOnly(sketch) : sketch);
    }
  }
  return { records: shape.records, columns };
}

/** The sketch without any value of a record: how many there are, are missing and differ. */
export function withoutValues({ records, columns }: DataSketch): DataSketch {
  return { records, columns: columns.map(countsOnly) };
}

function countsOnly(sketch: ColumnSketch): ColumnSketch {
  if (sketch.form === "name") return sketch;
  const { column, kind, role, missing, distinct } = sketch;
  return { column, kind, role, missing, distinct, form: "counts" };
}

/** A kind as one text: nested ones as RFC 8785 JSON, long ones as the digest of that. */
export function kindText(kind: Kind): string {
  if (typeof kind === "string") return kind;
  const text = canonicalJson(kind);
  return text.length <= LONGEST_KIND ? text : `sha256:${toHex(sha256(new TextEncoder().encode(text)))}`;
}

/** Tables of one column each: all read at once when they fit, else one after the other; without those that do not fit. */
async function tablesOf(data: CheckData, names: readonly string[]): Promise<Map<string, Table>> {
  const tables = new Map<string, Table>();
  const all = await tableThatFits(data, names);
  for (const [i, name] of names.entries()) {
    const column = all?.columns[i];
    const table = column === undefined ? await tableThatFits(data, [name]) : { ...(all as Table), columns: [column] };
    if (table) tables.set(name, table);
  }
  return tables;
}

async function tableThatFits(data: CheckData, names: readonly string[]): Promise<Table | undefined> {
  try {
    return await data.table(names);
  } catch (error) {
    if (isAssayError(error) && error.code === "memory-exceeded") return undefined;
    throw error;
  }
}

/** Numbers that are few are classes, as texts. */
function labelColumn(column: TableColumn): TableColumn {
  if (column.kind === "category") return column;
  const distinct = new Set(column.values.filter((value) => !Number.isNaN(value)));
  return distinct.size <= MOST_NUMBER_LABELS ? asCategory(column) : column;
}

function sketchColumn(named: Named, column: TableColumn): ColumnSketch {
  if (column.kind === "number") {
    const sorted = column.values
      .filter((value) => !Number.isNaN(value))
      .map((value) => value + 0)
      .sort();
    const { grid, distinct } = gridOf(sorted);
    return { ...named, form: "numbers", missing: column.values.length - sorted.length, distinct, grid };
  }
  const { codes, categories } = column;
  const counts = new Float64Array(categories.length);
  let present = 0;
  for (const code of codes) {
    if (code < 0) continue;
    counts[code] = (counts[code] as number) + 1;
    present++;
  }
  const lengths = new Float64Array(present);
  let at = 0;
  for (const code of codes) if (code >= 0) lengths[at++] = (categories[code] as string).length;
  return {
    ...named,
    form: "values",
    missing: codes.length - present,
    distinct: counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0),
    grid: gridOf(lengths.sort()).grid,
    values: [...categories.keys()]
      .filter((code) => (counts[code] as number) > 0 && (categories[code] as string).length <= LONGEST_VALUE)
      // Codes ascend as their texts do.
      .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
      .slice(0, MOST_VALUES)
      .map((code) => ({ value: categories[code] as string, count: counts[code] as number })),
  };
}

/** The grid of ascending numbers: all that differ where they are few, else those at 257 ranks from the least to the greatest. */
export function gridOf(sorted: Float64Array): { readonly grid: Grid; readonly distinct: number } {
  const n = sorted.length;
  let distinct = 0;
  for (let i = 0; i < n; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  const points: number[] = [];
  const below: number[] = [];
  const upTo: number[] = [];
  let step = 0;
  for (let begin = 0; begin < n; ) {
    let end = begin + 1;
    while (end < n && sorted[end] === sorted[begin]) end++;
    // The first rank of the grid that is not passed yet.
    while (step < GRID_STEPS && rankOf(step, n) < begin) step++;
    const rank = rankOf(step, n);
    if (distinct <= GRID_STEPS + 1 || (rank >= begin && rank < end)) {
      points.push(sorted[begin] as number);
      below.push(begin);
      upTo.push(end);
    }
    begin = end;
  }
  return { grid: { points, below, upTo }, distinct };
}

/** Rank of a step of the grid among n values: ⌊step · (n − 1) / 256⌋, exact below 2⁴⁵ values. */
function rankOf(step: number, n: number): number {
  return Math.floor((step * (n - 1)) / GRID_STEPS);
}
