/**
 * One opinion from several learners: P = Σ w_m P_m, the weights by expectation maximisation on the given labels. Learners that
 * do not work on this data lose their weight; nothing is tuned.
 */

import type { Units } from "./given-labels.js";

export interface Opinion {
  readonly learner: string;
  /** Class probabilities of each group, row-major. */
  readonly probabilities: Float32Array;
}

export interface Mixture {
  /** One for each opinion; they sum to 1. */
  readonly weights: Float64Array;
  /** Class probabilities of each group, row-major; each at least about 10⁻⁶. */
  readonly probabilities: Float64Array;
}

const ROUNDS = 100;
const EM_FLOOR = 1e-4;
const FLOOR = 1e-6;

/**
 * Weighs and mixes opinions. Every opinion is first raised to at least 10⁻⁶ a class.
 *
 * @param opinions - At least one.
 */
export function mixOpinions(opinions: readonly Opinion[], units: Units, classes: number): Mixture {
  const given = opinions.map(({ probabilities }) => {
    const values = new Float64Array(units.count);
    for (let u = 0; u < units.count; u++) {
      const at = units.group[u]! * classes;
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += Math.max(probabilities[at + k]!, FLOOR);
      values[u] = Math.max(Math.max(probabilities[at + units.label[u]!]!, FLOOR) / sum, EM_FLOOR);
    }
    return values;
  });
  let votes = 0;
  for (const weight of units.weight) votes += weight;
  let weights: Float64Array = new Float64Array(opinions.length).fill(1 / opinions.length);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Float64Array(opinions.length);
    for (let u = 0; u < units.count; u++) {
      let mixed = 0;
      for (let m = 0; m < given.length; m++) mixed += weights[m]! * given[m]![u]!;
      const share = units.weight[u]! / mixed;
      for (let m = 0; m < given.length; m++) sums[m]! += share * given[m]![u]!;
    }
    weights = weights.map((weight, m) => (weight * sums[m]!) / votes);
  }

  const size = opinions[0]!.probabilities.length;
  const probabilities = new Float64Array(size);
  for (const [m, { probabilities: own }] of opinions.entries()) {
    for (let at = 0; at < size; at += classes) {
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += Math.max(own[at + k]!, FLOOR);
      const factor = weights[m]! / sum;
      for (let k = 0; k < classes; k++) probabilities[at + k]! += factor * Math.max(own[at + k]!, FLOOR);
    }
  }
  return { weights, probabilities };
}

/** The most probable class of each group, the first of equals, and its probability. */
export function predictionsOf(
  probabilities: ArrayLike<number>,
  classes: number,
): { readonly predicted: Int32Array; readonly confidence: Float64Array } {
  const groups = probabilities.length / classes;
  const predicted = new Int32Array(groups);
  const confidence = new Float64Array(groups);
  for (let g = 0; g < groups; g++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (probabilities[g * classes + k]! > probabilities[g * classes + best]!) best = k;
    }
    predicted[g] = best;
    confidence[g] = probabilities[g * classes + best]!;
  }
  return { predicted, confidence };
}

/** Whether predictions agree with the given labels more often than by chance (Cohen's κ), by two standard errors. */
export function predictsLabels(predicted: Int32Array, units: Units, classes: number): boolean {
  const given = new Float64Array(classes);
  const said = new Float64Array(classes);
  let votes = 0;
  let agreed = 0;
  for (let u = 0; u < units.count; u++) {
    const weight = units.weight[u]!;
    const says = predicted[units.group[u]!]!;
    votes += weight;
    given[units.label[u]!]! += weight;
    said[says]! += weight;
    if (says === units.label[u]) agreed += weight;
  }
  let chance = 0;
  for (let k = 0; k < classes; k++) chance += (given[k]! / votes) * (said[k]! / votes);
  return agreed / votes - chance > 2 * Math.sqrt((chance * (1 - chance)) / votes);
}
