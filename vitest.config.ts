import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Suites that need programs which `.ci/run` installs, or minutes; it runs them with ASSAY_SUITE=interop, and so on.
const SUITES = ["interop", "spark", "distribution", "runtimes"];
const suite = SUITES.find((name) => name === process.env.ASSAY_SUITE);
const report = process.env.ASSAY_TEST_REPORT;

export default defineConfig({
  test: {
    include: suite
      ? [`test/${suite}/**/*.test.ts`]
      : ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ...(suite ? [] : SUITES.map((name) => `test/${name}/**`))],
    setupFiles: ["./test/setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    // Two files at a time on two cores: much of a test is waiting for a process that it started.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
  },
});
