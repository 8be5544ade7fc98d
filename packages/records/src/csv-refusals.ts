/** What is said when bytes are not CSV: what is wrong, where, and the way out. */

import type { FormatError } from "@assay/merkle";
import type { CsvFault, CsvFaultReason } from "./csv-scanner.js";
import { excerptOf, refusal } from "./record-place.js";

const REASONS: Readonly<Record<CsvFaultReason, readonly [FormatError["code"], string]>> = {
  "quote-inside-field": [
    "bad-csv",
    'a quote stands inside a field that does not begin with one. Quote the whole field and double the quotes in it, or say that nothing is quoted (quote "")',
  ],
  "text-after-quote": [
    "bad-csv",
    "text follows the quote that closes the field. Double quotes inside a quoted field, or name the escape character that the file uses",
  ],
  "unclosed-quote": [
    "bad-csv",
    'the field begins with a quote that is never closed. Close it, or say that nothing is quoted (quote "")',
  ],
  "lone-cr": [
    "bad-csv",
    "a carriage return stands alone. Lines end with LF or CRLF; put line ends that are data into quotes",
  ],
  ragged: [
    "ragged-record",
    "the record has another number of fields. Quote fields that contain the delimiter, or name the delimiter that the file uses",
  ],
  "too-many-columns": [
    "limit-exceeded",
    "the record has more fields than maxColumns allows. Raise it if the file is really that wide, or name the delimiter that the file uses",
  ],
};

/**
 * The error for a fault.
 *
 * @param names Column names, as far as they are known.
 * @param end End of what is in the buffer.
 */
export function csvRefusal(
  path: string,
  names: readonly string[] | null,
  fault: CsvFault,
  bytes: Uint8Array,
  end: number,
): FormatError {
  const [code, reason] = REASONS[fault.reason];
  const lineEnd = bytes.subarray(fault.begin, end).indexOf(10);
  const value = excerptOf(bytes, fault.begin, lineEnd < 0 ? end : fault.begin + lineEnd);
  if (fault.reason === "ragged") {
    const expected = names?.length ?? 0;
    const what = `${fault.field} field${fault.field === 1 ? "" : "s"} instead of ${expected}: ${reason}`;
    return refusal(code, { path, line: fault.line, value }, what, { expected, actual: fault.field });
  }
  const column = names === null ? undefined : (names[fault.field] ?? `#${fault.field + 1}`);
  return refusal(code, { path, line: fault.line, ...(column === undefined ? {} : { column }), value }, reason);
}
