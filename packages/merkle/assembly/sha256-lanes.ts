/**
 * SHA-256 (FIPS 180-4) of four messages at a time, one in each 32-bit lane of a vector (WebAssembly SIMD), and what the
 * trees need of it: arenas of records, levels of ordered trees, the tops of sets.
 *
 * AssemblyScript, compiled by `build.js`. Nothing is checked here: addresses and numbers come from `src/sha256-lanes.ts`,
 * which checks them. Memory is the caller's; the first 128 KiB are this module's, laid out below. Reads may begin two bytes
 * before what they are about and end 16 behind it.
 */

export { sortKeys } from "./sort-keys";

// The round constants, and the state that every hash begins with.
const ROUND_CONSTANTS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** Round constants in all four lanes, as vectors: the engine would build constants again and again. 64 × 16 bytes. */
const CONSTANTS: usize = 1024;
/** The 8 words of the state, a vector each. */
const STATE: usize = 2304;
/** Where digests go that nobody wants: lanes of a group that is not full. */
const NOWHERE: usize = 2432;
/** For each number of blocks: how many lanes wait, and where their digests go. */
const WAITING: usize = 2560;
const TARGETS: usize = 2640;
/** For each number of blocks four padded messages, one behind the other. */
const MESSAGES: usize = 3072;
/** Most blocks that a message of a batch may have. */
const MOST_BLOCKS: i32 = 16;
/** The 16 words of a block, a vector each, and behind them the 48 that they are expanded to. */
const WORDS: usize = 38912;
/** For each last byte of a node's 65: the 64 words of its second block, round constants added. 256 × 256 bytes. */
const SECOND_BLOCKS: usize = 65536;

@inline function add(a: v128, b: v128): v128 { return i32x4.add(a, b); }
@inline function rotate(x: v128, n: i32): v128 { return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n)); }
/** Σ1(e) + Ch(e, f, g). Nested rotations need fewer registers, but wait for each other: slower on processors of 2023. */
@inline function choice(e: v128, f: v128, g: v128): v128 {
  const sum = v128.xor(v128.xor(rotate(e, 6), rotate(e, 11)), rotate(e, 25));
  return add(sum, v128.xor(g, v128.and(e, v128.xor(f, g))));
}
/** Σ0(a) + Maj(a, b, c). */
@inline function majority(a: v128, b: v128, c: v128): v128 {
  const sum = v128.xor(v128.xor(rotate(a, 2), rotate(a, 13)), rotate(a, 22));
  return add(sum, v128.xor(b, v128.and(v128.xor(a, b), v128.xor(b, c))));
}
/** Writes the word 16 places on: w[t + 16] of w[t], w[t + 1], w[t + 9], w[t + 14]. */
@inline function expandTo(at: usize, w: v128): void {
  const w1 = v128.load(at, 16), w14 = v128.load(at, 224);
  const low = v128.xor(v128.xor(rotate(w1, 7), rotate(w1, 18)), i32x4.shr_u(w1, 3));
  const high = v128.xor(v128.xor(rotate(w14, 17), rotate(w14, 19)), i32x4.shr_u(w14, 10));
  v128.store(at, add(add(w, low), add(v128.load(at, 144), high)), 256);
}

/** To be called once. */
export function start(): void {
  for (let i: usize = 0; i < 64; i++) v128.store(CONSTANTS + 16 * i, i32x4.splat(load<i32>(ROUND_CONSTANTS + 4 * i)));
  for (let i: usize = 0; i < 20; i++) store<i32>(WAITING + 4 * i, 0);
  for (let last: u32 = 0; last < 256; last++) fillSecondBlock(SECOND_BLOCKS + 256 * last, (last << 24) | 0x800000);
}

