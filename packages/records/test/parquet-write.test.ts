/** What is written is read again by the decoder that reads everybody's files. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompress } from "../src/decompression.js";
import { PageBytes, readHybrid } from "../src/parquet-page-bytes.js";
import { decodeChunk, type LeafColumn } from "../src/parquet-pages.js";
import type { LeafNode, PhysicalType } from "../src/parquet-schema.js";
import { encodeLevels, writeChunk } from "../src/parquet-write.js";
import { compressSnappy } from "../src/snappy-compression.js";

describe("compressSnappy()", () => {
  const roundTrip = (bytes: Uint8Array): Uint8Array => decompress("SNAPPY", compressSnappy(bytes), bytes.length);

  it("is undone by decompression", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 60 })).map(([unit, times]) => {
        const out = new Uint8Array(unit.length * times);
        for (let i = 0; i < times; i++) out.set(unit, i * unit.length);
        return out;
      }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = new Uint8Array(Buffer.concat(pieces));
        expect(roundTrip(bytes)).toEqual(bytes);
      }),
      { numRuns: 80, seed: 21 },
    );
  });

  it("is undone over several blocks, with far matches, and where nothing matches", () => {
    const noise = new Uint8Array(200_000);
    for (let i = 0, state = 1; i < noise.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      noise[i] = state >>> 24;
    }
    const far = new Uint8Array(200_000);
    for (let at = 0; at < far.length; at += 50_000) far.set(noise.subarray(0, 50_000), at);
    for (const bytes of [noise, far, new Uint8Array(200_000), new Uint8Array(65_536), new Uint8Array(65_537)]) {
      expect(Buffer.compare(roundTrip(bytes), bytes)).toBe(0);
    }
    expect(compressSnappy(noise).length).toBeLessThan(noise.length + 200);
    expect(compressSnappy(new Uint8Array(200_000)).length).toBeLessThan(10_000);
  });
});

describe("encodeLevels()", () => {
  it("is undone by readHybrid() for every width", () => {
    const runs = fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 40 })), { maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), runs, (highest, drawn) => {
        const levels = drawn.flatMap(([level, times]) => new Array<number>(times).fill(level % (highest + 1)));
        const page = new PageBytes(encodeLevels(Uint8Array.from(levels), highest));
        expect([...readHybrid(page, 32 - Math.clz32(highest), levels.length)]).toEqual(levels);
        expect(page.left).toBe(0);
      }),
      { numRuns: 200, seed: 22 },
    );
  });
});

function leafOf(physical: PhysicalType, definition: number, repetition: number): LeafNode {
  return {
    node: "leaf",
    name: "a",
    path: ["a"],
    leaf: 0,
    physical,
    width: physical === "fixed" ? 3 : 0,
    meaning: { as: "bytes", open: false },
    definition,
    repetition,
    elementDefinition: repetition,
    nullable: definition > repetition,
  };
}

/** Records of a chunk: each its levels and its values, as hex. */
function recordsOf({ leaf, levels, definition, repetition, values }: LeafColumn): string[] {
  const out: string[] = [];
  let value = 0;
  for (let i = 0; i < levels; i++) {
    let text = `${repetition?.[i] ?? 0}:${definition?.[i] ?? 0}`;
    if (definition === null || definition[i] === leaf.definition) {
      const bytes =
        leaf.physical === "binary"
          ? values.bytes.subarray(values.offsets[value], values.offsets[value + 1])
          : leaf.physical === "boolean"
            ? values.bytes.subarray(value, value + 1)
            : Buffer.from(new Float64Array([(values.numbers as Float64Array)[value] as number]).buffer);
      text += `=${Buffer.from(bytes).toString("hex")}`;
      value++;
    }
    if (repetition === null || repetition[i] === 0) out.push(text);
    else out[out.length - 1] += ` ${text}`;
  }
  return out;
}

describe("writeChunk()", () => {
  const records = 150_000;
  const removed = Uint8Array.from({ length: records }, (_, i) => (i % 7 === 3 || i < 2 || i === records - 1 ? 1 : 0));

  function check(column: LeafColumn): void {
    const { chunk, pages } = writeChunk(column, removed, 4);
    const bytes = new Uint8Array(Buffer.concat(pages));
    expect(bytes.length).toBe(chunk.storedBytes);
    const place = { begin: 4, end: 4 + bytes.length, codec: chunk.codec, levels: chunk.levels, decodedBytes: 0 };
    const read = decodeChunk(bytes, place, column.leaf, 2 ** 31);
    expect(recordsOf(read)).toEqual(recordsOf(column).filter((_, i) => removed[i] === 0));
    expect(pages.length).toBeGreaterThanOrEqual(4);
    expect(() => writeChunk(column, removed.subarray(1), 4)).toThrow(/records/);
    expect(() => writeChunk(column, new Uint8Array(records + 1), 4)).toThrow(/records/);
  }

  it("keeps values without nulls over several pages", () => {
    const numbers = Float64Array.from({ length: records }, (_, i) => i / 3);
    const values = { length: records, numbers, bytes: new Uint8Array(0), offsets: new Float64Array(1), byteLength: 0 };
    check({ leaf: leafOf("double", 0, 0), levels: records, definition: null, repetition: null, values });
  });

  it("keeps booleans with nulls over several pages", () => {
    const definition = Uint8Array.from({ length: records }, (_, i) => (i % 5 === 0 ? 0 : 1));
    const length = definition.reduce((sum, level) => sum + level, 0);
    const bytes = Uint8Array.from({ length }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const values = { length, numbers: null, bytes, offsets: new Float64Array(1), byteLength: length };
    check({ leaf: leafOf("boolean", 1, 0), levels: records, definition, repetition: null, values });
  });

  it("never parts the lists of a record", () => {
    const lengths = Array.from({ length: records }, (_, i) => i % 4);
    const definition = Uint8Array.from(lengths.flatMap((n) => (n === 0 ? [0] : new Array<number>(n).fill(1))));
    const repetition = Uint8Array.from(
      lengths.flatMap((n) => (n === 0 ? [0] : [0, ...new Array<number>(n - 1).fill(1)])),
    );
    const length = definition.reduce((sum, level) => sum + level, 0);
    const offsets = Float64Array.from({ length: length + 1 }, (_, i) => 2 * i);
    const bytes = Uint8Array.from({ length: 2 * length }, (_, i) => i * 31);
    const values = { length, numbers: null, bytes, offsets, byteLength: 2 * length };
    check({ leaf: leafOf("binary", 1, 1), levels: definition.length, definition, repetition, values });
  });
});
