/** What a check found, source by source (site, annotator, supplier): asked of every check when a source column is named. */

import type { CheckData, CheckResult, SourceAnswer, TableColumn } from "../check.js";
import { asCategory } from "../columns.js";
import { wilsonInterval } from "../numeric/wilson-interval.js";
import { roundScore } from "../scores.js";

/** How a source without a name is called. */
export const NO_SOURCE = "(no source)";

/** Most sources that an answer lists; a column with more is hardly one of sources. */
const MOST_SOURCES = 1000;

/** The sources of a table: code of each row (the last code is that of rows without a source) and their names. */
export interface Sources {
  readonly codes: Int32Array;
  readonly names: readonly (string | null)[];
  /** Records of each source. */
  readonly sizes: Int32Array;
  /** First row of each source. */
  readonly first: Int32Array;
}

/** Sources in code point order, those that have records; records without a source are one of their own, the last. */
export function sourcesOf(column: TableColumn): Sources {
  const { codes, categories } = asCategory(column);
  const missing = categories.length;
  const all = codes.map((code) => (code < 0 ? missing : code));
  const counts = new Int32Array(missing + 1);
  for (const code of all) counts[code] = (counts[code] as number) + 1;
  const used = [...counts.keys()].filter((code) => (counts[code] as number) > 0);
  const position = new Int32Array(missing + 1);
  for (const [i, code] of used.entries()) position[code] = i;
  const compact = all.map((code) => position[code] as number);
  const first = new Int32Array(used.length).fill(-1);
  for (let row = compact.length - 1; row >= 0; row--) first[compact[row] as number] = row;
  return {
    codes: compact,
    names: used.map((code) => (code === missing ? null : (categories[code] as string))),
    sizes: Int32Array.from(used, (code) => counts[code] as number),
    first,
  };
}

/**
 * Findings and suspects of a check by source: those with the highest rate first, at most 1,000.
 *
 * @param showValues - Else a source is named by the leaf of its first record, `leaf 3f…`.
 */
export function sourceAnswers(
  column: TableColumn,
  { findings, outcome }: CheckResult,
  data: CheckData,
  showValues: boolean,
): readonly SourceAnswer[] {
  const { codes, names, sizes, first } = sourcesOf(column);
  const accused = new Set(findings.map(({ record }) => record));
  const suspects = new Set(outcome.suspects);
  const count = (records: Iterable<number>): Int32Array => {
    const counts = new Int32Array(names.length);
    for (const record of records) {
      const code = codes[data.row(record)] as number;
      counts[code] = (counts[code] as number) + 1;
    }
    return counts;
  };
  const accusedBy = count(accused);
  const suspectsBy = count(suspects);
  const eitherBy = count(new Set([...accused, ...suspects]));
  const rows = [...names.keys()].sort(
    (a, b) => (eitherBy[b] as number) / (sizes[b] as number) - (eitherBy[a] as number) / (sizes[a] as number) || a - b,
  );
  return rows.slice(0, MOST_SOURCES).map((code) => ({
    source: sourceName(names[code] as string | null, first[code] as number, data, showValues),
    records: sizes[code] as number,
    findings: accusedBy[code] as number,
    suspects: suspectsBy[code] as number,
    ...shareOf(eitherBy[code] as number, sizes[code] as number),
  }));
}

/** A share of the records of a source with its interval. */
export function shareOf(counted: number, records: number): Pick<SourceAnswer, "rate" | "low" | "high"> {
  const { rate, low, high } = wilsonInterval(counted, records);
  return { rate: roundScore(rate), low: roundScore(low), high: roundScore(high) };
}

/** What a source may be called in a report. */
export function sourceName(name: string | null, first: number, data: CheckData, showValues: boolean): string {
  if (name === null) return NO_SOURCE;
  return showValues ? name : `leaf ${data.place(first).leaf}`;
}
