/** Distances of eight rows (a tile: column after column, eight values each) to references (row after row), in single precision. */

@inline function splat(at: usize): v128 { return v128.load32_splat(at); }
@inline function plus(sum: v128, a: v128, b: v128): v128 { return f32x4.add(sum, f32x4.mul(a, b)); }
@inline function squared(sum: v128, a: v128, b: v128): v128 {
  const difference = f32x4.sub(a, b);
  return f32x4.add(sum, f32x4.mul(difference, difference));
}

@inline function near(a: v128, b: v128, low: v128, high: v128): i32 {
  return i32x4.bitmask(f32x4.le(a, low)) | i32x4.bitmask(f32x4.le(b, high)) << 4;
}

/** Where a search for nearest rows works; JavaScript writes one word a field, in this order. */
@unmanaged
class Search {
  /** Eight rows in double precision, row after row, how many of them are real, and the number of the first. */
  rows: usize;
  real: i32;
  row: i32;
  columns: i32;
  /** Taken off all rows before they become a tile; and what is left of each of the eight, squared. */
  centre: usize;
  norms: usize;
  /** References in double precision; and in single precision with one more column, times −2; and their start values. */
  values: usize;
  references: usize;
  starts: usize;
  /** How many there are, and the number of the first. There is room for a multiple of four. */
  count: i32;
  first: i32;
  /** For each of the eight, the nearest so far: nearest first. */
  k: i32;
  nearest: usize;
  distances: usize;
  tile: usize;
  limits: usize;
}

const UNIT: f64 = 1.0 / 16777216;

// Which of four references may be near enough to which row: bit 8 r + q for reference r and row q.
let found: i32 = 0;

/**
 * The first four references, from `from` in steps of four, one of which may be near enough to a row of the tile: its start
 * plus the product of both is not above the limit of that row. `to` where there are none.
 */
function firstNear(search: Search, from: i32, to: i32): i32 {
  const tile = search.tile, starts = search.starts;
  const width: usize = 4 * (search.columns + 1);
  const low = v128.load(search.limits), high = v128.load(search.limits, 16);
  for (let i = from; i < to; i += 4) {
    let r0 = search.references + usize(i) * width;
    let r1 = r0 + width, r2 = r1 + width, r3 = r2 + width;
    let a0 = splat(starts + 4 * usize(i)), a1 = splat(starts + 4 * usize(i) + 4), a2 = splat(starts + 4 * usize(i) + 8), a3 = splat(starts + 4 * usize(i) + 12);
    let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
    for (let t = tile, end = tile + 8 * width; t < end; t += 32) {
      const x = v128.load(t), y = v128.load(t, 16);
      let z = splat(r0); a0 = plus(a0, x, z); b0 = plus(b0, y, z);
      z = splat(r1); a1 = plus(a1, x, z); b1 = plus(b1, y, z);
      z = splat(r2); a2 = plus(a2, x, z); b2 = plus(b2, y, z);
      z = splat(r3); a3 = plus(a3, x, z); b3 = plus(b3, y, z);
      r0 += 4; r1 += 4; r2 += 4; r3 += 4;
    }
    const least = f32x4.pmin(f32x4.pmin(a0, a1), f32x4.pmin(a2, a3));
    const other = f32x4.pmin(f32x4.pmin(b0, b1), f32x4.pmin(b2, b3));
    if (v128.any_true(v128.or(f32x4.le(least, low), f32x4.le(other, high)))) {
      found = near(a0, b0, low, high) | near(a1, b1, low, high) << 8 | near(a2, b2, low, high) << 16 | near(a3, b3, low, high) << 24;
      return i;
    }
  }
  return to;
}

/** What the value of a tile must not be above for a reference that may still be near enough. */
function setLimit(search: Search, lane: i32): void {
  const slack = f64(search.columns) * 1e-15;
  const own = load<f64>(search.norms + 8 * usize(lane)) * (1 - slack);
  const most = load<f64>(search.distances + 8 * usize(lane * search.k + search.k - 1)) * (1 + slack) - own;
  store<f32>(search.limits + 4 * usize(lane), f32(most + abs(most) * 4 * UNIT + 1e-30));
}

