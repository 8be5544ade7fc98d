/** Which columns there are, what they are for, and which of them are features. */

import type { DataShape, Roles, Table, TableColumn } from "./check.js";
import { compareTexts } from "./code-point-order.js";

/** Columns of a data set, ascending by code point. */
export function columnNames(shape: DataShape): string[] {
  return Object.keys(shape.kinds).sort(compareTexts);
}

/** Whether a data set has a column; own names only, so that `constructor` is none by itself. */
export function hasColumn(shape: DataShape, name: string): boolean {
  return Object.hasOwn(shape.kinds, name);
}

/**
 * Refuses roles that name a column which is not there, or one that is excluded.
 *
 * @throws RangeError naming the role, the column and the columns there are.
 */
export function checkRoles(shape: DataShape): void {
  const { roles } = shape;
  for (const [one, several] of [
    ["label", "labels"],
    ["annotator", "annotations"],
  ] as const) {
    if (roles[one] !== undefined && roles[several] !== undefined)
      throw new RangeError(`${several}: ${one} is given too; it is one or the other`);
    if (roles[several] !== undefined && new Set(roles[several]).size < 2)
      throw new RangeError(`${several}: name at least two columns`);
  }
  const excluded = new Set(roles.exclude);
  for (const [role, names] of namedColumns(roles)) {
    for (const name of names) {
      if (!hasColumn(shape, name)) throw new RangeError(unknownColumn(role, name, columnNames(shape)));
      if (role !== "exclude" && excluded.has(name)) {
        throw new RangeError(`${role}: column ${JSON.stringify(name)} is excluded too; it cannot be both`);
      }
    }
  }
  if (roles.image !== undefined) checkImageColumn(shape, roles.image);
}

/** Refuses a column of which no record can hold an image, and one that `features` leaves out. */
function checkImageColumn({ kinds, roles }: DataShape, name: string): void {
  const kind = kinds[name] ?? "null";
  const inside = typeof kind === "object" && "struct" in kind ? (kind.struct.bytes ?? "null") : kind;
  if (inside !== "bytes" && kind !== "null") {
    const holds =
      typeof kind === "string" ? `holds ${HELD_WORDS[kind] ?? kind}` : "has no field `bytes` that holds bytes";
    const way =
      kind === "text"
        ? " Paths of image files are not read; base64 text is, when a schema declares the column as bytes."
        : "";
    throw new RangeError(
      `image: column ${JSON.stringify(name)} ${holds}; images are bytes of PNG or JPEG, or structs with a field \`bytes\`.${way}`,
    );
  }
  if (roles.features && !roles.features.includes(name)) {
    throw new RangeError(`image: column ${JSON.stringify(name)} is not among the features; name it there too`);
  }
}

/** Kinds in words. */
const HELD_WORDS: Readonly<Record<string, string>> = {
  boolean: "true and false",
  number: "numbers",
  date: "dates",
  time: "times",
  timestamp: "timestamps",
  instant: "instants",
  duration: "durations",
  mixed: "values of several kinds",
};

/**
 * The columns that checks may take as features, ascending by code point: those that were named, or all that have values and
 * are neither label, annotation, source, annotator, item, time, split, trust mark nor excluded. Ids by nature are still among them, because
 * only the values tell (`idColumns`).
 */
export function featureColumns(shape: DataShape): string[] {
  const { roles } = shape;
  if (roles.features) return [...new Set(roles.features)].sort(compareTexts);
  const taken = new Set<string | undefined>([
    ...(roles.exclude ?? []),
    ...(roles.labels ?? []),
    ...(roles.annotations ?? []),
  ]);
  for (const name of [
    roles.label,
    roles.source,
    roles.annotator,
    roles.item,
    roles.time,
    roles.split,
    roles.trusted?.column,
  ]) {
    taken.add(name);
  }
  return columnNames(shape).filter((name) => !taken.has(name) && shape.kinds[name] !== "null");
}

/** Fewest records that can show that a column is an id. */
const FEWEST_RECORDS = 20;

/**
 * Names of the columns that are ids by nature: what they hold differs in (nearly) every record and says nothing else.
 *
 * Over distinct leaves, so that copies of whole records hide no id, at least 20 values, at most one record in a hundred repeats
 * or lacks a value, and
 * - *numbers*: all are integers, and either a running number with gaps (they span less than ten times their count: values of
 *   a measurement would repeat there), or the column is named as an id (`id`, `user_id`, `rowIndex`, `uuid`);
 * - *texts*: all without white space and at most 64 characters (UUIDs, hashes, codes), or the column is named as an id.
 *
 * A measurement with sparse integers (incomes) is none. What is missed is excluded by the user.
 */
export function idColumns(table: Table): string[] {
  const rows = firstRows(table);
  return table.columns.filter((column) => isIdColumn(column, rows)).map(({ name }) => name);
}

