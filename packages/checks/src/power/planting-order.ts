/** In which order records are taken for planting, by keyed hashes, so that files, order and workers do not matter. */

import { hashLeaves } from "@assay/merkle";
import type { Table } from "../check.js";
import { sameLeaf } from "../columns.js";
import { groupOrder } from "../groups.js";

/** First bytes of the hash inputs here; no other hash input of Assay begins with them. */
const PLANTING_PREFIX = 0x12;
const PLANTED_LEAF_PREFIX = 0x13;

export interface PlantingOrder {
  /** Rows in the order in which they are taken: a smaller planting is the beginning of a larger one. */
  readonly rows: Int32Array;
  /** Key of each row, 32 bytes: SHA-256(0x12 ‖ seed ‖ attack ‖ leaf ‖ which of the equal leaves). */
  readonly keys: Uint8Array;
}

/**
 * The order of planting of a table, ascending by key. A supplier who does not know the seed cannot choose what is taken.
 *
 * @param seed - 32 bytes: the check's.
 * @returns Rows and keys; O(n log n).
 */
export function plantingOrder(
  { length, leaves }: Pick<Table, "length" | "leaves">,
  seed: Uint8Array,
  attack: string,
): PlantingOrder {
  const start = new Uint8Array([...seed, ...new TextEncoder().encode(attack)]);
  const width = start.length + 36;
  const keys = new Uint8Array(32 * length);
  // In slices, so that the messages of ten million records are never held at once.
  const slice = Math.floor(2 ** 24 / width);
  let occurrence = 0;
  for (let begin = 0; begin < length; begin += slice) {
    const count = Math.min(slice, length - begin);
    const arena = new Uint8Array(count * width);
    const view = new DataView(arena.buffer);
    for (let i = 0; i < count; i++) {
      const row = begin + i;
      occurrence = row > 0 && sameLeaf(leaves, row - 1, row) ? occurrence + 1 : 0;
      arena.set(start, i * width);
      arena.set(leaves.subarray(32 * row, 32 * row + 32), i * width + start.length);
      view.setUint32(i * width + start.length + 32, occurrence);
    }
    keys.set(hashLeaves(arena, offsetsOf(count, width), PLANTING_PREFIX), 32 * begin);
  }
  return { rows: groupOrder(keys), keys };
}

/** Leaves of planted records that equal no other, 32 bytes for each key: SHA-256(0x13 ‖ key). They name no record that exists. */
export function plantedLeaves(keys: Uint8Array): Uint8Array {
  return hashLeaves(keys, offsetsOf(keys.length / 32, 32), PLANTED_LEAF_PREFIX);
}

function offsetsOf(count: number, width: number): Float64Array {
  return Float64Array.from({ length: count + 1 }, (_, i) => i * width);
}
