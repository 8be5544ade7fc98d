/**
 * The CSV kernel: scanning, evidence for types and record bytes in one WebAssembly module, with the SHA-256 lanes over the
 * same memory, so that a run of records costs a handful of calls and nothing per record. The module is `assembly/csv.ts`.
 *
 * The scanner, the inference and the encoding in JavaScript say what is right; the kernel does the same for what is plain
 * and leaves everything else to them. The tests hold one against the other.
 */

import { compileWasm, fixedMemory, LANES_LONGEST, openSha256Lanes, type Sha256Lanes } from "@assay/merkle";
import { encodeKey } from "./cbor.js";
import type { ColumnType } from "./column-type.js";
import type { CsvDialect } from "./csv-dialect.js";
import { CSV_KERNEL } from "./generated/csv.js";
import { leafOf } from "./leaves.js";
import { fillPowers } from "./powers-of-five.js";
import { compareBytes } from "./utf8.js";

/** Exports of the module: functions, and where things stand in its memory (`assembly/memory-layout.ts`). */
interface KernelModule {
  scan(
    length: number,
    delta: number,
    most: number,
    columns: number,
    line: number,
    delimiter: number,
    quote: number,
  ): number;
  gather(records: number, width: number, columns: number, delta: number, column: number, record: number): number;
  encode(
    from: number,
    end: number,
    width: number,
    count: number,
    keys: number,
    delta: number,
    counting: number,
  ): number;
  recordsEnd(length: number, quote: number, isInside: number): number;
  readonly [name: string]: WebAssembly.Global | ((...values: number[]) => number);
}

/** The number of each type in the module. The other types are read in JavaScript. */
const TYPES: ReadonlyMap<ColumnType | null, number> = new Map<ColumnType | null, number>([
  ["text", 0],
  ["boolean", 1],
  ["int64", 2],
  ["uint64", 3],
  ["float64", 4],
  ["date", 5],
  ["timestamp", 6],
  ["instant", 7],
  [null, 9],
]);

/** What the module must know to read a dialect, or undefined when it cannot: bytes of delimiter and quote (−1: none). */
export interface KernelDialect {
  readonly delimiter: number;
  readonly quote: number;
}

/** The dialects of one-byte delimiters and doubled quotes. Neither may be in a number, a date or a word. */
export function kernelDialect({ delimiter, quote, escape: escaping }: CsvDialect): KernelDialect | undefined {
  const [delimiterByte, quoteByte = -1] = [delimiter[0] as number, quote[0]];
  if (delimiter.length !== 1 || quote.length > 1 || escaping !== null) return undefined;
  if (/[0-9A-Za-z.:+-]/.test(String.fromCharCode(delimiterByte))) return undefined;
  if (quoteByte !== -1 && quoteByte !== 0x22 && quoteByte !== 0x27) return undefined;
  return { delimiter: delimiterByte, quote: quoteByte };
}

const LF = 10;
const CR = 13;

let compiled: WebAssembly.Module | null | undefined;
/** Kernels that nobody uses now. Each is about 10 MiB of memory, of which only what is used is taken. */
const idle: CsvKernel[] = [];

/** A kernel, or undefined where the runtime has none. To be given back with {@link CsvKernel.release}. */
export function takeCsvKernel(): CsvKernel | undefined {
  const kernel = idle.pop();
  if (kernel !== undefined) return kernel;
  if (compiled === undefined) compiled = compileKernel();
  return compiled === null ? undefined : openKernel(compiled);
}

function compileKernel(): WebAssembly.Module | null {
  // Views of the memory have the byte order of the machine, the module has its own.
  if (typeof WebAssembly !== "object" || new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) return null;
  try {
    return compileWasm(CSV_KERNEL);
  } catch {
    return null;
  }
}

const MEMORY_PAGES = 192;

function openKernel(module: WebAssembly.Module): CsvKernel | undefined {
  const memory = fixedMemory(MEMORY_PAGES);
  if (memory === undefined) return undefined;
  const bytes = new Uint8Array(memory.buffer);
  const nearest = (begin: number, end: number): number => {
    let text = "";
    for (let i = begin; i < end; i++) text += String.fromCharCode(bytes[i] as number);
    return Number(text);
  };
  const lanes = openSha256Lanes(memory);
  if (lanes === undefined) return undefined;
  const { exports } = new WebAssembly.Instance(module, { env: { memory, nearest } });
  return new CsvKernel(exports as unknown as KernelModule, lanes, bytes);
}

