/**
 * The SHA-256 kernels: the one place where bytes meet the hash function (FIPS 180-4).
 *
 * A kernel works on whole arrays (an arena of records, a level of nodes), never on an object per record, so that a
 * faster one can stand behind the same interface. Two are here: @noble/hashes, which runs anywhere, and `node:crypto`
 * where the runtime has it. Over either of them the lanes (`sha256-lanes.ts`) hash short records, nodes and sets where the
 * runtime has vectors. All give the same bytes; the tests hold them against each other.
 */

import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { LANES_LONGEST, LaneBatches } from "./sha256-lanes.js";

/** A hash in progress. */
export interface Sha256Hasher {
  /** Adds bytes; returns the hasher itself. */
  update(bytes: Uint8Array): Sha256Hasher;
  /** Another one that goes on from here by itself. */
  copy(): Sha256Hasher;
  /** The 32 bytes of the digest. The hasher cannot be used afterwards. */
  digest(): Uint8Array;
}

/** What a kernel must be able to do. Sizes are checked by the callers in `sha256.ts`. */
export interface Sha256Kernel {
  /** For messages and tests. */
  readonly name: string;
  /** Writes the digest of `input` to `out`, from `at`. */
  hashInto(input: Uint8Array, out: Uint8Array, at: number): void;
  create(): Sha256Hasher;
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Writes SHA-256(prefix ‖ record i) to `out`, for records `offsets[i] … offsets[i + 1]` of the arena. */
  hashLeaves(arena: Uint8Array, offsets: Uint32Array | Float64Array, prefix: number, out: Uint8Array): void;
  /** Writes SHA-256(0x01 ‖ left ‖ right) of each pair of nodes to `out`; `out` may be `nodes`. */
  hashPairs(nodes: Uint8Array, pairs: number, out: Uint8Array): void;
  /** Writes the roots of perfect subtrees over each 2^levels nodes (at most 4,096) to `out`; `out` may be `nodes`. */
  hashLevels(nodes: Uint8Array, roots: number, levels: number, out: Uint8Array): void;
  /** Tops of sets of up to 4,096 keys, where there are lanes. */
  readonly sets?: Pick<LaneBatches, "setTops" | "joinTops">;
  /** Sets of up to 4,096 leaves in any order, where there are lanes. */
  readonly leafSets?: LeafSets;
}

/** Where leaves go, as words, and what makes a set of them; see {@link LaneBatches}. */
export type LeafSets = Pick<LaneBatches, "leafRoom" | "leafSetTop">;

interface KernelParts extends Pick<Sha256Kernel, "name" | "hashInto" | "create" | "hmac"> {}

/** Records up to this size are put behind their prefix in one buffer; longer ones are hashed in two steps. */
const SCRATCH_BYTES = 65_536;

function kernelOf(parts: KernelParts): Sha256Kernel {
  const { hashInto, create } = parts;
  return {
    ...parts,
    hashLeaves(arena, offsets, prefix, out) {
      const count = offsets.length - 1;
      let longest = 0;
      for (let i = 0; i < count; i++) longest = Math.max(longest, offsets[i + 1]! - offsets[i]!);
      const scratch = new Uint8Array(Math.min(SCRATCH_BYTES, longest + 1));
      scratch[0] = prefix;
      for (let i = 0; i < count; i++) {
        const begin = offsets[i]!;
        const end = offsets[i + 1]!;
        const length = end - begin;
        if (length < SCRATCH_BYTES) {
          // Short copies are faster byte by byte than through a view of the source (measured, Node 20).
          if (length < 128) for (let k = 0; k < length; k++) scratch[k + 1] = arena[begin + k]!;
          else scratch.set(arena.subarray(begin, end), 1);
          hashInto(scratch.subarray(0, length + 1), out, 32 * i);
        } else {
          const digest = create().update(scratch.subarray(0, 1)).update(arena.subarray(begin, end)).digest();
          out.set(digest, 32 * i);
        }
      }
    },
    hashPairs(nodes, pairs, out) {
      const input = new Uint8Array(65);
      input[0] = 0x01;
      for (let i = 0; i < pairs; i++) {
        const begin = 64 * i;
        for (let k = 0; k < 64; k++) input[k + 1] = nodes[begin + k]!;
        hashInto(input, out, 32 * i);
      }
    },
    hashLevels(nodes, roots, levels, out) {
      const scratch = nodes.slice(0, 32 * roots * 2 ** levels);
      for (let width = roots * 2 ** levels; width > roots; width /= 2) this.hashPairs(scratch, width / 2, scratch);
      out.set(scratch.subarray(0, 32 * roots));
    },
  };
}

