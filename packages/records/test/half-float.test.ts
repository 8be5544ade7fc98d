import { expect, it } from "vitest";
import { fromHalf, toHalf } from "../src/half-float.js";

it("toHalf() gives back the bits of every half that fromHalf() reads", () => {
  for (let bits = 0; bits < 65_536; bits++) {
    const value = fromHalf(bits);
    if (Number.isNaN(value)) expect((bits >> 10) & 0x1f).toBe(31);
    else if (toHalf(value) !== bits) expect(toHalf(value), `bits ${bits}`).toBe(bits);
  }
  expect([0x3c00, 0x8000, 0x7bff, 0x0001, 0x7c00].map(fromHalf)).toEqual([
    1,
    -0,
    65_504,
    2 ** -24,
    Number.POSITIVE_INFINITY,
  ]);
});
