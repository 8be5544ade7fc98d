import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { betaBinomialTail, hypergeometricTail } from "../../src/source/count-tests.js";
import { sourcesOf } from "../../src/source/source-answers.js";
import { correlationWithin } from "../../src/source/source-spread.js";
import { randomOf } from "../tables.js";

/** n choose k, exactly. */
function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

/** The definition in whole numbers: Σ C(marked, k) C(total − marked, drawn − k) / C(total, drawn). */
function slowHypergeometric(observed: number, drawn: number, marked: number, total: number): number {
  let sum = 0n;
  for (let k = Math.max(0, observed); k <= drawn; k++) sum += choose(marked, k) * choose(total - marked, drawn - k);
  return Number((sum * 10n ** 30n) / choose(total, drawn)) / 1e30;
}

describe("hypergeometricTail()", () => {
  test("agrees with whole-number arithmetic", () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(60), fc.nat(60));
    fc.assert(
      fc.property(counts, ([total, a, b, observed]) => {
        const [drawn, marked] = [a % (total + 1), b % (total + 1)];
        const slow = slowHypergeometric(observed, drawn, marked, total);
        expect(Math.abs(hypergeometricTail(observed, drawn, marked, total) - slow)).toBeLessThan(1e-12 * slow + 1e-29);
      }),
      { numRuns: 300 },
    );
  });
  test("is a probability for large counts too", () => {
    expect(hypergeometricTail(5000, 100_000, 50_000, 1_000_000)).toBeCloseTo(0.5, 2);
    expect(hypergeometricTail(50_000, 50_000, 50_000, 1_000_000)).toBe(1e-300);
    expect(hypergeometricTail(0, 10, 10, 100)).toBe(1);
  });
});

describe("betaBinomialTail()", () => {
  test("with no correlation is the binomial", () => {
    let slow = 0;
    for (let k = 3; k <= 10; k++) slow += Number(choose(10, k)) * 0.2 ** k * 0.8 ** (10 - k);
    expect(betaBinomialTail(3, 10, 0.2, 0)).toBeCloseTo(slow, 12);
    expect(betaBinomialTail(3, 10, 0.2, 1e-9)).toBeCloseTo(slow, 6);
  });
  test("of α = β = 1 is uniform", () => {
    for (let k = 0; k <= 7; k++) expect(betaBinomialTail(k, 7, 0.5, 1 / 3)).toBeCloseTo((8 - k) / 8, 12);
  });
  test("is heavier the more sources differ", () => {
    const tails = [0, 0.01, 0.1, 0.3].map((correlation) => betaBinomialTail(20, 50, 0.1, correlation));
    expect([...tails].sort((a, b) => a - b)).toEqual(tails);
  });
});

test("correlationWithin() is small for sources that do not differ, and found where they do", () => {
  const random = randomOf(8);
  const sizes = new Int32Array(40).fill(200);
  const draw = (rate: () => number) =>
    sizes.map((n) => {
      const p = rate();
      let k = 0;
      for (let i = 0; i < n; i++) if (random() < p) k++;
      return k;
    });
  expect(
    correlationWithin(
      draw(() => 0.1),
      sizes,
    ),
  ).toBeLessThan(0.006);
  const differing = correlationWithin(
    draw(() => 0.05 + 0.2 * random()),
    sizes,
  );
  expect(differing).toBeGreaterThan(0.01);
  expect(differing).toBeLessThan(0.1);
  const oneBad = draw(() => 0.01).with(0, 90);
  expect(correlationWithin(oneBad, sizes)).toBeLessThan(0.02);
  expect(correlationWithin(Int32Array.of(1, 50), Int32Array.of(100, 100))).toBe(0);
});

test("sourcesOf() numbers sources by code point and puts records without one last", () => {
  const sources = sourcesOf({
    name: "s",
    kind: "category",
    codes: Int32Array.of(2, -1, 0, 2),
    categories: ["__proto__", "b", "c"],
  });
  expect(sources).toEqual({
    codes: Int32Array.of(1, 2, 0, 1),
    names: ["__proto__", "c", null],
    sizes: Int32Array.of(1, 2, 1),
    first: Int32Array.of(2, 0, 1),
  });
});
