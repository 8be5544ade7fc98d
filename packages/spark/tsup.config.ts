import { copyFile } from "node:fs/promises";
import { defineConfig } from "tsup";

export default defineConfig({
  // Flat: the executor finds the kernel and the Python files beside itself, in whatever chunk it stands.
  entry: { index: "src/index.ts", kernel: "src/kernel.ts" },
  format: ["esm"],
  target: "node20",
  platform: "node",
  dts: { entry: { index: "src/index.ts" } },
  clean: true,
  splitting: true,
  async onSuccess() {
    for (const file of ["driver.py", "assay_spark_bins.py"]) await copyFile(`src/${file}`, `dist/${file}`);
  },
});
