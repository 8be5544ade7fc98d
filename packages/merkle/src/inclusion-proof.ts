/**
 * Inclusion proofs: this leaf is number `index` of a tree. RFC 9162 §2.1.3, in the file format
 * `assay-inclusion-proof/v1` (`docs/spec/proofs.md`).
 *
 * A proof is checked against a tree head, size and root together: a root does not bind its size, and one path can fit
 * a neighbouring size.
 */

import { VerificationError } from "./errors.js";
import { equalBytes, fromHex, toHex } from "./hex.js";
import { checkDigest, checkTreeHead, countHashes, nodeHash, type TreeHead } from "./ordered-tree.js";
import { malformedProof, readDigest, readPath, readProofFields, readSize, type UnreadProof } from "./proof-form.js";
import { hashLevel } from "./sha256.js";

export const INCLUSION_PROOF_FORMAT = "assay-inclusion-proof/v1";

/** Which tree a proof speaks of: the leaves of one file, or the entries of all files. */
export type ProvenTree = "records" | "dataset";

/** The content of an inclusion proof file. Digests are lower-case hex. Not verified. */
export interface InclusionProof {
  readonly format: typeof INCLUSION_PROOF_FORMAT;
  /** Number of the leaf, from 0. */
  readonly index: number;
  readonly leaf: string;
  /** Siblings from the leaf upwards, at most 64. */
  readonly path: readonly string[];
  /** Number of leaves of the tree. */
  readonly size: number;
  readonly tree: ProvenTree;
}

/** What an inclusion proof that holds says. Only `verifyInclusion` makes it. */
export interface VerifiedInclusion {
  readonly tree: ProvenTree;
  readonly index: number;
  /** 32 bytes. An answer, unless the caller gave the leaf. */
  readonly leaf: Uint8Array;
}

export interface ProveInclusionOptions {
  /** Which tree it is. Default "records". */
  readonly tree?: ProvenTree;
}

export interface VerifyInclusionOptions {
  /** The leaf that the caller computed from the record or entry it holds (32 bytes). Default: whatever the proof says. */
  readonly leaf?: Uint8Array;
  /** Which tree the head belongs to; a proof for the other is refused. Default: not asked. */
  readonly tree?: ProvenTree;
}

/**
 * Proves that leaf `index` is in the tree over these leaf hashes (RFC 9162 §2.1.3.1).
 *
 * @param leafHashes 32 bytes a leaf. One hash for each leaf is computed.
 * @throws RangeError if there is no such leaf.
 */
export function proveInclusion(
  leafHashes: Uint8Array,
  index: number,
  options: ProveInclusionOptions = {},
): InclusionProof {
  const size = countHashes("proveInclusion() leafHashes", leafHashes);
  checkIndex("proveInclusion()", index, size);
  const path: string[] = [];
  let nodes = leafHashes;
  let at = index;
  for (let width = size; width > 1; width = Math.ceil(width / 2)) {
    const sibling = at % 2 === 1 ? at - 1 : at + 1;
    // A last node without a sibling moves up as it is: nothing to show at this level.
    if (sibling < width) path.push(toHex(nodes.subarray(32 * sibling, 32 * sibling + 32)));
    nodes = nodes === leafHashes ? hashLevel(nodes, width) : hashLevel(nodes, width, nodes);
    at = Math.floor(at / 2);
  }
  const leaf = toHex(leafHashes.subarray(32 * index, 32 * index + 32));
  return inclusionProofOf({ index, leaf, path, size }, options);
}

/** Puts the parts of a proof together. */
export function inclusionProofOf(
  parts: Pick<InclusionProof, "index" | "leaf" | "path" | "size">,
  options: ProveInclusionOptions,
): InclusionProof {
  const { tree = "records" } = options;
  return { format: INCLUSION_PROOF_FORMAT, ...parts, tree };
}

/** Refuses an index that is no leaf of a tree, as a mistake of the caller. */
export function checkIndex(name: string, index: number, size: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`${name} index must be a leaf of the tree, 0…${size - 1}, not ${index}`);
  }
}

/**
 * Checks the form of an inclusion proof that was read from JSON. Says nothing about its truth.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`.
 */