function fillSecondBlock(at: usize, first: u32): void {
  store<u32>(at, first);
  for (let i: usize = 1; i < 15; i++) store<u32>(at + 4 * i, 0);
  store<u32>(at + 60, 520);
  for (let i: usize = 16; i < 64; i++) {
    const w15 = load<u32>(at + 4 * (i - 15));
    const w2 = load<u32>(at + 4 * (i - 2));
    const low = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
    const high = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
    store<u32>(at + 4 * i, load<u32>(at + 4 * (i - 16)) + low + load<u32>(at + 4 * (i - 7)) + high);
  }
  for (let i: usize = 0; i < 64; i++) store<u32>(at + 4 * i, load<u32>(at + 4 * i) + load<u32>(ROUND_CONSTANTS + 4 * i));
}

function begin(): void {
  v128.store(STATE, i32x4.splat(0x6a09e667), 0);
  v128.store(STATE, i32x4.splat(0xbb67ae85), 16);
  v128.store(STATE, i32x4.splat(0x3c6ef372), 32);
  v128.store(STATE, i32x4.splat(0xa54ff53a), 48);
  v128.store(STATE, i32x4.splat(0x510e527f), 64);
  v128.store(STATE, i32x4.splat(0x9b05688c), 80);
  v128.store(STATE, i32x4.splat(0x1f83d9ab), 96);
  v128.store(STATE, i32x4.splat(0x5be0cd19), 112);
}

/**
 * The 64 rounds over WORDS, into STATE. Words are expanded in memory, each beside the round that uses it first: stores keep that
 * order, where the engine would put all of a kind behind each other, which the processor overlaps less (5 % slower, measured).
 */
