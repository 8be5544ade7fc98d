/**
 * Leaves that are made while a text file is indexed, so that it is read once. The types of CSV are known only when all of it was
 * seen, so they are guessed from what was seen so far, and guessed again when a value does not fit. What was made before
 * stays good where a column that was empty gets a type, or whole numbers turn out to stand beside fractions: a number is
 * encoded by its value. Any other surprise gives the attempt up, and the file is read a second time as ever.
 */

import type { ColumnType, Kinds } from "./column-type.js";
import type { CsvKernel, KernelColumns } from "./csv-kernel.js";
import { type Evidence, inferType } from "./inference.js";
import { joinAllKinds } from "./kinds.js";
import type { RunScanner } from "./line-scanner.js";
import { BLOCK_RECORDS } from "./reader.js";

/** Leaves, and the types that they were made with. Plain data. */
export interface EarlyLeaves {
  /** Column → type; a column that holds nothing is not in it. */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** 32 bytes a record, in blocks of any size. */
  readonly blocks: readonly Uint8Array[];
  /** Of formats whose values have types of their own, so that only a declared one makes other leaves: kinds of the columns. */
  readonly kinds?: Kinds;
}

/**
 * Whether values that were all read as the first type have the same leaves as the second, when that one was inferred from
 * them among others: then whole numbers are known to be exactly doubles.
 */
export function hasSameLeaves(guessed: ColumnType | null, inferred: ColumnType | null): boolean {
  if (guessed === inferred || guessed === null) return true;
  const isWhole = guessed === "int64" || guessed === "uint64";
  return isWhole && (inferred === "int64" || inferred === "uint64" || inferred === "float64");
}

/** So many runs with something surprising, one after the other, and none more is tried in one pass. */
const MOST_REFUSED = 4;

/** Leaves run after run, in blocks of up to 65,536: what becomes of them costs least where many lie behind each other. */
class LeafBlocks {
  readonly #bytes: number;
  readonly #isShared: boolean;
  readonly #blocks: Uint8Array[] = [];
  /** The block that is being filled, and its leaves so far. */
  #block: Uint8Array = new Uint8Array(0);
  #filled = 0;

  constructor(mostLeaves: number, isShared: boolean) {
    this.#bytes = 32 * Math.min(BLOCK_RECORDS, mostLeaves);
    this.#isShared = isShared;
  }

  /** Room for the leaves of so many records, to be taken with {@link take}. */
  roomFor(records: number): Uint8Array {
    if (this.#block.length < 32 * (this.#filled + records)) {
      this.#endBlock();
      const bytes = Math.max(this.#bytes, 32 * records);
      this.#block = this.#isShared ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes);
    }
    return this.#block.subarray(32 * this.#filled, 32 * (this.#filled + records));
  }

  take(records: number): void {
    this.#filled += records;
  }

  #endBlock(): void {
    if (this.#filled > 0) this.#blocks.push(this.#block.subarray(0, 32 * this.#filled));
    this.#filled = 0;
  }

  finish(): Uint8Array[] {
    this.#endBlock();
    return this.#blocks;
  }
}

/** Gathers the leaves of a file, or of a range of it, run after run. */
export class EarlyLeavesBuilder {
  readonly #names: readonly string[];
  readonly #mostLeaves: number;
  #columns: readonly { readonly name: string; readonly type: ColumnType | null }[] | null = null;
  #described: KernelColumns | undefined;
  #blocks: LeafBlocks | null;
  #count = 0;
  /** Runs of records one after the other that {@link addWithEvidence} could not take. */
  #refused = 0;

  /**
   * @param mostLeaves With more it is given up.
   * @param isShared Blocks are memory that threads share.
   */
  constructor(names: readonly string[], mostLeaves: number, isShared = false) {
    this.#names = names;
    this.#mostLeaves = mostLeaves;
    this.#blocks = new LeafBlocks(mostLeaves, isShared);
  }

