/**
 * CSV and TSV files without some of their records. The header stays, and so does every byte that is no record's, but in two
 * places of files without a header, where it would be read as something else:
 *
 * - when all records leave, empty lines leave too: alone, they would be records of a file of one column;
 * - when the first record that stays begins with U+FEFF, it would be taken for a byte order mark: one is put in front.
 */

import { type CsvDialect, type Encoding, resolveDialect } from "./csv-dialect.js";
import { csvRefusal } from "./csv-refusals.js";
import { CsvScanner, PLAIN } from "./csv-scanner.js";
import { limitsOf } from "./limits.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions, Window } from "./reader.js";
import { copyParts, findRecords, type RecordScanner, type StoredRanges } from "./remove-text.js";
import type { TextPartDetail } from "./text-part.js";

/** U+FEFF as it stands in a file. What windows-1252 writes with these bytes is no mark. */
const MARKS: Readonly<Record<Encoding, readonly number[]>> = {
  "utf-8": [0xef, 0xbb, 0xbf],
  "utf-16le": [0xff, 0xfe],
  "utf-16be": [0xfe, 0xff],
  "windows-1252": [],
};

/** The bytes of the file without these records. */
export function removeCsvRecords(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const dialect = resolveDialect(options.dialect ?? {}, index.format === "tsv" ? "tsv" : "csv");
  const mark = MARKS[dialect.encoding];
  const firstPart = index.parts[0] as FilePart;
  const hasMark = !dialect.header && (firstPart.detail as TextPartDetail).skip > 0;
  const leavesNothing = !dialect.header && ordinals.length === index.records;
  const child = copyParts(source, index, ordinals, options, async (part, removed): Promise<StoredRanges> => {
    const { begin, end } = part.windows[0] as Window;
    if (leavesNothing) return [begin + (hasMark && part === firstPart ? mark.length : 0), end];
    const scanner = csvRecords(source.path, index, part, dialect, limitsOf(options).maxColumns);
    return findRecords(source, part, removed, options, dialect.encoding, scanner);
  });
  return dialect.header || hasMark || mark.length === 0 ? child : withMark(child, mark);
}

function csvRecords(
  path: string,
  { columns }: FileIndex,
  part: FilePart,
  dialect: CsvDialect,
  maxColumns: number,
): RecordScanner {
  const scanner = new CsvScanner(dialect, maxColumns);
  const names = columns.map(({ name }) => name);
  scanner.columns = names.length;
  scanner.line = (part.detail as TextPartDetail).line;
  return {
    get records() {
      return scanner.records;
    },
    scan(bytes, begin, end, final) {
      const at = scanner.scan(bytes, begin, end, final, Number.POSITIVE_INFINITY);
      if (scanner.fault !== null) throw csvRefusal(path, names, scanner.fault, bytes, end);
      return at;
    },
    begin: (i) => scanner.starts[i] as number,
    end(i) {
      const field = (i + 1) * scanner.columns - 1;
      return (scanner.ends[field] as number) + (scanner.forms[field] === PLAIN ? 0 : dialect.quote.length);
    },
  };
}

/** Puts a mark in front of bytes that begin with one. */
async function* withMark(pieces: AsyncIterable<Uint8Array>, mark: readonly number[]): AsyncGenerator<Uint8Array> {
  const head: number[] = [];
  let held: Uint8Array[] | null = [];
  for await (const piece of pieces) {
    if (held === null) {
      yield piece;
      continue;
    }
    held.push(piece);
    head.push(...piece.subarray(0, mark.length - head.length));
    if (head.length < mark.length) continue;
    if (head.every((byte, i) => byte === mark[i])) yield Uint8Array.from(mark);
    yield* held;
    held = null;
  }
  yield* held ?? [];
}
