/**
 * The first pass over a CSV file: its digest, its columns, the number of its records, and where its parts begin
 * (`docs/spec/manifest.md`, "CSV"). Everything that makes bytes not CSV is refused here, with its place.
 */

import { type CsvDialect, resolveDialect } from "./csv-dialect.js";
import { openFieldScanner } from "./csv-kernel-scanner.js";
import { csvRefusal } from "./csv-refusals.js";
import { CsvScanner, ESCAPED, type FieldScanner, unescapeField } from "./csv-scanner.js";
import { limitsOf, refuseLongRecord } from "./limits.js";
import { RangeStream, type RangeStreamOptions } from "./range-stream.js";
import type { ByteSource, FileIndex, FilePart, IndexOptions } from "./reader.js";
import { excerptOf, refusal } from "./record-place.js";
import { StoredDigests } from "./stored-digests.js";
import { partRecords, type TextPartDetail } from "./text-part.js";
import { storedLength } from "./transcoding.js";
import { findInvalidUtf8 } from "./utf8.js";

/** Sees the records of a file while it is indexed. */
export interface CsvVisitor {
  /** Before the first record. */
  begin(names: readonly string[]): void;
  /** Consecutive records: fields are in the scanner, their bytes in `bytes`, both until this returns. */
  run(bytes: Uint8Array, scanner: FieldScanner, first: number): void;
  /** After the last record. */
  end(): void;
  /** Whether it makes leaves of what it sees, so far of all of it. */
  readonly makesLeaves: boolean;
}

/**
 * Looks at a whole CSV or TSV file once.
 *
 * @param visitor Sees every record on the way.
 * @throws FormatError `bad-csv`, `no-header`, `duplicate-column`, `ragged-record`, `invalid-utf8`, `bad-dialect`, `limit-exceeded`.
 */
export async function indexCsv(
  source: ByteSource,
  format: "csv" | "tsv",
  options: IndexOptions,
  visitor: CsvVisitor | null = null,
): Promise<FileIndex> {
  const dialect = resolveDialect(options.dialect ?? {}, format);
  const { onBytes, readsOnce = false } = options;
  const digests = new StoredDigests(() => !(readsOnce && visitor?.makesLeaves === true));
  const stream = new RangeStream(source, {
    ...streamOptions(source, options, dialect),
    onStored(bytes) {
      if (dialect.encoding !== "utf-8") digests.push(bytes);
      onBytes?.(bytes.length);
    },
  });
  const pass = new CsvIndexPass(source, stream, digests, dialect, options);
  try {
    const names = dialect.header ? await pass.header() : await numberedColumns(source, options, dialect);
    await pass.records(names, visitor);
    return {
      format,
      bytes: digests.digest(),
      size: source.size,
      records: pass.count,
      columns: names.map((name) => ({ name, type: null })),
      parts: pass.parts,
    };
  } finally {
    pass.release();
  }
}

/** What stands before the records of a file, and how far it goes. */
export interface CsvHeader {
  readonly names: readonly string[];
  /** Bytes before the first record. */
  readonly length: number;
  /** Line on which the first record begins. */
  readonly line: number;
}

/**
 * The header of a file in UTF-8; null for another encoding, or when the dialect has no header.
 *
 * @throws as {@link indexCsv}.
 */
export async function readCsvHeader(
  source: ByteSource,
  format: "csv" | "tsv",
  options: IndexOptions,
): Promise<CsvHeader | null> {
  const dialect = resolveDialect(options.dialect ?? {}, format);
  if (!dialect.header || dialect.encoding !== "utf-8") return null;
  const stream = new RangeStream(source, streamOptions(source, options, dialect));
  const pass = new CsvIndexPass(source, stream, new StoredDigests(), dialect, options);
  try {
    const names = await pass.header();
    return { names, length: pass.headerBytes, line: pass.line };
  } finally {
    pass.release();
  }
}

function streamOptions(source: ByteSource, options: IndexOptions, { encoding }: CsvDialect): RangeStreamOptions {
  const { readBytes, signal } = options;
  const { maxRecordBytes } = limitsOf(options);
  return {
    begin: 0,
    end: source.size,
    encoding,
    signal,
    maxRecordBytes,
    ...(readBytes === undefined ? {} : { readBytes }),
  };
}

