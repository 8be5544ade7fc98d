import { defineConfig } from "tsup";

export default defineConfig({
  // Flat: `new URL("./tasks.js", import.meta.url)` must find the module from whatever chunk it stands in.
  entry: { index: "src/index.ts", tasks: "src/tasks.ts", "numeric-tasks": "src/numeric-tasks.ts" },
  format: ["esm"],
  target: "es2022",
  platform: "neutral",
  dts: { entry: { index: "src/index.ts" } },
  clean: true,
  splitting: true,
});
