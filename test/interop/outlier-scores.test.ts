/** Numeric kernels against PyOD and scikit-learn themselves. They are no part of the public interface, so they are read from the source. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { covarianceOf } from "../../packages/checks/src/numeric/covariance.js";
import { leadingEigen, symmetricEigen } from "../../packages/checks/src/numeric/eigen.js";
import { copodScores, ecodScores } from "../../packages/checks/src/numeric/empirical-tails.js";
import { histogramScores } from "../../packages/checks/src/numeric/histogram-score.js";
import { addPathLengths, isolationScores } from "../../packages/checks/src/numeric/isolation-forest.js";
import { localOutlierFactors } from "../../packages/checks/src/numeric/local-outlier-factor.js";
import { fitLogisticRegression, logisticProbabilities } from "../../packages/checks/src/numeric/logistic-regression.js";
import type { DenseMatrix } from "../../packages/checks/src/numeric/matrix.js";
import { nearestRowsDense } from "../../packages/checks/src/numeric/nearest-neighbours.js";

type Scores = "lof" | "ecod" | "copod" | "hbos";
interface Case extends Record<Scores | "isolation" | "variances", number[]> {
  readonly rows: number;
  readonly columns: number;
  readonly values: number[];
  readonly scaled: number[];
  readonly labels: number[];
  readonly probabilities: number[];
  readonly distances: number[];
  readonly neighbours: number[];
}

const python = process.env.ASSAY_INTEROP_PYTHON;
if (python === undefined) throw new Error("ASSAY_INTEROP_PYTHON names a Python that has PyOD and scikit-learn");
const script = join(import.meta.dirname, "make-outlier-scores.py");
const cases = JSON.parse(execFileSync(python, [script], { maxBuffer: 2 ** 28, encoding: "utf8" })) as Case[];

const matrixOf = ({ rows, columns }: Case, values: readonly number[]): DenseMatrix => ({
  kind: "dense",
  rows,
  columns,
  values: Float64Array.from(values),
});

function expectNear(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected[i]!)));
}

/** The correlation of ranks. */
function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranks = (scores: ArrayLike<number>): Float64Array => {
    const order = Array.from(scores, (_, i) => i).sort((i, j) => scores[i]! - scores[j]! || i - j);
    const rank = new Float64Array(scores.length);
    for (const [place, i] of order.entries()) rank[i] = place;
    return rank;
  };
  const [x, y] = [ranks(a), ranks(b)];
  const middle = (x.length - 1) / 2;
  let [xy, xx] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i]! - middle) * (y[i]! - middle);
    xx += (x[i]! - middle) ** 2;
  }
  return xy / xx;
}

describe.each(cases.map((one) => [`${one.rows} × ${one.columns}`, one] as const))("%s", (_, one) => {
  const matrix = matrixOf(one, one.values);
  const { rows } = matrix;

  test("nearestRowsDense() has the distances and the rows of scikit-learn", () => {
    const found = nearestRowsDense(matrix, 6, rows, 0, rows);
    expectNear(found.squared.map(Math.sqrt), one.distances, 1e-9);
    // Rows at equal distances may stand in any order there.
    const same = one.neighbours.filter((row, i) => found.rows[i] === row).length;
    expect(same / one.neighbours.length).toBeGreaterThan(0.99);
  });

  test.each([
    ["lof", () => localOutlierFactors(nearestRowsDense(matrix, 20, rows, 0, rows), 20)],
    ["ecod", () => ecodScores(matrix)],
    ["copod", () => copodScores(matrix)],
    ["hbos", () => histogramScores(matrix)],
  ] as const)("%s has the scores of PyOD and scikit-learn", (name, scores) => {
    expectNear(scores(), one[name], 1e-8);
  });

  test("addPathLengths() ranks as scikit-learn's forest", () => {
    const paths = new Float64Array(rows);
    addPathLengths(matrix, [matrix], [paths], new Uint8Array(32), 0, 400);
    const scores = isolationScores(paths, 400, Math.min(256, rows));
    expect(rankCorrelation(scores, one.isolation)).toBeGreaterThan(0.97);
    expectNear(scores, one.isolation, 0.05);
  });

  test("symmetricEigen() and leadingEigen() have the variances of its principal components", () => {
    const all = Int32Array.from({ length: rows }, (_, i) => i);
    const { matrix: covariance } = covarianceOf(matrix, all);
    expectNear(symmetricEigen(covariance, one.columns).values, one.variances, 1e-8);
    expectNear(leadingEigen(covariance, one.columns, 2).values, one.variances.slice(0, 2), 1e-6);
  });

  test("fitLogisticRegression() has the probabilities of its minimum", () => {
    const all = Int32Array.from({ length: rows }, (_, i) => i);
    const scaled = matrixOf(one, one.scaled);
    const model = fitLogisticRegression(scaled, all, Int32Array.from(one.labels), 3, { maxIterations: 1000 });
    expectNear(logisticProbabilities(model, scaled, all), one.probabilities, 5e-3);
  });
});
