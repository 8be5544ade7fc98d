/**
 * Leaves of which there may be more than memory holds (DESIGN §3.2): appended in file order, read back in file order or
 * as one sorted stream, any number of times.
 *
 * Leaves gather until a run of about a million is complete. Runs stay in memory, as they came, while all stores of a pool
 * together stay below its bound; above it, the largest store moves into the space. A run that is there, or that is wanted
 * in order, is sorted, and has beside its leaves for each the place that it had: 36 bytes a leaf, from which both orders
 * follow, so nothing is stored twice. What is read is the same bytes either way.
 */

import {
  joinBytes,
  type Multiset,
  mergeRuns,
  type SetTotals,
  type SortedRun,
  setTotalsOf,
  sortLeaves,
  streamSetPages,
  streamSetRoot,
  takeLeaves,
} from "@assay/merkle";
import type { Executor } from "@assay/records";
import type { HeldFiles } from "./held-files.js";
import { isShared, sharedSetTotals } from "./shared-trees.js";

/** Room for bytes besides memory. Nobody else writes there, and what is read is what was appended. */
export interface LeafSpace {
  /**
   * Makes sure that there is room, before work is put into what would not fit.
   *
   * @throws SourceError `disk-full` when there is not, with both numbers.
   */
  reserve(bytes: number): Promise<void>;
  /** Takes bytes and gives the offset of the first. */
  append(bytes: Uint8Array): Promise<number>;
  /** The bytes from an offset, in memory of their own. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface LeafPoolOptions {
  /** Where leaves go that are too many. Default: they stay in memory, whatever their number. */
  readonly space?: LeafSpace;
  /** Most bytes of leaves, 32 each, that all stores hold in memory before they use the space. Default 160 MiB. */
  readonly maxLeafBytes?: number;
}

/** Default of `maxLeafBytes`: 5,242,880 leaves. */
export const DEFAULT_MAX_LEAF_BYTES = 5 * 2 ** 25;

/** Bytes of leaves that are held when it is known that they are too many: a run, and what comes while it is moved. */
const SPILLING_BYTES = 2 ** 25;

/** Bytes of space that a leaf is reckoned with: 36 are used. */
export const LEAF_SPACE_BYTES = 40;

/** Leaves that make a run: 16 MiB of them are sorted at once. */
const RUN_LEAVES = 2 ** 19;

/** Leaves in ascending order, and the place of each in file order. */
interface SortedLeaves {
  readonly leaves: Uint8Array;
  readonly places: Uint32Array;
}

interface LeafRun {
  /** Ordinal of its first leaf in file order. */
  readonly begin: number;
  readonly count: number;
  /** In memory, as they came or sorted; or from an offset of the space: the leaves, then the places. */
  kept: readonly Uint8Array[] | SortedLeaves | number;
}

/** Stores that share one bound on memory, and the space for what exceeds it. */
export class LeafPool {
  readonly #space: LeafSpace | undefined;
  readonly #maxLeafBytes: number;
  /** Most bytes that are held now. */
  #heldBytes: number;
  readonly #stores: LeafStore[] = [];

  constructor({ space, maxLeafBytes = DEFAULT_MAX_LEAF_BYTES }: LeafPoolOptions = {}) {
    if (!(maxLeafBytes >= 0)) throw new RangeError(`maxLeafBytes must be 0 or more, not ${maxLeafBytes}`);
    this.#space = space;
    this.#maxLeafBytes = maxLeafBytes;
    this.#heldBytes = maxLeafBytes;
  }

