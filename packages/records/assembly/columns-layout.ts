/** Where everything stands in the memory of the column kernel, which the SHA-256 lanes share: their 128 KiB come first. */

/** Most columns, and most bytes of their names as keys. */
export const MOST_COLUMNS: usize = 1024;
export const KEY_BYTES: usize = 1 << 18;
/** For each column in the order of the map 48 bytes (`columns-encode.ts`). */
export const COLUMNS: usize = 131_136;
export const COLUMN_BYTES: usize = 48;
export const KEYS: usize = COLUMNS + COLUMN_BYTES * MOST_COLUMNS;

/** Bytes of encoded records, the offset of each (u32), and their leaves. */
export const MOST_ENCODED: usize = 1024;
export const ARENA: usize = KEYS + KEY_BYTES + 64;
export const ARENA_BYTES: usize = 1 << 21;
export const OFFSETS: usize = ARENA + ARENA_BYTES + 64;
export const LEAVES: usize = OFFSETS + 4 * MOST_ENCODED + 64;

/** Buffers of columns: whatever the caller puts there, and 64 bytes behind them that vectors may touch. */
export const INPUT: usize = LEAVES + 32 * MOST_ENCODED;
export const INPUT_BYTES: usize = 1 << 22;
export const MEMORY_END: usize = INPUT + INPUT_BYTES + 64;

/** Most bytes that a value takes besides its text. */
export const MOST_VALUE_BYTES: i32 = 40;
