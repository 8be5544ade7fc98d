export { canonicalJson, type JsonValue } from "./canonical-json.js";
export { CompactRange, type CompactRangeData, perfectSubtrees } from "./compact-range.js";
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
export { compareBytes, equalBytes, fromHex, isDigestHex, toHex } from "./hex.js";
export {
  applyChanges,
  compareSets,
  countLeaves,
  countOf,
  emptyMultiset,
  isSubset,
  type Multiset,
  type SetChanges,
  sumSets,
} from "./multiset.js";
export { emptyTreeRoot, leafHash, nodeHash, type TreeHead, treeRoot } from "./ordered-tree.js";
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
export { createSha256, hashLeaves, hashLevel, hmacSha256, sha256 } from "./sha256.js";
export type { Sha256Hasher } from "./sha256-kernel.js";
export {
  type CanonicalJsonOptions,
  type JsonFault,
  parseCanonicalJson,
  parseStrictJson,
  type StrictJsonOptions,
} from "./strict-json.js";
