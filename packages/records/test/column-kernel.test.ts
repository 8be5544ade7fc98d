/** The column kernel against the reference, `encodeBatch`: the same leaves for every type, or no answer. */

import { LANES_RESERVED } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { compileColumnKernel } from "../assembly/build.js";
import type { Batch, Column, TextColumn } from "../src/batch.js";
import { type ColumnKernel, columnKernel } from "../src/column-kernel.js";
import { encodeBatch } from "../src/encode-batch.js";
import { COLUMN_KERNEL } from "../src/generated/columns.js";
import type { KernelColumn } from "../src/kernel-columns.js";
import { recordLeaves } from "../src/leaves.js";
import { takeColumn } from "../src/take-column.js";
import { splitSeconds } from "../src/temporal-parts.js";
import { findInvalidUtf8 } from "../src/utf8.js";
import { toHex, utf8 } from "./bytes.js";

const kernel = columnKernel() as ColumnKernel;

function leavesBySlowWay({ length, columns }: Batch): Uint8Array {
  const { arena, offsets } = encodeBatch({ length, columns });
  return recordLeaves(arena, offsets);
}

function validityOf(present: readonly boolean[]): Uint8Array | null {
  if (present.every(Boolean)) return null;
  const bits = new Uint8Array((present.length + 7) >> 3);
  for (const [i, is] of present.entries()) if (is) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  return bits;
}

function textsOf(name: string, type: "text" | "bytes", values: readonly (string | null)[]): TextColumn {
  const encoded = values.map((value) => utf8(value ?? ""));
  const offsets = new Int32Array(values.length + 1);
  for (const [i, { length }] of encoded.entries()) offsets[i + 1] = (offsets[i] as number) + length;
  const data = new Uint8Array(encoded.flatMap((bytes) => [...bytes]));
  return {
    name,
    type: type as "text",
    length: values.length,
    validity: validityOf(values.map((value) => value !== null)),
    offsets,
    data,
  };
}

const doubles = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer({ min: -5000, max: 5000 }).map((value) => value / 16),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    2 ** 63,
    2 ** 64,
    -(2 ** 64),
    -(2 ** 64) - 4096,
    -(2 ** 65),
    5.96e-8,
    65504,
    65520,
    1e100,
    5e-324,
  ),
);
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -300n, max: 300n }));
const int32 = fc.oneof(fc.integer(), fc.integer({ min: -300, max: 300 }));
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.constantFrom("", "a".repeat(23), "b".repeat(24), "c".repeat(255), "d".repeat(256), "e".repeat(1100)),
);

type Maker = (name: string, length: number, validity: Uint8Array | null) => fc.Arbitrary<Column>;

/** A column of numbers: `length` values through a typed array. */
const numbers =
  (type: string, Numbers: { from(values: readonly never[]): unknown }, value: fc.Arbitrary<unknown>): Maker =>
  (name, length, validity) =>
    fc
      .array(value, { minLength: length, maxLength: length })
      .map((values) => ({ name, type, length, validity, values: Numbers.from(values as never[]) }) as Column);

const temporal =
  (type: "time" | "timestamp" | "instant" | "duration"): Maker =>
  (name, length, validity) =>
    fc
      .array(
        fc.tuple(
          type === "time" ? fc.bigInt({ min: 0n, max: 86_399n }) : int64,
          fc.constantFrom(0, 1, 500, 999_999_999),
        ),
        {
          minLength: length,
          maxLength: length,
        },
      )
      .map((pairs) => ({
        name,
        type,
        length,
        validity,
        seconds: BigInt64Array.from(pairs, ([seconds]) => seconds),
        nanoseconds: Int32Array.from(pairs, ([, nanoseconds]) => nanoseconds),
      }));

const strings =
  (type: "text" | "bytes"): Maker =>
  (name, length, validity) =>
    fc
      .array(texts, { minLength: length, maxLength: length })
      .map((values) => ({ ...textsOf(name, type, values), validity }));

const encoded: Maker = (name, length, validity) =>
  fc.constant({
    name,
    type: "json",
    length,
    validity,
    offsets: Int32Array.from({ length: length + 1 }, (_, i) => 3 * i),
    data: Uint8Array.from({ length: 3 * length }, (_, i) => [0x82, 0x01, 0xf6][i % 3] as number),
  });

