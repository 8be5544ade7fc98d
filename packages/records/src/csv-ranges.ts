/**
 * A large CSV file on several threads: it is read and hashed here, once, and cut behind line feeds outside of quotes;
 * others find records, types and leaves in the ranges, which lie in memory that all share. Everything is the same as when
 * one thread goes through the file. Where a range is not plain CSV there is no answer, and one thread has to.
 */

import { resolveDialect } from "./csv-dialect.js";
import { type CsvHeader, readCsvHeader } from "./csv-index.js";
import { type CsvKernel, type KernelDialect, kernelDialect, takeCsvKernel } from "./csv-kernel.js";
import type { CsvRangeInput, CsvRangeOutput, RangePlace } from "./csv-range.js";
import type { EarlyLeaves } from "./early-leaves.js";
import type { Executor, Task } from "./executor.js";
import { type Evidence, mergeEvidence, placeEvidence } from "./inference.js";
import { limitsOf } from "./limits.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, FilePart, IndexOptions } from "./reader.js";
import { StoredDigests } from "./stored-digests.js";
import type { IndexTaskOutput } from "./tasks.js";
import { partRecords, type TextPartDetail } from "./text-part.js";

/** Bytes of a range: enough for a thread to be busy for some hundredths of a second. */
const RANGE_BYTES = 4 * 1024 * 1024;

export interface CsvRangesOptions extends IndexOptions {
  readonly executor: Executor;
  readonly task: Task<IndexOptions, CsvRangeInput, CsvRangeOutput | null>;
  /** With more leaves there is no answer. */
  readonly mostLeaves: number;
  /** Bytes of a range; tests use few. */
  readonly rangeBytes?: number;
}

/** A range on its way: `block[from, to)`, which begins at an offset of the file. */
interface Range {
  readonly block: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly begin: number;
  readonly isLast: boolean;
  readonly output: Promise<CsvRangeOutput | null>;
}

/**
 * Index, evidence and leaves of a file; null when one thread must read it.
 *
 * @throws SourceError of reading; the reason of an aborted signal.
 */
export async function indexCsvRanges(
  source: ByteSource,
  format: "csv" | "tsv",
  ordinal: number,
  options: CsvRangesOptions,
): Promise<IndexTaskOutput | null> {
  const { executor, rangeBytes = RANGE_BYTES } = options;
  const plain = kernelDialect(resolveDialect(options.dialect ?? {}, format));
  if (plain === undefined || rangeBytes > limitsOf(options).maxRecordBytes) return null;
  const header = await readCsvHeader(source, format, options);
  const kernel = header === null ? undefined : takeCsvKernel();
  if (header === null || kernel === undefined) return null;
  const input = { format, ordinal, names: header.names };
  const pass = new RangesPass(source, header, kernel, plain, options);
  const blocks = new Blocks(rangeBytes);
  const waiting: Range[] = [];
  const take = async (): Promise<boolean> => {
    const range = waiting.shift() as Range;
    const output = await range.output;
    const isTaken = output !== null && pass.add(range, output);
    blocks.free(range.block);
    return isTaken;
  };
  try {
    for await (const range of cutRanges(source, header.length, kernel, plain, blocks, options)) {
      if (range === null) return null;
      const output = send(options, { ...input, bytes: range.block.subarray(range.from, range.to) });
      // An error is thrown when its turn comes.
      output.catch(() => {});
      waiting.push({ ...range, output });
      if (waiting.length > executor.workers + 1 && !(await take())) return null;
    }
    while (waiting.length > 0) if (!(await take())) return null;
    return pass.finish(format);
  } finally {
    kernel.release();
    await Promise.allSettled(waiting.map(({ output }) => output));
  }
}

async function send(
  { executor, task, signal }: CsvRangesOptions,
  input: CsvRangeInput,
): Promise<CsvRangeOutput | null> {
  for await (const output of executor.map(task, [input], signal === undefined ? {} : { signal })) return output;
  return null;
}

