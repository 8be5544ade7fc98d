import { describe, expect, it } from "vitest";
import { daysOfText, textOfDays } from "../src/date-texts.js";
import { featuresOf } from "../src/features.js";
import { tableOf } from "./tables.js";

describe("daysOfText()", () => {
  it.each([
    ["1970-01-01", 0],
    ["1970-01-02T12:00:00Z", 1.5],
    ["1970-01-02 12:00", 1.5],
    ["1970-01-01T01:00:00+02:00", -1 / 24],
    ["1970-01-01T00:00:00.250-0130", (5400 + 0.25) / 86_400],
    ["2024-02-29", 19_782],
    ["0100-01-01", -683_003],
  ])("reads %s", (text, days) => {
    expect(daysOfText(text)).toBeCloseTo(days, 9);
  });

  it.each([
    "",
    "2023-02-29",
    "2024-13-01",
    "0099-01-01",
    "2024-1-1",
    "2024-01-01T24:00",
    "2024-01-01T10:00:60",
    "12:00",
  ])("knows that %j is none", (text) => {
    expect(daysOfText(text)).toBeNaN();
  });

  it("is undone by textOfDays()", () => {
    for (const text of ["1900-03-01", "2024-02-29", "2024-02-29T13:30:59Z"])
      expect(textOfDays(daysOfText(text))).toBe(text);
    expect(textOfDays(1e9)).toBeUndefined();
    expect(textOfDays(Number.NaN)).toBeUndefined();
  });
});

describe("featuresOf()", () => {
  it("reads texts that are dates as numbers, and what is none as an odd cell", () => {
    const day = Array.from({ length: 60 }, (_, i) => (i === 7 ? "soon" : `2024-0${1 + (i % 9)}-1${i % 7}`));
    const features = featuresOf(tableOf({ day }).table);
    expect(features.numbers.map(({ name }) => name)).toEqual(["day"]);
    expect(features.dates).toEqual(["day"]);
    expect(features.oddCells).toMatchObject([{ column: "day", text: "soon" }]);
    expect(featuresOf(tableOf({ day }).table, { text: "day" }).dates).toEqual([]);
  });
});
