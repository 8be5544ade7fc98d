/** Sums over rows for means and covariances, and distances by a Cholesky factor, in the order of sums that `src/numeric` has. */

@inline function splat(at: usize): v128 { return v128.load64_splat(at); }
@inline function plus(sum: v128, a: v128, b: v128): v128 { return f64x2.add(sum, f64x2.mul(a, b)); }
@inline function minus(sum: v128, a: v128, b: v128): v128 { return f64x2.sub(sum, f64x2.mul(a, b)); }

/** Adds rows (row after row) times their weights to `sums`, which has room for an even number of columns. */
export function addWeightedRows(x: usize, rows: i32, columns: i32, weights: usize, sums: usize): void {
  const width: usize = 8 * columns;
  for (let i = 0; i < rows; i++) {
    const weight = splat(weights + 8 * usize(i));
    for (let j: usize = 0; j < width; j += 16) v128.store(sums + j, plus(v128.load(sums + j), weight, v128.load(x + j)));
    x += width;
  }
}

/**
 * Takes the mean off rows, in place, and adds the products of their columns times their weights to the lower triangle of
 * `products`, whose rows have room for an even number of columns. Rows come in fours; what is above the diagonal is undefined.
 */
export function addCentredProducts(x: usize, rows: i32, columns: i32, weights: usize, mean: usize, products: usize): void {
  const width: usize = 8 * columns, stride: usize = 8 * ((columns + 1) & ~1);
  for (let i = 0; i < rows; i += 4) {
    const a = x, b = a + width, c = b + width, d = c + width;
    x = d + width;
    for (let row = a; row < x; row += width) {
      for (let j: usize = 0; j < width; j += 8) store<f64>(row + j, load<f64>(row + j) - load<f64>(mean + j));
    }
    const weight = weights + 8 * usize(i);
    let to = products;
    for (let j: usize = 0; j < width; j += 8) {
      const p = f64x2.splat(load<f64>(weight) * load<f64>(a + j)), q = f64x2.splat(load<f64>(weight, 8) * load<f64>(b + j));
      const r = f64x2.splat(load<f64>(weight, 16) * load<f64>(c + j)), s = f64x2.splat(load<f64>(weight, 24) * load<f64>(d + j));
      for (let k: usize = 0; k <= j; k += 16) {
        const sum = plus(plus(plus(v128.load(to + k), p, v128.load(a + k)), q, v128.load(b + k)), r, v128.load(c + k));
        v128.store(to + k, plus(sum, s, v128.load(d + k)));
      }
      to += stride;
    }
  }
}

/**
 * The squared length of L⁻¹ (x − mean) of every row, for a lower triangle L (row after row). Rows come in eights; `tile` has room for
 * eight of them.
 */
export function squaredLengths(x: usize, rows: i32, columns: i32, mean: usize, lower: usize, tile: usize, out: usize): void {
  const width: usize = 8 * columns;
  for (let i = 0; i < rows; i += 8) {
    for (let j: usize = 0; j < width; j += 8) {
      const centre = load<f64>(mean + j), to = tile + 8 * j;
      for (let lane: usize = 0; lane < 8; lane++) store<f64>(to + 8 * lane, load<f64>(x + lane * width + j) - centre);
    }
    let a = f64x2.splat(0), b = a, c = a, d = a, row = lower;
    for (let end = tile; end < tile + 8 * width; end += 64) {
      let p = v128.load(end), q = v128.load(end, 16), r = v128.load(end, 32), s = v128.load(end, 48);
      let from = row;
      for (let t = tile; t < end; t += 64) {
        const factor = splat(from);
        p = minus(p, factor, v128.load(t));
        q = minus(q, factor, v128.load(t, 16));
        r = minus(r, factor, v128.load(t, 32));
        s = minus(s, factor, v128.load(t, 48));
        from += 8;
      }
      const diagonal = splat(from);
      p = f64x2.div(p, diagonal); q = f64x2.div(q, diagonal); r = f64x2.div(r, diagonal); s = f64x2.div(s, diagonal);
      v128.store(end, p); v128.store(end, q, 16); v128.store(end, r, 32); v128.store(end, s, 48);
      a = plus(a, p, p); b = plus(b, q, q); c = plus(c, r, r); d = plus(d, s, s);
      row += width;
    }
    v128.store(out, a); v128.store(out, b, 16); v128.store(out, c, 32); v128.store(out, d, 48);
    out += 64;
    x += 8 * width;
  }
}
