export type {
  Calibration,
  Check,
  CheckContext,
  CheckData,
  CheckOptions,
  CheckResult,
  CheckSetting,
  Columns,
  DataShape,
  Estimate,
  Finding,
  Fold,
  MatrixShape,
  Outcome,
  Power,
  RecordPlace,
  Roles,
  Severity,
  Skip,
  SourceAnswer,
  SuspectReason,
  Table,
  TableColumn,
  TriedPower,
} from "./check.js";
export {
  DEFAULT_MAX_MEMORY_BYTES,
  type FileBatch,
  type ScannedDataOptions,
  type ScannedInput,
  scannedData,
} from "./check-data.js";
export { asCategory, featureColumns, idColumns } from "./columns.js";
export { type Baseline, type DriftOptions, drift } from "./drift/drift.js";
export { type ColumnSketch, type DataSketch, type Grid, sketchData, type ValueCount } from "./drift/sketch.js";
export { formatSketches, MAX_SKETCHES_BYTES, parseSketches, SKETCHES_FILE } from "./drift/sketch-file.js";
export { exactDuplicates } from "./duplicate/exact-duplicates.js";
export { type NearDuplicatesOptions, nearDuplicates } from "./duplicate/near-duplicates.js";
export { accusesRecord, compareFindings, formatFindings, parseFindings, severityOf } from "./findings.js";
export { type GateOptions, type GateVerdict, judgeGate } from "./gate.js";
export { type Groups, groupKeys, groupOrder, groupsOf, isCoarse } from "./groups.js";
export { annotators } from "./label/annotators.js";
export {
  CONFIDENT_FILTERS,
  type ConfidentFilter,
  type ConfidentLearning,
  confidentLearning,
  LABEL_QUALITIES,
  type LabelledProbabilities,
  type LabelQuality,
  labelQualities,
} from "./label/confident-learning.js";
export { type ConfidentLearningOptions, labelFlipsConfidentLearning } from "./label/confident-learning-check.js";
export { type ConflictingDuplicatesOptions, conflictingDuplicates } from "./label/conflicting-duplicates.js";
export type { LabelClasses } from "./label/given-labels.js";
export { type LabelFlipsOptions, labelFlips } from "./label/label-flips.js";
export type { NeighbourDistance } from "./label/read-labels.js";
export { checkMatrices, type MatrixUse, type RecordMatrices, type RecordMatrix } from "./matrices.js";
export { type AnnotatorVotes, type DawidSkene, type DawidSkeneOptions, dawidSkene } from "./numeric/dawid-skene.js";
export type { RandomStream } from "./numeric/random-stream.js";
export { completed, skipped } from "./outcome.js";
export { type ClassicMethod, type ClassicOptions, classicOutliers } from "./outlier/classic-outliers.js";
export { outliers } from "./outlier/outliers.js";
export { rareValues } from "./outlier/rare-values.js";
export type { PlantedCell, PlantedCells, Poison, ReadyPoison } from "./power/poison.js";
export { allChecks, knownChecks, refuseUnknownOptions, selectChecks } from "./registry.js";
export { type CheckInput, type CheckRun, type RunChecksOptions, runChecks, type UnreadInput } from "./run-checks.js";
export { formatScores, roundScore } from "./scores.js";
export { checkSeed, type SeedBase, seedBase } from "./seed.js";
export { badSources } from "./source/bad-sources.js";
export { formatSuggested } from "./suggested-labels.js";
export { tableData, tableShape } from "./table-data.js";
