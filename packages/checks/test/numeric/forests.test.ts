/** What draws: streams, isolation forest, sampled neighbours, random forest. */

import { describe, expect, it } from "vitest";
import { addPathLengths, isolationScores, meanPathLength } from "../../src/numeric/isolation-forest.js";
import type { DenseMatrix } from "../../src/numeric/matrix.js";
import { binColumns, growForest } from "../../src/numeric/random-forest.js";
import { randomPermutation, randomStream, sampleWithoutReplacement } from "../../src/numeric/random-stream.js";
import { addSampledDistances } from "../../src/numeric/sampled-neighbours.js";
import { fitTrimmedMahalanobis, mahalanobisDistances } from "../../src/numeric/trimmed-mahalanobis.js";
import { normalOf, randomOf } from "../tables.js";

const seed = new Uint8Array(32).fill(9);

describe("randomStream()", () => {
  it("is the committed sequence and differs by seed, purpose and index", () => {
    const first = (stream = randomStream(seed, "a")): number => stream.next();
    expect(Array.from({ length: 3 }, (_, i) => first(randomStream(seed, "a", i)))).toMatchInlineSnapshot(`
      [
        1710269742,
        2448256760,
        2417418783,
      ]
    `);
    const streams = [randomStream(seed, "b"), randomStream(new Uint8Array(32), "a"), randomStream(seed, "a", 2 ** 32)];
    for (const stream of streams) expect(first(stream)).not.toBe(first());
  });

  it("is uniform: chi-squared over 20 bins of 20,000 draws", () => {
    const stream = randomStream(seed, "uniform");
    const bins = new Int32Array(20);
    for (let i = 0; i < 20_000; i++) bins[stream.below(20)]!++;
    const statistic = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(statistic).toBeLessThan(43.8); // p = .001 at 19 degrees of freedom
    const uniform = stream.uniform();
    expect(uniform >= 0 && uniform < 1).toBe(true);
  });

  it("samples without replacement, and permutes", () => {
    expect([...sampleWithoutReplacement(randomStream(seed, "s"), 50, 50)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    expect(new Set(randomPermutation(randomStream(seed, "p"), 30)).size).toBe(30);
    expect(() => sampleWithoutReplacement(randomStream(seed, "s"), 2, 3)).toThrow(RangeError);
  });
});

/** Two correlated columns, and one row that breaks the correlation. */
function correlated(n: number): DenseMatrix {
  const normal = normalOf(5);
  const values = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    values[2 * i] = normal();
    values[2 * i + 1] = values[2 * i]! + 0.1 * normal();
  }
  values.set([2, -2], 0);
  return { kind: "dense", rows: n, columns: 2, values };
}

describe("outlier kernels", () => {
  const matrix = correlated(500);
  const rankOfFirst = (scores: Float64Array): number => scores.filter((score) => score > scores[0]!).length;

  it("addPathLengths() isolates the odd row early, and parts of the forest sum to the whole", () => {
    const whole = new Float64Array(500);
    addPathLengths(matrix, [matrix], [whole], seed, 0, 100);
    const scores = isolationScores(whole, 100, 256);
    expect(rankOfFirst(scores)).toBeLessThan(25);
    expect(Math.min(...scores)).toBeGreaterThan(0);
    const parts = new Float64Array(500);
    addPathLengths(matrix, [matrix], [parts], seed, 0, 37);
    addPathLengths(matrix, [matrix], [parts], seed, 37, 100);
    expect(parts).toEqual(whole);
    expect(meanPathLength(256)).toBeCloseTo(10.2448, 4);
  });

  it("addPathLengths() does not depend on the units of a column", () => {
    const scaled = { ...matrix, values: matrix.values.map((value, i) => (i % 2 === 0 ? value * 1024 : value)) };
    const [plain, other] = [new Float64Array(500), new Float64Array(500)];
    addPathLengths(matrix, [matrix], [plain], seed, 0, 20);
    addPathLengths(scaled, [scaled], [other], seed, 0, 20);
    expect(other).toEqual(plain);
  });

  it("addSampledDistances() leaves the row itself out", () => {
    const sums = new Float64Array(500);
    addSampledDistances(matrix, sums, undefined, undefined, seed, 0, 50, { references: 500 });
    expect(sums.every((sum) => sum > 0)).toBe(true);
    expect(rankOfFirst(sums)).toBe(0);
  });

  it("fitTrimmedMahalanobis() is not bent by 20 % of rows at one place", () => {
    const values = matrix.values.slice();
    for (let i = 0; i < 100; i++) values.set([2 + 0.001 * i, -2], 2 * i);
    const bent = { ...matrix, values };
    const distances = mahalanobisDistances(bent, fitTrimmedMahalanobis(bent)!);
    const bad = Math.min(...distances.subarray(0, 100));
    const good = distances.subarray(100).filter((distance) => distance > bad).length;
    expect(good).toBe(0);
  });
});

describe("growForest()", () => {
  const random = randomOf(8);
  const n = 600;
  const values = Float64Array.from({ length: 2 * n }, () => random());
  const matrix: DenseMatrix = { kind: "dense", rows: n, columns: 2, values };
  const label = Int32Array.from({ length: n }, (_, i) => (values[2 * i]! > 0.5 !== values[2 * i + 1]! > 0.5 ? 1 : 0));
  const first = Int32Array.from({ length: n + 1 }, (_, i) => i);
  const labels = { label, weight: new Float64Array(n).fill(1), first };
  const data = binColumns(matrix);

  it("learns exclusive or from rows it did not draw, and parts sum to the whole", () => {
    const whole = growForest(data, labels, 2, seed, 0, 40);
    let right = 0;
    for (let i = 0; i < n; i++) if (whole.votes[2 * i + label[i]!]! > whole.trees[i]! / 2) right++;
    expect(right / n).toBeGreaterThan(0.93);
    const [a, b] = [growForest(data, labels, 2, seed, 0, 13), growForest(data, labels, 2, seed, 13, 40)];
    expect(a.trees.map((count, i) => count + b.trees[i]!)).toEqual(whole.trees);
    for (let i = 0; i < 2 * n; i++) expect(a.votes[i]! + b.votes[i]!).toBeCloseTo(whole.votes[i]!, 12);
  });

  it("says about random labels what it should: nothing", () => {
    const coin = Int32Array.from({ length: n }, () => (random() < 0.5 ? 1 : 0));
    const { votes, trees } = growForest(data, { ...labels, label: coin }, 2, seed, 0, 40);
    let right = 0;
    for (let i = 0; i < n; i++) if (votes[2 * i + coin[i]!]! > trees[i]! / 2) right++;
    expect(Math.abs(right / n - 0.5)).toBeLessThan(0.08);
  });

  it("binColumns() keeps order and gives equal values one bin", () => {
    const many: DenseMatrix = { kind: "dense", rows: n, columns: 1, values: values.slice(0, n) };
    const { bins } = binColumns(many);
    const order = [...bins.keys()].sort((a, b) => many.values[a]! - many.values[b]!);
    for (let i = 1; i < n; i++) expect(bins[order[i]!]!).toBeGreaterThanOrEqual(bins[order[i - 1]!]!);
    expect(new Set(bins).size).toBeGreaterThan(200);
    expect([...binColumns({ kind: "dense", rows: 3, columns: 1, values: Float64Array.of(5, 1, 5) }).bins]).toEqual([
      1, 0, 1,
    ]);
  });
});
