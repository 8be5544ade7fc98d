/** Writing canonical CBOR (`assay-record/v1`, `docs/spec/leaf-encoding.md`) behind one place in memory. */

export const UNSIGNED: u32 = 0x00;
export const NEGATIVE: u32 = 0x20;
export const BYTE_STRING: u32 = 0x40;
export const TEXT_STRING: u32 = 0x60;
export const MAP: u32 = 0xa0;
export const TAG: u32 = 0xc0;

/** Where the next byte goes. */
export let to: usize = 0;

@inline export function moveTo(at: usize): void { to = at; }

@inline export function push(byte: u32): void { store<u8>(to++, <u8>byte); }

export function head(major: u32, argument: u64): void {
  if (argument < 24) push(major | <u32>argument);
  else if (argument < 0x100) {
    push(major | 24);
    push(<u32>argument);
  } else if (argument < 0x10000) {
    push(major | 25);
    store<u16>(to, bswap<u16>(<u16>argument));
    to += 2;
  } else if (argument < 0x100000000) {
    push(major | 26);
    store<u32>(to, bswap<u32>(<u32>argument));
    to += 4;
  } else {
    push(major | 27);
    store<u64>(to, bswap<u64>(argument));
    to += 8;
  }
}

export function integer(value: i64): void {
  if (value < 0) head(NEGATIVE, ~value);
  else head(UNSIGNED, value);
}

/** Copies in steps of 16: up to 16 bytes more are written, which the next value covers. */
@inline export function copy(from: usize, length: usize): void {
  v128.store(to, v128.load(from));
  for (let k: usize = 16; k < length; k += 16) v128.store(to + k, v128.load(from + k));
  to += length;
}

/** A map of so many entries; they stand behind 1 byte at `start`, or behind 3 when there may be 24 and more. */
@inline export function closeMap(start: usize, room: usize, entries: i32): void {
  if (room === 1) {
    store<u8>(start, <u8>(MAP | entries));
    return;
  }
  const behind = to;
  to = start;
  head(MAP, entries);
  const body = start + room;
  if (to < body) memory.copy(to, body, behind - body);
  to = behind - (body - to);
}

/** A double by its value: an integer of 64 bits and sign, else the shortest of half, single, double that keeps it. */
export function double(value: f64): void {
  if (trunc(value) === value && abs(value) < 18446744073709551616.0) {
    if (value >= 0) head(UNSIGNED, <u64>value);
    else head(NEGATIVE, <u64>-value - 1);
    return;
  }
  // −2⁶⁴ is an integer still, as the argument 2⁶⁴ − 1.
  if (value === -18446744073709551616.0) {
    head(NEGATIVE, u64.MAX_VALUE);
    return;
  }
  const single = <f32>value;
  if (<f64>single !== value) {
    if (value !== value) {
      push(0xf9);
      push(0x7e);
      push(0x00);
      return;
    }
    push(0xfb);
    store<u64>(to, bswap<u64>(reinterpret<u64>(value)));
    to += 8;
    return;
  }
  const bits = reinterpret<u32>(single);
  const half = halfOf(bits);
  if (half >= 0) {
    push(0xf9);
    store<u16>(to, bswap<u16>(<u16>half));
    to += 2;
  } else {
    push(0xfa);
    store<u32>(to, bswap<u32>(bits));
    to += 4;
  }
}

/** The bits of the half that has the value of a single, no NaN, or −1. */
function halfOf(bits: u32): i32 {
  const sign = (bits >> 16) & 0x8000;
  const exponent = <i32>((bits >> 23) & 0xff);
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return <i32>(sign | 0x7c00);
  const power = exponent - 127;
  if (power >= -14 && power <= 15) {
    return (fraction & 0x1fff) === 0 ? <i32>(sign | ((power + 15) << 10) | (fraction >> 13)) : -1;
  }
  if (power >= -24 && power < -14) {
    const shift = -1 - power;
    const significand = fraction | 0x800000;
    return (significand & ((1 << shift) - 1)) === 0 ? <i32>(sign | (significand >> shift)) : -1;
  }
  return -1;
}

/** "timestamp" and "time" as text strings, 16 bytes each. */
const NAMES = memory.data<u8>([
  0x69, 0x74, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0, 0, 0, 0, 0, 0, 0x64, 0x74, 0x69, 0x6d, 0x65, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0,
]);

/** Tag 27 of `["timestamp" or "time", s]` or `[…, s, n]`. */
export function namedTime(ofDay: bool, seconds: i64, nanoseconds: u32): void {
  store<u16>(to, 0x1bd8);
  to += 2;
  push(nanoseconds === 0 ? 0x82 : 0x83);
  if (ofDay) copy(NAMES + 16, 5);
  else copy(NAMES, 10);
  integer(seconds);
  if (nanoseconds !== 0) head(UNSIGNED, nanoseconds);
}

/** Tag 1001 or 1002 of `{1: s}` or `{1: s, -9: n}`. */
export function taggedTime(tag: u32, seconds: i64, nanoseconds: u32): void {
  head(TAG, tag);
  push(nanoseconds === 0 ? 0xa1 : 0xa2);
  push(0x01);
  integer(seconds);
  if (nanoseconds === 0) return;
  push(0x28);
  head(UNSIGNED, nanoseconds);
}