function compress(): void {
  let a = v128.load(STATE, 0), b = v128.load(STATE, 16), c = v128.load(STATE, 32), d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64), f = v128.load(STATE, 80), g = v128.load(STATE, 96), h = v128.load(STATE, 112);
  let t: v128;
  let w: v128;
  let p = WORDS;
  let k = CONSTANTS;
  for (; p < WORDS + 768; p += 256, k += 256) {
    w = v128.load(p, 0);
    t = add(add(h, add(w, v128.load(k, 0))), choice(e, f, g)); d = add(d, t); h = add(t, majority(a, b, c));
    expandTo(p + 0, w);
    w = v128.load(p, 16);
    t = add(add(g, add(w, v128.load(k, 16))), choice(d, e, f)); c = add(c, t); g = add(t, majority(h, a, b));
    expandTo(p + 16, w);
    w = v128.load(p, 32);
    t = add(add(f, add(w, v128.load(k, 32))), choice(c, d, e)); b = add(b, t); f = add(t, majority(g, h, a));
    expandTo(p + 32, w);
    w = v128.load(p, 48);
    t = add(add(e, add(w, v128.load(k, 48))), choice(b, c, d)); a = add(a, t); e = add(t, majority(f, g, h));
    expandTo(p + 48, w);
    w = v128.load(p, 64);
    t = add(add(d, add(w, v128.load(k, 64))), choice(a, b, c)); h = add(h, t); d = add(t, majority(e, f, g));
    expandTo(p + 64, w);
    w = v128.load(p, 80);
    t = add(add(c, add(w, v128.load(k, 80))), choice(h, a, b)); g = add(g, t); c = add(t, majority(d, e, f));
    expandTo(p + 80, w);
    w = v128.load(p, 96);
    t = add(add(b, add(w, v128.load(k, 96))), choice(g, h, a)); f = add(f, t); b = add(t, majority(c, d, e));
    expandTo(p + 96, w);
    w = v128.load(p, 112);
    t = add(add(a, add(w, v128.load(k, 112))), choice(f, g, h)); e = add(e, t); a = add(t, majority(b, c, d));
    expandTo(p + 112, w);
    w = v128.load(p, 128);
    t = add(add(h, add(w, v128.load(k, 128))), choice(e, f, g)); d = add(d, t); h = add(t, majority(a, b, c));
    expandTo(p + 128, w);
    w = v128.load(p, 144);
    t = add(add(g, add(w, v128.load(k, 144))), choice(d, e, f)); c = add(c, t); g = add(t, majority(h, a, b));
    expandTo(p + 144, w);
    w = v128.load(p, 160);
    t = add(add(f, add(w, v128.load(k, 160))), choice(c, d, e)); b = add(b, t); f = add(t, majority(g, h, a));
    expandTo(p + 160, w);
    w = v128.load(p, 176);
    t = add(add(e, add(w, v128.load(k, 176))), choice(b, c, d)); a = add(a, t); e = add(t, majority(f, g, h));
    expandTo(p + 176, w);
    w = v128.load(p, 192);
    t = add(add(d, add(w, v128.load(k, 192))), choice(a, b, c)); h = add(h, t); d = add(t, majority(e, f, g));
    expandTo(p + 192, w);
    w = v128.load(p, 208);
    t = add(add(c, add(w, v128.load(k, 208))), choice(h, a, b)); g = add(g, t); c = add(t, majority(d, e, f));
    expandTo(p + 208, w);
    w = v128.load(p, 224);
    t = add(add(b, add(w, v128.load(k, 224))), choice(g, h, a)); f = add(f, t); b = add(t, majority(c, d, e));
    expandTo(p + 224, w);
    w = v128.load(p, 240);
    t = add(add(a, add(w, v128.load(k, 240))), choice(f, g, h)); e = add(e, t); a = add(t, majority(b, c, d));
    expandTo(p + 240, w);
  }
  t = add(add(h, add(v128.load(p, 0), v128.load(k, 0))), choice(e, f, g)); d = add(d, t); h = add(t, majority(a, b, c));
  t = add(add(g, add(v128.load(p, 16), v128.load(k, 16))), choice(d, e, f)); c = add(c, t); g = add(t, majority(h, a, b));
  t = add(add(f, add(v128.load(p, 32), v128.load(k, 32))), choice(c, d, e)); b = add(b, t); f = add(t, majority(g, h, a));
  t = add(add(e, add(v128.load(p, 48), v128.load(k, 48))), choice(b, c, d)); a = add(a, t); e = add(t, majority(f, g, h));
  t = add(add(d, add(v128.load(p, 64), v128.load(k, 64))), choice(a, b, c)); h = add(h, t); d = add(t, majority(e, f, g));
  t = add(add(c, add(v128.load(p, 80), v128.load(k, 80))), choice(h, a, b)); g = add(g, t); c = add(t, majority(d, e, f));
  t = add(add(b, add(v128.load(p, 96), v128.load(k, 96))), choice(g, h, a)); f = add(f, t); b = add(t, majority(c, d, e));
  t = add(add(a, add(v128.load(p, 112), v128.load(k, 112))), choice(f, g, h)); e = add(e, t); a = add(t, majority(b, c, d));
  t = add(add(h, add(v128.load(p, 128), v128.load(k, 128))), choice(e, f, g)); d = add(d, t); h = add(t, majority(a, b, c));
  t = add(add(g, add(v128.load(p, 144), v128.load(k, 144))), choice(d, e, f)); c = add(c, t); g = add(t, majority(h, a, b));
  t = add(add(f, add(v128.load(p, 160), v128.load(k, 160))), choice(c, d, e)); b = add(b, t); f = add(t, majority(g, h, a));
  t = add(add(e, add(v128.load(p, 176), v128.load(k, 176))), choice(b, c, d)); a = add(a, t); e = add(t, majority(f, g, h));
  t = add(add(d, add(v128.load(p, 192), v128.load(k, 192))), choice(a, b, c)); h = add(h, t); d = add(t, majority(e, f, g));
  t = add(add(c, add(v128.load(p, 208), v128.load(k, 208))), choice(h, a, b)); g = add(g, t); c = add(t, majority(d, e, f));
  t = add(add(b, add(v128.load(p, 224), v128.load(k, 224))), choice(g, h, a)); f = add(f, t); b = add(t, majority(c, d, e));
  t = add(add(a, add(v128.load(p, 240), v128.load(k, 240))), choice(f, g, h)); e = add(e, t); a = add(t, majority(b, c, d));
  addToState(a, b, c, d, e, f, g, h);
}

