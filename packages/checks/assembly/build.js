/** Builds the kernel of this package, as `merkle` builds the one of SHA-256. */

import { join } from "node:path";
import { compile, writeModule } from "../../merkle/assembly/compile.js";

/** The WebAssembly module as bytes. */
export const compileKernel = () => compile(join(import.meta.dirname, "numeric.ts"), 64);

if (import.meta.filename === process.argv[1])
  writeModule(join(import.meta.dirname, "../src/generated/numeric.ts"), "NUMERIC_KERNEL", await compileKernel());
