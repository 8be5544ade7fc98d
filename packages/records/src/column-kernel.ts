/**
 * The column kernel: columns of a batch to record bytes and leaves in WebAssembly, with the SHA-256 lanes over the same memory,
 * so that a thousand records cost a handful of calls and nothing per record. The module is `assembly/columns.ts`.
 *
 * `encodeBatch` says what is right; the kernel does the same for flat columns and leaves everything else, refusals among it,
 * to that. The tests hold one against the other. The module reads without a check: all bounds are checked here.
 */

import { LANES_LONGEST, openSha256Lanes, type Sha256Lanes } from "@assay/merkle";
import type { BytesColumn, Column, TextColumn } from "./batch.js";
import { encodeKey } from "./cbor.js";
import { kindOfColumn } from "./column-kinds.js";
import type { Kind, Kinds, TemporalType, TemporalUnit } from "./column-type.js";
import { COLUMN_KERNEL } from "./generated/columns.js";
import { leafOf } from "./leaves.js";
import { PER_SECOND } from "./temporal-parts.js";
import { compareBytes } from "./utf8.js";

interface StoredColumn {
  readonly name: string;
  readonly length: number;
  readonly validity: Uint8Array | null;
}

/** Times as they are stored: counts of a unit. */
export interface CountsColumn extends StoredColumn {
  readonly type: "counts";
  readonly of: TemporalType;
  readonly unit: TemporalUnit;
  readonly counts: Int32Array | BigInt64Array;
}

/** Texts or bytes as they are stored: value i is `values[indices[i]]`. Whoever makes it has checked the indices of what is present. */
export interface DictionaryColumn extends StoredColumn {
  readonly type: "dictionary";
  readonly indices: Int32Array;
  readonly values: TextColumn | BytesColumn;
}

/** Texts as they are stored: whether they are UTF-8 is not known, nor whether offsets ascend, and they need not begin with 0. */
export interface UncheckedTexts extends StoredColumn, Texts {
  readonly type: "unchecked";
  readonly of: "text" | "bytes";
}

/** What the kernel takes: columns, and what readers have before they are columns. */
export type KernelColumn = Column | CountsColumn | DictionaryColumn | UncheckedTexts;

/** Exports of the module: its functions, and where things stand in its memory (`assembly/columns-layout.ts`). */
interface KernelModule {
  ascends(offsets: number, count: number, first: number, last: number): number;
  encode(count: number, columns: number, shift: number): number;
  readonly [name: string]: WebAssembly.Global | ((...values: number[]) => number);
}

/** The number of each type in the module. */
const TYPES: Readonly<Record<string, number>> = {
  __proto__: null as never,
  text: 0,
  bytes: 1,
  boolean: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  uint8: 7,
  uint16: 8,
  uint32: 9,
  uint64: 10,
  // Held as its exact float32.
  float16: 11,
  float32: 11,
  float64: 12,
  date: 13,
  json: 14,
  time: 15,
  timestamp: 16,
  instant: 17,
  duration: 18,
};

/** Words of a column's description in the module (`assembly/columns-encode.ts`). */
const WORDS = {
  type: 0,
  key: 1,
  keyLength: 2,
  validity: 3,
  values: 4,
  data: 5,
  nanoseconds: 6,
  indices: 7,
  width: 8,
  unchecked: 9,
  perSecond: 10,
} as const;

/** A buffer of so many bytes a record; `word` of the description is its address. */
interface Buffer {
  readonly word: number;
  readonly width: number;
  readonly bytes: Uint8Array;
}

