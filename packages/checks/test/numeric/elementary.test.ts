import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exp, log, pow } from "../../src/numeric/elementary.js";

/** `Math` is exact to about one unit in the last place on every engine that runs the tests. */
function expectClose(actual: number, expected: number, relative: number): void {
  if (!Number.isFinite(expected) || expected === 0) expect(actual).toBe(expected);
  else expect(Math.abs(actual / expected - 1)).toBeLessThan(relative);
}

describe("elementary functions", () => {
  it("exp() and log() agree with Math within 1e-15 relative", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 709, noNaN: true }), (x) => expectClose(exp(x), Math.exp(x), 1e-15)),
      { numRuns: 5000, seed: 1 },
    );
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => expectClose(log(x), Math.log(x), 1e-15)),
      { numRuns: 5000, seed: 1 },
    );
    for (let k = -50; k <= 50; k++) expectClose(log(1 + k / 1e6), Math.log1p(k / 1e6), 1e-9);
  });

  it("pow() agrees with Math within 1e-14 relative where |exponent · log(base)| is below 20", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.double({ min: -2.5, max: 2.5, noNaN: true }),
        (base, exponent) => expectClose(pow(base, exponent), base ** exponent, 1e-14),
      ),
      { numRuns: 3000, seed: 1 },
    );
    expect(() => pow(-1, 2)).toThrow(RangeError);
  });

  it("exp() and log() have the right limits", () => {
    expect([exp(0), exp(-1e9), exp(Number.NEGATIVE_INFINITY), exp(1e9), exp(Number.NaN)]).toEqual([
      1,
      0,
      0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
    expect([log(1), log(0), log(-1), log(Number.POSITIVE_INFINITY), log(Number.NaN)]).toEqual([
      0,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
    for (const x of [-708.5, -720, -744, 5e-324, 1e-310]) {
      if (x < 0) expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(Math.max(5e-324, Math.exp(x) * 1e-15));
      else expectClose(log(x), Math.log(x), 1e-15);
    }
  });
});
