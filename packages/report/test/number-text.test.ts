import { expect, it } from "vitest";
import { columnWords } from "../src/column-words.js";
import { bytesText, countText, measureText, plural, shareText } from "../src/number-text.js";

it("countText() groups by three", () => {
  expect([0, 999, 1_000, 1_234_567].map(countText)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([plural(1, "file"), plural(2_000, "file")]).toEqual(["1 file", "2,000 files"]);
});

it("bytesText() uses decimal units", () => {
  expect([0, 999, 1_000, 999_950, 5_482_113].map(bytesText)).toEqual([
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "1.0 MB",
    "5.5 MB",
  ]);
});

it("shareText() never rounds something to nothing, nor almost all to all", () => {
  expect([0, 1, 0.021, 0.0006, 0.00000123, 0.9999, 0.5].map(shareText)).toEqual([
    "0 %",
    "100 %",
    "2.1 %",
    "0.06 %",
    "0.00012 %",
    "> 99.9 %",
    "50 %",
  ]);
});

it("measureText() keeps few digits", () => {
  expect([1_234, 14.2213041, 0.0000031, -0.5].map((value) => measureText(value))).toEqual([
    "1,234",
    "14.22",
    "0.0000031",
    "-0.5",
  ]);
});

it("columnWords() writes types and kinds as a schema would", () => {
  expect(columnWords("decimal(10,2)")).toBe("decimal(10,2)");
  expect(columnWords(["int16", "int32"])).toBe("int16 or int32");
  expect(columnWords({ type: "timestamp", unit: "us" })).toBe("timestamp(us)");
  expect(columnWords({ list: { struct: { b: "text", a: "number" } }, size: 3 })).toBe(
    "list<struct<a: number, b: text>, 3>",
  );
  expect(columnWords({ map: ["text", "number"] })).toBe("map<text, number>");
});
