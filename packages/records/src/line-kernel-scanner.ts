/** The line scanner that lets the kernel find lines as far as they end, and goes on in JavaScript where they do not. */

import { type LineKernel, takeLineKernel } from "./line-kernel.js";
import { LineScanner, type RunScanner } from "./line-scanner.js";

/** A scanner of lines, with a kernel where the runtime has one. To be released when nothing is read from it any more. */
export function openLineScanner(skipBlank: boolean): RunScanner {
  const scanner = new LineScanner(skipBlank);
  const kernel = takeLineKernel();
  return kernel === undefined ? scanner : new KernelLineScanner(scanner, kernel);
}

class KernelLineScanner implements RunScanner {
  begins: Int32Array;
  ends: Int32Array;
  lines: Float64Array;
  records = 0;
  line = 1;
  kernel: LineKernel | null = null;

  readonly #scanner: LineScanner;
  readonly #kernel: LineKernel;

  constructor(scanner: LineScanner, kernel: LineKernel) {
    this.#scanner = scanner;
    this.#kernel = kernel;
    [this.begins, this.ends, this.lines] = [kernel.begins, kernel.ends, kernel.lines];
  }

  release(): void {
    this.#kernel.release();
  }

  scan(bytes: Uint8Array, begin: number, end: number, final: boolean, maxRecords: number): number {
    const kernel = this.#kernel;
    const scanner = this.#scanner;
    const found =
      begin < end && maxRecords > 0
        ? kernel.scan(bytes, begin, end, maxRecords, this.line, scanner.skipBlank, final)
        : 0;
    if (found > 0) {
      this.records = found;
      this.line = kernel.scannedLine;
      this.kernel = kernel;
      [this.begins, this.ends, this.lines] = [kernel.begins, kernel.ends, kernel.lines];
      return begin + kernel.scannedTo;
    }
    scanner.line = this.line;
    const at = scanner.scan(bytes, begin, end, final, maxRecords);
    this.records = scanner.records;
    this.line = scanner.line;
    this.kernel = null;
    [this.begins, this.ends, this.lines] = [scanner.begins, scanner.ends, scanner.lines];
    return at;
  }
}