@inline function addToState(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): void {
  v128.store(STATE, add(a, v128.load(STATE, 0)), 0);
  v128.store(STATE, add(b, v128.load(STATE, 16)), 16);
  v128.store(STATE, add(c, v128.load(STATE, 32)), 32);
  v128.store(STATE, add(d, v128.load(STATE, 48)), 48);
  v128.store(STATE, add(e, v128.load(STATE, 64)), 64);
  v128.store(STATE, add(f, v128.load(STATE, 80)), 80);
  v128.store(STATE, add(g, v128.load(STATE, 96)), 96);
  v128.store(STATE, add(h, v128.load(STATE, 112)), 112);
}

/** The 64 rounds over four of the prepared second blocks. */
function compressPrepared(p: usize, q: usize, r: usize, s: usize): void {
  let a = v128.load(STATE, 0), b = v128.load(STATE, 16), c = v128.load(STATE, 32), d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64), f = v128.load(STATE, 80), g = v128.load(STATE, 96), h = v128.load(STATE, 112);
  let t: v128;
  for (let i: usize = 0; i < 256; i += 32) {
    let l0 = v128.load(p + i), l1 = v128.load(q + i), l2 = v128.load(r + i), l3 = v128.load(s + i);
    let m0 = v128.shuffle<i32>(l0, l1, 0, 4, 1, 5), m1 = v128.shuffle<i32>(l2, l3, 0, 4, 1, 5);
    let m2 = v128.shuffle<i32>(l0, l1, 2, 6, 3, 7), m3 = v128.shuffle<i32>(l2, l3, 2, 6, 3, 7);
    t = add(add(h, v128.shuffle<i64>(m0, m1, 0, 2)), choice(e, f, g)); d = add(d, t); h = add(t, majority(a, b, c));
    t = add(add(g, v128.shuffle<i64>(m0, m1, 1, 3)), choice(d, e, f)); c = add(c, t); g = add(t, majority(h, a, b));
    t = add(add(f, v128.shuffle<i64>(m2, m3, 0, 2)), choice(c, d, e)); b = add(b, t); f = add(t, majority(g, h, a));
    t = add(add(e, v128.shuffle<i64>(m2, m3, 1, 3)), choice(b, c, d)); a = add(a, t); e = add(t, majority(f, g, h));
    l0 = v128.load(p + i, 16); l1 = v128.load(q + i, 16); l2 = v128.load(r + i, 16); l3 = v128.load(s + i, 16);
    m0 = v128.shuffle<i32>(l0, l1, 0, 4, 1, 5); m1 = v128.shuffle<i32>(l2, l3, 0, 4, 1, 5);
    m2 = v128.shuffle<i32>(l0, l1, 2, 6, 3, 7); m3 = v128.shuffle<i32>(l2, l3, 2, 6, 3, 7);
    t = add(add(d, v128.shuffle<i64>(m0, m1, 0, 2)), choice(a, b, c)); h = add(h, t); d = add(t, majority(e, f, g));
    t = add(add(c, v128.shuffle<i64>(m0, m1, 1, 3)), choice(h, a, b)); g = add(g, t); c = add(t, majority(d, e, f));
    t = add(add(b, v128.shuffle<i64>(m2, m3, 0, 2)), choice(g, h, a)); f = add(f, t); b = add(t, majority(c, d, e));
    t = add(add(a, v128.shuffle<i64>(m2, m3, 1, 3)), choice(f, g, h)); e = add(e, t); a = add(t, majority(b, c, d));
  }
  addToState(a, b, c, d, e, f, g, h);
}

