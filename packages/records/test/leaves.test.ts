import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ColumnType,
  createColumnBuilder,
  decodeRecord,
  encodeBatch,
  formatLeafKeyFile,
  leafKeyId,
  leafOf,
  parseJsonRecord,
  parseLeafKeyFile,
  parseSchema,
  readJsonRecord,
  recordLeaves,
  saltOf,
} from "../src/index.js";
import { codeOf, fromHex, readVectors, toHex, utf8 } from "./bytes.js";

const vectors = readVectors("records.json");
const leafKey = fromHex(vectors.leafKey);

/** The record bytes of one JSONL line, by way of column builders. */
function recordBytesOf(jsonl: string, columns: Readonly<Record<string, ColumnType>>): Uint8Array {
  const built = [...parseJsonRecord(utf8(jsonl))].map(([name, value]) => {
    const builder = createColumnBuilder(name, Object.hasOwn(columns, name) ? (columns[name] as ColumnType) : "json");
    builder.appendJson(value);
    return builder.finish();
  });
  return encodeBatch({ length: 1, columns: built }).arena;
}

describe("recordLeaves()", () => {
  test.each(vectors.valid)("makes the leaf, salt and keyed leaf of $jsonl", (vector) => {
    const bytes = recordBytesOf(vector.jsonl, parseSchema(vector.schema ?? {}).columns ?? {});
    expect(toHex(bytes)).toBe(vector.recordBytes);
    const offsets = Float64Array.of(0, bytes.length);
    expect(toHex(recordLeaves(bytes, offsets))).toBe(vector.leaf);
    expect(toHex(saltOf(bytes, leafKey))).toBe(vector.salt);
    expect(toHex(recordLeaves(bytes, offsets, leafKey))).toBe(vector.keyedLeaf);
    expect(toHex(leafOf(bytes))).toBe(vector.leaf);
    expect(toHex(leafOf(bytes, fromHex(vector.salt)))).toBe(vector.keyedLeaf);
  });

  test.each(readVectors("raw.json").valid)("makes the leaves of the lines of $bytes", ({ records, leaves }) => {
    const lines: Uint8Array[] = records.map(fromHex);
    const offsets = new Float64Array(lines.length + 1);
    for (const [index, line] of lines.entries()) offsets[index + 1] = (offsets[index] as number) + line.length;
    expect(toHex(recordLeaves(fromHex(records.join("")), offsets))).toBe(leaves.join(""));
  });

  test("agrees with leafOf() and saltOf() on every record of an arena, and with HMAC of the platform", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
        fc.uint8Array({ minLength: 32, maxLength: 100 }),
        (records, key) => {
          const offsets = new Float64Array(records.length + 1);
          for (const [index, record] of records.entries())
            offsets[index + 1] = (offsets[index] as number) + record.length;
          const arena = fromHex(records.map(toHex).join(""));
          const salts = records.map((record) => saltOf(record, key));
          expect(salts.map(toHex)).toEqual(
            records.map((record) => createHmac("sha256", key).update(record).digest("hex")),
          );
          expect(toHex(recordLeaves(arena, offsets))).toBe(records.map((record) => toHex(leafOf(record))).join(""));
          expect(toHex(recordLeaves(arena, offsets, key))).toBe(
            records.map((record, index) => toHex(leafOf(record, salts[index]))).join(""),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  test("takes an arena whose first record does not begin at 0", () => {
    const arena = utf8("xxabc");
    expect(toHex(recordLeaves(arena, Float64Array.of(2, 5), leafKey))).toBe(
      toHex(leafOf(utf8("abc"), saltOf(utf8("abc"), leafKey))),
    );
  });
});

describe("leaf keys", () => {
  test("leafKeyId() names the vector's key", () => {
    expect(leafKeyId(leafKey)).toBe(vectors.leafKeyId);
  });

  test.each(vectors.keyFiles)("parseLeafKeyFile() reads $leafKey", ({ file, leafKey: key }) => {
    expect(toHex(parseLeafKeyFile(fromHex(file)))).toBe(key);
    expect(toHex(formatLeafKeyFile(fromHex(key)))).toBe(file);
  });

  test.each(vectors.invalid)("refuses $keyFile$leafKey with $error", ({ keyFile, leafKey: key, error }) => {
    if (keyFile !== undefined) expect(codeOf(() => parseLeafKeyFile(fromHex(keyFile)))).toBe(error);
    else for (const use of [leafKeyId, formatLeafKeyFile]) expect(codeOf(() => use(fromHex(key)))).toBe(error);
  });

  test("a short key is refused wherever it is used", () => {
    const short = new Uint8Array(31);
    expect(codeOf(() => recordLeaves(new Uint8Array(1), Float64Array.of(0, 1), short))).toBe("leaf-key-too-short");
    expect(codeOf(() => saltOf(new Uint8Array(1), short))).toBe("leaf-key-too-short");
  });
});

describe("readJsonRecord()", () => {
  const cases = readVectors("record-leaves.json");

  test.each(cases.valid)("finds the leaves of $record under $types", ({ types, schemas, record, leaves }) => {
    const readings = readJsonRecord(record, { types, schemas });
    expect(readings.map(({ leaf }) => toHex(leaf))).toEqual(leaves);
    for (const { recordBytes, leaf } of readings) {
      expect(toHex(leafOf(recordBytes))).toBe(toHex(leaf));
      expect(codeOf(() => decodeRecord(recordBytes))).toBe("none");
    }
  });

  test.each(cases.invalid)("refuses $record under $types with $error", ({ types, schemas, record, error }) => {
    expect(codeOf(() => readJsonRecord(record, { types, schemas }))).toBe(error);
  });

  test("keys leaves with the leaf key", () => {
    const [reading] = readJsonRecord('{"a":1}', { types: {}, schemas: [{ a: "number" }], leafKey });
    const bytes = fromHex("a1616101");
    expect(toHex(reading?.leaf as Uint8Array)).toBe(toHex(leafOf(bytes, saltOf(bytes, leafKey))));
  });

  test("judges lists, structs and maps part by part", () => {
    const read = (record: string, schema: Parameters<typeof readJsonRecord>[1]["schemas"][number]) =>
      codeOf(() => readJsonRecord(record, { types: {}, schemas: [schema] }));
    expect(read('{"a":[]}', { a: { list: "text" } })).toBe("none");
    expect(read('{"a":[1]}', { a: { list: "text" } })).toBe("schema-mismatch");
    expect(read('{"a":[1,"x",null]}', { a: { list: "mixed" } })).toBe("none");
    expect(read('{"a":{"b":1}}', { a: { struct: { b: "number", c: "text" } } })).toBe("none");
    expect(read('{"a":{"d":1}}', { a: { struct: { b: "number" } } })).toBe("schema-mismatch");
    expect(read('{"a":{"d":null}}', { a: { struct: { b: "number" } } })).toBe("none");
    expect(read('{"a":{"d":1}}', { a: { map: ["text", "number"] } })).toBe("none");
    expect(read('{"a":{"d":1}}', { a: "mixed" })).toBe("none");
    expect(read('{"__proto__":1}', { a: "number" })).toBe("schema-mismatch");
    expect(read('{"constructor":1}', {})).toBe("schema-mismatch");
  });
});
