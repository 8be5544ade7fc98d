import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { halfBitsOfSingle, singleOfHalfBits } from "../src/number-encoding.js";
import { integer, parseDecimalText, parseFloatText, parseInteger } from "../src/text-forms.js";
import { codeOf, utf8 } from "./bytes.js";
import { fractionOf } from "./slow-encoding.js";

/** The nearest number of a binary format to a decimal text, ties to even, by exact fractions. */
function nearestExact(text: string, significandBits: number, minExponent: number, maxExponent: number): number {
  const [mantissa = "", exponentText = "0"] = text.replace(/^[+-]/, "").split(/[eE]/);
  const [whole = "", part = ""] = mantissa.split(".");
  const exponent = Number(exponentText) - part.length;
  const digits = BigInt(whole + part);
  let top = exponent >= 0 ? digits * 10n ** BigInt(exponent) : digits;
  let bottom = exponent >= 0 ? 1n : 10n ** BigInt(-exponent);
  if (top === 0n) return 0;
  // The largest power of two that is not above the value, or the format's smallest.
  const below = (power: number) => top << BigInt(Math.max(-power, 0)) < bottom << BigInt(Math.max(power, 0));
  let power = maxExponent;
  while (power > minExponent && below(power)) power--;
  const shift = power - significandBits + 1;
  if (shift >= 0) bottom <<= BigInt(shift);
  else top <<= BigInt(-shift);
  let steps = top / bottom;
  const rest = 2n * (top % bottom);
  if (rest > bottom || (rest === bottom && steps % 2n === 1n)) steps += 1n;
  const value = Number(steps) * 2 ** shift;
  const signed = text.startsWith("-") ? -value : value;
  return value >= 2 ** (maxExponent + 1) ? Number.POSITIVE_INFINITY * Math.sign(signed) : signed;
}

function parse(type: "float16" | "float32" | "float64", text: string): number {
  const bytes = utf8(text);
  try {
    return parseFloatText(type, bytes, 0, bytes.length);
  } catch (error) {
    if ((error as { code?: string }).code !== "number-out-of-range") throw error;
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
}

/** Exact decimal digits of a double. */
function exactText(value: number): string {
  const { numerator, denominator } = fractionOf(value);
  const exponent = denominator.toString(2).length - 1;
  return `${numerator * 5n ** BigInt(exponent)}e-${exponent}`;
}

/** Decimals at, just above and just below the middle of two neighbours. */
const nearMiddles = (unitPower: fc.Arbitrary<number>, maxSteps: number) =>
  fc
    .tuple(unitPower, fc.nat(maxSteps), fc.constantFrom("", "0000000000000000000000001", "9"))
    .map(([power, steps, tail]) => {
      const middle = exactText((2 * steps + 1) * 2 ** power);
      const [digits = "", exponent = "0"] = middle.split("e-");
      if (tail === "9") return `${BigInt(digits) - 1n}.9999999999999999999e-${exponent}`;
      return `${digits}.0${tail}e-${exponent}`;
    });

const decimalTexts = fc
  .tuple(fc.constantFrom("", "-", "+"), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: -70, max: 40 }))
  .map(([sign, digits, exponent]) => `${sign}${digits}e${exponent}`);

