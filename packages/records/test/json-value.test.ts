import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonNumber, type JsonValue, parseJson, parseJsonRecord } from "../src/index.js";
import { decodeUtf8, findInvalidUtf8 } from "../src/utf8.js";
import { codeOf, fromHex, readVectors, utf8 } from "./bytes.js";

/** Exact JSON as the platform's data, numbers as doubles. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
}

describe("parseJson()", () => {
  test("accepts what JSON.parse() accepts, with the same values", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(3), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        expect(plain(parseJson(utf8(text)))).toEqual(plain(parseJson(utf8(json))));
        // -0 is an integer zero here.
        expect(JSON.stringify(plain(parseJson(utf8(json))))).toBe(JSON.stringify(JSON.parse(json)));
      }),
    );
  });

  test("refuses what JSON.parse() refuses", () => {
    const tokens = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      '"a"',
      "1",
      "-",
      ".5",
      "e3",
      "true",
      "nul",
      "\\",
      " ",
      "\n",
      "\f",
      "0",
      "1.",
      "\\u12",
      "NaN",
      "//",
      "'",
    );
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 9 }), (parts) => {
        const text = parts.join("");
        let expected = true;
        try {
          JSON.parse(text);
        } catch {
          expected = false;
        }
        const code = codeOf(() => parseJson(utf8(text)));
        expect(code).toBe(expected ? (code === "duplicate-key" ? code : "none") : "bad-json");
      }),
      { numRuns: 3000 },
    );
  });

  test("reads only its range, whatever stands around it", () => {
    const bytes = utf8('x{"a":[1,"é"]}]y');
    expect(plain(parseJson(bytes, 1, bytes.length - 2))).toEqual({ a: [1, "é"] });
    for (let end = 2; end < bytes.length - 2; end++) expect(codeOf(() => parseJson(bytes, 1, end))).not.toBe("none");
    for (const text of ["tru", "nul", "-", "1.", "1e", '"a', '"\\', '"\\u00e', "[", "[1", '{"a"', '{"a":']) {
      expect(codeOf(() => parseJson(utf8(`${text}e1"]}`), 0, text.length))).toBe("bad-json");
    }
  });

  test("keeps numbers exactly", () => {
    const texts = [
      "9007199254740993",
      "1.0",
      "1e2",
      "-0.0",
      "123456789012345678901234567890",
      "0.1000000000000000055511151231257827",
    ];
    for (const text of texts) expect((parseJson(utf8(text)) as JsonNumber).text).toBe(text);
    expect(parseJson(utf8("999999999999999"))).toBe(999999999999999);
    expect(parseJson(utf8("-0"))).toBe(0);
  });

  test.each([
    ['{"a":1,"\\u0061":2}', "duplicate-key"],
    ['{"":1,"":2}', "duplicate-key"],
    ['["\\ud800"]', "invalid-utf8"],
    ['["\\udc00\\ud800"]', "invalid-utf8"],
    ['["\\ud800x\\udc00"]', "invalid-utf8"],
    ['{"\\ud83d":1}', "invalid-utf8"],
    ['["\u0001"]', "bad-json"],
    ["\ufeff1", "bad-json"],
    ["", "bad-json"],
    [" ", "bad-json"],
  ])("refuses %j with %s", (text, code) => {
    expect(codeOf(() => parseJson(utf8(text)))).toBe(code);
  });

  test("takes surrogate pairs and prototype names", () => {
    expect(parseJson(utf8('"\\ud83d\\ude00"'))).toBe("😀");
    const record = parseJsonRecord(utf8('{"__proto__":{"polluted":true},"constructor":1}'));
    expect([...record.keys()]).toEqual(["__proto__", "constructor"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("caps nesting without using up the stack", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ]) {
      const nested = (depth: number) => utf8(`${open?.repeat(depth)}1${close?.repeat(depth)}`);
      expect(codeOf(() => parseJson(nested(64)))).toBe("none");
      expect(codeOf(() => parseJson(nested(65)))).toBe("too-deep");
      expect(codeOf(() => parseJson(nested(500_000)))).toBe("too-deep");
    }
  });
});

describe("parseJsonRecord()", () => {
  const records = readVectors("jsonl.json").invalid.filter(({ schema }: { schema: unknown }) => schema === null);
  test.each(records as { text?: string; bytes?: string; error: string }[])(
    "refuses $text$bytes with $error",
    (vector) => {
      const bytes = vector.bytes === undefined ? utf8(vector.text as string) : fromHex(vector.bytes);
      expect(codeOf(() => parseJsonRecord(bytes))).toBe(vector.error);
    },
  );
});

describe("findInvalidUtf8()", () => {
  test("agrees with the platform's decoder", () => {
    const lead = fc.constantFrom(
      0x00,
      0x41,
      0x7f,
      0x80,
      0xa0,
      0x9f,
      0xbf,
      0xc0,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0x90,
      0x8f,
      0xff,
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.array(lead, { maxLength: 8 }).map((list) => Uint8Array.from(list)),
      fc.string({ unit: "binary" }).map(utf8),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        let valid = true;
        try {
          new TextDecoder("utf-8", { fatal: true }).decode(input);
        } catch {
          valid = false;
        }
        expect(findInvalidUtf8(input) === -1).toBe(valid);
        expect(codeOf(() => decodeUtf8(input))).toBe(valid ? "none" : "invalid-utf8");
      }),
      { numRuns: 5000 },
    );
  });
});
