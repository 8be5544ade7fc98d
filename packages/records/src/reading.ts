/**
 * `reading` of a manifest (`docs/spec/manifest.md`): which type each column is read with, from what was declared, stored and
 * inferred, and what of it a reader of one file must know.
 */

import { FormatError } from "@assay/merkle";
import type { ColumnType, Kind, Kinds } from "./column-type.js";
import { compareText } from "./data-path.js";
import { type Evidence, inferType } from "./inference.js";
import { kindOf } from "./kinds.js";
import { columnsOf, typeOfNames } from "./metadata-files.js";
import { type Dialect, type FileIndex, isJson } from "./reader.js";
import type { DeclaredSchema, Reading } from "./source.js";

/** The type of a column, `null` when it has none. Safe for columns that are called like members of objects. */
export function typeOfColumn(types: Readonly<Record<string, ColumnType>>, name: string): ColumnType | null {
  return Object.hasOwn(types, name) ? (types[name] as ColumnType) : null;
}

/** Whether values say their own types because no column has another. */
export function saysOwnTypes(types: Readonly<Record<string, ColumnType>>): boolean {
  return Object.values(types).every((type) => type === "json");
}

/** What one file of a source gives to the resolution. */
export interface IndexedFile {
  readonly path: string;
  readonly index: FileIndex;
}

export interface ReadingInput {
  readonly files: readonly IndexedFile[];
  readonly schema: DeclaredSchema;
  readonly dialect: Dialect;
  readonly ignored: readonly string[];
  /** Of all CSV columns without a declared type. */
  readonly evidence: Evidence;
  /** Names of members in JSONL files; needed only where other formats have columns too. */
  readonly jsonlColumns: ReadonlySet<string>;
  /** The reading of a manifest that the data are read with, instead of a schema. */
  readonly given?: Reading | undefined;
}

/** Types that text is read with before anything is inferred: declared, or those of a given reading. */
export function declaredTypes(schema: DeclaredSchema, given?: Reading): ReadonlyMap<string, ColumnType> {
  if (given === undefined) return new Map(Object.entries(schema.columns ?? {}));
  const types = new Map<string, ColumnType>();
  for (const [name, type] of Object.entries(given.types)) {
    const first = isList(type) ? type[0] : type;
    if (first !== undefined && first !== "json") types.set(name, first);
  }
  return types;
}

function isList(type: ColumnType | readonly ColumnType[]): type is readonly ColumnType[] {
  return Array.isArray(type);
}

/**
 * Settles the type of every column.
 *
 * @throws FormatError `schema-mismatch` (a declared column that no CSV file has; a stored kind that differs), `undeclared-column`.
 */
export function resolveReading(input: ReadingInput): Reading {
  const { schema, dialect, ignored, evidence, jsonlColumns, given } = input;
  const files = firstOfAlike(input.files);
  const declared = new Map(declaredTypes(schema, given));
  const others = given?.others ?? schema.others ?? "infer";
  if (others === "refuse") refuseUndeclared(files, declared);
  if (given === undefined) checkDeclared(files, declared);
  const naming = files.flatMap(({ index }) => (index.format === "parquet" ? [] : (index.named ?? [])));
  for (const column of naming) if (!declared.has(column.from)) declared.set(column.from, typeOfNames(column));

  const textTypes = new Map<string, ColumnType>();
  const inferred = new Set<string>();
  const csvColumns = new Set(files.flatMap(({ index }) => (isCsv(index) ? index.columns.map(({ name }) => name) : [])));
  const hasJson = files.some(({ index }) => isJson(index.format));
  const hasText = hasJson || files.some(({ index }) => isCsv(index));
  for (const [name, type] of declared) {
    const storedAsBytes = type === "text" && storedTypes(files, name).includes("bytes");
    if (!hasText && !storedAsBytes && storedTypes(files, name).length > 0) continue;
    textTypes.set(name, type);
    if (given?.inferred.includes(name)) inferred.add(name);
  }
  const inferredTypes = new Map(evidence.map((column) => [column.name, inferType(column)]));
  for (const name of csvColumns) {
    if (declared.has(name)) continue;
    const type = others === "text" ? "text" : (inferredTypes.get(name) ?? null);
    if (type === null) continue;
    textTypes.set(name, type);
    if (others !== "text") inferred.add(name);
  }

  const names = new Set([...textTypes.keys(), ...files.flatMap(({ index }) => storedColumns(index))]);
  const types: Record<string, ColumnType | readonly ColumnType[]> = Object.create(null);
  for (const name of [...names].sort(compareText)) {
    // Of a part of the data the given reading says as much, and its JSONL may be all that is read.
    const inJsonl = jsonlColumns.has(name) || (hasJson && given !== undefined && Object.hasOwn(given.types, name));
    const untyped = inJsonl && readsUntyped(name, declared, given);
    const list = [textTypes.get(name), ...storedTypes(files, name), untyped ? ("json" as const) : undefined];
    const distinct = new Map(list.filter((type) => type !== undefined).map((type) => [typeText(type), type]));
    const all = [...distinct.values()];
    types[name] = all.length === 1 ? (all[0] as ColumnType) : all;
  }
  const csv = given === undefined ? dialect : (given.csv ?? {});
  const ignoredPatterns = given?.ignored ?? [...ignored].sort(compareText);
  return {
    types,
    inferred: [...inferred].sort(compareText),
    nullValues: given?.nullValues ?? schema.nullValues ?? [],
    others,
    ...(Object.keys(csv).length === 0 ? {} : { csv }),
    ...(ignoredPatterns.length === 0 ? {} : { ignored: ignoredPatterns }),
    ...(given?.splits === undefined ? {} : { splits: given.splits }),
    ...(given?.metadata === true || files.some(({ index }) => index.named !== undefined) ? { metadata: true } : {}),
  };
}

