import { defineConfig } from "tsup";

export default defineConfig({
  // Flat: `new URL("./tasks.js", import.meta.url)` must find the module from whatever chunk it stands in.
  entry: { index: "src/index.ts", node: "src/node.ts", tasks: "src/tasks.ts" },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  external: [/^node:/],
  removeNodeProtocol: false,
  dts: true,
  clean: true,
  splitting: true,
});
