import { describe, expect, it } from "vitest";
import {
  dealtRows,
  emptyProbabilities,
  expandRow,
  KEPT_CLASSES,
  probabilityOf,
  setRow,
} from "../../src/label/class-probabilities.js";
import { mixOpinions } from "../../src/label/mixture.js";
import { randomOf } from "../tables.js";

/** Rows that sum to 1, with ties. */
function dense(rows: number, classes: number, seed: number): Float64Array {
  const random = randomOf(seed);
  const all = Float64Array.from({ length: rows * classes }, () => Math.floor(20 * random() ** 3) + 0.01);
  for (let row = 0; row < rows; row++) {
    const own = all.subarray(row * classes, (row + 1) * classes);
    const sum = own.reduce((a, b) => a + b);
    for (let k = 0; k < classes; k++) own[k]! /= sum;
  }
  return all;
}

function kept(all: Float64Array, rows: number, classes: number, bits: 32 | 64 = 64) {
  const probabilities = emptyProbabilities(rows, classes, bits);
  for (let row = 0; row < rows; row++) setRow(probabilities, row, all, row * classes);
  return probabilities;
}

describe("setRow() and expandRow()", () => {
  it("keep everything of up to 32 classes", () => {
    for (const classes of [2, 7, KEPT_CLASSES]) {
      const all = dense(20, classes, classes);
      const probabilities = kept(all, 20, classes);
      const out = new Float64Array(classes);
      for (let row = 0; row < 20; row++) {
        expandRow(probabilities, row, out);
        expect(out).toEqual(all.slice(row * classes, (row + 1) * classes));
      }
    }
  });

  it("keep the 32 most probable of more, the first of equals, and spread the rest", () => {
    for (const classes of [33, 50, 400]) {
      const all = dense(30, classes, classes);
      const probabilities = kept(all, 30, classes);
      const out = new Float64Array(classes);
      for (let row = 0; row < 30; row++) {
        const own = all.subarray(row * classes, (row + 1) * classes);
        const best = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b).slice(0, KEPT_CLASSES);
        expect([...probabilities.kept.subarray(32 * row, 32 * row + 32)]).toEqual(best.sort((a, b) => a - b));
        expandRow(probabilities, row, out);
        expect(out.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        for (let k = 0; k < classes; k++) {
          expect(out[k]).toBe(probabilityOf(probabilities, row, k));
          if (best.includes(k)) expect(out[k]).toBe(own[k]);
        }
      }
    }
  });

  it("dealtRows() takes the next row of each part", () => {
    const all = dense(9, 40, 5);
    const partOf = [0, 1, 1, 2, 0, 2, 1, 0, 0];
    const parts = [0, 1, 2].map((part) => {
      const own = [...partOf.keys()].filter((row) => partOf[row] === part);
      const rows = Float64Array.from(own.flatMap((row) => [...all.subarray(40 * row, 40 * row + 40)]));
      return kept(rows, own.length, 40, 32);
    });
    expect(dealtRows(parts, partOf)).toEqual(kept(all, 9, 40, 32));
  });
});

describe("mixOpinions()", () => {
  /** The definition, on whole matrices. */
  function literally(opinions: Float64Array[], labels: number[], classes: number) {
    const raised = opinions.map((all) => {
      const own = all.map((p) => Math.max(p, 1e-6));
      return own.map((p, i) => {
        const at = i - (i % classes);
        return p / own.subarray(at, at + classes).reduce((a, b) => a + b);
      });
    });
    let weights = opinions.map(() => 1 / opinions.length);
    for (let round = 0; round < 100; round++) {
      const next = weights.map(() => 0);
      for (const [row, y] of labels.entries()) {
        const shares = raised.map((own, m) => weights[m]! * Math.max(own[row * classes + y]!, 1e-4));
        const sum = shares.reduce((a, b) => a + b);
        for (const [m, share] of shares.entries()) next[m]! += share / sum / labels.length;
      }
      weights = next;
    }
    return { weights, mixed: raised[0]!.map((_, i) => weights.reduce((sum, w, m) => sum + w * raised[m]![i]!, 0)) };
  }

  it.each([3, 32, 60])("is its definition with %d classes, up to what is spread", (classes) => {
    const random = randomOf(classes);
    const rows = 200;
    const labels = Array.from({ length: rows }, () => Math.floor(classes * random()));
    const opinions = [0, 1, 2].map((m) => {
      const all = dense(rows, classes, 10 * classes + m);
      // Learners that know the label, each a little more than the one before.
      for (const [row, y] of labels.entries()) {
        const own = all.subarray(row * classes, (row + 1) * classes);
        for (let k = 0; k < classes; k++) own[k] = (own[k]! + (k === y ? 0.4 * m : 0)) / (1 + 0.4 * m);
      }
      return all;
    });
    const units = {
      count: rows,
      group: Int32Array.from({ length: rows }, (_, i) => i),
      label: Int32Array.from(labels),
      weight: new Float64Array(rows).fill(1),
      records: new Int32Array(rows).fill(1),
    };
    const mixture = mixOpinions(
      opinions.map((all, m) => ({ learner: `${m}`, probabilities: kept(all, rows, classes) })),
      units,
    );
    const { weights, mixed } = literally(opinions, labels, classes);
    const digits = classes <= KEPT_CLASSES ? 12 : 2;
    for (const [m, weight] of weights.entries()) expect(mixture.weights[m]).toBeCloseTo(weight, digits);
    const out = new Float64Array(classes);
    for (let row = 0; row < rows; row++) {
      expandRow(mixture.probabilities, row, out);
      expect(out.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      // A class that is not kept has at most the 33rd part.
      const most = classes <= KEPT_CLASSES ? 1e-12 : 1 / 33;
      for (let k = 0; k < classes; k++) expect(Math.abs(out[k]! - mixed[row * classes + k]!)).toBeLessThan(most);
    }
  });
});
