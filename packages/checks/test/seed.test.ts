import { expect, test } from "vitest";
import { checkSeed, seedBase } from "../src/seed.js";

const root = new Uint8Array(32).fill(3);

test("checkSeed() differs by root, by check and by a seed that is given", () => {
  const seeds = [
    checkSeed(seedBase(root), "a"),
    checkSeed(seedBase(root), "b"),
    checkSeed(seedBase(root, 0), "a"),
    checkSeed(seedBase(root, 1), "a"),
    checkSeed(seedBase(root, `${"00".repeat(31)}01`), "a"),
  ].map((seed) => Buffer.from(seed).toString("hex"));
  expect(new Set(seeds).size).toBe(4);
  expect(seeds[3]).toBe(seeds[4]);
  expect(seedBase(root, 5).origin).toBe("given");
});

test.each([-1, 0.5, 2 ** 53, "7", "G".repeat(64), new Uint8Array(31)])("seedBase() refuses %s", (seed) => {
  expect(() => seedBase(root, seed)).toThrow(RangeError);
});