@inline function swapped(x: v128): v128 {
  return v128.shuffle<i8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Four times 16 bytes, one of each lane, to words `4 · quad …` of the block. */
@inline function putWords(quad: usize, l0: v128, l1: v128, l2: v128, l3: v128): void {
  const m0 = swapped(v128.shuffle<i32>(l0, l1, 0, 4, 1, 5));
  const m1 = swapped(v128.shuffle<i32>(l2, l3, 0, 4, 1, 5));
  const m2 = swapped(v128.shuffle<i32>(l0, l1, 2, 6, 3, 7));
  const m3 = swapped(v128.shuffle<i32>(l2, l3, 2, 6, 3, 7));
  v128.store(WORDS + 64 * quad, v128.shuffle<i64>(m0, m1, 0, 2), 0);
  v128.store(WORDS + 64 * quad, v128.shuffle<i64>(m0, m1, 1, 3), 16);
  v128.store(WORDS + 64 * quad, v128.shuffle<i64>(m2, m3, 0, 2), 32);
  v128.store(WORDS + 64 * quad, v128.shuffle<i64>(m2, m3, 1, 3), 48);
}

/** Writes the digests of the four lanes. */
function finish(o0: usize, o1: usize, o2: usize, o3: usize): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const at = STATE + 4 * half;
    const l0 = v128.load(at, 0), l1 = v128.load(at, 16), l2 = v128.load(at, 32), l3 = v128.load(at, 48);
    const m0 = swapped(v128.shuffle<i32>(l0, l1, 0, 4, 1, 5));
    const m1 = swapped(v128.shuffle<i32>(l2, l3, 0, 4, 1, 5));
    const m2 = swapped(v128.shuffle<i32>(l0, l1, 2, 6, 3, 7));
    const m3 = swapped(v128.shuffle<i32>(l2, l3, 2, 6, 3, 7));
    v128.store(o0 + half, v128.shuffle<i64>(m0, m1, 0, 2));
    v128.store(o1 + half, v128.shuffle<i64>(m0, m1, 1, 3));
    v128.store(o2 + half, v128.shuffle<i64>(m2, m3, 0, 2));
    v128.store(o3 + half, v128.shuffle<i64>(m2, m3, 1, 3));
  }
}

@inline function messageAt(blocks: i32, lane: i32): usize {
  // Behind the messages of fewer blocks, with 32 bytes after each four so that vectors may write over the end.
  return MESSAGES + 128 * blocks * (blocks - 1) + 32 * blocks + 64 * blocks * lane;
}

/** Hashes the lanes that wait with so many blocks. */
function hashWaiting(blocks: i32): void {
  const lanes = load<i32>(WAITING + 4 * blocks);
  const m0 = messageAt(blocks, 0);
  const m1 = lanes > 1 ? messageAt(blocks, 1) : m0;
  const m2 = lanes > 2 ? messageAt(blocks, 2) : m0;
  const m3 = lanes > 3 ? messageAt(blocks, 3) : m0;
  begin();
  for (let at: usize = 0; at < 64 * <usize>blocks; at += 64) {
    for (let quad: usize = 0; quad < 4; quad++) {
      const from = at + 16 * quad;
      putWords(quad, v128.load(m0 + from), v128.load(m1 + from), v128.load(m2 + from), v128.load(m3 + from));
    }
    compress();
  }
  const targets = TARGETS + 16 * blocks;
  finish(
    load<u32>(targets),
    lanes > 1 ? load<u32>(targets, 4) : NOWHERE,
    lanes > 2 ? load<u32>(targets, 8) : NOWHERE,
    lanes > 3 ? load<u32>(targets, 12) : NOWHERE,
  );
  store<i32>(WAITING + 4 * blocks, 0);
}

/**
 * SHA-256(prefix ‖ record) of records `offsets[0 … count]` (u32, from `base`) to `out`, 32 bytes each. Records longer than
 * `longest` (at most 1,014) are left out: their place in `out` is not written.
 */
