/** Builds the SHA-256 kernel; see `compile.js`. */

import { join } from "node:path";
import { compile, writeModule } from "./compile.js";

/** The WebAssembly module as bytes. */
export const compileKernel = () => compile(join(import.meta.dirname, "sha256-lanes.ts"), 64);

if (import.meta.filename === process.argv[1])
  writeModule(join(import.meta.dirname, "../src/generated/sha256-lanes.ts"), "SHA256_LANES", await compileKernel());
