/**
 * Compiles the kernel to WebAssembly and writes it as a module with its bytes in base64, which every runtime and bundler
 * loads as it loads any other code. The same source gives the same bytes; a test compares them.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "assemblyscript/asc";

const source = join(import.meta.dirname, "csv.ts");

/** The WebAssembly module as bytes. */
export async function compileKernel() {
  let binary;
  const options = ["--outFile", "kernel.wasm", "--runtime", "stub", "--importMemory", "--memoryBase", "40960"];
  const speed = ["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--enable", "simd", "--use", "abort="];
  const { error, stderr } = await main([source, ...options, ...speed, "--noColors"], {
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = contents;
    },
  });
  if (error !== null || binary === undefined) throw new Error(`${error?.message ?? "no output"}\n${stderr}`);
  return binary;
}

if (import.meta.filename === process.argv[1]) {
  const folder = join(import.meta.dirname, "../src/generated");
  mkdirSync(folder, { recursive: true });
  const base64 = Buffer.from(await compileKernel()).toString("base64");
  writeFileSync(
    join(folder, "csv.ts"),
    `/** The module that \`assembly/csv.ts\` becomes, in base64. Made by \`assembly/build.js\`. */\nexport const CSV_KERNEL = "${base64}";\n`,
  );
}
