/** The Arrow entry: reading IPC files and streams, batches to and from tables of apache-arrow, and small files whole. */

export { fromArrowFile, toArrowFile } from "./arrow-file.js";
export { arrowReader } from "./arrow-reader.js";
export { fromArrow, toArrow } from "./arrow-table.js";
