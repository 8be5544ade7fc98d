/** Evidence for the types of CSV columns, gathered while a file is indexed: it costs no pass of its own. */

import { type CsvDialect, resolveDialect } from "./csv-dialect.js";
import type { CsvVisitor } from "./csv-index.js";
import { type CsvScanner, ESCAPED, PLAIN, unescapeField } from "./csv-scanner.js";
import { type Evidence, EvidenceFold } from "./inference.js";
import { encodeNulls, isNullField } from "./null-values.js";
import type { IndexOptions } from "./reader.js";

export interface CsvEvidenceOptions extends IndexOptions {
  readonly nullValues?: readonly string[];
  /** Columns whose type is known already: nothing is gathered for them. */
  readonly known: readonly string[];
}

export class CsvEvidence implements CsvVisitor {
  readonly #file: number;
  readonly #dialect: CsvDialect;
  readonly #nulls: readonly Uint8Array[];
  readonly #known: ReadonlySet<string>;
  #width = 0;
  #fields: readonly number[] = [];
  #fold: EvidenceFold | null = null;

  /** @param file Index of the file in the source, for the places of misfits. */
  constructor(file: number, format: "csv" | "tsv", { dialect = {}, nullValues = [], known }: CsvEvidenceOptions) {
    this.#file = file;
    this.#dialect = resolveDialect(dialect, format);
    this.#nulls = encodeNulls(nullValues);
    this.#known = new Set(known);
  }

  begin(names: readonly string[]): void {
    this.#width = names.length;
    this.#fields = names.flatMap((name, field) => (this.#known.has(name) ? [] : [field]));
    this.#fold = new EvidenceFold(
      this.#file,
      this.#fields.map((field) => names[field] as string),
    );
  }

  run(bytes: Uint8Array, scanner: CsvScanner, first: number): void {
    const fold = this.#fold as EvidenceFold;
    const { begins, ends, forms, lines, records } = scanner;
    const width = this.#width;
    for (const [column, field] of this.#fields.entries()) {
      for (let record = 0; record < records; record++) {
        const i = record * width + field;
        const begin = begins[i] as number;
        const end = ends[i] as number;
        const form = forms[i] as number;
        if (form === PLAIN && isNullField(bytes, begin, end, this.#nulls)) continue;
        const line = lines[record] as number;
        if (form === ESCAPED) {
          const out = new Uint8Array(end - begin);
          const length = unescapeField(this.#dialect, bytes, begin, end, out);
          fold.add(column, out, 0, length, first + record, line);
        } else {
          fold.add(column, bytes, begin, end, first + record, line);
        }
      }
    }
  }

  /** The evidence of the whole file. */
  finish(): Evidence {
    return this.#fold?.finish() ?? [];
  }
}
