/**
 * P(given label | true label), counted on anchors. Rates per class and destinations per class are used only where a test says
 * that they differ (p < .001); otherwise one rate and uniform destinations, which is what a small sample can carry.
 */

import { chiSquaredTail } from "../numeric/gamma.js";
import type { FlipRate } from "./flip-rate.js";
import type { Units } from "./given-labels.js";

export interface LabelTransition {
  /** P(given k | true j) at `j * classes + k`. */
  readonly matrix: Float64Array;
  /** Flip rate of each true class. */
  readonly rates: Float64Array;
  /** Anchors that are predicted to be of each class, in votes, and those among them that carry another label. */
  readonly votes: Float64Array;
  readonly strangers: Float64Array;
  /** p-value of the test that all classes have one rate, and of the test that destinations are uniform. */
  readonly rateTest: number;
  readonly destinationTest: number;
  readonly classRates: boolean;
  readonly destinations: boolean;
  /** max(0, share that disagrees − rate) / (1 − rate): honest overlap of the classes. */
  readonly overlap: number;
}

const TEST_LEVEL = 0.001;
/** Votes with which the common rate is added to the rate of a class. */
const PRIOR_VOTES = 20;

/** Counts the anchors of a flip rate. */
export function labelTransition(
  units: Units,
  predicted: Int32Array,
  flips: FlipRate,
  classes: number,
): LabelTransition {
  const { rate, order, anchors, disagreement } = flips;
  const counts = new Float64Array(classes * classes);
  const totals = new Float64Array(classes);
  for (let i = 0; i < anchors; i++) {
    const u = order[i]!;
    const truth = predicted[units.group[u]!]!;
    counts[truth * classes + units.label[u]!]! += units.weight[u]!;
    totals[truth]! += units.weight[u]!;
  }
  const rateTest = homogeneityTest(counts, totals, classes);
  const destinationTest = uniformityTest(counts, totals, classes);
  const classRates = rateTest < TEST_LEVEL;
  const destinations = destinationTest < TEST_LEVEL;
  const rates = new Float64Array(classes).fill(rate);
  const strangers = totals.map((total, j) => total - counts[j * classes + j]!);
  const matrix = new Float64Array(classes * classes);
  for (let j = 0; j < classes; j++) {
    const total = totals[j]!;
    const flipped = strangers[j]!;
    if (classRates) rates[j] = (flipped + PRIOR_VOTES * rate) / (total + PRIOR_VOTES);
    for (let k = 0; k < classes; k++) {
      const share = destinations ? (counts[j * classes + k]! + 1) / (flipped + classes - 1) : 1 / (classes - 1);
      matrix[j * classes + k] = j === k ? 1 - rates[j]! : rates[j]! * share;
    }
  }
  const overlap = rate < 1 ? Math.max(0, disagreement - rate) / (1 - rate) : 0;
  return { matrix, rates, votes: totals, strangers, rateTest, destinationTest, classRates, destinations, overlap };
}

/** χ² test that the share of flipped anchors is the same in every class. */
function homogeneityTest(counts: Float64Array, totals: Float64Array, classes: number): number {
  let all = 0;
  let flipped = 0;
  let present = 0;
  for (let j = 0; j < classes; j++) {
    all += totals[j]!;
    flipped += totals[j]! - counts[j * classes + j]!;
    if (totals[j]! > 0) present++;
  }
  const rate = all > 0 ? flipped / all : 0;
  if (!(rate > 0 && rate < 1)) return 1;
  let statistic = 0;
  for (let j = 0; j < classes; j++) {
    if (totals[j] === 0) continue;
    const difference = totals[j]! - counts[j * classes + j]! - rate * totals[j]!;
    statistic += (difference * difference) / (totals[j]! * rate * (1 - rate));
  }
  return chiSquaredTail(statistic, present - 1);
}

/** χ² test that flipped anchors of each class go to all other classes alike. */
function uniformityTest(counts: Float64Array, totals: Float64Array, classes: number): number {
  let statistic = 0;
  let degrees = 0;
  for (let j = 0; j < classes; j++) {
    const flipped = totals[j]! - counts[j * classes + j]!;
    if (!(flipped > 0)) continue;
    const expected = flipped / (classes - 1);
    for (let k = 0; k < classes; k++) {
      if (k === j) continue;
      const difference = counts[j * classes + k]! - expected;
      statistic += (difference * difference) / expected;
    }
    degrees += classes - 2;
  }
  return chiSquaredTail(statistic, degrees);
}
