/**
 * `sketches.arrow` (`docs/spec/sketches.md`): one record a column, as an Arrow IPC file that other tools open. Read strictly: what
 * we would not have written is refused, and nothing in it is believed before it was counted again.
 */

import { FormatError } from "@assay/merkle";
import type { Batch, Column } from "@assay/records";
import { compareTexts } from "../code-point-order.js";
import {
  type ColumnSketch,
  type DataSketch,
  GRID_STEPS,
  type Grid,
  LONGEST_VALUE,
  MOST_VALUES,
  type ValueCount,
} from "./sketch.js";

/** Path of the file in the folder of a run. */
export const SKETCHES_FILE = "sketches.arrow";
/** Largest file that is read: 256 MiB. */
export const MAX_SKETCHES_BYTES = 256 * 2 ** 20;

const FORMAT = "assay-sketches/v1";
const NAMES = [
  "format",
  "column",
  "kind",
  "role",
  "form",
  "records",
  "missing",
  "distinct",
  "points",
  "below",
  "upTo",
  "values",
  "counts",
];
const TYPES = [
  "text",
  "text",
  "text",
  "text",
  "text",
  "int64",
  "int64",
  "int64",
  "list",
  "list",
  "list",
  "list",
  "list",
];
const ITEM_TYPES: Readonly<Record<string, string>> = {
  points: "float64",
  below: "int64",
  upTo: "int64",
  values: "text",
  counts: "int64",
};
const ROLES = ["feature", "label", "id", "other", "excluded"];
const FORMS = ["numbers", "values", "counts", "name"];
/** Most columns of a data set whose sketches are read; the same as of a file of records. */
const MAX_COLUMNS = 100_000;

/**
 * The bytes of `sketches.arrow`: the same for the same sketches.
 *
 * @example
 * await parseSketches(await formatSketches(sketches)); // the same sketches
 */
export async function formatSketches({ records, columns }: DataSketch): Promise<Uint8Array> {
  const grids = columns.map((sketch) => ("grid" in sketch ? sketch.grid : undefined));
  const values = columns.map((sketch) => ("values" in sketch ? sketch.values : undefined));
  const batch: Batch = {
    length: columns.length,
    columns: [
      textColumn(
        "format",
        columns.map(() => FORMAT),
      ),
      textColumn(
        "column",
        columns.map(({ column }) => column),
      ),
      textColumn(
        "kind",
        columns.map(({ kind }) => kind),
      ),
      textColumn(
        "role",
        columns.map(({ role }) => role),
      ),
      textColumn(
        "form",
        columns.map(({ form }) => form),
      ),
      countColumn(
        "records",
        columns.map(() => records),
      ),
      countColumn(
        "missing",
        columns.map((sketch) => ("missing" in sketch ? sketch.missing : undefined)),
      ),
      countColumn(
        "distinct",
        columns.map((sketch) => ("distinct" in sketch ? sketch.distinct : undefined)),
      ),
      listColumn(
        "points",
        grids.map((grid) => grid?.points),
        numberColumn,
      ),
      listColumn(
        "below",
        grids.map((grid) => grid?.below),
        countColumn,
      ),
      listColumn(
        "upTo",
        grids.map((grid) => grid?.upTo),
        countColumn,
      ),
      listColumn(
        "values",
        values.map((list) => list?.map(({ value }) => value)),
        textColumn,
      ),
      listColumn(
        "counts",
        values.map((list) => list?.map(({ count }) => count)),
        countColumn,
      ),
    ],
  };
  const { toArrowFile } = await import("@assay/records/arrow");
  return toArrowFile([batch]);
}

/**
 * Reads `sketches.arrow`. What it holds are names and values from data: escape them.
 *
 * @throws FormatError `bad-arrow` for anything that {@link formatSketches} does not write, naming the column; `limit-exceeded`
 * above 256 MiB or 100,000 columns.
 */
