import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

export default defineConfig({
  entry: { index: "src/index.ts", node: "src/node/index.ts", commands: "src/node/commands.ts" },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  dts: true,
  clean: true,
  splitting: true,
  external: [/^node:/],
  removeNodeProtocol: false,
  define: { ASSAY_VERSION: JSON.stringify(version) },
});
