/**
 * One part of a CSV file as runs of scanned records: what inference and the reader both stand on. The bytes are hashed
 * as they pass; when they are not those of the index, that is the error, whatever else went wrong because of it.
 */

import { resolveDialect } from "./csv-dialect.js";
import { openFieldScanner } from "./csv-kernel-scanner.js";
import { csvRefusal } from "./csv-refusals.js";
import type { FieldScanner } from "./csv-scanner.js";
import { limitsOf } from "./limits.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions } from "./reader.js";
import { type TextPartDetail, VerifiedRange } from "./text-part.js";

/** Consecutive records: fields are in the scanner, their bytes in `bytes`, both until the next run. */
export interface CsvRun {
  readonly bytes: Uint8Array;
  readonly scanner: FieldScanner;
}

/**
 * Scans a part.
 *
 * @param maxRecords Asked before each run: the most records that it may have.
 * @throws SourceError `source-changed`, FormatError for what is not CSV.
 */
export async function* scanCsvPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: IndexOptions,
  maxRecords: () => number,
): AsyncGenerator<CsvRun> {
  const dialect = resolveDialect(options.dialect ?? {}, index.format === "tsv" ? "tsv" : "csv");
  const { maxColumns } = limitsOf(options);
  const { line, skip } = part.detail as TextPartDetail;
  const names = index.columns.map(({ name }) => name);
  const scanner = openFieldScanner(dialect, maxColumns);
  try {
    scanner.columns = names.length;
    scanner.line = line;
    let records = 0;
    const stream = new VerifiedRange(source, part, options, dialect.encoding);
    await stream.skip(skip);
    for (;;) {
      const { bytes, end } = stream;
      const at = scanner.scan(bytes, stream.begin, end, stream.final, maxRecords());
      if (scanner.fault !== null) throw csvRefusal(source.path, names, scanner.fault, bytes, end);
      stream.begin = at;
      records += scanner.records;
      const last = stream.final && at === end;
      if (last) stream.verify();
      if (last && part.end !== null && records !== part.end - part.begin) {
        throw sourceChanged(source.path, `${records} records where there were ${part.end - part.begin}`);
      }
      if (scanner.records > 0) yield { bytes, scanner };
      if (last) return;
      if (scanner.records === 0) await stream.more();
    }
  } finally {
    scanner.release();
  }
}
