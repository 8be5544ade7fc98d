import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Batch,
  type Column,
  type ColumnType,
  columnToCategories,
  createColumnBuilder,
  decodeRecord,
  encodeBatch,
  parseJson,
} from "../src/index.js";
import { formatTemporal } from "../src/time-format.js";
import { codeOf, toHex, utf8 } from "./bytes.js";
import { fractionOf, type SlowValue, slowEncode } from "./slow-encoding.js";

/** A value in all the forms that it can come in. */
interface Sample {
  readonly type: ColumnType;
  /** Text form, as a CSV field. */
  readonly text: string;
  /** JSON text. */
  readonly json: string;
  readonly slow: SlowValue;
}

const INTEGER_BITS = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
} as const;

const integers: fc.Arbitrary<Sample> = fc
  .constantFrom(...(Object.keys(INTEGER_BITS) as (keyof typeof INTEGER_BITS)[]))
  .chain((type) => {
    const bits = BigInt(INTEGER_BITS[type]);
    const signed = type.startsWith("int");
    const min = signed ? -(1n << (bits - 1n)) : 0n;
    const max = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
    return fc
      .oneof(
        fc.bigInt({ min, max }),
        fc.constantFrom(min, max, 0n, max - 1n),
        fc.bigInt({ min: signed ? -99n : 0n, max: 99n }),
      )
      .chain((value) =>
        fc.constantFrom(String(value), `${value}.0`, value >= 0n ? `+00${value}` : String(value)).map((text) => ({
          type,
          text,
          json: fcJson(String(value), text),
          slow: { number: { numerator: value, denominator: 1n } },
        })),
      );
  });

/** Both JSON forms by turns: a number, or the text form as a string. */
function fcJson(number: string, text: string): string {
  return text.length % 2 === 0 ? number : JSON.stringify(text);
}

const doubles = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer({ min: -5000, max: 5000 }).map((value) => value / 8),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 64,
    -(2 ** 64),
    2 ** 64 - 2048,
    -(2 ** 64) - 4096,
    1e100,
  ),
  fc
    .tuple(fc.integer({ min: -40, max: 90 }), fc.integer({ min: -3, max: 3 }))
    .map(([power, step]) => 2 ** power + step),
  fc.tuple(fc.integer({ min: -30, max: -10 }), fc.integer({ min: 1, max: 4097 })).map(([power, by]) => by * 2 ** power),
);

function slowNumber(value: number): SlowValue {
  if (Number.isNaN(value)) return { number: "nan" };
  if (!Number.isFinite(value)) return { number: value > 0 ? "inf" : "-inf" };
  return { number: fractionOf(value) };
}

const floats: fc.Arbitrary<Sample> = doubles.map((value) => ({
  type: "float64" as const,
  text: String(value),
  json: Number.isFinite(value)
    ? Object.is(value, -0)
      ? "-0.0"
      : JSON.stringify(value)
    : JSON.stringify(String(value)),
  slow: slowNumber(value),
}));

const decimals: fc.Arbitrary<Sample> = fc
  .tuple(fc.integer({ min: 1, max: 76 }), fc.nat(76), fc.nat(100))
  .chain(([precision, scaleSeed, small]) => {
    const scale = scaleSeed % (precision + 1);
    const limit = 10n ** BigInt(precision) - 1n;
    const halves = fc.integer({ min: -64, max: 64 }).map((value) => (BigInt(value) * 10n ** BigInt(scale)) / 8n);
    const any = fc.bigInt({ min: -limit, max: limit });
    return fc
      .oneof(
        any,
        halves.filter((value) => value <= limit && value >= -limit),
      )
      .map((unscaled) => {
        const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
        const point = digits.length - scale;
        const text = `${unscaled < 0n ? "-" : ""}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ""}`;
        return {
          type: `decimal(${precision},${scale})` as const,
          text: small < 10 ? `${unscaled}e-${scale}` : text,
          json: small % 2 === 0 ? text : JSON.stringify(text),
          slow: { number: { numerator: unscaled, denominator: 10n ** BigInt(scale) } },
        };
      });
  });

const wellFormed = fc.string({ unit: "binary" });
const texts: fc.Arbitrary<Sample> = fc
  .oneof(wellFormed, fc.string({ minLength: 20, maxLength: 300 }))
  .map((text) => ({ type: "text" as const, text, json: JSON.stringify(text), slow: { text } }));

const byteStrings: fc.Arbitrary<Sample> = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.boolean())
  .map(([bytes, hex]) => {
    const text = hex ? toHex(bytes).toUpperCase() : Buffer.from(bytes).toString("base64");
    return {
      type: hex ? { type: "bytes", encoding: "hex" } : "bytes",
      text,
      json: JSON.stringify(text),
      slow: { bytes },
    };
  });

