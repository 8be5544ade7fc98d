/**
 * p-values from the scores alone, as a second opinion beside a calibrated one: a generalised Pareto tail above the median, and
 * a normal fitted to the middle of the log scores (Efron's empirical null). Neither is trusted by itself: on real tables
 * whose tails are heavier than their middle the null is dishonest. And what a tail that is cut off somewhere leads to expect beyond.
 */

import { exp, log } from "./elementary.js";
import { normalTail } from "./gamma.js";
import { quantileOfSorted } from "./quantiles.js";

export interface ParetoTail {
  /** Where the tail begins: the median. */
  readonly threshold: number;
  /** ξ ≥ 0; 0 is exponential. */
  readonly shape: number;
  /** σ > 0. */
  readonly scale: number;
}

/** Points of the sample that the likelihood is taken at; the fit of more of them differs by less than its own error. */
const FIT_POINTS = 400;

/**
 * Fits excesses over the median by censored maximum likelihood: those between the 50th and 90th percentile by their value,
 * the rest only by being above, so that a tenth of odd records cannot bend the tail they are judged by.
 *
 * @returns `undefined` where the scores between those percentiles do not vary.
 */
export function fitParetoTail(scores: Float64Array): ParetoTail | undefined {
  const sorted = scores.slice().sort();
  const threshold = quantileOfSorted(sorted, 0.5);
  const limit = quantileOfSorted(sorted, 0.9) - threshold;
  if (!(limit > 0)) return undefined;
  const points = Float64Array.from(
    { length: FIT_POINTS },
    (_, i) => (quantileOfSorted(sorted, 0.5 + (0.4 * (i + 0.5)) / FIT_POINTS) - threshold) / limit,
  );
  // In units of the limit. 80 % of the excesses are points, 20 % are censored at 1.
  const censored = FIT_POINTS / 4;
  const logLikelihood = (shape: number, scale: number): number => {
    let sum = 0;
    if (shape < 1e-6) {
      for (const x of points) sum -= x / scale;
      return sum - FIT_POINTS * log(scale) - censored / scale;
    }
    for (const x of points) sum -= (1 + 1 / shape) * log(1 + (shape * x) / scale);
    return sum - FIT_POINTS * log(scale) - (censored / shape) * log(1 + shape / scale);
  };
  const bestScale = (shape: number): number => exp(maximise((t) => logLikelihood(shape, exp(t)), -6, 4));
  const shape = maximise((candidate) => logLikelihood(candidate, bestScale(candidate)), 0, 4);
  const kept = logLikelihood(0, bestScale(0)) >= logLikelihood(shape, bestScale(shape)) ? 0 : shape;
  return { threshold, shape: kept, scale: bestScale(kept) * limit };
}

/** Probability of a score at least as high: ½ (1 + ξ x / σ)^(−1/ξ) above the median, 1 below. */
export function paretoTailProbability({ threshold, shape, scale }: ParetoTail, score: number): number {
  const x = score - threshold;
  return x > 0 ? 0.5 * exp(logExcess(x, shape, scale)) : 1;
}

/** Share of the scores below the end that the tail is fitted to: above it one shape describes most scores, below it lies their body. */
const CONTINUED_SHARE = 0.25;
/**
 * Heaviest shape of a continued tail: one of finite variance. What fits better with a heavier one is no tail but a hump below the end, as
 * odd records that were not found are.
 */
const HEAVIEST = 0.5;
const SHAPES = Array.from({ length: 11 }, (_, i) => (HEAVIEST * i) / 10);

/**
 * How many scores the ones below `end` lead to expect from there on, if both are parts of one smooth tail: a generalised Pareto tail is
 * fitted to the upper quarter of the scores below, by the likelihood given that a score is below (truncated), and continued. What lies above
 * has no part in it, so it is neither taken for the tail nor taken from it. Where honest scores go on smoothly the answer is
 * about the number that is there; where others stand beyond their end it is next to none. O(n log n).
 *
 * @param end - Above some of the scores.
 * @returns May be far above the number of scores, where they get denser towards the end.
 */
export function expectedFrom(scores: Float64Array, end: number): number {
  const below = scores.filter((score) => score < end).sort();
  const begin = quantileOfSorted(below, 1 - CONTINUED_SHARE);
  const first = below.findIndex((score) => score >= begin);
  const inside = below.subarray(first);
  const count = Math.min(FIT_POINTS, inside.length);
  // In units of the part that is seen.
  const points = Float64Array.from(
    { length: count },
    (_, i) => (quantileOfSorted(inside, (i + 0.5) / count) - begin) / (end - begin),
  );
  const logLikelihood = (shape: number, logScale: number): number => {
    const scale = exp(logScale);
    let sum = 0;
    for (const x of points) sum += logExcess(x, shape, scale);
    return (1 + shape) * sum - count * (logScale + log(1 - exp(logExcess(1, shape, scale))));
  };
  let best = { likelihood: Number.NEGATIVE_INFINITY, beyond: 0 };
  for (const shape of SHAPES) {
    const logScale = maximise((candidate) => logLikelihood(shape, candidate), -5, 3);
    const likelihood = logLikelihood(shape, logScale);
    if (likelihood > best.likelihood) best = { likelihood, beyond: exp(logExcess(1, shape, exp(logScale))) };
  }
  return (inside.length * best.beyond) / (1 - best.beyond);
}

/** ln (1 + ξ x / σ)^(−1/ξ), of the probability of an excess above x; the density is that to the power of 1 + ξ, over σ. */
function logExcess(x: number, shape: number, scale: number): number {
  return shape < 1e-6 ? -x / scale : -log(1 + (shape * x) / scale) / shape;
}

const Z_10 = -1.2815515655446004;
const Z_75 = 0.6744897501960817;

/**
 * The upper tail of a normal fitted to the 10th and 75th percentile of the log scores.
 *
 * @param scores - All above −`offset`.
 * @returns A function from score to probability; `undefined` where the scores do not vary there.
 */
export function fitLogNormalNull(scores: Float64Array, offset: number): ((score: number) => number) | undefined {
  const sorted = scores.slice().sort();
  const low = log(quantileOfSorted(sorted, 0.1) + offset);
  const high = log(quantileOfSorted(sorted, 0.75) + offset);
  const deviation = (high - low) / (Z_75 - Z_10);
  if (!(deviation > 0) || !Number.isFinite(deviation)) return undefined;
  const mean = high - Z_75 * deviation;
  return (score) => normalTail((log(score + offset) - mean) / deviation);
}

/** Where a function with one peak in [low, high] is greatest (golden section, to 10⁻⁵ of the interval). */
function maximise(f: (x: number) => number, low: number, high: number): number {
  const ratio = 0.6180339887498949;
  let a = low;
  let b = high;
  let x = b - ratio * (b - a);
  let y = a + ratio * (b - a);
  let fx = f(x);
  let fy = f(y);
  for (let i = 0; i < 26; i++) {
    if (fx >= fy) {
      b = y;
      y = x;
      fy = fx;
      x = b - ratio * (b - a);
      fx = f(x);
    } else {
      a = x;
      x = y;
      fx = fy;
      y = a + ratio * (b - a);
      fy = f(y);
    }
  }
  return (a + b) / 2;
}
