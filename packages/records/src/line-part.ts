/** Files whose records are lines, or elements of one JSON array: the pass that finds their parts, and the records of one part. */

import { ArrayScanner } from "./array-scanner.js";
import type { EarlyLinesBuilder } from "./early-leaves.js";
import { limitsOf, refuseLongRecord } from "./limits.js";
import { openLineScanner } from "./line-kernel-scanner.js";
import { LineScanner, type RunScanner, type ScannedPlace } from "./line-scanner.js";
import { RangeStream, sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions } from "./reader.js";
import { StoredDigests } from "./stored-digests.js";
import { partRecords, type TextPartDetail, VerifiedRange } from "./text-part.js";

type LineFormat = "jsonl" | "json" | "text";

/** Finds the records of a part. */
export function scannerOfPart(
  path: string,
  format: LineFormat,
  part: FilePart,
  options: IndexOptions,
  linesOf: LinesOf = (skipBlank) => new LineScanner(skipBlank),
): RunScanner {
  const scanner = createScanner(path, format, part.begin === 0 ? "first" : "middle", options, linesOf);
  scanner.line = (part.detail as TextPartDetail).line;
  return scanner;
}

type LinesOf = (skipBlank: boolean) => RunScanner;

function createScanner(
  path: string,
  format: LineFormat,
  place: ScannedPlace,
  { leafFormat = "assay-record/v1" }: IndexOptions,
  linesOf: LinesOf,
): RunScanner {
  if (format === "json") return new ArrayScanner(path, place);
  // Lines of white space are no records in JSONL, but for `raw/v1`.
  return linesOf(format === "jsonl" && leafFormat === "assay-record/v1");
}

/**
 * Looks at a whole file once. What its records say is not looked at, but for leaves on the way.
 *
 * @throws FormatError `limit-exceeded`; `bad-json` for what is no array.
 */
export async function indexLines(
  source: ByteSource,
  format: LineFormat,
  options: IndexOptions,
  early?: EarlyLinesBuilder,
): Promise<FileIndex> {
  const scanner = createScanner(source.path, format, "whole", options, openLineScanner);
  try {
    return await indexRecords(source, format, options, scanner, early);
  } finally {
    scanner.release?.();
  }
}

async function indexRecords(
  source: ByteSource,
  format: LineFormat,
  options: IndexOptions,
  scanner: RunScanner,
  early: EarlyLinesBuilder | undefined,
): Promise<FileIndex> {
  const { onBytes, readBytes, readsOnce = false, signal } = options;
  const digests = new StoredDigests(() => !(readsOnce && early?.makesLeaves === true));
  const { maxRecordBytes } = limitsOf(options);
  const stream = new RangeStream(source, {
    begin: 0,
    end: source.size,
    signal,
    maxRecordBytes,
    ...(readBytes === undefined ? {} : { readBytes }),
    onStored: (bytes) => onBytes?.(bytes.length),
  });
  const most = partRecords(source.size);
  const parts: FilePart[] = [];
  let offset = 0;
  let records = 0;
  let begin = 0;
  let detail: TextPartDetail = { line: 1, skip: 0 };
  const endPart = (at: number): void => {
    parts.push({ begin, end: records, windows: [digests.cut(at)], detail });
    begin = records;
    detail = { line: scanner.line, skip: 0 };
  };
  await stream.more();
  // An array that is nowhere is no empty one.
  if (format === "json" && stream.begin === stream.end) scanner.scan(stream.bytes, 0, 0, true, 1);
  while (!(stream.final && stream.begin === stream.end)) {
    if (records - begin === most) {
      if (stream.begin === stream.end) await stream.more();
      if (stream.final && stream.begin === stream.end) break;
      endPart(offset);
    }
    const room = begin + most - records;
    const at = scanner.scan(stream.bytes, stream.begin, stream.end, stream.final, room);
    for (let i = 0; i < scanner.records; i++) {
      const length = (scanner.ends[i] as number) - (scanner.begins[i] as number);
      if (length > maxRecordBytes) refuseLongRecord(source.path, scanner.lines[i] as number, maxRecordBytes);
    }
    if (scanner.records < room && stream.end - at > maxRecordBytes) {
      refuseLongRecord(source.path, scanner.line, maxRecordBytes);
    }
    digests.take(stream.bytes.subarray(stream.begin, at));
    early?.add(scanner);
    offset += at - stream.begin;
    stream.begin = at;
    records += scanner.records;
    if (scanner.records < room && !stream.final) await stream.more();
  }
  endPart(source.size);
  return { format, bytes: digests.digest(), size: source.size, records, columns: [], parts };
}

/** Consecutive records: boundaries are in the scanner, the bytes in `bytes`, both until the next run. */
export interface LineRun {
  readonly bytes: Uint8Array;
  readonly scanner: RunScanner;
}

/**
 * The records of one part.
 *
 * @param maxRecords Asked before each run: the most records that it may have.
 * @throws SourceError `source-changed`.
 */
export async function* scanLinePart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: IndexOptions,
  maxRecords: () => number,
): AsyncGenerator<LineRun> {
  const scanner = scannerOfPart(source.path, index.format as LineFormat, part, options, openLineScanner);
  try {
    let records = 0;
    const stream = new VerifiedRange(source, part, options);
    await stream.skip((part.detail as TextPartDetail).skip);
    for (;;) {
      const { bytes, end } = stream;
      const at = scanner.scan(bytes, stream.begin, end, stream.final, maxRecords());
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
    scanner.release?.();
  }
}