const makers: readonly Maker[] = [
  numbers("boolean", Uint8Array, fc.constantFrom(0, 1)),
  numbers("int8", Int8Array, fc.integer({ min: -128, max: 127 })),
  numbers("int16", Int16Array, fc.integer({ min: -32768, max: 32767 })),
  numbers("int32", Int32Array, int32),
  numbers("int64", BigInt64Array, int64),
  numbers("uint8", Uint8Array, fc.integer({ min: 0, max: 255 })),
  numbers("uint16", Uint16Array, fc.integer({ min: 0, max: 65535 })),
  numbers("uint32", Uint32Array, fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  numbers("uint64", BigUint64Array, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  numbers("float16", Float32Array, fc.constantFrom(0.5, 65504, 2 ** -24, Number.NaN, -Infinity)),
  numbers("float32", Float32Array, doubles),
  numbers("float64", Float64Array, doubles),
  numbers("date", Int32Array, int32),
  temporal("time"),
  temporal("timestamp"),
  temporal("instant"),
  temporal("duration"),
  strings("text"),
  strings("bytes"),
  encoded,
  (name, length) => fc.constant({ name, type: "null", length, validity: null }),
];

const batches = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.array(fc.tuple(fc.constantFrom(...makers), fc.nat(3)), { maxLength: 27 }))
  .chain(([length, chosen]) =>
    fc
      .tuple(
        ...chosen.map(([maker, nulls], i) =>
          fc
            .array(nulls === 0 ? fc.constant(true) : fc.boolean(), { minLength: length, maxLength: length })
            .chain((present) => maker(`${"name".repeat(i % 9)}${i}`, length, validityOf(present))),
        ),
      )
      .map((columns) => ({ length, columns })),
  );

test("the module in src is what the assembly becomes", async () => {
  expect(Buffer.from(await compileColumnKernel()).toString("base64")).toBe(COLUMN_KERNEL);
});

test("the kernel stands behind the lanes in their common memory", () => {
  const bytes = Uint8Array.from(atob(COLUMN_KERNEL), (character) => character.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 112 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const { COLUMNS, MEMORY_END } = exports as Record<string, WebAssembly.Global>;
  expect(COLUMNS?.value).toBeGreaterThanOrEqual(LANES_RESERVED);
  expect(MEMORY_END?.value).toBeLessThan(memory.buffer.byteLength);
});

test("there is no kernel where there is no WebAssembly", async () => {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", undefined);
  const { columnKernel: none } = await import("../src/column-kernel.js");
  expect(none()).toBeUndefined();
  vi.unstubAllGlobals();
});

describe("leaves()", () => {
  test("agrees with encodeBatch() over all types, nulls and widths", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const leaves = kernel.leaves(batch.length, batch.columns) as Uint8Array;
        expect(toHex(leaves)).toBe(toHex(leavesBySlowWay(batch)));
      }),
      { numRuns: 300 },
    );
  });

  test("agrees beyond what goes into its memory at once, wherever it is cut", () => {
    const length = 5003;
    const sizes = Array.from({ length }, (_, i) => (i % 401 === 0 ? 5000 + i : i % 37));
    const columns: Column[] = [
      textsOf(
        "text",
        "text",
        sizes.map((size, i) => (i % 5 === 3 ? null : "x".repeat(size))),
      ),
      {
        name: "id",
        type: "int32",
        length,
        validity: validityOf(sizes.map((_, i) => i % 3 !== 0)),
        values: Int32Array.from(sizes, (_, i) => i - 77),
      },
      { name: "flag", type: "boolean", length, validity: null, values: Uint8Array.from(sizes, (_, i) => i & 1) },
    ];
    const batch = { length, columns };
    expect(toHex(kernel.leaves(length, columns) as Uint8Array)).toBe(toHex(leavesBySlowWay(batch)));
  });

  test("agrees on counts of all units and on dictionaries, as they are stored", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(int64, int32, fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 30 }),
        fc.constantFrom("s", "ms", "us", "ns"),
        fc.constantFrom("timestamp", "instant", "duration"),
        fc.array(texts, { minLength: 4, maxLength: 4 }),
        (rows, unit, of, entries) => {
          const length = rows.length;
          const validity = validityOf(rows.map(([, , , present]) => present));
          const wide = BigInt64Array.from(rows, ([value]) => value);
          const narrow = Int32Array.from(rows, ([, value]) => value);
          const dictionary = textsOf("dictionary", "text", entries);
          const indices = Int32Array.from(rows, ([, , index, present]) => (present ? index : -1));
          const stored: KernelColumn[] = [
            { name: "wide", type: "counts", of, unit, length, validity, counts: wide },
            { name: "narrow", type: "counts", of, unit, length, validity, counts: narrow },
            { name: "word", type: "dictionary", length, validity, indices, values: dictionary },
          ];
          const partsOf = (name: string, counts: BigInt64Array | Int32Array): Column => {
            const [seconds, nanoseconds] = [new BigInt64Array(length), new Int32Array(length)];
            splitSeconds(counts, unit, seconds, nanoseconds);
            return { name, type: of, length, validity, seconds, nanoseconds };
          };
          const columns = [partsOf("wide", wide), partsOf("narrow", narrow), takeColumn(dictionary, indices, "word")];
          expect(toHex(kernel.leaves(length, stored) as Uint8Array)).toBe(toHex(leavesBySlowWay({ length, columns })));
        },
      ),
    );
  });

  test("agrees on texts as they are stored, and finds those that are no UTF-8", () => {
    const bad = [[0x80], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4, 0xb8]];
    const pieces = fc.oneof(
      texts.map(utf8),
      fc.constantFrom(...bad).map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { minLength: 1, maxLength: 20 }),
        fc.nat(40),
        fc.constantFrom("text", "bytes"),
        (values, before, of) => {
          const length = values.length;
          const offsets = new Int32Array(length + 1).fill(before);
          for (const [i, value] of values.entries()) offsets[i + 1] = (offsets[i] as number) + value.length;
          const data = Uint8Array.from([
            ...new Uint8Array(before).fill(0x80),
            ...values.flatMap((value) => [...value]),
          ]);
          const stored: KernelColumn = { name: "t", type: "unchecked", of, length, validity: null, offsets, data };
          const isGood = of === "bytes" || values.every((value) => findInvalidUtf8(value) < 0);
          const column = { name: "t", type: of, length, validity: null, offsets, data } as Column;
          const leaves = kernel.leaves(length, [stored]);
          if (isGood) expect(toHex(leaves as Uint8Array)).toBe(toHex(leavesBySlowWay({ length, columns: [column] })));
          else expect(leaves).toBeUndefined();
        },
      ),
    );
  });

  test("leaves to encodeBatch() what it must not read or cannot hold", () => {
    const base = { length: 2, validity: null };
    const text = textsOf("t", "text", ["ab", "cd"]);
    const seconds = new BigInt64Array(2);
    const unchecked = { ...text, type: "unchecked", of: "text" } as const;
    const refused: readonly KernelColumn[][] = [
      [{ ...unchecked, offsets: Int32Array.of(0, 3, 2) }],
      [{ ...unchecked, offsets: Int32Array.of(-9, -5, 2) }],
      [{ ...unchecked, offsets: Int32Array.of(0, -5, 2) }],
      [{ ...unchecked, offsets: Int32Array.of(0, 2 ** 31 - 1, 2) }],
      [{ ...unchecked, offsets: Int32Array.of(5, 6, 7) }],
      [{ ...unchecked, offsets: Int32Array.of(0, 2) }],
      [{ ...unchecked, offsets: Int32Array.of(1, 2 ** 31 - 1, -(2 ** 31)) }],
      [{ ...text, offsets: Int32Array.of(0, 3, 2) }],
      [{ ...text, offsets: Int32Array.of(-1, 1, 2) }],
      [{ ...text, offsets: Int32Array.of(0, 2, 5) }],
      [{ ...text, offsets: Int32Array.of(0, 2) }],
      [{ ...text, length: 3, offsets: Int32Array.of(0, 2, 4, 4) }],
      [{ ...text, validity: new Uint8Array(0) }],
      [text, { ...text }],
      [{ ...base, name: "n", type: "int64", values: new BigInt64Array(1) }],
      [{ ...base, name: "n", type: "time", seconds: BigInt64Array.of(0n, 86_400n), nanoseconds: new Int32Array(2) }],
      [{ ...base, name: "n", type: "time", seconds: BigInt64Array.of(0n, -1n), nanoseconds: new Int32Array(2) }],
      [{ ...base, name: "n", type: "timestamp", seconds, nanoseconds: Int32Array.of(0, 1_000_000_000) }],
      [{ ...base, name: "n", type: "instant", seconds, nanoseconds: Int32Array.of(-1, 0) }],
      [{ ...base, name: "n", type: "list", offsets: Int32Array.of(0, 1, 2), child: { ...text } }],
      [{ ...base, name: "n", type: "decimal(3,1)", scale: 1, values: [1n, 2n] }],
      [textsOf("t", "text", ["x".repeat(5_000_000), ""])],
      [
        {
          ...base,
          name: "d",
          type: "dictionary",
          indices: Int32Array.of(0, 0),
          values: textsOf("d", "text", [null, "a"]),
        },
      ],
    ];
    for (const columns of refused) expect(kernel.leaves(2, columns)).toBeUndefined();
  });
});
