/** The scanner that lets the kernel find records as far as they are plain, and goes on in JavaScript where they are not. */

import type { CsvDialect } from "./csv-dialect.js";
import { type CsvKernel, type KernelDialect, kernelDialect, takeCsvKernel } from "./csv-kernel.js";
import { type CsvFault, CsvScanner, type FieldScanner } from "./csv-scanner.js";

/** A scanner, with a kernel where the dialect and the runtime allow one. To be released when nothing is read from it any more. */
export function openFieldScanner(
  dialect: CsvDialect,
  maxColumns: number,
): FieldScanner & { readonly release: () => void } {
  const scanner = new CsvScanner(dialect, maxColumns);
  const plain = kernelDialect(dialect);
  const kernel = plain === undefined ? undefined : takeCsvKernel();
  if (plain === undefined || kernel === undefined) return Object.assign(scanner, { release: () => {} });
  return new KernelScanner(scanner, kernel, plain);
}

class KernelScanner implements FieldScanner {
  begins: Int32Array;
  ends: Int32Array;
  forms: Uint8Array;
  starts: Int32Array;
  lines: Float64Array;
  fields = 0;
  records = 0;
  line = 1;
  columns = 0;
  fault: CsvFault | null = null;
  isUtf8 = false;
  isRestPartial = false;
  kernel: CsvKernel | null = null;

  readonly #scanner: CsvScanner;
  readonly #kernel: CsvKernel;
  readonly #dialect: KernelDialect;

  constructor(scanner: CsvScanner, kernel: CsvKernel, dialect: KernelDialect) {
    this.#scanner = scanner;
    this.#kernel = kernel;
    this.#dialect = dialect;
    const { begins, ends, forms, starts, lines } = kernel;
    [this.begins, this.ends, this.forms, this.starts, this.lines] = [begins, ends, forms, starts, lines];
  }

  release(): void {
    this.#kernel.release();
  }

  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number {
    const kernel = this.#kernel;
    const { columns } = this;
    if (columns > 0 && columns <= kernel.mostColumns && begin < end && maxRecords > 0 && this.fault === null) {
      const records = kernel.scan(bytes, begin, end, maxRecords, columns, this.line, this.#dialect, final);
      if (records > 0) {
        const { begins, ends, forms, starts, lines } = kernel;
        [this.begins, this.ends, this.forms, this.starts, this.lines] = [begins, ends, forms, starts, lines];
        this.records = records;
        this.fields = records * columns;
        this.line = kernel.scannedLine;
        this.isUtf8 = kernel.isUtf8;
        // The next call tells what is there.
        this.isRestPartial = false;
        this.kernel = kernel;
        return begin + kernel.scannedTo;
      }
    }
    const scanner = this.#scanner;
    scanner.line = this.line;
    scanner.columns = columns;
    scanner.fault = this.fault;
    const at = scanner.scan(bytes, begin, end, final, maxRecords);
    const { begins, ends, forms, starts, lines } = scanner;
    [this.begins, this.ends, this.forms, this.starts, this.lines] = [begins, ends, forms, starts, lines];
    this.records = scanner.records;
    this.fields = scanner.fields;
    this.line = scanner.line;
    this.columns = scanner.columns;
    this.fault = scanner.fault;
    this.isUtf8 = false;
    this.isRestPartial = scanner.isRestPartial;
    this.kernel = null;
    return at;
  }
}
