/**
 * The column kernel: columns of a batch to record bytes and leaves in WebAssembly, with the SHA-256 lanes over the same memory,
 * so that a thousand records cost a handful of calls and nothing per record. The module is `assembly/columns.ts`.
 *
 * `encodeBatch` says what is right; the kernel does the same for flat columns and leaves everything else, refusals among it,
 * to that. The tests hold one against the other. The module reads without a check: all bounds are checked here.
 */

import { compileWasm, LANES_LONGEST, openSha256Lanes, type Sha256Lanes } from "@assay/merkle";
import { COLUMN_KERNEL } from "./generated/columns.js";
import { bytesOf, type KernelColumn, type PlannedColumn, planOf, WORDS } from "./kernel-columns.js";
import { leafOf } from "./leaves.js";
import { compareBytes } from "./utf8.js";

/** Exports of the module: its functions, and where things stand in its memory (`assembly/columns-layout.ts`). */
interface KernelModule {
  ascends(offsets: number, count: number, first: number, last: number): number;
  encode(count: number, columns: number, shift: number): number;
  readonly [name: string]: WebAssembly.Global | ((...values: number[]) => number);
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
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const lanes = openSha256Lanes(memory);
    if (lanes === undefined) return undefined;
    const { exports } = new WebAssembly.Instance(compileWasm(COLUMN_KERNEL), { env: { memory } });
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

/** The next address that is a multiple of 16. */
function aligned(address: number): number {
  return Math.ceil(address / 16) * 16;
}
