/** The Arrow entry: reading IPC files and streams, and batches to and from tables of apache-arrow. */

export { arrowReader } from "./arrow-reader.js";
export { fromArrow, toArrow } from "./arrow-table.js";
