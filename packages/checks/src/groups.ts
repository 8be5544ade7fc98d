/**
 * Records with equal features are one group: copies do not vouch for each other. A group shares a fold, its members are
 * not each other's neighbours, and it has one vote in training (DESIGN, section 4).
 */

import { hashLeaves } from "@assay/merkle";
import type { Table, TableColumn } from "./check.js";
import { compareTexts } from "./code-point-order.js";
import { exactTexts, firstRows } from "./columns.js";

export interface Groups {
  /** Number of groups. */
  readonly count: number;
  /** Group of each row. Groups are numbered by their first row in leaf order. */
  readonly groupOf: Int32Array;
  /** First row of each group. */
  readonly first: Int32Array;
  /** Number of rows of each group. */
  readonly sizes: Int32Array;
}

/**
 * The groups of rows that are equal in all columns of a table. Missing equals missing; −0 equals 0.
 *
 * @param options.clusters - Cluster of each row (of `near-duplicates`): rows of one cluster join one group, −1 none.
 * @returns Groups; O(rows × columns).
 * @example
 * const { groupOf, count } = groupsOf({ ...table, columns: features });
 */
export function groupsOf(table: Table, { clusters }: { readonly clusters?: Int32Array | undefined } = {}): Groups {
  const equal = equalRows(table);
  return clusters ? numbered(joined(equal, clusters)) : numbered(equal);
}

/** Share of distinct records that may have the features of another before these can be coarse. */
const MOST_SHARED = 0.1;

/** Distinct records for each group, on average, above which features are coarse whatever their columns. */
const MOST_IN_A_GROUP = 10;

/** Groups below which nothing tells records apart. */
const FEWEST_GROUPS = 10;

/**
 * Whether features are coarse, so that records of equal features are usual in honest data and no sign of copying: more than a tenth
 * of the distinct records have the features of another, and either ten share them on average, or there are less than ten groups, or no column alone has at least half
 * as many values as there are groups. The last is judged over groups, so that copies do not make features look coarse that tell
 * records apart.
 *
 * @param distinct - Number of distinct records. Default that of distinct leaves.
 */
export function isCoarse(
  table: Table,
  { count, first }: Pick<Groups, "count" | "first">,
  distinct: number = firstRows(table).length,
): boolean {
  if (distinct - count <= MOST_SHARED * distinct) return false;
  if (distinct > MOST_IN_A_GROUP * count || count < FEWEST_GROUPS) return true;
  return !table.columns.some((column) => {
    const values = new Set<number>();
    for (const row of first) {
      const value = (column.kind === "number" ? column.values[row] : column.codes[row]) as number;
      if (column.kind === "number" ? !Number.isNaN(value) : value >= 0) values.add(value);
    }
    return 2 * values.size >= count;
  });
}

/**
 * A key of 32 bytes for each group: SHA-256 of the seed and the values of its first row, by exact value and text. It does not
 * depend on files, order, other records or columns that are not in the table; so what is dealt or drawn by it is the same
 * after a shuffle, and no supplier can choose it without changing the records.
 *
 * @param seed - 32 bytes; another seed gives unrelated keys.
 */
export function groupKeys(table: Table, groups: Groups, seed: Uint8Array): Uint8Array {
  const columns = [...table.columns].sort((a, b) => compareTexts(a.name, b.name));
  const digests = columns.map((column) =>
    column.kind === "category" ? categoryDigests(column.categories) : undefined,
  );
  const width = seed.length + columns.reduce((sum, { kind }) => sum + (kind === "number" ? 8 : 32), 0);
  const keys = new Uint8Array(32 * groups.count);
  // In slices, so that the messages of ten million groups are never held at once.
  const slice = Math.max(1, Math.floor(2 ** 24 / width));
  for (let begin = 0; begin < groups.count; begin += slice) {
    const count = Math.min(slice, groups.count - begin);
    const arena = new Uint8Array(count * width);
    const view = new DataView(arena.buffer);
    for (let i = 0; i < count; i++) {
      const row = groups.first[begin + i] as number;
      let at = i * width;
      arena.set(seed, at);
      at += seed.length;
      for (const [j, column] of columns.entries()) {
        if (column.kind === "number") {
          view.setFloat64(at, (column.values[row] as number) + 0);
          if (Number.isNaN(column.values[row])) view.setBigUint64(at, 0x7ff8000000000000n);
          at += 8;
        } else {
          const code = column.codes[row] as number;
          if (code >= 0) arena.set((digests[j] as Uint8Array).subarray(32 * code, 32 * code + 32), at);
          at += 32;
        }
      }
    }
    const offsets = Float64Array.from({ length: count + 1 }, (_, i) => i * width);
    keys.set(hashLeaves(arena, offsets, GROUP_PREFIX), 32 * begin);
  }
  return keys;
}

