/** Evidence for the types of CSV columns, gathered while a file is indexed: it costs no pass of its own. */

import { type CsvDialect, resolveDialect } from "./csv-dialect.js";
import type { CsvVisitor } from "./csv-index.js";
import type { CsvKernel } from "./csv-kernel.js";
import { ESCAPED, type FieldScanner, PLAIN, unescapeField } from "./csv-scanner.js";
import { type EarlyLeaves, EarlyLeavesBuilder } from "./early-leaves.js";
import { type Evidence, EvidenceFold } from "./inference.js";
import { encodeNulls, isNullField } from "./null-values.js";
import type { IndexOptions } from "./reader.js";

export interface CsvEvidenceOptions extends IndexOptions {
  readonly nullValues?: readonly string[];
  /** Columns whose type is known already: nothing is gathered for them. */
  readonly known: readonly string[];
  /** Leaves are made on the way, if there are no more than so many. Default 0. */
  readonly mostLeaves?: number;
  /** Leaves are made in memory that threads share. Default false. */
  readonly sharesMemory?: boolean;
  /** Bytes of the file: tells early whether there will be more. Default unknown. */
  readonly size?: number;
}

/** Counts of the kernel have 32 bits. */
const MOST_COUNTED = 2 ** 31;

export class CsvEvidence implements CsvVisitor {
  readonly #file: number;
  readonly #dialect: CsvDialect;
  readonly #nulls: readonly Uint8Array[];
  readonly #known: ReadonlySet<string>;
  #width = 0;
  #fields: readonly number[] = [];
  #fold: EvidenceFold | null = null;
  /** The kernel that counts what it can, and how many records it has counted since its counts were taken. */
  #kernel: CsvKernel | null = null;
  #counted = 0;
  readonly #mostLeaves: number;
  readonly #sharesMemory: boolean;
  readonly #size: number;
  #early: EarlyLeavesBuilder | undefined;

  /** @param file Index of the file in the source, for the places of misfits. */
  constructor(file: number, format: "csv" | "tsv", options: CsvEvidenceOptions) {
    const { dialect = {}, nullValues = [], known, mostLeaves = 0, sharesMemory = false, size = 0 } = options;
    this.#file = file;
    this.#dialect = resolveDialect(dialect, format);
    this.#nulls = encodeNulls(nullValues);
    this.#known = new Set(known);
    this.#size = size;
    this.#sharesMemory = sharesMemory;
    // Types and nulls that were given are none to guess.
    this.#mostLeaves = known.length === 0 && nullValues.length === 0 ? mostLeaves : 0;
  }

  begin(names: readonly string[]): void {
    this.#width = names.length;
    this.#fields = names.flatMap((name, field) => (this.#known.has(name) ? [] : [field]));
    this.#fold = new EvidenceFold(
      this.#file,
      this.#fields.map((field) => names[field] as string),
    );
    if (this.#mostLeaves > 0) this.#early = new EarlyLeavesBuilder(names, this.#mostLeaves, this.#sharesMemory);
  }

  run(bytes: Uint8Array, scanner: FieldScanner, first: number): void {
    const { kernel, records } = scanner;
    if (kernel === null || this.#nulls.length > 0) {
      this.#early?.giveUp();
      for (let column = 0; column < this.#fields.length; column++)
        for (let record = 0; record < records; record++) this.#add(bytes, scanner, first, column, record);
      return;
    }
    const fold = this.#fold as EvidenceFold;
    if (this.#counted > MOST_COUNTED) this.end();
    if (this.#kernel === null) {
      this.#kernel = kernel;
      kernel.beginEvidence(this.#fields);
    }
    this.#counted += records;
    // Leaves are made on the way only where all columns are evidence.
    if (this.#early?.addWithEvidence(kernel, records, fold.open) === true) return;
    kernel.gather(records, this.#width, fold.open, (column, record) =>
      this.#add(bytes, scanner, first, column, record),
    );
    if (first === 0) {
      const bytesOfRecord = ((scanner.ends[scanner.fields - 1] as number) - (scanner.starts[0] as number)) / records;
      this.#early?.wants(this.#size / bytesOfRecord);
    }
    this.#early?.add(kernel, records, () => {
      this.end();
      return fold.finish();
    });
  }

  #add(bytes: Uint8Array, scanner: FieldScanner, first: number, column: number, record: number): void {
    const fold = this.#fold as EvidenceFold;
    const i = record * this.#width + (this.#fields[column] as number);
    const begin = scanner.begins[i] as number;
    const end = scanner.ends[i] as number;
    const form = scanner.forms[i] as number;
    if (form === PLAIN && isNullField(bytes, begin, end, this.#nulls)) return;
    const line = scanner.lines[record] as number;
    if (form === ESCAPED) {
      const out = new Uint8Array(end - begin);
      const length = unescapeField(this.#dialect, bytes, begin, end, out);
      fold.add(column, out, 0, length, first + record, line);
    } else {
      fold.add(column, bytes, begin, end, first + record, line);
    }
  }

  end(): void {
    const kernel = this.#kernel;
    if (kernel === null) return;
    for (let column = 0; column < this.#fields.length; column++) this.#fold?.addCounts(column, kernel.countsOf(column));
    this.#kernel = null;
    this.#counted = 0;
  }

  get makesLeaves(): boolean {
    return this.#early?.wants(0) ?? false;
  }

  /** The leaves of the whole file, if they could be made. */
  get early(): EarlyLeaves | undefined {
    return this.#early?.finish();
  }

  /** The evidence of the whole file. */
  finish(): Evidence {
    return this.#fold?.finish() ?? [];
  }
}
