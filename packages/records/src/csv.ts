/**
 * The CSV and TSV readers (entry `@assay/records/csv`): typed batches from scanned fields.
 */

import type { Batch, Column } from "./batch.js";
import { type ColumnBuilder, createColumnBuilder } from "./column-builder.js";
import { kindsOf } from "./column-kinds.js";
import type { ColumnType } from "./column-type.js";
import { type CsvDialect, resolveDialect } from "./csv-dialect.js";
import { indexCsv } from "./csv-index.js";
import type { KernelColumns } from "./csv-kernel.js";
import { type CsvRun, scanCsvPart } from "./csv-part.js";
import { ESCAPED, type FieldScanner, PLAIN, unescapeField } from "./csv-scanner.js";
import { BATCH_BYTES } from "./limits.js";
import { encodeNulls, isNullField } from "./null-values.js";
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
import { typeOfColumn } from "./reading.js";
import { excerptOf, withPlace } from "./record-place.js";
import { refusingChanges } from "./text-part.js";

export { dialectWithoutDefaults, parseDialect } from "./csv-dialect.js";

const WAY_OUT = ". Mend the value, say that it means null (nullValues), or declare another type";

/** Reads `csv` files. */
export const csvReader: FormatReader = readerOf("csv");
/** Reads `tsv` files: the delimiter is always a tab. */
export const tsvReader: FormatReader = readerOf("tsv");

function readerOf(format: "csv" | "tsv"): FormatReader {
  return {
    formats: [format],
    index: (source: ByteSource, options: IndexOptions = {}) => indexCsv(source, format, options),
    read: (source, index, part, options) => refusingChanges(source, part, readCsvPart(source, index, part, options)),
    leaves: (source, index, part, options) => refusingChanges(source, part, hashCsvPart(source, index, part, options)),
  };
}

async function* readCsvPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const dialect = resolveDialect(options.dialect ?? {}, index.format === "tsv" ? "tsv" : "csv");
  const wanted = options.columns === undefined ? null : new Set(options.columns);
  const fields = index.columns.flatMap(({ name }, field) => {
    if (wanted !== null && !wanted.has(name)) return [];
    const type = typeOfColumn(options.types, name);
    return [{ field, name, type, builder: createColumnBuilder(name, type) }];
  });
  const nulls = encodeNulls(options.nullValues ?? []);
  const lines = new Float64Array(BLOCK_RECORDS);
  let begin = part.begin;
  let length = 0;
  const flush = (): PlacedBatch => {
    const columns: Column[] = fields.map(({ builder }) => builder.finish());
    const batch: Batch = { length, columns };
    const placed = { begin, batch, lines: lines.slice(0, length) };
    begin += length;
    length = 0;
    return placed;
  };
  for await (const run of scanCsvPart(source, index, part, options, () => BLOCK_RECORDS - length)) {
    const { scanner } = run;
    appendRun(source.path, run, fields, index.columns.length, dialect, nulls);
    lines.set(scanner.lines.subarray(0, scanner.records), length);
    length += scanner.records;
    const bytes = fields.reduce((sum, { builder }) => sum + builder.byteLength, 0);
    if (length === BLOCK_RECORDS || bytes >= BATCH_BYTES) yield flush();
  }
  if (length > 0) yield flush();
}

/** The leaves of a part run by run: by the kernel, or as a batch where it cannot. */
async function* hashCsvPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedLeaves | PlacedBatch> {
  const dialect = resolveDialect(options.dialect ?? {}, index.format === "tsv" ? "tsv" : "csv");
  const columns = index.columns.map(({ name }) => ({ name, type: typeOfColumn(options.types, name) }));
  const nulls = encodeNulls(options.nullValues ?? []);
  const fieldsOf = () =>
    columns.map((column, field) => ({ ...column, field, builder: createColumnBuilder(column.name, column.type) }));
  const kinds = kindsOf({ length: 0, columns: fieldsOf().map(({ builder }) => builder.finish()) });
  let described: KernelColumns | undefined;
  let begin = part.begin;
  for await (const run of scanCsvPart(source, index, part, options, () => BLOCK_RECORDS)) {
    const { records, kernel, lines } = run.scanner;
    if (nulls.length === 0) described ??= kernel?.describe(columns);
    const leaves = new Uint8Array(32 * records);
    if (described !== undefined && kernel?.leaves(records, described, leaves) === true) yield { leaves, kinds };
    else {
      const fields = fieldsOf();
      appendRun(source.path, run, fields, columns.length, dialect, nulls);
      const batch: Batch = { length: records, columns: fields.map(({ builder }) => builder.finish()) };
      yield { begin, batch, lines: lines.slice(0, records) };
    }
    begin += records;
  }
}

interface Field {
  readonly field: number;
  readonly name: string;
  readonly type: ColumnType | null;
  readonly builder: ColumnBuilder;
}

/** Column by column, because one builder at a time is faster; a refusal is then looked up again record by record. */
function appendRun(
  path: string,
  run: CsvRun,
  fields: readonly Field[],
  width: number,
  dialect: CsvDialect,
  nulls: readonly Uint8Array[],
): void {
  const { records } = run.scanner;
  try {
    for (const { field, builder } of fields) {
      for (let record = 0; record < records; record++)
        appendField(run, record * width + field, builder, dialect, nulls);
    }
  } catch (error) {
    refuseFirst(path, run, fields, width, dialect, nulls);
    throw error;
  }
}

function appendField(
  { bytes, scanner }: CsvRun,
  i: number,
  builder: ColumnBuilder,
  dialect: CsvDialect,
  nulls: readonly Uint8Array[],
): void {
  const begin = scanner.begins[i] as number;
  const end = scanner.ends[i] as number;
  const form = scanner.forms[i] as number;
  if (form === PLAIN && isNullField(bytes, begin, end, nulls)) {
    builder.appendNull();
  } else if (form === ESCAPED) {
    const content = fieldContent(scanner, i, bytes, dialect);
    builder.appendText(content, 0, content.length);
  } else {
    builder.appendText(bytes, begin, end);
  }
}

/** The value of a field of any form. */
export function fieldContent(scanner: FieldScanner, i: number, bytes: Uint8Array, dialect: CsvDialect): Uint8Array {
  const begin = scanner.begins[i] as number;
  const end = scanner.ends[i] as number;
  if (scanner.forms[i] !== ESCAPED) return bytes.subarray(begin, end);
  const out = new Uint8Array(end - begin);
  return out.subarray(0, unescapeField(dialect, bytes, begin, end, out));
}

/** Throws the refusal that comes first in the file, with its place. */
function refuseFirst(
  path: string,
  run: CsvRun,
  fields: readonly Field[],
  width: number,
  dialect: CsvDialect,
  nulls: readonly Uint8Array[],
): void {
  const { bytes, scanner } = run;
  const fresh = fields.map((field) => ({ ...field, builder: createColumnBuilder(field.name, field.type) }));
  for (let record = 0; record < scanner.records; record++) {
    for (const { field, name, builder } of fresh) {
      const i = record * width + field;
      try {
        appendField(run, i, builder, dialect, nulls);
      } catch (error) {
        const content = fieldContent(scanner, i, bytes, dialect);
        const value = excerptOf(content, 0, content.length);
        throw withPlace(error, { path, line: scanner.lines[record] as number, column: name, value }, WAY_OUT);
      }
    }
  }
}
