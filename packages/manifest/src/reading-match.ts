/**
 * A child is read with its parents' `types`, `csv`, `nullValues` and `others` (`docs/spec/manifest.md`, "Derivations"):
 * one field read as another type would be another record, and lineage would see records vanish that nobody touched.
 */

import { canonicalJson, VerificationError } from "@assay/merkle";
import type { ColumnType, Reading } from "@assay/records";
import type { FileEntry } from "./entry.js";

/** A reading, and the entries that it was used on, when they are at hand. */
export interface ReadingUse {
  readonly name: string;
  readonly reading: Reading;
  readonly entries?: readonly FileEntry[];
}

/** Formats whose types come from outside; all others carry their own. */
const TEXT_FORMATS: ReadonlySet<string> = new Set(["csv", "tsv", "jsonl", "json", "text"]);

/**
 * Refuses two data sets of one lineage that are read in different ways. Types that files carry themselves (Arrow,
 * Parquet) may differ: they say how a value is stored, not which it is.
 *
 * @throws VerificationError `reading-mismatch`, naming the field or column.
 */
export function checkSameReading(first: ReadingUse, second: ReadingUse): void {
  if (!hasText(first) || !hasText(second)) return;
  for (const field of ["others", "nullValues", "csv", "metadata"] as const) {
    const a = first.reading[field];
    const b = second.reading[field];
    if (canonicalJson(a ?? null) !== canonicalJson(b ?? null)) throw mismatch(first, second, field, a, b);
  }
  for (const column of Object.keys(first.reading.types)) {
    if (!Object.hasOwn(second.reading.types, column)) continue;
    const a = typesOf(first, column);
    const b = typesOf(second, column);
    if (!a.some((type) => b.includes(type))) {
      throw mismatch(first, second, `types of column ${JSON.stringify(column)}`, a.join(", "), b.join(", "));
    }
  }
}

/** Whether some file is read with types from outside; assumed when the entries are not at hand. */
function hasText({ entries }: ReadingUse): boolean {
  return entries === undefined || entries.some(({ format }) => TEXT_FORMATS.has(format));
}

/** The type that text is read with, which stands first; all of them when stored types may stand in its place. */
function typesOf({ reading, entries }: ReadingUse, column: string): string[] {
  const types = [reading.types[column]].flat() as ColumnType[];
  const isTextOnly = entries?.every(({ format }) => TEXT_FORMATS.has(format) || format === "other") ?? false;
  return (isTextOnly ? types.slice(0, 1) : types).map((type) => canonicalJson(type));
}

function mismatch(first: ReadingUse, second: ReadingUse, what: string, a: unknown, b: unknown): VerificationError {
  return new VerificationError(
    "reading-mismatch",
    `${first.name} and ${second.name} are not read alike: ${what} is ${JSON.stringify(a ?? null)} in one and ${JSON.stringify(b ?? null)} in the other`,
    { details: { first: first.name, second: second.name, what } },
  );
}
