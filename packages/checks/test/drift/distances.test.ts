import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gridDistance, sharesP, valuesDistance } from "../../src/drift/distances.js";
import { gridOf } from "../../src/drift/sketch.js";
import { kolmogorovTail } from "../../src/numeric/kolmogorov.js";
import { normalOf } from "../tables.js";

const sampled = (numbers: readonly number[]) => ({
  grid: gridOf(Float64Array.from(numbers).sort()).grid,
  n: numbers.length,
});

/** By its definition: the greatest difference of the two empirical distributions. */
function slowDistance(a: readonly number[], b: readonly number[]): number {
  const share = (all: readonly number[], at: number) => all.filter((value) => value <= at).length / all.length;
  return Math.max(...[...a, ...b].map((at) => Math.abs(share(a, at) - share(b, at))));
}

test("kolmogorovTail() is the table's (Smirnov 1948), from both of its series", () => {
  for (const [lambda, p] of [
    [1.2238478702, 0.1],
    [1.3580986393, 0.05],
    [1.6276236115, 0.01],
    [0.82757355518, 0.5],
    [0.5, 0.9639452436],
  ] as const)
    expect(kolmogorovTail(lambda)).toBeCloseTo(p, 8);
  expect(kolmogorovTail(1 - 1e-12)).toBeCloseTo(kolmogorovTail(1), 10);
  expect([kolmogorovTail(0), kolmogorovTail(0.05), kolmogorovTail(40)]).toEqual([1, 1, 1e-300]);
});

describe("gridDistance()", () => {
  test("is exact where no more than 257 numbers differ", () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expect(gridDistance(sampled(a), sampled(b)).distance).toBeCloseTo(slowDistance(a, b), 12);
      }),
      { numRuns: 100 },
    );
  });
  test("is never above the distance of the records, and at most two steps of the grid below it", () => {
    for (let seed = 0; seed < 6; seed++) {
      const normal = normalOf(seed);
      const a = Array.from({ length: 2000 }, normal);
      const b = Array.from({ length: 1500 }, () => normal() * (1 + seed / 5) + seed / 20);
      const exact = slowDistance(a, b);
      const { distance } = gridDistance(sampled(a), sampled(b));
      expect(distance).toBeLessThanOrEqual(exact + 1e-12);
      expect(distance).toBeGreaterThan(exact - 2 / 256);
    }
  });
  test("does not depend on which came first, and says where", () => {
    const a = sampled([1, 2, 3, 4]);
    const b = sampled([3, 4, 5, 6]);
    expect(gridDistance(a, b)).toMatchObject({ distance: 0.5, at: 2, before: 0.5, now: 0 });
    expect(gridDistance(b, a)).toMatchObject({ distance: 0.5, at: 2, before: 0, now: 0.5, p: gridDistance(a, b).p });
  });
});

describe("valuesDistance()", () => {
  test("is the chi-squared test of the table, and half the sum of differences", () => {
    const of = (x: number, y: number) => ({
      n: x + y,
      values: [
        { value: "x", count: x },
        { value: "y", count: y },
      ],
    });
    // 2 × 2: n (ad − bc)² / (row and column sums).
    const chiSquared = (100 * (30 * 30 - 20 * 20) ** 2) / (50 * 50 * 50 * 50);
    expect(valuesDistance(of(30, 20), of(20, 30))).toMatchObject({
      distance: expect.closeTo(0.2, 12),
      chiSquared: expect.closeTo(chiSquared, 12),
      degreesOfFreedom: 1,
    });
  });
  test("pools what is rare and what one side does not list", () => {
    const a = {
      n: 100,
      values: [
        { value: "x", count: 60 },
        { value: "y", count: 20 },
      ],
    };
    const b = {
      n: 100,
      values: [
        { value: "x", count: 50 },
        { value: "z", count: 20 },
        { value: "r", count: 1 },
      ],
    };
    expect(valuesDistance(a, b)?.cells).toEqual([
      { value: "x", before: 60, now: 50 },
      { before: 40, now: 50 },
    ]);
  });
  test("compares nothing where nothing is listed on both sides", () => {
    const one = { n: 50, values: [{ value: "x", count: 1 }] };
    expect(valuesDistance(one, { n: 50, values: [{ value: "y", count: 1 }] })).toBeUndefined();
  });
});

test("sharesP() is twice the smaller exact tail", () => {
  expect(sharesP({ marked: 0, n: 3 }, { marked: 3, n: 3 })).toBeCloseTo(0.1, 12);
  expect(sharesP({ marked: 3, n: 3 }, { marked: 0, n: 3 })).toBeCloseTo(0.1, 12);
  expect(sharesP({ marked: 5, n: 10 }, { marked: 5, n: 10 })).toBe(1);
});