/**
 * A kernel whose batches go through the lanes, or the kernel itself where the runtime has none.
 *
 * @param longest Longest record that the lanes hash: above, the kernel's own way is faster.
 */
export function laneKernel(kernel: Sha256Kernel, longest: number): Sha256Kernel {
  const lanes = LaneBatches.open();
  if (lanes === undefined) return kernel;
  return {
    ...kernel,
    name: `${kernel.name}, lanes`,
    hashLeaves(arena, offsets, prefix, out) {
      lanes.hashLeaves(arena, offsets, prefix, out, longest, (record) =>
        kernel.hashLeaves(arena, offsets.subarray(record, record + 2), prefix, out.subarray(32 * record)),
      );
    },
    hashPairs: (nodes, pairs, out) => lanes.hashLevels(nodes, pairs, 1, out),
    hashLevels: (nodes, roots, levels, out) => lanes.hashLevels(nodes, roots, levels, out),
    sets: lanes,
    leafSets: lanes,
  };
}

function nobleHasher(hash: ReturnType<typeof nobleSha256.create>): Sha256Hasher {
  const hasher: Sha256Hasher = {
    update(bytes) {
      hash.update(bytes);
      return hasher;
    },
    copy: () => nobleHasher(hash.clone()),
    digest: () => hash.digest(),
  };
  return hasher;
}

/** The kernel that runs anywhere. */
export function portableKernel(): Sha256Kernel {
  return kernelOf({
    name: "portable",
    hashInto: (input, out, at) => out.set(nobleSha256(input), at),
    create: () => nobleHasher(nobleSha256.create()),
    hmac: (key, data) => nobleHmac(nobleSha256, key, data),
  });
}

interface NodeHash {
  update(data: Uint8Array): NodeHash;
  copy(): NodeHash;
  digest(encoding: "latin1"): string;
}

/** What is used of `node:crypto`; `hash` came with Node 20.12 and is missing in some other runtimes. */
export interface NodeCrypto {
  hash?(algorithm: "sha256", data: Uint8Array, encoding: "latin1"): string;
  createHash(algorithm: "sha256"): NodeHash;
  createHmac(algorithm: "sha256", key: Uint8Array): NodeHash;
}

interface ProcessWithBuiltins {
  readonly getBuiltinModule?: (id: string) => unknown;
}

function builtinCrypto(): NodeCrypto | undefined {
  const { process } = globalThis as { readonly process?: ProcessWithBuiltins };
  return process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
}

/** The kernel on `node:crypto`, or undefined where the runtime has none (browsers, old runtimes). */
export function nodeKernel(crypto: NodeCrypto | undefined = builtinCrypto()): Sha256Kernel | undefined {
  if (typeof crypto?.createHash !== "function" || typeof crypto.createHmac !== "function") return undefined;
  // A digest comes back as a latin1 string, one character a byte: twice as fast as asking for a buffer, because no
  // object with outside memory is made (measured, Node 20).
  const hash = crypto.hash?.bind(crypto);
  const digestText: (input: Uint8Array) => string =
    hash === undefined
      ? (input) => crypto.createHash("sha256").update(input).digest("latin1")
      : (input) => hash("sha256", input, "latin1");
  return kernelOf({
    name: "node",
    hashInto: (input, out, at) => writeLatin1(digestText(input), out, at),
    create: () => nodeHasher(crypto.createHash("sha256")),
    hmac: (key, data) =>
      writeLatin1(crypto.createHmac("sha256", key).update(data).digest("latin1"), new Uint8Array(32), 0),
  });
}

function nodeHasher(hash: NodeHash): Sha256Hasher {
  const hasher: Sha256Hasher = {
    update(bytes) {
      hash.update(bytes);
      return hasher;
    },
    copy: () => nodeHasher(hash.copy()),
    digest: () => writeLatin1(hash.digest("latin1"), new Uint8Array(32), 0),
  };
  return hasher;
}

function writeLatin1(text: string, out: Uint8Array, at: number): Uint8Array {
  for (let i = 0; i < 32; i++) out[at + i] = text.charCodeAt(i);
  return out;
}

/** From here on a call of `node:crypto` costs less than the blocks in the lanes (measured, Node 20). */
const NODE_FROM_BYTES = 512;

let chosen: Sha256Kernel | undefined;

/** The fastest kernel of this runtime, chosen at the first call. */
export function sha256Kernel(): Sha256Kernel {
  if (chosen === undefined) {
    const node = nodeKernel();
    chosen = node === undefined ? laneKernel(portableKernel(), LANES_LONGEST) : laneKernel(node, NODE_FROM_BYTES);
  }
  return chosen;
}
