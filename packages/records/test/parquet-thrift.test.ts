import { describe, expect, it } from "vitest";
import { parseThrift } from "../src/parquet-thrift.js";

const STOP = 0;

describe("parseThrift()", () => {
  it("gives the fields and the end of a struct", () => {
    // 1: i32 = -1, 2: binary "ab", 3: list of i32 [1], 4: true; then bytes that are not its own.
    const bytes = Uint8Array.of(0x15, 0x01, 0x18, 2, 0x61, 0x62, 0x19, 0x15, 0x02, 0x11, STOP, 0xff);
    expect(parseThrift(bytes, 0)).toEqual({
      struct: { field_1: -1, field_2: Uint8Array.of(0x61, 0x62), field_3: [1], field_4: true },
      end: 11,
    });
  });

  const refused: readonly (readonly [string, RegExp, number[]])[] = [
    ["a struct without end", /cut off/, [0x15, 0x01]],
    ["a number without end", /more than 10 bytes/, [0x16, ...new Array<number>(100_000).fill(0x80), 0]],
    ["a text longer than its bytes", /text of 127 bytes/, [0x18, 0x7f, 0x61]],
    ["a list longer than its bytes", /list of 2147483647/, [0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07]],
    ["a length beyond 31 bits", /length 4294967295/, [0x18, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["structs without bottom", /deeper than 32/, new Array<number>(1000).fill(0x1c)],
    ["lists without bottom", /deeper than 32/, [0x19, ...new Array<number>(1000).fill(0x19)]],
    ["an unknown type", /unknown type 13/, [0x1d, 0]],
  ];
  for (const [what, message, bytes] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => parseThrift(Uint8Array.from(bytes), 0)).toThrowError(message);
    });
  }
});
