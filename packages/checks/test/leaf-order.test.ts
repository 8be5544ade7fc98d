import fc from "fast-check";
import { expect, test } from "vitest";
import { leafOrder, placeOfRow } from "../src/leaf-order.js";

/** A leaf of few distinct first and last bytes, so that prefixes and whole leaves collide. */
const leaf = fc.tuple(fc.nat(1), fc.nat(1), fc.nat(2)).map(([a, b, c]) => {
  const bytes = new Uint8Array(32);
  bytes.set([a, 0, 255 * b, 7]);
  bytes[31] = c;
  return bytes;
});

test("leafOrder() sorts by leaf, then by record, and knows the way back", () => {
  fc.assert(
    fc.property(fc.array(fc.array(leaf, { maxLength: 8 }), { maxLength: 5 }), (files) => {
      const order = leafOrder(files.map((leaves) => Buffer.concat(leaves)));
      const all = files.flat().map((bytes, record) => ({ hex: Buffer.from(bytes).toString("hex"), record }));
      const sorted = [...all].sort((a, b) => (a.hex < b.hex ? -1 : a.hex > b.hex ? 1 : a.record - b.record));
      expect([...order.recordOf]).toEqual(sorted.map(({ record }) => record));
      expect(sorted.every(({ record }, row) => order.rowOf[record] === row)).toBe(true);
      expect(Buffer.from(order.leaves).toString("hex")).toBe(sorted.map(({ hex }) => hex).join(""));
      const paths = files.map((_, i) => `f${i}`);
      const places = files.flatMap((leaves, i) => leaves.map((_, ordinal) => ({ file: `f${i}`, ordinal })));
      for (const { record } of all)
        expect(placeOfRow(order, order.rowOf[record] as number, paths, undefined)).toMatchObject(
          places[record] as object,
        );
    }),
  );
});

test("leafOrder() refuses bytes that are no whole leaves", () => {
  expect(() => leafOrder([new Uint8Array(33)])).toThrow(RangeError);
});
