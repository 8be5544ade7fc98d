/**
 * Exponential, logarithm and power from + − × ÷ only, which every engine rounds alike: `Math.exp` and friends may differ
 * in the last digit between engines, and scores that are signed must not.
 *
 * Relative error of `exp` and `log` against the true value: below 5·10⁻¹⁶ · 4 (measured against `Math`: below 10⁻¹⁵).
 * `pow` multiplies: its error grows with |exponent · log(base)|, below 10⁻¹⁴ where that is below 20.
 */

// ln 2 in two parts; the first has 32 trailing zero bits, so that k · LN2_HIGH is exact for |k| < 2²⁰.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const SMALLEST_POWER = -1074;
const powersOfTwo = /* @__PURE__ */ makePowersOfTwo();

function makePowersOfTwo(): Float64Array {
  const powers = new Float64Array(1023 - SMALLEST_POWER + 1);
  powers[-SMALLEST_POWER] = 1;
  for (let i = 1 - SMALLEST_POWER; i < powers.length; i++) powers[i] = powers[i - 1]! * 2;
  for (let i = -SMALLEST_POWER - 1; i >= 0; i--) powers[i] = powers[i + 1]! / 2;
  return powers;
}

/**
 * e to the power of x. NaN gives NaN; below −745.2 gives 0, above 709.78 gives Infinity.
 *
 * @example
 * exp(0); // 1
 */
export function exp(x: number): number {
  if (!(x > -745.2)) return x <= -745.2 ? 0 : Number.NaN;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  // Taylor series to the 13th power on |r| ≤ ln 2 / 2: the rest is below 5·10⁻¹⁸.
  let sum = 1 / 6227020800;
  sum = sum * r + 1 / 479001600;
  sum = sum * r + 1 / 39916800;
  sum = sum * r + 1 / 3628800;
  sum = sum * r + 1 / 362880;
  sum = sum * r + 1 / 40320;
  sum = sum * r + 1 / 5040;
  sum = sum * r + 1 / 720;
  sum = sum * r + 1 / 120;
  sum = sum * r + 1 / 24;
  sum = sum * r + 1 / 6;
  sum = sum * r + 0.5;
  const value = 1 + (r + r * r * sum);
  if (k > 1023) return value * 2 * powersOfTwo[k - 1 - SMALLEST_POWER]!;
  // Two steps, so that a subnormal result is rounded once.
  if (k < -1021) return value * powersOfTwo[k + 60 - SMALLEST_POWER]! * powersOfTwo[-60 - SMALLEST_POWER]!;
  return value * powersOfTwo[k - SMALLEST_POWER]!;
}

/**
 * Natural logarithm. Negative numbers and NaN give NaN, 0 gives −Infinity.
 *
 * @example
 * log(1); // 0
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  // x = m · 2^k with √½ ≤ m < √2. Multiplying by powers of two is exact.
  let m = x;
  let k = 0;
  if (m >= Math.SQRT2 || m < Math.SQRT1_2) {
    if (m < 2.2250738585072014e-308) {
      m *= 18014398509481984;
      k = -54;
    }
    for (let step = 512; step >= 1; step /= 2) {
      if (m >= powersOfTwo[step - SMALLEST_POWER]!) {
        m *= powersOfTwo[-step - SMALLEST_POWER]!;
        k += step;
      } else if (m < powersOfTwo[-step - SMALLEST_POWER]!) {
        m *= powersOfTwo[step - SMALLEST_POWER]!;
        k -= step;
      }
    }
    if (m >= Math.SQRT2) {
      m /= 2;
      k += 1;
    } else if (m < Math.SQRT1_2) {
      m *= 2;
      k -= 1;
    }
  }
  // log m = 2 artanh((m − 1)/(m + 1)) = f − (f²/2 − s (f²/2 + R(s²))) with f = m − 1, which loses no digits near 1.
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  let series = 1 / 23;
  series = series * z + 1 / 21;
  series = series * z + 1 / 19;
  series = series * z + 1 / 17;
  series = series * z + 1 / 15;
  series = series * z + 1 / 13;
  series = series * z + 1 / 11;
  series = series * z + 1 / 9;
  series = series * z + 1 / 7;
  series = series * z + 1 / 5;
  series = series * z + 1 / 3;
  const rest = 2 * z * series;
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + rest) + k * LN2_LOW) - f);
}

/**
 * `base` to the power of `exponent`, for a base of at least 0.
 *
 * @throws RangeError if the base is negative.
 * @example
 * pow(2, 0.5); // 1.4142135623730951
 */
export function pow(base: number, exponent: number): number {
  if (base < 0) throw new RangeError(`base: ${base} is negative`);
  if (exponent === 0) return 1;
  if (base === 0) return exponent > 0 ? 0 : Number.POSITIVE_INFINITY;
  return exp(exponent * log(base));
}
