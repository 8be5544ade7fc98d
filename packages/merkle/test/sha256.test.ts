import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes, equalBytes, fromHex, isDigestHex, toHex } from "../src/hex.js";
import {
  createSha256,
  hashLeaves,
  hashLeavesWith,
  hashLevel,
  hashLevelWith,
  hmacSha256,
  sha256,
} from "../src/sha256.js";
import { laneKernel, type NodeCrypto, nodeKernel, portableKernel, sha256Kernel } from "../src/sha256-kernel.js";
import { LANES_LONGEST } from "../src/sha256-lanes.js";

const ascii = (text: string) => new TextEncoder().encode(text);
/** Runtimes before Node 20.12 have no `crypto.hash`. */
const olderKernel = { ...nodeKernel({ createHash, createHmac } as unknown as NodeCrypto)!, name: "older node" };
const kernels = [
  portableKernel(),
  nodeKernel()!,
  olderKernel,
  laneKernel(portableKernel(), LANES_LONGEST),
  laneKernel(nodeKernel()!, 512),
];

// FIPS 180-4 examples (NIST, "SHA-256 Example Values"), and the million letters.
const digests: readonly (readonly [string, string])[] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
const macs: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
  [
    new Uint8Array(20).fill(0x0b),
    ascii("Hi There"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    ascii("Jefe"),
    ascii("what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
];

test("all kernels are there to be compared, and the one that is chosen has lanes", () => {
  expect(kernels.map(({ name }) => name)).toEqual(["portable", "node", "older node", "portable, lanes", "node, lanes"]);
  expect(sha256Kernel().name).toBe("node, lanes");
});

describe.each(kernels)("the $name kernel", (kernel) => {
  test("hashInto() and create() give the digests of FIPS 180-4", () => {
    for (const [text, digest] of digests) {
      const out = new Uint8Array(40);
      kernel.hashInto(ascii(text), out, 5);
      expect(toHex(out)).toBe(`${"00".repeat(5)}${digest}${"00".repeat(3)}`);
      const hasher = kernel.create();
      for (let at = 0; at < text.length; at += 99_999) hasher.update(ascii(text.slice(at, at + 99_999)));
      expect(toHex(hasher.digest())).toBe(digest);
    }
  });

  test("copy() goes on by itself: the digest of what both had, and what each had afterwards", () => {
    for (const [text, digest] of digests) {
      const cut = Math.floor(text.length / 2);
      const hasher = kernel.create().update(ascii(text.slice(0, cut)));
      const copy = hasher.copy().update(ascii(text.slice(cut)));
      expect(toHex(copy.digest())).toBe(digest);
      hasher.update(ascii("!"));
      expect(toHex(hasher.copy().digest())).toBe(toHex(sha256(ascii(`${text.slice(0, cut)}!`))));
      expect(toHex(hasher.digest())).toBe(toHex(sha256(ascii(`${text.slice(0, cut)}!`))));
    }
  });

  test("hmac() gives the codes of RFC 4231", () => {
    for (const [key, data, code] of macs) expect(toHex(kernel.hmac(key, data))).toBe(code);
  });

  test("hashLeavesWith() hashes prefix and record, for records of any length", () => {
    const lengths = [0, 1, 54, 55, 56, 63, 64, 65, 127, 128, 129, 1000, 65_534, 65_535, 65_536, 200_000, 3];
    const offsets = new Float64Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i]! + lengths[i]!;
    const arena = new Uint8Array(offsets.at(-1)!).map((_, i) => (i * 31 + (i >> 8)) & 255);
    const out = hashLeavesWith(kernel, arena, offsets, 4);
    for (let i = 0; i < lengths.length; i++) {
      const expected = sha256(new Uint8Array([4, ...arena.subarray(offsets[i]!, offsets[i + 1]!)]));
      expect(toHex(out.subarray(32 * i, 32 * i + 32))).toBe(toHex(expected));
    }
  });

  test("hashLevelWith() pairs nodes and moves a last one up, also in place", () => {
    for (const count of [0, 1, 2, 3, 8, 9]) {
      const nodes = new Uint8Array(32 * count).map((_, i) => i & 255);
      const expected = new Uint8Array(32 * Math.ceil(count / 2));
      for (let i = 0; 2 * i < count; i++) {
        const pair = nodes.subarray(64 * i, 64 * i + 64);
        expected.set(pair.length === 64 ? sha256(new Uint8Array([1, ...pair])) : pair, 32 * i);
      }
      expect(hashLevelWith(kernel, nodes, count)).toEqual(expected);
      hashLevelWith(kernel, nodes, count, nodes);
      expect(nodes.subarray(0, expected.length)).toEqual(expected);
    }
  });
});

test("the portable and the node kernel agree on random records", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
      fc.integer({ min: 0, max: 255 }),
      (records, prefix) => {
        const offsets = new Uint32Array(records.length + 1);
        for (let i = 0; i < records.length; i++) offsets[i + 1] = offsets[i]! + records[i]!.length;
        const arena = new Uint8Array(offsets.at(-1)!);
        for (let i = 0; i < records.length; i++) arena.set(records[i]!, offsets[i]!);
        const [portable, node, older] = kernels.map((kernel) => hashLeavesWith(kernel, arena, offsets, prefix));
        expect(portable).toEqual(node);
        expect(older).toEqual(node);
        expect(hashLeaves(arena, offsets, prefix)).toEqual(node);
      },
    ),
  );
});

