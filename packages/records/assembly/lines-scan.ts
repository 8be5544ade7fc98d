/** Lines, ended by LF or CRLF, of the bytes in INPUT (`src/line-scanner.ts` is the same in JavaScript). */

import { ARENA, ARENA_BYTES, BEGINS, ENDS, INPUT, LINES, MOST_ENCODED, OFFSETS } from "./memory-layout";

/** Bytes from INPUT to the first line that was not found, and its number. */
export let scannedTo: i32 = 0;
export let scannedLine: f64 = 0;

/**
 * Finds lines that end, at most `most` that count.
 *
 * @param delta What is added to an address for the caller's own count.
 * @param skipBlank Whether lines of white space do not count.
 * @returns How many count.
 */
export function scan(length: i32, delta: i32, most: i32, line: f64, skipBlank: bool): i32 {
  const end = INPUT + length;
  let begin = INPUT;
  let found = 0;
  for (let at = INPUT; at < end && found < most; at += 64) {
    let ends = lineFeeds(at);
    const left = end - at;
    if (left < 64) ends &= (<u64>1 << left) - 1;
    while (ends !== 0 && found < most) {
      const feed = at + <usize>ctz(ends);
      ends &= ends - 1;
      const stop = feed > begin && load<u8>(feed - 1) === 0x0d ? feed - 1 : feed;
      if (!skipBlank || (load<u8>(begin) !== 0x7b && isBlank(begin, stop)) === false) {
        store<i32>(BEGINS + 4 * found, <i32>begin + delta);
        store<i32>(ENDS + 4 * found, <i32>stop + delta);
        store<f64>(LINES + 8 * found, line);
        found++;
      }
      line++;
      begin = feed + 1;
    }
  }
  scannedTo = <i32>(begin - INPUT);
  scannedLine = line;
  return found;
}

@inline function lineFeeds(at: usize): u64 {
  const feed = i8x16.splat(10);
  const a = <u64>i8x16.bitmask(i8x16.eq(v128.load(at), feed));
  const b = <u64>i8x16.bitmask(i8x16.eq(v128.load(at, 16), feed));
  const c = <u64>i8x16.bitmask(i8x16.eq(v128.load(at, 32), feed));
  const d = <u64>i8x16.bitmask(i8x16.eq(v128.load(at, 48), feed));
  return a | (b << 16) | (c << 32) | (d << 48);
}

function isBlank(begin: usize, end: usize): bool {
  for (let p = begin; p < end; p++) {
    const byte = load<u8>(p);
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

/** Puts the lines `from … end` one behind the other into the arena, at most 2,048 and as many as it holds; how many. */
export function gather(from: i32, end: i32, delta: i32): i32 {
  let to = ARENA;
  store<u32>(OFFSETS, 0);
  const most = min<i32>(end - from, <i32>MOST_ENCODED);
  let done = 0;
  for (; done < most; done++) {
    const begin = <usize>(load<i32>(BEGINS + 4 * (from + done)) - delta);
    const length = <usize>(load<i32>(ENDS + 4 * (from + done)) - delta) - begin;
    if (to + length > ARENA + ARENA_BYTES) return done;
    for (let k: usize = 0; k < length; k += 16) v128.store(to + k, v128.load(begin + k));
    to += length;
    store<u32>(OFFSETS + 4 * done, <u32>(to - ARENA), 4);
  }
  return done;
}
