/** The labels that checks would give every record, as a table: the consensus of annotators, the most probable class. */

import type { LabelClasses } from "./label/given-labels.js";
import type { CheckRun } from "./run-checks.js";

/** Records of one piece of text. */
const CHUNK_RECORDS = 8192;

/**
 * The suggested labels of a run as CSV (RFC 4180): `record` (ordinal over all files, from 0), then one column for each check that
 * suggests labels, in the order of the run. A record without a suggestion has an empty field. Labels stand as they are in the
 * data, so a program of spreadsheets may take one for a formula.
 *
 * @returns Pieces of the text, so that ten million records need no string of their size.
 * @example
 * [...formatSuggested(run)].join(""); // "record,annotators\n0,cat\n1,dog\n"
 */
export function* formatSuggested({ suggested, records }: Pick<CheckRun, "suggested" | "records">): Iterable<string> {
  const columns = [...suggested.values()].map(({ names, classOf }) => ({ fields: names.map(fieldOf), classOf }));
  yield `${["record", ...suggested.keys()].join(",")}\n`;
  for (let begin = 0; begin < records; begin += CHUNK_RECORDS) {
    let chunk = "";
    for (let record = begin; record < Math.min(records, begin + CHUNK_RECORDS); record++) {
      chunk += record;
      for (const { fields, classOf } of columns) chunk += `,${classOf[record]! < 0 ? "" : fields[classOf[record]!]!}`;
      chunk += "\n";
    }
    yield chunk;
  }
}

function fieldOf(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Labels of rows as labels of records. */
export function suggestedByRecord({ names, classOf }: LabelClasses, rowOf: (record: number) => number): LabelClasses {
  return { names, classOf: Int32Array.from(classOf, (_, record) => classOf[rowOf(record)]!) };
}
