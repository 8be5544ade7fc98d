export type { CheckOptions, Finding, Outcome, Roles } from "@assay/checks";
export type { Comparison, LeafChange } from "@assay/manifest";
export { type AssayErrorCode, exitCodeOf, isAssayError, type LeafRange, SourceError } from "@assay/merkle";
export { type DeclaredSchema, type Progress, parseLeafKeyFile, parseSchema } from "@assay/records";
export { type AssayConfig, configDigest, configJsonSchema, configSchema, parseConfig } from "../config.js";
export { CHECK_TEXTS, type CheckText, CODE_TEXTS } from "../explanations.js";
export type { AssayOptions } from "../job-options.js";
export type { AssayResult } from "../main-job.js";
export type { GivenMatrices, GivenMatrix } from "../matrices.js";
export { UsageError } from "../usage-error.js";
export { type CheckDataOptions, type CheckDataResult, checkData, writeScores, writeSuggested } from "./check-data.js";
export { type CheckProofOptions, type CheckProofResult, checkProof } from "./check-proof.js";
export { type CompareOptions, compareDataSets } from "./compare-data-sets.js";
export { type ControlEvidenceRow, type ControlsOptions, type ControlsResult, controlsOf } from "./controls-of.js";
export { type DeriveOptions, type DeriveSummary, deriveFolder } from "./derive-folder.js";
export { type EraseOptions, type EraseSummary, eraseRecords } from "./erase-records.js";
export { type Explanation, explain } from "./explain.js";
export { type InitOptions, type InitResult, initConfig } from "./init-config.js";
export { type GeneratedKeys, generateKeys, generateLeafKey } from "./keys.js";
export { type LoadVerifiedOptions, loadVerified } from "./load-verified.js";
export { type MakeManifestOptions, type ManifestSummary, makeManifest } from "./make-manifest.js";
export { readNamedFile } from "./named-file.js";
export type { TrustChoice } from "./open-folder.js";
export type { CheckingChoice, Output, ReadingChoice, SigningChoice, Work } from "./options.js";
export { type ProveAppendOptions, type ProveAppendResult, proveAppend } from "./prove-append.js";
export { type FilePlaces, type ProveOptions, type ProveResult, proveRecord } from "./prove-record.js";
export { type QuarantineOptions, type QuarantineSummary, quarantineFolder } from "./quarantine-folder.js";
export { readBaseline } from "./read-baseline.js";
export { type ReportOptions, type ReportResult, reportOf } from "./report-of.js";
export {
  type AssayFilesOptions,
  assay,
  type MainJobSummary,
  type RunMainJobOptions,
  runMainJob,
} from "./run-main-job.js";
export { type SignFolderOptions, type SignSummary, signFolder } from "./sign-folder.js";
export {
  type ParentVerdict,
  type VerifyCheck,
  type VerifyFolderOptions,
  type VerifyResult,
  verifyFolder,
} from "./verify-folder.js";
