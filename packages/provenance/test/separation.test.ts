import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canSeparate, type Demand } from "../src/separation.js";

type Pair = readonly [string, string];
const demand = (role: string | undefined, people: number, ...able: string[]): Demand => ({
  role,
  people,
  able: new Set(able),
});
const APART: readonly Pair[] = [["producer", "approver"]];

/** The definition: every way to count or not count each person for each demand. */
function canSeparateSlowly(demands: readonly Demand[], separate: readonly Pair[]): boolean {
  const slots = demands.flatMap(({ able }, index) => [...able].map((person) => ({ person, index })));
  for (let chosen = 0; chosen < 2 ** slots.length; chosen++) {
    const counted = slots.filter((_, bit) => (chosen >> bit) & 1);
    const met = demands.every(({ people }, index) => counted.filter((slot) => slot.index === index).length >= people);
    const apart = counted.every((left) =>
      counted.every(
        (right) =>
          left.person !== right.person ||
          !separate.some(([a, b]) => demands[left.index]!.role === a && demands[right.index]!.role === b),
      ),
    );
    if (met && apart) return true;
  }
  return false;
}

describe("canSeparate()", () => {
  test("canSeparate() counts a person for one of two separate roles", () => {
    expect(canSeparate([demand("producer", 1, "a"), demand("approver", 1, "a")], APART)).toBe(false);
    expect(canSeparate([demand("producer", 1, "a"), demand("approver", 1, "a")], [])).toBe(true);
    expect(canSeparate([demand("producer", 1, "a"), demand("approver", 1, "a", "b")], APART)).toBe(true);
    expect(canSeparate([demand("producer", 1, "a", "b"), demand("approver", 2, "a", "b")], APART)).toBe(false);
  });

  test("canSeparate() counts a person for several demands of one role", () => {
    expect(
      canSeparate([demand("producer", 1, "a"), demand("producer", 1, "a"), demand(undefined, 1, "a")], APART),
    ).toBe(true);
  });

  test("canSeparate() agrees with trying every way to count", () => {
    const able = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
    const demands = fc.array(
      fc.record({
        role: fc.constantFrom("p", "q", "r", undefined),
        people: fc.integer({ min: 1, max: 2 }),
        able: able.map((people) => new Set(people)),
      }),
      { maxLength: 4 },
    );
    const separate = fc.array(fc.constantFrom<Pair>(["p", "q"], ["q", "r"], ["p", "r"]), { maxLength: 3 });
    fc.assert(
      fc.property(demands, separate, (some, pairs) => {
        expect(canSeparate(some, pairs)).toBe(canSeparateSlowly(some, pairs));
      }),
      { numRuns: 300 },
    );
  });
});
