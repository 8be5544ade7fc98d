/**
 * Multisets that are larger than memory: leaves are sorted run by run, kept wherever there is room, and merged into one
 * ascending stream of counted keys. Bytes travel as packed 32-byte leaves, a block at a time; nothing makes an object per
 * leaf.
 *
 * The merge never compares runs leaf by leaf. It reads a block of every run, takes everything up to the smallest of the
 * blocks' last leaves (no run can have anything below that any more), and sorts and counts it as any other leaves. So
 * memory is bounded by the blocks, also when all leaves are equal.
 */

import { compareKeys, countLeaves, countSorted, type Multiset } from "./multiset.js";
import { countHashes } from "./ordered-tree.js";

/** Leaves in ascending order, kept somewhere. */
export interface SortedRun {
  /** Number of leaves; equal ones follow each other. */
  readonly count: number;
  /** Leaves `begin … end`, 32 bytes each. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

export interface MergeRunsOptions {
  /** Most leaves that are held at the same time, over all runs; each takes about 150 bytes. Default 2¹⁸. */
  readonly maxLeaves?: number;
  /** Stops between two blocks; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Fewer leaves than this at once cost more in reads than they save in memory. */
const LEAST_BLOCK = 64;
/** More than this do not stay in the cache while they are merged, counted and hashed. */
const MOST_BLOCK = 2 ** 15;

/**
 * Merges sorted runs.
 *
 * @returns Multisets whose keys ascend, within and over all of them: together the multiset of all leaves. Costs one read
 *   of each run and about n log(runs) steps.
 * @throws RangeError if a run is not sorted or gives another number of leaves than was asked for.
 * @example
 * for await (const { keys, counts } of mergeRuns(runs)) …
 */
export async function* mergeRuns(
  runs: readonly SortedRun[],
  { maxLeaves = 2 ** 18, signal }: MergeRunsOptions = {},
): AsyncGenerator<Multiset> {
  if (!Number.isSafeInteger(maxLeaves) || maxLeaves < 1)
    throw new RangeError(`maxLeaves must be from 1, not ${maxLeaves}`);
  const share = Math.floor(maxLeaves / Math.max(1, runs.length));
  const block = Math.max(LEAST_BLOCK, Math.min(MOST_BLOCK, share));
  const cursors = runs.map((run) => new RunCursor(run, block));
  /** The last key so far, which the next round may have again. */
  let last: Multiset | undefined;
  for (;;) {
    signal?.throwIfAborted();
    for (const cursor of cursors) await cursor.fill();
    const open = cursors.filter((cursor) => cursor.left > 0);
    if (open.length === 0) break;
    // A block that ends its run bounds nothing: the others may go on past it.
    const bounding = open.filter((cursor) => !cursor.final).map((cursor) => cursor.lastLeaf());
    const bound = bounding.reduce<Uint8Array | undefined>(
      (least, leaf) => (least !== undefined && compareKeys(least, 0, leaf, 0) <= 0 ? least : leaf),
      undefined,
    );
    const taken = open.map((cursor) => cursor.take(bound));
    const counted = taken.length === 1 ? countSorted(taken[0] as Uint8Array) : countLeaves(taken);
    const joined = last === undefined ? counted : joinAtBorder(last, counted);
    const body = joined.counts.length - 1;
    last = { keys: joined.keys.slice(32 * body), counts: joined.counts.slice(body) };
    if (body > 0) yield { keys: joined.keys.subarray(0, 32 * body), counts: joined.counts.subarray(0, body) };
  }
  if (last !== undefined) yield last;
}

/** Puts one key before keys that are not below it, as one when the first of them is the same. */
function joinAtBorder(last: Multiset, next: Multiset): Multiset {
  const isSame = compareKeys(last.keys, 0, next.keys, 0) === 0;
  const from = isSame ? 1 : 0;
  const keys = new Uint8Array(32 + next.keys.length - 32 * from);
  keys.set(last.keys);
  keys.set(next.keys.subarray(32 * from), 32);
  const counts = new Float64Array(keys.length / 32);
  counts.set(last.counts);
  counts.set(next.counts.subarray(from), 1);
  if (isSame) counts[0] = (last.counts[0] as number) + (next.counts[0] as number);
  return { keys, counts };
}

/** What was read of a run and not yet taken. */
class RunCursor {
  readonly #run: SortedRun;
  readonly #block: number;
  /** Leaves of the run that were read. */
  #read = 0;
  #leaves: Uint8Array = new Uint8Array(0);

  constructor(run: SortedRun, block: number) {
    this.#run = run;
    this.#block = block;
  }

  /** Leaves at hand. */
  get left(): number {
    return this.#leaves.length / 32;
  }

  /** Whether what is at hand is the end of the run. */
  get final(): boolean {
    return this.#read === this.#run.count;
  }

  async fill(): Promise<void> {
    const wanted = Math.min(this.#block - this.left, this.#run.count - this.#read);
    if (wanted === 0) return;
    const more = await this.#run.read(this.#read, this.#read + wanted);
    if (countHashes("read() leaves", more) !== wanted) {
      throw new RangeError(`read() gave ${more.length / 32} leaves of a run, not ${wanted}`);
    }
    if (this.left === 0) this.#leaves = more;
    else {
      const both = new Uint8Array(this.#leaves.length + more.length);
      both.set(this.#leaves);
      both.set(more, this.#leaves.length);
      this.#leaves = both;
    }
    this.#read += wanted;
    this.#checkOrder();
  }

  /** The merge would give wrong answers, not fail, for leaves that do not ascend. */
  #checkOrder(): void {
    for (let at = 32; at < this.#leaves.length; at += 32) {
      if (compareKeys(this.#leaves, at - 32, this.#leaves, at) > 0) throw new RangeError("a run must be sorted");
    }
  }

  lastLeaf(): Uint8Array {
    return this.#leaves.subarray(-32);
  }

  /** The leaves up to a bound, which is included; all of them without one. */
  take(bound: Uint8Array | undefined): Uint8Array {
    let end = this.left;
    if (bound !== undefined) {
      let low = 0;
      while (low < end) {
        const middle = Math.floor((low + end) / 2);
        if (compareKeys(this.#leaves, 32 * middle, bound, 0) <= 0) low = middle + 1;
        else end = middle;
      }
    }
    const taken = this.#leaves.subarray(0, 32 * end);
    this.#leaves = this.#leaves.subarray(32 * end);
    return taken;
  }
}
