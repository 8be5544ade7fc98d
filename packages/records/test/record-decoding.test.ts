import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createColumnBuilder, decodeRecord, encodeBatch, parseJson } from "../src/index.js";
import { codeOf, fromHex, readVectors, toHex, utf8 } from "./bytes.js";

describe("decodeRecord()", () => {
  test("shows a record", () => {
    const bytes = fromHex("a362696401646e616d65634164616573636f7265f93800");
    expect({ ...decodeRecord(bytes) }).toEqual({ id: 1, name: "Ada", score: 0.5 });
  });

  const values = readVectors("values.json").valid as { type: never; cbor: string; value?: string; json?: string }[];
  test.each(values.filter(({ cbor }) => cbor !== "f6"))(
    "shows $cbor so that its type reads it back",
    ({ type, cbor }) => {
      const shown = JSON.stringify(decodeRecord(fromHex(`a16161${cbor}`)).a);
      const base = type === null ? "json" : type;
      // Shown are dates and bytes in their own text form, never as counts or in another encoding.
      const stored = typeof base === "object" && "type" in base ? (base as { type: never }).type : base;
      const builder = createColumnBuilder("a", stored);
      builder.appendJson(parseJson(utf8(shown)));
      if (type === null && /^"[0-9]+"$/.test(shown)) return;
      expect(toHex(encodeBatch({ length: 1, columns: [builder.finish()] }).arena)).toBe(`a16161${cbor}`);
    },
  );

  test.each([
    ["no bytes", ""],
    ["no map", "01"],
    ["bytes behind the end", "a000"],
    ["a long head", "b800"],
    ["an indefinite map", "bfff"],
    ["an integer in a long head", "a161611801"],
    ["an integer as a float", "a16161f93c00"],
    ["a half as a double", "a16161fb3fe0000000000000"],
    ["another NaN", "a16161f97e01"],
    ["a negative zero", "a16161f98000"],
    ["a null column", "a16161f6"],
    ["undefined", "a16161f7"],
    ["unsorted keys", "a2616201616101"],
    ["a key twice", "a2616101616102"],
    ["a key that is no text", "a10101"],
    ["a text that is no UTF-8", "a1616161ff"],
    ["an unknown tag", "a16161c100"],
    ["a small bignum", "a16161c24101"],
    ["a bignum with a leading zero", "a16161c24a00010000000000000001"],
    ["a decimal that is a half", "a16161c4822005"],
    ["a decimal with a trailing zero", "a16161c482210a"],
    ["a decimal with a positive exponent", "a16161c4820105"],
    ["a time of day outside its day", "a16161d81b826474696d651a00015180"],
    ["zero nanoseconds", "a16161d903e9a201002800"],
    ["a billion nanoseconds", "a16161d903e9a20100281a3b9aca00"],
    ["more elements than bytes", "a161619b00ffffffffffffff"],
    ["a text beyond the end", "a161617a7fffffff"],
    ["a cut float", "a16161fa0000"],
  ])("refuses %s with not-canonical", (_, hex) => {
    expect(codeOf(() => decodeRecord(fromHex(hex)))).toBe("not-canonical");
  });

  test("refuses nesting and nested tags without using up the stack", () => {
    for (const unit of ["81", "c482", "c48220", "d81b82", "a16161", "a1"]) {
      expect(codeOf(() => decodeRecord(fromHex(`a16161${unit.repeat(100_000)}01`)))).toBe("not-canonical");
    }
  });

  test("takes nothing but canonical bytes, whatever bytes come", () => {
    const seeds = values.map(({ cbor }) => fromHex(`a16161${cbor}`));
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 3 }))
      .map(([bytes, changes]) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        return changed;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 30 })), (bytes) => {
        expect(["none", "not-canonical"]).toContain(codeOf(() => decodeRecord(bytes)));
      }),
      { numRuns: 3000 },
    );
  });

  test("keeps prototype names as plain data", () => {
    const record = decodeRecord(fromHex("a1695f5f70726f746f5f5fa161617831".replace("7831", "01")));
    expect(Object.keys(record)).toEqual(["__proto__"]);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});