  /** Reserves the space for so many leaves, if they will need it; then few of them stay in memory. */
  async reserve(leaves: number): Promise<void> {
    if (this.#space === undefined || 32 * leaves <= this.#maxLeafBytes) return;
    await this.#space.reserve(LEAF_SPACE_BYTES * leaves);
    this.#heldBytes = Math.min(this.#maxLeafBytes, SPILLING_BYTES);
  }

  /** A store without leaves. */
  open(): LeafStore {
    const store = new LeafStore(this.#space);
    this.#stores.push(store);
    return store;
  }

  /**
   * Appends leaves to a store of this pool; they must not change afterwards.
   *
   * @throws SourceError when the space cannot take them.
   */
  async append(store: LeafStore, leaves: Uint8Array): Promise<void> {
    store.push(leaves);
    if (this.#space === undefined) return;
    while (this.#stores.reduce((sum, { heldBytes }) => sum + heldBytes, 0) > this.#heldBytes) {
      const largest = this.#stores.reduce((most, one) => (one.heldBytes > most.heldBytes ? one : most));
      await largest.spill();
    }
  }
}

/** Leaves in the order in which they came. Made by {@link LeafPool.open}. */
export class LeafStore {
  readonly #space: LeafSpace | undefined;
  readonly #runs: LeafRun[] = [];
  /** What is not in a run yet. */
  #pending: Uint8Array[] = [];
  #pendingCount = 0;
  #held = 0;
  /** The run that was last read in file order. */
  #open: { run: LeafRun; leaves: Uint8Array } | undefined;

  constructor(space: LeafSpace | undefined) {
    this.#space = space;
  }

  /** Number of leaves. */
  get count(): number {
    const last = this.#runs.at(-1);
    return (last === undefined ? 0 : last.begin + last.count) + this.#pendingCount;
  }

  /** Bytes of leaves in memory. */
  get heldBytes(): number {
    return 32 * this.#held;
  }

  /** Takes leaves into memory; {@link LeafPool.append} keeps the bound. */
  push(leaves: Uint8Array): void {
    if (leaves.length % 32 !== 0) throw new RangeError(`leaves: ${leaves.length} bytes are no whole number of leaves`);
    const count = leaves.length / 32;
    if (count === 0) return;
    this.#pending.push(leaves);
    this.#pendingCount += count;
    this.#held += count;
    if (this.#pendingCount >= RUN_LEAVES) this.#endRun();
  }

  #endRun(): void {
    const count = this.#pendingCount;
    if (count === 0) return;
    this.#runs.push({ begin: this.count - count, count, kept: this.#pending });
    this.#pending = [];
    this.#pendingCount = 0;
  }

  /** Moves everything that is in memory into the space. */
  async spill(): Promise<void> {
    if (this.#space === undefined) throw new RangeError("spill() needs a space");
    this.#endRun();
    for (const run of this.#runs) {
      if (typeof run.kept === "number") continue;
      const { kept } = run;
      // Its pieces are let go before it is sorted.
      run.kept = isPieces(kept) ? [joinBytes(kept)] : kept;
      const { leaves, places } = sortedOf(run.kept, run.count);
      const offset = await this.#space.append(leaves);
      await this.#space.append(new Uint8Array(places.buffer, places.byteOffset, places.byteLength));
      run.kept = offset;
      this.#held -= run.count;
    }
  }

  /**
   * Leaves `begin … end` in file order, 32 bytes each. Reading on costs little: a run is opened once.
   *
   * @throws RangeError for leaves that are not there.
   */
  async read(begin: number, end: number): Promise<Uint8Array> {
    if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin <= end && end <= this.count)) {
      throw new RangeError(`read(): there are leaves 0 to ${this.count}, not ${begin} to ${end}`);
    }
    this.#endRun();
    const out = new Uint8Array(32 * (end - begin));
    for (let i = this.#runAt(begin); i < this.#runs.length; i++) {
      const run = this.#runs[i] as LeafRun;
      if (run.begin >= end) break;
      const [from, to] = [Math.max(begin, run.begin), Math.min(end, run.begin + run.count)];
      if (from >= to) continue;
      const leaves = await this.#inFileOrder(run);
      out.set(leaves.subarray(32 * (from - run.begin), 32 * (to - run.begin)), 32 * (from - begin));
    }
    return out;
  }

  /** The last run that begins at or before a leaf. */
  #runAt(leaf: number): number {
    let [low, high] = [0, this.#runs.length];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#runs[middle] as LeafRun).begin <= leaf) low = middle;
      else high = middle;
    }
    return low;
  }

  async #inFileOrder(run: LeafRun): Promise<Uint8Array> {
    if (this.#open?.run !== run) {
      this.#open = undefined;
      const { kept, count } = run;
      this.#open = { run, leaves: isPieces(kept) ? joinBytes(kept) : inFileOrder(await this.#read(kept, count)) };
    }
    return this.#open.leaves;
  }