/** Memory for ranges, used again and again, and shared where threads can. */
class Blocks {
  readonly #bytes: number;
  readonly #free: Uint8Array[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(): Uint8Array {
    const block = this.#free.pop();
    if (block !== undefined) return block;
    return typeof SharedArrayBuffer === "undefined"
      ? new Uint8Array(this.#bytes)
      : new Uint8Array(new SharedArrayBuffer(this.#bytes));
  }

  free(block: Uint8Array): void {
    this.#free.push(block);
  }
}

/** Reads a file and cuts it between records; null where a record is longer than a block. */
async function* cutRanges(
  source: ByteSource,
  skip: number,
  kernel: CsvKernel,
  dialect: KernelDialect,
  blocks: Blocks,
  { signal, onBytes }: IndexOptions,
): AsyncGenerator<Omit<Range, "output"> | null> {
  const { size } = source;
  let block = blocks.take();
  let from = skip;
  let filled = 0;
  for (let offset = 0; ; ) {
    signal?.throwIfAborted();
    const at = offset + filled;
    const room = block.subarray(filled, filled + Math.min(block.length - filled, size - at));
    const bytes = await source.read(at, at + room.length, room);
    if (bytes.length !== room.length) throw sourceChanged(source.path, "it is shorter than it was");
    if (bytes.buffer !== room.buffer) room.set(bytes);
    onBytes?.(room.length);
    filled += room.length;
    const isLast = offset + filled === size;
    const to = isLast ? filled : from < filled ? kernel.recordsEnd(block, from, filled, dialect) : from;
    if (to === from) {
      yield null;
      return;
    }
    const next = blocks.take();
    next.set(block.subarray(to, filled));
    yield { block, from, to, begin: offset + from, isLast };
    if (isLast) return;
    block = next;
    offset += to;
    filled -= to;
    from = 0;
  }
}

/** Puts together what was found, range after range. */
class RangesPass {
  readonly #source: ByteSource;
  readonly #kernel: CsvKernel;
  readonly #dialect: KernelDialect;
  readonly #names: readonly string[];
  readonly #mostLeaves: number;
  readonly #digests: StoredDigests;
  readonly #parts: FilePart[] = [];
  readonly #early: EarlyLeaves[] = [];
  #evidence: Evidence = [];
  #records = 0;
  /** Of the next record. */
  #line: number;
  #partBegin = 0;
  #detail: TextPartDetail;
  #isLast = false;

  constructor(
    source: ByteSource,
    { names, length, line }: CsvHeader,
    kernel: CsvKernel,
    dialect: KernelDialect,
    { mostLeaves, readsOnce = false }: CsvRangesOptions,
  ) {
    this.#source = source;
    this.#kernel = kernel;
    this.#dialect = dialect;
    this.#digests = new StoredDigests(() => !readsOnce);
    this.#names = names;
    this.#mostLeaves = mostLeaves;
    this.#line = line;
    this.#detail = { line, skip: length };
  }

  /** Whether the answer goes on. */
  add({ block, from, to, begin, isLast }: Range, output: CsvRangeOutput): boolean {
    const { places, evidence, early } = output;
    const { records = 0, lines = 0 } = places.at(-1) ?? {};
    const { size } = this.#source;
    if (this.#records === 0) {
      // The first range tells how many there will be.
      if ((records / (to - from)) * (size - begin) > this.#mostLeaves) return false;
      this.#digests.take(block.subarray(0, from));
    }
    if (records === 0 || this.#records + records > this.#mostLeaves) return false;
    const most = partRecords(size);
    let hashed = from;
    for (let last = this.#partBegin + most; last <= this.#records + records; last += most) {
      const place = this.#placeBehind(last - this.#records, block.subarray(from, to), places);
      if (place === null) return false;
      const cut = from + place.end;
      // Behind the last record there is no part, but if there were lines without bytes.
      if (isLast && place.records === records) {
        if (cut === to) break;
        return false;
      }
      this.#digests.take(block.subarray(hashed, cut));
      hashed = cut;
      this.#endPart(last, begin + place.end, this.#line + place.lines);
    }
    this.#digests.take(block.subarray(hashed, to));
    this.#evidence = mergeEvidence(this.#evidence, placeEvidence(evidence, this.#records, this.#line - 1));
    this.#early.push(early);
    this.#records += records;
    this.#line += lines;
    this.#isLast = isLast;
    return true;
  }

  /** Where so many records of a range end, as the scan of one thread would find it. */
  #placeBehind(records: number, bytes: Uint8Array, places: readonly RangePlace[]): RangePlace | null {
    const next = places.findIndex((place) => place.records >= records);
    const run = places[next] as RangePlace;
    // Even where a place is there: lines of no bytes in front of it belong to what follows.
    const before = places[next - 1] ?? { records: 0, end: 0, lines: 0 };
    const kernel = this.#kernel;
    const [count, columns] = [records - before.records, this.#names.length];
    const found = kernel.scan(bytes, before.end, run.end, count, columns, before.lines + 1, this.#dialect);
    if (found !== count) return null;
    return { records, end: before.end + kernel.scannedTo, lines: kernel.scannedLine - 1 };
  }

  #endPart(end: number, offset: number, line: number): void {
    const window = this.#digests.cut(offset);
    this.#parts.push({ begin: this.#partBegin, end, windows: [window], detail: this.#detail });
    this.#partBegin = end;
    this.#detail = { line, skip: 0 };
  }

  finish(format: "csv" | "tsv"): IndexTaskOutput | null {
    if (!this.#isLast) return null;
    const { size } = this.#source;
    this.#endPart(this.#records, size, this.#line);
    const columns = this.#names.map((name) => ({ name, type: null }));
    const bytes = this.#digests.digest();
    return {
      index: { format, bytes, size, records: this.#records, columns, parts: this.#parts },
      evidence: this.#evidence,
      early: this.#early,
    };
  }
}