describe("parseFloatText()", () => {
  test("gives the nearest float32 in one rounding", () => {
    const middles = nearMiddles(fc.integer({ min: -150, max: 103 }), 2 ** 24);
    fc.assert(
      fc.property(
        fc.oneof(decimalTexts, middles, fc.float({ noNaN: true }).filter(Number.isFinite).map(String)),
        (text) => {
          expect(parse("float32", text)).toBe(nearestExact(text, 24, -126, 127) + 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("gives the nearest float16 in one rounding", () => {
    const middles = nearMiddles(fc.integer({ min: -25, max: 4 }), 2 ** 11);
    fc.assert(
      fc.property(fc.oneof(decimalTexts, middles), (text) => {
        expect(parse("float16", text)).toBe(nearestExact(text, 11, -14, 15) + 0);
      }),
      { numRuns: 2000 },
    );
  });

  test("gives the double that JavaScript gives", () => {
    const forms = fc.oneof(
      decimalTexts,
      fc.double({ noNaN: true }).filter(Number.isFinite).map(String),
      fc.stringMatching(/^[+-]?[0-9]{1,30}\.[0-9]{0,30}([eE][+-]?[0-9]{1,3})?$/),
    );
    fc.assert(
      fc.property(forms, (text) => {
        expect(parse("float64", text)).toBe(Number(text) + 0);
      }),
      { numRuns: 2000 },
    );
  });

  test("rounds the rare cases that two roundings get wrong", () => {
    expect(parse("float32", "1.00000005960464477539062500001")).toBe(1 + 2 ** -23);
    expect(parse("float32", "1.000000059604644775390625")).toBe(1);
    expect(parse("float32", "1.00000005960464477539062499999")).toBe(1);
    expect(parse("float32", "1.000000178813934326171875")).toBe(1 + 2 ** -22);
    expect(parse("float32", `1.000000059604644775390625${"0".repeat(5000)}1`)).toBe(1 + 2 ** -23);
    expect(parse("float32", "7.0064923216240853546186479164495806564013097093825788587853e-46")).toBe(0);
    expect(parse("float32", "7.0064923216240853546186479164495806564013097093825788587854e-46")).toBe(2 ** -149);
    expect(parse("float16", "65519.99999")).toBe(65504);
    expect(codeOf(() => parseFloatText("float16", utf8("65520"), 0, 5))).toBe("number-out-of-range");
    expect(codeOf(() => parseFloatText("float32", utf8("340282356779733661637539395458142568448"), 0, 39))).toBe(
      "number-out-of-range",
    );
    expect(parse("float32", "340282356779733661637539395458142568447")).toBe(2 ** 128 - 2 ** 104);
  });

  test.each([
    "",
    "+",
    "-",
    ".",
    "e5",
    "1e",
    "1e+",
    "1.2.3",
    "1 ",
    " 1",
    "0x1",
    "1_0",
    "١",
    "nana",
    "infin",
    "--1",
    "+-1",
    "1e5.0",
    "NaN()",
  ])("refuses %j", (text) => {
    const bytes = utf8(text);
    for (const type of ["float16", "float32", "float64"] as const) {
      expect(codeOf(() => parseFloatText(type, bytes, 0, bytes.length))).toBe("bad-value");
    }
    expect(codeOf(() => parseDecimalText(10, 2, bytes, 0, bytes.length))).toBe("bad-value");
  });

  test.each([
    ["nan", Number.NaN],
    ["+NaN", Number.NaN],
    ["-nAN", Number.NaN],
    ["INF", Infinity],
    ["-inf", -Infinity],
    ["+InFiNiTy", Infinity],
  ])("takes the word %s", (text, value) => {
    expect(parse("float32", text)).toBe(value);
  });

  test("does not compute with absurd exponents", () => {
    expect(parse("float64", "1e-999999999999999999999")).toBe(0);
    expect(codeOf(() => parseDecimalText(76, 0, utf8("1e999999999999"), 0, 14))).toBe("number-out-of-range");
    expect(parseDecimalText(76, 0, utf8("0e999999999999"), 0, 14)).toBe(0n);
    expect(codeOf(() => parseDecimalText(76, 76, utf8("1e-99999999999"), 0, 14))).toBe("number-out-of-range");
  });
});

describe("parseDecimalText()", () => {
  test("is exact, whatever the spelling", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.nat(38),
        fc.nat(5),
        (unscaled, scale, zeros) => {
          const magnitude = unscaled < 0n ? -unscaled : unscaled;
          const text = `${unscaled < 0n ? "-" : ""}${magnitude}${"0".repeat(zeros)}e-${scale + zeros}`;
          const bytes = utf8(text);
          expect(parseDecimalText(38, scale, bytes, 0, bytes.length)).toBe(unscaled);
        },
      ),
    );
  });
});

describe("parseInteger()", () => {
  test.each(["", "+", "-", "1.", "1.5", "1.0a", "1e0", ".0", "--1", "1 "])("refuses %j", (text) => {
    expect(codeOf(() => parseInteger("int64", utf8(text), 0, text.length))).toBe("bad-value");
  });
  test("takes leading zeros without end", () => {
    parseInteger("int64", utf8(`-${"0".repeat(500)}7.000`), 0, 505);
    expect(integer).toEqual({ value: -7, big: null });
  });
});

describe("halfBitsOfSingle()", () => {
  test("finds every half, and no other single", () => {
    const single = new Float32Array(1);
    const bits = new Uint32Array(single.buffer);
    for (let half = 0; half < 0x10000; half++) {
      const value = singleOfHalfBits(half);
      if (Number.isNaN(value)) continue;
      single[0] = value;
      expect(halfBitsOfSingle(bits[0] as number)).toBe(half);
      if (!Number.isFinite(value)) continue;
      // The next single above is no half.
      const above = (bits[0] as number) + 1;
      bits[0] = above;
      if (!Number.isNaN(single[0] as number)) expect(halfBitsOfSingle(above)).toBe(-1);
    }
  });
});