export function readInclusionProof(value: unknown): InclusionProof {
  const fields = readProofFields(value, INCLUSION_PROOF_FORMAT, ["index", "leaf", "path", "size", "tree"]);
  const tree = readTree(fields.tree);
  return {
    format: INCLUSION_PROOF_FORMAT,
    index: readSize(fields.index, "index"),
    leaf: readDigest(fields.leaf, "leaf"),
    path: readPath(fields.path),
    size: readSize(fields.size, "size"),
    tree,
  };
}

/** Which tree a proof says it is about. */
export function readTree(value: unknown): ProvenTree {
  if (value === "records" || value === "dataset") return value;
  throw malformedProof('tree is neither "records" nor "dataset"', { field: "tree" });
}

/**
 * Verifies an inclusion proof (RFC 9162 §2.1.3.2).
 *
 * @param proof As it was read; its form is checked here.
 * @param head The trusted tree head. A proof never brings its own.
 * @throws VerificationError, in this order: `malformed-proof`, `unknown-format`, `size-mismatch`, `leaf-mismatch`,
 * `index-out-of-range`, `proof-length`, `root-mismatch`.
 * @example
 * verifyInclusion(proveInclusion(leafHashes, 2), { size: 7, root: treeRoot(leafHashes) }, { leaf });
 */
export function verifyInclusion(
  proof: InclusionProof | UnreadProof,
  head: TreeHead,
  options: VerifyInclusionOptions = {},
): VerifiedInclusion {
  const { leaf: expectedLeaf, tree: expectedTree } = options;
  checkTreeHead("verifyInclusion() head", head);
  if (expectedLeaf !== undefined) checkDigest("verifyInclusion() leaf", expectedLeaf);
  const { index, leaf, path, size, tree } = readInclusionProof(proof);
  if (expectedTree !== undefined && tree !== expectedTree) {
    throw malformedProof(`it is about the ${tree} tree, asked was the ${expectedTree} tree`, { field: "tree" });
  }
  if (size !== head.size) {
    throw new VerificationError(
      "size-mismatch",
      `The proof is for a tree of ${size} leaves, the tree has ${head.size}.`,
      {
        details: { expected: head.size, actual: size },
      },
    );
  }
  if (expectedLeaf !== undefined && leaf !== toHex(expectedLeaf)) {
    throw new VerificationError("leaf-mismatch", `The proof is for leaf ${leaf}, asked was ${toHex(expectedLeaf)}.`, {
      details: { expected: toHex(expectedLeaf), actual: leaf },
    });
  }
  if (index >= size) {
    throw new VerificationError("index-out-of-range", `Leaf ${index} cannot be in a tree of ${size} leaves.`, {
      details: { index, size },
    });
  }
  const digest = fromHex(leaf);
  const root = rootFromPath(digest, index, size, path);
  if (!equalBytes(root, head.root)) {
    const [expected, actual] = [toHex(head.root), toHex(root)];
    throw new VerificationError(
      "root-mismatch",
      `Cannot verify inclusion of leaf ${index}: the root is ${actual}, expected ${expected}.`,
      { details: { index, expected, actual } },
    );
  }
  return { tree, index, leaf: digest };
}

/** RFC 9162 §2.1.3.2, steps 2 to 5, in arithmetic: bit operators would cut indices to 32 bits. */
function rootFromPath(leaf: Uint8Array, index: number, size: number, path: readonly string[]): Uint8Array {
  let at = index;
  let last = size - 1;
  let root = leaf;
  for (const hash of path) {
    if (last === 0) throw wrongLength(path.length, "too many");
    if (at % 2 === 1 || at === last) {
      root = nodeHash(fromHex(hash), root);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      root = nodeHash(root, fromHex(hash));
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw wrongLength(path.length, "too few");
  return root;
}

/** `proof-length`, for a path that does not fit index and size. */
export function wrongLength(length: number, amount: "too few" | "too many"): VerificationError {
  return new VerificationError("proof-length", `The proof has ${length} hashes, ${amount} for these sizes.`, {
    details: { length, amount },
  });
}
