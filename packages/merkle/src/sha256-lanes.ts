/**
 * SHA-256 of many messages at a time in WebAssembly SIMD: the module of `assembly/sha256-lanes.ts` behind the interface of
 * a kernel. Data goes through its memory piece by piece, so memory does not follow the data.
 *
 * Where the runtime has no vectors, or forbids compiling (a page whose content security policy has no `wasm-unsafe-eval`),
 * there are no lanes and the other kernels do the work.
 */

import { SHA256_LANES } from "./generated/sha256-lanes.js";
import { compileWasm, fixedMemory } from "./wasm-module.js";

/** Bytes at the start of a memory that belong to the lanes. */
export const LANES_RESERVED = 131_072;

/** Longest record that the lanes hash: sixteen blocks. */
export const LANES_LONGEST = 1014;

/** The functions of the module. Addresses are not checked; see `assembly/sha256-lanes.ts`. */
export interface Sha256Lanes {
  hashRecords(base: number, offsets: number, count: number, prefix: number, longest: number, out: number): void;
  hashPairs(nodes: number, pairs: number, out: number): void;
  hashLevels(nodes: number, count: number, levels: number): void;
  setTops(keys: number, counts: number, n: number, limit: number, work: number, out: number): number;
  sortKeys(leaves: number, n: number, skip: number, keys: number, counts: number, work: number): number;
}

interface LanesModule extends Sha256Lanes {
  start(): void;
}

let compiled: WebAssembly.Module | null | undefined;

