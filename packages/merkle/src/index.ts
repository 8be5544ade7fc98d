export { canonicalJson, type JsonValue } from "./canonical-json.js";
export { CompactRange, type CompactRangeData, perfectSubtrees } from "./compact-range.js";
export {
  CONSISTENCY_PROOF_FORMAT,
  type ConsistencyProof,
  proveConsistency,
  readConsistencyProof,
  verifyConsistency,
} from "./consistency-proof.js";
export {
  AssayError,
  type AssayErrorCode,
  type AssayErrorOptions,
  type CheckCode,
  CheckError,
  type ErrorDetails,
  exitCodeOf,
  type FormatCode,
  FormatError,
  isAssayError,
  type SourceCode,
  SourceError,
  type TrustCode,
  TrustError,
  type VerificationCode,
  VerificationError,
} from "./errors.js";
export { compareBytes, equalBytes, fromHex, isDigestHex, joinBytes, toHex } from "./hex.js";
export {
  INCLUSION_PROOF_FORMAT,
  type InclusionProof,
  type ProveInclusionOptions,
  type ProvenTree,
  proveInclusion,
  readInclusionProof,
  type VerifiedInclusion,
  type VerifyInclusionOptions,
  verifyInclusion,
} from "./inclusion-proof.js";
export { type SetShare, setShareOf, setTotalsOf } from "./leaf-set.js";
export {
  applyChanges,
  compareSets,
  countLeaves,
  countOf,
  emptyMultiset,
  isSubset,
  type Multiset,
  type SetChanges,
  sortLeaves,
  sumSets,
  takeLeaves,
} from "./multiset.js";
export { emptyTreeRoot, leafHash, nodeHash, type TreeHead, treeRoot } from "./ordered-tree.js";
export { formatProof, type ParseProofOptions, type Proof, parseProof, parseProofFile } from "./proof-file.js";
export type { UnreadProof } from "./proof-form.js";
export {
  type LeafRange,
  type ProveRangesOptions,
  proveRanges,
  RANGE_PROOF_FORMAT,
  type RangeProof,
  rangesOf,
  readRangeProof,
  type VerifiedRanges,
  type VerifyRangesOptions,
  verifyRanges,
} from "./range-proof.js";
export {
  compareSetPages,
  proveSetFromPages,
  proveSetUpdateFromPages,
  type ReadSetPage,
  type ReadSetPagesOptions,
  readSetPages,
  type SetPageOptions,
} from "./set-page-reader.js";
export {
  type SetTotals,
  type StreamSetPagesOptions,
  streamKeyPages,
  streamSetPages,
  streamSetRoot,
} from "./set-page-stream.js";
export { type ChangedSetPage, type UpdatedSet, type UpdateSetPagesOptions, updateSetPages } from "./set-page-update.js";
export {
  type BuildSetPagesOptions,
  buildSetPages,
  formatSetPage,
  parseSetPage,
  SET_PAGE_CAPACITY,
  type SetIndexPage,
  type SetKeyPage,
  type SetPage,
  type SetPageFile,
  setPagePath,
  setPagePrefix,
  setPageTop,
} from "./set-pages.js";
export {
  proveSet,
  readSetProof,
  SET_PROOF_FORMAT,
  type SetProof,
  type VerifiedCounts,
  verifySetProof,
} from "./set-proof.js";
export type { SetProofTree } from "./set-proof-tree.js";
export { MAX_SET_TOPS_BYTES, setTopsPath } from "./set-tops.js";
export {
  buildSet,
  combineSetRanges,
  combineSetTops,
  emptySetRoot,
  SetRootBuilder,
  type SetTree,
  setLeafHash,
  setNodeHash,
  setTop,
  setTreeOf,
} from "./set-tree.js";
export {
  proveSetUpdate,
  readSetUpdate,
  SET_UPDATE_FORMAT,
  type SetUpdate,
  type SetUpdateRoots,
  type VerifySetUpdateOptions,
  verifySetUpdate,
} from "./set-update.js";
export { createSha256, hashLeaves, hashLevel, hmacSha256, sha256 } from "./sha256.js";
export type { Sha256Hasher } from "./sha256-kernel.js";
export { LANES_LONGEST, LANES_RESERVED, openSha256Lanes, type Sha256Lanes } from "./sha256-lanes.js";
export { type MergeRunsOptions, mergeRuns, type SortedRun } from "./sorted-runs.js";
export {
  type CanonicalJsonOptions,
  type JsonFault,
  parseCanonicalJson,
  parseStrictJson,
  type StrictJsonOptions,
} from "./strict-json.js";
export { appendTiles, readTreeEdge, type TreeEdge } from "./tile-append.js";
export {
  type CompareTilesOptions,
  compareTiles,
  type PlacedLeaves,
  prefixRootFromTiles,
  type TiledTree,
  type TreeDifference,
} from "./tile-comparison.js";
export {
  proveConsistencyFromTiles,
  proveInclusionFromTiles,
  proveRangesFromTiles,
  type ReadTile,
  type ReadTilesOptions,
  readTileLevel,
  type VerifyTilesOptions,
  verifyTiles,
} from "./tile-reader.js";
export {
  hashesAtLevel,
  parseTile,
  parseTilePath,
  TILE_WIDTH,
  type TileAddress,
  type TileFile,
  type TilesOptions,
  tileAt,
  tilePath,
  tilesOf,
} from "./tiles.js";
export { compileWasm, fixedMemory } from "./wasm-module.js";