export async function parseSketches(bytes: Uint8Array): Promise<DataSketch> {
  if (bytes.length > MAX_SKETCHES_BYTES) {
    throw new FormatError(
      "limit-exceeded",
      `${SKETCHES_FILE} has ${bytes.length} bytes, at most ${MAX_SKETCHES_BYTES} are read`,
      {
        details: { path: SKETCHES_FILE, limit: "maxBytes", maximum: MAX_SKETCHES_BYTES },
      },
    );
  }
  const { fromArrowFile } = await import("@assay/records/arrow");
  const { columns: names, batches } = await fromArrowFile(SKETCHES_FILE, bytes, {
    // Items of lists are columns too.
    maxColumns: NAMES.length + Object.keys(ITEM_TYPES).length,
    maxGroupBytes: 2 * MAX_SKETCHES_BYTES,
  });
  if (names.join() !== NAMES.join()) throw malformed(`its columns are not ${NAMES.join(", ")}`);
  const columns: ColumnSketch[] = [];
  let records = 0;
  for (const batch of batches) {
    for (const [i, name] of NAMES.entries()) checkType(batch.columns[i] as Column, name, TYPES[i] as string);
    if (columns.length + batch.length > MAX_COLUMNS) {
      throw new FormatError("limit-exceeded", `${SKETCHES_FILE} has more than ${MAX_COLUMNS} columns`, {
        details: { path: SKETCHES_FILE, limit: "maxColumns", maximum: MAX_COLUMNS },
      });
    }
    for (let row = 0; row < batch.length; row++) {
      const cells = batch.columns.map((column) => cellOf(column, row));
      const record = Object.fromEntries(NAMES.map((name, i) => [name, cells[i]])) as unknown as Row;
      const first = columns.length === 0;
      if (first) records = record.records as number;
      const fault = faultOf(record, records, columns[columns.length - 1]);
      if (fault !== undefined) throw malformed(`column ${JSON.stringify(record.column ?? null)}: ${fault}`);
      columns.push(sketchOf(record));
    }
  }
  return { records, columns };
}

/** A record as it is read: nothing is known of it but its types. */
interface Row {
  readonly format: string | null;
  readonly column: string | null;
  readonly kind: string | null;
  readonly role: string | null;
  readonly form: string | null;
  readonly records: number | null;
  readonly missing: number | null;
  readonly distinct: number | null;
  readonly points: readonly number[] | null;
  readonly below: readonly number[] | null;
  readonly upTo: readonly number[] | null;
  readonly values: readonly string[] | null;
  readonly counts: readonly number[] | null;
}

function faultOf(row: Row, records: number, before: ColumnSketch | undefined): string | undefined {
  if (row.format !== FORMAT) return `its format is ${JSON.stringify(row.format)}, not ${FORMAT}`;
  if (row.column === null || row.kind === null || row.kind === "") return "it has no name or kind";
  if (before && compareTexts(before.column, row.column) >= 0) return "names do not ascend";
  if (!ROLES.includes(row.role ?? "")) return `role ${JSON.stringify(row.role)} is none`;
  if (!FORMS.includes(row.form ?? "")) return `form ${JSON.stringify(row.form)} is none`;
  if (!isCount(row.records) || row.records !== records) return "records is no count, or not that of the other columns";
  const { form, role, missing, distinct, points, below, upTo, values, counts } = row;
  if ((form === "name") !== (missing === null) || (form === "name") !== (distinct === null))
    return `form ${form} does not go with what is counted`;
  if ((role === "excluded" || role === "other") && form !== "name") return `role ${role} does not go with form ${form}`;
  if (role === "id" && form !== "counts") return `role id does not go with form ${form}`;
  if (missing !== null && (!isCount(missing) || missing > records)) return "missing is more than records";
  if (distinct !== null && (!isCount(distinct) || distinct > records - (missing ?? 0)))
    return "distinct is more than there are values";
  const hasGrid = form === "numbers" || form === "values";
  if ([points, below, upTo].some((list) => (list !== null) !== hasGrid))
    return `form ${form} does not go with its grid`;
  if ([values, counts].some((list) => (list !== null) !== (form === "values")))
    return `form ${form} does not go with its values`;
  if (!hasGrid) return undefined;
  const present = records - (missing as number);
  const grid = { points, below, upTo } as Grid;
  return faultOfGrid(grid, present) ?? (form === "values" ? faultOfValues(row, present) : undefined);
}

function faultOfGrid({ points, below, upTo }: Grid, present: number): string | undefined {
  if (points.length !== below.length || points.length !== upTo.length) return "points, below and upTo differ in length";
  if (points.length > GRID_STEPS + 1) return `it has more than ${GRID_STEPS + 1} points`;
  if ((points.length === 0) !== (present === 0)) return "points do not go with the number of values";
  for (let i = 0; i < points.length; i++) {
    if (Number.isNaN(points[i])) return "a point is no number";
    if (i > 0 && !((points[i] as number) > (points[i - 1] as number))) return "points do not ascend";
    const least = i === 0 ? 0 : (upTo[i - 1] as number);
    if (!isCount(below[i]) || !isCount(upTo[i])) return "below or upTo is no count";
    if ((below[i] as number) < least || (upTo[i] as number) <= (below[i] as number))
      return "counts of the grid do not ascend";
  }
  if (points.length > 0 && (below[0] !== 0 || upTo[upTo.length - 1] !== present))
    return "the grid does not hold every value";
  return undefined;
}

