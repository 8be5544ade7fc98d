/** The column kernel: what the module exports. AssemblyScript, compiled by `build.js`; addresses are in `columns-layout.ts`. */

export { ascends, encode } from "./columns-encode";
export {
  ARENA,
  ARENA_BYTES,
  COLUMN_BYTES,
  COLUMNS,
  INPUT,
  INPUT_BYTES,
  KEY_BYTES,
  KEYS,
  LEAVES,
  MEMORY_END,
  MOST_COLUMNS,
  MOST_ENCODED,
  MOST_VALUE_BYTES,
  OFFSETS,
} from "./columns-layout";
