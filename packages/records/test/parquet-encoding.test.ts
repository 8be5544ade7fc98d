import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendDelta, appendDeltaBytes } from "../src/parquet-delta.js";
import { appendPlain, emptyValues, GroupTooLarge } from "../src/parquet-encoding.js";
import { PageBytes, readHybrid } from "../src/parquet-page-bytes.js";
import type { LeafNode, PhysicalType } from "../src/parquet-schema.js";

const leafOf = (physical: PhysicalType, width = 0): LeafNode => ({
  node: "leaf",
  name: "c",
  path: ["c"],
  leaf: 0,
  physical,
  width,
  meaning: { as: "bytes", open: true },
  definition: 0,
  repetition: 0,
  elementDefinition: 0,
  nullable: false,
});

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return [...out, rest];
}

const zigzag = (value: bigint): number[] => {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) + 128);
  return [...out, Number(rest)];
};

/** Values of `width` bits, least significant bit first: the definition, bit by bit. */
function packBits(values: readonly bigint[], width: number): number[] {
  const out = new Array<number>(Math.ceil((values.length * width) / 8)).fill(0);
  for (const [index, value] of values.entries()) {
    for (let bit = 0; bit < width; bit++) {
      const at = index * width + bit;
      if ((value >> BigInt(bit)) & 1n) out[at >> 3] = (out[at >> 3] as number) | (1 << (at & 7));
    }
  }
  return out;
}

describe("readHybrid()", () => {
  it("reads runs and bit-packed groups of every width", () => {
    const piece = fc.oneof(
      fc.record({ run: fc.integer({ min: 1, max: 100 }), value: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }) }),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), { minLength: 8, maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.array(piece, { minLength: 1, maxLength: 6 }), (width, pieces) => {
        const mask = 2n ** BigInt(width) - 1n;
        const bytes: number[] = [];
        const expected: number[] = [];
        for (const part of pieces) {
          if (Array.isArray(part)) {
            const values = part.slice(0, part.length & ~7).map((value) => value & mask);
            bytes.push(...varint((values.length / 8) * 2 + 1), ...packBits(values, width));
            expected.push(...values.map(Number));
          } else {
            const value = Number(part.value & mask);
            bytes.push(
              ...varint(part.run * 2),
              ...Array.from({ length: (width + 7) >> 3 }, (_, at) => Math.floor(value / 2 ** (8 * at)) & 0xff),
            );
            expected.push(...new Array<number>(part.run).fill(value));
          }
        }
        expect([...readHybrid(new PageBytes(Uint8Array.from(bytes)), width, expected.length)]).toEqual(expected);
      }),
    );
  });

  it("refuses what ends too early", () => {
    expect(() => readHybrid(new PageBytes(Uint8Array.of(3)), 4, 8)).toThrowError("cut off");
    expect(() => readHybrid(new PageBytes(new Uint8Array(0)), 4, 8)).toThrowError("cut off");
    expect(() => readHybrid(new PageBytes(new Uint8Array(9)), 33, 8)).toThrowError("33 bits");
  });
});

describe("appendDelta()", () => {
  /** One block of four miniblocks of 32 values. */
  function encode(values: readonly bigint[], bits: 32 | 64): Uint8Array {
    const out = [...varint(128), ...varint(4), ...varint(values.length), ...zigzag(values[0] as bigint)];
    const deltas = values.slice(1).map((value, index) => BigInt.asIntN(bits, value - (values[index] as bigint)));
    for (let at = 0; at < deltas.length; at += 128) {
      const block = deltas.slice(at, at + 128);
      const least = block.toSorted((low, high) => (low < high ? -1 : 1))[0] as bigint;
      const over = block.map((delta) => BigInt.asUintN(bits, delta - least));
      const parts = [0, 32, 64, 96].map((from) => over.slice(from, from + 32));
      const widths = parts.map((part) => part.reduce((width, value) => Math.max(width, value.toString(2).length), 1));
      out.push(...zigzag(least), ...widths.map((width, index) => (parts[index]!.length === 0 ? 0 : width)));
      for (const [index, part] of parts.entries()) {
        if (part.length > 0)
          out.push(...packBits([...part, ...new Array<bigint>(32 - part.length).fill(0n)], widths[index] as number));
      }
    }
    return Uint8Array.from(out);
  }

  for (const bits of [32, 64] as const) {
    it(`reads what was encoded, to the ends of int${bits}`, () => {
      const edge = 2n ** BigInt(bits - 1);
      const value = fc.oneof(fc.bigInt({ min: -edge, max: edge - 1n }), fc.bigInt({ min: -5n, max: 5n }));
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
          const leaf = leafOf(bits === 32 ? "int32" : "int64");
          const into = emptyValues(leaf);
          appendDelta(new PageBytes(encode(values, bits)), leaf, values.length, into);
          expect([...(into.numbers as BigInt64Array).subarray(0, values.length)].map(BigInt)).toEqual(values);
        }),
        { numRuns: 60 },
      );
    });
  }

  it("refuses blocks that make no progress, and counts that differ", () => {
    const decode =
      (...bytes: number[]) =>
      () =>
        appendDelta(new PageBytes(Uint8Array.from(bytes)), leafOf("int64"), 5, emptyValues(leafOf("int64")));
    expect(decode(...varint(128), 0, 5, 0)).toThrowError("in 0 parts");
    expect(decode(...varint(2 ** 31), ...varint(2 ** 30), 5, 0)).toThrowError("delta blocks");
    expect(decode(...varint(128), 4, 6, 0)).toThrowError("6 delta values where 5");
    expect(decode(...varint(128), 4, 5, 0, 0, 65, 65, 65, 65)).toThrowError("65 bits");
  });
});

describe("appendPlain()", () => {
  it("takes no memory for values that are not there", () => {
    const page = (): PageBytes => new PageBytes(Uint8Array.of(1, 0, 0, 0, 0x61));
    for (const leaf of [
      leafOf("int32"),
      leafOf("double"),
      leafOf("binary"),
      leafOf("fixed", 4),
      leafOf("int96"),
      leafOf("boolean"),
    ]) {
      const into = emptyValues(leaf);
      expect(() => appendPlain(page(), leaf, 2 ** 31, into, 1e12), leaf.physical).toThrowError(/page/);
      expect((into.numbers?.byteLength ?? 0) + into.bytes.length + into.offsets.byteLength).toBeLessThan(1000);
    }
  });

  it("stops at the limit", () => {
    const into = emptyValues(leafOf("binary"));
    expect(() =>
      appendPlain(new PageBytes(Uint8Array.of(2, 0, 0, 0, 1, 2)), leafOf("binary"), 1, into, 1),
    ).toThrowError(GroupTooLarge);
  });
});

describe("appendDeltaBytes()", () => {
  it("refuses a shared beginning that is longer than the value before", () => {
    const delta = (value: number): number[] => [...varint(128), 4, 1, ...zigzag(BigInt(value))];
    const bytes = Uint8Array.from([...delta(3), ...delta(1), 0x61]);
    expect(() =>
      appendDeltaBytes(new PageBytes(bytes), leafOf("binary"), 1, emptyValues(leafOf("binary")), 1e9),
    ).toThrowError("shares 3 bytes with one of 0");
  });
});