/** Without a header: as many columns as the first line that has bytes has fields. */
async function numberedColumns(source: ByteSource, options: IndexOptions, dialect: CsvDialect): Promise<string[]> {
  const stream = new RangeStream(source, streamOptions(source, options, dialect));
  const { maxColumns, maxRecordBytes } = limitsOf(options);
  const scanner = new CsvScanner(dialect, maxColumns);
  await skipByteOrderMark(stream);
  const empty = stream.final && stream.begin === stream.end;
  while (scanner.records === 0) {
    const { bytes, end } = stream;
    stream.begin = scanner.scan(bytes, stream.begin, end, stream.final, 1);
    if (scanner.fault !== null) throw csvRefusal(source.path, null, scanner.fault, bytes, end);
    if (scanner.records > 0 || stream.final) break;
    if (stream.end - stream.begin > maxRecordBytes) refuseLongRecord(source.path, scanner.line, maxRecordBytes);
    await stream.more();
  }
  const count = empty ? 0 : Math.max(1, scanner.columns);
  return Array.from({ length: count }, (_, i) => `column_${i + 1}`);
}

/** Reads until a byte order mark would be there, and leaves it out. Returns its length in UTF-8. */
async function skipByteOrderMark(stream: RangeStream): Promise<number> {
  await stream.more();
  while (stream.end < 3 && !stream.final) await stream.more();
  const { bytes, end } = stream;
  if (end < 3 || bytes[0] !== 0xef || bytes[1] !== 0xbb || bytes[2] !== 0xbf) return 0;
  stream.begin = 3;
  return 3;
}

class CsvIndexPass {
  readonly parts: FilePart[] = [];
  /** Records so far. */
  count = 0;

  readonly #source: ByteSource;
  readonly #stream: RangeStream;
  readonly #digests: StoredDigests;
  readonly #dialect: CsvDialect;
  readonly #scanner;
  readonly #maxRecordBytes: number;
  /** Offset in the stored file of what the stream has not consumed. */
  #offset = 0;
  /** What the part that is open needs besides its window. */
  #detail: TextPartDetail = { line: 1, skip: 0 };
  #partBegin = 0;
  #skipped: number | null = null;
  #names: readonly string[] | null = null;

