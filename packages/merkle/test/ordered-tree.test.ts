import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CompactRange, perfectSubtrees } from "../src/compact-range.js";
import { proveConsistency, verifyConsistency } from "../src/consistency-proof.js";
import { fromHex, toHex } from "../src/hex.js";
import { proveInclusion, verifyInclusion } from "../src/inclusion-proof.js";
import { emptyTreeRoot, leafHash, nodeHash, treeRoot } from "../src/ordered-tree.js";
import type { UnreadProof } from "../src/proof-form.js";
import { mth, path, proof } from "./reference-ordered-tree.js";
import { codeOf, readVectors, seededLeaves } from "./vectors.js";

interface OrderedTreeVectors {
  readonly seed: string;
  readonly roots: Readonly<Record<string, string>>;
  readonly inclusion: readonly { size: number; root: string; proof: UnreadProof }[];
  readonly consistency: readonly ConsistencyVector[];
  readonly invalid: readonly (
    | { kind: "inclusion"; size: number; root: string; proof: UnreadProof; error: string }
    | (ConsistencyVector & { kind: "consistency"; error: string })
  )[];
}

interface ConsistencyVector {
  readonly size1: number;
  readonly root1: string;
  readonly size2: number;
  readonly root2: string;
  readonly proof: UnreadProof;
}

const vectors = readVectors<OrderedTreeVectors>("ordered-tree");
const leaves = seededLeaves("assay", 1000);
const first = (n: number) => leaves.subarray(0, 32 * n);
const listed = (n: number) => Array.from({ length: n }, (_, i) => leaves.subarray(32 * i, 32 * i + 32));
const headOf = (n: number) => ({ size: n, root: treeRoot(first(n)) });

function checkConsistency(vector: ConsistencyVector): void {
  verifyConsistency(
    vector.proof,
    { size: vector.size1, root: fromHex(vector.root1) },
    { size: vector.size2, root: fromHex(vector.root2) },
  );
}

describe("vectors", () => {
  test("treeRoot() gives every root", () => {
    for (const [size, root] of Object.entries(vectors.roots)) expect(toHex(treeRoot(first(Number(size))))).toBe(root);
  });

  test("verifyInclusion() accepts and proveInclusion() makes every valid proof", () => {
    for (const { size, root, proof } of vectors.inclusion) {
      const verified = verifyInclusion(proof, { size, root: fromHex(root) });
      const tree = verified.tree;
      expect(proveInclusion(first(size), verified.index, { tree })).toEqual(proof);
    }
  });

  test("verifyConsistency() accepts and proveConsistency() makes every valid proof", () => {
    for (const vector of vectors.consistency) {
      checkConsistency(vector);
      expect(proveConsistency(first(vector.size2), vector.size1)).toEqual(vector.proof);
    }
  });

  test.each(vectors.invalid.map((vector, number) => ({ vector, number })))(
    "invalid proof $number ($vector.kind) gives $vector.error",
    ({ vector }) => {
      const check = () =>
        vector.kind === "inclusion"
          ? verifyInclusion(vector.proof, { size: vector.size, root: fromHex(vector.root) })
          : checkConsistency(vector);
      expect(codeOf(check)).toBe(vector.error);
    },
  );
});

