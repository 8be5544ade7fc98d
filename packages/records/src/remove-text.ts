/**
 * Text files without some of their records: the bytes of these records and of their line ends leave, all others stay as
 * they are. A part that loses records is read twice, once to find them and once to copy, so that memory follows the
 * longest record and never the part.
 */

import { createSha256, toHex } from "@assay/merkle";
import type { Encoding } from "./csv-dialect.js";
import { READ_BYTES, sourceChanged } from "./range-stream.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions, Window } from "./reader.js";
import { errorOfPart, type TextPartDetail, VerifiedRange } from "./text-part.js";
import { storedLength } from "./transcoding.js";

const LF = 10;
const CR = 13;

/** A scanner that knows where the records stand that it has just found. */
export interface RecordScanner {
  readonly records: number;
  /** Finds records in `bytes[begin, end)`; gives the offset behind them. Throws for what is none. */
  scan(bytes: Uint8Array, begin: number, end: number, final: boolean): number;
  /** Where record i begins in the buffer, and where its content ends, in front of the line end. */
  begin(i: number): number;
  end(i: number): number;
}

/** Byte ranges of the stored file, ascending and apart: begin, end, begin, end, … */
export type StoredRanges = readonly number[];

/**
 * A text file without some records.
 *
 * @param rangesOf The bytes of a part that leave. It is asked for parts with removed records only.
 */
export async function* copyParts(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
  rangesOf: (part: FilePart, ordinals: readonly number[]) => Promise<StoredRanges>,
): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const part of index.parts) {
    let to = from;
    while (to < ordinals.length && (ordinals[to] as number) < (part.end ?? Number.POSITIVE_INFINITY)) to++;
    const ranges = from === to ? [] : await rangesOf(part, ordinals.slice(from, to));
    from = to;
    yield* copyWindow(source, part.windows[0] as Window, ranges, options);
  }
}

/** Finds the stored bytes of some records of a part. */
export async function findRecords(
  source: ByteSource,
  part: FilePart,
  ordinals: readonly number[],
  options: IndexOptions,
  encoding: Encoding,
  scanner: RecordScanner,
): Promise<StoredRanges> {
  try {
    const stream = new VerifiedRange(source, part, options, encoding);
    await stream.skip((part.detail as TextPartDetail).skip);
    const ranges: number[] = [];
    let offset = (part.windows[0] as Window).begin + storedLength(encoding, stream.bytes, 0, stream.begin);
    let ordinal = part.begin;
    let next = 0;
    for (;;) {
      const { bytes, end, final } = stream;
      const at = scanner.scan(bytes, stream.begin, end, final);
      let counted = stream.begin;
      const storedAt = (place: number): number => {
        offset += storedLength(encoding, bytes, counted, place);
        counted = place;
        return offset;
      };
      while (next < ordinals.length && (ordinals[next] as number) < ordinal + scanner.records) {
        const i = (ordinals[next++] as number) - ordinal;
        const begin = storedAt(scanner.begin(i));
        const behind = storedAt(behindLineEnd(bytes, scanner.end(i), at));
        if (begin === ranges[ranges.length - 1]) ranges[ranges.length - 1] = behind;
        else ranges.push(begin, behind);
      }
      storedAt(at);
      ordinal += scanner.records;
      stream.begin = at;
      if (final && at === end) break;
      if (scanner.records === 0) await stream.more();
    }
    stream.verify();
    return ranges;
  } catch (error) {
    throw await errorOfPart(source, part, error);
  }
}

/** The offset behind the line end at `at`, which may be missing at the end of the file. */
function behindLineEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === LF) return at + 1;
  return at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at;
}

/** Copies a byte range but for the ranges inside. Throws `source-changed` when its bytes are not those of the index. */
export async function* copyWindow(
  source: ByteSource,
  { begin, end, sha256 }: Window,
  ranges: StoredRanges,
  { signal, readBytes = 4 * READ_BYTES }: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const hash = createSha256();
  let next = 0;
  for (let at = begin; at < end; at += readBytes) {
    signal?.throwIfAborted();
    const upTo = Math.min(end, at + readBytes);
    const bytes = await source.read(at, upTo);
    if (bytes.length !== upTo - at) throw sourceChanged(source.path, "it is shorter than it was");
    hash.update(bytes);
    let kept = at;
    for (; next < ranges.length && (ranges[next] as number) < upTo; next += 2) {
      const [leaves, until] = [ranges[next] as number, ranges[next + 1] as number];
      if (leaves > kept) yield bytes.subarray(kept - at, leaves - at);
      kept = Math.min(until, upTo);
      if (until > upTo) break;
    }
    if (kept < upTo) yield bytes.subarray(kept - at);
  }
  if (toHex(hash.digest()) !== sha256) throw sourceChanged(source.path, "its bytes are not those of the first pass");
}
