import { expect, test } from "vitest";
import { toHex } from "../src/hex.js";
import { proveInclusion, verifyInclusion } from "../src/inclusion-proof.js";
import { leafHash, treeRoot } from "../src/ordered-tree.js";
import { proveSet, verifySetProof } from "../src/set-proof.js";
import { buildSet } from "../src/set-tree.js";
import { hashLeaves } from "../src/sha256.js";

test("the example of the README does what it says", () => {
  const leaves = hashLeaves(new TextEncoder().encode("abc"), new Uint32Array([0, 1, 3]), 0);
  expect(toHex(leaves.subarray(32))).toBe(toHex(leafHash(new TextEncoder().encode("bc"))));
  const head = { size: 2, root: treeRoot(leaves) };
  expect(verifyInclusion(proveInclusion(leaves, 1), head, { leaf: leaves.subarray(32) }).index).toBe(1);
  const set = buildSet(leaves);
  const asked = new Uint8Array([...leaves.subarray(0, 32), ...new Uint8Array(32)]);
  expect([...verifySetProof(proveSet(set, asked), set.root, asked).counts]).toEqual([0, 1]);
});
