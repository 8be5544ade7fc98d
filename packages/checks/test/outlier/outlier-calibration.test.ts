import { describe, expect, it } from "vitest";
import { calibrateByDecoy } from "../../src/outlier/outlier-calibration.js";
import type { OutlierModel } from "../../src/outlier/outlier-score.js";

/** Scores of 400 ordinary rows, as quantiles of an exponential distribution. */
const ordinary = Float64Array.from({ length: 400 }, (_, i) => -Math.log(1 - (i + 0.5) / 400));
const withTop = (top: readonly number[]): Float64Array => Float64Array.from([...ordinary, ...top]);
const model = (score: Float64Array, decoy: Float64Array): OutlierModel =>
  ({ rows: { score }, decoy, flat: [] }) as unknown as OutlierModel;
const found = (q: Float64Array): number => q.filter((rate) => rate <= 0.05).length;

describe("calibrateByDecoy", () => {
  const far = Array.from({ length: 40 }, (_, i) => 1e3 + i);

  it("claims what the decoy does not reach", () => {
    const { method, q, reasons } = calibrateByDecoy(model(withTop(far), withTop([])), 5, 0.05);
    // With the best ordinary row, which the decoy has too: (1 + 1) / 41 is below .05, (1 + 2) / 42 is not.
    expect([method, found(q), reasons]).toEqual(["decoy", 41, []]);
  });

  it("claims nothing where the decoy finds ten times what the tail does", () => {
    const half = Array.from({ length: 300 }, (_, i) => 8 + i / 300);
    const { method, reasons } = calibrateByDecoy(model(withTop(half), withTop([])), 5, 0.05);
    expect(method).toBe("uncalibrated");
    expect(reasons.join()).toMatch(/finds 3\d\d and the tail of the scores 0: they disagree/);
  });

  it("keeps its claim of less where the tail finds more, and says so", () => {
    const { method, q, notes } = calibrateByDecoy(model(withTop(far), withTop(far.map((x) => x + 50))), 5, 0.05);
    expect([method, found(q)]).toEqual(["decoy", 0]);
    expect(notes.join()).toMatch(/would find 4\d where the decoy finds 0/);
  });
});
