import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAbout, subjectsOf } from "../src/heads.js";
import { parseInstant } from "../src/instant.js";
import {
  formatStatement,
  formatStatements,
  parseStatement,
  parseStatements,
  STATEMENT_TYPE,
  type Statement,
} from "../src/statement.js";
import { SAMPLE, utf8 } from "./sample-folder.js";

const malformed = expect.objectContaining({ code: "malformed-statement", name: "FormatError" });
const good: Statement = {
  _type: STATEMENT_TYPE,
  subject: [{ name: "a", digest: { sha256: "00" } }],
  predicateType: "urn:assay:predicate:review/v1",
  predicate: { b: 1, a: "é" },
};

describe("parseStatement()", () => {
  test("parseStatement() reads what formatStatement() writes, which is RFC 8785", () => {
    const bytes = formatStatement(good);
    expect(new TextDecoder().decode(bytes)).toBe(
      '{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"é","b":1},"predicateType":"urn:assay:predicate:review/v1","subject":[{"digest":{"sha256":"00"},"name":"a"}]}',
    );
    const read = parseStatement(bytes, { canonical: true });
    expect(JSON.parse(JSON.stringify(read.statement))).toEqual(good);
    expect(read.bytes).toBe(bytes);
  });

  test("parseStatement() reads any JSON of others, but as canonical only RFC 8785", () => {
    const pretty = utf8(JSON.stringify(good, null, 2));
    expect(parseStatement(pretty).statement.predicateType).toBe(good.predicateType);
    expect(() => parseStatement(pretty, { canonical: true })).toThrow(malformed);
    expect(() => parseStatement(utf8(JSON.stringify(good).replace("é", "\\u00e9")), { canonical: true })).toThrow(
      malformed,
    );
  });

  const refused: Record<string, unknown> = {
    "another type": { ...good, _type: "https://in-toto.io/Statement/v0.1" },
    "an unknown member": { ...good, extra: 1 },
    "no subject": { ...good, subject: [] },
    "a subject without digest": { ...good, subject: [{ name: "a" }] },
    "a subject with an empty digest set": { ...good, subject: [{ name: "a", digest: {} }] },
    "a digest that is not a text": { ...good, subject: [{ name: "a", digest: { sha256: 1 } }] },
    "a predicate type that is no URI": { ...good, predicateType: "review" },
    "a predicate that is a list": { ...good, predicate: [] },
    "a list": [],
    null: null,
  };
  for (const [what, value] of Object.entries(refused)) {
    test(`parseStatement() refuses ${what}`, () => {
      expect(() => parseStatement(utf8(JSON.stringify(value)))).toThrow(malformed);
    });
  }

  test("parseStatement() refuses members that are there twice, nesting without end, and too many bytes", () => {
    const twice = JSON.stringify(good).replace('"b":1', '"b":1,"b":2');
    expect(() => parseStatement(utf8(twice))).toThrow(malformed);
    const deep = JSON.stringify(good).replace('"b":1', `"b":${"[".repeat(100)}${"]".repeat(100)}`);
    expect(() => parseStatement(utf8(deep))).toThrow(malformed);
    expect(() => parseStatement(formatStatement(good), { maxBytes: 10 })).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });

  test("parseStatement() takes __proto__ as data", () => {
    const text = JSON.stringify(good).replace('"b":1', '"__proto__":{"polluted":true}');
    const { statement } = parseStatement(utf8(text));
    expect(Object.keys(statement.predicate as object)).toContain("__proto__");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("parseStatements()", () => {
  test("parseStatements() reads what formatStatements() writes", () => {
    const statements = [good, { ...good, predicateType: "https://example.com/x" }];
    const read = parseStatements(formatStatements(statements));
    expect(read.map(({ statement }) => JSON.parse(JSON.stringify(statement)))).toEqual(statements);
    expect(parseStatements(new Uint8Array(0))).toEqual([]);
  });

  test("parseStatements() names the line that it refuses", () => {
    const line = new TextDecoder().decode(formatStatement(good));
    const cases = [`${line}\n${line} \n`, `${line}\n${line}\n`, `${line}\n\n`, `${line}\n{}`, `${line}\r\n`];
    for (const text of cases) expect(() => parseStatements(utf8(text))).toThrow(malformed);
    expect(() => parseStatements(utf8(cases[0]!))).toThrow(/line 2 of statements.jsonl/);
  });

  test("parseStatements() caps lines and bytes", () => {
    const bytes = formatStatements([good, { ...good, predicateType: "https://example.com/x" }]);
    for (const cap of [{ maxLines: 1 }, { maxBytes: 100 }]) {
      expect(() => parseStatements(bytes, cap)).toThrow(expect.objectContaining({ code: "limit-exceeded" }));
    }
  });
});

describe("isAbout()", () => {
  const about = (subject: Statement["subject"]) => isAbout({ ...good, subject }, SAMPLE.heads);
  const subjects = subjectsOf(SAMPLE.heads);

  test("isAbout() takes exactly the three subjects with one digest each", () => {
    expect(about(subjects)).toBe(true);
    expect(about([...subjects].reverse())).toBe(false);
    expect(about(subjects.slice(0, 2))).toBe(false);
    expect(about([...subjects, subjects[0]!])).toBe(false);
  });

  test("isAbout() refuses a second digest in a subject: readers may accept any one of them", () => {
    const more = { ...subjects[0]!, digest: { ...subjects[0]!.digest, sha512: "00" } };
    expect(about([more, ...subjects.slice(1)])).toBe(false);
  });

  test("isAbout() refuses every other name and digest", () => {
    subjects.forEach((subject, index) => {
      const [algorithm, hex] = Object.entries(subject.digest)[0]!;
      const replaced = (other: Statement["subject"][number]) => subjects.map((one, at) => (at === index ? other : one));
      expect(about(replaced({ ...subject, name: "x" }))).toBe(false);
      expect(about(replaced({ ...subject, digest: { [algorithm]: `${hex.slice(0, -1)}x` } }))).toBe(false);
      expect(about(replaced({ ...subject, digest: { other: hex } }))).toBe(false);
    });
  });
});

describe("parseInstant()", () => {
  test("parseInstant() agrees with Date.parse() on every instant", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0100-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }),
        (date) => {
          expect(parseInstant(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });

  test("parseInstant() refuses days that do not exist, other zones and other spellings", () => {
    const refused = [
      "2026-02-29T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T23:59:60Z",
      "2026-13-01T00:00:00Z",
    ];
    refused.push(
      "2026-01-01",
      "2026-01-01T00:00:00",
      "2026-01-01T00:00:00+00:00",
      "2026-01-01 00:00:00Z",
      "2026-01-01t00:00:00z",
      "",
    );
    for (const text of refused) expect([text, parseInstant(text)]).toEqual([text, undefined]);
    expect(parseInstant("2024-02-29T12:00:00.5Z")).toBe(Date.parse("2024-02-29T12:00:00.500Z"));
    expect(parseInstant("2024-02-29T12:00:00.123456789Z")).toBe(Date.parse("2024-02-29T12:00:00.123Z"));
  });
});
