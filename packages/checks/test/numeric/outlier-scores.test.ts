/** Local outlier factors, tails and histograms against literal transcriptions; against PyOD and scikit-learn: `test/interop`. */

import { describe, expect, it } from "vitest";
import { copodScores, ecodScores } from "../../src/numeric/empirical-tails.js";
import { histogramScores } from "../../src/numeric/histogram-score.js";
import { localOutlierFactors } from "../../src/numeric/local-outlier-factor.js";
import type { DenseMatrix } from "../../src/numeric/matrix.js";
import { nearestRowsDense } from "../../src/numeric/nearest-neighbours.js";
import { randomOf } from "../tables.js";

/** Two clouds of different density, a lonely row, ties and a constant column. */
function table(rows: number): { matrix: DenseMatrix; lists: number[][] } {
  const random = randomOf(rows);
  const lists = Array.from({ length: rows }, (_, i) => {
    const wide = i % 2 === 0 ? 1 : 0.1;
    return [wide * random() + (i % 2) * 5, Math.floor(5 * random()), 7, wide * random() ** 3];
  });
  lists[0] = [2.5, 9, 7, 4];
  return { matrix: { kind: "dense", rows, columns: 4, values: Float64Array.from(lists.flat()) }, lists };
}

const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((x, j) => x - b[j]!));

function expectNear(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 9);
}

describe("localOutlierFactors()", () => {
  it("is the factor of its definition", () => {
    const { matrix, lists } = table(40);
    const k = 5;
    const nearest = lists.map((own, i) =>
      lists
        .map((other, o) => ({ o, d: distance(own, other) }))
        .filter(({ o }) => o !== i)
        .sort((a, b) => a.d - b.d || a.o - b.o)
        .slice(0, k),
    );
    const density = nearest.map(
      (near) => 1 / (near.reduce((sum, { o, d }) => sum + Math.max(nearest[o]![k - 1]!.d, d), 0) / k + 1e-10),
    );
    const expected = nearest.map((near, i) => near.reduce((sum, { o }) => sum + density[o]!, 0) / k / density[i]!);
    const factors = localOutlierFactors(nearestRowsDense(matrix, k, 40, 0, 40), k);
    expectNear(factors, expected);
    expect(factors.indexOf(Math.max(...factors))).toBe(0);
  });

  it("has no NaN for copies, for fewer rows than neighbours and for one row", () => {
    for (const values of [[1, 1, 1, 1], [1, 2], [3]]) {
      const matrix: DenseMatrix = { kind: "dense", rows: values.length, columns: 1, values: Float64Array.from(values) };
      const factors = localOutlierFactors(nearestRowsDense(matrix, 3, values.length, 0, values.length), 3);
      expectNear(
        factors,
        values.map(() => 1),
      );
    }
  });
});

describe("ecodScores() and copodScores()", () => {
  it("add up the tails of their definitions", () => {
    const { matrix, lists } = table(50);
    const tailsOf = (own: readonly number[]) =>
      own.map((value, j) => {
        const column = lists.map((other) => other[j]!);
        const mean = column.reduce((sum, x) => sum + x, 0) / 50;
        const skew = column.reduce((sum, x) => sum + (x - mean) ** 3, 0);
        const left = -Math.log(column.filter((x) => x <= value).length / 50);
        const right = -Math.log(column.filter((x) => x >= value).length / 50);
        return { left, right, skewed: skew < 0 ? left : skew > 0 ? right : left + right };
      });
    const total = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);
    expectNear(
      ecodScores(matrix),
      lists.map((own) => total(tailsOf(own).map(({ left, right, skewed }) => Math.max(left, right, skewed)))),
    );
    expectNear(
      copodScores(matrix),
      lists.map((own) => total(tailsOf(own).map(({ left, right, skewed }) => Math.max((left + right) / 2, skewed)))),
    );
  });
});

describe("histogramScores()", () => {
  it("adds up the densities of bins of equal width; an edge counts above and is scored below", () => {
    const values = [0, 0.5, 1, 1.5, 2, 10];
    const matrix: DenseMatrix = { kind: "dense", rows: 6, columns: 1, values: Float64Array.from(values) };
    // Bins of width 1: [0, 1) holds 2, [1, 2) holds 2, [2, 3) holds 1, [9, 10] holds 1.
    const score = (count: number): number => -Math.log2(count / 6 + 0.1);
    expectNear(histogramScores(matrix), [2, 2, 2, 2, 2, 1].map(score));
    // In the middle of its ten bins, so counted above and scored below: the same for all rows.
    const constant: DenseMatrix = { ...matrix, values: new Float64Array(6).fill(4) };
    expectNear(histogramScores(constant), new Array<number>(6).fill(-Math.log2(0.1)));
  });
});
