/**
 * What given probabilities are as predictions of the given labels: (1 − s) p^t + s (1 − p^t) / (K − 1), with p^t normalised.
 * Networks are usually surer than they are right, which t ≤ 1 takes back (temperature scaling: Guo et al. 2017, "On Calibration
 * of Modern Neural Networks"). And what was learnt from clean labels knows nothing of a share s of the flips, which a model of
 * these labels would have learnt: the posterior of `label-flips` must not take out what never was in.
 */

import { exp, log } from "../numeric/elementary.js";
import type { Units } from "./given-labels.js";

export interface Calibration {
  /** t, 1 … 1/64. */
  readonly exponent: number;
  /** s, 0 … 1. */
  readonly share: number;
}

/** What a probability of 0 counts as: it was too small to be stored. */
const FLOOR = 1e-15;
/** Least exponent, and the factor from one to the next: a quarter of an octave. */
const LEAST_EXPONENT = 1 / 64;
const STEP = 1 / Math.sqrt(Math.SQRT2);
/** Probabilities that are looked at for each exponent: more are sampled, in the order of keys. */
const MAX_FITTED = 1_000_000;
const ROUNDS = 25;
/** Half of χ²(1) at 95 %, about. */
const INTERVAL = 2;

/**
 * The exponent and the share under which the given labels are most likely. Of the exponents that the labels cannot tell from
 * the likeliest (log-likelihood within 2, the profile's 95 % interval) the least is taken, so that a claim errs on the side of
 * fewer findings. Never sharpened.
 *
 * @param probabilities Of each group, row by row; groups in the order of their keys.
 * @returns O(25 × groups × classes), bounded.
 */
export function fitCalibration(probabilities: Float64Array, units: Units, classes: number): Calibration {
  const groups = Math.min(probabilities.length / classes, Math.max(1000, Math.floor(MAX_FITTED / classes)));
  let count = 0;
  while (count < units.count && units.group[count]! < groups) count++;
  const logs = Float64Array.from(probabilities.subarray(0, groups * classes), (p) => log(Math.max(p, FLOOR)));
  const given = new Float64Array(count);
  const tried: (Calibration & { readonly likelihood: number })[] = [];
  for (let exponent = 1; exponent >= LEAST_EXPONENT; exponent *= STEP) {
    for (let u = 0; u < count; u++) {
      const at = units.group[u]! * classes;
      given[u] = exp(exponent * logs[at + units.label[u]!]!) / totalOf(logs, at, classes, exponent);
    }
    const share = shareOf(given, units.weight, classes);
    tried.push({ exponent, share, likelihood: likelihoodOf(given, units.weight, classes, share) });
  }
  const most = tried.reduce((most, { likelihood }) => Math.max(most, likelihood), Number.NEGATIVE_INFINITY);
  const { exponent, share } = tried.filter(({ likelihood }) => likelihood >= most - INTERVAL).at(-1) ?? tried[0]!;
  return { exponent, share };
}

/** Probabilities to the power of the exponent, normalised. */
export function softened(probabilities: Float64Array, classes: number, exponent: number): Float64Array {
  const logs = probabilities.map((p) => log(Math.max(p, FLOOR)));
  const soft = new Float64Array(probabilities.length);
  for (let at = 0; at < soft.length; at += classes) {
    const total = totalOf(logs, at, classes, exponent);
    for (let k = at; k < at + classes; k++) soft[k] = exp(exponent * logs[k]!) / total;
  }
  return soft;
}

function totalOf(logs: Float64Array, at: number, classes: number, exponent: number): number {
  let total = 0;
  for (let k = at; k < at + classes; k++) total += exp(exponent * logs[k]!);
  return total;
}

/** The most likely share of flips, from what was predicted of each given label (expectation maximisation). */
function shareOf(given: Float64Array, weight: Float64Array, classes: number): number {
  let share = 0.05;
  let votes = 0;
  for (let u = 0; u < given.length; u++) votes += weight[u]!;
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0;
    for (let u = 0; u < given.length; u++) {
      const flipped = (share * (1 - given[u]!)) / (classes - 1);
      const all = (1 - share) * given[u]! + flipped;
      if (all > 0) sum += (weight[u]! * flipped) / all;
    }
    share = sum / votes;
  }
  return share;
}

function likelihoodOf(given: Float64Array, weight: Float64Array, classes: number, share: number): number {
  let likelihood = 0;
  for (let u = 0; u < given.length; u++) {
    const p = (1 - share) * given[u]! + (share * (1 - given[u]!)) / (classes - 1);
    likelihood += weight[u]! * log(Math.max(p, FLOOR));
  }
  return likelihood;
}
