/** The interval of a share that was counted: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference". */

import type { Estimate } from "../check.js";

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * A share and its 95 % interval.
 *
 * @param successes - 0 … trials; need not be whole.
 * @param trials - Above 0.
 * @example
 * wilsonInterval(8, 10); // { rate: 0.8, low: 0.4901…, high: 0.9433… }
 */
export function wilsonInterval(successes: number, trials: number): Estimate {
  const rate = successes / trials;
  const centre = (successes + (Z * Z) / 2) / (trials + Z * Z);
  const half = (Z / (trials + Z * Z)) * Math.sqrt(trials * rate * (1 - rate) + (Z * Z) / 4);
  return { rate, low: Math.max(0, Math.min(rate, centre - half)), high: Math.min(1, Math.max(rate, centre + half)) };
}
