/**
 * Where everything stands in the memory of the line kernel: as in that of the CSV kernel (`memory-layout.ts`), of which it
 * reads numbers with the same tables, and behind that what only JSON needs.
 */

import { MEMORY_END as CSV_END } from "./memory-layout";

/** Most different names of members, and most bytes of all of them as keys. */
export const MOST_KEYS: i32 = 1024;
export const KEY_BYTES: usize = 1 << 18;
/** For each key 32 bytes (`json-keys.ts`), then the numbers of the keys in the order of the map (u32). */
export const KEY_ENTRIES: usize = (CSV_END + 127) & ~63;
export const ORDER: usize = KEY_ENTRIES + 32 * MOST_KEYS;
export const KEY_TEXTS: usize = ORDER + 4 * MOST_KEYS;
/** Encoded values of one record. */
export const VALUES: usize = KEY_TEXTS + KEY_BYTES + 64;
export const VALUES_BYTES: usize = 1 << 21;
export const LINES_END: usize = VALUES + VALUES_BYTES + 64;
