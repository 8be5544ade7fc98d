/** The WebAssembly kernel against JavaScript, and both against literal definitions. */

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { compileKernel } from "../../assembly/build.js";
import { NUMERIC_KERNEL } from "../../src/generated/numeric.js";
import { cholesky } from "../../src/numeric/cholesky.js";
import { covarianceOf } from "../../src/numeric/covariance.js";
import { deconvolve } from "../../src/numeric/deconvolution.js";
import { addPathLengths } from "../../src/numeric/isolation-forest.js";
import { numericKernel } from "../../src/numeric/kernel.js";
import { fitLogisticRegression } from "../../src/numeric/logistic-regression.js";
import { squaredDistances } from "../../src/numeric/mahalanobis.js";
import type { DenseMatrix } from "../../src/numeric/matrix.js";
import { nearestRowsDense } from "../../src/numeric/nearest-neighbours.js";
import { binColumns, growForest } from "../../src/numeric/random-forest.js";
import { randomStream, sampleWithoutReplacement } from "../../src/numeric/random-stream.js";
import { addSampledDistances } from "../../src/numeric/sampled-neighbours.js";
import { randomOf } from "../tables.js";

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);

/** Numbers around `clusters` centres that are `apart` from each other, `wide` within. */
function clustered(rows: number, columns: number, clusters: number, apart: number, wide: number): DenseMatrix {
  const random = randomOf(rows + columns);
  const centres = Float64Array.from({ length: clusters * columns }, () => apart * (random() - 0.5));
  const values = Float64Array.from(
    { length: rows * columns },
    (_, at) => centres[(Math.floor(at / columns) % clusters) * columns + (at % columns)]! + wide * (random() - 0.5),
  );
  return { kind: "dense", rows, columns, values };
}

test("the module is what its source becomes", { timeout: 60_000 }, async () => {
  expect(Buffer.from(await compileKernel()).toString("base64")).toBe(NUMERIC_KERNEL);
});

test("there is a kernel in this runtime", () => {
  expect(numericKernel()).not.toBeNull();
});

