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

/**
 * The first four references, from `from` in steps of four, one of which may be near enough to a row of the tile: its start
 * plus the product of both is not above the limit of that row. `to` where there are none. Writes to `out` which: bit 8 r + q for
 * reference r of the four and row q.
 *
 * References have `columns` values each and a start value in `starts`; limits are eight.
 */
export function firstNear(tile: usize, references: usize, starts: usize, columns: i32, from: i32, to: i32, limits: usize, out: usize): i32 {
  const width: usize = 4 * columns;
  const low = v128.load(limits), high = v128.load(limits, 16);
  for (let i = from; i < to; i += 4) {
    let r0 = references + usize(i) * width;
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
      store<i32>(out, near(a0, b0, low, high) | near(a1, b1, low, high) << 8 | near(a2, b2, low, high) << 16 | near(a3, b3, low, high) << 24);
      return i;
    }
  }
  return to;
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