/** Columns as the module encodes them. */
export interface KernelColumns {
  /** Fields of a record. */
  readonly width: number;
  readonly count: number;
  readonly keyBytes: number;
}

/** One instance of the module. What a scan found is there until the next one. */
export class CsvKernel {
  /** Most columns of a file. */
  readonly mostColumns: number;
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  readonly forms: Uint8Array;
  readonly starts: Int32Array;
  readonly lines: Float64Array;

  readonly #module: KernelModule;
  readonly #lanes: Sha256Lanes;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #input: number;
  readonly #inputBytes: number;
  readonly #mostRecords: number;
  #delta = 0;
  /** Bytes from `begin` to the first record that the last scan did not find, … */
  scannedTo = 0;
  /** … and the line of that record. */
  scannedLine = 0;
  #evidenceColumns = 0;

  constructor(module: KernelModule, lanes: Sha256Lanes, bytes: Uint8Array) {
    this.#module = module;
    this.#lanes = lanes;
    this.#bytes = bytes;
    const buffer = bytes.buffer as ArrayBuffer;
    this.#words = new Uint32Array(buffer);
    const [fields, records] = [this.#at("MOST_FIELDS"), this.#at("MOST_RECORDS")];
    this.mostColumns = this.#at("MOST_COLUMNS");
    this.begins = new Int32Array(buffer, this.#at("BEGINS"), fields);
    this.ends = new Int32Array(buffer, this.#at("ENDS"), fields);
    this.forms = new Uint8Array(buffer, this.#at("FORMS"), fields);
    this.starts = new Int32Array(buffer, this.#at("STARTS"), records);
    this.lines = new Float64Array(buffer, this.#at("LINES"), records);
    this.#input = this.#at("INPUT");
    this.#inputBytes = this.#at("INPUT_BYTES");
    this.#mostRecords = records;
    fillPowers(buffer, {
      LEAST_POWER: this.#at("LEAST_POWER"),
      MOST_POWER: this.#at("MOST_POWER"),
      POWERS: this.#at("POWERS"),
    });
  }

  #at(name: string): number {
    return (this.#module[name] as WebAssembly.Global).value as number;
  }

  /** Lets others use it. */
  release(): void {
    idle.push(this);
  }

  /**
   * Finds records in `bytes[begin, end)`, which begins with one: as `CsvScanner.scan()` does, up to the first that is not
   * plainly right.
   *
   * @param final Nothing comes behind `end`.
   * @returns The number of records; with 0 nothing is said.
   */
  scan(
    bytes: Uint8Array,
    begin: number,
    end: number,
    maxRecords: number,
    columns: number,
    line: number,
    { delimiter, quote }: KernelDialect,
    final = false,
  ): number {
    const length = Math.min(end - begin, this.#inputBytes);
    this.#bytes.set(bytes.subarray(begin, begin + length), this.#input);
    this.#delta = begin - this.#input;
    const most = Math.min(maxRecords, this.#mostRecords);
    // The last record needs no line end; here it gets one. A carriage return before it would not stand alone any more.
    const last = bytes[end - 1];
    const isCut = final && length === end - begin && length < this.#inputBytes && last !== LF && last !== CR;
    if (isCut) this.#bytes[this.#input + length] = LF;
    const records = this.#module.scan(isCut ? length + 1 : length, this.#delta, most, columns, line, delimiter, quote);
    const to = this.#at("scannedTo");
    this.scannedTo = Math.min(length, to);
    this.scannedLine = this.#at("scannedLine") - (to > length ? 1 : 0);
    return records;
  }

  /**
   * Where the last record ends that ends in `bytes[begin, end)`, which begins with one; `begin` where none does. Goes by the
   * parity of quotes alone: what is not CSV shows when it is scanned.
   */
  recordsEnd(bytes: Uint8Array, begin: number, end: number, { quote }: KernelDialect): number {
    let last = begin;
    let isInside = 0;
    for (let at = begin; at < end; at += this.#inputBytes) {
      const length = Math.min(end - at, this.#inputBytes);
      this.#bytes.set(bytes.subarray(at, at + length), this.#input);
      const found = this.#module.recordsEnd(length, quote, isInside);
      if (found > 0) last = at + found;
      isInside = this.#at("endsInside");
    }
    return last;
  }

  /** Whether what the last scan found is UTF-8. */
  get isUtf8(): boolean {
    return this.#at("isUtf8") !== 0;
  }

  /** Begins to gather evidence for the columns that stand in these fields. */
  beginEvidence(fields: readonly number[]): void {
    this.#evidenceColumns = fields.length;
    this.#words.set(fields, this.#at("EVIDENCE_FIELDS") / 4);
    const counts = this.#at("COUNTS");
    this.#bytes.fill(0, counts, counts + 2048 * fields.length);
  }

  /**
   * Counts the fields that the last scan found.
   *
   * @param open For each column the candidates whose misfits are still wanted, one bit each.
   * @param other Called for each field that is not counted here: column and record. It may close candidates.
   */
  gather(records: number, width: number, open: Int32Array, other: (column: number, record: number) => void): void {
    const [events, candidates] = [this.#at("EVENTS") / 4, this.#at("OPEN") / 4];
    let [column, record] = [0, 0];
    while (column < this.#evidenceColumns) {
      this.#words.set(open, candidates);
      const found = this.#module.gather(records, width, this.#evidenceColumns, this.#delta, column, record);
      [column, record] = [this.#at("nextColumn"), this.#at("nextRecord")];
      for (let i = 0; i < found; i++)
        other(this.#words[events + 2 * i] as number, this.#words[events + 2 * i + 1] as number);
    }
  }

  /** For a column the number of fields of each of the 512 sets of candidates, since {@link beginEvidence}. */
  countsOf(column: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#at("COUNTS") + 2048 * column, 512);
  }

  /**
   * Says what the columns are.
   *
   * @param columns Of a record, in file order.
   * @returns What {@link leaves} takes, or undefined when the module does not read one of the types, or has not the room.
   */
  describe(columns: readonly { readonly name: string; readonly type: ColumnType | null }[]): KernelColumns | undefined {
    if (columns.length > this.mostColumns) return undefined;
    const fields = columns
      .map(({ name, type }, field) => ({ field, key: encodeKey(name), number: TYPES.get(type) }))
      .sort((left, right) => compareBytes(left.key, right.key));
    const keyBytes = fields.reduce((sum, { key }) => sum + key.length, 0);
    if (keyBytes > this.#at("KEY_BYTES")) return undefined;
    let at = this.#at("KEYS");
    let word = this.#at("COLUMNS") / 4;
    for (const { field, key, number } of fields) {
      if (number === undefined) return undefined;
      this.#words.set([field, number, at, key.length], word);
      this.#bytes.set(key, at);
      at += key.length;
      word += 4;
    }
    return { width: columns.length, count: columns.length, keyBytes };
  }

  /**
   * Writes the leaves of the records that the last scan found, 32 bytes each.
   *
   * @returns Whether they are written: false when one of the records must be read in JavaScript.
   */
  leaves(records: number, columns: KernelColumns, leaves: Uint8Array): boolean {
    return this.#leaves(records, columns, leaves, 0);
  }

  /**
   * Does what {@link gather} and {@link leaves} do, in one pass: all columns are evidence, and there is no field that is not
   * counted here.
   *
   * @returns Whether it is done: false, and nothing is counted, when some field must be seen in JavaScript.
   */
  leavesAndEvidence(records: number, columns: KernelColumns, open: Int32Array, leaves: Uint8Array): boolean {
    const counts = this.#at("COUNTS");
    const before = this.#bytes.slice(counts, counts + 2048 * columns.count);
    this.#words.set(open, this.#at("OPEN") / 4);
    const isDone = this.#leaves(records, columns, leaves, 1);
    if (!isDone) this.#bytes.set(before, counts);
    return isDone;
  }

  #leaves(records: number, { width, count, keyBytes }: KernelColumns, leaves: Uint8Array, counting: 0 | 1): boolean {
    const [arena, offsets, out] = [this.#at("ARENA"), this.#at("OFFSETS"), this.#at("LEAVES")];
    for (let done = 0; done < records; ) {
      const n = this.#module.encode(done, records, width, count, keyBytes, this.#delta, counting);
      if (n === 0) return false;
      this.#lanes.hashRecords(arena, offsets, n, 0x00, LANES_LONGEST, out);
      leaves.set(this.#bytes.subarray(out, out + 32 * n), 32 * done);
      // Few files have records that the lanes leave out.
      const searched = this.#at("longestRecord") > LANES_LONGEST ? n : 0;
      for (let i = 0; i < searched; i++) {
        const [begin, end] = [this.#words[offsets / 4 + i] as number, this.#words[offsets / 4 + i + 1] as number];
        if (end - begin <= LANES_LONGEST) continue;
        leaves.set(leafOf(this.#bytes.subarray(arena + begin, arena + end)), 32 * (done + i));
      }
      done += n;
    }
    return true;
  }
}
