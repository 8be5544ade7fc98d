export { type AssayConfig, configDigest, configJsonSchema, configSchema, parseConfig } from "./config.js";
export { CHECK_TEXTS, type CheckText, CODE_TEXTS } from "./explanations.js";
export type { AssayOptions } from "./job-options.js";
export { type AssayResult, assay } from "./main-job.js";
export type { GivenMatrices, GivenMatrix } from "./matrices.js";
export { UsageError } from "./usage-error.js";
