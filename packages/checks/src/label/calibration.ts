/**
 * How sure given probabilities may be, and whether their model has seen the flips of these labels.
 *
 * Networks are usually surer than they are right, which p^t, normalised, takes back (temperature scaling: Guo et al. 2017, "On
 * Calibration of Modern Neural Networks"). And a model that learnt these labels predicts their flips along with them, while one
 * that learnt from clean labels knows of none: the posterior of `label-flips` must take out of P what is in, and nothing else.
 */

import { exp, log } from "../numeric/elementary.js";
import type { Units } from "./given-labels.js";
import type { GivenOpinion } from "./given-probabilities.js";

export interface Calibration {
  /** t, 1 … 1/64: never sharpened, because a modest opinion finds less and accuses nobody wrongly. */
  readonly exponent: number;
  /** Whether p^t predicts the given labels as they are. Else it predicts them as they were before a share was flipped. */
  readonly knowsFlips: boolean;
}

/** What a probability of 0 counts as: it was too small to be stored. */
const FLOOR = 1e-15;
/** Least exponent, and the factor from one to the next: a quarter of an octave. */
const LEAST_EXPONENT = 1 / 64;
const STEP = 1 / Math.sqrt(Math.SQRT2);
/** Probabilities that are looked at for each exponent: more are sampled, in the order of keys. */
const MAX_FITTED = 1_000_000;

/**
 * The calibration under which the given labels are most likely: P(given = k) is p^t_k, or, where the model knows no flips,
 * (1 − r) p^t_k + r (1 − p^t_k) / (K − 1).
 *
 * Who is too sure at all is softened by half a step more than is likeliest. Measured on generated tables (1,200 records, 4 classes
 * that overlap by 0.3 to 11 %, flips of 0, 8 or 20 %, models up to six times as sure as they should be that know flips or not):
 * no finding without flips, a mean false share of at most .05 where .05 is claimed; .10 without the half step.
 *
 * @param given Of each group, groups in the order of their keys.
 * @param rate Share of flips, r, as the anchors say.
 * @returns O(25 × groups × classes), bounded.
 */
export function fitCalibration(given: GivenOpinion, units: Units, rate: number): Calibration {
  const { classes } = given;
  const groups = Math.min(given.groups, Math.max(1000, Math.floor(MAX_FITTED / classes)));
  let count = 0;
  while (count < units.count && units.group[count]! < groups) count++;
  const logs = new Float64Array(groups * classes);
  for (let group = 0; group < groups; group++) {
    const own = logs.subarray(group * classes, (group + 1) * classes);
    given.mean(group, own);
    for (let k = 0; k < classes; k++) own[k] = log(Math.max(own[k]!, FLOOR));
  }
  const labelled = new Float64Array(count);
  let best: Calibration = { exponent: 1, knowsFlips: false };
  let most = Number.NEGATIVE_INFINITY;
  for (let exponent = 1; exponent >= LEAST_EXPONENT; exponent *= STEP) {
    for (let u = 0; u < count; u++) {
      const at = units.group[u]! * classes;
      labelled[u] = exp(exponent * logs[at + units.label[u]!]!) / totalOf(logs, at, classes, exponent);
    }
    for (const knowsFlips of [false, true]) {
      const likelihood = likelihoodOf(labelled, units.weight, classes, knowsFlips ? 0 : rate);
      if (!(likelihood > most)) continue;
      most = likelihood;
      best = { exponent, knowsFlips };
    }
  }
  return best.exponent < 1 ? { ...best, exponent: best.exponent * Math.sqrt(STEP) } : best;
}

/** Takes the probabilities of a row to the power of the exponent and normalises them, in place. */
export function soften(row: Float64Array, exponent: number): void {
  for (let k = 0; k < row.length; k++) row[k] = log(Math.max(row[k]!, FLOOR));
  const total = totalOf(row, 0, row.length, exponent);
  for (let k = 0; k < row.length; k++) row[k] = exp(exponent * row[k]!) / total;
}

function totalOf(logs: Float64Array, at: number, classes: number, exponent: number): number {
  let total = 0;
  for (let k = at; k < at + classes; k++) total += exp(exponent * logs[k]!);
  return total;
}

function likelihoodOf(given: Float64Array, weight: Float64Array, classes: number, rate: number): number {
  let likelihood = 0;
  for (let u = 0; u < given.length; u++) {
    const p = (1 - rate) * given[u]! + (rate * (1 - given[u]!)) / (classes - 1);
    likelihood += weight[u]! * log(Math.max(p, FLOOR));
  }
  return likelihood;
}
