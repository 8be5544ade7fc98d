import { describe, expect, it } from "vitest";
import { flipTerritories } from "../../src/label/flip-territories.js";
import type { LabelTransition } from "../../src/label/label-transition.js";

/** Territories with these anchors and strangers among them; rates as they are counted. */
function judge(votes: number[], strangers: number[]) {
  const rate = strangers.reduce((a, b) => a + b) / votes.reduce((a, b) => a + b);
  const rates = Float64Array.from(votes, (all, k) => (all > 0 ? strangers[k]! / all : rate));
  const counts = { votes: Float64Array.from(votes), strangers: Float64Array.from(strangers) };
  const transition = { rates, ...counts, classRates: true } as unknown as LabelTransition;
  const { pure, common } = flipTerritories(transition, rate);
  return { pure: [...pure], common: [...common] };
}

describe("flipTerritories()", () => {
  it("leaves out a territory whose rate exceeds the one that is common to most", () => {
    expect(judge([200, 200, 200, 200], [38, 40, 44, 100])).toEqual({ pure: [0, 0, 0, 0], common: [1, 1, 1, 0] });
  });

  it("takes no rate for common that less than half of the classes or of the anchors have", () => {
    expect(judge([700, 300, 20, 20], [270, 155, 12, 14]).common).toEqual([0, 0, 0, 0]);
    expect(judge([100, 100, 100, 700], [10, 11, 12, 350]).common).toEqual([0, 0, 0, 0]);
  });

  it("counts classes without anchors as classes, and a class from which nothing strays as pure", () => {
    expect(judge([200, 200, 0, 0], [40, 41, 0, 0]).common).toEqual([0, 0, 0, 0]);
    expect(judge([300, 300, 300], [75, 0, 0])).toEqual({ pure: [0, 1, 1], common: [0, 1, 1] });
  });
});
