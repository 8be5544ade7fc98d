import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { proveConsistency, verifyConsistency } from "../src/consistency-proof.js";
import { VerificationError } from "../src/errors.js";
import { fromHex, toHex } from "../src/hex.js";
import { proveInclusion, verifyInclusion } from "../src/inclusion-proof.js";
import { applyChanges, compareSets, countOf, type SetChanges } from "../src/multiset.js";
import { leafHash } from "../src/ordered-tree.js";
import { formatProof, parseProof, parseProofFile } from "../src/proof-file.js";
import type { UnreadProof } from "../src/proof-form.js";
import { packKeys, proveSet, readSetProof, verifySetProof } from "../src/set-proof.js";
import type { SetProofTree } from "../src/set-proof-tree.js";
import { buildSet, emptySetRoot, setLeafHash, setTreeOf } from "../src/set-tree.js";
import { proveSetUpdate, readSetUpdate, verifySetUpdate } from "../src/set-update.js";
import { anyKey, anyMultiset, multisetOf } from "./arbitrary-sets.js";
import { codeOf, readVectors, seededLeaves } from "./vectors.js";

interface SetProofVectors {
  readonly valid: readonly { root: string; proof: UnreadProof & { keys: string[] }; counts: number[] }[];
  readonly invalid: readonly { why: string; root: string; asked: string[]; proof: UnreadProof; error: string }[];
}

interface SetUpdateVector {
  readonly root1: string;
  readonly root2: string;
  readonly expected?: readonly (readonly [string, number])[];
  readonly proof: UnreadProof & { changes: (readonly [string, number])[] };
}

interface SetUpdateVectors {
  readonly valid: readonly SetUpdateVector[];
  readonly invalid: readonly (SetUpdateVector & { why: string; error: string })[];
}

const proofs = readVectors<SetProofVectors>("set-proofs");
const updates = readVectors<SetUpdateVectors>("set-updates");
const files = readVectors<{
  root: string;
  valid: { name: string; hex: string }[];
  invalid: { name: string; hex: string; error: string }[];
}>("proof-bytes");

const changesOf = (listed: readonly (readonly [string, number])[]): SetChanges => ({
  keys: packKeys(listed.map(([key]) => key)),
  differences: new Float64Array(listed.map(([, difference]) => difference)),
});

const rootsOf = (vector: SetUpdateVector) => ({ first: fromHex(vector.root1), second: fromHex(vector.root2) });

const thirty = buildSet(seededLeaves("assay", 30));

describe("set proof vectors", () => {
  test("verifySetProof() gives the counts of every valid proof", () => {
    for (const { root, proof, counts } of proofs.valid) {
      const verified = verifySetProof(proof, fromHex(root), packKeys(proof.keys));
      expect([...verified.counts]).toEqual(counts);
      expect(readSetProof(proof)).toEqual(proof);
    }
  });

  test.each(proofs.invalid)("verifySetProof() gives $error: $why", ({ root, asked, proof, error }) => {
    expect(codeOf(() => verifySetProof(proof, fromHex(root), packKeys(asked)))).toBe(error);
  });
});

describe("set update vectors", () => {
  test("verifySetUpdate() accepts every valid update, with and without expected changes", () => {
    for (const vector of updates.valid) {
      const expected = changesOf(vector.proof.changes);
      expect(verifySetUpdate(vector.proof, rootsOf(vector))).toEqual(expected);
      expect(verifySetUpdate(vector.proof, rootsOf(vector), { expected })).toEqual(expected);
      expect(readSetUpdate(vector.proof)).toEqual(vector.proof);
    }
  });

  test.each(updates.invalid)("verifySetUpdate() gives $error: $why", (vector) => {
    const options = vector.expected === undefined ? {} : { expected: changesOf(vector.expected) };
    expect(codeOf(() => verifySetUpdate(vector.proof, rootsOf(vector), options))).toBe(vector.error);
  });
});

