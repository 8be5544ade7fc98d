/** Task on a range of a CSV file that is at hand: its records, the evidence for their types, and their leaves. */

import { resolveDialect } from "./csv-dialect.js";
import { CsvEvidence } from "./csv-evidence.js";
import { openFieldScanner } from "./csv-kernel-scanner.js";
import type { FieldScanner } from "./csv-scanner.js";
import type { EarlyLeaves } from "./early-leaves.js";
import type { Evidence } from "./inference.js";
import { limitsOf } from "./limits.js";
import { BLOCK_RECORDS, type IndexOptions } from "./reader.js";

export interface CsvRangeInput {
  /** Whole records of UTF-8, maybe in memory that threads share. */
  readonly bytes: Uint8Array;
  readonly format: "csv" | "tsv";
  /** Index of the file in the source. */
  readonly ordinal: number;
  readonly names: readonly string[];
}

/** What was found, counted from the begin of the range. */
export interface CsvRangeOutput {
  readonly records: number;
  /** For each record the offset behind it, and the line of that byte, from 0. */
  readonly ends: Uint32Array;
  readonly lines: Uint32Array;
  readonly lineCount: number;
  readonly evidence: Evidence;
  readonly early: EarlyLeaves;
}

const LF = 10;

/** Null where a record is not plain: whoever reads the file from its begin will tell what is wrong, if anything. */
export function readCsvRange(
  options: IndexOptions,
  { bytes, format, ordinal, names }: CsvRangeInput,
): CsvRangeOutput | null {
  const dialect = resolveDialect(options.dialect ?? {}, format);
  const scanner = openFieldScanner(dialect, limitsOf(options).maxColumns);
  const evidence = new CsvEvidence(ordinal, format, {
    ...options,
    known: [],
    mostLeaves: Number.POSITIVE_INFINITY,
    sharesMemory: bytes.buffer instanceof ArrayBuffer === false,
  });
  evidence.begin(names);
  scanner.columns = names.length;
  const places = new RecordPlaces();
  try {
    for (let at = 0; at < bytes.length; ) {
      const next = scanner.scan(bytes, at, bytes.length, true, BLOCK_RECORDS);
      const { kernel, isUtf8 } = scanner;
      if (kernel === null || !isUtf8) return null;
      evidence.run(bytes, scanner, places.count);
      places.add(bytes, scanner, next);
      at = next;
    }
    evidence.end();
    const { early } = evidence;
    return early === undefined
      ? null
      : { ...places.finish(), lineCount: scanner.line - 1, evidence: evidence.finish(), early };
  } finally {
    scanner.release();
  }
}

/** Where records end. */
class RecordPlaces {
  count = 0;
  #ends = new Uint32Array(2 ** 16);
  #lines = new Uint32Array(2 ** 16);

  /** Adds the records that were found up to `next`. */
  add(
    bytes: Uint8Array,
    { records, columns, ends, starts, lines, line: lineOfNext }: FieldScanner,
    next: number,
  ): void {
    while (this.count + records > this.#ends.length) {
      this.#ends = twice(this.#ends);
      this.#lines = twice(this.#lines);
    }
    const [toEnds, toLines, count] = [this.#ends, this.#lines, this.count];
    for (let i = 0, last = columns - 1; i < records; i++, last += columns) {
      let end = ends[last] as number;
      // Behind the last field: a quote, a carriage return, the line feed.
      while (end < next && bytes[end++] !== LF);
      const isLast = i + 1 === records;
      let line = isLast ? lineOfNext : (lines[i + 1] as number);
      // Lines of no bytes may stand before the next record.
      for (let k = isLast ? next : (starts[i + 1] as number); k > end; k--) if (bytes[k - 1] === LF) line--;
      toEnds[count + i] = end;
      toLines[count + i] = line - 1;
    }
    this.count = count + records;
  }

  finish(): Pick<CsvRangeOutput, "records" | "ends" | "lines"> {
    const { count } = this;
    return { records: count, ends: this.#ends.slice(0, count), lines: this.#lines.slice(0, count) };
  }
}

function twice(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * values.length);
  larger.set(values);
  return larger;
}
