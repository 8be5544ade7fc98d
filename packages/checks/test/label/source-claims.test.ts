import { describe, expect, it } from "vitest";
import type { Votes } from "../../src/label/given-labels.js";
import { claimedWithin } from "../../src/label/source-claims.js";
import type { Sources } from "../../src/source/source-answers.js";

/** One row a unit, unless units are given. */
function claim(posterior: number[], codes: number[], unitOf = [...posterior.keys()]) {
  const votes = { unitOf: Int32Array.from(unitOf) } as unknown as Votes;
  const sources = { codes: Int32Array.from(codes), names: ["a", "b"] } as unknown as Sources;
  return claimedWithin([...unitOf.keys()], votes, Float64Array.from(posterior), sources, 0.05);
}

describe("claimedWithin()", () => {
  it("leaves what is sure in its own source, and takes out what only others made up for", () => {
    const sure = new Array(40).fill(0.999);
    expect(claim([...sure, 0.6, 0.7], [...new Array(40).fill(0), 1, 1])).toEqual([...sure.keys()]);
    expect(claim([...sure, 0.99, 0.6], [...new Array(40).fill(0), 1, 1])).toEqual([...sure.keys(), 40]);
  });

  it("keeps the mean doubt of each source at or below the rate, equal ones together", () => {
    // Doubts .03, .055, .055: their mean is below .05.
    expect(claim([0.945, 0.97, 0.945], [0, 0, 0])).toEqual([0, 1, 2]);
    expect(claim([0.93, 0.97, 0.93], [0, 0, 0])).toEqual([1]);
  });

  it("counts copies of a record once", () => {
    expect(claim([0.99, 0.92], [0, 0, 0, 0], [0, 0, 0, 1])).toEqual([0, 1, 2, 3]);
    expect(claim([0.99, 0.9], [0, 0, 0, 0], [0, 0, 0, 1])).toEqual([0, 1, 2]);
  });
});
