import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../src/canonical-json.js";
import { FormatError, VerificationError } from "../src/errors.js";
import { parseCanonicalJson, parseStrictJson } from "../src/strict-json.js";
import { codeOf } from "./vectors.js";

const utf8 = (text: string) => new TextEncoder().encode(text);

function numberOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

/** What was wrong, as the error's details say. */
function faultOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof FormatError ? error.details.fault : error;
  }
  return undefined;
}

// RFC 8785, Appendix B.
const numbers: readonly (readonly [string, string])[] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

describe("canonicalJson()", () => {
  test("writes the numbers of RFC 8785, Appendix B", () => {
    for (const [bits, text] of numbers) expect(canonicalJson(numberOf(bits))).toBe(text);
    for (const bits of ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"]) {
      expect(() => canonicalJson(numberOf(bits))).toThrow(TypeError);
    }
  });

  test("writes the sample of RFC 8785 §3.2.2 and sorts as §3.2.3", () => {
    const sample = String.raw`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`;
    expect(canonicalJson(parseStrictJson(sample))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
    const names = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
    const sorted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
    const written = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])));
    expect(written).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(",")}}`);
  });

  test("refuses what JSON cannot hold exactly", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const values = [undefined, 1n, Number.NaN, Symbol("x"), () => 1, new Date(0), new Map(), new Uint8Array(2), cyclic];
    for (const value of [
      ...values,
      "\ud800",
      "a\udc00b",
      { "\ud800": 1 },
      [undefined],
      { a: undefined },
      new Array(1),
    ]) {
      expect(() => canonicalJson(value)).toThrow(TypeError);
      expect(() => canonicalJson({ deep: [value] })).toThrow(TypeError);
    }
  });
});

describe("parseStrictJson()", () => {
  test("reads what JSON.parse reads, and canonicalJson() is its inverse", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const read = parseStrictJson(utf8(text));
        expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)));
        const canonical = canonicalJson(read);
        expect(canonicalJson(parseCanonicalJson(utf8(`${canonical}\n`)))).toBe(canonical);
      }),
    );
  });

  test("refuses every text that JSON.parse refuses", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0019eE+-.tfnrals \n\u0001') }), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const fault = faultOf(() => parseStrictJson(text));
        if (isJson) expect([undefined, "duplicate-key", "number", "surrogate"]).toContain(fault);
        else expect(fault).not.toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["syntax", ""],
    ["syntax", "01"],
    ["syntax", "+1"],
    ["syntax", "1."],
    ["syntax", ".5"],
    ["syntax", "NaN"],
    ["syntax", "[1,]"],
    ["syntax", '{"a":1,}'],
    ["syntax", "{a:1}"],
    ["syntax", "1 2"],
    ["syntax", "tru"],
    ["syntax", '"\u0001"'],
    ["syntax", '"\\x"'],
    ["syntax", '"\\u12g4"'],
    ["syntax", '"abc'],
    ["syntax", "[1\u00a0]"],
    ["duplicate-key", '{"a":1,"a":1}'],
    ["duplicate-key", '{"a":1,"\\u0061":2}'],
    ["duplicate-key", '{"__proto__":1,"__proto__":2}'],
    ["surrogate", '"\\ud800"'],
    ["surrogate", '{"\\udc00":1}'],
    ["number", "1e400"],
    ["utf8", "\ufeff1"],
    ["depth", `${"[".repeat(65)}${"]".repeat(65)}`],
    ["depth", '{"a":'.repeat(100_000)],
  ])("reports %s for %j", (fault, text) => {
    expect(faultOf(() => parseStrictJson(utf8(text)))).toBe(fault);
  });

  test("refuses bytes that are not UTF-8", () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x31, 0xc3],
    ]) {
      expect(faultOf(() => parseStrictJson(new Uint8Array(bytes)))).toBe("utf8");
    }
  });

  test("nests as deep as maxDepth says", () => {
    expect(parseStrictJson("1", { maxDepth: 0 })).toBe(1);
    expect(faultOf(() => parseStrictJson("[]", { maxDepth: 0 }))).toBe("depth");
    expect(parseStrictJson(`${"[".repeat(1000)}${"]".repeat(1000)}`, { maxDepth: 1000 })).toBeInstanceOf(Array);
    expect(() => parseStrictJson("1", { maxDepth: 1001 })).toThrow(RangeError);
  });

  test("stops at maxBytes before it reads", () => {
    expect(faultOf(() => parseStrictJson(utf8("[1,2]"), { maxBytes: 4 }))).toBe("size");
    expect(parseStrictJson(utf8("[1,2]"), { maxBytes: 5 })).toEqual([1, 2]);
  });

  test("throws the code and class that the caller asks for", () => {
    expect(codeOf(() => parseStrictJson("{"))).toBe("bad-json");
    expect(codeOf(() => parseStrictJson("{", { code: "malformed-entry" }))).toBe("malformed-entry");
    const code = (fault: string) => (fault === "duplicate-key" ? "duplicate-key" : "bad-json");
    expect(codeOf(() => parseStrictJson('{"a":1,"a":2}', { code }))).toBe("duplicate-key");
    expect(() => parseStrictJson("{", { errorClass: VerificationError })).toThrow(VerificationError);
  });

  test("members named like parts of a prototype are plain data", () => {
    const read = parseStrictJson('{"__proto__":{"polluted":1},"constructor":2,"toString":3}') as Record<
      string,
      unknown
    >;
    expect(Object.keys(read)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(read)).toBeNull();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(canonicalJson(read)).toBe('{"__proto__":{"polluted":1},"constructor":2,"toString":3}');
  });
});

describe("parseCanonicalJson()", () => {
  test("takes the canonical bytes only", () => {
    expect(parseCanonicalJson(utf8('{"a":1,"b":[]}\n'))).toEqual({ a: 1, b: [] });
    for (const text of [
      '{"a":1}',
      '{"a":1}\n\n',
      '{"a":1}\r\n',
      ' {"a":1}\n',
      '{"a": 1}\n',
      '{"b":1,"a":1}\n',
      '{"a":1.0}\n',
      '{"a":-0}\n',
      '{"\\u0061":1}\n',
    ]) {
      expect(faultOf(() => parseCanonicalJson(utf8(text)))).toBe("not-canonical");
    }
  });

  test("asks for a final newline, allows or forbids it", () => {
    expect(parseCanonicalJson(utf8("1"), { finalNewline: "optional" })).toBe(1);
    expect(parseCanonicalJson(utf8("1\n"), { finalNewline: "optional" })).toBe(1);
    expect(parseCanonicalJson(utf8("1"), { finalNewline: "forbidden" })).toBe(1);
    expect(faultOf(() => parseCanonicalJson(utf8("1\n"), { finalNewline: "forbidden" }))).toBe("not-canonical");
    expect(faultOf(() => parseCanonicalJson(utf8("1"), { finalNewline: "required" }))).toBe("not-canonical");
  });
});
