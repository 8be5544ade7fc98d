/** UTF-8 (RFC 3629), strictly; `src/utf8.ts` is the same in JavaScript. */

/** Whether bytes are UTF-8 that begins and ends with characters. */
export function isUtf8(begin: usize, end: usize): bool {
  let at = begin;
  while (at < end) {
    const lead = <u32>load<u8>(at);
    if (lead < 0x80) {
      at++;
      continue;
    }
    const more: usize = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead < 0xc2 || lead > 0xf4 || at + more >= end) return false;
    const second = <u32>load<u8>(at, 1);
    const least: u32 = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most: u32 = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let next: usize = 2; next <= more; next++) if ((load<u8>(at + next) & 0xc0) !== 0x80) return false;
    at += more + 1;
  }
  return true;
}
