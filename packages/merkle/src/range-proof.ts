/**
 * Range proofs: these leaves stand at these places of a tree, one range of places or many, with every shared node shown
 * once. File format `assay-range-proof/v1` (`docs/spec/proofs.md`).
 *
 * Ranges and size fix which subtrees hold none of the leaves while their neighbour does; the path is their roots from
 * left to right, and nothing else. So a proof has one spelling, and none with fewer hashes exists.
 */

import { VerificationError } from "./errors.js";
import { equalBytes, toHex } from "./hex.js";
import { type ProvenTree, readTree, wrongLength } from "./inclusion-proof.js";
import { checkTreeHead, countHashes, nodeHash, type TreeHead, treeRoot } from "./ordered-tree.js";
import { malformedProof, readDigest, readProofFields, readSize, type UnreadProof } from "./proof-form.js";
import { packKeys } from "./set-proof.js";

export const RANGE_PROOF_FORMAT = "assay-range-proof/v1";

/** Places of leaves: `begin` inclusive, `end` exclusive. */
export type LeafRange = readonly [begin: number, end: number];

/** The content of a range proof file. Digests are lower-case hex. Not verified. */
export interface RangeProof {
  readonly format: typeof RANGE_PROOF_FORMAT;
  /** The leaves of all ranges, one after another. */
  readonly leaves: readonly string[];
  /** Roots of the subtrees beside the ranges, left to right. */
  readonly path: readonly string[];
  /** At least one; ascending, none empty, none touching the next. */
  readonly ranges: readonly LeafRange[];
  /** Number of leaves of the tree. */
  readonly size: number;
  readonly tree: ProvenTree;
}

/** What a range proof that holds says. Only `verifyRanges` makes it. */
export interface VerifiedRanges {
  readonly tree: ProvenTree;
  readonly ranges: readonly LeafRange[];
  /** 32 bytes each, in the order of their places. An answer, unless the caller gave the leaves. */
  readonly leaves: Uint8Array;
}

export interface ProveRangesOptions {
  /** Which tree it is. Default "records". */
  readonly tree?: ProvenTree;
}

export interface VerifyRangesOptions {
  /** The leaves that the caller computed from the records or entries it holds, 32 bytes each. Default: whatever the proof says. */
  readonly leaves?: Uint8Array;
  /** The places that the caller asks about. Default: whatever the proof says. */
  readonly ranges?: readonly LeafRange[];
  /** Which tree the head belongs to; a proof for the other is refused. Default: not asked. */
  readonly tree?: ProvenTree;
}

/**
 * The fewest ranges that hold these places: sorted, joined where they touch, each place once.
 *
 * @example
 * rangesOf([7, 3, 4]); // [[3, 5], [7, 8]]
 */
export function rangesOf(indices: Iterable<number>): LeafRange[] {
  const ranges: [number, number][] = [];
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && index <= last[1]) last[1] = Math.max(last[1], index + 1);
    else ranges.push([index, index + 1]);
  }
  return ranges;
}

/**
 * Proves which leaves stand in ranges of a tree.
 *
 * @param leafHashes All leaves of the tree, 32 bytes each. About one hash for each is computed.
 * @param ranges At least one; ascending, none empty, none touching the next (see {@link rangesOf}).
 * @throws RangeError if the ranges are not of this form, or not of this tree.
 */
export function proveRanges(
  leafHashes: Uint8Array,
  ranges: readonly LeafRange[],
  options: ProveRangesOptions = {},
): RangeProof {
  const size = countHashes("proveRanges() leafHashes", leafHashes);
  checkRanges("proveRanges()", ranges, size);
  const hashesOf = ([begin, end]: LeafRange) => leafHashes.subarray(32 * begin, 32 * end);
  const leaves = ranges.flatMap((range) => hexOf(hashesOf(range)));
  const path = Array.from(subtreesBeside(0, size, ranges), (subtree) => toHex(treeRoot(hashesOf(subtree))));
  return rangeProofOf({ leaves, path, ranges, size }, options);
}

/** Puts the parts of a proof together. */
export function rangeProofOf(
  parts: Pick<RangeProof, "leaves" | "path" | "ranges" | "size">,
  { tree = "records" }: ProveRangesOptions,
): RangeProof {
  return { format: RANGE_PROOF_FORMAT, ...parts, tree };
}