  constructor(
    source: ByteSource,
    stream: RangeStream,
    digests: StoredDigests,
    dialect: CsvDialect,
    options: IndexOptions,
  ) {
    const { maxColumns, maxRecordBytes } = limitsOf(options);
    this.#source = source;
    this.#stream = stream;
    this.#digests = digests;
    this.#dialect = dialect;
    this.#scanner = openFieldScanner(dialect, maxColumns);
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Bytes of UTF-8 before the first record. */
  get headerBytes(): number {
    return this.#skipped ?? 0;
  }

  /** Line of the next byte. */
  get line(): number {
    return this.#scanner.line;
  }

  /** Lets go of the scanner. */
  release(): void {
    this.#scanner.release();
  }

  /** The names in the first record. */
  async header(): Promise<string[]> {
    await this.#begin();
    const scanner = this.#scanner;
    while (scanner.records === 0) {
      const from = this.#stream.begin;
      this.#scan(1);
      this.#skipped = (this.#skipped ?? 0) + this.#stream.begin - from;
      if (scanner.records === 0 && this.#stream.final) {
        throw refusal(
          "no-header",
          { path: this.#source.path, line: scanner.line },
          "the file has no first record that names the columns. Put one there, or say that there is none (header false)",
        );
      }
      if (scanner.records === 0) await this.#stream.more();
    }
    return this.#readNames();
  }

  #readNames(): string[] {
    const { begins, ends, forms, fields, lines } = this.#scanner;
    const { bytes } = this.#stream;
    const line = lines[0] as number;
    const names: string[] = [];
    const seen = new Set<string>();
    for (let i = 0; i < fields; i++) {
      const [begin, end] = [begins[i] as number, ends[i] as number];
      let content = bytes.subarray(begin, end);
      if (forms[i] === ESCAPED) {
        const out = new Uint8Array(end - begin);
        content = out.subarray(0, unescapeField(this.#dialect, bytes, begin, end, out));
      }
      const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(content);
      if (seen.has(name)) {
        throw refusal(
          "duplicate-column",
          { path: this.#source.path, line, column: excerptOf(content, 0, content.length) },
          "two columns have this name. Rename one of them, or say that there is no header (header false)",
        );
      }
      seen.add(name);
      names.push(name);
    }
    return names;
  }

  /** Everything behind the header. */
  async records(names: readonly string[], visitor: CsvVisitor | null): Promise<void> {
    const stream = this.#stream;
    const scanner = this.#scanner;
    await this.#begin();
    this.#names = names;
    visitor?.begin(names);
    scanner.columns = names.length;
    this.#detail = { line: scanner.line, skip: this.#skipped ?? 0 };
    const most = partRecords(this.#source.size);
    while (!(stream.final && stream.begin === stream.end)) {
      const room = this.#partBegin + most - this.count;
      if (room === 0) {
        if (stream.begin === stream.end) await stream.more();
        if (stream.final && stream.begin === stream.end) break;
        this.#endPart(this.#offset);
        continue;
      }
      this.#scan(room);
      if (scanner.records > 0) visitor?.run(stream.bytes, scanner, this.count);
      this.count += scanner.records;
      if (scanner.records === 0 && !stream.final) await stream.more();
    }
    visitor?.end();
    this.#endPart(this.#source.size);
  }

  async #begin(): Promise<void> {
    if (this.#skipped !== null) return;
    this.#skipped = await skipByteOrderMark(this.#stream);
    this.#consume(0, this.#skipped);
  }

  /** One step of the scanner, and every check of what it went over. */
  #scan(maxRecords: number): void {
    const stream = this.#stream;
    const scanner = this.#scanner;
    const { bytes, begin, end } = stream;
    const at = scanner.scan(bytes, begin, end, stream.final, maxRecords);
    const { fault } = scanner;
    if (this.#dialect.encoding === "utf-8" && !scanner.isUtf8) {
      const invalid = findInvalidUtf8(bytes, begin, fault?.offset ?? at);
      if (invalid >= 0) this.#refuseEncoding(invalid, begin);
    }
    if (fault !== null) {
      // However much was read at once, a record that is too long is refused as that before its fault.
      const reach = fault.reason === "unclosed-quote" ? end : fault.offset;
      if (reach - at > this.#maxRecordBytes) refuseLongRecord(this.#source.path, scanner.line, this.#maxRecordBytes);
      throw csvRefusal(this.#source.path, this.#names, fault, bytes, end);
    }
    if (end - begin > this.#maxRecordBytes) this.#checkLengths(at, end, scanner.isRestPartial);
    this.#consume(begin, at);
    stream.begin = at;
  }

  /** Hashes what stands for bytes `begin … end` of the stream. */
  #consume(begin: number, end: number): void {
    const { encoding } = this.#dialect;
    const { bytes } = this.#stream;
    this.#offset += storedLength(encoding, bytes, begin, end);
    if (encoding === "utf-8") this.#digests.take(bytes.subarray(begin, end));
    else this.#digests.settle(this.#offset);
  }

  /** `restIsOneRecord`: what is behind `at` is a record that is not complete. */
  #checkLengths(at: number, end: number, restIsOneRecord: boolean): void {
    const { records, starts, lines, line } = this.#scanner;
    for (let i = 0; i < records; i++) {
      const next = i + 1 < records ? (starts[i + 1] as number) : at;
      if (next - (starts[i] as number) > this.#maxRecordBytes) {
        refuseLongRecord(this.#source.path, lines[i] as number, this.#maxRecordBytes);
      }
    }
    if (restIsOneRecord && end - at > this.#maxRecordBytes) {
      refuseLongRecord(this.#source.path, line, this.#maxRecordBytes);
    }
  }

  #refuseEncoding(at: number, begin: number): never {
    const { records, starts, lines, line } = this.#scanner;
    const { bytes, end } = this.#stream;
    let i = records;
    while (i > 0 && (starts[i - 1] as number) > at) i--;
    const start = i > 0 ? (starts[i - 1] as number) : begin;
    let lineOfByte = i > 0 ? (lines[i - 1] as number) : line;
    for (let k = start; k < at; k++) if (bytes[k] === 10) lineOfByte++;
    const place = this.#offset + at - begin;
    // Spreadsheets write UTF-16 with its mark; what else a file is in, nothing tells.
    const mark = place === 0 ? `${bytes[at]} ${bytes[at + 1]}` : "";
    const encoding =
      mark === "255 254" ? " (it begins as utf-16le does)" : mark === "254 255" ? " (it begins as utf-16be does)" : "";
    throw refusal(
      "invalid-utf8",
      {
        path: this.#source.path,
        line: lineOfByte,
        value: excerptOf(bytes, Math.max(start, at - 20), Math.min(end, at + 20)),
      },
      `byte ${place} is not UTF-8. Name the encoding that the file has${encoding}, or write it again as UTF-8`,
      { offset: place },
    );
  }

  #endPart(offset: number): void {
    const window = this.#digests.cut(offset);
    this.parts.push({ begin: this.#partBegin, end: this.count, windows: [window], detail: this.#detail });
    this.#partBegin = this.count;
    this.#detail = { line: this.#scanner.line, skip: 0 };
  }
}