  async #read(kept: SortedLeaves | number, count: number): Promise<SortedLeaves> {
    if (typeof kept !== "number") return kept;
    const leaves = await (this.#space as LeafSpace).read(kept, 32 * count);
    const places = await (this.#space as LeafSpace).read(kept + 32 * count, 4 * count);
    return { leaves, places: wordsOf(places) };
  }

  /** The root of the set of all leaves, and its totals. */
  async setTotals({
    executor,
    signal,
  }: {
    readonly executor?: Executor;
    readonly signal?: AbortSignal;
  } = {}): Promise<SetTotals> {
    this.#endRun();
    const held: Uint8Array[] = [];
    for (const { kept } of this.#runs) {
      if (typeof kept === "number") return streamSetRoot(this.sorted(signal === undefined ? {} : { signal }));
      held.push(...(isPieces(kept) ? kept : [kept.leaves]));
    }
    return executor !== undefined && held.length > 0 && held.every((leaves) => isShared(leaves, executor))
      ? sharedSetTotals(held, executor, signal)
      : setTotalsOf(held);
  }

  /**
   * The root of the set of all leaves, and its totals; and into `held` all of its pages that have hashes in them, so that
   * pages of keys can be written from {@link sorted} without hashing again.
   */
  async setPages(held: HeldFiles, { signal }: { readonly signal?: AbortSignal } = {}): Promise<SetTotals> {
    const pages = streamSetPages(this.sorted(signal === undefined ? {} : { signal }), { tops: true, keyPages: false });
    let next = await pages.next();
    for (; next.done !== true; next = await pages.next()) await held.add(...next.value);
    return next.value;
  }

  /** All leaves as counted keys that ascend: what the set is made of. */
  sorted({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<Multiset> {
    this.#endRun();
    this.#open = undefined;
    const runs = this.#runs.map(
      (run): SortedRun => ({
        count: run.count,
        read: async (begin, end) => {
          if (typeof run.kept === "number")
            return (this.#space as LeafSpace).read(run.kept + 32 * begin, 32 * (end - begin));
          run.kept = sortedOf(run.kept, run.count);
          return run.kept.leaves.subarray(32 * begin, 32 * end);
        },
      }),
    );
    return mergeRuns(runs, signal === undefined ? {} : { signal });
  }
}

/** Words in a leaf. Leaves are moved word by word: a view for each would cost more than the move. */
const WORDS = 8;

/** Bytes as 32-bit words, copied if they do not lie on a word. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function isPieces(kept: readonly Uint8Array[] | SortedLeaves | number): kept is readonly Uint8Array[] {
  return Array.isArray(kept);
}

function sortedOf(kept: readonly Uint8Array[] | SortedLeaves, count: number): SortedLeaves {
  if (!isPieces(kept)) return kept;
  const leaves = joinBytes(kept);
  const places = sortLeaves(leaves);
  return { leaves: takeLeaves(leaves, places), places };
}

function inFileOrder({ leaves, places }: SortedLeaves): Uint8Array {
  const from = wordsOf(leaves);
  const to = new Uint32Array(from.length);
  for (let i = 0; i < places.length; i++) {
    const at = WORDS * (places[i] as number);
    for (let k = 0; k < WORDS; k++) to[at + k] = from[WORDS * i + k] as number;
  }
  return new Uint8Array(to.buffer);
}