/** Measures a reference and takes it into the list of a row if it is near enough, of equal distances the lower number. */
function measure(search: Search, lane: i32, reference: i32): void {
  const other = search.first + reference, k = search.k;
  if (other == search.row + lane) return;
  let x = search.rows + 8 * usize(lane * search.columns), y = search.values + 8 * usize(reference) * usize(search.columns);
  let sum: f64 = 0;
  for (const end = x + 8 * usize(search.columns); x < end; x += 8) {
    const difference = load<f64>(x) - load<f64>(y);
    sum += difference * difference;
    y += 8;
  }
  const numbers = search.nearest + 4 * usize(lane * k), distances = search.distances + 8 * usize(lane * k);
  let at = usize(k - 1);
  const worst = load<f64>(distances + 8 * at);
  if (!(sum < worst || (sum == worst && other < load<i32>(numbers + 4 * at)))) return;
  for (; at > 0; at--) {
    const before = load<f64>(distances + 8 * (at - 1)), number = load<i32>(numbers + 4 * (at - 1));
    if (!(before > sum || (before == sum && number > other))) break;
    store<f64>(distances + 8 * at, before);
    store<i32>(numbers + 4 * at, number);
  }
  store<f64>(distances + 8 * at, sum);
  store<i32>(numbers + 4 * at, other);
  setLimit(search, lane);
}

/** Takes into the lists of eight rows what is near enough among the references. */
export function searchNearest(search: Search): void {
  const columns = search.columns;
  for (let lane = 0; lane < 8; lane++) {
    const real = lane < search.real;
    const x = search.rows + 8 * usize(lane * columns);
    let to = search.tile + 4 * usize(lane);
    for (let j: usize = 0; j < 8 * usize(columns); j += 8) {
      store<f32>(to, real ? f32(load<f64>(x + j) - load<f64>(search.centre + j)) : 0);
      to += 32;
    }
    store<f32>(to, real ? f32(sqrt(load<f64>(search.norms + 8 * usize(lane)))) : 0);
    if (real) setLimit(search, lane);
    else store<f32>(search.limits + 4 * usize(lane), -Infinity);
  }
  const filled = (search.count + 3) & ~3;
  for (let from = firstNear(search, 0, filled); from < filled; from = firstNear(search, from + 4, filled)) {
    for (let bits = found; bits != 0; bits &= bits - 1) {
      const bit = ctz(bits);
      const reference = from + (bit >> 3);
      if (reference < search.count) measure(search, bit & 7, reference);
    }
  }
}

/** Rows (row after row, in double precision, a multiple of eight) as tiles. */
export function fillTiles(x: usize, rows: i32, columns: i32, tiles: usize): void {
  const width: usize = 8 * columns;
  for (let i = 0; i < rows; i += 8) {
    const a = x, b = a + width, c = b + width, d = c + width, e = d + width, f = e + width, g = f + width, h = g + width;
    for (let j: usize = 0; j < width; j += 8) {
      store<f32>(tiles, f32(load<f64>(a + j))); store<f32>(tiles, f32(load<f64>(b + j)), 4);
      store<f32>(tiles, f32(load<f64>(c + j)), 8); store<f32>(tiles, f32(load<f64>(d + j)), 12);
      store<f32>(tiles, f32(load<f64>(e + j)), 16); store<f32>(tiles, f32(load<f64>(f + j)), 20);
      store<f32>(tiles, f32(load<f64>(g + j)), 24); store<f32>(tiles, f32(load<f64>(h + j)), 28);
      tiles += 32;
    }
    x = h + width;
  }
}

/**
 * The distance of every row of `count` tiles to the nearest reference of each draw: to `out` for each draw one value a row.
 * A draw has `size` references, a multiple of four.
 */
export function leastDistances(tiles: usize, count: i32, columns: i32, references: usize, draws: i32, size: i32, out: usize): void {
  const width: usize = 4 * columns;
  const stride: usize = 32 * count;
  for (let tile = tiles, last = tiles + usize(count) * 8 * width; tile < last; tile += 8 * width) {
    const end = tile + 8 * width;
    let reference = references, to = out;
    out += 32;
    for (let draw = 0; draw < draws; draw++) {
      let low = f32x4.splat(Infinity), high = low;
      for (let i = 0; i < size; i += 4) {
        let r0 = reference, r1 = r0 + width, r2 = r1 + width, r3 = r2 + width;
        reference = r3 + width;
        let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (let t = tile; t < end; t += 32) {
          const x = v128.load(t), y = v128.load(t, 16);
          let z = splat(r0); a0 = squared(a0, x, z); b0 = squared(b0, y, z);
          z = splat(r1); a1 = squared(a1, x, z); b1 = squared(b1, y, z);
          z = splat(r2); a2 = squared(a2, x, z); b2 = squared(b2, y, z);
          z = splat(r3); a3 = squared(a3, x, z); b3 = squared(b3, y, z);
          r0 += 4; r1 += 4; r2 += 4; r3 += 4;
        }
        low = f32x4.pmin(low, f32x4.pmin(f32x4.pmin(a0, a1), f32x4.pmin(a2, a3)));
        high = f32x4.pmin(high, f32x4.pmin(f32x4.pmin(b0, b1), f32x4.pmin(b2, b3)));
      }
      v128.store(to, f32x4.sqrt(low)); v128.store(to, f32x4.sqrt(high), 16);
      to += stride;
    }
  }
}
