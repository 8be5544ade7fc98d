/**
 * What may be planted to learn what a check could have seen. A check that has a poison is tried on copies of the data in which
 * known records are bad (research: "canary self-test"); the copies are only ever in memory.
 */

import type { CheckData, CheckResult } from "../check.js";
import type { RandomStream } from "../numeric/random-stream.js";

/** A cell of a planted record: that of another row of the table, or a value; `NaN` is a missing number. */
export type PlantedCell = { readonly from: number } | { readonly value: number | string };

/** The cells in which a planted record differs from the record that it is made of, by column. */
export type PlantedCells = ReadonlyMap<string, PlantedCell>;

/** A poison made ready for some data. */
export interface ReadyPoison {
  /** What is planted, in words, plural: `flipped labels`. Holds no data. */
  readonly what: string;
  /**
   * The planted record that is made of a row; `undefined` where none can be.
   *
   * @param random - A stream of the row's own, keyed by seed and leaf.
   * @param index - How many were planted before it.
   */
  plant(row: number, random: RandomStream, index: number): PlantedCells | undefined;
}

/** The known bad records by which the power of a check is measured. */
export interface Poison {
  /** Stable name, kebab-case, as it is published: `label-flip`. */
  readonly attack: string;
  /**
   * Where a planted record stands: `instead` of the record that it is made of, or `beside` it; a `repeated` one stands beside it
   * and is equal to it.
   */
  readonly stands: "instead" | "beside" | "repeated";
  /** Why the check could find none of it, by what it answered on the real data; then nothing is planted. Default never. */
  blind?(result: CheckResult): string | undefined;
  /**
   * Reads what it needs to know of the data: only columns that the check reads.
   *
   * @returns A reason, as a text, when nothing can be planted.
   */
  prepare(data: CheckData): Promise<ReadyPoison | string>;
}
