import { toHex } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinRows, utf8Column } from "../src/byte-rows.js";
import { encodeCbor } from "../src/cbor.js";
import { encodeCborMaps } from "../src/cbor-maps.js";
import { codeOf } from "./scan-and-hash.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const valuesOf = ({ data, offsets }: ReturnType<typeof utf8Column>) =>
  Array.from({ length: offsets.length - 1 }, (_, i) =>
    new TextDecoder().decode(data.subarray(offsets[i], offsets[i + 1])),
  );

describe("utf8Column()", () => {
  it("gives back the texts that went in, whatever their characters take", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
        expect(valuesOf(utf8Column(texts))).toEqual(texts);
      }),
    );
    expect(valuesOf(utf8Column(["é", "", "ascii", "語"]))).toEqual(["é", "", "ascii", "語"]);
  });
  it("refuses halves of a pair, also where the next text begins with the other half", async () => {
    expect(await codeOf(Promise.resolve().then(() => utf8Column(["a\ud83d", "\ude00b"])))).toBe("invalid-utf8");
  });
});

describe("joinRows()", () => {
  it("puts what is the same and what differs together, row by row", () => {
    const { arena, offsets } = joinRows(3, [
      utf8("<"),
      utf8Column(["a", "", "xyz"]),
      utf8(">"),
      utf8Column(["1", "2", "3"]),
    ]);
    expect(new TextDecoder().decode(arena)).toBe("<a>1<>2<xyz>3");
    expect([...offsets]).toEqual([0, 4, 7, 13]);
  });
  it("makes no bytes of no rows", () => {
    expect(joinRows(0, [utf8("x"), utf8Column([])]).arena).toHaveLength(0);
  });
});

describe("encodeCborMaps()", () => {
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
  const map = fc.record({ texts: fc.string({ unit: "binary" }), integers: fc.maxSafeNat(), digests: digest });
  it("writes what encodeCbor() writes, map by map", () => {
    fc.assert(
      fc.property(fc.array(map, { minLength: 1 }), fc.constantFrom("k", "longer name"), (maps, name) => {
        const { arena, offsets } = encodeCborMaps([
          { name: "text", texts: maps.map(({ texts }) => texts) },
          { name: "digest", digests: maps.map(({ digests }) => digests) },
          { name, integers: maps.map(({ integers }) => integers) },
        ]);
        for (const [i, { texts, integers, digests }] of maps.entries()) {
          const expected = encodeCbor({
            text: texts,
            digest: Uint8Array.from(Buffer.from(digests, "hex")),
            [name]: integers,
          });
          expect(Buffer.from(arena.subarray(offsets[i], offsets[i + 1]))).toEqual(Buffer.from(expected));
        }
      }),
    );
  });
  it("refuses numbers that are no counts, digits that are no digest, and columns of different lengths", () => {
    expect(() => encodeCborMaps([{ name: "a", integers: [1, -1] }])).toThrow(RangeError);
    expect(() => encodeCborMaps([{ name: "a", integers: [0.5, 0.5] }])).toThrow(RangeError);
    expect(() => encodeCborMaps([{ name: "a", digests: ["00"] }])).toThrow(RangeError);
    expect(() => encodeCborMaps([{ name: "a", digests: ["G".repeat(64)] }])).toThrow(RangeError);
    expect(() =>
      encodeCborMaps([
        { name: "a", texts: ["x"] },
        { name: "b", texts: [] },
      ]),
    ).toThrow(RangeError);
  });
});