/** Texts, one behind the other. */
interface Texts {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

/** A column as it is copied into the module. */
interface PlannedColumn {
  readonly key: Uint8Array;
  readonly type: number;
  readonly validity: Uint8Array | null;
  readonly buffers: readonly Buffer[];
  /** Texts of its own, or those of a dictionary with the length of the longest. */
  readonly texts?: Texts;
  readonly dictionary?: Texts & { readonly count: number; readonly longest: number };
  readonly width?: number;
  readonly perSecond?: number;
  readonly isUnchecked?: boolean;
}

let opened: ColumnKernel | null | undefined;

/** The kernel of this thread, or undefined where the runtime has none. It holds nothing between calls. */
export function columnKernel(): ColumnKernel | undefined {
  if (opened === undefined) opened = openKernel() ?? null;
  return opened ?? undefined;
}

function openKernel(): ColumnKernel | undefined {
  // Views of the memory have the byte order of the machine, the module has its own.
  if (typeof WebAssembly !== "object" || new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) return undefined;
  try {
    const binary = Uint8Array.from(atob(COLUMN_KERNEL), (character) => character.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const lanes = openSha256Lanes(memory);
    if (lanes === undefined) return undefined;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    return new ColumnKernel(exports as unknown as KernelModule, lanes, memory);
  } catch {
    return undefined;
  }
}

const MEMORY_PAGES = 112;

/** One instance of the module. */
export class ColumnKernel {
  readonly #module: KernelModule;
  readonly #lanes: Sha256Lanes;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;

  constructor(module: KernelModule, lanes: Sha256Lanes, { buffer }: WebAssembly.Memory) {
    this.#module = module;
    this.#lanes = lanes;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
  }

  #at(name: string): number {
    return (this.#module[name] as WebAssembly.Global).value as number;
  }

  /**
   * The leaves of consecutive records.
   *
   * @returns 32 bytes a record, or undefined when the kernel does not know a type, has not the room for a record, or would
   * refuse a value.
   */
  leaves(length: number, columns: readonly KernelColumn[]): Uint8Array | undefined {
    const planned: PlannedColumn[] = [];
    for (const column of columns) {
      const plan = column.length === length ? planOf(column) : undefined;
      if (plan === undefined) return undefined;
      if (plan !== null) planned.push(plan);
    }
    planned.sort((left, right) => compareBytes(left.key, right.key));
    const input = this.#describe(planned);
    if (input === undefined) return undefined;
    const leaves = new Uint8Array(32 * length);
    for (let begin = 0; begin < length; ) {
      const count = this.#place(planned, begin, Math.min(length, begin + this.#at("MOST_ENCODED")), input);
      if (count === 0) return undefined;
      if (this.#module.encode(count, planned.length, begin & 7) !== count) return undefined;
      this.#hash(count, leaves.subarray(32 * begin, 32 * (begin + count)));
      begin += count;
    }
    return leaves;
  }

  /** Writes what holds for all records; the address where room for buffers begins. */
  #describe(columns: readonly PlannedColumn[]): number | undefined {
    if (columns.length > this.#at("MOST_COLUMNS")) return undefined;
    if (columns.some(({ key }, i) => i > 0 && compareBytes((columns[i - 1] as PlannedColumn).key, key) === 0))
      return undefined;
    let keyAt = this.#at("KEYS");
    const keyEnd = keyAt + this.#at("KEY_BYTES");
    let input = this.#at("INPUT");
    const inputEnd = input + this.#at("INPUT_BYTES");
    for (const [i, { key, type, dictionary, width = 0, perSecond = 1, isUnchecked = false }] of columns.entries()) {
      const word = this.#descriptionOf(i);
      if (keyAt + key.length > keyEnd) return undefined;
      this.#words.fill(0, word, word + 12);
      this.#words[word + WORDS.type] = type;
      this.#words[word + WORDS.key] = keyAt;
      this.#words[word + WORDS.keyLength] = key.length;
      this.#words[word + WORDS.width] = width;
      this.#words[word + WORDS.unchecked] = isUnchecked ? 1 : 0;
      this.#words[word + WORDS.perSecond] = perSecond;
      this.#bytes.set(key, keyAt);
      keyAt += key.length;
      if (dictionary === undefined) continue;
      const { offsets, data, count } = dictionary;
      const [first, last] = [offsets[0] as number, offsets[count] as number];
      const offsetsAt = aligned(input + last - first);
      if (aligned(offsetsAt + 4 * (count + 1)) > inputEnd) return undefined;
      this.#bytes.set(data.subarray(first, last), input);
      this.#bytes.set(bytesOf(offsets, 0, count + 1), offsetsAt);
      this.#words[word + WORDS.data] = input - first;
      this.#words[word + WORDS.values] = offsetsAt;
      input = aligned(offsetsAt + 4 * (count + 1));
    }
    return input;
  }

  #descriptionOf(column: number): number {
    return (this.#at("COLUMNS") + column * this.#at("COLUMN_BYTES")) / 4;
  }

  /** Copies records `[begin, end)`, or fewer when there is no room for all; how many, 0 when there is none for one. */
  #place(columns: readonly PlannedColumn[], begin: number, end: number, input: number): number {
    const room = this.#at("INPUT") + this.#at("INPUT_BYTES") - input;
    let count = end - begin;
    for (; count > 0; count >> 1 === 0 ? (count = 0) : (count >>= 1)) {
      const { stored, encoded } = this.#sizeOf(columns, begin, begin + count);
      if (Number.isNaN(stored)) return 0;
      if (stored <= room && encoded <= this.#at("ARENA_BYTES")) break;
    }
    if (count === 0) return 0;
    let at = input;
    const put = (bytes: Uint8Array): number => {
      this.#bytes.set(bytes, at);
      const placed = at;
      at = aligned(at + bytes.length);
      return placed;
    };
    for (const [i, { validity, buffers, texts }] of columns.entries()) {
      const word = this.#descriptionOf(i);
      if (validity !== null) {
        this.#words[word + WORDS.validity] = put(validity.subarray(begin >> 3, (begin + count + 7) >> 3));
      }
      for (const { word: which, width, bytes } of buffers)
        this.#words[word + which] = put(bytes.subarray(width * begin, width * (begin + count)));
      if (texts === undefined) continue;
      const { offsets, data } = texts;
      const [first, last] = [offsets[begin] as number, offsets[begin + count] as number];
      const offsetsAt = put(bytesOf(offsets, begin, begin + count + 1));
      if (!this.#module.ascends(offsetsAt, count, first, last)) return 0;
      this.#words[word + WORDS.values] = offsetsAt;
      this.#words[word + WORDS.data] = put(data.subarray(first, last)) - first;
    }
    return count;
  }

  /** Bytes that records take as they are stored (NaN where offsets are none), and at most when they are encoded. */
  #sizeOf(columns: readonly PlannedColumn[], begin: number, end: number): { stored: number; encoded: number } {
    const count = end - begin;
    const valueBytes = this.#at("MOST_VALUE_BYTES");
    let stored = 0;
    let encoded = (count + 1) * valueBytes;
    for (const { key, validity, buffers, texts, dictionary } of columns) {
      encoded += count * (key.length + valueBytes + (dictionary?.longest ?? 0));
      if (validity !== null) stored += aligned(count / 8 + 2);
      for (const { width } of buffers) stored += aligned(width * count);
      if (texts === undefined) continue;
      const { offsets, data } = texts;
      const [first, last] = [offsets[begin] as number, offsets[end] as number];
      const bytes = first >= 0 && first <= last && last <= data.length ? last - first : Number.NaN;
      stored += aligned(bytes) + aligned(4 * (count + 1));
      encoded += bytes;
    }
    return { stored, encoded };
  }

  #hash(count: number, leaves: Uint8Array): void {
    const [arena, offsets, out] = [this.#at("ARENA"), this.#at("OFFSETS"), this.#at("LEAVES")];
    this.#lanes.hashRecords(arena, offsets, count, 0x00, LANES_LONGEST, out);
    leaves.set(this.#bytes.subarray(out, out + 32 * count));
    for (let i = 0; i < count; i++) {
      const [begin, end] = [this.#words[offsets / 4 + i] as number, this.#words[offsets / 4 + i + 1] as number];
      if (end - begin > LANES_LONGEST) leaves.set(leafOf(this.#bytes.subarray(arena + begin, arena + end)), 32 * i);
    }
  }
}

/** Kinds of columns as the kernel takes them. */
export function kindsOfKernelColumns(columns: readonly KernelColumn[]): Kinds {
  const kinds: Record<string, Kind> = Object.create(null);
  for (const column of columns) {
    if (column.type === "counts" || column.type === "unchecked") kinds[column.name] = column.of;
    else if (column.type === "dictionary") kinds[column.name] = column.values.type;
    else kinds[column.name] = kindOfColumn(column);
  }
  return kinds;
}

/** How a column is copied; null when it holds nothing, undefined when the kernel cannot take it. */
function planOf(column: KernelColumn): PlannedColumn | null | undefined {
  const { name, length, validity } = column;
  if (column.type === "null") return null;
  if (validity !== null && 8 * validity.length < length) return undefined;
  const key = encodeKey(name);
  if (column.type === "dictionary") {
    const { indices, values } = column;
    const { offsets, data } = values;
    if (indices.length < length || values.validity !== null || !ascend(offsets, values.length, data.length))
      return undefined;
    const buffers = [bufferOf(WORDS.indices, indices)];
    const dictionary = { offsets, data, count: values.length, longest: longestOf(offsets, values.length) };
    return { key, type: TYPES[values.type] as number, validity, buffers, dictionary };
  }
  if (column.type === "counts") {
    const { of, unit, counts } = column;
    if (counts.length < length) return undefined;
    const width = counts.BYTES_PER_ELEMENT;
    return {
      key,
      type: TYPES[of] as number,
      validity,
      buffers: [bufferOf(WORDS.values, counts)],
      width,
      perSecond: PER_SECOND[unit],
    };
  }
  if (column.type === "unchecked") {
    const { of, offsets, data } = column;
    if (offsets.length <= length) return undefined;
    const isUnchecked = of === "text";
    return { key, type: TYPES[of] as number, validity, buffers: [], texts: { offsets, data }, isUnchecked };
  }
  const type = TYPES[column.type];
  if (type === undefined) return undefined;
  if ("data" in column) {
    const { offsets, data } = column;
    return offsets.length > length ? { key, type, validity, buffers: [], texts: { offsets, data } } : undefined;
  }
  if ("seconds" in column) {
    const { seconds, nanoseconds } = column;
    if (seconds.length < length || nanoseconds.length < length) return undefined;
    return {
      key,
      type,
      validity,
      buffers: [bufferOf(WORDS.values, seconds), bufferOf(WORDS.nanoseconds, nanoseconds)],
    };
  }
  const { values } = column as { readonly values: TypedArray };
  return values.length < length ? undefined : { key, type, validity, buffers: [bufferOf(WORDS.values, values)] };
}

type TypedArray = ArrayBufferView & { readonly length: number; readonly BYTES_PER_ELEMENT: number };

function bufferOf(word: number, values: TypedArray): Buffer {
  return { word, width: values.BYTES_PER_ELEMENT, bytes: bytesOf(values, 0, values.length) };
}

function bytesOf({ buffer, byteOffset, BYTES_PER_ELEMENT: width }: TypedArray, begin: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + width * begin, width * (end - begin));
}

/** Whether there are `length` + 1 offsets that ascend from 0 on to `limit` at most. */
function ascend(offsets: Int32Array, length: number, limit: number): boolean {
  if (offsets.length <= length) return false;
  let previous = 0;
  for (let i = 0; i <= length; i++) {
    const offset = offsets[i] as number;
    if (offset < previous) return false;
    previous = offset;
  }
  return previous <= limit;
}

function longestOf(offsets: Int32Array, length: number): number {
  let longest = 0;
  for (let i = 0; i < length; i++) longest = Math.max(longest, (offsets[i + 1] as number) - (offsets[i] as number));
  return longest;
}

/** The next address that is a multiple of 16. */
function aligned(address: number): number {
  return Math.ceil(address / 16) * 16;
}
