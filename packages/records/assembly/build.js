/** Builds the kernels of this package, as `merkle` builds the one of SHA-256. */

import { join } from "node:path";
import { compile, writeModule } from "../../merkle/assembly/compile.js";

// Below the memory of each module lies that of the lanes, which share it.
const compileModule = (name) => compile(join(import.meta.dirname, `${name}.ts`), 40_960);

/** The WebAssembly module of the CSV kernel as bytes. */
export const compileKernel = () => compileModule("csv");
/** The WebAssembly module of the column kernel as bytes. */
export const compileColumnKernel = () => compileModule("columns");
/** The WebAssembly module of the line kernel as bytes. */
export const compileLineKernel = () => compileModule("lines");
/** The WebAssembly module that decompresses Snappy as bytes. It has no other memory to share. */
export const compileSnappy = () => compile(join(import.meta.dirname, "snappy.ts"), 512);

if (import.meta.filename === process.argv[1]) {
  const write = (name, symbol, binary) =>
    writeModule(join(import.meta.dirname, `../src/generated/${name}.ts`), symbol, binary);
  write("csv", "CSV_KERNEL", await compileKernel());
  write("columns", "COLUMN_KERNEL", await compileColumnKernel());
  write("lines", "LINE_KERNEL", await compileLineKernel());
  write("snappy", "SNAPPY", await compileSnappy());
}