/** The module, compiled once; null where that is not possible. */
function lanesModule(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = compileWasm(SHA256_LANES);
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

/**
 * The lanes over a memory, of which they take the first {@link LANES_RESERVED} bytes; undefined where the runtime cannot.
 *
 * @param memory At least three pages. Whoever has it may call the lanes on any other part of it.
 */
export function openSha256Lanes(memory: WebAssembly.Memory): Sha256Lanes | undefined {
  const module = lanesModule();
  if (module === null) return undefined;
  const lanes = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as LanesModule;
  lanes.start();
  return lanes;
}

/** Bytes of records, or of digests, that go into the memory at once: they stay in the cache. */
const PIECE_BYTES = 131_072;
const PIECE_RECORDS = 4096;
/** Keys of a set that are joined at once. */
export const SET_PIECE_KEYS = 4096;

// Vectors reach 2 bytes before and 16 behind what they are about.
const DATA = LANES_RESERVED + 64;
const OFFSETS = DATA + PIECE_BYTES + 64;
const DIGESTS = OFFSETS + 4 * (PIECE_RECORDS + 1) + 60;
// A set: keys and counts stand where records do, the rest behind.
const COUNTS = DATA + 32 * SET_PIECE_KEYS + 64;
const TOP = COUNTS + 8 * SET_PIECE_KEYS;
const WORK = TOP + 64;
// Leaves that are to be sorted stand where their tops are worked out afterwards.
const SORTING = WORK + 32 * SET_PIECE_KEYS + 64;
const MEMORY_BYTES = WORK + 96 * SET_PIECE_KEYS + 2080;

/** The lanes and a memory of their own, fed from ordinary arrays. */
export class LaneBatches {
  readonly #lanes: Sha256Lanes;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #counts: Float64Array;
  /** Where leaves go for {@link leafSetTop}: up to {@link SET_PIECE_KEYS}, as words. */
  readonly leafRoom: Uint32Array;

  private constructor(lanes: Sha256Lanes, { buffer }: WebAssembly.Memory) {
    this.#lanes = lanes;
    this.#bytes = new Uint8Array(buffer);
    this.#offsets = new Uint32Array(buffer, OFFSETS, PIECE_RECORDS + 1);
    this.#counts = new Float64Array(buffer, COUNTS, SET_PIECE_KEYS);
    this.leafRoom = new Uint32Array(buffer, WORK, 8 * SET_PIECE_KEYS);
  }

  /** Undefined where the runtime has no lanes. */
  static open(): LaneBatches | undefined {
    // Views of the memory have the byte order of the machine, the lanes have theirs.
    if (typeof WebAssembly !== "object" || new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) return undefined;
    const pages = Math.ceil(MEMORY_BYTES / 65_536);
    const memory = fixedMemory(pages);
    const lanes = memory && openSha256Lanes(memory);
    return memory && lanes && new LaneBatches(lanes, memory);
  }

  /**
   * Writes SHA-256(prefix ‖ record) of records that have at most `longest` bytes.
   *
   * @param other Called with the number of each longer record.
   */
  hashLeaves(
    arena: Uint8Array,
    offsets: Uint32Array | Float64Array,
    prefix: number,
    out: Uint8Array,
    longest: number,
    other: (record: number) => void,
  ): void {
    const count = offsets.length - 1;
    for (let begin = 0; begin < count; ) {
      const from = offsets[begin]!;
      let end = begin;
      let rest = 0;
      while (end < count && end - begin < PIECE_RECORDS && offsets[end + 1]! - from <= PIECE_BYTES) {
        this.#offsets[end - begin] = offsets[end]! - from;
        if (offsets[end + 1]! - offsets[end]! > longest) rest++;
        end++;
      }
      if (end === begin) {
        other(begin++);
        continue;
      }
      const n = end - begin;
      this.#offsets[n] = offsets[end]! - from;
      this.#bytes.set(arena.subarray(from, offsets[end]!), DATA);
      this.#lanes.hashRecords(DATA, OFFSETS, n, prefix, longest, DIGESTS);
      out.set(this.#bytes.subarray(DIGESTS, DIGESTS + 32 * n), 32 * begin);
      for (let i = begin; rest > 0; i++) {
        if (offsets[i + 1]! - offsets[i]! <= longest) continue;
        other(i);
        rest--;
      }
      begin = end;
    }
  }

  /** Writes the roots of the perfect subtrees over each 2^levels nodes, at most 4,096; `out` may be `nodes`. */
  hashLevels(nodes: Uint8Array, roots: number, levels: number, out: Uint8Array): void {
    const width = 2 ** levels;
    const most = PIECE_BYTES / 32 / width;
    for (let done = 0; done < roots; ) {
      const n = Math.min(most, roots - done);
      this.#bytes.set(nodes.subarray(32 * width * done, 32 * width * (done + n)), DATA);
      this.#lanes.hashLevels(DATA, width * n, levels);
      out.set(this.#bytes.subarray(DATA, DATA + 32 * n), 32 * done);
      done += n;
    }
  }

  /**
   * Writes the tops of the subsets that keys `begin … end` of a set, at least one and at most {@link SET_PIECE_KEYS}, fall
   * into by their first `limit` bits.
   *
   * @returns Number of subsets.
   */
  setTops(keys: Uint8Array, counts: Float64Array, begin: number, end: number, limit: number, out: Uint8Array): number {
    this.#bytes.set(keys.subarray(32 * begin, 32 * end), DATA);
    this.#counts.set(counts.subarray(begin, end));
    const subsets = this.#lanes.setTops(DATA, COUNTS, end - begin, limit, WORK, DATA);
    out.set(this.#bytes.subarray(DATA, DATA + 32 * subsets));
    return subsets;
  }

  /** Writes the top of subsets by one key and the top of each, at least one and at most {@link SET_PIECE_KEYS}. */
  joinTops(keys: Uint8Array, tops: Uint8Array, out: Uint8Array): void {
    this.#bytes.set(keys, DATA);
    this.#bytes.set(tops, WORK);
    this.#lanes.setTops(DATA, 0, keys.length / 32, 0, WORK, TOP);
    out.set(this.#bytes.subarray(TOP, TOP + 32));
  }

  /**
   * Writes the top of the set of the first n ≥ 1 leaves in {@link leafRoom}, which are used up.
   *
   * @param skip Bits that all of them have in common.
   * @returns The number of distinct leaves; −1, and nothing is written, where too many are alike.
   */
  leafSetTop(n: number, skip: number, out: Uint8Array): number {
    const distinct = this.#lanes.sortKeys(WORK, n, skip, DATA, COUNTS, SORTING);
    if (distinct < 0) return -1;
    this.#lanes.setTops(DATA, COUNTS, distinct, 0, WORK, TOP);
    out.set(this.#bytes.subarray(TOP, TOP + 32));
    return distinct;
  }
}
