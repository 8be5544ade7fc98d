import { describe, expect, it } from "vitest";
import { calibrateByDecoy, calibrateByTrust } from "../../src/outlier/outlier-calibration.js";
import type { OutlierModel } from "../../src/outlier/outlier-score.js";

/** Scores of 400 ordinary rows, as quantiles of an exponential distribution. */
const ordinary = Float64Array.from({ length: 400 }, (_, i) => -Math.log(1 - (i + 0.5) / 400));
const withTop = (top: readonly number[]): Float64Array => Float64Array.from([...ordinary, ...top]);
/** Rows of two columns; those of the 400 on all sides, the others in the directions that are given, in turn. */
const model = (
  score: Float64Array,
  decoy: Float64Array,
  directions: readonly (readonly [number, number])[] = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ],
): OutlierModel => {
  const rows = [...score.keys()].flatMap((i) =>
    i < 400 ? [Math.cos(i), Math.sin(i)] : directions[i % directions.length]!,
  );
  const clipped = { kind: "dense", rows: score.length, columns: 2, values: Float64Array.from(rows) };
  return { rows: { score }, decoy, flat: [], clipped } as unknown as OutlierModel;
};
const found = (q: Float64Array): number => q.filter((rate) => rate <= 0.05).length;

describe("calibrateByDecoy", () => {
  const far = Array.from({ length: 40 }, (_, i) => 1e3 + i);

  it("claims what the decoy does not reach", () => {
    const { method, q, reasons } = calibrateByDecoy(model(withTop(far), withTop([])), 5, 0.05);
    // With the best ordinary row, which the decoy has too: (1 + 1) / 41 is below .05, (1 + 2) / 42 is not.
    expect([method, found(q), reasons]).toEqual(["decoy", 41, []]);
  });

  it("claims nothing where the other scores, continued, explain what the decoy finds", () => {
    // The decoy has the middle of the scores, but not their upper end.
    const short = ordinary.map((score) => Math.min(score, 2.5));
    const { method, reasons } = calibrateByDecoy(model(ordinary, short), 5, 0.05);
    expect(method).toBe("uncalibrated");
    expect(reasons.join()).toMatch(/finds 3\d, but the scores of the others, continued, explain (all|[23]\d) of them/);
  });

  it("claims as many as reach into the scores that a tail would be fitted to, where a gap is below them", () => {
    const many = Array.from({ length: 60 }, (_, i) => 8 + i / 60);
    const { method, q, reasons, tailFound } = calibrateByDecoy(model(withTop(many), withTop([])), 5, 0.05);
    expect([method, found(q) >= 60, reasons]).toEqual(["decoy", true, []]);
    // The second opinion is of the others, so it is not bent by what it is asked about.
    expect([...tailFound.subarray(400)]).toEqual(new Array(60).fill(1));
  });

  it("claims nothing where what it finds is a group that stands off in one direction", () => {
    const island = model(withTop(far), withTop([]), [
      [9, 1],
      [9, -1],
    ]);
    const { method, reasons } = calibrateByDecoy(island, 5, 0.05);
    expect(method).toBe("uncalibrated");
    expect(reasons.join()).toMatch(/finds 41 that stand off in much the same direction/);
    const around = model(withTop(far), withTop([]), [
      [9, 1],
      [-9, -1],
    ]);
    expect(calibrateByDecoy(around, 5, 0.05).method).toBe("decoy");
  });

  it("claims nothing where more than a quarter of the records would be found, or all", () => {
    const crowd = Array.from({ length: 200 }, (_, i) => 30 + i / 60);
    for (const score of [withTop(crowd), ordinary.map((own) => own + 20)]) {
      const { method, reasons } = calibrateByDecoy(model(score, ordinary), 5, 0.05);
      expect(method).toBe("uncalibrated");
      expect(reasons.join()).toMatch(/finds (2\d\d of 600|400 of 400) records: so many cannot be odd/);
    }
  });

  it("keeps its claim of less where the tail finds more, and says so", () => {
    const { method, q, notes } = calibrateByDecoy(model(withTop(far), withTop(far.map((x) => x + 50))), 5, 0.05);
    expect([method, found(q)]).toEqual(["decoy", 0]);
    expect(notes.join()).toMatch(/would find 4\d where the decoy finds 0/);
  });
});

describe("calibrateByTrust", () => {
  it("tests a row whose drawn record is not trusted, and never finds one that a trusted record has", () => {
    const score = withTop(Array.from({ length: 40 }, (_, i) => 1e3 + i));
    const calibrating = Uint8Array.from(score, (_, i) => (i < 400 && i % 2 === 0 ? 1 : 0));
    // Another record of the oddest row is trusted.
    const trusted = calibrating.slice();
    trusted[439] = 1;
    const plain = calibrateByTrust(score, { calibrating, trusted: calibrating }, [], 0.1);
    const { method, p, q } = calibrateByTrust(score, { calibrating, trusted }, [], 0.1);
    expect(method).toBe("conformal");
    expect([p[439], q[439]]).toEqual([Number.NaN, Number.NaN]);
    expect(q.subarray(0, 439)).toEqual(plain.q.subarray(0, 439));
    expect(found(plain.q) - found(q)).toBe(1);
  });
});
