/**
 * Slopes of multinomial logistic regression, two classes at a time, in the order of sums that `src/numeric/logistic-regression.ts`
 * has. Rows come in fours, classes in twos; weights and gradient hold for each column, and last for the intercept, one value a class.
 */

@inline function splat(at: usize): v128 { return v128.load64_splat(at); }
@inline function plus(sum: v128, a: v128, b: v128): v128 { return f64x2.add(sum, f64x2.mul(a, b)); }
@inline function term(sum: v128, r: v128, divisor: f64): v128 { return plus(f64x2.splat(1 / divisor), sum, r); }

/** e to the power of x, as `src/numeric/elementary.ts` has it, for x from −700 to 0. */
@inline function exponentials(x: v128): v128 {
  const k = f64x2.floor(plus(f64x2.splat(0.5), x, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, f64x2.splat(0.6931471803691238))), f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)));
  let sum = f64x2.splat(1 / 6227020800.0);
  sum = term(sum, r, 479001600);
  sum = term(sum, r, 39916800);
  sum = term(sum, r, 3628800);
  sum = term(sum, r, 362880);
  sum = term(sum, r, 40320);
  sum = term(sum, r, 5040);
  sum = term(sum, r, 720);
  sum = term(sum, r, 120);
  sum = term(sum, r, 24);
  sum = term(sum, r, 6);
  sum = plus(f64x2.splat(0.5), sum, r);
  const value = f64x2.add(f64x2.splat(1), f64x2.add(r, f64x2.mul(f64x2.mul(r, r), sum)));
  const exponent = i64x2.add(i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k)), i64x2.splat(1023));
  return f64x2.mul(value, i64x2.shl(exponent, 52));
}

/** The scores of four rows: for each, one value a class. */
function scoreRows(x: usize, columns: i32, weights: usize, padded: usize, scores: usize): void {
  const width: usize = 8 * columns, stride: usize = 8 * padded;
  for (let k: usize = 0; k < stride; k += 16) {
    const intercept = v128.load(weights + usize(columns) * stride + k);
    let a = intercept, b = intercept, c = intercept, d = intercept;
    let w = weights + k;
    for (let at = x, end = x + width; at < end; at += 8) {
      const own = v128.load(w);
      a = plus(a, own, splat(at));
      b = plus(b, own, splat(at + width));
      c = plus(c, own, splat(at + 2 * width));
      d = plus(d, own, splat(at + 3 * width));
      w += stride;
    }
    v128.store(scores + k, a);
    v128.store(scores + stride + k, b);
    v128.store(scores + 2 * stride + k, c);
    v128.store(scores + 3 * stride + k, d);
  }
}

/**
 * Turns the scores of a row into slopes times its weight; returns the probability of its label. NaN where an exponent is too small
 * for `exponentials`: then nothing is changed.
 */
function slopesOf(scores: usize, classes: i32, label: i32, weight: f64): f64 {
  const end = scores + 8 * usize(classes);
  let most: f64 = -Infinity, least: f64 = Infinity;
  for (let at = scores; at < end; at += 8) {
    const score = load<f64>(at);
    if (score > most) most = score;
    if (score < least) least = score;
  }
  if (!(least - most >= -700)) return NaN;
  let sum: f64 = 0;
  for (let at = scores; at < end; at += 16) {
    const both = exponentials(f64x2.sub(v128.load(at), f64x2.splat(most)));
    v128.store(at, both);
    sum += f64x2.extract_lane(both, 0);
    if (at + 8 < end) sum += f64x2.extract_lane(both, 1);
  }
  const own = scores + 8 * usize(label);
  const p = load<f64>(own) / sum;
  for (let at = scores; at < end; at += 8) store<f64>(at, (at == own ? p - 1 : load<f64>(at) / sum) * weight);
  return p;
}

/** Adds to the gradient the products of the slopes of rows with their values. */
function addProducts(x: usize, rows: i32, columns: i32, slopes: usize, padded: usize, gradient: usize): void {
  const width: usize = 8 * columns, stride: usize = 8 * padded, last = slopes + usize(rows) * stride;
  for (let k: usize = 0; k < stride; k += 16) {
    let g = gradient + k;
    let j: usize = 0;
    for (; j + 32 <= width; j += 32) {
      let a = v128.load(g), b = v128.load(g + stride), c = v128.load(g + 2 * stride), d = v128.load(g + 3 * stride);
      let at = x + j;
      for (let s = slopes + k; s < last; s += stride) {
        const slope = v128.load(s);
        a = plus(a, slope, splat(at));
        b = plus(b, slope, splat(at + 8));
        c = plus(c, slope, splat(at + 16));
        d = plus(d, slope, splat(at + 24));
        at += width;
      }
      v128.store(g, a); v128.store(g + stride, b); v128.store(g + 2 * stride, c); v128.store(g + 3 * stride, d);
      g += 4 * stride;
    }
    for (; j < width; j += 8) {
      let a = v128.load(g);
      let at = x + j;
      for (let s = slopes + k; s < last; s += stride) {
        a = plus(a, v128.load(s), splat(at));
        at += width;
      }
      v128.store(g, a);
      g += stride;
    }
    let intercept = v128.load(g);
    for (let s = slopes + k; s < last; s += stride) intercept = f64x2.add(intercept, v128.load(s));
    v128.store(g, intercept);
  }
}

/**
 * Writes the gradient of Σ −weight · log p(label) and, to `own`, p(label) of every row; false, with nothing usable written, where
 * scores are too far apart. `slopes` has room for 32 rows.
 */
export function logisticSlopes(x: usize, rows: i32, columns: i32, classes: i32, labels: usize, exampleWeights: usize, weights: usize, gradient: usize, own: usize, slopes: usize): bool {
  const padded = usize((classes + 1) & ~1);
  memory.fill(gradient, 0, 8 * padded * usize(columns + 1));
  for (let first = 0; first < rows; first += 32) {
    const count = min(32, rows - first);
    const at = x + 8 * usize(first) * usize(columns);
    for (let i = 0; i < count; i += 4) scoreRows(at + 8 * usize(i) * usize(columns), columns, weights, padded, slopes + 8 * padded * usize(i));
    for (let i = 0; i < count; i++) {
      const row = usize(first + i);
      const p = slopesOf(slopes + 8 * padded * usize(i), classes, load<i32>(labels + 4 * row), load<f64>(exampleWeights + 8 * row));
      if (isNaN(p)) return false;
      store<f64>(own + 8 * row, p);
    }
    addProducts(at, count, columns, slopes, padded, gradient);
  }
  return true;
}