describe("proof files", () => {
  test("parseProofFile() and formatProof() are inverse on the canonical bytes", () => {
    for (const { hex } of files.valid) {
      const proof = parseProofFile(fromHex(hex)) as UnreadProof & { keys: string[] };
      expect(toHex(formatProof(proof))).toBe(hex);
      expect(toHex(formatProof(parseProof(fromHex(hex))))).toBe(hex);
      expect(verifySetProof(proof, fromHex(files.root), packKeys(proof.keys)).counts.length).toBe(proof.keys.length);
    }
  });

  test.each(files.invalid)("parseProof() refuses other bytes: $name", ({ hex, error }) => {
    expect(codeOf(() => parseProof(fromHex(hex)))).toBe(error);
    expect(codeOf(() => parseProofFile(fromHex(hex)))).toBe(error);
  });

  test("parseProof() reads all four formats and refuses a fifth", () => {
    const change = compareSets(thirty, multisetOf(new Map()));
    for (const proof of [
      proveSet(thirty, thirty.keys.subarray(0, 64)),
      proveSetUpdate(thirty, change),
      proveInclusion(thirty.keys, 7, { tree: "dataset" }),
      proveConsistency(thirty.keys, 7),
      ...proofs.valid.map(({ proof }) => proof),
    ]) {
      expect(parseProof(formatProof(proof))).toEqual(proof);
    }
    expect(codeOf(() => parseProof(formatProof({ format: "assay-other-proof/v1" })))).toBe("unknown-format");
    expect(codeOf(() => parseProof(formatProof([])))).toBe("malformed-proof");
    expect(codeOf(() => parseProof(formatProof({})))).toBe("malformed-proof");
  });

  test("parseProof() refuses nesting deeper than 300 before it reads on", () => {
    const deep = `{"format":"assay-set-proof/v1","tree":${"[".repeat(100_000)}`;
    expect(codeOf(() => parseProof(new TextEncoder().encode(deep)))).toBe("malformed-proof");
  });
});

describe("random sets", () => {
  test("proveSet() proves every count and every absence", () => {
    fc.assert(
      fc.property(anyMultiset(), fc.array(anyKey(), { minLength: 1, maxLength: 8 }), (set, more) => {
        const { root } = setTreeOf(set);
        const asked = new Uint8Array([...packKeys(more), ...set.keys.subarray(0, 64)]);
        const proof = proveSet(set, asked);
        const { keys, counts } = verifySetProof(proof, root, asked);
        for (let i = 0; i < counts.length; i++) {
          expect(counts[i]).toBe(countOf(set, keys.subarray(32 * i, 32 * i + 32)));
        }
        expect(parseProof(formatProof(proof))).toEqual(proof);
      }),
    );
  });

  test("proveSetUpdate() proves the way from any set to any other", () => {
    fc.assert(
      fc.property(anyMultiset(), anyMultiset(), (first, second) => {
        const changes = compareSets(first, second);
        if (changes.differences.length === 0) return;
        const roots = { first: setTreeOf(first).root, second: setTreeOf(second).root };
        const update = proveSetUpdate(first, changes);
        expect(verifySetUpdate(update, roots, { expected: changes })).toEqual(changes);
        const other = { ...roots, second: setLeafHash(new Uint8Array(32), 9) };
        expect(codeOf(() => verifySetUpdate(update, other))).toBe("root-mismatch");
        expect(setTreeOf(applyChanges(first, changes)).root).toEqual(roots.second);
      }),
      { numRuns: 200 },
    );
  });

  test("proveSetUpdate() refuses changes that do not fit the set", () => {
    const key = thirty.keys.subarray(0, 32);
    const change = (difference: number) => ({ keys: key, differences: new Float64Array([difference]) });
    expect(codeOf(() => proveSetUpdate(thirty, change(-2)))).toBe("count-underflow");
    expect(codeOf(() => proveSetUpdate(thirty, change(Number.MAX_SAFE_INTEGER)))).toBe("count-overflow");
    expect(() => proveSetUpdate(thirty, change(0))).toThrow(RangeError);
    expect(() => proveSetUpdate(thirty, { keys: new Uint8Array(0), differences: new Float64Array(0) })).toThrow(
      RangeError,
    );
  });
});

