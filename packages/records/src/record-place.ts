/** Where in a source something is wrong: the words and details that every refusal of a text format carries. */

import { FormatError, isAssayError } from "@assay/merkle";

/** Longest value that a message quotes, in characters. */
const SHOWN_CHARACTERS = 100;

export interface RecordPlace {
  readonly path: string;
  /** Line from 1 on which the record begins (or the line of the fault, where that is known better). Text formats. */
  readonly line?: number;
  /** Ordinal of the record in its file, for formats without lines. */
  readonly record?: number;
  /** Name of the column. */
  readonly column?: string;
  /** The value as it stands in the file, cut. */
  readonly value?: string;
}

/** Bytes as text for a message: at most 100 characters, whatever is not UTF-8 replaced. */
export function excerptOf(bytes: Uint8Array, begin: number, end: number): string {
  // Four bytes a character at most, so that a huge value is never decoded as a whole.
  const text = new TextDecoder().decode(bytes.subarray(begin, Math.min(end, begin + 4 * SHOWN_CHARACTERS + 4)));
  const characters = [...text];
  return characters.length <= SHOWN_CHARACTERS && end - begin <= 4 * SHOWN_CHARACTERS + 4
    ? text
    : `${characters.slice(0, SHOWN_CHARACTERS).join("")}…`;
}

/** `train.csv, line 7, column "age"`. */
export function placeText({ path, line, record, column }: RecordPlace): string {
  const where = line === undefined ? `, record ${record}` : `, line ${line}`;
  return `${path}${where}${column === undefined ? "" : `, column ${JSON.stringify(column)}`}`;
}

/** A refusal at a place: `train.csv, line 7, column "age": …`. */
export function refusal(
  code: FormatError["code"],
  place: RecordPlace,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
): FormatError {
  const value = place.value === undefined ? "" : ` (${JSON.stringify(place.value)})`;
  return new FormatError(code, `${placeText(place)}: ${reason}${value}`, { details: { ...details, ...place } });
}

/**
 * Adds the place, and the way out, to a FormatError that was thrown without them; everything else stays as it is.
 */
export function withPlace(error: unknown, place: RecordPlace, wayOut = ""): unknown {
  if (!isAssayError(error) || error.name !== "FormatError" || "path" in error.details) return error;
  return new FormatError(error.code as FormatError["code"], `${placeText(place)}: ${error.message}${wayOut}`, {
    details: { ...error.details, ...place },
    cause: error,
  });
}
