export { BOUND_ARTEFACTS, verifyArtefact } from "./artefacts.js";
export type { ParentResult } from "./derivation-rules.js";
export { derToRaw, rawToDer } from "./ecdsa-signature.js";
export {
  type Envelope,
  type EnvelopeSignature,
  formatAttestations,
  formatEnvelope,
  IN_TOTO_PAYLOAD,
  type ParseAttestationsOptions,
  type ParseEnvelopeOptions,
  pae,
  parseAttestations,
  parseEnvelope,
} from "./envelope.js";
export type { FolderEvidence } from "./exhibit.js";
export { type ManifestHeads, type ReadManifest, readManifest, subjectsOf } from "./heads.js";
export { parseInstant } from "./instant.js";
export { type JudgeOptions, judge } from "./judge.js";
export { formatPublicKey, isValidSignature, type KeyType, type PublicKey, parsePublicKey } from "./key.js";
export {
  type CheckRules,
  type DerivationRules,
  type Person,
  POLICY_FORMAT,
  type Policy,
  type PolicyKey,
  parsePolicy,
  policyOfKey,
  type Requirement,
  TRUSTED_KEY_PERSON,
} from "./policy.js";
export {
  ACQUISITION,
  type AcquiredObject,
  type AcquisitionPredicate,
  buildAcquisitionStatement,
  type Coverage,
} from "./predicates/acquisition.js";
export {
  buildCheckRunStatement,
  CHECK_RUN,
  type CheckInput,
  type CheckRunInput,
  type CheckRunPredicate,
  configDigest,
  type FindingCount,
  type PowerResult,
  type RunSeed,
} from "./predicates/check-run.js";
export {
  buildControlEvidenceStatement,
  CONTROL_EVIDENCE,
  type ControlEvidencePredicate,
  type ControlResult,
  type ControlVerdict,
  isAtLeast,
  type RuleResult,
} from "./predicates/control-evidence.js";
export {
  buildDatasetManifestStatement,
  DATASET_MANIFEST,
  type DatasetManifestPredicate,
} from "./predicates/dataset-manifest.js";
export type { Artefact, Tool } from "./predicates/predicate.js";
export { checkPredicate, PREDICATE_TYPES } from "./predicates/registry.js";
export { buildReviewStatement, REVIEW, type ReviewPredicate, type ReviewScope } from "./predicates/review.js";
export {
  buildDerivationStatement,
  DERIVATION_BUILD_TYPE,
  type DerivationStatementInput,
  SLSA_PROVENANCE,
  type SlsaProvenancePredicate,
} from "./predicates/slsa-provenance.js";
export {
  buildTestResultStatement,
  type ResourceDescriptor,
  TEST_RESULT,
  type TestResultPredicate,
} from "./predicates/test-result.js";
export {
  buildTombstoneStatement,
  TOMBSTONE,
  type TombstoneInput,
  type TombstonePredicate,
} from "./predicates/tombstone.js";
export { addSignature, type Signer, signerFromCryptoKeys, signStatement } from "./signer.js";
export {
  formatStatement,
  formatStatements,
  type ParseStatementOptions,
  type ParseStatementsOptions,
  PREDICATE_BASE,
  parseStatement,
  parseStatements,
  type ReadStatement,
  STATEMENT_TYPE,
  type Statement,
  type StatementSigner,
  type Subject,
  type VerifiedStatement,
} from "./statement.js";
export type {
  Failure,
  FailureClass,
  SignatureReport,
  SignatureStatus,
  StatementReport,
  Verdict,
} from "./verdict.js";
export {
  type ReadArtefactOptions,
  type ReadEvidenceOptions,
  readArtefact,
  readEvidence,
  type VerifyFolderOptions,
  verifyFolder,
} from "./verify-folder.js";
