import { defineConfig } from "tsup";

export default defineConfig({
  // Flat: `new URL("./tasks.js", import.meta.url)` must find the module from whatever chunk it stands in.
  entry: {
    index: "src/index.ts",
    csv: "src/csv.ts",
    jsonl: "src/jsonl.ts",
    text: "src/text.ts",
    files: "src/files.ts",
    tar: "src/tar.ts",
    arrays: "src/arrays.ts",
    arrow: "src/arrow.ts",
    parquet: "src/parquet.ts",
    matrix: "src/matrix.ts",
    node: "src/node.ts",
    tasks: "src/tasks.ts",
    worker: "src/worker.ts",
  },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  external: [/^node:/],
  removeNodeProtocol: false,
  dts: true,
  clean: true,
  splitting: true,
});