/** Packed hashes as hex, one by one. */
function hexOf(hashes: Uint8Array): string[] {
  return Array.from({ length: hashes.length / 32 }, (_, i) => toHex(hashes.subarray(32 * i, 32 * i + 32)));
}

/** Refuses ranges that are none of a tree, as a mistake of the caller. */
export function checkRanges(name: string, ranges: readonly LeafRange[], size: number): void {
  const fault = faultOfRanges(ranges);
  if (fault !== undefined) throw new RangeError(`${name} ${fault}`);
  const end = ranges.at(-1)![1];
  if (end > size) throw new RangeError(`${name} ranges must end by ${size}, the size of the tree, not at ${end}`);
}

function faultOfRanges(ranges: unknown): string | undefined {
  if (!Array.isArray(ranges)) return "ranges is not an array";
  if (ranges.length === 0) return "ranges is empty";
  let free = 0;
  for (const [i, range] of ranges.entries()) {
    if (
      !Array.isArray(range) ||
      range.length !== 2 ||
      !range.every((n) => Number.isSafeInteger(n) && !Object.is(n, -0))
    )
      return `ranges[${i}] is not two integers from 0 to 2^53-1`;
    const [begin, end] = range as [number, number];
    if (begin < free) return `ranges[${i}] does not stand behind the one before, with a gap between them`;
    if (end <= begin) return `ranges[${i}] is empty`;
    // Ranges that touch are one: another spelling of the same places.
    free = end + 1;
  }
  return undefined;
}

/** Where a tree of more than one leaf splits: the largest power of two below its size. */
function splitOf(size: number): number {
  let left = 1;
  while (2 * left < size) left *= 2;
  return left;
}

/** The ranges that have leaves in begin … end. */
function within(ranges: readonly LeafRange[], begin: number, end: number): readonly LeafRange[] {
  return ranges.filter((range) => range[0] < end && begin < range[1]);
}

function covers(ranges: readonly LeafRange[], begin: number, end: number): boolean {
  return ranges.length === 1 && ranges[0]![0] <= begin && end <= ranges[0]![1];
}

/** The subtrees whose roots are the path, left to right. Costs at most 53 steps for each range. */
export function* subtreesBeside(begin: number, end: number, ranges: readonly LeafRange[]): Generator<LeafRange> {
  if (ranges.length === 0) yield [begin, end];
  else if (!covers(ranges, begin, end)) {
    const middle = begin + splitOf(end - begin);
    yield* subtreesBeside(begin, middle, within(ranges, begin, middle));
    yield* subtreesBeside(middle, end, within(ranges, middle, end));
  }
}

/**
 * Checks the form of a range proof that was read from JSON. Says nothing about its truth.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`.
 */
export function readRangeProof(value: unknown): RangeProof {
  const fields = readProofFields(value, RANGE_PROOF_FORMAT, ["leaves", "path", "ranges", "size", "tree"]);
  const leaves = readDigests(fields.leaves, "leaves");
  const path = readDigests(fields.path, "path");
  const fault = faultOfRanges(fields.ranges);
  if (fault !== undefined) throw malformedProof(fault, { field: "ranges" });
  const ranges = fields.ranges as readonly LeafRange[];
  const places = ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);
  if (leaves.length !== places) {
    throw malformedProof(`it has ${leaves.length} leaves for ${places} places`, { field: "leaves" });
  }
  return {
    format: RANGE_PROOF_FORMAT,
    leaves,
    path,
    ranges,
    size: readSize(fields.size, "size"),
    tree: readTree(fields.tree),
  };
}

function readDigests(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value)) throw malformedProof(`${field} is not an array`, { field });
  return value.map((hash, i) => readDigest(hash, `${field}[${i}]`));
}

