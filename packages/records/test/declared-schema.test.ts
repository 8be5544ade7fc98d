import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ColumnType,
  dropNullKinds,
  encodeKinds,
  formatColumnType,
  joinKinds,
  type Kind,
  kindFits,
  kindOf,
  parseColumnType,
  parseSchema,
  schemaDigest,
} from "../src/index.js";
import { codeOf, readVectors, toHex } from "./bytes.js";

const vectors = readVectors("schemas.json");

/** Types at random, as a declared schema has them. */
export const columnTypes: fc.Arbitrary<ColumnType> = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<ColumnType>(
      "boolean",
      "int8",
      "int16",
      "int32",
      "int64",
      "uint8",
      "uint16",
      "uint32",
      "uint64",
      "float16",
      "float32",
      "float64",
      "decimal(10,2)",
      "decimal(76,76)",
      "decimal(38,0)",
      "text",
      "bytes",
      "date",
      "time",
      "timestamp",
      "instant",
      "duration",
      { type: "bytes", encoding: "hex" },
      { type: "instant", unit: "ns" },
      { type: "duration", unit: "ms" },
    ),
    fc.record({ list: tie("type") }),
    fc.record({ list: tie("type"), size: fc.constantFrom(0, 1, 2) }),
    fc.record({ struct: fc.dictionary(fc.constantFrom("a", "b", "é", "__proto__", "aa", ""), tie("type")) }),
    fc.record({ map: fc.tuple(fc.constantFrom<ColumnType>("text", "int64", "date"), tie("type")) }),
  ),
})).type;

describe("parseSchema()", () => {
  test.each(vectors.invalid)("refuses $schema with $error", ({ schema, error }) => {
    expect(codeOf(() => parseSchema(schema))).toBe(error);
    expect(codeOf(() => parseSchema(JSON.stringify(schema)))).toBe(error);
  });

  test.each([
    ["text that is no JSON", "{"],
    ["a list", "[]"],
    ["a repeated member", '{"columns":{},"columns":{}}'],
    ["a column declared twice", '{"columns":{"a":"text","a":"text"}}'],
    ["a unit on bytes", '{"columns":{"a":{"type":"bytes","unit":"s"}}}'],
    ["an encoding on time", '{"columns":{"a":{"type":"time","encoding":"hex"}}}'],
    ["a type object without option", '{"columns":{"a":{"type":"int64"}}}'],
    ["spaces in a decimal", '{"columns":{"a":"decimal(10, 2)"}}'],
    ["a leading zero in a decimal", '{"columns":{"a":"decimal(010,2)"}}'],
    ["precision 77", '{"columns":{"a":"decimal(77,2)"}}'],
    ["precision 0", '{"columns":{"a":"decimal(0,0)"}}'],
    ["a negative size", '{"columns":{"a":{"list":"text","size":-1}}}'],
    ["a broken size", '{"columns":{"a":{"list":"text","size":1.5}}}'],
    ["a map of three", '{"columns":{"a":{"map":["text","text","text"]}}}'],
    ["untyped JSON as a declared type", '{"columns":{"a":"json"}}'],
    ["the null type as a declared type", '{"columns":{"a":"null"}}'],
    ["null values that are no texts", '{"nullValues":[1]}'],
    ["a prototype key as a type", '{"columns":{"a":"__proto__"}}'],
    ["a lone surrogate", '{"columns":{"\\ud800":"text"}}'],
  ])("refuses %s with bad-schema", (_, text) => {
    expect(codeOf(() => parseSchema(text))).toBe("bad-schema");
  });

  test("caps nesting, in text and in data", () => {
    const nested = (depth: number) => `${'{"list":'.repeat(depth)}"text"${"}".repeat(depth)}`;
    expect(codeOf(() => parseSchema(`{"columns":{"a":${nested(63)}}}`))).toBe("none");
    for (const depth of [64, 300, 100_000]) {
      expect(codeOf(() => parseSchema(`{"columns":{"a":${nested(depth)}}}`))).toBe("bad-schema");
    }
    let data: unknown = "text";
    for (let depth = 0; depth < 50_000; depth++) data = { list: data };
    expect(codeOf(() => parseColumnType(data))).toBe("bad-schema");
  });

  test("takes a column named like a prototype member as plain data", () => {
    const schema = parseSchema('{"columns":{"__proto__":"int64","constructor":"text"}}');
    expect(Object.entries(schema.columns ?? {})).toEqual([
      ["__proto__", "int64"],
      ["constructor", "text"],
    ]);
    expect(({} as { a?: unknown }).a).toBeUndefined();
    expect(Object.keys(dropNullKinds({ ["__proto__"]: "text" }))).toEqual(["__proto__"]);
  });

  test("names the place of the fault", () => {
    expect(() => parseSchema('{"columns":{"a":{"struct":{"b":"string"}}}}')).toThrow('columns.a.struct.b is "string"');
  });

  test("keeps others and null values", () => {
    expect(parseSchema('{"others":"refuse","nullValues":["NA",""]}')).toEqual({
      others: "refuse",
      nullValues: ["NA", ""],
    });
  });
});

describe("parseColumnType()", () => {
  test("reads back what formatColumnType() writes", () => {
    fc.assert(
      fc.property(columnTypes, (type) => {
        const text = formatColumnType(type);
        expect(formatColumnType(parseColumnType(JSON.parse(text)))).toBe(text);
      }),
    );
  });

  test("takes stored types only when asked", () => {
    expect(parseColumnType("json", { stored: true })).toBe("json");
    expect(parseColumnType({ list: "null" }, { stored: true })).toEqual({ list: "null" });
    expect(codeOf(() => parseColumnType({ list: "null" }))).toBe("bad-schema");
    expect(codeOf(() => parseColumnType(undefined))).toBe("bad-schema");
  });
});

describe("schemaDigest()", () => {
  test.each(vectors.valid)("digests vector $columns", ({ columns, kinds, bytes, digest }) => {
    const found: Record<string, Kind> = {};
    for (const [name, type] of Object.entries(columns)) found[name] = kindOf(type as ColumnType | null);
    expect({ ...dropNullKinds(found) }).toEqual(kinds);
    expect(toHex(encodeKinds(found))).toBe(bytes);
    expect(toHex(schemaDigest(found))).toBe(digest);
  });

  test("leaves out struct fields of kind null at any depth, and keeps a list of nulls", () => {
    const inner: Kind = { list: { struct: { a: "null", b: { map: ["text", { struct: { c: "null" } }] } } } };
    const kept: Kind = { list: { struct: { b: { map: ["text", { struct: {} }] } } } };
    expect(toHex(schemaDigest({ x: inner }))).toBe(toHex(schemaDigest({ x: kept })));
    expect(toHex(schemaDigest({ x: { list: "null" } }))).not.toBe(toHex(schemaDigest({})));
  });
});

describe("joinKinds()", () => {
  const kinds = columnTypes.map(kindOf);

  test("is commutative, associative and idempotent, with null as identity", () => {
    fc.assert(
      fc.property(kinds, kinds, kinds, (a, b, c) => {
        const digest = (kind: Kind) => toHex(encodeKinds({ x: kind }));
        expect(digest(joinKinds(a, b))).toBe(digest(joinKinds(b, a)));
        expect(digest(joinKinds(joinKinds(a, b), c))).toBe(digest(joinKinds(a, joinKinds(b, c))));
        expect(digest(joinKinds(a, a))).toBe(digest(a));
        expect(digest(joinKinds(a, "null"))).toBe(digest(a));
        expect(kindFits(a, joinKinds(a, b))).toBe(true);
      }),
    );
  });
});