test("sha256(), createSha256() and hmacSha256() use the same hash", () => {
  expect(toHex(sha256(ascii("abc")))).toBe(digests[1]![1]);
  expect(toHex(createSha256().update(ascii("ab")).update(ascii("c")).digest())).toBe(digests[1]![1]);
  expect(toHex(hmacSha256(macs[1]![0], macs[1]![1]))).toBe(macs[1]![2]);
  // Not a Buffer, whose `slice` shares memory and which browsers do not have.
  for (const bytes of [sha256(ascii("")), createSha256().digest(), hmacSha256(ascii("k"), ascii("d"))]) {
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  }
});

test("hashLeaves() refuses offsets outside the arena, a bad prefix and a short output", () => {
  const arena = new Uint8Array(10);
  for (const offsets of [[], [0, 11], [5, 3], [0, Number.NaN], [0, 1.5], [-1, 3], [0, Number.POSITIVE_INFINITY]]) {
    expect(() => hashLeaves(arena, new Float64Array(offsets), 0)).toThrow(RangeError);
  }
  for (const prefix of [-1, 256, 0.5])
    expect(() => hashLeaves(arena, new Float64Array([0]), prefix)).toThrow(RangeError);
  expect(() => hashLeaves(arena, new Float64Array([0, 3, 10]), 0, new Uint8Array(63))).toThrow(RangeError);
  expect(hashLeaves(arena, new Uint32Array([4]), 0)).toEqual(new Uint8Array(0));
});

test("hashLevel() refuses a count that the nodes do not have", () => {
  for (const count of [-1, 3, 0.5, Number.NaN]) expect(() => hashLevel(new Uint8Array(64), count)).toThrow(RangeError);
  expect(() => hashLevel(new Uint8Array(96), 3, new Uint8Array(63))).toThrow(RangeError);
});

describe("hex", () => {
  test("toHex() and fromHex() are inverse", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
        expect(equalBytes(fromHex(toHex(bytes)), bytes)).toBe(true);
      }),
    );
  });

  test("fromHex() refuses other spellings", () => {
    for (const text of ["0", "0G", "AB", "0x", " 0", "0\n", "é0", "０0"])
      expect(() => fromHex(text)).toThrow(RangeError);
    expect(() => fromHex(12 as never)).toThrow(TypeError);
  });

  test("isDigestHex() takes 64 lower-case digits only", () => {
    expect(isDigestHex("0".repeat(64))).toBe(true);
    for (const value of [
      "0".repeat(63),
      "0".repeat(65),
      "A".repeat(64),
      `${"0".repeat(64)}\n`,
      0,
      null,
      ["0".repeat(64)],
    ]) {
      expect(isDigestHex(value)).toBe(false);
    }
  });

  test("compareBytes() orders as Buffer.compare does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (left, right) => {
        expect(Math.sign(compareBytes(left, right))).toBe(Buffer.compare(left, right));
        expect(equalBytes(left, right)).toBe(Buffer.compare(left, right) === 0);
      }),
    );
  });
});