/**
 * Verifies a range proof, step by step as the specification has it. Costs one hash for each leaf and each hash of the path.
 *
 * @param proof As it was read; its form is checked here.
 * @param head The trusted tree head. A proof never brings its own.
 * @throws VerificationError, in this order: `malformed-proof`, `unknown-format`, `size-mismatch`, `leaf-mismatch` (other
 * places or other leaves than those asked), `index-out-of-range`, `proof-length`, `root-mismatch`.
 * @example
 * verifyRanges(proveRanges(leafHashes, [[2, 5]]), { size: 7, root: treeRoot(leafHashes) }, { leaves });
 */
export function verifyRanges(
  proof: RangeProof | UnreadProof,
  head: TreeHead,
  options: VerifyRangesOptions = {},
): VerifiedRanges {
  const { leaves: expectedLeaves, ranges: expectedRanges, tree: expectedTree } = options;
  checkTreeHead("verifyRanges() head", head);
  if (expectedLeaves !== undefined) countHashes("verifyRanges() leaves", expectedLeaves);
  const { leaves: names, path, ranges, size, tree } = readRangeProof(proof);
  if (expectedTree !== undefined && tree !== expectedTree) {
    throw malformedProof(`it is about the ${tree} tree, asked was the ${expectedTree} tree`, { field: "tree" });
  }
  if (size !== head.size) {
    throw new VerificationError(
      "size-mismatch",
      `The proof is for a tree of ${size} leaves, the tree has ${head.size}.`,
      { details: { expected: head.size, actual: size } },
    );
  }
  if (expectedRanges !== undefined && !isSameRanges(ranges, expectedRanges)) {
    throw new VerificationError("leaf-mismatch", "The proof is about other places than those that were asked.", {
      details: { expected: expectedRanges.slice(0, 16), actual: ranges.slice(0, 16) },
    });
  }
  const leaves = packKeys(names);
  if (expectedLeaves !== undefined && !equalBytes(leaves, expectedLeaves)) throw otherLeaves(leaves, expectedLeaves);
  const end = ranges.at(-1)![1];
  if (end > size) {
    throw new VerificationError("index-out-of-range", `Leaf ${end - 1} cannot be in a tree of ${size} leaves.`, {
      details: { index: end - 1, size },
    });
  }
  let needed = 0;
  for (const _ of subtreesBeside(0, size, ranges)) needed++;
  if (path.length !== needed) throw wrongLength(path.length, path.length < needed ? "too few" : "too many");
  const root = rootFromRanges(ranges, leaves, packKeys(path), size);
  if (!equalBytes(root, head.root)) {
    const [expected, actual] = [toHex(head.root), toHex(root)];
    throw new VerificationError(
      "root-mismatch",
      `Cannot verify the leaves: the root is ${actual}, expected ${expected}.`,
      {
        details: { expected, actual },
      },
    );
  }
  return { tree, ranges, leaves };
}

function isSameRanges(left: readonly LeafRange[], right: readonly LeafRange[]): boolean {
  return (
    left.length === right.length && left.every(([begin, end], i) => begin === right[i]![0] && end === right[i]![1])
  );
}

function otherLeaves(actual: Uint8Array, expected: Uint8Array): VerificationError {
  const at = actual.findIndex((byte, i) => byte !== expected[i]) >> 5;
  const details = { place: Math.max(at, 0), expected: expected.length / 32, actual: actual.length / 32 };
  return new VerificationError("leaf-mismatch", "The proof is about other leaves than those that were asked.", {
    details,
  });
}

/** Recursive, but never deeper than 53: a subtree is at most half of the one above, rounded up to a power of two. */
function rootFromRanges(ranges: readonly LeafRange[], leaves: Uint8Array, path: Uint8Array, size: number): Uint8Array {
  let nextLeaf = 0;
  let nextHash = 0;
  const rootOf = (begin: number, end: number, inside: readonly LeafRange[]): Uint8Array => {
    if (inside.length === 0) return path.subarray(32 * nextHash, 32 * ++nextHash);
    if (covers(inside, begin, end)) {
      const from = nextLeaf;
      nextLeaf += end - begin;
      return treeRoot(leaves.subarray(32 * from, 32 * nextLeaf));
    }
    const middle = begin + splitOf(end - begin);
    const left = rootOf(begin, middle, within(inside, begin, middle));
    return nodeHash(left, rootOf(middle, end, within(inside, middle, end)));
  };
  return rootOf(0, size, ranges);
}
