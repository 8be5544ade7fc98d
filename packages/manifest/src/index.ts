export {
  APPEND_PROOF_FORMAT,
  type AppendedFile,
  type AppendedSide,
  type AppendProof,
  checkAppendProof,
  proveAppend,
  type VerifiedAppend,
  verifyAppend,
} from "./append-proof.js";
export { readBound, readBoundAsync } from "./bound.js";
export { type BuildManifestOptions, type BuiltManifest, buildManifest } from "./build.js";
export {
  type BuildStoredManifestOptions,
  buildStoredManifest,
  type StoredManifest,
} from "./build-stored.js";
export {
  type ComparedSide,
  type CompareOptions,
  type Comparison,
  compareManifests,
  type FileChange,
  type LeafChange,
  type SplitChange,
} from "./compare.js";
export { type DerivationEvidence, type DerivationVerdict, deservedOf, verifyDerivation } from "./derivation.js";
export { type EarlierFile, type EarlierRun, hasPages, hasTiles, type TakenOverFile } from "./earlier.js";
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
export {
  blockRoots,
  defaultKeep,
  KEEP_TILES_RECORDS,
  type Keep,
  keepsSet,
  keptTiles,
  pageReader,
  type ReadKeptOptions,
  readKeptBlocks,
  readKeptLeaves,
  readKeptSet,
  tileReader,
} from "./kept.js";
export { DEFAULT_MAX_LEAF_BYTES, type LeafPoolOptions, type LeafSpace } from "./leaf-store.js";
export { type LineageSide, parentOf } from "./lineage.js";
export { commonRecords } from "./lineage-set.js";
export {
  ENTRIES_FILE,
  isManifestPath,
  type KeptVerdict,
  MANIFEST_FILE,
  type ManifestFilesOptions,
  manifestFiles,
  type OpenedManifest,
  openManifest,
  REMOVED_FILE,
  readDerivationFiles,
  UPDATE_FILE,
  verifyKept,
  withKeptSets,
} from "./manifest-folder.js";
export { movedRecords } from "./moved.js";
export { checkPath, checkWritablePath, compareText } from "./path.js";
export {
  leavesOfJsonRecord,
  type ProvableRecords,
  type ProvableSet,
  type ProvenCounts,
  type ProveRecordOptions,
  type ProveRecordsOptions,
  packLeaves,
  proveLeaves,
  proveRecord,
  proveRecords,
  proveRemoval,
  verifyLeaves,
  verifyLeavesOfEach,
} from "./prove.js";
export {
  checkRecordProof,
  parseRecordProof,
  RECORD_PROOF_FORMAT,
  type RecordProof,
  type VerifiedRecord,
  type VerifyRecordProofOptions,
  verifyRecordProof,
} from "./record-proof.js";
export {
  checkRecordsProof,
  type ProvenFile,
  parseRecordsProof,
  RECORDS_PROOF_FORMAT,
  type RecordsProof,
  type VerifiedPlace,
  type VerifiedRecords,
  type VerifyRecordsProofOptions,
  verifyRecordsProof,
} from "./records-proof.js";
export { compareRemoved, formatRemoved, parseRemoved, type RemovedRecord, removedLeaves } from "./removed.js";
export { drawSample, isFraction, sampleSize } from "./sample.js";
export type { SealedManifest } from "./seal-manifest.js";
export { type StoredManifestFilesOptions, storedManifestFiles, takenOverFiles } from "./stored-files.js";
export { type ProvenRecord, type VerifiedRecordsOptions, verifiedRecords } from "./verified-records.js";
export { type ManifestSubjects, verifyEntries, verifyManifest, verifySet } from "./verify.js";
export { type DataVerdict, type FileVerdict, type InspectDataOptions, inspectData, verifyData } from "./verify-data.js";
export { deservedVersion, isVersion, type SplitSet, type VersionChange, verifyVersion } from "./version.js";
