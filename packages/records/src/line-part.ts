/** Files whose records are lines: the pass that finds their parts, and the lines of one part. */

import { limitsOf, refuseLongRecord } from "./limits.js";
import { LineScanner } from "./line-scanner.js";
import { RangeStream, sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions } from "./reader.js";
import { StoredDigests } from "./stored-digests.js";
import { partRecords, type TextPartDetail, VerifiedRange } from "./text-part.js";

/** Whether lines of white space are no records: in JSONL, but for `raw/v1`. */
export function skipsBlank(format: "jsonl" | "text", { leafFormat = "assay-record/v1" }: IndexOptions): boolean {
  return format === "jsonl" && leafFormat === "assay-record/v1";
}

/**
 * Looks at a whole file of lines once. What the lines say is not looked at.
 *
 * @throws FormatError `limit-exceeded`.
 */
export async function indexLines(
  source: ByteSource,
  format: "jsonl" | "text",
  options: IndexOptions,
): Promise<FileIndex> {
  const digests = new StoredDigests();
  const { onBytes, readBytes, signal } = options;
  const stream = new RangeStream(source, {
    begin: 0,
    end: source.size,
    signal,
    ...(readBytes === undefined ? {} : { readBytes }),
    onStored(bytes) {
      digests.push(bytes);
      onBytes?.(bytes.length);
    },
  });
  const { maxRecordBytes } = limitsOf(options);
  const scanner = new LineScanner(skipsBlank(format, options));
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
    offset += at - stream.begin;
    stream.begin = at;
    digests.settle(offset);
    records += scanner.records;
    if (scanner.records < room && !stream.final) await stream.more();
  }
  endPart(source.size);
  return { format, bytes: digests.digest(), size: source.size, records, columns: [], parts };
}

/** Consecutive lines: boundaries are in the scanner, the bytes in `bytes`, both until the next run. */
export interface LineRun {
  readonly bytes: Uint8Array;
  readonly scanner: LineScanner;
}

/**
 * The lines of one part.
 *
 * @param maxRecords Asked before each run: the most lines that it may have.
 * @throws SourceError `source-changed`.
 */
export async function* scanLinePart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: IndexOptions,
  maxRecords: () => number,
): AsyncGenerator<LineRun> {
  const scanner = new LineScanner(skipsBlank(index.format === "text" ? "text" : "jsonl", options));
  const { line, skip } = part.detail as TextPartDetail;
  scanner.line = line;
  let records = 0;
  const stream = new VerifiedRange(source, part, options);
  await stream.skip(skip);
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
}
