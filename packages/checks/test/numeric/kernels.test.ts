/** Kernels against values of numpy, scipy and scikit-learn (`fixtures/generate-numeric.py`) and against literal definitions. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cholesky, inverseOf, logDeterminant, solveLower } from "../../src/numeric/cholesky.js";
import { nearestRowsCosine, postingsOf } from "../../src/numeric/cosine-neighbours.js";
import { covarianceOf } from "../../src/numeric/covariance.js";
import { leadingEigen, symmetricEigen } from "../../src/numeric/eigen.js";
import { benjaminiHochberg, conformalPValues, decoyRates } from "../../src/numeric/false-discovery.js";
import { chiSquaredTail, logGamma, normalTail } from "../../src/numeric/gamma.js";
import { fitLogisticRegression, logisticProbabilities } from "../../src/numeric/logistic-regression.js";
import { type DenseMatrix, denseMatrix, type SparseMatrix } from "../../src/numeric/matrix.js";
import { momentsOf } from "../../src/numeric/moments.js";
import { fitNaiveBayes, naiveBayesProbabilities } from "../../src/numeric/naive-bayes.js";
import { nearestRowsDense } from "../../src/numeric/nearest-neighbours.js";
import { discriminantProbabilities, fitQuadraticDiscriminant } from "../../src/numeric/quadratic-discriminant.js";
import { median, quantileOfSorted, selectRank } from "../../src/numeric/quantiles.js";
import { expectedFrom, fitParetoTail, paretoTailProbability } from "../../src/numeric/tail-probability.js";
import { textFeatures } from "../../src/text-features.js";
import { randomOf } from "../tables.js";

const reference = JSON.parse(readFileSync(new URL("../fixtures/numeric.json", import.meta.url), "utf8"));

const rows: DenseMatrix = { kind: "dense", rows: 60, columns: 3, values: Float64Array.from(reference.rows) };
const labels = Int32Array.from(reference.labels as number[]);
const all = Int32Array.from({ length: 60 }, (_, i) => i);
const ones = new Float64Array(60).fill(1);

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs((actual[i] as number) - (expected[i] as number))).toBeLessThan(tolerance);
  }
}

/** The same matrix with only its elements that are not 0 stored. */
function sparse({ rows, columns, values }: DenseMatrix): SparseMatrix {
  const offsets = new Int32Array(rows + 1);
  const indices: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (values[i * columns + j] === 0) continue;
      indices.push(j);
      kept.push(values[i * columns + j] as number);
    }
    offsets[i + 1] = kept.length;
  }
  return {
    kind: "sparse",
    rows,
    columns,
    offsets,
    indices: Int32Array.from(indices),
    values: Float64Array.from(kept),
  };
}

describe("classifiers", () => {
  it.each([
    ["three", labels, 3, 1, undefined],
    ["two", labels.map((label) => (label > 0 ? 1 : 0)), 2, 10, undefined],
    ["weighted", labels, 3, 1, Float64Array.from(reference.weights as number[])],
  ] as const)(
    "fitLogisticRegression() finds the minimum of scikit-learn: %s",
    (name, y, classes, inversePenalty, weights) => {
      for (const matrix of [rows, sparse(rows)]) {
        const model = fitLogisticRegression(matrix, all, y, classes, { inversePenalty, maxIterations: 500, weights });
        expectNear(logisticProbabilities(model, matrix, all), reference.logistic[name], 2e-4);
      }
    },
  );

  it("fitQuadraticDiscriminant() is the shrunk density of its definition", () => {
    const model = fitQuadraticDiscriminant(rows, all, labels, ones, 3);
    if (!model) throw new Error("no model");
    expectNear(discriminantProbabilities(model, rows, all), reference.discriminant, 1e-4);
  });

  it("textFeatures() and fitNaiveBayes() are those of scikit-learn", () => {
    const { texts, topics, terms, tfidf, bayes } = reference.texts;
    const categories = [...new Set(texts as string[])].sort();
    const codes = Int32Array.from(texts as string[], (text) => categories.indexOf(text));
    const order = Int32Array.from(texts, (_, i) => i);
    const features = textFeatures([{ name: "text", kind: "category", codes, categories }], [], order, 1000);
    expect(features.terms).toEqual(terms);
    const dense = denseMatrix(texts.length, terms.length);
    const { offsets, indices, values } = features.matrix;
    for (let i = 0; i < texts.length; i++) {
      for (let e = offsets[i] as number; e < (offsets[i + 1] as number); e++) {
        dense.values[i * terms.length + (indices[e] as number)] = values[e] as number;
      }
    }
    expectNear(dense.values, tfidf, 1e-12);
    const model = fitNaiveBayes(features.matrix, order, Int32Array.from(topics), new Float64Array(6).fill(1), 2);
    expectNear(naiveBayesProbabilities(model, features.matrix, order), bayes, 1e-6);
    const capped = textFeatures([{ name: "text", kind: "category", codes, categories }], [], order, 2);
    expect(capped.terms).toHaveLength(2);
    expect(capped.dropped).toBe(terms.length - 2);
  });
});