describe("against RFC 9162 as it is written", () => {
  test("treeRoot() is MTH for sizes 0 to 300", () => {
    for (let n = 0; n <= 300; n++) expect(treeRoot(first(n))).toEqual(mth(listed(n)));
  });

  test("proveInclusion() is PATH, and verifyInclusion() accepts it: every leaf at every size to 300, some of larger trees", () => {
    const check = (n: number, index: number, list: readonly Uint8Array[]) => {
      const proven = proveInclusion(first(n), index);
      expect(proven.path).toEqual(path(list, index).map(toHex));
      expect(verifyInclusion(proven, { size: n, root: mth(list) }, { leaf: list[index]! }).index).toBe(index);
    };
    for (let n = 1; n <= 300; n++) {
      const list = listed(n);
      for (let index = 0; index < n; index++) check(n, index, list);
    }
    for (const n of [511, 1000]) {
      const list = listed(n);
      for (let index = 0; index < n; index += 37) check(n, index, list);
      check(n, n - 1, list);
    }
  });

  test("proveConsistency() is PROOF, and verifyConsistency() accepts it: every pair of sizes to 300, some larger", () => {
    const check = (m: number, n: number, list: readonly Uint8Array[]) => {
      const proven = proveConsistency(first(n), m);
      expect(proven.path).toEqual(proof(list, m).map(toHex));
      verifyConsistency(proven, { size: m, root: mth(list, 0, m) }, { size: n, root: mth(list) });
    };
    for (let n = 1; n <= 300; n++) {
      const list = listed(n);
      for (let m = 1; m <= n; m++) check(m, n, list);
    }
    for (const n of [511, 1000]) {
      const list = listed(n);
      for (let m = 1; m <= n; m += 29) check(m, n, list);
      check(n, n, list);
    }
  });

  test("leafHash(), nodeHash() and emptyTreeRoot() are those of RFC 9162", () => {
    // The published test leaves of Certificate Transparency: the empty leaf, the leaf 00, and their tree.
    expect(toHex(emptyTreeRoot())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const [empty, zero] = [leafHash(new Uint8Array(0)), leafHash(new Uint8Array(1))];
    expect(toHex(empty)).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    expect(toHex(nodeHash(empty, zero))).toBe("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  });
});

describe("sizes up to 2^53", () => {
  test("verifyInclusion() and verifyConsistency() count beyond 32 bits", () => {
    // A tree whose leaves are all equal has equal perfect subtrees at each level: roots of huge trees are cheap.
    const perfect = [leafHash(new Uint8Array(1))];
    for (let level = 1; level < 53; level++) perfect.push(nodeHash(perfect[level - 1]!, perfect[level - 1]!));
    const rootOf = (size: number) => {
      const parts = perfectSubtrees(0, size).map((width) => perfect[Math.log2(width)]!);
      return parts.reduceRight((right, left) => nodeHash(left, right));
    };
    for (const size of [2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1, 2 ** 40 + 5]) {
      // The last leaf: its path is the perfect subtrees to its left, but for the parts that hold it.
      const parts = perfectSubtrees(0, size);
      const last = parts.at(-1)!;
      const inside = Array.from({ length: Math.log2(last) }, (_, level) => perfect[level]!);
      const above = parts
        .slice(0, -1)
        .reverse()
        .map((width) => perfect[Math.log2(width)]!);
      const fields = { format: "assay-inclusion-proof/v1", tree: "records", leaf: toHex(perfect[0]!) } as const;
      const inclusion = { ...fields, size, index: size - 1, path: [...inside, ...above].map(toHex) };
      expect(verifyInclusion(inclusion, { size, root: rootOf(size) }).index).toBe(size - 1);
      const shorter = { ...inclusion, path: inclusion.path.slice(0, -1) };
      expect(codeOf(() => verifyInclusion(shorter, { size, root: rootOf(size) }))).toBe("proof-length");
    }
    const consistency = {
      format: "assay-consistency-proof/v1",
      from: 2 ** 40,
      path: [toHex(perfect[40]!)],
      to: 2 ** 41,
    } as const;
    verifyConsistency(consistency, { size: 2 ** 40, root: perfect[40]! }, { size: 2 ** 41, root: perfect[41]! });
  });
});

describe("CompactRange", () => {
  const rangeOf = (begin: number, end: number) => {
    const range = new CompactRange(begin);
    range.appendMany(leaves.subarray(32 * begin, 32 * end));
    return range;
  };

  test("append() and appendMany() give the root of treeRoot() for sizes 0 to 300", () => {
    const single = new CompactRange();
    for (let n = 0; n <= 300; n++) {
      expect(single.root()).toEqual(treeRoot(first(n)));
      expect(rangeOf(0, n).toData()).toEqual(single.toData());
      single.append(leaves.subarray(32 * n, 32 * n + 32));
    }
  });

  test("merge() gives the same range for every cut and every order of merging", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 2, maxLength: 9 }),
        fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
        (cuts, choices) => {
          const bounds = [...cuts].sort((a, b) => a - b);
          const ranges = bounds.slice(1).map((end, i) => rangeOf(bounds[i]!, end));
          for (const choice of choices) {
            if (ranges.length === 1) break;
            const at = choice % (ranges.length - 1);
            ranges[at]!.merge(CompactRange.fromData(ranges[at + 1]!.toData()));
            ranges.splice(at + 1, 1);
          }
          const whole = rangeOf(bounds[0]!, bounds.at(-1)!);
          expect(ranges[0]!.toData()).toEqual(whole.toData());
          const tree = rangeOf(0, bounds[0]!);
          tree.merge(whole);
          expect(tree.root()).toEqual(treeRoot(first(bounds.at(-1)!)));
        },
      ),
    );
  });

  test("appendMany() crosses its own scratch size", () => {
    const many = seededLeaves("many", 70_000);
    const range = new CompactRange();
    range.append(many.subarray(0, 32));
    range.appendMany(many.subarray(32));
    expect(range.root()).toEqual(treeRoot(many));
  });

  test("merge() refuses a range that does not touch", () => {
    expect(() => rangeOf(0, 3).merge(rangeOf(4, 5))).toThrow(RangeError);
    expect(() => rangeOf(0, 3).merge(rangeOf(2, 5))).toThrow(RangeError);
  });

  test("root() refuses a range that is no tree", () => {
    expect(() => rangeOf(1, 3).root()).toThrow(RangeError);
  });

  test("fromData() refuses bounds and hashes that do not fit each other", () => {
    const hashes = new Uint8Array(64);
    for (const [begin, end] of [
      [0, 4],
      [0, 7],
      [-1, 3],
      [3, 0],
      [0, 2 ** 53],
      [0.5, 3],
      [Number.NaN, 3],
    ] as const) {
      expect(() => CompactRange.fromData({ begin, end, hashes })).toThrow(RangeError);
    }
    expect(() => CompactRange.fromData({ begin: 0, end: 3, hashes: hashes.subarray(1) })).toThrow(RangeError);
    expect(CompactRange.fromData({ begin: 0, end: 3, hashes }).size).toBe(3);
  });

  test("append() refuses to pass 2^53", () => {
    const range = new CompactRange(Number.MAX_SAFE_INTEGER);
    expect(() => range.append(first(1))).toThrow(RangeError);
  });
});

