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
import type { LineKernel } from "./line-kernel.js";
import type { RunScanner } from "./line-scanner.js";

/** Leaves, and the types that they were made with. Plain data. */
export interface EarlyLeaves {
  /** Column → type; a column that holds nothing is not in it. */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** 32 bytes a record. */
  readonly leaves: Uint8Array;
  /** Of lines: kinds of their members; their values say their own types, so that only a declared one makes other leaves. */
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

/** Gathers the leaves of one file, run after run. */
export class EarlyLeavesBuilder {
  readonly #names: readonly string[];
  readonly #mostLeaves: number;
  #columns: readonly { readonly name: string; readonly type: ColumnType | null }[] | null = null;
  #described: KernelColumns | undefined;
  #pieces: Uint8Array[] | null = [];
  #count = 0;

  /** @param mostLeaves A file with more is given up. */
  constructor(names: readonly string[], mostLeaves: number) {
    this.#names = names;
    this.#mostLeaves = mostLeaves;
  }

  /** Whether it is worth going on: nothing was given up, and a file of so many records is not too large. */
  wants(records: number): boolean {
    if (records > this.#mostLeaves) this.giveUp();
    return this.#pieces !== null;
  }

  giveUp(): void {
    this.#pieces = null;
  }

  /**
   * Adds the records that the kernel has just found.
   *
   * @param evidence Of all records so far, these among them.
   */
  add(kernel: CsvKernel, records: number, evidence: () => Evidence): void {
    if (!this.wants(this.#count + records)) return;
    this.#count += records;
    const leaves =
      (this.#described && kernel.leaves(records, this.#described)) ?? this.#again(kernel, records, evidence());
    if (leaves === undefined) this.giveUp();
    else this.#pieces?.push(leaves);
  }

  /** Guesses anew, and tries once more. */
  #again(kernel: CsvKernel, records: number, evidence: Evidence): Uint8Array | undefined {
    const types = new Map(evidence.map((column) => [column.name, inferType(column)]));
    const columns = this.#names.map((name) => ({ name, type: types.get(name) ?? null }));
    const before = this.#columns;
    if (before?.some(({ type }, i) => !hasSameLeaves(type, columns[i]?.type ?? null))) return undefined;
    this.#columns = columns;
    this.#described = kernel.describe(columns);
    return this.#described && kernel.leaves(records, this.#described);
  }

  /** The leaves, unless they were given up. */
  finish(): EarlyLeaves | undefined {
    if (this.#pieces === null) return undefined;
    const types: Record<string, ColumnType> = Object.create(null);
    for (const { name, type } of this.#columns ?? []) if (type !== null) types[name] = type;
    return { types, leaves: joined(this.#pieces, this.#count) };
  }
}

/** Gathers the leaves of the lines of one file, run after run: raw ones, or JSON whose values say their own types. */
export class EarlyLinesBuilder {
  readonly #mostLeaves: number;
  readonly #isRaw: boolean;
  #kinds: Kinds = {};
  #pieces: Uint8Array[] | null = [];
  #count = 0;

  /** @param mostLeaves A file with more is given up. */
  constructor(mostLeaves: number, isRaw: boolean) {
    this.#mostLeaves = mostLeaves;
    this.#isRaw = isRaw;
  }

  /** Adds the lines that a scanner has just found. */
  add({ kernel, records }: RunScanner): void {
    if (this.#pieces === null || records === 0) return;
    this.#count += records;
    const leaves =
      this.#count > this.#mostLeaves
        ? undefined
        : this.#isRaw
          ? kernel?.rawLeaves(records)
          : kernel?.jsonLeaves(records);
    if (leaves === undefined) {
      this.#pieces = null;
      return;
    }
    this.#pieces.push(leaves);
    if (!this.#isRaw) this.#kinds = joinAllKinds(this.#kinds, (kernel as LineKernel).newKinds());
  }

  /** The leaves, unless they were given up. */
  finish(): EarlyLeaves | undefined {
    if (this.#pieces === null) return undefined;
    return { types: {}, leaves: joined(this.#pieces, this.#count), kinds: this.#kinds };
  }
}

function joined(pieces: readonly Uint8Array[], count: number): Uint8Array {
  const leaves = new Uint8Array(32 * count);
  let at = 0;
  for (const piece of pieces) {
    leaves.set(piece, at);
    at += piece.length;
  }
  return leaves;
}
