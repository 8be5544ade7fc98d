import { describe, expect, test } from "vitest";
import type { Column, ColumnType } from "../src/index.js";
import { createColumnBuilder, encodeBatch, parseJson } from "../src/index.js";
import { codeOf, fromHex, readVectors, toHex, utf8 } from "./bytes.js";

interface ValueCase {
  readonly type: ColumnType | null;
  readonly value?: string;
  readonly json?: string;
  readonly bits?: string;
  readonly unit?: "s" | "ms" | "us" | "ns";
  readonly count?: string;
  readonly cbor?: string;
  readonly error?: string;
}

/** The encoded value of a column with one value: what is behind the map head and the key of the empty name. */
function encodeOne(column: Column): string {
  const { arena } = encodeBatch({ length: 1, columns: [column] });
  expect(toHex(arena.subarray(0, 2))).toBe("a160");
  return toHex(arena.subarray(2));
}

function columnOfBits(type: string, bits: string): Column {
  const bytes = new DataView(fromHex(bits).buffer);
  const base = { name: "", length: 1, validity: null };
  if (type === "float64") return { ...base, type, values: Float64Array.of(bytes.getFloat64(0)) };
  if (type === "float32") return { ...base, type, values: Float32Array.of(bytes.getFloat32(0)) };
  const half = bytes.getUint16(0);
  const fraction = half & 0x3ff;
  const exponent = (half >> 10) & 31;
  const value = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return { ...base, type: "float16", values: Float32Array.of(half & 0x8000 ? -value : value) };
}

function encodeCase({ type, value, json, bits, unit, count }: ValueCase): string {
  if (bits !== undefined) return encodeOne(columnOfBits(type as string, bits));
  const stored = unit === undefined ? (type ?? "json") : ({ type, unit } as ColumnType);
  const builder = createColumnBuilder("", stored);
  if (json !== undefined) builder.appendJson(parseJson(utf8(json), 0, utf8(json).length, { inside: 1 }));
  else {
    const text = utf8((value ?? count) as string);
    builder.appendText(text, 0, text.length);
  }
  return encodeOne(builder.finish());
}

describe("createColumnBuilder()", () => {
  const vectors = readVectors("values.json") as unknown as {
    readonly valid: ValueCase[];
    readonly invalid: ValueCase[];
  };

  test.each(vectors.valid)("encodes vector $type $value$json$bits$count as $cbor", (vector) => {
    expect(encodeCase(vector)).toBe(vector.cbor);
  });

  test.each(vectors.valid.filter(({ value }) => value !== undefined))(
    "reads the text form $value of $type also from a JSON string",
    (vector) => {
      const { value, ...rest } = vector;
      expect(encodeCase({ ...rest, json: JSON.stringify(value) })).toBe(vector.cbor);
    },
  );

  test.each(vectors.invalid)("refuses vector $type $value$json with $error", (vector) => {
    expect(codeOf(() => encodeCase(vector))).toBe(vector.error);
  });
});