/** Of files that are records, of which there may be millions with the same columns, the first. */
function firstOfAlike(files: readonly IndexedFile[]): IndexedFile[] {
  const seen = new Set<FileIndex["columns"]>();
  return files.filter(({ index }) => {
    if (index.format !== "files") return true;
    const isFirst = !seen.has(index.columns);
    seen.add(index.columns);
    return isFirst;
  });
}

/** The types that the reader of one file needs (`ReadOptions.types`). */
export function typesOfFile(reading: Reading, index: FileIndex): Record<string, ColumnType> {
  const types: Record<string, ColumnType> = Object.create(null);
  for (const [name, type] of Object.entries(reading.types)) {
    const list = isList(type) ? type : [type];
    const first = list[0] as ColumnType;
    if (isCsv(index)) {
      if (first !== "json") types[name] = first;
    } else if (isJson(index.format)) {
      if (!list.includes("json")) types[name] = first;
    } else if (first === "text" && !reading.inferred.includes(name)) {
      // Bytes without a meaning of their own that were declared as text.
      const stored = index.columns.find((column) => column.name === name);
      if (stored?.type === "bytes") types[name] = "text";
    }
  }
  return types;
}

/** The kinds of a file's columns as their types say them, which is all there is to say of a file without records. */
export function kindsOfFile(reading: Reading, index: FileIndex): Kinds {
  const types = typesOfFile(reading, index);
  const kinds: Record<string, Kind> = Object.create(null);
  for (const { name, type } of columnsOf(index)) kinds[name] = kindOf(typeOfColumn(types, name) ?? type);
  return kinds;
}

function isCsv({ format }: FileIndex): boolean {
  return format === "csv" || format === "tsv";
}

function readsUntyped(name: string, declared: ReadonlyMap<string, ColumnType>, given: Reading | undefined): boolean {
  if (given === undefined) return !declared.has(name);
  if (!Object.hasOwn(given.types, name)) return true;
  const type = given.types[name] as ColumnType | readonly ColumnType[];
  return isList(type) ? type.includes("json") : type === "json";
}

function storedColumns(index: FileIndex): string[] {
  return columnsOf(index).flatMap(({ name, type }) => (type === null ? [] : [name]));
}

/** Ascending by the UTF-8 bytes of their JSON, each once. */
function storedTypes(files: readonly IndexedFile[], name: string): ColumnType[] {
  const found = new Map<string, ColumnType>();
  for (const { index } of files) {
    for (const column of columnsOf(index)) {
      if (column.name === name && column.type !== null) found.set(typeText(column.type), column.type);
    }
  }
  return [...found].sort(([a], [b]) => compareText(a, b)).map(([, type]) => type);
}

/** RFC 8785 JSON of a type: members sorted by UTF-16 units. */
function typeText(type: unknown): string {
  if (Array.isArray(type)) return `[${type.map(typeText).join(",")}]`;
  if (typeof type !== "object" || type === null) return JSON.stringify(type);
  const members = Object.entries(type).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${typeText(value)}`).join(",")}}`;
}

function refuseUndeclared(files: readonly IndexedFile[], declared: ReadonlyMap<string, ColumnType>): void {
  for (const { path, index } of files) {
    for (const { name } of index.columns) {
      if (declared.has(name)) continue;
      throw new FormatError(
        "undeclared-column",
        `${path}, column ${JSON.stringify(name)}: the schema does not declare this column, and refuses others. Declare it, or take others "refuse" away`,
        { details: { path, column: name } },
      );
    }
  }
}

function checkDeclared(files: readonly IndexedFile[], declared: ReadonlyMap<string, ColumnType>): void {
  const csvFiles = files.filter(({ index }) => isCsv(index));
  const csvColumns = new Set(csvFiles.flatMap(({ index }) => index.columns.map(({ name }) => name)));
  for (const name of declared.keys()) {
    if (csvFiles.length === 0 || csvColumns.has(name)) continue;
    throw new FormatError(
      "schema-mismatch",
      `The schema declares column ${JSON.stringify(name)}, but no CSV file has it. Is it spelled as in the header?`,
      { details: { column: name } },
    );
  }
  for (const { path, index } of files) {
    for (const { name, type } of index.columns) {
      const wanted = declared.get(name);
      if (type === null || wanted === undefined) continue;
      // What `files` and `tar` hold are digests, and no text.
      if (type === "bytes" && wanted === "text" && index.format !== "tar" && index.format !== "files") continue;
      if (wanted !== "json" && sameKind(kindOf(type), kindOf(wanted))) continue;
      throw new FormatError(
        "schema-mismatch",
        `${path}, column ${JSON.stringify(name)}: stored as ${typeText(type)}, which cannot be read as the declared ${typeText(wanted)}. Declare a type of the stored kind, or leave the column out of the schema`,
        { details: { path, column: name, expected: typeText(wanted), actual: typeText(type) } },
      );
    }
  }
}

function sameKind(a: Kind, b: Kind): boolean {
  return typeText(a) === typeText(b);
}
