import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createColumnBuilder } from "../src/column-builder.js";
import type { ColumnType } from "../src/column-type.js";
import { type Evidence, EvidenceFold, fittingTypes, inferType, mergeEvidence, typeWarning } from "../src/inference.js";
import { scanned, utf8 } from "./scan-and-hash.js";

const BITS: readonly [number, ColumnType][] = [
  [1, "boolean"],
  [2, "boolean"],
  [4, "boolean"],
  [8, "int64"],
  [16, "uint64"],
  [32, "float64"],
  [64, "date"],
  [128, "timestamp"],
  [256, "instant"],
];

/** The rules, as the specification has them. */
function slowFits(text: string): number {
  let fits = 0;
  if (text === "true" || text === "false") fits |= 1;
  if (text === "True" || text === "False") fits |= 2;
  if (text === "TRUE" || text === "FALSE") fits |= 4;
  if (/^-?(0|[1-9][0-9]*)$/.test(text)) {
    const value = BigInt(text);
    if (value >= -(2n ** 63n) && value < 2n ** 63n) fits |= 8;
    if (!text.startsWith("-") && value < 2n ** 64n) fits |= 16;
  }
  if (/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text) && Number.isFinite(Number(text))) {
    if (/[.eE]/.test(text) || BigInt(Number(text)) === BigInt(text)) fits |= 32;
  }
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|\+00:00|\+0000|\+00)?)?$/.exec(text);
  if (match === null) return fits;
  const [, year, month, day, separator, hour, minute, second, , offset] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (
    date.getUTCFullYear() !== Number(year) ||
    date.getUTCMonth() !== Number(month) - 1 ||
    date.getUTCDate() !== Number(day)
  )
    return fits;
  if (separator === undefined) return fits | 64;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return fits;
  return fits | (offset === undefined ? 128 : 256);
}

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 24 });
const number = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    digits,
    fc.constantFrom("", ".", ".0", ".5", ".25e", "e5", "E+3", "e-400", "e309"),
    digits,
  )
  .map((parts) => parts.join(""));
const edges = fc.constantFrom(
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "-9223372036854775809",
  "18446744073709551615",
  "18446744073709551616",
  "9007199254740993",
  "-0",
  "0",
  "00",
  "1e400",
  "1e-400",
  "179769313486231570000000000000e279",
  `1${"0".repeat(308)}`,
  `1${"0".repeat(309)}`,
  "true",
  "True",
  "TRUE",
  "tRUE",
  "False",
  "",
  " 1",
  "1 ",
  "-",
  ".",
  "1.",
  ".5",
  "nan",
  "inf",
);
const two = fc.constantFrom("00", "01", "02", "12", "13", "23", "24", "28", "29", "30", "31", "59", "60", "1", "xx");
const time = fc
  .tuple(
    fc.constantFrom("0000", "1900", "2000", "2023", "2024", "9999", "999", "202a"),
    fc.constantFrom("-", "/"),
    two,
    fc.constantFrom("-"),
    two,
    fc.constantFrom("", "T", " ", "t"),
    two,
    fc.constantFrom(":", ""),
    two,
    fc.constantFrom(":"),
    two,
    fc.constantFrom("", ".", ".1", ".123456789", ".1234567890"),
    fc.constantFrom("", "Z", "z", "+00:00", "+0000", "+00", "-00:00", "+01:00"),
  )
  .map((parts) => parts.join(""));
const plausibleTime = fc
  .tuple(
    fc.constantFrom("2024-02-29", "2023-02-29", "1999-12-31"),
    fc.constantFrom("", "T23:59:59", " 00:00:00", "T24:00:00", "T10:00"),
    fc.constantFrom("", ".5", ".123456789"),
    fc.constantFrom("", "Z", "+00:00", "+0000", "+00", "+01"),
  )
  .map((parts) => parts.join(""));
const field = fc.oneof(edges, number, time, plausibleTime, fc.string({ maxLength: 5 }));

function foldOf(fields: readonly string[], file = 0, first = 0): Evidence {
  const fold = new EvidenceFold(file, ["x"]);
  for (const [i, text] of fields.entries()) {
    const bytes = utf8(text);
    fold.add(0, bytes, 0, bytes.length, first + i, first + i + 2);
  }
  return fold.finish();
}