export function hashRecords(base: usize, offsets: usize, count: i32, prefix: i32, longest: i32, out: usize): void {
  for (let i = 0; i < count; i++, out += 32) {
    const from = base + load<u32>(offsets + 4 * i);
    const length = <i32>(load<u32>(offsets + 4 * i, 4) - load<u32>(offsets + 4 * i));
    if (length > longest) continue;
    const blocks = ((length + 9) >> 6) + 1;
    const lane = load<i32>(WAITING + 4 * blocks);
    const to = messageAt(blocks, lane);
    store<u8>(to, <u8>prefix);
    for (let k = 0; k < length; k += 16) v128.store(to + 1 + k, v128.load(from + k));
    store<u8>(to + 1 + length, 0x80);
    const end = to + 64 * blocks;
    for (let at = to + 2 + length; at < end; at += 16) v128.store(at, i32x4.splat(0));
    store<u32>(end - 4, bswap<u32>(8 * (length + 1)));
    store<u32>(TARGETS + 16 * blocks + 4 * lane, <u32>out);
    store<i32>(WAITING + 4 * blocks, lane + 1);
    if (lane === 3) hashWaiting(blocks);
  }
  for (let blocks = 1; blocks <= MOST_BLOCKS; blocks++) if (load<i32>(WAITING + 4 * blocks) > 0) hashWaiting(blocks);
}

/** SHA-256(01 ‖ left ‖ right) of `pairs` pairs of digests to `out`, which may be `nodes`. */
export function hashPairs(nodes: usize, pairs: i32, out: usize): void {
  for (let i = 0; i < pairs; i += 4, nodes += 256, out += 128) {
    const lanes = pairs - i;
    const n1 = lanes > 1 ? nodes + 64 : nodes;
    const n2 = lanes > 2 ? nodes + 128 : nodes;
    const n3 = lanes > 3 ? nodes + 192 : nodes;
    begin();
    putWords(0, headed(nodes), headed(n1), headed(n2), headed(n3));
    for (let quad: usize = 1; quad < 4; quad++) {
      const k = 16 * quad - 1;
      putWords(quad, v128.load(nodes + k), v128.load(n1 + k), v128.load(n2 + k), v128.load(n3 + k));
    }
    compress();
    compressPrepared(secondBlock(nodes), secondBlock(n1), secondBlock(n2), secondBlock(n3));
    finish(out, lanes > 1 ? out + 32 : NOWHERE, lanes > 2 ? out + 64 : NOWHERE + 32, lanes > 3 ? out + 96 : NOWHERE + 64);
  }
}

@inline function headed(node: usize): v128 { return i8x16.replace_lane(v128.load(node - 1), 0, 1); }
@inline function secondBlock(node: usize): usize { return SECOND_BLOCKS + 256 * <usize>load<u8>(node + 63); }

/** Levels above `count` digests (a multiple of 2^levels), in place: afterwards the first count / 2^levels are the roots. */
export function hashLevels(nodes: usize, count: i32, levels: i32): void {
  for (let level = 0; level < levels; level++, count >>= 1) hashPairs(nodes, count >> 1, nodes);
}

/** SHA-256(02 ‖ key ‖ count) of keys and their counts (f64, whole) to `out`. */
function hashSetLeaves(keys: usize, counts: usize, n: i32, out: usize): void {
  for (let k: usize = 176; k < 240; k += 16) v128.store(WORDS + k, i32x4.splat(0));
  v128.store(WORDS + 240, i32x4.splat(328));
  for (let i = 0; i < n; i += 4, keys += 128, counts += 32, out += 128) {
    const lanes = n - i;
    const k1: usize = lanes > 1 ? 32 : 0;
    const k2: usize = lanes > 2 ? 64 : 0;
    const k3: usize = lanes > 3 ? 96 : 0;
    begin();
    putWords(0, leafHead(keys), leafHead(keys + k1), leafHead(keys + k2), leafHead(keys + k3));
    putWords(1, v128.load(keys, 15), v128.load(keys + k1, 15), v128.load(keys + k2, 15), v128.load(keys + k3, 15));
    // The last byte of the key, then the count: three words that lie across its eight bytes.
    for (let lane: usize = 0; lane < 4; lane++) {
      const from = lane < <usize>lanes ? lane : 0;
      const count = <u64>load<f64>(counts + 8 * from);
      store<u32>(WORDS + 128 + 4 * lane, (<u32>load<u8>(keys + 32 * from, 31) << 24) | <u32>(count >> 40));
      store<u32>(WORDS + 144 + 4 * lane, <u32>(count >> 8));
      store<u32>(WORDS + 160 + 4 * lane, (<u32>count << 24) | 0x800000);
    }
    compress();
    finish(out, lanes > 1 ? out + 32 : NOWHERE, lanes > 2 ? out + 64 : NOWHERE + 32, lanes > 3 ? out + 96 : NOWHERE + 64);
  }
}

