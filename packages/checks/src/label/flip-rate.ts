/**
 * The share of flipped labels, from anchors: where the classifier is surest, classes no longer overlap, and what still
 * disagrees was flipped. The longest prefix that agrees with the lowest rate seen is taken, not the lowest rate itself, which
 * would be biased downwards.
 */

import type { Estimate } from "../check.js";
import { quantileOfSorted } from "../numeric/quantiles.js";
import { randomStream } from "../numeric/random-stream.js";
import type { Units } from "./given-labels.js";

export interface FlipRate extends Estimate {
  /** Units, surest first; the first `anchors` of them are the anchors. */
  readonly order: Int32Array;
  readonly anchors: number;
  /** Share of all votes that disagree with the prediction. */
  readonly disagreement: number;
}

/** Resamples for the interval. */
const RESAMPLES = 200;

/**
 * Estimates the rate with a 95 % percentile bootstrap over groups.
 *
 * @param predicted - Predicted class of each group.
 * @param confidence - Its probability.
 */
export function flipRate(
  units: Units,
  predicted: Int32Array,
  confidence: Float64Array,
  classes: number,
  seed: Uint8Array,
): FlipRate {
  const order = surestFirst(units, predicted, confidence, classes);
  const disagrees = Uint8Array.from({ length: units.count }, (_, u) =>
    predicted[units.group[u]!] === units.label[u] ? 0 : 1,
  );
  const { rate, prefix, disagreement } = longestPrefix(order, units.weight, disagrees, classes);
  const rates = new Float64Array(RESAMPLES);
  const stream = randomStream(seed, "flip-rate");
  const groups = predicted.length;
  const times = new Int32Array(groups);
  const weights = new Float64Array(units.count);
  for (let r = 0; r < RESAMPLES; r++) {
    times.fill(0);
    for (let i = 0; i < groups; i++) times[stream.below(groups)]!++;
    for (let u = 0; u < units.count; u++) weights[u] = units.weight[u]! * times[units.group[u]!]!;
    rates[r] = longestPrefix(order, weights, disagrees, classes).rate;
  }
  rates.sort();
  return {
    rate,
    low: Math.min(rate, quantileOfSorted(rates, 0.025)),
    high: Math.max(rate, quantileOfSorted(rates, 0.975)),
    order,
    anchors: prefix,
    disagreement,
  };
}

/**
 * Units by their place within their predicted class, (votes before + ½ vote) / votes of the class, so that every class gives
 * its surest share; ties in the order of units, which is keyed.
 */
function surestFirst(units: Units, predicted: Int32Array, confidence: Float64Array, classes: number): Int32Array {
  const byConfidence = Int32Array.from({ length: units.count }, (_, u) => u).sort(
    (a, b) => confidence[units.group[b]!]! - confidence[units.group[a]!]! || a - b,
  );
  const totals = new Float64Array(classes);
  for (let u = 0; u < units.count; u++) totals[predicted[units.group[u]!]!]! += units.weight[u]!;
  const before = new Float64Array(classes);
  const place = new Float64Array(units.count);
  for (const u of byConfidence) {
    const label = predicted[units.group[u]!]!;
    place[u] = (before[label]! + 0.5 * units.weight[u]!) / totals[label]!;
    before[label]! += units.weight[u]!;
  }
  return byConfidence.sort((a, b) => place[a]! - place[b]! || a - b);
}

/** For m = max(30, 2K), then ⌊1.25 m⌋ + 1, …, n votes: the longest prefix with p_m − se_m ≤ min (p_m + se_m). */
function longestPrefix(
  order: Int32Array,
  weights: Float64Array,
  disagrees: Uint8Array,
  classes: number,
): { rate: number; prefix: number; disagreement: number } {
  let next = Math.max(30, 2 * classes);
  let votes = 0;
  let against = 0;
  const points: { rate: number; error: number; prefix: number }[] = [];
  for (let i = 0; i < order.length; i++) {
    const u = order[i]!;
    votes += weights[u]!;
    against += weights[u]! * disagrees[u]!;
    // Weights of one group may sum to a little less than 1.
    const last = i === order.length - 1;
    if (votes < next - 1e-9 && !last) continue;
    next = Math.floor(1.25 * next) + 1;
    if (votes === 0) continue;
    const rate = against / votes;
    points.push({ rate, error: Math.sqrt((rate * (1 - rate) + 1 / votes) / votes), prefix: i + 1 });
  }
  let bound = Number.POSITIVE_INFINITY;
  for (const { rate, error } of points) bound = Math.min(bound, rate + error);
  let best = points[0] ?? { rate: 0, error: 0, prefix: 0 };
  for (const point of points) if (point.rate - point.error <= bound) best = point;
  return { rate: best.rate, prefix: best.prefix, disagreement: votes > 0 ? against / votes : 0 };
}
