/** Richardson and Lucy's rounds for many distributions, in the order of sums that `src/numeric/deconvolution.ts` has. */

@inline function splat(at: usize): v128 { return v128.load64_splat(at); }
@inline function plus(sum: v128, a: v128, b: v128): v128 { return f64x2.add(sum, f64x2.mul(a, b)); }

/**
 * Writes to `out` for each of `count` distributions in `observed` what the rounds make of it. Distributions, and rows of the
 * transition and of its transpose, are filled up with 0 to an even number of values; `ratios` has room for one.
 */
export function deconvolve(observed: usize, count: i32, size: i32, transition: usize, transposed: usize, rounds: i32, ratios: usize, out: usize): void {
  const width: usize = 8 * size, stride: usize = 8 * ((size + 1) & ~1), none = f64x2.splat(0);
  memory.copy(out, observed, usize(count) * stride);
  for (let i = 0; i < count; i++) {
    for (let round = 0; round < rounds; round++) {
      for (let b: usize = 0; b < stride; b += 16) {
        let flow = none;
        let from = transition + b;
        for (let a: usize = 0; a < width; a += 8) {
          flow = plus(flow, splat(out + a), v128.load(from));
          from += stride;
        }
        v128.store(ratios + b, v128.and(f64x2.div(v128.load(observed + b), flow), f64x2.gt(flow, none)));
      }
      for (let a: usize = 0; a < stride; a += 16) {
        let back = none;
        let from = transposed + a;
        for (let b: usize = 0; b < width; b += 8) {
          back = plus(back, v128.load(from), splat(ratios + b));
          from += stride;
        }
        v128.store(out + a, f64x2.mul(v128.load(out + a), back));
      }
      let total: f64 = 0;
      for (let a: usize = 0; a < width; a += 8) total += load<f64>(out + a);
      for (let a: usize = 0; a < stride; a += 16) v128.store(out + a, f64x2.div(v128.load(out + a), f64x2.splat(total)));
    }
    observed += stride;
    out += stride;
  }
}
