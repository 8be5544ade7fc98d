/**
 * The CSV scanner (RFC 4180 and the dialects of `docs/spec/manifest.md`): bytes to field boundaries. No string and no
 * object is made for a field; boundaries go to typed arrays that are used again.
 *
 * It works on whole records: what it cannot finish in the bytes at hand it leaves for the next call. It never looks at
 * values, so that the pass that finds the parts and the passes that read them see the same records.
 */

import type { CsvDialect } from "./csv-dialect.js";
import type { CsvKernel } from "./csv-kernel.js";

const LF = 10;
const CR = 13;

/** How a field was written. */
export const PLAIN = 0;
export const QUOTED = 1;
/** Quoted, with escapes to undo: see {@link unescapeField}. */
export const ESCAPED = 2;

const ORDINARY = 0;
const DELIMITER = 1;
const LINE_FEED = 2;
const CARRIAGE_RETURN = 3;
const QUOTE = 4;
/** The first byte of a delimiter or quote of several bytes: a comparison must tell. */
const UNCERTAIN = 5;
/** Bytes of the longest character in UTF-8. */
const LONGEST_CHARACTER = 4;

export type CsvFaultReason =
  | "quote-inside-field"
  | "text-after-quote"
  | "unclosed-quote"
  | "lone-cr"
  | "ragged"
  | "too-many-columns";

/** The first place where the bytes are not CSV. */
export interface CsvFault {
  readonly reason: CsvFaultReason;
  /** Offset of the byte in the buffer. */
  readonly offset: number;
  /** Line of that byte. */
  readonly line: number;
  /** Field of its record, from 0. */
  readonly field: number;
  /** Where that field begins in the buffer. */
  readonly begin: number;
}

/** What finds the fields of records. All arrays are good until the next call of `scan`. */
export interface FieldScanner {
  /** Content of field i: `bytes[begins[i], ends[i])`, without its quotes. */
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  /** PLAIN, QUOTED or ESCAPED. */
  readonly forms: Uint8Array;
  /** Number of fields that the last call found: records × columns, but for a header. */
  readonly fields: number;
  /** Line and offset in the buffer of each record that the last call found. */
  readonly lines: Float64Array;
  readonly starts: Int32Array;
  readonly records: number;
  /** Line of the next byte, from 1, as an editor counts: by LF. */
  line: number;
  /** Number of fields of every record; 0: not known, the first record tells. */
  columns: number;
  readonly fault: CsvFault | null;
  /** Whether what the last call found is known to be UTF-8. */
  readonly isUtf8: boolean;
  /** Whether the last call stopped at a record that is not complete. */
  readonly isRestPartial: boolean;
  /** Where the fields of the last call are too, when a kernel found them. */
  readonly kernel: CsvKernel | null;
  /**
   * Finds the records of `bytes[begin, end)`, which begins with one, and says where the first one begins that is not
   * complete (or was too many, or has the {@link fault}).
   *
   * @param final Nothing comes behind `end`, so the last record needs no line end.
   */
  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number;
}

export class CsvScanner implements FieldScanner {
  begins = new Int32Array(1024);
  ends = new Int32Array(1024);
  forms = new Uint8Array(1024);
  fields = 0;
  lines = new Float64Array(256);
  starts = new Int32Array(256);
  records = 0;
  line = 1;
  columns = 0;
  fault: CsvFault | null = null;
  readonly isUtf8 = false;
  isRestPartial = false;
  readonly kernel = null;

  readonly #dialect: CsvDialect;
  readonly #maxColumns: number;
  readonly #kinds = new Uint8Array(256);
  readonly #quoteByte: number;
  readonly #plainQuote: boolean;

