import fc from "fast-check";
import { decompressSnappy as portable } from "hyparquet-compressors";
import { describe, expect, test } from "vitest";
import { compileSnappy } from "../assembly/build.js";
import { SNAPPY } from "../src/generated/snappy.js";
import { compressSnappy } from "../src/snappy-compression.js";
import { decompressSnappy } from "../src/snappy-decompression.js";

/** Bytes that repeat near and far. */
const inputs = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 80 }), fc.nat(40), fc.nat(7)), { maxLength: 30 })
  .map((pieces) =>
    Uint8Array.from(
      pieces.flatMap(([bytes, times, kept]) => [
        ...bytes,
        ...Array.from({ length: times }, () => [...bytes.subarray(0, kept)]).flat(),
      ]),
    ),
  );

test("the module in src is what the assembly becomes", async () => {
  expect(Buffer.from(await compileSnappy()).toString("base64")).toBe(SNAPPY);
});

describe("decompressSnappy()", () => {
  test("undoes compressSnappy(), as the portable one does", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const compressed = compressSnappy(input);
        expect(decompressSnappy(compressed, input.length)).toEqual(input);
        expect(portable(compressed, input.length)).toEqual(input);
      }),
    );
  });

  test("undoes it beyond the first memory, and beyond all that it takes", () => {
    for (const size of [70_000, 3_000_000, 40_000_000]) {
      const input = Uint8Array.from({ length: size }, (_, i) => (i % 1000 < 700 ? i % 251 : (i * i) >> 7));
      const compressed = compressSnappy(input);
      expect(Buffer.compare(decompressSnappy(compressed, size), input)).toBe(0);
    }
  });

  test("refuses every cut, another size, and places before the beginning", () => {
    const input = new TextEncoder().encode(`${"abcdefgh".repeat(20)}${"x".repeat(70)}ijk`);
    const compressed = compressSnappy(input);
    for (let end = 0; end < compressed.length; end++)
      expect(() => decompressSnappy(compressed.subarray(0, end), input.length), String(end)).toThrowError("damaged");
    expect(() => decompressSnappy(compressed, input.length - 1)).toThrowError("damaged");
    expect(() => decompressSnappy(compressed, input.length + 1)).toThrowError("damaged");
    const damaged = [
      [4, 0x00, 0x61, 0x0e, 2, 0],
      [4, 0x00, 0x61, 0x01, 0],
      [8, 0x00, 0x61, 0x1a, 2, 0],
      [8, 0x00, 0x61, 0x1f, 0xff, 0xff, 0xff, 0xff],
      [8, 0xfc, 0xff, 0xff, 0xff, 0xff],
      [8, 0xf8, 0xff, 0xff, 0xff],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    ];
    for (const bytes of damaged)
      expect(() => decompressSnappy(Uint8Array.from(bytes), bytes[0] as number), String(bytes)).toThrowError("damaged");
  });

  test("never gives bytes of another size, whatever it is given", () => {
    fc.assert(
      fc.property(inputs, fc.nat(), fc.nat(255), (input, place, value) => {
        const compressed = compressSnappy(input);
        compressed[place % compressed.length] = value;
        let output: Uint8Array | null = null;
        try {
          output = decompressSnappy(compressed, input.length);
        } catch {}
        if (output !== null) expect(output.length).toBe(input.length);
      }),
    );
  });
});
