/**
 * Lines of text formats: bytes to line boundaries, ended by LF or CRLF (`docs/spec/leaf-encoding.md`, "raw/v1"). A CR at
 * the very end of the file belongs to its line.
 */

import type { LineKernel } from "./line-kernel.js";
import { RecordSpans } from "./record-spans.js";

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
  /** What found the records of the last call, and can make their leaves; absent or null where that was JavaScript. */
  readonly kernel?: LineKernel | null;
  /** Lets go of the kernel. */
  release?(): void;
}

export class LineScanner extends RecordSpans implements RunScanner {
  /** @param skipBlank Whether lines of white space are no records (JSONL). */
  constructor(readonly skipBlank: boolean) {
    super();
  }

  /** Finds the lines of `bytes[begin, end)` and says where the first one begins that is not complete or was too many. */
  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number {
    this.records = 0;
    const view = bytes.subarray(0, end);
    let at = begin;
    while (at < end && this.records < maxRecords) {
      const found = view.indexOf(LF, at);
      if (found < 0 && !final) break;
      const lineEnd = found < 0 ? end : found > at && bytes[found - 1] === CR ? found - 1 : found;
      if (!this.skipBlank || !isBlank(bytes, at, lineEnd)) this.add(at, lineEnd);
      this.line++;
      at = found < 0 ? end : found + 1;
    }
    return at;
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