const dates: fc.Arbitrary<Sample> = fc.integer({ min: -719528, max: 2932896 }).map((days) => {
  const text = new Date(days * 86_400_000).toISOString().replace(/T.*$/, "");
  return { type: "date" as const, text, json: JSON.stringify(text), slow: { date: BigInt(days) } };
});

const times: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.constantFrom("time" as const, "timestamp" as const, "instant" as const, "duration" as const),
    fc.constantFrom(1n, 1_000n, 1_000_000n, 1_000_000_000n),
    fc.bigInt({ min: -62167219200n, max: 253402300799n }),
    fc.bigInt({ min: 0n, max: 999_999_999n }),
    fc.boolean(),
  )
  .map(([is, unit, second, nanosecond, counted]) => {
    const seconds = is === "time" ? ((second % 86400n) + 86400n) % 86400n : second;
    const rest = (nanosecond / unit) * unit;
    const nanoseconds = seconds * 1_000_000_000n + rest;
    if (counted) {
      const count = String(nanoseconds / unit - (nanoseconds % unit < 0n ? 1n : 0n));
      const name = unit === 1n ? "ns" : unit === 1_000n ? "us" : unit === 1_000_000n ? "ms" : "s";
      // A nanosecond count beyond an int64 cannot be stored.
      if (name !== "ns" || BigInt.asIntN(64, nanoseconds) === nanoseconds) {
        return { type: { type: is, unit: name }, text: count, json: count, slow: { is, nanoseconds } };
      }
    }
    const text = formatTemporal(is, seconds, Number(rest));
    return { type: is, text, json: JSON.stringify(text), slow: { is, nanoseconds } };
  });

const booleans: fc.Arbitrary<Sample> = fc.tuple(fc.boolean(), fc.nat(2)).map(([boolean, spelling]) => ({
  type: "boolean" as const,
  text: [String(boolean), boolean ? "True" : "False", String(boolean).toUpperCase()][spelling] as string,
  json: String(boolean),
  slow: { boolean },
}));

const scalars = fc.oneof(integers, floats, decimals, texts, byteStrings, dates, times, booleans);

/** Lists, structs and maps of scalars, two deep. */
const nested: fc.Arbitrary<Sample> = scalars.chain((sample) => {
  const pair = fc.tuple(fc.boolean(), wellFormed, fc.constantFrom("map", "struct", "list"));
  return pair.map(([withNull, name, shape]): Sample => {
    const { type, json, slow } = sample;
    const list: Sample = {
      type: { list: type },
      text: withNull ? `[null, ${json}]` : `[${json}]`,
      json: withNull ? `[null,${json}]` : ` [ ${json} ] `,
      slow: { list: withNull ? [null, slow] : [slow] },
    };
    if (shape === "list") return list;
    const other = `${name}x`;
    const members = `{${JSON.stringify(name)}:${list.json},${JSON.stringify(other)}:null}`;
    const pairs = [[name, list.slow] as const, [other, null] as const];
    return shape === "struct"
      ? {
          type: {
            struct: Object.fromEntries([
              [name, list.type],
              [other, type],
            ]),
          },
          text: members,
          json: members,
          slow: { struct: pairs },
        }
      : {
          type: { map: ["text", list.type] },
          text: members,
          json: members,
          slow: { map: pairs.map(([key, value]) => [{ text: key }, value]) },
        };
  });
});

function columnOf(name: string, sample: Sample | null, form: "text" | "json"): Column {
  const builder = createColumnBuilder(name, sample?.type ?? "text");
  if (sample === null) builder.appendNull();
  else if (form === "text") builder.appendText(utf8(sample.text), 0, utf8(sample.text).length);
  else builder.appendJson(parseJson(utf8(sample.json)));
  return builder.finish();
}

function encodeColumns(columns: readonly Column[], length = 1): string[] {
  const { arena, offsets } = encodeBatch({ length, columns });
  return Array.from({ length }, (_, index) => toHex(arena.subarray(offsets[index], offsets[index + 1])));
}