describe("linear algebra", () => {
  it("covarianceOf(), cholesky() and solveLower() give the Mahalanobis distances of numpy", () => {
    const { mean, matrix } = covarianceOf(rows, all);
    expectNear(matrix, reference.covariance, 1e-13);
    const factor = cholesky(matrix, 3);
    if (!factor) throw new Error("no factor");
    const distances = all.map(() => 0);
    const found = Float64Array.from(distances, (_, i) => {
      const centred = Float64Array.from({ length: 3 }, (_, j) => rows.values[3 * i + j]! - mean[j]!);
      return Math.sqrt(solveLower(factor, centred));
    });
    expectNear(found, reference.mahalanobis, 1e-12);
    const inverse = inverseOf(factor);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let k = 0; k < 3; k++) sum += matrix[3 * i + k]! * inverse[3 * k + j]!;
        expect(Math.abs(sum - (i === j ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
  });

  it("covarianceOf() with weights is that of repeated rows", () => {
    const counts = all.map((i) => 1 + (i % 3));
    const repeated = [...all].flatMap((i) => new Array<number>(counts[i]!).fill(i));
    expectNear(covarianceOf(rows, all, counts).matrix, covarianceOf(rows, repeated).matrix, 1e-14);
  });

  it("symmetricEigen(), leadingEigen() and logDeterminant() agree with numpy", () => {
    const matrix = Float64Array.from(reference.symmetric);
    const { values, vectors } = symmetricEigen(matrix, 12);
    expectNear(values, reference.eigenvalues, 1e-10);
    expectNear(vectors, reference.eigenvectors, 1e-8);
    const leading = leadingEigen(matrix, 12, 2);
    expectNear(leading.values, reference.eigenvalues.slice(0, 2), 1e-6);
    expectNear(leading.vectors, reference.eigenvectors.slice(0, 24), 1e-3);
    expect(logDeterminant(cholesky(matrix, 12)!)).toBeCloseTo(reference.logDeterminant, 9);
  });
});

describe("neighbours", () => {
  it("nearestRowsDense() finds the rows of scikit-learn", () => {
    expect([...nearestRowsDense(rows, 5, 60, 0, 60).rows]).toEqual(reference.neighbours);
  });

  it("nearestRowsDense() equals a literal scan with ties, few references and any cut, by tree and by scan", () => {
    for (const columns of [1, 2, 5, 9, 20]) {
      const random = randomOf(columns);
      const n = 150;
      const matrix: DenseMatrix = {
        kind: "dense",
        rows: n,
        columns,
        values: Float64Array.from({ length: n * columns }, () => Math.floor(4 * random())),
      };
      for (const references of [n, 40, 3]) {
        const expected = Int32Array.from(literalNeighbours(matrix, 4, references).flat());
        expect(nearestRowsDense(matrix, 4, references, 0, n).rows).toEqual(expected);
        const cut = [nearestRowsDense(matrix, 4, references, 0, 77), nearestRowsDense(matrix, 4, references, 77, n)];
        expect(Int32Array.from(cut.flatMap((part) => [...part.rows]))).toEqual(expected);
      }
    }
  });

  it("nearestRowsCosine() finds the most similar rows and none without a shared column", () => {
    const dense: DenseMatrix = {
      kind: "dense",
      rows: 4,
      columns: 3,
      values: Float64Array.of(1, 0, 0, 0.6, 0.8, 0, 0.8, 0.6, 0, 0, 0, 1),
    };
    const matrix = sparse(dense);
    expect([...nearestRowsCosine(matrix, postingsOf(matrix, 4), 2, 4, 0, 4)]).toEqual([2, 1, 2, 0, 1, 0, -1, -1]);
  });
});

function literalNeighbours({ rows: n, columns, values }: DenseMatrix, k: number, references: number): number[][] {
  return Array.from({ length: n }, (_, row) => {
    const others = Array.from({ length: references }, (_, other) => {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (values[row * columns + j]! - values[other * columns + j]!) ** 2;
      return { other, sum };
    }).filter(({ other }) => other !== row);
    others.sort((a, b) => a.sum - b.sum || a.other - b.other);
    const found = others.slice(0, k).map(({ other }) => other);
    return [...found, ...new Array<number>(k - found.length).fill(-1)];
  });
}

describe("distributions", () => {
  it("chiSquaredTail() and normalTail() agree with scipy to 1e-11", () => {
    for (const [statistic, degrees, tail] of reference.chiSquared as [number, number, number][]) {
      if (tail > 1e-300) expect(Math.abs(chiSquaredTail(statistic, degrees) / tail - 1)).toBeLessThan(1e-11);
    }
    for (const [z, tail] of reference.normal as [number, number][]) {
      expect(Math.abs(normalTail(z) / tail - 1)).toBeLessThan(1e-11);
    }
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 13);
    expect(chiSquaredTail(3, 0)).toBe(1);
  });

  it("fitParetoTail() finds the maximum of the likelihood", () => {
    const { scores, threshold, shape, scale } = reference.pareto;
    const tail = fitParetoTail(Float64Array.from(scores));
    if (!tail) throw new Error("no tail");
    expect(tail.threshold).toBe(threshold);
    expect(tail.shape).toBeCloseTo(shape, 3);
    expect(tail.scale).toBeCloseTo(scale, 3);
    expect(paretoTailProbability(tail, threshold)).toBe(1);
    expect(paretoTailProbability(tail, 60)).toBeLessThan(1e-3);
    expect(fitParetoTail(new Float64Array(100))).toBeUndefined();
  });

  it("expectedFrom() counts what is there where a tail goes on, and next to nothing where it ends", () => {
    const quantiles = (of: (p: number) => number): number[] =>
      Array.from({ length: 4000 }, (_, i) => of((i + 0.5) / 4000));
    const tails = {
      exponential: quantiles((p) => -Math.log(1 - p)),
      "Pareto of shape .3": quantiles((p) => ((1 - p) ** -0.3 - 1) / 0.3),
    };
    for (const [name, scores] of Object.entries(tails)) {
      for (const count of [40, 200, 400]) {
        const end = scores[4000 - count]!;
        const expected = expectedFrom(Float64Array.from(scores), end);
        expect(expected / count, `${count} of ${name}`).toBeGreaterThan(0.8);
        expect(expected / count, `${count} of ${name}`).toBeLessThan(1.25);
        // What stands above the end changes nothing.
        const moved = Float64Array.from(scores, (score) => (score < end ? score : score + 1000));
        expect(expectedFrom(moved, end)).toBe(expected);
        expect(expectedFrom(moved, end + 1000)).toBeLessThan(0.1 * count);
      }
    }
    // A lighter tail than an exponential one is taken for that: too many are expected, never too few.
    const light = Float64Array.from(quantiles((p) => Math.sqrt(-2 * Math.log(1 - p))));
    expect(expectedFrom(light, light[3960]!)).toBeGreaterThan(40);
    // A hump below the end is no tail that could be continued to next to nothing; equal scores have none.
    const hump = [...tails.exponential, ...quantiles((p) => 8 + p).slice(0, 400)];
    expect(expectedFrom(Float64Array.from(hump), 8.1)).toBeGreaterThan(20);
    expect(expectedFrom(Float64Array.from([...new Array(100).fill(1), 5]), 5)).toBeLessThan(0.1);
  });

  it("benjaminiHochberg() agrees with scipy", () => {
    expectNear(benjaminiHochberg(reference.p), reference.benjaminiHochberg, 1e-15);
    expect(benjaminiHochberg([])).toHaveLength(0);
  });

  it("conformalPValues() and decoyRates() count as defined", () => {
    expect([...conformalPValues(Float64Array.of(0, 2, 9), Float64Array.of(1, 2, 3))]).toEqual([1, 3 / 4, 1 / 4]);
    expect([...decoyRates(Float64Array.of(5, 4, 4, 1), Float64Array.of(4.5, 0, 0, 0))]).toEqual([
      2 / 4,
      2 / 4,
      2 / 4,
      2 / 4,
    ]);
    expect([...decoyRates(Float64Array.of(5, 5, 1), Float64Array.of(3, 2, 0))]).toEqual([1 / 2, 1 / 2, 1]);
  });
});

describe("order statistics", () => {
  it("median() is the lower middle value and selectRank() any other", () => {
    expect(median(Float64Array.of(4, 1, 3, 2))).toBe(2);
    expect(median(new Float64Array(0))).toBeNaN();
    const random = randomOf(3);
    const values = Float64Array.from({ length: 101 }, () => Math.floor(20 * random()));
    const sorted = values.slice().sort();
    for (let rank = 0; rank < 101; rank++) expect(selectRank(values.slice(), rank)).toBe(sorted[rank]);
    expect(quantileOfSorted(sorted, 0.25)).toBe(sorted[25]);
    expect(() => selectRank(values, 101)).toThrow(RangeError);
  });

  it("momentsOf() does not lose a small variance on a large mean", () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => 1e8 + (i % 2));
    expect(momentsOf(values)).toEqual({ count: 5000, mean: 1e8 + 0.5, variance: 0.25 });
  });
});
