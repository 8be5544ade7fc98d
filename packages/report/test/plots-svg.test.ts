import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearAxis } from "../src/axis.js";
import { plotFigure } from "../src/plots-svg.js";
import { cleanPlot } from "../src/report-plot.js";

const double = fc.double({ noNaN: true, noDefaultInfinity: true });

describe("linearAxis()", () => {
  it("has finite positions within its ends and ascending ticks, for any two numbers", () => {
    fc.assert(
      fc.property(double, double, (a, b) => {
        const [low, high] = a <= b ? [a, b] : [b, a];
        const axis = linearAxis(low, high, 10, 110);
        for (const value of [low, high]) {
          expect(axis.at(value)).toBeGreaterThanOrEqual(10);
          expect(axis.at(value)).toBeLessThanOrEqual(110);
        }
        expect(axis.ticks.length).toBeLessThanOrEqual(11);
        for (const [index, tick] of axis.ticks.entries()) {
          expect(Number.isFinite(tick)).toBe(true);
          if (index > 0) expect(tick).toBeGreaterThan(axis.ticks[index - 1]!);
        }
      }),
    );
  });

  it("has round ticks", () => {
    expect(linearAxis(0, 9_004, 0, 100).ticks).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
    expect(linearAxis(0.0003, 0.0011, 0, 100).ticks).toEqual([0.0004, 0.0006, 0.0008, 0.001]);
  });
});

describe("cleanPlot()", () => {
  it("drops what is no number, thins what is too many, and counts both", () => {
    const points = Array.from({ length: 10_000 }, (_, x) => ({
      x,
      y: x % 100 === 0 ? Number.NaN : 1,
      accused: x % 1_000 === 1,
    }));
    const plot = cleanPlot({ kind: "scatter", title: "t", x: "x", y: "y", points, left: 5 });
    if (plot.kind !== "scatter") throw new Error("kind");
    expect(plot.points.length).toBe(4_000);
    expect(plot.points.filter(({ accused }) => accused === true).length).toBe(10);
    expect(plot.left).toBe(6_005);
  });

  it("refuses a histogram whose edges and counts do not fit", () => {
    const histogram = { kind: "histogram", title: "t", column: "c" } as const;
    expect(() => cleanPlot({ ...histogram, edges: [0, 1], counts: [1, 2] })).toThrow(RangeError);
    expect(() => cleanPlot({ ...histogram, edges: [0, 1], counts: [1], accused: [] })).toThrow(RangeError);
    expect(() => cleanPlot({ ...histogram, edges: [0, Number.NaN], counts: [1] })).toThrow(RangeError);
  });
});

it("plotFigure() writes finite numbers only, for any points", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ x: double, y: double, accused: fc.boolean() }), { maxLength: 20 }), (points) => {
      const { html } = plotFigure(cleanPlot({ kind: "scatter", title: "t", x: "x", y: "y", points }));
      expect(html).not.toMatch(/NaN|Infinity|undefined/);
    }),
  );
  expect(plotFigure({ kind: "bars", title: "none", bars: [] }).html).toContain("Nothing to count.");
});