  constructor(dialect: CsvDialect, maxColumns: number) {
    this.#dialect = dialect;
    this.#maxColumns = maxColumns;
    const { delimiter, quote } = dialect;
    const [delimiterByte, quoteByte = -1] = [delimiter[0] as number, quote[0]];
    this.#kinds[LF] = LINE_FEED;
    this.#kinds[CR] = CARRIAGE_RETURN;
    this.#kinds[delimiterByte] = delimiter.length === 1 ? DELIMITER : UNCERTAIN;
    if (quoteByte >= 0) this.#kinds[quoteByte] = quote.length === 1 ? QUOTE : UNCERTAIN;
    this.#quoteByte = quoteByte;
    this.#plainQuote = quote.length === 1 && dialect.escape === null;
  }

  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number {
    this.fields = 0;
    this.records = 0;
    let at = begin;
    while (at < end && this.records < maxRecords && this.fault === null) {
      const next = this.#emptyLine(bytes, at, end, final);
      if (next > at) {
        // In a file of one column an empty line is a record: its field is null.
        if (this.columns === 1) {
          this.#beginRecord(at, this.line);
          this.#addField(at, at, PLAIN);
        }
        this.line++;
        at = next;
        continue;
      }
      if (next < 0) break;
      const recordEnd = this.#scanRecord(bytes, at, end, final);
      if (recordEnd < 0) break;
      at = recordEnd;
    }
    this.isRestPartial = this.records < maxRecords && this.fault === null;
    return at;
  }

