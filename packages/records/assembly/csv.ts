/** The CSV kernel: what the module exports. AssemblyScript, compiled by `build.js`; addresses are in `memory-layout.ts`. */

export { encode, longestRecord } from "./csv-encode";
export { gather, nextColumn, nextRecord } from "./csv-infer";
export { endsInside, isUtf8, recordsEnd, scan, scannedLine, scannedTo } from "./csv-scan";
export {
  ARENA,
  ARENA_BYTES,
  BEGINS,
  COLUMNS,
  COUNTS,
  ENDS,
  EVENTS,
  EVIDENCE_FIELDS,
  FORMS,
  INPUT,
  INPUT_BYTES,
  KEY_BYTES,
  KEYS,
  LEAST_POWER,
  LEAVES,
  LINES,
  MEMORY_END,
  MOST_COLUMNS,
  MOST_ENCODED,
  MOST_EVENTS,
  MOST_FIELDS,
  MOST_POWER,
  MOST_RECORDS,
  OFFSETS,
  OPEN,
  POWERS,
  STARTS,
} from "./memory-layout";
