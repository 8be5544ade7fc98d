import { describe, expect, it } from "vitest";
import { parquetSchema, storedType } from "../src/parquet-schema.js";
import type { ThriftStruct } from "../src/parquet-thrift.js";

const REQUIRED = 0;
const OPTIONAL = 1;
const REPEATED = 2;
const INT32 = 1;
const INT64 = 2;
const BINARY = 6;
const FIXED = 7;

const name = (text: string): Uint8Array => new TextEncoder().encode(text);
const group = (text: string, repetition: number, children: number, more: object = {}): ThriftStruct => ({
  field_3: repetition,
  field_4: name(text),
  field_5: children,
  ...more,
});
const leaf = (text: string, repetition: number, type: number, more: object = {}): ThriftStruct => ({
  field_1: type,
  field_3: repetition,
  field_4: name(text),
  ...more,
});
const LIST = { field_6: 3 };
const MAP = { field_6: 1 };

function typeOf(...elements: ThriftStruct[]): unknown {
  const schema = parquetSchema([group("schema", REQUIRED, 1), ...elements], "a.parquet");
  return storedType(schema.columns[0]!);
}

describe("parquetSchema()", () => {
  it("reads three-level lists, and remembers the levels of their leaf", () => {
    const schema = parquetSchema(
      [
        group("schema", REQUIRED, 1),
        group("l", OPTIONAL, 1, LIST),
        group("list", REPEATED, 1),
        leaf("element", OPTIONAL, INT32),
      ],
      "a.parquet",
    );
    expect(storedType(schema.columns[0]!)).toEqual({ list: "int32" });
    expect(schema.leaves[0]).toMatchObject({
      definition: 3,
      repetition: 1,
      elementDefinition: 2,
      path: ["l", "list", "element"],
    });
  });

  it("reads the lists of old writers (LogicalTypes.md, backward compatibility)", () => {
    // 1. The repeated field is a value.
    expect(typeOf(group("l", OPTIONAL, 1, LIST), leaf("element", REPEATED, INT32))).toEqual({ list: "int32" });
    // 2. The repeated field is a group of several fields.
    expect(
      typeOf(
        group("l", OPTIONAL, 1, LIST),
        group("element", REPEATED, 2),
        leaf("a", REQUIRED, INT32),
        leaf("b", REQUIRED, INT64),
      ),
    ).toEqual({ list: { struct: { a: "int32", b: "int64" } } });
    // 3. It has one field, but is called `array` or as the list with `_tuple`.
    expect(typeOf(group("l", OPTIONAL, 1, LIST), group("array", REPEATED, 1), leaf("a", REQUIRED, INT32))).toEqual({
      list: { struct: { a: "int32" } },
    });
    expect(typeOf(group("l", OPTIONAL, 1, LIST), group("l_tuple", REPEATED, 1), leaf("a", REQUIRED, INT32))).toEqual({
      list: { struct: { a: "int32" } },
    });
    // 4. No annotation at all.
    expect(typeOf(leaf("l", REPEATED, INT32))).toEqual({ list: "int32" });
    expect(typeOf(group("l", REPEATED, 1), leaf("a", OPTIONAL, INT32))).toEqual({ list: { struct: { a: "int32" } } });
  });

  it("reads maps, those of old writers too", () => {
    const entries = [
      group("key_value", REPEATED, 2),
      leaf("key", REQUIRED, BINARY, { field_6: 0 }),
      leaf("value", OPTIONAL, INT32),
    ];
    expect(typeOf(group("m", OPTIONAL, 1, MAP), ...entries)).toEqual({ map: ["text", "int32"] });
    expect(typeOf(group("m", OPTIONAL, 1, { field_6: 2 }), ...entries)).toEqual({ map: ["text", "int32"] });
    expect(typeOf(group("m", OPTIONAL, 1, MAP), group("map", REPEATED, 1), leaf("key", REQUIRED, INT32))).toEqual({
      map: ["int32", "null"],
    });
  });

  it("knows every converted type", () => {
    const converted = (type: number, field_6: number, more: object = {}): unknown =>
      typeOf(leaf("c", OPTIONAL, type, { field_6, ...more }));
    expect([0, 4, 19].map((code) => converted(BINARY, code))).toEqual(["text", "text", "text"]);
    expect(converted(FIXED, 5, { field_2: 9, field_7: 2, field_8: 20 })).toBe("decimal(20,2)");
    expect([6, 7].map((code) => converted(INT32, code))).toEqual(["date", "time"]);
    expect([8, 9, 10].map((code) => converted(INT64, code))).toEqual(["time", "instant", "instant"]);
    expect([11, 12, 13, 15, 16, 17].map((code) => converted(INT32, code))).toEqual([
      "uint8",
      "uint16",
      "uint32",
      "int8",
      "int16",
      "int32",
    ]);
    expect([14, 18].map((code) => converted(INT64, code))).toEqual(["uint64", "int64"]);
    expect(converted(BINARY, 20)).toBe("bytes");
  });

  const refused: readonly (readonly [string, string, ThriftStruct[]])[] = [
    ["unsupported-type", "interval", [leaf("c", OPTIONAL, FIXED, { field_2: 12, field_6: 21 })]],
    [
      "unsupported-type",
      "variant",
      [
        group("c", OPTIONAL, 2, { field_10: { field_16: {} } }),
        leaf("metadata", REQUIRED, BINARY),
        leaf("value", REQUIRED, BINARY),
      ],
    ],
    ["unsupported-type", "geometry", [leaf("c", OPTIONAL, BINARY, { field_10: { field_17: {} } })]],
    ["unsupported-type", "geography", [leaf("c", OPTIONAL, BINARY, { field_10: { field_18: {} } })]],
    ["unsupported-type", "logical type 99", [leaf("c", OPTIONAL, BINARY, { field_10: { field_99: {} } })]],
    ["unsupported-type", "decimal(77,0)", [leaf("c", OPTIONAL, BINARY, { field_6: 5, field_8: 77 })]],
    ["duplicate-column", "twice", [group("c", OPTIONAL, 2), leaf("a", REQUIRED, INT32), leaf("a", REQUIRED, INT32)]],
    ["invalid-utf8", "UTF-8", [{ field_1: INT32, field_3: OPTIONAL, field_4: Uint8Array.of(0xff) }]],
    [
      "too-deep",
      "64 containers",
      [...Array.from({ length: 64 }, () => group("c", OPTIONAL, 1)), leaf("c", OPTIONAL, INT32)],
    ],
  ];
  for (const [code, words, elements] of refused) {
    it(`refuses with ${code}: ${words}`, () => {
      expect(() => typeOf(...elements)).toThrowError(
        expect.objectContaining({ code, message: expect.stringContaining(words) }),
      );
    });
  }

  it("refuses trees whose counts lie", () => {
    expect(() => parquetSchema([group("schema", REQUIRED, 2), leaf("a", REQUIRED, INT32)], "a")).toThrowError(
      /2 children/,
    );
    expect(() =>
      parquetSchema([group("schema", REQUIRED, 1), leaf("a", REQUIRED, INT32), leaf("b", REQUIRED, INT32)], "a"),
    ).toThrowError(/ends after 2/);
    expect(() => parquetSchema([group("schema", REQUIRED, -1)], "a")).toThrowError(/-1 children/);
    expect(() => parquetSchema([], "a")).toThrowError(/ends before/);
  });
});