describe("attacks", () => {
  test("duplicated last leaf does not give the same root", () => {
    // CVE-2012-2459: trees that pad by repeating their last leaf cannot tell n leaves from n + 1.
    for (const n of [1, 3, 5, 6, 7, 9]) {
      const repeated = new Uint8Array([...first(n), ...first(n).slice(-32)]);
      expect(treeRoot(repeated)).not.toEqual(treeRoot(first(n)));
    }
  });

  test("a 64-byte record cannot pass as a node (second preimage)", () => {
    const [left, right] = listed(2) as [Uint8Array, Uint8Array];
    const record = new Uint8Array([...left, ...right]);
    const root = treeRoot(first(4));
    expect(leafHash(record)).not.toEqual(nodeHash(left, right));
    const shorter = { ...proveInclusion(first(4), 0), index: 0, size: 2, leaf: toHex(nodeHash(left, right)) };
    const path = shorter.path.slice(1);
    // With the true size the shorter path is too short; claiming the size that would fit is refused by the tree head;
    // and even so the forged leaf is not the leaf of any record.
    expect(codeOf(() => verifyInclusion({ ...shorter, path, size: 4 }, { size: 4, root }))).toBe("proof-length");
    expect(codeOf(() => verifyInclusion({ ...shorter, path }, { size: 4, root }))).toBe("size-mismatch");
    const asked = { leaf: leafHash(record) };
    expect(codeOf(() => verifyInclusion({ ...shorter, path }, { size: 2, root }, asked))).toBe("leaf-mismatch");
  });

  test("verifyInclusion() rejects a proof for another leaf, index, tree or head", () => {
    const proven = proveInclusion(first(7), 2);
    expect(codeOf(() => verifyInclusion(proven, headOf(7), { leaf: leaves.subarray(0, 32) }))).toBe("leaf-mismatch");
    expect(codeOf(() => verifyInclusion({ ...proven, index: 3 }, headOf(7)))).toBe("root-mismatch");
    expect(codeOf(() => verifyInclusion(proven, headOf(7), { tree: "dataset" }))).toBe("malformed-proof");
    expect(codeOf(() => verifyInclusion(proven, headOf(8)))).toBe("size-mismatch");
    expect(codeOf(() => verifyInclusion(proven, { size: 7, root: headOf(8).root }))).toBe("root-mismatch");
  });

  test("every single-bit flip of an inclusion proof fails", () => {
    for (let n = 1; n <= 9; n++) {
      for (let index = 0; index < n; index++) {
        const proven = proveInclusion(first(n), index);
        for (const hashes of flips([proven.leaf, ...proven.path])) {
          const [leaf, ...path] = hashes as [string, ...string[]];
          expect(codeOf(() => verifyInclusion({ ...proven, leaf, path }, headOf(n)))).toBe("root-mismatch");
        }
      }
    }
  });

  test("every single-bit flip of a consistency proof fails", () => {
    for (const [m, n] of [
      [1, 2],
      [2, 3],
      [3, 7],
      [4, 7],
      [6, 8],
      [5, 9],
    ] as const) {
      const proven = proveConsistency(first(n), m);
      for (const path of flips(proven.path)) {
        expect(codeOf(() => verifyConsistency({ ...proven, path }, headOf(m), headOf(n)))).toBe("root-mismatch");
      }
    }
  });
});

/** Every list that differs from this one in one bit. */
function* flips(hashes: readonly string[]): Generator<string[]> {
  for (let i = 0; i < hashes.length; i++) {
    for (let bit = 0; bit < 256; bit += 5) {
      const bytes = fromHex(hashes[i]!);
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
      yield hashes.map((hash, k) => (k === i ? toHex(bytes) : hash));
    }
  }
}
