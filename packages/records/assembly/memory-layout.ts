/** Where everything stands in the memory that the parts of the CSV kernel and the SHA-256 lanes have in common. */

/** The first 128 KiB are those of the lanes, but for constants of this module (from 40,960, `build.js`). Then the input: UTF-8, and 64 bytes behind it that vectors may touch. */
export const INPUT: usize = 131_136;
export const INPUT_BYTES: usize = 1 << 20;

/** Most fields and records that one scan finds. */
export const MOST_FIELDS: usize = 1 << 18;
export const MOST_RECORDS: usize = 1 << 16;

/** Addresses of delimiters and line feeds outside quotes, u32. */
export const SEPARATORS: usize = INPUT + INPUT_BYTES + 64;
/** Content of field i: from begins[i] to ends[i] (i32, as the caller counts), written in form forms[i] (u8). */
export const BEGINS: usize = SEPARATORS + 4 * MOST_FIELDS + 512;
export const ENDS: usize = BEGINS + 4 * MOST_FIELDS;
export const FORMS: usize = ENDS + 4 * MOST_FIELDS;
/** Where each record begins (i32) and on which line (f64). */
export const STARTS: usize = FORMS + MOST_FIELDS;
export const LINES: usize = STARTS + 4 * MOST_RECORDS;

/** Most columns, and most bytes of their names as keys, that the kernel takes. */
export const MOST_COLUMNS: usize = 1024;
export const KEY_BYTES: usize = 1 << 18;
/** For each column in the order of the map: its field, its type, and address and length of its key (u32 each). */
export const COLUMNS: usize = LINES + 8 * MOST_RECORDS;
export const KEYS: usize = COLUMNS + 16 * MOST_COLUMNS;

/** Bytes of encoded records, the offset of each (u32), and their leaves. */
export const MOST_ENCODED: usize = 2048;
export const ARENA: usize = KEYS + KEY_BYTES + 64;
export const ARENA_BYTES: usize = 1 << 21;
export const OFFSETS: usize = ARENA + ARENA_BYTES + 64;
export const LEAVES: usize = OFFSETS + 4 * MOST_ENCODED + 64;

/** Powers of five as 128 bits (low, high), from 5^LEAST_POWER to 5^MOST_POWER. */
export const LEAST_POWER: i32 = -64;
export const MOST_POWER: i32 = 40;
export const POWERS: usize = LEAVES + 32 * MOST_ENCODED;

/** Evidence: the field of each column (u32), its open candidates (u32), and counts for each of 512 sets (u32). */
export const EVIDENCE_FIELDS: usize = POWERS + 16 * 128;
export const OPEN: usize = EVIDENCE_FIELDS + 4 * MOST_COLUMNS;
export const COUNTS: usize = OPEN + 4 * MOST_COLUMNS;
/** Fields that JavaScript must look at: column and record (u32 each). Few at once, because each may close a candidate. */
export const MOST_EVENTS: i32 = 32;
export const EVENTS: usize = COUNTS + 2048 * MOST_COLUMNS;
export const MEMORY_END: usize = EVENTS + 8 * 32;