describe("attacks", () => {
  const asked = new Uint8Array([...thirty.keys.subarray(0, 32), ...fromHex("8e".repeat(32))]);

  test("the key of an absence proof altered", () => {
    const absent = fromHex("8e".repeat(32));
    const proof = proveSet(thirty, absent);
    expect(verifySetProof(proof, thirty.root, absent).counts[0]).toBe(0);
    for (let bit = 0; bit < 256; bit++) {
      const other = absent.slice();
      other[bit >> 3] = other[bit >> 3]! ^ (1 << (bit & 7));
      // The hashes bind nothing about the absent key: only the question does.
      expect(codeOf(() => verifySetProof({ ...proof, keys: [toHex(other)] }, thirty.root, absent))).toBe(
        "leaf-mismatch",
      );
      expect(codeOf(() => verifySetProof(proof, thirty.root, other))).toBe("leaf-mismatch");
    }
  });

  test("every single-bit flip of a set proof fails", () => {
    const proof = proveSet(thirty, asked);
    const bytes = formatProof(proof);
    let refused = 0;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
      const code = codeOf(() => verifySetProof(parseProofFile(flipped), thirty.root, asked));
      if (code === undefined) throw new Error(`flipping bit ${bit} is not noticed`);
      refused++;
    }
    expect(refused).toBe(8 * bytes.length);
  });

  test("a leaf hash cannot be used as a node", () => {
    const key = thirty.keys.subarray(0, 32);
    const single = setTreeOf({ keys: key, counts: new Float64Array([1]) });
    const keys = [toHex(key)];
    const claim = (tree: SetProofTree, root: Uint8Array) =>
      codeOf(() => verifySetProof({ format: "assay-set-proof/v1", keys, tree }, root, key));
    // The record's own leaf hash in place of the set leaf's, as a bare hash and as a root.
    expect(claim([0, [toHex(key), 1], toHex(leafHash(new Uint8Array(0)))], single.root)).toBe("root-mismatch");
    expect(claim(toHex(single.root), single.root)).toBe("tree-incomplete");
    expect(claim([toHex(key), 1], key)).toBe("root-mismatch");
    expect(claim([toHex(key), 1], single.root)).toBeUndefined();
  });

  test("presence and absence exclude each other: no proof for absence of a key that is there", () => {
    const key = thirty.keys.subarray(0, 32);
    const without = { keys: thirty.keys.slice(32), counts: thirty.counts.slice(1) };
    const lie = proveSet(without, key);
    expect(codeOf(() => verifySetProof(lie, thirty.root, key))).toBe("root-mismatch");
    expect(codeOf(() => verifySetProof({ ...lie, tree: null }, thirty.root, key))).toBe("root-mismatch");
    expect(verifySetProof({ ...lie, tree: null }, emptySetRoot(), key).counts[0]).toBe(0);
  });

  test("a member named __proto__ is an unknown field and pollutes nothing", () => {
    const text = `{"__proto__":{"polluted":1},"format":"assay-set-proof/v1","keys":[],"tree":null}\n`;
    expect(codeOf(() => parseProof(new TextEncoder().encode(text)))).toBe("malformed-proof");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("hostile proofs", () => {
  const key = thirty.keys.subarray(0, 32);
  const head = { size: 30, root: thirty.root };
  const other = { size: 31, root: thirty.root };
  const verifiers: readonly ((value: unknown) => unknown)[] = [
    (value) => verifySetProof(value as UnreadProof, thirty.root, key),
    (value) => verifySetUpdate(value as UnreadProof, { first: thirty.root, second: thirty.root }),
    (value) => verifyInclusion(value as UnreadProof, head),
    (value) => verifyConsistency(value as UnreadProof, head, other),
  ];
  const formats = [
    "assay-set-proof/v1",
    "assay-set-update/v1",
    "assay-inclusion-proof/v1",
    "assay-consistency-proof/v1",
  ];

  test("every verifier refuses whatever is no proof with a VerificationError, and nothing else", () => {
    const digest = fc.constantFrom(toHex(key), "00".repeat(32), "00", "zz".repeat(32));
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        digest,
        fc.jsonValue(),
        fc.tuple(digest, fc.oneof(fc.integer(), fc.double())),
        fc.tuple(fc.integer({ min: -1, max: 257 }), tie("tree"), tie("tree")),
      ),
    }));
    const loose = fc.oneof(fc.jsonValue(), fc.array(digest), fc.integer({ min: -1, max: 40 }), tree);
    const proof = fc.record(
      {
        format: fc.oneof(fc.constantFrom(...formats), fc.jsonValue()),
        ...{
          keys: fc.oneof(fc.constant([toHex(key)]), loose),
          tree,
          changes: fc.array(fc.tuple(digest, fc.integer())),
        },
        ...{ index: loose, leaf: fc.oneof(digest, loose), path: fc.array(digest), size: fc.constantFrom(30, 31) },
        ...{ from: fc.constantFrom(30, 0, 40), to: fc.constantFrom(31, 30) },
      },
      { requiredKeys: ["format"] },
    );
    fc.assert(
      fc.property(fc.oneof(proof, fc.anything(), tree), (value) => {
        const known =
          typeof value === "object" && value !== null && "format" in value
            ? formats.indexOf(value.format as string)
            : -1;
        for (const [i, verify] of verifiers.entries()) {
          let thrown: unknown;
          try {
            verify(known === i ? fitted(value as Record<string, unknown>, i) : value);
          } catch (error) {
            thrown = error;
          }
          expect(thrown).toBeInstanceOf(VerificationError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  /** Leaves the fields of the format only, so that not all ends at an unknown one. */
  function fitted(value: Record<string, unknown>, i: number): Record<string, unknown> {
    const names = [
      ["keys", "tree"],
      ["changes", "tree"],
      ["index", "leaf", "path", "size", "tree"],
      ["from", "path", "to"],
    ][i]!;
    const fields = Object.entries(value).filter(([name]) => name === "format" || names.includes(name));
    return Object.fromEntries(i === 2 ? [...fields, ["tree", "records"]] : fields);
  }
});
