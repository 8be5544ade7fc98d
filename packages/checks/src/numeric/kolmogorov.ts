/** The limit distribution of Kolmogorov: the tail of √(n m / (n + m)) · D for two samples of one continuous distribution. */

import { exp } from "./elementary.js";

/** Smallest probability that is given; below it nothing is told apart. */
const LEAST = 1e-300;

/**
 * Q(λ) = 2 Σ (−1)^(k−1) exp(−2 k² λ²); below λ = 1 by the theta transform 1 − √(2π)/λ Σ exp(−(2k−1)² π² / (8 λ²)), which
 * converges there. Values that repeat make the statistic smaller, so the tail is then too large, never too small.
 *
 * @returns 1e-300 … 1; absolute error below 1e-14.
 * @example
 * kolmogorovTail(1.3580986); // 0.05
 */
export function kolmogorovTail(lambda: number): number {
  if (!(lambda > 0.04)) return 1;
  let sum = 0;
  if (lambda < 1) {
    for (let k = 1; k <= 20; k++)
      sum += exp((-((2 * k - 1) * (2 * k - 1)) * Math.PI * Math.PI) / (8 * lambda * lambda));
    return Math.min(1, Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / lambda) * sum));
  }
  for (let k = 20; k >= 1; k--) sum += (k % 2 === 1 ? 1 : -1) * exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(LEAST, 2 * sum));
}
