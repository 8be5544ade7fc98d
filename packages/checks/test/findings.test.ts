import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Finding } from "../src/check.js";
import { checkedFinding, formatFindings, parseFindings, severityOf } from "../src/findings.js";
import { formatScores, roundScore } from "../src/scores.js";

const finding: Finding = {
  check: "outliers",
  kind: "record",
  file: "a.csv",
  ordinal: 3,
  record: 3,
  line: 5,
  leaf: "0f".repeat(32),
  score: 2.5,
  p: 0.001,
  q: 0.01,
  severity: "high",
  message: "It is far from all others.",
  evidence: { value: 9, __proto: null },
};
const text = new TextEncoder();

describe("formatFindings() and parseFindings()", () => {
  test("are inverses, in order", () => {
    const place = fc.record({
      check: fc.constantFrom("a", "b"),
      file: fc.constantFrom("x", "é", "\uffee", "😀"),
      ordinal: fc.nat(3),
      kind: fc.constantFrom("k", "l"),
    });
    fc.assert(
      fc.property(
        fc.array(place, { maxLength: 12 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (places, score) => {
          const findings = places.map((p) => ({ ...finding, ...p, score: roundScore(score) }));
          const bytes = formatFindings(findings);
          const read = parseFindings(bytes);
          expect(formatFindings(read)).toEqual(bytes);
          expect(read).toHaveLength(findings.length);
        },
      ),
    );
  });
  const line = new TextDecoder().decode(formatFindings([finding])).trimEnd();
  const refused: [string, string][] = [
    ["no final LF", line],
    ["a line twice out of order", `${line.replace('"ordinal":3', '"ordinal":4')}\n${line}\n`],
    ["white space", `${line.replace(":", ": ")}\n`],
    ["CRLF", `${line}\r\n`],
    ["an unknown member", `${line.replace('"check"', '"a":1,"check"')}\n`],
    ["a missing member", `${line.replace('"record":3,', "")}\n`],
    ["a wrong severity", `${line.replace('"high"', '"worse"')}\n`],
    ["upper-case hex", `${line.replace("0f", "0F")}\n`],
    ["ten digits", `${line.replace("2.5", "2.123456789")}\n`],
    ["a p above 1", `${line.replace('"p":0.001', '"p":2')}\n`],
    ["a null score", `${line.replace('"score":2.5', '"score":null')}\n`],
    ["an array", "[]\n"],
    ["an empty line", "\n"],
  ];
  test.each(refused)("parseFindings() refuses %s as malformed-findings", (_, bytes) => {
    expect(() => parseFindings(text.encode(bytes))).toThrow(expect.objectContaining({ code: "malformed-findings" }));
  });
  test("parseFindings() reads a member named __proto__ as plain data", () => {
    const read = parseFindings(text.encode(`${line.replace('"__proto":null', '"__proto__":{"polluted":1}')}\n`));
    expect(Object.hasOwn((read[0] as Finding).evidence, "__proto__")).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("checkedFinding() refuses %s anywhere", (value) => {
  expect(() => checkedFinding({ ...finding, score: value })).toThrow(TypeError);
  expect(() => checkedFinding({ ...finding, p: value })).toThrow(TypeError);
  expect(() => checkedFinding({ ...finding, evidence: { deep: [{ x: value }] } })).toThrow(TypeError);
});

test("severityOf() is high from q = .01 down", () => {
  expect([0, 0.01, 0.0100001, 0.05].map(severityOf)).toEqual(["high", "high", "medium", "medium"]);
});

test("roundScore() keeps 9 significant digits and has no −0", () => {
  expect([0.1 + 0.2, 123456789.5, 1 / 3, -1e-300].map(roundScore)).toEqual([0.3, 123456790, 0.333333333, -1e-300]);
  expect(Object.is(roundScore(-0), 0)).toBe(true);
});

test("formatScores() writes a record a line, empty where there is no score", () => {
  const scores = new Map([
    ["a", Float64Array.of(1, Number.NaN)],
    ["b", Float64Array.of(1 / 3, 2)],
  ]);
  expect([...formatScores({ scores, records: 2 })].join("")).toBe("record,a,b\n0,1,0.333333333\n1,,2\n");
});
