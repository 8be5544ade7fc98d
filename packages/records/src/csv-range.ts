/** Task on a range of a CSV file that is at hand: its records, the evidence for their types, and their leaves. */

import { resolveDialect } from "./csv-dialect.js";
import { CsvEvidence } from "./csv-evidence.js";
import { openFieldScanner } from "./csv-kernel-scanner.js";
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

/** A place between two records of a range. */
export interface RangePlace {
  /** Records before it. */
  readonly records: number;
  /** Offset in the range. */
  readonly end: number;
  /** Lines before it. */
  readonly lines: number;
}

/** What was found, counted from the begin of the range. */
export interface CsvRangeOutput {
  /** Some places, ascending, so close that it costs little to find another: the last is the end of the range. */
  readonly places: readonly RangePlace[];
  readonly evidence: Evidence;
  readonly early: EarlyLeaves;
}

/** Records that tell types by themselves, in a pass of their own; the others are evidence while their leaves are made. */
const FIRST_RECORDS = 512;

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
  const places: RangePlace[] = [];
  let records = 0;
  try {
    for (let at = 0; at < bytes.length; ) {
      const next = scanner.scan(bytes, at, bytes.length, true, at === 0 ? FIRST_RECORDS : BLOCK_RECORDS);
      const { kernel, isUtf8 } = scanner;
      if (kernel === null || !isUtf8) return null;
      evidence.run(bytes, scanner, records);
      records += scanner.records;
      places.push({ records, end: next, lines: scanner.line - 1 });
      at = next;
    }
    evidence.end();
    const { early } = evidence;
    return early === undefined ? null : { places, evidence: evidence.finish(), early };
  } finally {
    scanner.release();
  }
}