describe("nearestRowsDense()", () => {
  const literal = ({ rows, columns, values }: DenseMatrix, k: number, row: number): [number, number][] => {
    const pairs: [number, number][] = [];
    for (let other = 0; other < rows; other++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (values[row * columns + j]! - values[other * columns + j]!) ** 2;
      if (other !== row) pairs.push([sum, other]);
    }
    return pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, k);
  };

  it.each([
    ["one cloud", 1, 0, 1, 0],
    ["a cloud far from 0", 1, 0, 1, 1e9],
    ["tight clusters far from each other", 4, 1e6, 1e-3, 0],
    ["values beyond single precision", 3, 1e30, 1e28, 0],
    ["tiny values", 3, 1e-30, 1e-32, 0],
    ["all rows alike", 1, 0, 0, 5],
  ])("measures as a literal scan to the bit: %s", (_, clusters, apart, wide, offset) => {
    for (const columns of [9, 30]) {
      const matrix = clustered(611, columns, clusters, apart, wide);
      for (let i = 0; i < matrix.values.length; i++) matrix.values[i]! += offset;
      // One row that is odder than all others must not loosen the bounds of the others.
      matrix.values[5 * columns] = 1e3 * (apart + wide);
      const byKernel = nearestRowsDense(matrix, 6, 611, 0, 611);
      expect(nearestRowsDense(matrix, 6, 611, 0, 611, null)).toEqual(byKernel);
      for (const row of [0, 5, 300, 610]) {
        const expected = literal(matrix, 6, row);
        expect([...byKernel.rows.subarray(6 * row, 6 * row + 6)]).toEqual(expected.map(([, other]) => other));
        expect([...byKernel.squared.subarray(6 * row, 6 * row + 6)]).toEqual(expected.map(([sum]) => sum));
      }
    }
  });

  it("is the same by kernel and without for any small matrix, references and cut", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: 12 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(6),
        fc.nat(1000),
        (columns, rows, k, salt) => {
          const random = randomOf(salt);
          const values = Float64Array.from({ length: rows * columns }, () => Math.floor(3 * random()) / 7);
          const matrix: DenseMatrix = { kind: "dense", rows, columns, values };
          const begin = Math.floor(random() * rows);
          const references = 1 + Math.floor(random() * rows);
          expect(nearestRowsDense(matrix, k, references, begin, rows)).toEqual(
            nearestRowsDense(matrix, k, references, begin, rows, null),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("addSampledDistances()", () => {
  const sumsOf = (matrix: DenseMatrix, decoy: DenseMatrix, options: object, cuts: readonly number[]) => {
    const sums = new Float64Array(matrix.rows);
    const decoySums = new Float64Array(decoy.rows);
    for (const [i, begin] of cuts.slice(0, -1).entries())
      addSampledDistances(matrix, sums, decoy, decoySums, seed, begin, cuts[i + 1]!, options);
    return [sums, decoySums];
  };

  it("is the same by kernel and without, for any shape", () => {
    for (const [rows, columns, references] of [
      [1, 3, 20],
      [2, 1, 20],
      [7, 5, 3],
      [50, 9, 20],
      [203, 17, 6],
    ] as const) {
      const matrix = clustered(rows, columns, 2, 3, 1);
      const decoy = clustered(rows + 3, columns, 2, 3, 1);
      const expected = sumsOf(matrix, decoy, { references, kernel: null }, [0, 11]);
      expect(sumsOf(matrix, decoy, { references }, [0, 11])).toEqual(expected);
      expect(sumsOf(matrix, decoy, { references }, [0, 4, 11])).toEqual(expected);
    }
  });

  it("is the distance of its definition, in units of the median, without the row itself", () => {
    const matrix = clustered(40, 6, 3, 2, 1);
    const expected = new Float64Array(40);
    for (let draw = 0; draw < 5; draw++) {
      const sample = sampleWithoutReplacement(randomStream(seed, "sampled-neighbours", draw), 40, 8);
      const distances = Array.from({ length: 40 }, (_, i) => {
        const others = [...sample].filter((other) => other !== i);
        return Math.min(
          ...others.map((other) =>
            Math.hypot(
              ...Array.from({ length: 6 }, (_, j) => matrix.values[6 * i + j]! - matrix.values[6 * other + j]!),
            ),
          ),
        );
      });
      const median = [...distances].sort((a, b) => a - b)[19]!;
      for (let i = 0; i < 40; i++) expected[i]! += distances[i]! / median;
    }
    const [sums] = sumsOf(matrix, matrix, { references: 8 }, [0, 5]);
    for (let i = 0; i < 40; i++) expect(sums![i]).toBeCloseTo(expected[i]!, 5);
  });
});

describe("addPathLengths()", () => {
  it("is the same by kernel and without, for any shape and cut of the trees", () => {
    for (const [rows, columns, sampleSize] of [
      [1, 2, 256],
      [2, 1, 256],
      [9, 3, 4],
      [300, 7, 256],
      [70, 2000, 64],
    ] as const) {
      const matrix = clustered(rows, columns, 3, 2, 1);
      matrix.values[0] = Number.POSITIVE_INFINITY;
      const other = clustered(rows + 1, columns, 3, 4, 1);
      const paths = (kernel: null | undefined, cuts: readonly number[]) => {
        const sums = [new Float64Array(rows), new Float64Array(rows + 1)];
        const options = { sampleSize, ...(kernel === null && { kernel }) };
        for (const [i, begin] of cuts.slice(0, -1).entries())
          addPathLengths(matrix, [matrix, other], sums, seed, begin, cuts[i + 1]!, options);
        return sums;
      };
      const expected = paths(null, [0, 12]);
      expect(paths(undefined, [0, 12])).toEqual(expected);
      expect(paths(undefined, [0, 5, 12])).toEqual(expected);
      for (const sum of expected[0]!) expect(Number.isFinite(sum)).toBe(true);
    }
  });
});

describe("growForest()", () => {
  it("is the same by kernel and without, for few and many rows, columns, values and classes", () => {
    for (const [rows, columns, classes, minLeaf] of [
      [5, 2, 2, 3],
      [40, 3, 7, 1],
      [700, 5, 3, 3],
      [300, 60, 200, 2],
    ] as const) {
      const matrix = clustered(rows, columns, classes, 2, 1);
      for (let i = 0; i < rows; i++) matrix.values[i * columns] = i % 2;
      const data = binColumns(matrix);
      const first = Int32Array.from({ length: rows + 1 }, (_, i) => i);
      const label = Int32Array.from({ length: rows }, (_, i) => (i % 9 === 0 ? (i * 7) % classes : i % classes));
      const labels = { label, weight: new Float64Array(rows).fill(1), first };
      const expected = growForest(data, labels, classes, seed, 0, 4, { minLeaf, kernel: null });
      expect(growForest(data, labels, classes, seed, 0, 4, { minLeaf })).toEqual(expected);
      expect(expected.votes.some((vote) => vote > 0)).toBe(true);
    }
  });
});

describe("fitLogisticRegression()", () => {
  it("is the same by kernel and without, for odd numbers of classes, columns and rows, weighted, and with huge values", () => {
    for (const [rows, columns, classes, wide] of [
      [4, 1, 3, 1],
      [101, 7, 3, 1],
      [333, 18, 10, 1],
      [61, 4, 4, 1e4],
    ] as const) {
      const matrix = clustered(rows, columns, classes, wide, 1);
      const examples = Int32Array.from({ length: rows }, (_, i) => (i * 7) % rows);
      const labels = examples.map((row) => (row % 5 === 0 ? 0 : row % classes));
      for (const weights of [undefined, Float64Array.from(examples, (row) => 1 / (1 + (row % 3)))]) {
        const options = { weights, maxIterations: 12 };
        const expected = fitLogisticRegression(matrix, examples, labels, classes, { ...options, kernel: null });
        expect(fitLogisticRegression(matrix, examples, labels, classes, options)).toEqual(expected);
        expect(expected.weights.every(Number.isFinite)).toBe(true);
      }
    }
  });
});

describe("covarianceOf() and squaredDistances()", () => {
  it("are the same by kernel and without, for any number of rows and columns, chosen, weighted and shared with the mean", () => {
    for (const [rows, columns] of [
      [1, 1],
      [9, 4],
      [2051, 3],
      [1500, 17],
    ] as const) {
      const matrix = clustered(rows, columns, 3, 2, 1);
      matrix.values.fill(0.5, 0, columns);
      const chosen = Int32Array.from({ length: Math.ceil(rows / 2) }, (_, i) => (i * 2) % rows);
      for (const weights of [undefined, Float64Array.from({ length: rows }, (_, i) => (i % 4) / 3 + 0.1)]) {
        const expected = covarianceOf(matrix, chosen, weights, null);
        expect(covarianceOf(matrix, chosen, weights)).toEqual(expected);
        const covariance = expected.matrix.slice();
        for (let j = 0; j < columns; j++) covariance[j * columns + j]! += 0.1;
        const centre = { mean: expected.mean, factor: cholesky(covariance, columns)! };
        const centres = [centre, { ...centre, mean: centre.mean.map((value) => value + 1) }];
        for (const taken of [chosen, undefined]) {
          for (const of of [centres, [centre]]) {
            const squared = squaredDistances(matrix, taken, of, null);
            expect(squaredDistances(matrix, taken, of)).toEqual(squared);
            expect(squared.every(Number.isFinite)).toBe(true);
          }
        }
      }
    }
  });
});

describe("deconvolve()", () => {
  const random = randomOf(4);
  const shares = (count: number, size: number): Float64Array => {
    const values = Float64Array.from({ length: count * size }, (_, i) => (i % 7 === 0 ? 0 : random()));
    for (let at = 0; at < values.length; at += size) {
      const sum = values.subarray(at, at + size).reduce((total, value) => total + value, 0);
      for (let i = at; i < at + size; i++) values[i]! /= sum;
    }
    return values;
  };

  it("is the same by kernel and without, for odd and even sizes, and where nothing flows", () => {
    for (const [count, size] of [
      [3, 4],
      [5, 7],
      [900, 10],
    ] as const) {
      const observed = shares(count, size);
      const transition = shares(size, size);
      for (let a = 0; a < size; a++) transition[a * size + size - 1] = 0;
      const expected = deconvolve(observed, size, transition, 9, null);
      expect(deconvolve(observed, size, transition, 9)).toEqual(expected);
      expect(deconvolve(observed, size, transition, 0)).toEqual(observed);
      expect(expected.some((value) => value > 0 && value < 1)).toBe(true);
    }
  });

  it("finds the causes that scatter into what was observed", () => {
    const transition = Float64Array.of(0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0, 0.1, 0.9);
    const causes = [0.5, 0.2, 0.3];
    const observed = Float64Array.from({ length: 3 }, (_, b) =>
      causes.reduce((sum, cause, a) => sum + cause * transition[a * 3 + b]!, 0),
    );
    for (const [a, value] of deconvolve(observed, 3, transition, 500).entries())
      expect(value).toBeCloseTo(causes[a]!, 6);
  });
});
