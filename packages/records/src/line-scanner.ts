/**
 * Lines of text formats: bytes to line boundaries, ended by LF or CRLF (`docs/spec/leaf-encoding.md`, "raw/v1"). A CR at
 * the very end of the file belongs to its line.
 */

const LF = 10;
const CR = 13;

/** What is scanned: a file as a whole, its first part, or another part. */
export type ScannedPlace = "whole" | "first" | "middle";

/** Finds records of a text format one run after another. */
export interface RunScanner {
  /** Record i of the last call is `bytes[begins[i], ends[i])`. */
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  /** The line on which it begins, from 1. */
  readonly lines: Float64Array;
  readonly records: number;
  /** Line of the next byte. */
  line: number;
  /** Finds the records of `bytes[begin, end)` and says where the first one begins that is not complete or was too many. */
  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number;
}

export class LineScanner implements RunScanner {
  /** Line i of the last call is `bytes[begins[i], ends[i])`, without its line end. */
  begins = new Int32Array(1024);
  ends = new Int32Array(1024);
  /** Its number, from 1. */
  lines = new Float64Array(1024);
  records = 0;
  /** Line of the next byte. */
  line = 1;

  /** @param skipBlank Whether lines of white space are no records (JSONL). */
  constructor(readonly skipBlank: boolean) {}

  /** Finds the lines of `bytes[begin, end)` and says where the first one begins that is not complete or was too many. */
  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number {
    this.records = 0;
    const view = bytes.subarray(0, end);
    let at = begin;
    while (at < end && this.records < maxRecords) {
      const found = view.indexOf(LF, at);
      if (found < 0 && !final) break;
      const lineEnd = found < 0 ? end : found > at && bytes[found - 1] === CR ? found - 1 : found;
      if (!this.skipBlank || !isBlank(bytes, at, lineEnd)) this.#add(at, lineEnd);
      this.line++;
      at = found < 0 ? end : found + 1;
    }
    return at;
  }

  #add(begin: number, end: number): void {
    const i = this.records++;
    if (i === this.begins.length) {
      const [begins, ends, lines] = [new Int32Array(2 * i), new Int32Array(2 * i), new Float64Array(2 * i)];
      begins.set(this.begins);
      ends.set(this.ends);
      lines.set(this.lines);
      [this.begins, this.ends, this.lines] = [begins, ends, lines];
    }
    this.begins[i] = begin;
    this.ends[i] = end;
    this.lines[i] = this.line;
  }
}

/** Whether there is nothing but the white space of JSON. */
function isBlank(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false;
  }
  return true;
}
