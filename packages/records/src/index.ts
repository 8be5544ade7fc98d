export {
  type Batch,
  type BooleanColumn,
  type BytesColumn,
  type Column,
  type DateColumn,
  type DecimalColumn,
  type EncodedColumn,
  type FloatColumn,
  type IntegerColumn,
  isPresent,
  type ListColumn,
  type MapColumn,
  type NullColumn,
  type StructColumn,
  type TemporalColumn,
  type TextColumn,
} from "./batch.js";
export { type ByteColumn, joinRows, type RowPiece, utf8Column } from "./byte-rows.js";
export { type CborData, encodeCbor } from "./cbor.js";
export { type CborField, encodeCborMaps } from "./cbor-maps.js";
export { type ColumnBuilder, createColumnBuilder } from "./column-builder.js";
export { kindOfColumn, kindsOf } from "./column-kinds.js";
export type {
  ColumnType,
  DecimalType,
  FloatType,
  IntegerType,
  Kind,
  Kinds,
  ScalarType,
  TemporalType,
  TemporalUnit,
} from "./column-type.js";
export { columnToCategories, columnToNumbers, columnToTexts } from "./column-values.js";
export { checkDataPath, compareText, findPathCollisions } from "./data-path.js";
export { type ColumnTypeOptions, formatColumnType, parseColumnType, parseSchema } from "./declared-schema.js";
export { type EncodedRecords, encodeBatch } from "./encode-batch.js";
export { type Executor, inlineExecutor, type MapOptions, type Task } from "./executor.js";
export { KNOWN_FORMATS } from "./format-detection.js";
export {
  type FoundRecord,
  type HashedRecords,
  type HashOptions,
  hashSource,
  type ReadBatchesOptions,
  type ReadSourceOptions,
  readBatches,
  readRecords,
} from "./hash-source.js";
export { isHttpUrl, isS3Location, type RemoteOptions, shownUrl } from "./http-request.js";
export { JsonNumber, type JsonObject, type JsonValue, parseJson, parseJsonRecord } from "./json-value.js";
export { dropNullKinds, encodeKinds, joinAllKinds, joinKinds, kindFits, kindOf, schemaDigest } from "./kinds.js";
export {
  checkLeafKey,
  formatLeafKeyFile,
  leafKeyId,
  leafOf,
  parseLeafKeyFile,
  recordLeaves,
  saltOf,
} from "./leaves.js";
export { DEFAULT_LIMITS } from "./limits.js";
export { type MemoryFile, type MemorySourceOptions, sourceOfBytes } from "./memory-source.js";
export { columnsOf, hasMetadataFiles, isMetadataFile } from "./metadata-files.js";
export { matchesPattern } from "./path-pattern.js";
export {
  BLOCK_RECORDS,
  type ByteSource,
  type Dialect,
  type FileIndex,
  type FilePart,
  type Format,
  type FormatReader,
  type IndexOptions,
  isJson,
  type LeafFormat,
  type Limits,
  type PlacedBatch,
  type ReadOptions,
  type Window,
} from "./reader.js";
export { typeOfColumn, typesOfFile } from "./reading.js";
export { decodeRecord, type ShownValue } from "./record-decoding.js";
export {
  type JsonRecordReading,
  MAX_RECORD_LEAVES,
  type RecordFromJsonOptions,
  readJsonRecord,
} from "./record-from-json.js";
export { type RemoveOptions, removeRecords } from "./remove-records.js";
export { type ScanOptions, scanSource } from "./scan-source.js";
export type {
  DeclaredSchema,
  Progress,
  Reading,
  ScannedFile,
  ScannedSource,
  Source,
  SourceFile,
  SplitRule,
  TypeWarning,
} from "./source.js";
export type { SourceOptions } from "./source-of-files.js";
export { splitOfPath } from "./split-rule.js";
export { type FileUnf, type SourceUnf, unfNumber, unfOf } from "./unf.js";
export { type ListedUrl, type ReadUrlListOptions, readUrlList } from "./url-list.js";
export { formatUrlPin, parseUrlPins } from "./url-pin-file.js";
export { checkPins, type PinFault, type PinUrlsOptions, type PinVerdict, pinUrls, type UrlPin } from "./url-pins.js";
export { type OpenUrlsOptions, openUrls, type WholeCopies } from "./url-source.js";