describe("encodeBatch()", () => {
  test("agrees with the literal reference, for text fields and for JSON, in any order of columns", () => {
    const columns = fc.uniqueArray(fc.tuple(wellFormed, fc.option(fc.oneof(scalars, nested), { freq: 5 })), {
      selector: ([name]) => name,
      maxLength: 6,
    });
    fc.assert(
      fc.property(columns, (samples) => {
        const record = { struct: samples.map(([name, sample]) => [name, sample?.slow ?? null] as const) };
        const expected = toHex(Uint8Array.from(slowEncode(record)));
        const text = samples.map(([name, sample]) => columnOf(name, sample, "text"));
        const json = samples.map(([name, sample]) => columnOf(name, sample, "json"));
        expect(encodeColumns(text)).toEqual([expected]);
        expect(encodeColumns(json.reverse())).toEqual([expected]);
      }),
      { numRuns: 600 },
    );
  });

  test("gives untyped JSON the bytes of the reference", () => {
    const value: fc.Arbitrary<{ json: string; slow: SlowValue }> = fc.letrec<{
      value: { json: string; slow: SlowValue };
    }>((tie) => ({
      value: fc.oneof(
        { depthSize: "medium" },
        fc.constant({ json: "null", slow: null }),
        booleans.map(({ json, slow }) => ({ json, slow })),
        texts.map(({ json, slow }) => ({ json, slow })),
        doubles
          .filter((number) => Number.isFinite(number))
          .map((number) => {
            const json = Object.is(number, -0) ? "-0.0" : JSON.stringify(number);
            // Without point and exponent the digits are the integer, not the double that wrote them.
            const exact = /^-?[0-9]+$/.test(json) ? { numerator: BigInt(json), denominator: 1n } : fractionOf(number);
            return { json, slow: { number: exact } };
          }),
        fc.bigInt({ min: -(10n ** 76n) + 1n, max: 10n ** 76n - 1n }).map((integer) => ({
          json: String(integer),
          slow: { number: { numerator: integer, denominator: 1n } },
        })),
        fc.array(tie("value"), { maxLength: 4 }).map((parts) => ({
          json: `[${parts.map(({ json }) => json).join(" ,")}]`,
          slow: { list: parts.map(({ slow }) => slow) },
        })),
        fc
          .uniqueArray(fc.tuple(wellFormed, tie("value")), { selector: ([name]) => name, maxLength: 4 })
          .map((members) => ({
            json: `{${members.map(([name, { json }]) => `${JSON.stringify(name)} :${json}`).join(",")}}`,
            slow: { struct: members.map(([name, { slow }]) => [name, slow] as const) },
          })),
      ),
    })).value;
    fc.assert(
      fc.property(value, ({ json, slow }) => {
        const builder = createColumnBuilder("v", "json");
        builder.appendText(utf8(json), 0, utf8(json).length);
        const [bytes] = encodeColumns([builder.finish()]);
        expect(bytes).toBe(toHex(Uint8Array.from(slowEncode({ struct: [["v", slow]] }))));
      }),
      { numRuns: 400 },
    );
  });

  test("gives different bytes for different values of one type", () => {
    fc.assert(
      fc.property(fc.oneof(scalars, nested), fc.nat(1e6), (sample, seed) => {
        const [others] = fc.sample(
          fc.oneof(scalars, nested).filter(({ type }) => typeof type === typeof sample.type),
          {
            numRuns: 1,
            seed,
          },
        );
        const [one, other] = [sample, others as Sample].map(({ slow }) => toHex(Uint8Array.from(slowEncode(slow))));
        const [left] = encodeColumns([columnOf("a", sample, "text")]);
        const [right] = encodeColumns([columnOf("a", others as Sample, "json")]);
        expect(left === right).toBe(one === other);
      }),
    );
  });

  test("gives equal categories to equal numbers, whatever type held them", () => {
    fc.assert(
      fc.property(fc.oneof(integers, decimals), doubles, (sample, double) => {
        const column = columnOf("a", sample, "text");
        const value = decodeRecord(encodeBatch({ length: 1, columns: [column] }).arena).a;
        const [category] = columnToCategories(column);
        if (typeof value === "number") {
          const same: Column = {
            name: "a",
            type: "float64",
            length: 1,
            validity: null,
            values: Float64Array.of(value),
          };
          expect(encodeColumns([column])).toEqual(encodeColumns([same]));
          expect(columnToCategories(same)).toEqual([category]);
        }
        if (!Number.isInteger(double) || Math.abs(double) >= 2 ** 63) return;
        const wide: Column = {
          name: "a",
          type: "int64",
          length: 1,
          validity: null,
          values: BigInt64Array.of(BigInt(double)),
        };
        const float: Column = {
          name: "a",
          type: "float64",
          length: 1,
          validity: null,
          values: Float64Array.of(double),
        };
        expect(encodeColumns([wide])).toEqual(encodeColumns([float]));
        expect(columnToCategories(wide)).toEqual(columnToCategories(float));
      }),
    );
  });

  test("encodes many records with nulls as each of them alone", () => {
    const kinds = fc.constantFrom(integers, floats, decimals, texts, byteStrings, dates, times, booleans);
    const columnsOf = fc
      .tuple(fc.integer({ min: 1, max: 700 }), kinds)
      .chain(([length, kind]) =>
        kind.chain((first) =>
          fc.array(fc.boolean(), { minLength: length, maxLength: length }).map((present) => ({ first, present })),
        ),
      );
    fc.assert(
      fc.property(columnsOf, ({ first, present }) => {
        const builder = createColumnBuilder("a", first.type);
        // Twice, so that a finished builder is shown to be as good as a fresh one.
        for (let round = 0; round < 2; round++) {
          for (const there of present) {
            if (there) builder.appendText(utf8(first.text), 0, utf8(first.text).length);
            else builder.appendNull();
          }
          expect(builder.length).toBe(present.length);
          const column = builder.finish();
          const [alone] = encodeColumns([columnOf("a", first, "text")]);
          expect(encodeColumns([column], present.length)).toEqual(present.map((there) => (there ? alone : "a0")));
          expect(builder.length).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("sorts columns by encoded key: shorter names first, then by UTF-8 byte, not by UTF-16 unit", () => {
    const names = ["b", "a", "", "aa", "\uffee", "\u{1f600}", "é", "x".repeat(24), "y".repeat(23)];
    const columns = names.map((name) => columnOf(name, { type: "int8", text: "1", json: "1", slow: null }, "text"));
    const [bytes] = encodeColumns(columns);
    const sorted = ["", "a", "b", "aa", "é", "\uffee", "\u{1f600}", "y".repeat(23), "x".repeat(24)];
    expect(Object.keys(decodeRecord(Buffer.from(bytes as string, "hex")))).toEqual([...sorted]);
  });

  test("refuses what the spec refuses", () => {
    const base = { name: "m", length: 1, validity: null };
    const text = (name: string, ...values: (string | null)[]): Column => {
      const builder = createColumnBuilder(name, "text");
      for (const value of values) builder.appendJson(value);
      return builder.finish();
    };
    const map = (keys: Column, values: Column): Batch => ({
      length: 1,
      columns: [{ ...base, type: "map", offsets: Int32Array.of(0, keys.length), keys, values }],
    });
    expect(codeOf(() => encodeBatch(map(text("k", "a", "a"), text("v", "1", "2"))))).toBe("duplicate-map-key");
    expect(codeOf(() => encodeBatch(map(text("k", "a", null), text("v", "1", "2"))))).toBe("null-map-key");
    expect(codeOf(() => encodeBatch({ length: 1, columns: [text("a", "1"), text("a", "2")] }))).toBe(
      "duplicate-column",
    );
    const time = (seconds: bigint, nanoseconds: number): Batch => ({
      length: 1,
      columns: [{ ...base, type: "time", seconds: BigInt64Array.of(seconds), nanoseconds: Int32Array.of(nanoseconds) }],
    });
    expect(codeOf(() => encodeBatch(time(86399n, 999_999_999)))).toBe("none");
    for (const bad of [time(86400n, 0), time(-1n, 0), time(0n, 1_000_000_000), time(0n, -1)]) {
      expect(codeOf(() => encodeBatch(bad))).toBe("bad-value");
    }
    expect(() => encodeBatch({ length: 2, columns: [text("a", "1")] })).toThrow(RangeError);
    const torn = { ...base, type: "text" as const, offsets: Int32Array.of(0, 9), data: new Uint8Array(3) };
    expect(() => encodeBatch({ length: 1, columns: [torn] })).toThrow(RangeError);
  });

  test("names record and column of a refusal", () => {
    const times = { seconds: BigInt64Array.of(1n, 86400n), nanoseconds: new Int32Array(2) };
    const column: Column = { name: "t", type: "time", length: 2, validity: null, ...times };
    try {
      encodeBatch({ length: 2, columns: [column] });
      expect.unreachable();
    } catch (error) {
      expect((error as { details: unknown }).details).toMatchObject({ record: 1, column: "t" });
    }
  });

  test("caps nesting at 64 containers, typed and untyped alike", () => {
    const nest = (type: ColumnType, depth: number): ColumnType =>
      depth === 0 ? type : { list: nest(type, depth - 1) };
    const json = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;
    for (const type of [(depth: number) => nest("int8", depth), () => "json" as const]) {
      const encode = (depth: number) => {
        const builder = createColumnBuilder("a", type(depth));
        builder.appendText(utf8(json(depth)), 0, json(depth).length);
        return encodeColumns([builder.finish()]);
      };
      expect(codeOf(() => encode(63))).toBe("none");
      expect(codeOf(() => encode(64))).toBe("too-deep");
      expect(codeOf(() => encode(5000))).toBe("too-deep");
    }
    // A column that some other reader made, with a value that lies too deep and one that does not.
    let column: Column = { name: "item", type: "int8", length: 1, validity: null, values: Int8Array.of(1) };
    for (let depth = 0; depth < 64; depth++) {
      column = {
        name: depth === 63 ? "a" : "item",
        type: "list",
        length: 1,
        validity: null,
        offsets: Int32Array.of(0, 1),
        child: column,
      };
    }
    expect(codeOf(() => encodeColumns([column]))).toBe("too-deep");
    expect(codeOf(() => encodeColumns([{ ...column, offsets: Int32Array.of(0, 0) } as Column]))).toBe("none");
  });
});
