/** The steps between probabilities and findings, each against its definition. */

import { describe, expect, it } from "vitest";
import { type ClassProbabilities, emptyProbabilities, setRow } from "../../src/label/class-probabilities.js";
import { flipPosteriors, flipScores, posteriorRates, unassignedShare } from "../../src/label/flip-posterior.js";
import { flipRate } from "../../src/label/flip-rate.js";
import type { Units } from "../../src/label/given-labels.js";
import { labelTransition } from "../../src/label/label-transition.js";
import { mixOpinions, predictionsOf, predictsLabels } from "../../src/label/mixture.js";
import { randomOf } from "../tables.js";

const seed = new Uint8Array(32).fill(3);

/** One unit a group. */
function unitsOf(label: number[]): Units {
  const group = Int32Array.from({ length: label.length }, (_, i) => i);
  const ones = { weight: new Float64Array(label.length).fill(1), records: new Int32Array(label.length).fill(1) };
  return { count: label.length, group, label: Int32Array.from(label), ...ones };
}

/** Sure and right probabilities for true classes, and labels of which `rate` go to `target`. */
function world(n: number, classes: number, rate: number, target: (truth: number, random: () => number) => number) {
  const random = randomOf(n + classes);
  const label: number[] = [];
  const dense = new Float64Array(n * classes);
  const flipped: boolean[] = [];
  for (let i = 0; i < n; i++) {
    const truth = i % classes;
    flipped.push(random() < rate);
    label.push(flipped[i] ? target(truth, random) : truth);
    const doubt = 0.3 * random();
    for (let k = 0; k < classes; k++) {
      dense[i * classes + k] = k === truth ? 1 - doubt : doubt / (classes - 1);
    }
  }
  return { units: unitsOf(label), probabilities: rowsOf(dense, classes), flipped };
}

/** Probabilities of rows from one array of all. */
function rowsOf(dense: ArrayLike<number>, classes: number): ClassProbabilities {
  const probabilities = emptyProbabilities(dense.length / classes, classes, 64);
  for (let row = 0; row < probabilities.rows; row++) setRow(probabilities, row, dense, row * classes);
  return probabilities;
}

const another = (truth: number, random: () => number): number => (truth + 1 + Math.floor(3 * random())) % 4;

describe("mixOpinions()", () => {
  it("gives the weight to the learner that predicts the labels", () => {
    const { units, probabilities } = world(400, 4, 0.1, another);
    const random = randomOf(1);
    const noise = Float32Array.from({ length: 1600 }, () => random());
    const opinions = [
      { learner: "good", probabilities },
      { learner: "noise", probabilities: rowsOf(noise, 4) },
    ];
    const mixture = mixOpinions(opinions, units);
    expect(mixture.weights[0]).toBeGreaterThan(0.7);
    expect(mixture.weights[0]! + mixture.weights[1]!).toBeCloseTo(1, 9);
    for (let g = 0; g < 400; g++) {
      const sum = [...mixture.probabilities.values.subarray(4 * g, 4 * g + 4)].reduce((a, b) => a + b);
      expect(sum).toBeCloseTo(1, 9);
    }
    expect(predictsLabels(predictionsOf(mixture.probabilities).predicted, units, 4)).toBe(true);
    const shuffled = unitsOf(Array.from({ length: 400 }, () => Math.floor(4 * random())));
    expect(predictsLabels(predictionsOf(mixture.probabilities).predicted, shuffled, 4)).toBe(false);
  });
});

describe("flipRate() and labelTransition()", () => {
  it.each([0, 0.05, 0.2, 0.4])("find a uniform rate of %d and use neither class rates nor destinations", (rate) => {
    const { units, probabilities } = world(3000, 4, rate, another);
    const { predicted, confidence } = predictionsOf(probabilities);
    const flips = flipRate(units, predicted, confidence, 4, seed);
    expect(Math.abs(flips.rate - rate)).toBeLessThan(0.03);
    expect(flips.low).toBeLessThanOrEqual(rate + 1e-12);
    const transition = labelTransition(units, predicted, flips, 4);
    expect([transition.classRates, transition.destinations]).toEqual([false, false]);
    for (let j = 0; j < 4; j++) {
      expect(transition.matrix.subarray(4 * j, 4 * j + 4).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    }
  });

  it("find that flips go to one class, and that one class has them", () => {
    const pairs = world(2000, 4, 0.2, (truth) => (truth + 1) % 4);
    const { predicted, confidence } = predictionsOf(pairs.probabilities);
    const flips = flipRate(pairs.units, predicted, confidence, 4, seed);
    const transition = labelTransition(pairs.units, predicted, flips, 4);
    expect(transition.destinations).toBe(true);
    expect(transition.matrix[1]).toBeGreaterThan(10 * transition.matrix[2]!);
    const one = world(2000, 4, 0.3, (truth, random) => (truth === 0 ? another(0, random) : truth));
    const said = predictionsOf(one.probabilities);
    const rates = labelTransition(
      one.units,
      said.predicted,
      flipRate(one.units, said.predicted, said.confidence, 4, seed),
      4,
    );
    expect(rates.classRates).toBe(true);
    expect(rates.rates[0]).toBeGreaterThan(0.2);
    expect(rates.rates[1]).toBeLessThan(0.04);
  });
});

describe("posteriors", () => {
  it("flipPosteriors() and flipScores() tell flips from the rest, also with more classes than are followed", () => {
    for (const classes of [4, 30]) {
      const { units, probabilities, flipped } = world(1500, classes, 0.2, (truth, random) => {
        return (truth + 1 + Math.floor((classes - 1) * random())) % classes;
      });
      const { predicted, confidence } = predictionsOf(probabilities);
      const flips = flipRate(units, predicted, confidence, classes, seed);
      const transition = labelTransition(units, predicted, flips, classes);
      const posterior = flipPosteriors(probabilities, units, transition);
      const { score, suggested } = flipScores(probabilities, units, transition, flips.rate);
      let right = 0;
      for (let u = 0; u < 1500; u++) {
        expect(posterior[u]! >= 0 && posterior[u]! <= 1).toBe(true);
        if (posterior[u]! > 0.5 === flipped[u]) right++;
        if (flipped[u]) expect(suggested[u]).toBe(u % classes);
      }
      expect(right / 1500).toBeGreaterThan(0.97);
      const ranked = [...score.keys()].sort((a, b) => score[b]! - score[a]!);
      const count = flipped.filter(Boolean).length;
      expect(ranked.slice(0, count).filter((u) => flipped[u]).length / count).toBeGreaterThan(0.97);
      expect(unassignedShare(posterior, units)).toBeLessThan(0.3);
    }
  });

  it("posteriorRates() is the running mean with + 1, of a whole tie at once", () => {
    const posterior = Float64Array.from([...new Array(30).fill(1), 0.9, 0.9, 0]);
    const q = posteriorRates(posterior);
    const atThirty = 1 / 30;
    const atTie = 1.2 / 32;
    expect(q[0]).toBeCloseTo(atThirty, 12);
    expect(q[30]).toBeCloseTo(atTie, 12);
    expect(q[31]).toBe(q[30]);
    expect(q[32]).toBeCloseTo(2.2 / 33, 12);
    expect(posteriorRates(Float64Array.of(1, 1, 1)).every((rate) => rate > 0.3)).toBe(true);
    expect(unassignedShare(new Float64Array(3), unitsOf([0, 1, 0]))).toBe(0);
  });
});