describe("fittingTypes()", () => {
  it("follows the rules, and looks at nothing behind the field", () => {
    fc.assert(
      fc.property(field, fc.constantFrom("", "0", "-01", "Z", ".5", "e1"), (text, behind) => {
        const bytes = utf8(text);
        expect(fittingTypes(utf8(`7${text}${behind}`), 1, 1 + bytes.length)).toBe(slowFits(text));
      }),
      { numRuns: 3000 },
    );
  });
  it("says only types that the builder of that type then takes", () => {
    fc.assert(
      fc.property(field, (text) => {
        const bytes = utf8(text);
        const fits = fittingTypes(bytes, 0, bytes.length);
        for (const [bit, type] of BITS)
          if (fits & bit) createColumnBuilder("x", type).appendText(bytes, 0, bytes.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("mergeEvidence()", () => {
  const fields = fc.array(fc.oneof(edges, number, plausibleTime), { maxLength: 40 });
  it("gives the evidence of the whole for any cut and any order of merging", () => {
    fc.assert(
      fc.property(
        fields,
        fc.array(fc.nat(40), { maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        (list, cuts, choices) => {
          const bounds = [0, ...cuts.map((cut) => Math.min(cut, list.length)).sort((a, b) => a - b), list.length];
          const pieces = bounds.slice(1).map((end, i) => foldOf(list.slice(bounds[i], end), 0, bounds[i]));
          while (pieces.length > 1) {
            const a = pieces.splice(choices.next().value % pieces.length, 1)[0]!;
            const at = choices.next().value % pieces.length;
            pieces[at] = choices.next().value % 2 === 0 ? mergeEvidence(pieces[at]!, a) : mergeEvidence(a, pieces[at]!);
          }
          expect(JSON.stringify(pieces[0])).toBe(JSON.stringify(foldOf(list)));
        },
      ),
      { numRuns: 200 },
    );
  });
  it("survives a trip through JSON", () => {
    const a = foldOf(["1", "x", "2024-01-01"]);
    expect(mergeEvidence(JSON.parse(JSON.stringify(a)), foldOf(["2"], 1))).toEqual(mergeEvidence(a, foldOf(["2"], 1)));
  });
});

describe("inferType()", () => {
  it.each([
    [[], null],
    [["1", "-5"], "int64"],
    [["1", "18446744073709551615"], "uint64"],
    [["-1", "18446744073709551615"], "text"],
    [["-1", "18446744073709551616"], "float64"],
    [["1", "2.5"], "float64"],
    [["true", "False"], "text"],
    [["2024-01-01", "2024-01-01T00:00:00"], "text"],
    [["2024-01-01 10:00:00", "2024-01-01T00:00:00.5"], "timestamp"],
    [["2024-01-01 10:00:00Z", "2024-01-01T00:00:00"], "text"],
    [["01"], "text"],
    [[""], "text"],
  ])("%j is %s", (fields, type) => {
    expect(inferType(foldOf(fields)[0]!)).toBe(type);
  });
});

describe("typeWarning()", () => {
  it("shows at most the first five misfits with their places, and changes no type", async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => (i % 125 === 7 ? "n/a" : String(i)));
    const { warnings, reading } = await scanned([
      { path: "a.csv", bytes: utf8(`x\n${rows.slice(0, 300).join("\n")}\n`) },
      { path: "b.csv", bytes: utf8(`x\n${rows.slice(300).join("\n")}\n`) },
    ]);
    expect({ ...reading.types }).toEqual({ x: "text" });
    expect(warnings).toEqual([
      {
        column: "x",
        type: "int64",
        misfits: 8,
        first: [
          { path: "a.csv", line: 9, value: "n/a" },
          { path: "a.csv", line: 134, value: "n/a" },
          { path: "a.csv", line: 259, value: "n/a" },
          { path: "b.csv", line: 84, value: "n/a" },
          { path: "b.csv", line: 209, value: "n/a" },
        ],
      },
    ]);
  });
  it("is silent when more than one in a hundred does not fit, or all but none", () => {
    const numbers = Array.from({ length: 198 }, (_, i) => String(i));
    const warn = (fields: string[]) => typeWarning(foldOf(fields)[0]!, () => "a.csv")?.misfits;
    expect(warn([...numbers, "x", "y"])).toBe(2);
    expect(warn([...numbers.slice(1), "x", "y"])).toBe(undefined);
    expect(warn(["x"])).toBe(undefined);
    expect(warn(numbers)).toBe(undefined);
  });
});
