import { defineConfig } from "vitest/config";

// Interoperation suites need programs that `.ci/run` installs; it runs them with ASSAY_SUITE=interop.
const interop = process.env.ASSAY_SUITE === "interop";
const report = process.env.ASSAY_TEST_REPORT;

export default defineConfig({
  test: {
    include: interop
      ? ["test/interop/**/*.test.ts"]
      : ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ...(interop ? [] : ["test/interop/**"])],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
  },
});
