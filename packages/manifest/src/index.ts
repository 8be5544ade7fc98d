export { readBound, readBoundAsync } from "./bound.js";
export { type DerivationEvidence, type DerivationVerdict, deservedOf, verifyDerivation } from "./derivation.js";
export {
  checkEntry,
  checkEntryOrder,
  datasetRoot,
  EMPTY_ROOT,
  entryBytes,
  entryLeaf,
  entryLeaves,
  type FileEntry,
  formatEntries,
  formatEntry,
  parseEntries,
} from "./entry.js";
export {
  DEFAULT_MAX_FILE_BYTES,
  type FolderFile,
  type FolderReader,
  type FolderWriter,
  memoryFolder,
  type ReadFileOptions,
  writeFiles,
} from "./folder.js";
export {
  checkHeader,
  type DatasetTreeHead,
  type Derivation,
  type DerivationParameters,
  formatManifest,
  type LeafSpec,
  MANIFEST_FORMAT,
  type ManifestHeader,
  manifestDigest,
  OPERATIONS,
  type Operation,
  type Parent,
  parseManifest,
  type SetTreeHead,
} from "./header.js";
export { assayDataset, assaySet, type HeadFields } from "./heads.js";
export { type LineageSide, parentOf } from "./lineage.js";
export { movedRecords } from "./moved.js";
export { checkPath, checkWritablePath, compareText } from "./path.js";
export {
  checkRecordProof,
  parseRecordProof,
  RECORD_PROOF_FORMAT,
  type RecordProof,
  type VerifiedRecord,
  type VerifyRecordProofOptions,
  verifyRecordProof,
} from "./record-proof.js";
export { formatRemoved, parseRemoved, type RemovedRecord, removedLeaves } from "./removed.js";
export { drawSample, isFraction, sampleSize } from "./sample.js";
export { deservedVersion, isVersion, type SplitSet, type VersionChange, verifyVersion } from "./version.js";
