/** Builds the CSV kernel, as `merkle` builds the one of SHA-256. */

import { join } from "node:path";
import { compile, writeModule } from "../../merkle/assembly/compile.js";

/** The WebAssembly module as bytes. Below its memory lies that of the lanes, which share it. */
export const compileKernel = () => compile(join(import.meta.dirname, "csv.ts"), 40_960);

if (import.meta.filename === process.argv[1])
  writeModule(join(import.meta.dirname, "../src/generated/csv.ts"), "CSV_KERNEL", await compileKernel());
