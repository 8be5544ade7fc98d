/**
 * The line framing of `statements.jsonl` and `attestations.intoto.jsonl`: each line is followed by one line feed, the
 * last one too, so that a cut file is seen. No empty lines, no carriage returns.
 */

import { FormatError } from "@assay/merkle";

export interface SplitLinesOptions {
  readonly file: string;
  readonly code: "malformed-statement" | "malformed-envelope";
  readonly maxBytes?: number;
  readonly maxLines?: number;
}

/** The lines of a file without their line feeds, as views of `bytes`. No bytes: no lines. */
export function splitLines(bytes: Uint8Array, options: SplitLinesOptions): Uint8Array[] {
  const { file, code, maxBytes = 256 * 1024 * 1024, maxLines = 10_000 } = options;
  if (bytes.length > maxBytes) {
    throw new FormatError(
      "limit-exceeded",
      `Cannot read ${file}: it has ${bytes.length} bytes, maxBytes is ${maxBytes}.`,
      {
        details: { place: file, limit: "maxBytes", value: bytes.length, allowed: maxBytes },
      },
    );
  }
  if (bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a) {
    throw new FormatError(
      code,
      `Cannot read ${file}: its last line does not end with a line feed; the file may be cut.`,
      {
        details: { place: file },
      },
    );
  }
  const lines: Uint8Array[] = [];
  let begin = 0;
  while (begin < bytes.length) {
    const end = bytes.indexOf(0x0a, begin);
    if (end === begin) {
      throw new FormatError(code, `Cannot read ${file}: line ${lines.length + 1} is empty.`, {
        details: { place: file, line: lines.length + 1 },
      });
    }
    if (lines.length === maxLines) {
      throw new FormatError("limit-exceeded", `Cannot read ${file}: it has more lines than maxLines, ${maxLines}.`, {
        details: { place: file, limit: "maxLines", allowed: maxLines },
      });
    }
    lines.push(bytes.subarray(begin, end));
    begin = end + 1;
  }
  return lines;
}
