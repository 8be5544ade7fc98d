/** Ascending leaf order of all records, and the way back from a row to its file. */

import type { RecordPlace } from "./check.js";
import { compareLeaves, leafHex } from "./table-data.js";

export interface LeafOrder {
  /** Number of records. */
  readonly length: number;
  /** Ordinal over all files of each row. Rows with equal leaves stand in file order. */
  readonly recordOf: Uint32Array;
  /** Row of each record. */
  readonly rowOf: Uint32Array;
  /** Leaves in row order, 32 bytes each. */
  readonly leaves: Uint8Array;
  /** First record of each file, and the number of records behind the last. */
  readonly offsets: readonly number[];
}

/** Bytes that a leaf order takes, for each record: leaves, both permutations and one scratch array. */
export const LEAF_ORDER_BYTES = 32 + 4 + 4 + 4;

/**
 * Sorts records by leaf: two passes of a radix sort over the first four bytes, then comparisons where these agree.
 *
 * @param leaves - For each file 32 bytes a record, in file order.
 */
export function leafOrder(leaves: readonly Uint8Array[]): LeafOrder {
  const offsets = [0];
  for (const file of leaves) {
    if (file.length % 32 !== 0) throw new RangeError(`leaves: ${file.length} bytes are no whole number of leaves`);
    offsets.push((offsets[offsets.length - 1] as number) + file.length / 32);
  }
  const length = offsets[offsets.length - 1] as number;
  if (length >= 2 ** 32) throw new RangeError(`leaves: ${length} records are more than 2^32 - 1`);
  const all = leaves.length === 1 ? (leaves[0] as Uint8Array) : new Uint8Array(32 * length);
  if (leaves.length > 1) for (const [i, file] of leaves.entries()) all.set(file, 32 * (offsets[i] as number));

  let order = Uint32Array.from({ length }, (_, record) => record);
  order = radixPass(order, all, 2);
  order = radixPass(order, all, 0);
  for (let begin = 0; begin < length; ) {
    let end = begin + 1;
    while (end < length && samePrefix(all, order[begin] as number, order[end] as number)) end++;
    if (end - begin > 1) order.subarray(begin, end).sort((a, b) => compareLeaves(all, a, b) || a - b);
    begin = end;
  }
  const rowOf = new Uint32Array(length);
  const sorted = new Uint8Array(32 * length);
  for (let row = 0; row < length; row++) {
    const record = order[row] as number;
    rowOf[record] = row;
    sorted.set(all.subarray(32 * record, 32 * record + 32), 32 * row);
  }
  return { length, recordOf: order, rowOf, leaves: sorted, offsets };
}

/** The place of a row; `lines` are line numbers by record, 0 where there is none. */
export function placeOfRow(
  order: LeafOrder,
  row: number,
  paths: readonly string[],
  lines: Float64Array | undefined,
): RecordPlace {
  if (!Number.isInteger(row) || row < 0 || row >= order.length) throw new RangeError(`row: ${row} is not in the table`);
  const record = order.recordOf[row] as number;
  const file = fileOf(order.offsets, record);
  const line = lines?.[record] ?? 0;
  return {
    file: paths[file] as string,
    ordinal: record - (order.offsets[file] as number),
    record,
    ...(line > 0 ? { line } : {}),
    leaf: leafHex(order.leaves, row),
  };
}

/** The last file that begins at or before a record (files without records are never it). */
function fileOf(offsets: readonly number[], record: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] as number) <= record) low = middle;
    else high = middle;
  }
  return low;
}

function radixPass(order: Uint32Array<ArrayBuffer>, leaves: Uint8Array, byte: number): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(65_537);
  const keyOf = (record: number): number =>
    256 * (leaves[32 * record + byte] as number) + (leaves[32 * record + byte + 1] as number);
  for (const record of order) starts[keyOf(record) + 1] = (starts[keyOf(record) + 1] as number) + 1;
  for (let key = 0; key < 65_536; key++) starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number);
  const sorted = new Uint32Array(order.length);
  for (const record of order) {
    const key = keyOf(record);
    const at = starts[key] as number;
    sorted[at] = record;
    starts[key] = at + 1;
  }
  return sorted;
}

function samePrefix(leaves: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 4; i++) if (leaves[32 * a + i] !== leaves[32 * b + i]) return false;
  return true;
}
