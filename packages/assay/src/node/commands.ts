/**
 * What the command line runs (entry `@assay/assay/commands`): the operations of `@assay/assay/node`, each loaded when it is
 * called. Who makes a manifest waits neither for the checks nor for keys and reports: a fifth of a second of every start.
 */

export type { CheckOptions, Finding, Outcome, Roles } from "@assay/checks";
export type { LeafChange } from "@assay/manifest";
export { type AssayErrorCode, exitCodeOf, isAssayError, type LeafRange } from "@assay/merkle";
export {
  DEFAULT_LIMITS,
  type DeclaredSchema,
  KNOWN_FORMATS,
  type Limits,
  type Progress,
  parseLeafKeyFile,
  parseSchema,
} from "@assay/records";
export type { AssayConfig } from "../config.js";
export { UsageError } from "../usage-error.js";
export type { ManifestSummary } from "./make-manifest.js";
export { readNamedFile } from "./named-file.js";
export type { CheckingChoice, Output, ReadingChoice, SigningChoice, Work } from "./options.js";
export type { FilePlaces } from "./prove-record.js";

/** An operation that is loaded when it is called. */
function loaded<Given extends readonly unknown[], Result>(
  load: () => Promise<(...given: Given) => Result | Promise<Result>>,
): (...given: Given) => Promise<Result> {
  return async (...given) => (await load())(...given);
}

export const checkData = loaded(async () => (await import("./check-data.js")).checkData);
export const checkProof = loaded(async () => (await import("./check-proof.js")).checkProof);
export const compareDataSets = loaded(async () => (await import("./compare-data-sets.js")).compareDataSets);
export const controlsOf = loaded(async () => (await import("./controls-of.js")).controlsOf);
export const deriveFolder = loaded(async () => (await import("./derive-folder.js")).deriveFolder);
export const eraseRecords = loaded(async () => (await import("./erase-records.js")).eraseRecords);
export const explain = loaded(async () => (await import("./explain.js")).explain);
export const generateKeys = loaded(async () => (await import("./keys.js")).generateKeys);
export const generateLeafKey = loaded(async () => (await import("./keys.js")).generateLeafKey);
export const initConfig = loaded(async () => (await import("./init-config.js")).initConfig);
export const makeManifest = loaded(async () => (await import("./make-manifest.js")).makeManifest);
export const parseConfig = loaded(async () => (await import("../config.js")).parseConfig);
export const proveAppend = loaded(async () => (await import("./prove-append.js")).proveAppend);
export const proveRecord = loaded(async () => (await import("./prove-record.js")).proveRecord);
export const quarantineFolder = loaded(async () => (await import("./quarantine-folder.js")).quarantineFolder);
export const reportOf = loaded(async () => (await import("./report-of.js")).reportOf);
export const runMainJob = loaded(async () => (await import("./run-main-job.js")).runMainJob);
export const signFolder = loaded(async () => (await import("./sign-folder.js")).signFolder);
export const verifyFolder = loaded(async () => (await import("./verify-folder.js")).verifyFolder);
export const writeScores = loaded(async () => (await import("./check-data.js")).writeScores);
export const writeSuggested = loaded(async () => (await import("./check-data.js")).writeSuggested);