  /** Whether it is worth going on: nothing was given up, and a file of so many records is not too large. */
  wants(records: number): boolean {
    if (records > this.#mostLeaves) this.giveUp();
    return this.#blocks !== null;
  }

  giveUp(): void {
    this.#blocks = null;
  }

  /**
   * Adds the records that the kernel has just found, at most {@link BLOCK_RECORDS}.
   *
   * @param evidence Of all records so far, these among them.
   */
  add(kernel: CsvKernel, records: number, evidence: () => Evidence): void {
    if (!this.wants(this.#count + records)) return;
    const leaves = (this.#blocks as LeafBlocks).roomFor(records);
    const isMade =
      (this.#described !== undefined && kernel.leaves(records, this.#described, leaves)) ||
      this.#again(kernel, records, evidence(), leaves);
    if (!isMade) this.giveUp();
    this.#take(records);
  }

  /**
   * Adds the records that the kernel has just found, and lets it count them as evidence on the way.
   *
   * @param open For each column, all of which must be evidence, the candidates whose misfits are still wanted.
   * @returns Whether it was done. If not, nothing was.
   */
  addWithEvidence(kernel: CsvKernel, records: number, open: Int32Array): boolean {
    if (this.#described === undefined || this.#refused === MOST_REFUSED) return false;
    if (!this.wants(this.#count + records)) return false;
    if (!kernel.leavesAndEvidence(records, this.#described, open, (this.#blocks as LeafBlocks).roomFor(records))) {
      this.#refused++;
      return false;
    }
    this.#refused = 0;
    this.#take(records);
    return true;
  }

  #take(records: number): void {
    this.#blocks?.take(records);
    this.#count += records;
  }

  /** Guesses anew, and tries once more. */
  #again(kernel: CsvKernel, records: number, evidence: Evidence, leaves: Uint8Array): boolean {
    const types = new Map(evidence.map((column) => [column.name, inferType(column)]));
    const columns = this.#names.map((name) => ({ name, type: types.get(name) ?? null }));
    const before = this.#columns;
    if (before?.some(({ type }, i) => !hasSameLeaves(type, columns[i]?.type ?? null))) return false;
    this.#columns = columns;
    this.#described = kernel.describe(columns);
    return this.#described !== undefined && kernel.leaves(records, this.#described, leaves);
  }

  /** The leaves, unless they were given up. */
  finish(): EarlyLeaves | undefined {
    if (this.#blocks === null) return undefined;
    const types: Record<string, ColumnType> = Object.create(null);
    for (const { name, type } of this.#columns ?? []) if (type !== null) types[name] = type;
    return { types, blocks: this.#blocks.finish() };
  }
}

/** Gathers the leaves of the lines of one file, run after run: raw ones, or JSON whose values say their own types. */
export class EarlyLinesBuilder {
  readonly #mostLeaves: number;
  readonly #isRaw: boolean;
  #kinds: Kinds = {};
  #blocks: LeafBlocks | null;
  #count = 0;

  /** @param mostLeaves A file with more is given up. */
  constructor(mostLeaves: number, isRaw: boolean) {
    this.#mostLeaves = mostLeaves;
    this.#isRaw = isRaw;
    this.#blocks = new LeafBlocks(mostLeaves, false);
  }

  /** Whether nothing was given up so far. */
  get makesLeaves(): boolean {
    return this.#blocks !== null;
  }

  /** Adds the lines that a scanner has just found. */
  add({ kernel, records }: RunScanner): void {
    if (this.#blocks === null || records === 0) return;
    this.#count += records;
    if (kernel === null || kernel === undefined || this.#count > this.#mostLeaves) {
      this.#blocks = null;
      return;
    }
    const room = this.#blocks.roomFor(records);
    if ((this.#isRaw ? kernel.rawLeaves(records, room) : kernel.jsonLeaves(records, room)) === undefined) {
      this.#blocks = null;
      return;
    }
    this.#blocks.take(records);
    if (!this.#isRaw) this.#kinds = joinAllKinds(this.#kinds, kernel.newKinds());
  }

  /** The leaves, unless they were given up. */
  finish(): EarlyLeaves | undefined {
    if (this.#blocks === null) return undefined;
    return { types: {}, blocks: this.#blocks.finish(), kinds: this.#kinds };
  }
}
