import { describe, expect, test } from "vitest";
import { toHex } from "../src/hex.js";
import { setShareOf, setTotalsOf } from "../src/leaf-set.js";
import { buildSet, combineSetRanges, emptySetRoot } from "../src/set-tree.js";
import { sha256 } from "../src/sha256.js";

/** Digests; with a prefix, such as somebody could seek out. */
function leavesOf(count: number, { prefix = 0, kinds = count }: { prefix?: number; kinds?: number } = {}): Uint8Array {
  const leaves = new Uint8Array(32 * count);
  for (let i = 0; i < count; i++) {
    const kind = i % kinds;
    leaves.set(sha256(Uint8Array.of(kind & 255, (kind >> 8) & 255, kind >> 16)), 32 * i);
    leaves.fill(0xa5, 32 * i, 32 * i + prefix);
  }
  return leaves;
}

function expectTotals(leaves: Uint8Array, chunks: readonly Uint8Array[] = [leaves]): void {
  const { root, distinct, records } = buildSet(leaves);
  const totals = setTotalsOf(chunks);
  expect({ ...totals, root: toHex(totals.root) }).toEqual({ root: toHex(root), distinct, records });
}

describe("setTotalsOf()", () => {
  test("gives the root of buildSet() for any number of leaves", () => {
    expect(toHex(setTotalsOf([]).root)).toBe(toHex(emptySetRoot()));
    for (const count of [0, 1, 2, 3, 5, 64, 2048, 2049, 4096, 4097, 20_000]) expectTotals(leavesOf(count));
  });

  test("counts leaves that repeat, a few times and all the time", () => {
    for (const kinds of [1, 2, 3, 100, 1500, 9000]) expectTotals(leavesOf(10_000, { kinds }));
  });

  test("takes prefixes that were sought out", () => {
    for (const prefix of [1, 2, 3, 7, 8, 9, 30])
      for (const count of [50, 5000]) expectTotals(leavesOf(count, { prefix }));
  });

  test("takes chunks of any size, also where they lie on no word", () => {
    const leaves = leavesOf(7000);
    const odd = new Uint8Array(leaves.length + 1).subarray(1);
    odd.set(leaves);
    const chunks = [odd.subarray(0, 32 * 11), odd.subarray(32 * 11, 32 * 11), odd.subarray(32 * 11, 32 * 5000)];
    expectTotals(leaves, [...chunks, leaves.subarray(32 * 5000)]);
  });
});

describe("setShareOf()", () => {
  test("gives parts whose tops are those of the whole", () => {
    for (const leaves of [leavesOf(10_000), leavesOf(3), leavesOf(5000, { prefix: 1 })]) {
      const { root, distinct, records } = buildSet(leaves);
      for (const bits of [0, 1, 3, 8]) {
        const shares = Array.from({ length: 2 ** bits }, (_, prefix) => setShareOf(leaves, bits, prefix));
        const top = combineSetRanges(
          0,
          shares.map(({ top }) => top),
        );
        expect(toHex(top as Uint8Array)).toBe(toHex(root));
        expect(shares.reduce((sum, share) => sum + share.distinct, 0)).toBe(distinct);
        expect(shares.reduce((sum, share) => sum + share.records, 0)).toBe(records);
      }
    }
  });

  test("gives the same where leaves are moved in one go and in several", () => {
    const words = new Uint32Array(8 * 1_100_000);
    let state = 1;
    for (let i = 0; i < words.length; i++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      words[i] = state;
    }
    const leaves = new Uint8Array(words.buffer);
    const whole = setTotalsOf(leaves);
    const halves = [setShareOf(leaves, 1, 0), setShareOf(leaves, 1, 1)];
    const top = combineSetRanges(
      0,
      halves.map((half) => half.top),
    );
    expect(toHex(top as Uint8Array)).toBe(toHex(whole.root));
    expect(halves.reduce((sum, { records }) => sum + records, 0)).toBe(whole.records);
  });

  test("refuses what is no prefix, and what are no leaves", () => {
    expect(() => setShareOf(leavesOf(1), 9, 0)).toThrow(RangeError);
    expect(() => setShareOf(leavesOf(1), 1, 2)).toThrow(RangeError);
    expect(() => setTotalsOf(new Uint8Array(33))).toThrow(RangeError);
  });
});