  /** The offset behind a line of no bytes, `at` when there is none, −1 when more bytes must tell. */
  #emptyLine(bytes: Uint8Array, at: number, end: number, final: boolean): number {
    const byte = bytes[at];
    if (byte === LF) return at + 1;
    if (byte !== CR) return at;
    if (at + 1 === end) return final ? at : -1;
    return bytes[at + 1] === LF ? at + 2 : at;
  }

  #scanRecord(bytes: Uint8Array, start: number, end: number, final: boolean): number {
    const firstField = this.fields;
    const firstLine = this.line;
    const kinds = this.#kinds;
    let i = start;
    for (;;) {
      const begin = i;
      let contentBegin = i;
      let contentEnd: number;
      let form = PLAIN;
      if (i < end && bytes[i] === this.#quoteByte && this.#isQuote(bytes, i, end)) {
        const width = this.#dialect.quote.length;
        contentBegin = i + width;
        const close = this.#closingQuote(bytes, contentBegin, end, final);
        if (close < 0) {
          if (final) this.#fail("unclosed-quote", begin, firstLine, firstField, begin);
          this.#forget(firstField, firstLine);
          return -1;
        }
        contentEnd = close;
        form = this.#sawEscape ? ESCAPED : QUOTED;
        i = close + width;
      } else {
        for (;;) {
          while (i < end && kinds[bytes[i] as number] === ORDINARY) i++;
          if (i < end && kinds[bytes[i] as number] === UNCERTAIN && this.#kindAt(bytes, i, end) === ORDINARY) i++;
          else break;
        }
        contentEnd = i;
      }

      // Behind a field stands a delimiter, a line end or the end of the file.
      const kind = i < end ? this.#kindAt(bytes, i, end) : LINE_FEED;
      if (kind === DELIMITER) {
        this.#addField(contentBegin, contentEnd, form);
        if (this.fields - firstField >= this.#maxColumns) {
          this.#fail("too-many-columns", i, this.line, firstField, begin);
          return -1;
        }
        i += this.#dialect.delimiter.length;
        continue;
      }
      if (i === end) {
        if (!final) {
          this.#forget(firstField, firstLine);
          return -1;
        }
      } else if (kind === LINE_FEED) {
        i++;
      } else if (kind === CARRIAGE_RETURN && i + 1 < end && bytes[i + 1] === LF) {
        i += 2;
      } else if (kind === CARRIAGE_RETURN && i + 1 === end && !final) {
        this.#forget(firstField, firstLine);
        return -1;
      } else if (!final && i + LONGEST_CHARACTER > end && kinds[bytes[i] as number] === UNCERTAIN) {
        // The delimiter may stand half in the next piece.
        this.#forget(firstField, firstLine);
        return -1;
      } else {
        const reason =
          form !== PLAIN ? "text-after-quote" : kind === CARRIAGE_RETURN ? "lone-cr" : "quote-inside-field";
        this.#fail(reason, i, this.line, firstField, begin);
        return -1;
      }
      this.#addField(contentBegin, contentEnd, form);
      const found = this.fields - firstField;
      if (this.columns === 0) this.columns = found;
      if (found !== this.columns) {
        this.fields = firstField;
        this.fault = { reason: "ragged", offset: start, line: firstLine, field: found, begin: start };
        return -1;
      }
      this.#beginRecord(start, firstLine);
      if (i > start && bytes[i - 1] === LF) this.line++;
      return i;
    }
  }

  #sawEscape = false;

  /** Offset of the quote that closes the field, or −1. Counts the lines inside. */
  #closingQuote(bytes: Uint8Array, begin: number, end: number, final: boolean): number {
    this.#sawEscape = false;
    const quoteByte = this.#quoteByte;
    let lines = 0;
    let i = begin;
    if (this.#plainQuote) {
      for (;;) {
        let byte = 0;
        while (i < end && (byte = bytes[i] as number) !== quoteByte) {
          if (byte === LF) lines++;
          i++;
        }
        if (i === end || (i + 1 === end && !final)) return -1;
        if (bytes[i + 1] !== quoteByte || i + 1 === end) break;
        this.#sawEscape = true;
        i += 2;
      }
    } else {
      const { quote, escape: escaping } = this.#dialect;
      for (;;) {
        if (i >= end) return -1;
        if (escaping !== null && startsAt(escaping, bytes, i, end)) {
          this.#sawEscape = true;
          i += escaping.length;
          if (i >= end) return -1;
          if (bytes[i] === LF) lines++;
          i++;
        } else if (startsAt(quote, bytes, i, end)) {
          if (escaping !== null || !startsAt(quote, bytes, i + quote.length, end)) break;
          this.#sawEscape = true;
          i += 2 * quote.length;
        } else {
          if (bytes[i] === LF) lines++;
          i++;
        }
      }
      // A quote of several bytes may stand half in the next piece, and a doubled quote may become whole there.
      if (!final && i + 2 * quote.length > end) return -1;
    }
    this.line += lines;
    return i;
  }

  #isQuote(bytes: Uint8Array, at: number, end: number): boolean {
    return this.#plainQuote || startsAt(this.#dialect.quote, bytes, at, end);
  }

  #kindAt(bytes: Uint8Array, at: number, end: number): number {
    const kind = this.#kinds[bytes[at] as number] as number;
    if (kind !== UNCERTAIN) return kind;
    if (startsAt(this.#dialect.delimiter, bytes, at, end)) return DELIMITER;
    return this.#quoteByte >= 0 && startsAt(this.#dialect.quote, bytes, at, end) ? QUOTE : ORDINARY;
  }

  #fail(reason: CsvFaultReason, offset: number, line: number, firstField: number, begin: number): void {
    this.fault = { reason, offset, line, field: this.fields - firstField, begin };
    this.fields = firstField;
  }

  #forget(firstField: number, firstLine: number): void {
    this.fields = firstField;
    this.line = firstLine;
  }

  #addField(begin: number, end: number, form: number): void {
    const i = this.fields++;
    if (i === this.begins.length) {
      this.begins = doubled(this.begins);
      this.ends = doubled(this.ends);
      const forms = new Uint8Array(2 * i);
      forms.set(this.forms);
      this.forms = forms;
    }
    this.begins[i] = begin;
    this.ends[i] = end;
    this.forms[i] = form;
  }

  #beginRecord(start: number, line: number): void {
    const i = this.records++;
    if (i === this.starts.length) {
      this.starts = doubled(this.starts);
      const lines = new Float64Array(2 * i);
      lines.set(this.lines);
      this.lines = lines;
    }
    this.starts[i] = start;
    this.lines[i] = line;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

function startsAt(pattern: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (at + pattern.length > end) return false;
  for (let k = 0; k < pattern.length; k++) if (bytes[at + k] !== pattern[k]) return false;
  return true;
}

/**
 * Writes the value of an {@link ESCAPED} field to `out` and returns its length.
 *
 * @param out At least as long as the field.
 */
export function unescapeField(
  { quote, escape: escaping }: CsvDialect,
  bytes: Uint8Array,
  begin: number,
  end: number,
  out: Uint8Array,
): number {
  const mark = escaping ?? quote;
  let at = 0;
  for (let i = begin; i < end; ) {
    if (startsAt(mark, bytes, i, end)) {
      i += mark.length;
      // Doubled quotes: the second one is the value. It is copied whole, or its last bytes could be taken for a mark.
      if (escaping === null) for (let k = 1; k < mark.length; k++) out[at++] = bytes[i++] as number;
    }
    out[at++] = bytes[i++] as number;
  }
  return at;
}
