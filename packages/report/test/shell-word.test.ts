import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { shellOption, shellWord } from "../src/shell-word.js";
import { HOSTILE_TEXTS } from "./hostile-fixture.js";

it("shellWord() is read back by bash as the same one word", () => {
  const random = fc.sample(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }), { numRuns: 200, seed: 7 });
  const words = [...HOSTILE_TEXTS, ...random, "*", "~", "a b", "$HOME", "#", "!!", "\\"].filter((word) => {
    // No argument of a program can hold NUL, and none of a path a lone surrogate.
    return !word.includes("\0") && !/\p{Surrogate}/u.test(word);
  });
  const command = `printf '%s\\0' ${words.map(shellWord).join(" ")}`;
  const printed = execFileSync("bash", ["-c", command], { encoding: "utf8" }).split("\0").slice(0, -1);
  expect(printed).toEqual(words);
});

it("shellWord() holds nothing unseen", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  const unseen = /[\u0000-\u001F\u200B-\u200F\u2028-\u202E]/;
  for (const text of HOSTILE_TEXTS) expect(shellWord(text)).not.toMatch(unseen);
});

it("shellOption() never lets a value pass for an option", () => {
  expect(shellOption("--file", "--force")).toBe("--file='--force'");
  expect(shellOption("--file", "a.csv")).toBe("--file a.csv");
});
