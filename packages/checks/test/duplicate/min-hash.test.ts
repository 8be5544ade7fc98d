import fc from "fast-check";
import { expect, test } from "vitest";
import { BANDS, bandKeys } from "../../src/duplicate/min-hash.js";
import { jaccard, shinglesOf, withoutFormatting } from "../../src/duplicate/shingles.js";
import { similarTexts } from "../../src/duplicate/similar-texts.js";
import { randomOf } from "../tables.js";

const options = { threshold: 0.8, close: 0.95, seed: 1, pause: async () => {} };

test("withoutFormatting() drops case, spaces, punctuation, compatibility forms and invisible characters", () => {
  expect(withoutFormatting("  Win a PRIZE\u200b…now!! ")).toBe("win a prize now");
  expect(withoutFormatting("ﬁne\u00a0１２")).toBe("fine 12");
  expect(withoutFormatting("?!")).toBe("");
});

test("jaccard() is shared shingles over all shingles", () => {
  expect(jaccard(shinglesOf("abcdefg"), shinglesOf("abcdefgh"))).toBe(3 / 4);
  expect(jaccard(shinglesOf("abc"), shinglesOf("abc"))).toBe(1);
  expect(jaccard(shinglesOf("abc"), shinglesOf("abd"))).toBe(0);
});

test("bandKeys() are whole numbers below 2^53, equal for equal texts and any text at all", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (text, seed) => {
        const keys = new Float64Array(2 * BANDS);
        bandKeys(text, seed, keys, 0);
        bandKeys(text, seed, keys, BANDS);
        expect(keys.every((key) => Number.isSafeInteger(key))).toBe(true);
        expect(keys.subarray(0, BANDS)).toEqual(keys.subarray(BANDS));
      },
    ),
  );
});

test("similarTexts() finds nearly every pair above the threshold that comparing all pairs finds, and none below", async () => {
  const random = randomOf(5);
  const words = Array.from({ length: 400 }, () => Math.floor(random() * 36 ** 6).toString(36));
  const texts: string[] = [];
  for (let i = 0; i < 150; i++) {
    const text = Array.from({ length: 20 }, () => words[Math.floor(random() * words.length)] as string);
    texts.push(text.join(" "));
    text[Math.floor(random() * 20)] = "changed";
    if (i % 2 === 0) texts.push(text.join(" "));
    if (i % 3 === 0) texts.push(text.slice(Math.floor(random() * 6)).join(" "));
  }
  const distinct = [...new Set(texts)].sort();
  const shingles = distinct.map((text) => shinglesOf(withoutFormatting(text)));
  const { nearest, similarity, clusters } = await similarTexts(distinct, options);
  let pairs = 0;
  let joined = 0;
  for (let a = 0; a < distinct.length; a++) {
    for (let b = a + 1; b < distinct.length; b++) {
      if (jaccard(shingles[a] as Set<string>, shingles[b] as Set<string>) < 0.8) continue;
      pairs++;
      if (clusters[a] === clusters[b]) joined++;
    }
  }
  expect(pairs).toBeGreaterThan(50);
  expect(joined / pairs).toBeGreaterThan(0.99);
  for (let a = 0; a < distinct.length; a++) {
    if ((nearest[a] as number) < 0) continue;
    expect(similarity[a]).toBe(jaccard(shingles[a] as Set<string>, shingles[nearest[a] as number] as Set<string>));
    expect(similarity[a]).toBeGreaterThanOrEqual(0.8);
  }
});

test("similarTexts() compares no square of three thousand alike texts", async () => {
  const alike = Array.from(
    { length: 3000 },
    (_, i) => `the very same long message to all of our dear customers, number ${i}`,
  ).sort();
  const { clusters } = await similarTexts(alike, options);
  expect(new Set(clusters).size).toBeLessThan(30);
});
