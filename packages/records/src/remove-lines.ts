/** JSONL, text and JSON files without some of their records. Lines that are no records stay. */

import { scannerOfPart } from "./line-part.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions, Window } from "./reader.js";
import { copyParts, copyWindow, findRecords, type RecordScanner, type StoredRanges } from "./remove-text.js";
import { errorOfPart, VerifiedRange } from "./text-part.js";

/** The bytes of the file without the lines of these records. */
export function removeLines(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const format = index.format === "text" ? "text" : "jsonl";
  return copyParts(source, index, ordinals, options, (part, removed) => {
    const scanner = scannerOfPart(source.path, format, part, options);
    const records: RecordScanner = {
      get records() {
        return scanner.records;
      },
      scan: (bytes, begin, end, final) => scanner.scan(bytes, begin, end, final, Number.POSITIVE_INFINITY),
      begin: (i) => scanner.begins[i] as number,
      end: (i) => scanner.ends[i] as number,
    };
    return findRecords(source, part, removed, options, "utf-8", records);
  });
}

/**
 * The bytes of a JSON array without these elements. With an element goes the comma in front of it; when none stays in front of
 * those that stay, the comma behind goes.
 */
export async function* removeElements(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const removed = new Set(ordinals);
  let hasKept = false;
  for (const part of index.parts) {
    const end = part.end ?? index.records;
    const loses = ordinals.some((ordinal) => ordinal >= part.begin && ordinal < end);
    const ranges = loses || !hasKept ? await elementRanges(source, part, removed, hasKept, options) : [];
    if (!hasKept) for (let i = part.begin; i < end && !hasKept; i++) hasKept = !removed.has(i);
    yield* copyWindow(source, part.windows[0] as Window, ranges, options);
  }
}

async function elementRanges(
  source: ByteSource,
  part: FilePart,
  removed: ReadonlySet<number>,
  keptBefore: boolean,
  options: IndexOptions,
): Promise<StoredRanges> {
  const isFirst = part.begin === 0;
  const scanner = scannerOfPart(source.path, "json", part, options);
  const stream = new VerifiedRange(source, part, options);
  const ranges: number[] = [];
  const leave = (begin: number, end: number): void => {
    if (begin === ranges[ranges.length - 1]) ranges[ranges.length - 1] = end;
    else if (begin < end) ranges.push(begin, end);
  };
  let offset = (part.windows[0] as Window).begin;
  let ordinal = part.begin;
  let hasKept = keptBefore;
  // Where what stands in front of an element begins: behind the one before it.
  let behind: number | null = isFirst ? null : offset;
  try {
    await stream.more();
    for (;;) {
      const { begin, bytes, end, final } = stream;
      const at = scanner.scan(bytes, begin, end, final, Number.POSITIVE_INFINITY);
      for (let i = 0; i < scanner.records; i++, ordinal++) {
        const elementBegin = offset + (scanner.begins[i] as number) - begin;
        const elementEnd = offset + (scanner.ends[i] as number) - begin;
        if (removed.has(ordinal)) leave(behind ?? elementBegin, elementEnd);
        else {
          if (!hasKept) leave(behind ?? elementBegin, elementBegin);
          hasKept = true;
        }
        behind = elementEnd;
      }
      offset += at - begin;
      stream.begin = at;
      if (final) break;
      await stream.more();
    }
    stream.verify();
    return ranges;
  } catch (error) {
    throw await errorOfPart(source, part, error);
  }
}
