/**
 * The readers of JSON (entry `@assay/records/jsonl`): one object a line, or one array of objects; each value saying its own type unless one is declared
 * (`docs/spec/manifest.md`, "JSONL"). With `raw/v1` a line is a record as it stands.
 */

import type { Column } from "./batch.js";
import { type ColumnBuilder, createColumnBuilder } from "./column-builder.js";
import { JsonNumber, type JsonValue, parseJsonRecord } from "./json-value.js";
import { BATCH_BYTES, limitsOf, MOST_KERNEL_KEYS } from "./limits.js";
import { indexLines, type LineRun, scanLinePart } from "./line-part.js";
import { hashRawLines, RawLines } from "./raw-lines.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type FormatReader,
  type IndexOptions,
  type PlacedBatch,
  type PlacedLeaves,
  type ReadOptions,
} from "./reader.js";
import { saysOwnTypes, typeOfColumn } from "./reading.js";
import { excerptOf, refusal, withPlace } from "./record-place.js";
import { refusingChanges } from "./text-part.js";

const WAY_OUT = ". Mend the value, or declare another type";

/** Reads `jsonl` files. */
export const jsonlReader: FormatReader = readerOf("jsonl");
/** Reads `json` files: one array of objects, with the leaves of the same objects in JSONL. */
export const jsonReader: FormatReader = readerOf("json");

function readerOf(format: "jsonl" | "json"): FormatReader {
  return {
    formats: [format],
    index: (source: ByteSource, options: IndexOptions = {}) => indexLines(source, format, options),
    read: (source, index, part, options) => refusingChanges(source, part, readJsonlPart(source, index, part, options)),
    leaves: (source, index, part, options) =>
      refusingChanges(source, part, hashJsonlPart(source, index, part, options)),
  };
}

/** Runs of a part that the kernel may leave to JavaScript before it is asked no more. */
const MOST_REFUSED_RUNS = 4;

/** The leaves of a part run by run: by the kernel, or as batches where it cannot. */
async function* hashJsonlPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedLeaves | PlacedBatch> {
  if (options.leafFormat === "raw/v1") {
    yield* hashRawLines(source, index, part, options);
    return;
  }
  const { maxColumns } = limitsOf(options);
  const isPlain = saysOwnTypes(options.types) && options.refuseOthers !== true;
  if (index.format !== "jsonl" || !isPlain || options.columns !== undefined || maxColumns < MOST_KERNEL_KEYS) {
    yield* readJsonlPart(source, index, part, options);
    return;
  }
  let { begin } = part;
  let refused = 0;
  for await (const run of scanLinePart(source, index, part, options, () => BLOCK_RECORDS)) {
    const { records, kernel } = run.scanner;
    const leaves = refused < MOST_REFUSED_RUNS ? kernel?.jsonLeaves(records) : undefined;
    const kinds = kernel?.newKinds() ?? {};
    if (leaves !== undefined) yield { leaves, kinds };
    else {
      if (kernel !== null) refused++;
      const members = new MemberColumns(options, maxColumns);
      const lines = run.scanner.lines.slice(0, records);
      for (let i = 0; i < records; i++) appendLine(source.path, run, i, members, i, false);
      yield { begin, batch: { length: records, columns: members.finish(records, source.path, lines) }, lines };
    }
    begin += records;
  }
}

async function* readJsonlPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const { maxColumns } = limitsOf(options);
  const raw = options.leafFormat === "raw/v1" ? new RawLines() : null;
  const parses = options.columns === undefined || options.columns.length > 0;
  const lines = new Float64Array(BLOCK_RECORDS);
  let members = new MemberColumns(options, maxColumns);
  let begin = part.begin;
  let length = 0;
  const flush = (): PlacedBatch => {
    const columns = parses ? members.finish(length, source.path, lines) : [];
    members = new MemberColumns(options, maxColumns);
    const placed: PlacedBatch = {
      begin,
      batch: { length, columns },
      lines: lines.slice(0, length),
      ...(raw === null ? {} : { raw: raw.finish() }),
    };
    begin += length;
    length = 0;
    return placed;
  };
  let bytesHeld = 0;
  for await (const { bytes, scanner } of scanLinePart(source, index, part, options, () => BLOCK_RECORDS - length)) {
    lines.set(scanner.lines.subarray(0, scanner.records), length);
    for (let i = 0; i < scanner.records; i++) {
      if (parses) appendLine(source.path, { bytes, scanner }, i, members, length + i, raw !== null);
      raw?.append(bytes, scanner.begins[i] as number, scanner.ends[i] as number);
      bytesHeld += (scanner.ends[i] as number) - (scanner.begins[i] as number);
    }
    length += scanner.records;
    if (length === BLOCK_RECORDS || bytesHeld >= BATCH_BYTES) {
      bytesHeld = 0;
      yield flush();
    }
  }
  if (length > 0) yield flush();
}

