/** Evidence for the types of CSV columns from one part of a file. */

import { resolveDialect } from "./csv-dialect.js";
import { scanCsvPart } from "./csv-part.js";
import { ESCAPED, PLAIN, unescapeField } from "./csv-scanner.js";
import { type Evidence, EvidenceFold } from "./inference.js";
import { encodeNulls, isNullField } from "./null-values.js";
import { BLOCK_RECORDS, type ByteSource, type FileIndex, type FilePart, type IndexOptions } from "./reader.js";
import { refusingChanges } from "./text-part.js";

export interface CsvEvidenceOptions extends IndexOptions {
  readonly nullValues?: readonly string[];
  /** Columns whose type is known already: nothing is gathered for them. */
  readonly known: readonly string[];
}

/**
 * Gathers the evidence of one part.
 *
 * @param file Index of the file in the source, for the places of misfits.
 */
export async function gatherCsvEvidence(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  file: number,
  options: CsvEvidenceOptions,
): Promise<Evidence> {
  const dialect = resolveDialect(options.dialect ?? {}, index.format === "tsv" ? "tsv" : "csv");
  const nulls = encodeNulls(options.nullValues ?? []);
  const known = new Set(options.known);
  const width = index.columns.length;
  const wanted = index.columns.flatMap(({ name }, field) => (known.has(name) ? [] : [{ name, field }]));
  const fold = new EvidenceFold(
    file,
    wanted.map(({ name }) => name),
  );
  let first = part.begin;
  const runs = scanCsvPart(source, index, part, options, () => BLOCK_RECORDS);
  for await (const { bytes, scanner } of refusingChanges(source, part, runs)) {
    const { begins, ends, forms, lines, records } = scanner;
    for (let column = 0; column < wanted.length; column++) {
      const { field } = wanted[column] as { field: number };
      for (let record = 0; record < records; record++) {
        const i = record * width + field;
        const begin = begins[i] as number;
        const end = ends[i] as number;
        const form = forms[i] as number;
        if (form === PLAIN && isNullField(bytes, begin, end, nulls)) continue;
        const line = lines[record] as number;
        if (form === ESCAPED) {
          const out = new Uint8Array(end - begin);
          fold.add(column, out, 0, unescapeField(dialect, bytes, begin, end, out), first + record, line);
        } else {
          fold.add(column, bytes, begin, end, first + record, line);
        }
      }
    }
    first += records;
  }
  return fold.finish();
}