/**
 * Groups in the order of their keys; ties (same key: no two groups, unless they were joined) by number.
 *
 * @example
 * // Five folds: deal the groups round-robin.
 * for (const [position, group] of groupOrder(keys).entries()) fold[group] = position % 5;
 */
export function groupOrder(keys: Uint8Array): Int32Array {
  const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
  const order = Int32Array.from({ length: keys.length / 32 }, (_, group) => group);
  return order.sort((a, b) => {
    for (let i = 0; i < 32; i += 4) {
      const difference = view.getUint32(32 * a + i) - view.getUint32(32 * b + i);
      if (difference !== 0) return difference;
    }
    return a - b;
  });
}

/** First bytes of the hash inputs here; no other hash input of Assay begins with them. */
const GROUP_PREFIX = 0x10;
const TEXT_PREFIX = 0x11;

function categoryDigests(categories: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const texts = categories.map((text) => encoder.encode(text));
  const offsets = new Float64Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] as number) + text.length;
  const arena = new Uint8Array(offsets[texts.length] as number);
  for (const [i, text] of texts.entries()) arena.set(text, offsets[i]);
  return hashLeaves(arena, offsets, TEXT_PREFIX);
}

/** For each row the first row that equals it in every column. Hashing only finds candidates: equality is compared. */
function equalRows({ length, columns }: Table): Int32Array {
  const exact = columns.map(exactTexts);
  const hashes = rowHashes(length, columns);
  const bits = Math.max(4, Math.ceil(Math.log2(2 * length + 1)));
  const mask = 2 ** bits - 1;
  const slots = new Int32Array(2 ** bits).fill(-1);
  const first = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    let slot = (hashes[row] as number) & mask;
    for (;;) {
      const other = slots[slot] as number;
      if (other < 0) {
        slots[slot] = row;
        first[row] = row;
        break;
      }
      if (hashes[other] === hashes[row] && rowsEqual(columns, exact, other, row)) {
        first[row] = other;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return first;
}

function rowHashes(length: number, columns: readonly TableColumn[]): Uint32Array {
  const hashes = new Uint32Array(length).fill(0x811c9dc5);
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  for (const column of columns) {
    for (let row = 0; row < length; row++) {
      let hash = hashes[row] as number;
      if (column.kind === "number") {
        const value = column.values[row] as number;
        number[0] = Number.isNaN(value) ? Number.NaN : value + 0;
        hash = mixed(mixed(hash, words[0] as number), words[1] as number);
      } else {
        hash = mixed(hash, column.codes[row] as number);
      }
      hashes[row] = hash;
    }
  }
  return hashes;
}

/** Murmur-style mixing of one word into a hash (Appleby, MurmurHash3 finaliser). */
function mixed(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function rowsEqual(
  columns: readonly TableColumn[],
  exact: readonly (ReadonlyMap<number, string> | undefined)[],
  a: number,
  b: number,
): boolean {
  for (const [i, column] of columns.entries()) {
    if (column.kind === "category") {
      if (column.codes[a] !== column.codes[b]) return false;
    } else {
      const left = column.values[a] as number;
      const right = column.values[b] as number;
      if (left !== right && !(Number.isNaN(left) && Number.isNaN(right))) return false;
      const texts = exact[i];
      if (texts && texts.get(a) !== texts.get(b)) return false;
    }
  }
  return true;
}

/** Joins rows of one cluster to one group (union by smallest row). */
function joined(first: Int32Array, clusters: Int32Array): Int32Array {
  const root = Int32Array.from(first);
  const find = (row: number): number => {
    let at = row;
    while (root[at] !== at) {
      root[at] = root[root[at] as number] as number;
      at = root[at] as number;
    }
    return at;
  };
  const firstOfCluster = new Map<number, number>();
  for (let row = 0; row < root.length; row++) {
    const cluster = clusters[row] as number;
    if (cluster < 0) continue;
    const other = firstOfCluster.get(cluster);
    if (other === undefined) {
      firstOfCluster.set(cluster, row);
      continue;
    }
    const [left, right] = [find(row), find(other)];
    root[Math.max(left, right)] = Math.min(left, right);
  }
  return root.map((_, row) => find(row));
}

function numbered(firstOf: Int32Array): Groups {
  const groupOf = new Int32Array(firstOf.length);
  const first: number[] = [];
  const sizes: number[] = [];
  for (let row = 0; row < firstOf.length; row++) {
    const leader = firstOf[row] as number;
    if (leader === row) {
      groupOf[row] = first.length;
      first.push(row);
      sizes.push(1);
    } else {
      const group = groupOf[leader] as number;
      groupOf[row] = group;
      sizes[group] = (sizes[group] as number) + 1;
    }
  }
  return { count: first.length, groupOf, first: Int32Array.from(first), sizes: Int32Array.from(sizes) };
}
