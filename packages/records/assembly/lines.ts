/** The line kernel: what the module exports. AssemblyScript, compiled by `build.js`; addresses are in `lines-layout.ts`. */

export { encode } from "./json-encode";
export { forgetKeys, keys } from "./json-keys";
export { KEY_ENTRIES, LINES_END } from "./lines-layout";
export { gather, scan, scannedLine, scannedTo } from "./lines-scan";
export {
  ARENA,
  BEGINS,
  ENDS,
  INPUT,
  INPUT_BYTES,
  LEAST_POWER,
  LEAVES,
  LINES,
  MOST_POWER,
  MOST_RECORDS,
  OFFSETS,
  POWERS,
} from "./memory-layout";