function appendLine(
  path: string,
  { bytes, scanner }: LineRun,
  i: number,
  members: MemberColumns,
  record: number,
  blankIsRecord: boolean,
): void {
  const [begin, end, line] = [scanner.begins[i] as number, scanner.ends[i] as number, scanner.lines[i] as number];
  // With `raw/v1` an empty line is a record without members.
  if (blankIsRecord && isEmpty(bytes, begin, end)) return;
  let object: Map<string, JsonValue>;
  try {
    object = parseJsonRecord(bytes, begin, end);
  } catch (error) {
    const mark = bytes[begin] === 0xef && bytes[begin + 1] === 0xbb && bytes[begin + 2] === 0xbf;
    const place = { path, line, value: excerptOf(bytes, begin, end) };
    if (mark)
      throw refusal(
        "bad-json",
        place,
        "the file begins with a byte order mark, which JSON does not have. Take the first three bytes away",
      );
    throw withPlace(error, place);
  }
  members.append(object, record, path, line);
}

function isEmpty(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (![0x20, 0x09, 0x0d].includes(bytes[i] as number)) return false;
  return true;
}

/** The columns of a batch: those that are declared, and whatever members its records have. */
class MemberColumns {
  readonly #columns = new Map<string, ColumnBuilder | ValueList>();
  readonly #options: ReadOptions;
  readonly #wanted: ReadonlySet<string> | null;
  readonly #maxColumns: number;

  constructor(options: ReadOptions, maxColumns: number) {
    this.#options = options;
    this.#wanted = options.columns === undefined ? null : new Set(options.columns);
    this.#maxColumns = maxColumns;
  }

  append(object: ReadonlyMap<string, JsonValue>, record: number, path: string, line: number): void {
    for (const [name, value] of object) {
      const type = typeOfColumn(this.#options.types, name);
      if (type === null && this.#options.refuseOthers) {
        throw refusal(
          "undeclared-column",
          { path, line, column: name },
          'the schema does not declare this column, and refuses others. Declare it, or take others "refuse" away',
        );
      }
      if (this.#wanted !== null && !this.#wanted.has(name)) continue;
      let column = this.#columns.get(name);
      if (column === undefined) {
        if (this.#columns.size === this.#maxColumns) {
          throw refusal(
            "limit-exceeded",
            { path, line, column: name },
            `the file has more columns than maxColumns (${this.#maxColumns})`,
            {
              limit: "maxColumns",
            },
          );
        }
        column = type === null ? new ValueList(name) : createColumnBuilder(name, type);
        this.#columns.set(name, column);
      }
      try {
        while (column.length < record) column.appendNull();
        column.appendJson(value);
      } catch (error) {
        throw withPlace(error, { path, line, column: name, value: excerptOfJson(value) }, WAY_OUT);
      }
    }
  }

  finish(length: number, path: string, lines: Float64Array): Column[] {
    let first: ValueError | null = null;
    const finished = [...this.#columns.values()].map((column) => {
      while (column.length < length) column.appendNull();
      try {
        return column.finish();
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        if (first === null || error.record < first.record) first = error;
        return null;
      }
    });
    if (first !== null) {
      const { record, column, value, cause } = first as ValueError;
      throw withPlace(cause, { path, line: lines[record] as number, column, value: excerptOfJson(value) });
    }
    return finished as Column[];
  }
}

/** A value of an untyped column that no type holds. Stays inside this file. */
class ValueError extends Error {
  constructor(
    readonly record: number,
    readonly column: string,
    readonly value: JsonValue,
    override readonly cause: unknown,
  ) {
    super("A value does not fit");
  }
}

function excerptOfJson(value: JsonValue): string {
  if (typeof value === "string") return [...value.slice(0, 200)].slice(0, 100).join("");
  if (value instanceof JsonNumber) return value.text.slice(0, 100);
  return typeof value === "object" && value !== null ? (Array.isArray(value) ? "[…]" : "{…}") : String(value);
}

/** The values of an untyped column of one batch: they get a type of their own when that cannot change a leaf. */
class ValueList {
  readonly #name: string;
  #values: JsonValue[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  get length(): number {
    return this.#values.length;
  }

  appendJson(value: JsonValue): void {
    this.#values.push(value);
  }

  appendNull(): void {
    this.#values.push(null);
  }

  finish(): Column {
    const builder = createColumnBuilder(this.#name, commonType(this.#values));
    for (const [record, value] of this.#values.entries()) {
      try {
        builder.appendJson(value);
      } catch (error) {
        throw new ValueError(record, this.#name, value, error);
      }
    }
    return builder.finish();
  }
}

/** The type in which all values have the leaves that they have by themselves; `"json"` when there is none. */
function commonType(values: readonly JsonValue[]): "text" | "boolean" | "int64" | "float64" | "json" | null {
  let type: "text" | "boolean" | "int64" | "float64" | null = null;
  for (const value of values) {
    if (value === null) continue;
    const own = typeOfValue(value);
    if (own === "json") return "json";
    if (type === null || type === own) type = own;
    // A safe integer and the nearest binary64 of a literal with a point are both exact in float64.
    else if ((type === "int64" && own === "float64") || (type === "float64" && own === "int64")) type = "float64";
    else return "json";
  }
  return type;
}

function typeOfValue(value: NonNullable<JsonValue>): "text" | "boolean" | "int64" | "float64" | "json" {
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "int64";
  return value instanceof JsonNumber && /[.eE]/.test(value.text) ? "float64" : "json";
}