@inline function leafHead(key: usize): v128 { return i8x16.replace_lane(v128.load(key - 1), 0, 2); }

/** The first bit in which two different keys differ. */
@inline function firstDifference(left: usize, right: usize): i32 {
  for (let word: usize = 0; word < 32; word += 8) {
    const difference = load<u64>(left + word) ^ load<u64>(right + word);
    if (difference !== 0) return <i32>(8 * word + clz(bswap<u64>(difference)));
  }
  return 256;
}

/**
 * The tops of the subsets that n ≥ 1 keys, strictly ascending, fall into by their first `limit` bits, to `out`, 32 bytes
 * each; with limit 0 that is the top of all.
 *
 * First the shape: a node stands where two neighbours part, and a stack whose bits grow joins them, as one pass over sorted
 * keys does. Then hashes from below, all nodes of one height together, so that four lanes are nearly always full.
 *
 * @param counts f64, whole; or 0 where each key stands for a subset, whose top is in `work` already.
 * @param work Room for 96 bytes a key and 2,080 more.
 * @param out May be `keys`: a subset has its first key at its number or behind.
 * @returns Number of subsets.
 */
export function setTops(keys: usize, counts: usize, n: i32, limit: i32, work: usize, out: usize): i32 {
  const leaves = work;
  const nodes = leaves + 32 * n;
  // For each node: the addresses of its two sides, its bit and its height; then nodes by height, and the stack.
  const sides = nodes + 32 * n;
  const bits = sides + 8 * n;
  const heights = bits + 4 * n;
  const ordered = heights + 4 * n;
  const starts = ordered + 4 * n;
  const stack = starts + 1040;
  if (counts !== 0) hashSetLeaves(keys, counts, n, leaves);
  for (let i = 0; i < 260; i++) store<i32>(starts + 4 * i, 0);
  let depth = 0;
  let top = leaves;
  let height = 0;
  let subsets = 0;
  for (let i = 1; i <= n; i++) {
    const bit = i < n ? firstDifference(keys + 32 * (i - 1), keys + 32 * i) : -1;
    while (depth > 0) {
      const node = load<i32>(stack + 4 * (depth - 1));
      if (load<i32>(bits + 4 * node) <= bit) break;
      depth--;
      store<u32>(sides + 8 * node, <u32>top, 4);
      const left = load<i32>(heights + 4 * node);
      height = (left > height ? left : height) + 1;
      store<i32>(heights + 4 * node, height);
      store<i32>(starts + 4 * height, load<i32>(starts + 4 * height) + 1);
      top = nodes + 32 * node;
    }
    if (bit < limit) {
      // No node, as nothing waits any more: the address of a top, until it is hashed.
      store<u32>(out + 32 * subsets++, <u32>top);
      if (i === n) break;
      store<i32>(heights + 4 * i, 0);
    } else {
      store<u32>(sides + 8 * i, <u32>top);
      store<i32>(bits + 4 * i, bit);
      // Until it is closed, the height of its left side.
      store<i32>(heights + 4 * i, height);
      store<i32>(stack + 4 * depth++, i);
    }
    top = leaves + 32 * i;
    height = 0;
  }
  let before = 0;
  for (let i = 0; i < 260; i++) {
    const here = load<i32>(starts + 4 * i);
    store<i32>(starts + 4 * i, before);
    before += here;
  }
  for (let i = 1; i < n; i++) {
    const h = load<i32>(heights + 4 * i);
    if (h === 0) continue;
    const place = load<i32>(starts + 4 * h);
    store<i32>(ordered + 4 * place, i);
    store<i32>(starts + 4 * h, place + 1);
  }
  // Now starts[h] is where height h ends.
  let done = 0;
  for (let h = 1; done < n - subsets; h++) {
    const end = load<i32>(starts + 4 * h);
    for (; done < end; done += 4) hashSetNodes(ordered + 4 * done, min(4, end - done), sides, bits, nodes);
    done = end;
  }
  for (let i = 0; i < subsets; i++, out += 32) {
    const from = <usize>load<u32>(out);
    v128.store(out, v128.load(from));
    v128.store(out, v128.load(from, 16), 16);
  }
  return subsets;
}

