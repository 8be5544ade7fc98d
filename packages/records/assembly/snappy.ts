/** Snappy (github.com/google/snappy, `format_description.txt`), decompressing. AssemblyScript, compiled by `build.js`. */

/** Where a page goes, behind a module's own memory; what it stands for goes behind that, 64 bytes further. */
export const INPUT: usize = 1024;

/**
 * Decompresses `length` bytes at `from` to `to`, where there is room for `size` and 64 more.
 *
 * @returns Whether they are sound, and stand for `size` bytes.
 */
export function decompress(from: usize, length: i32, to: usize, size: i32): bool {
  const end = from + length;
  const outEnd = to + size;
  let p = from;
  let claimed: u64 = 0;
  for (let shift: u64 = 0; ; shift += 7) {
    if (p === end || shift > 28) return false;
    const byte = <u64>load<u8>(p++);
    claimed |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (claimed !== <u64>size) return false;
  let out = to;
  while (p < end) {
    const tag = <u32>load<u8>(p++);
    if ((tag & 3) === 0) {
      let count = <u64>(tag >> 2);
      if (count >= 60) {
        const bytes = <usize>count - 59;
        if (bytes > end - p) return false;
        count = load<u32>(p) & (0xffffffff >> (8 * (4 - <u32>bytes)));
        p += bytes;
      }
      count++;
      if (count > <u64>(end - p) || count > <u64>(outEnd - out)) return false;
      const literal = <usize>count;
      for (let k: usize = 0; k < literal; k += 16) v128.store(out + k, v128.load(p + k));
      p += literal;
      out += literal;
      continue;
    }
    let count: usize;
    let distance: usize;
    if ((tag & 3) === 1) {
      if (end - p < 1) return false;
      count = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | load<u8>(p);
      p += 1;
    } else {
      const bytes: usize = (tag & 3) === 2 ? 2 : 4;
      if (end - p < bytes) return false;
      count = (tag >> 2) + 1;
      distance = bytes === 2 ? load<u16>(p) : load<u32>(p);
      p += bytes;
    }
    if (distance === 0 || distance > out - to || count > outEnd - out) return false;
    const match = out - distance;
    if (distance >= 16) for (let k: usize = 0; k < count; k += 16) v128.store(out + k, v128.load(match + k));
    else for (let k: usize = 0; k < count; k++) store<u8>(out + k, load<u8>(match + k));
    out += count;
  }
  return out === outEnd;
}
