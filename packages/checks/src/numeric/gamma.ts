/**
 * Tails of the chi-squared and the normal distribution, from the incomplete gamma function: its series below a + 1, its
 * continued fraction (Lentz) above (DLMF 8.11.4, 8.9.2). Relative error below 10⁻¹² where the tail is above 10⁻³⁰⁰.
 */

import { exp, log } from "./elementary.js";

const HALF_LOG_TWO_PI = 0.9189385332046727;

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) after raising x above 12. */
export function logGamma(x: number): number {
  let shift = 1;
  let z = x;
  while (z < 12) {
    shift *= z;
    z += 1;
  }
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - (r * 691) / 360360))))) / z;
  return (z - 0.5) * log(z) - z + HALF_LOG_TWO_PI + series - log(shift);
}

/** Q(a, x) = Γ(a, x) / Γ(a), the upper incomplete gamma function, regularised; a > 0, x ≥ 0. */
export function upperGamma(a: number, x: number): number {
  if (!(x > 0)) return x <= 0 ? 1 : Number.NaN;
  const front = exp(a * log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k < 10_000; k++) {
      term *= x / (a + k);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    return Math.max(0, 1 - front * sum);
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let k = 1; k < 10_000; k++) {
    const an = -k * (k - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + an / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return front * h;
}

/**
 * Probability that a chi-squared variable exceeds `statistic`. 1 for no degrees of freedom.
 *
 * @example
 * chiSquaredTail(3.841458820694124, 1); // 0.05
 */
export function chiSquaredTail(statistic: number, degreesOfFreedom: number): number {
  return degreesOfFreedom <= 0 ? 1 : upperGamma(degreesOfFreedom / 2, statistic / 2);
}

/** Probability that a standard normal variable exceeds `z`. */
export function normalTail(z: number): number {
  const half = 0.5 * upperGamma(0.5, (z * z) / 2);
  return z >= 0 ? half : 1 - half;
}
