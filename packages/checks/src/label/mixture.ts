/**
 * One opinion from several learners: P = Σ w_m P_m, the weights by expectation maximisation on the given labels. Learners that
 * do not work on this data lose their weight; nothing is tuned.
 */

import {
  type ClassProbabilities,
  emptyProbabilities,
  expandRow,
  probabilityOf,
  setRow,
} from "./class-probabilities.js";
import type { Units } from "./given-labels.js";

export interface Opinion {
  readonly learner: string;
  /** Of each group. */
  readonly probabilities: ClassProbabilities;
}

export interface Mixture {
  /** One for each opinion; they sum to 1. */
  readonly weights: Float64Array;
  /** Of each group; each at least about 10⁻⁶. */
  readonly probabilities: ClassProbabilities;
}

const ROUNDS = 100;
const EM_FLOOR = 1e-4;
const FLOOR = 1e-6;

/**
 * Weighs and mixes opinions. Every opinion is first raised to at least 10⁻⁶ a class.
 *
 * @param opinions - At least one.
 */
export function mixOpinions(opinions: readonly Opinion[], units: Units): Mixture {
  const totals = opinions.map(({ probabilities }) => raisedTotals(probabilities));
  const given = opinions.map(({ probabilities }, m) =>
    Float64Array.from({ length: units.count }, (_, u) => {
      const group = units.group[u]!;
      const own = Math.max(probabilityOf(probabilities, group, units.label[u]!), FLOOR);
      return Math.max(own / totals[m]![group]!, EM_FLOOR);
    }),
  );
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

  const { rows, classes } = opinions[0]!.probabilities;
  const probabilities = emptyProbabilities(rows, classes, 64);
  const own = new Float64Array(classes);
  const mixed = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    mixed.fill(0);
    for (const [m, opinion] of opinions.entries()) {
      expandRow(opinion.probabilities, row, own);
      const factor = weights[m]! / totals[m]![row]!;
      for (let k = 0; k < classes; k++) mixed[k]! += factor * Math.max(own[k]!, FLOOR);
    }
    setRow(probabilities, row, mixed);
  }
  return { weights, probabilities };
}

/** Sum of each row over all classes, once each is raised to the floor. */
function raisedTotals({ rows, classes, width, values, rest }: ClassProbabilities): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = width < classes ? (classes - width) * Math.max(rest[row]!, FLOOR) : 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += Math.max(values[i]!, FLOOR);
    return sum;
  });
}

/** The most probable class of each group, the first of equals, and its probability. */
export function predictionsOf({ rows, width, kept, values }: ClassProbabilities): {
  readonly predicted: Int32Array;
  readonly confidence: Float64Array;
} {
  const predicted = new Int32Array(rows);
  const confidence = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = row * width;
    for (let i = best + 1; i < (row + 1) * width; i++) if (values[i]! > values[best]!) best = i;
    predicted[row] = kept[best]!;
    confidence[row] = values[best]!;
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
