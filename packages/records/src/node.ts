/** What needs Node: files, folders and worker threads (entry `@assay/records/node`). */

export { compressionOf } from "./compression.js";
export { digestLocalFiles } from "./local-digest.js";
export { identityOf, modifiedAt, openBytes, systemError } from "./local-file.js";
export { openMatrixFile } from "./matrix-file.js";
export { type OpenSourceOptions, openSource } from "./open-source.js";
export { globRoot } from "./path-glob.js";
export { sourceChanged } from "./range-stream.js";
export { openSpool, type Spool, type SpooledFile, type SpoolOptions, type SpoolWriter } from "./spool.js";
export { type WorkerExecutorOptions, workerExecutor } from "./worker-executor.js";
export { fromPlainError, type PlainError, toPlainError } from "./worker-message.js";
export { type WriteWithoutRecordsOptions, writeWithoutRecords } from "./write-without-records.js";