function isIdColumn(column: TableColumn, rows: Int32Array): boolean {
  if (rows.length < FEWEST_RECORDS) return false;
  const allowed = Math.floor(rows.length / 100);
  if (column.kind === "number") {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    const distinct = new Set<number | string>();
    const exact = exactTexts(column);
    for (const row of rows) {
      const value = column.values[row] as number;
      if (Number.isNaN(value)) continue;
      if (!Number.isInteger(value)) return false;
      if (value < low) low = value;
      if (value > high) high = value;
      distinct.add(exact?.get(row) ?? value);
    }
    if (distinct.size < FEWEST_RECORDS || rows.length - distinct.size > allowed) return false;
    return high - low < 10 * distinct.size || isIdName(column.name);
  }
  const seen = new Uint8Array(column.categories.length);
  let distinct = 0;
  for (const row of rows) {
    const code = column.codes[row] as number;
    if (code < 0 || seen[code] === 1) continue;
    seen[code] = 1;
    distinct++;
  }
  if (distinct < FEWEST_RECORDS || rows.length - distinct > allowed) return false;
  return isIdName(column.name) || column.categories.every((text) => text.length <= 64 && !/\s/u.test(text));
}

function isIdName(name: string): boolean {
  return (
    /(?:^|[^a-z])(?:id|uuid|guid|index|key|rownum)$/i.test(name) || /[a-z](?:Id|ID|Uuid|UUID|Index|Key)$/.test(name)
  );
}

/** Exact texts of the numbers of a column that were rounded, by row; `undefined` when none was. */
export function exactTexts(column: TableColumn): ReadonlyMap<number, string> | undefined {
  if (column.kind === "category" || !column.rounded) return undefined;
  return new Map(column.rounded.map(({ row, text }) => [row, text]));
}

/** The first row of each distinct leaf. */
export function firstRows({ length, leaves }: Pick<Table, "length" | "leaves">): Int32Array {
  const rows = new Int32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) {
    if (row === 0 || !sameLeaf(leaves, row - 1, row)) rows[count++] = row;
  }
  return rows.subarray(0, count);
}

/** Whether two rows have the same leaf. */
export function sameLeaf(leaves: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 32; i++) if (leaves[32 * a + i] !== leaves[32 * b + i]) return false;
  return true;
}

function namedColumns(roles: Roles): [string, readonly string[]][] {
  const one = (name: string | undefined): readonly string[] => (name === undefined ? [] : [name]);
  return [
    ["label", one(roles.label)],
    ["labels", roles.labels ?? []],
    ["exclude", roles.exclude ?? []],
    ["features", roles.features ?? []],
    ["text", one(roles.text)],
    ["image", one(roles.image)],
    ["source", one(roles.source)],
    ["annotator", one(roles.annotator)],
    ["annotations", roles.annotations ?? []],
    ["item", one(roles.item)],
    ["time", one(roles.time)],
    ["split", one(roles.split)],
    ["trusted", one(roles.trusted?.column)],
  ];
}

function unknownColumn(role: string, name: string, known: readonly string[]): string {
  const shown = known.slice(0, 50).map((column) => JSON.stringify(column));
  const more = known.length > 50 ? ` and ${known.length - 50} more` : "";
  const several = { label: "labels", annotator: "annotations" }[role];
  const parts = several && name.includes(",") ? name.split(",").map((part) => part.trim()) : [];
  if (parts.length > 1 && parts.every((part) => known.includes(part)))
    return `${role}: it is one column; name several as ${several}: ${parts.join(",")}`;
  return `${role}: there is no column ${JSON.stringify(name)}; the columns are ${shown.join(", ") || "none"}${more}`;
}

/**
 * A column as categories: numbers become their shortest text, odd cells their own. For columns whose values are names, not
 * amounts, whatever they are stored as: labels, sources, splits.
 */
export function asCategory(column: TableColumn): TableColumn & { readonly kind: "category" } {
  if (column.kind === "category") return column;
  const texts = new Map<number, string>(
    [...(column.odd ?? []), ...(column.rounded ?? [])].map(({ row, text }) => [row, text]),
  );
  const distinct = new Set<string>(texts.values());
  const textOf = (row: number): string | undefined => {
    const value = column.values[row] as number;
    return texts.get(row) ?? (Number.isNaN(value) ? undefined : String(value + 0));
  };
  for (let row = 0; row < column.values.length; row++) {
    const text = textOf(row);
    if (text !== undefined) distinct.add(text);
  }
  const categories = [...distinct].sort(compareTexts);
  const codeOf = new Map(categories.map((text, code) => [text, code]));
  const codes = Int32Array.from({ length: column.values.length }, (_, row) => {
    const text = textOf(row);
    return text === undefined ? -1 : (codeOf.get(text) as number);
  });
  return { name: column.name, kind: "category", codes, categories };
}