function faultOfValues({ values, counts, distinct }: Row, present: number): string | undefined {
  if (values === null || counts === null || values.length !== counts.length)
    return "values and counts differ in length";
  if (values.length > MOST_VALUES || values.length > (distinct as number))
    return "more values are listed than there may be";
  let listed = 0;
  for (let i = 0; i < values.length; i++) {
    const [value, count] = [values[i] as string, counts[i] as number];
    if (value.length > LONGEST_VALUE) return `a value is longer than ${LONGEST_VALUE}`;
    if (!isCount(count) || count === 0) return "a value has no count";
    const more = i === 0 ? 1 : (counts[i - 1] as number) - count;
    if (more < 0 || (more === 0 && compareTexts(values[i - 1] as string, value) >= 0)) return "values are not in order";
    listed += count;
  }
  if (new Set(values).size !== values.length) return "a value is listed twice";
  if (listed > present) return "counts are more than there are values";
  if (values.length === distinct && listed !== present) return "counts do not add up to the number of values";
  return undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function sketchOf(row: Row): ColumnSketch {
  const named = { column: row.column as string, kind: row.kind as string, role: row.role as ColumnSketch["role"] };
  if (row.form === "name") return { ...named, form: "name" };
  const counted = { ...named, missing: row.missing as number, distinct: row.distinct as number };
  if (row.form === "counts") return { ...counted, form: "counts" };
  const grid = { points: row.points, below: row.below, upTo: row.upTo } as Grid;
  if (row.form === "numbers") return { ...counted, form: "numbers", grid };
  const values = (row.values ?? []).map((value, i): ValueCount => ({ value, count: row.counts?.[i] as number }));
  return { ...counted, form: "values", grid, values };
}

function malformed(reason: string): FormatError {
  return new FormatError("bad-arrow", `Cannot read ${SKETCHES_FILE}: ${reason}.`, {
    details: { path: SKETCHES_FILE, reason },
  });
}

function checkType(column: Column, name: string, type: string): void {
  if (column.type !== type) throw malformed(`its column ${name} is ${column.type}, not ${type}`);
  if (column.type === "list" && column.child.type !== ITEM_TYPES[name])
    throw malformed(`its column ${name} holds ${column.child.type}, not ${ITEM_TYPES[name]}`);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cell of one of our types; whole numbers beyond 2⁵³ come out as NaN, which is no count. */
function cellOf(column: Column, index: number): unknown {
  const { validity } = column;
  if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) return null;
  switch (column.type) {
    case "text":
      return UTF8.decode(column.data.subarray(column.offsets[index], column.offsets[index + 1]));
    case "int64": {
      const value = Number(column.values[index]);
      return Number.isSafeInteger(value) ? value : Number.NaN;
    }
    case "float64":
      return column.values[index];
    case "list": {
      const begin = column.offsets[index] as number;
      const end = column.offsets[index + 1] as number;
      return Array.from({ length: end - begin }, (_, i) => cellOf(column.child, begin + i));
    }
    default:
      return null;
  }
}

type Cells<T> = readonly (T | undefined)[];

function validityOf(cells: Cells<unknown>): Uint8Array | null {
  if (cells.every((cell) => cell !== undefined)) return null;
  const bits = new Uint8Array((cells.length + 7) >> 3);
  for (const [i, cell] of cells.entries())
    if (cell !== undefined) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  return bits;
}

function textColumn(name: string, cells: Cells<string>): Column {
  const parts = cells.map((cell) => new TextEncoder().encode(cell ?? ""));
  const offsets = new Int32Array(cells.length + 1);
  for (const [i, part] of parts.entries()) offsets[i + 1] = (offsets[i] as number) + part.length;
  const data = new Uint8Array(offsets[cells.length] as number);
  for (const [i, part] of parts.entries()) data.set(part, offsets[i]);
  return { name, type: "text", length: cells.length, validity: validityOf(cells), offsets, data };
}

function countColumn(name: string, cells: Cells<number>): Column {
  const values = BigInt64Array.from(cells, (cell) => BigInt(cell ?? 0));
  return { name, type: "int64", length: cells.length, validity: validityOf(cells), values };
}

function numberColumn(name: string, cells: Cells<number>): Column {
  const values = Float64Array.from(cells, (cell) => cell ?? 0);
  return { name, type: "float64", length: cells.length, validity: validityOf(cells), values };
}

function listColumn<T>(
  name: string,
  cells: Cells<readonly T[]>,
  columnOf: (name: string, cells: Cells<T>) => Column,
): Column {
  const offsets = new Int32Array(cells.length + 1);
  for (const [i, cell] of cells.entries()) offsets[i + 1] = (offsets[i] as number) + (cell?.length ?? 0);
  const child = columnOf(
    "item",
    cells.flatMap((cell) => cell ?? []),
  );
  return { name, type: "list", length: cells.length, validity: validityOf(cells), offsets, child };
}
