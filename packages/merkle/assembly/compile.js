/**
 * Compiles AssemblyScript to WebAssembly and writes it as a module with its bytes in base64, which every runtime and bundler
 * loads as it loads any other code. The same source gives the same bytes; tests compare them.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { main } from "assemblyscript/asc";

/** The WebAssembly module of a source file as bytes; its own memory begins at `memoryBase`. */
export async function compile(source, memoryBase) {
  let binary;
  const options = [
    "--outFile",
    "kernel.wasm",
    "--runtime",
    "stub",
    "--importMemory",
    "--memoryBase",
    String(memoryBase),
  ];
  const speed = ["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--enable", "simd", "--use", "abort="];
  const { error, stderr } = await main([source, ...options, ...speed, "--noColors"], {
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = contents;
    },
  });
  if (error !== null || binary === undefined) throw new Error(`${error?.message ?? "no output"}\n${stderr}`);
  return binary;
}

/** Writes bytes as the TypeScript module `target` that exports them under a name. */
export function writeModule(target, name, binary) {
  mkdirSync(dirname(target), { recursive: true });
  const base64 = Buffer.from(binary).toString("base64");
  writeFileSync(
    target,
    `/** The module that \`assembly/${basename(target)}\` becomes, in base64. Made by \`assembly/build.js\`. */\nexport const ${name} = "${base64}";\n`,
  );
}
