/** Scores as they are written: 9 significant digits, no NaN, no infinity; and the table of all scores of a run. */

import type { CheckRun } from "./run-checks.js";

/**
 * A number with 9 significant digits, halves away from zero, as ECMAScript defines `toPrecision` for every engine.
 *
 * @example
 * roundScore(0.1 + 0.2); // 0.3
 * roundScore(123456789.5); // 123456790
 */
export function roundScore(value: number): number {
  const rounded = Number(value.toPrecision(9));
  return rounded === 0 ? 0 : rounded;
}

/** Records of one piece of text. */
const CHUNK_RECORDS = 8192;

/**
 * The scores of a run as CSV: `record` (ordinal over all files, from 0), then one column for each check that scores
 * records, in the order of the run. A record that was not scored has an empty field.
 *
 * @returns Pieces of the text, so that ten million records need no string of their size.
 * @example
 * [...formatScores(run)].join(""); // "record,outliers\n0,0.31\n1,4.2\n"
 */
export function* formatScores({ scores, records }: Pick<CheckRun, "scores" | "records">): Iterable<string> {
  const columns = [...scores.values()];
  yield `${["record", ...scores.keys()].join(",")}\n`;
  for (let begin = 0; begin < records; begin += CHUNK_RECORDS) {
    let chunk = "";
    for (let record = begin; record < Math.min(records, begin + CHUNK_RECORDS); record++) {
      chunk += record;
      for (const column of columns) {
        const score = column[record] as number;
        chunk += Number.isFinite(score) ? `,${roundScore(score)}` : ",";
      }
      chunk += "\n";
    }
    yield chunk;
  }
}