/** SHA-256(03 ‖ bit ‖ left ‖ right) of up to four nodes. */
function hashSetNodes(ordered: usize, lanes: i32, sides: usize, bits: usize, nodes: usize): void {
  const i0 = load<i32>(ordered);
  const i1 = lanes > 1 ? load<i32>(ordered, 4) : i0;
  const i2 = lanes > 2 ? load<i32>(ordered, 8) : i0;
  const i3 = lanes > 3 ? load<i32>(ordered, 12) : i0;
  const l0 = load<u32>(sides + 8 * i0), l1 = load<u32>(sides + 8 * i1), l2 = load<u32>(sides + 8 * i2), l3 = load<u32>(sides + 8 * i3);
  const r0 = load<u32>(sides + 8 * i0, 4), r1 = load<u32>(sides + 8 * i1, 4), r2 = load<u32>(sides + 8 * i2, 4), r3 = load<u32>(sides + 8 * i3, 4);
  begin();
  putWords(0, nodeHead(l0, bits + 4 * i0), nodeHead(l1, bits + 4 * i1), nodeHead(l2, bits + 4 * i2), nodeHead(l3, bits + 4 * i3));
  putWords(1, v128.load(l0, 14), v128.load(l1, 14), v128.load(l2, 14), v128.load(l3, 14));
  putWords(2, seam(l0, r0), seam(l1, r1), seam(l2, r2), seam(l3, r3));
  putWords(3, v128.load(r0, 14), v128.load(r1, 14), v128.load(r2, 14), v128.load(r3, 14));
  compress();
  v128.store(WORDS, i32x4.splat(0x8000), 0);
  store<u16>(WORDS + 2, bswap<u16>(load<u16>(r0, 30)));
  store<u16>(WORDS + 6, bswap<u16>(load<u16>(r1, 30)));
  store<u16>(WORDS + 10, bswap<u16>(load<u16>(r2, 30)));
  store<u16>(WORDS + 14, bswap<u16>(load<u16>(r3, 30)));
  for (let k: usize = 16; k < 240; k += 16) v128.store(WORDS + k, i32x4.splat(0));
  v128.store(WORDS, i32x4.splat(528), 240);
  compress();
  finish(
    nodes + 32 * i0,
    lanes > 1 ? nodes + 32 * i1 : NOWHERE,
    lanes > 2 ? nodes + 32 * i2 : NOWHERE + 32,
    lanes > 3 ? nodes + 32 * i3 : NOWHERE + 64,
  );
}

@inline function nodeHead(left: usize, bit: usize): v128 {
  return i16x8.replace_lane(v128.load(left - 2), 0, <i16>(3 | (load<i32>(bit) << 8)));
}
/** The last two bytes of the left side and the first 14 of the right one. */
@inline function seam(left: usize, right: usize): v128 {
  return i16x8.replace_lane(v128.load(right - 2), 0, <i16>load<u16>(left, 30));
}
