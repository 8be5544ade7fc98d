/**
 * The line kernel: finding lines, and their leaves, as they stand (`raw/v1`) or as flat JSON objects whose values say their own
 * types, in one WebAssembly module with the SHA-256 lanes over the same memory. The module is `assembly/lines.ts`.
 *
 * The scanner, the parser and the encoding in JavaScript say what is right; the kernel does the same for what is plain and leaves
 * everything else to them. The tests hold one against the other.
 */

import { compileWasm, fixedMemory, LANES_LONGEST, openSha256Lanes, type Sha256Lanes } from "@assay/merkle";
import type { Kind, Kinds } from "./column-type.js";
import { LINE_KERNEL } from "./generated/lines.js";
import { leafOf } from "./leaves.js";
import { fillPowers } from "./powers-of-five.js";
import { decodeUtf8 } from "./utf8.js";

/** Functions of the module, and globals: where things stand in its memory (`assembly/lines-layout.ts`), and what it found. */
interface KernelModule {
  scan(length: number, delta: number, most: number, line: number, skipBlank: number): number;
  gather(from: number, end: number, delta: number): number;
  encode(from: number, end: number, delta: number): number;
  forgetKeys(): void;
}

/** Kinds that the module tells apart, by their bit. */
const KINDS: readonly Kind[] = ["null", "boolean", "number", "text"];

let compiled: WebAssembly.Module | null | undefined;
/** Kernels that nobody uses now. */
const idle: LineKernel[] = [];

/** A kernel, or undefined where the runtime has none. To be given back with {@link LineKernel.release}. */
export function takeLineKernel(): LineKernel | undefined {
  const kernel = idle.pop();
  if (kernel !== undefined) {
    kernel.forget();
    return kernel;
  }
  if (compiled === undefined) compiled = compileKernel();
  return compiled === null ? undefined : openKernel(compiled);
}

function compileKernel(): WebAssembly.Module | null {
  // Views of the memory have the byte order of the machine, the module has its own.
  if (typeof WebAssembly !== "object" || new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) return null;
  try {
    return compileWasm(LINE_KERNEL);
  } catch {
    return null;
  }
}

const MEMORY_PAGES = 240;

const LF = 10;
const CR = 13;

function openKernel(module: WebAssembly.Module): LineKernel | undefined {
  const memory = fixedMemory(MEMORY_PAGES);
  if (memory === undefined) return undefined;
  const lanes = openSha256Lanes(memory);
  if (lanes === undefined) return undefined;
  const bytes = new Uint8Array(memory.buffer);
  const nearest = (begin: number, end: number): number => Number(decodeUtf8(bytes, begin, end));
  const { exports } = new WebAssembly.Instance(module, { env: { memory, nearest } });
  return new LineKernel(exports, lanes, memory.buffer);
}

/** One instance of the module. What a scan found is there until the next one. */
export class LineKernel {
  /** Line i of the last scan is `bytes[begins[i], ends[i])`, on line `lines[i]`. */
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  readonly lines: Float64Array;
  /** Bytes from `begin` to the first line that the last scan did not find, … */
  scannedTo = 0;
  /** … and its number. */
  scannedLine = 0;

  readonly #exports: WebAssembly.Exports;
  readonly #module: KernelModule;
  readonly #lanes: Sha256Lanes;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #names: string[] = [];
  #toldKinds: Kinds = {};
  #delta = 0;

  constructor(exports: WebAssembly.Exports, lanes: Sha256Lanes, buffer: ArrayBuffer) {
    this.#exports = exports;
    this.#module = exports as unknown as KernelModule;
    this.#lanes = lanes;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    const records = this.#at("MOST_RECORDS");
    this.begins = new Int32Array(buffer, this.#at("BEGINS"), records);
    this.ends = new Int32Array(buffer, this.#at("ENDS"), records);
    this.lines = new Float64Array(buffer, this.#at("LINES"), records);
    fillPowers(buffer, {
      LEAST_POWER: this.#at("LEAST_POWER"),
      MOST_POWER: this.#at("MOST_POWER"),
      POWERS: this.#at("POWERS"),
    });
  }

  #at(name: string): number {
    return (this.#exports[name] as WebAssembly.Global).value as number;
  }

  /** Lets others use it. */
  release(): void {
    idle.push(this);
  }

  /** Forgets the names of members, and the kinds of their values. */
  forget(): void {
    this.#module.forgetKeys();
    this.#names.length = 0;
    this.#toldKinds = {};
  }

  /**
   * Finds lines that end in `bytes[begin, end)`, which begins with one, as `LineScanner` does.
   *
   * @param line Number of the first.
   * @param final Nothing comes behind `end`.
   * @returns How many; with 0 nothing is said.
   */
  scan(
    bytes: Uint8Array,
    begin: number,
    end: number,
    most: number,
    line: number,
    skipBlank: boolean,
    final = false,
  ): number {
    const length = Math.min(end - begin, this.#at("INPUT_BYTES"));
    const input = this.#at("INPUT");
    this.#bytes.set(bytes.subarray(begin, begin + length), input);
    this.#delta = begin - input;
    // The last line needs no end; here it gets one. A carriage return before it would not stand alone any more.
    const last = bytes[end - 1];
    const isCut = final && length === end - begin && length < this.#at("INPUT_BYTES") && last !== LF && last !== CR;
    if (isCut) this.#bytes[input + length] = LF;
    const atMost = Math.min(most, this.begins.length);
    const found = this.#module.scan(isCut ? length + 1 : length, this.#delta, atMost, line, skipBlank ? 1 : 0);
    this.scannedTo = Math.min(length, this.#at("scannedTo"));
    this.scannedLine = this.#at("scannedLine");
    return found;
  }

  /**
   * The leaves of the lines that the last scan found, as they stand; undefined when one is too long.
   *
   * @param leaves Where they go, 32 bytes each.
   */
  rawLeaves(count: number, leaves: Uint8Array = new Uint8Array(32 * count)): Uint8Array | undefined {
    return this.#leaves(count, leaves, (from) => this.#module.gather(from, count, this.#delta));
  }

  /** The leaves of the lines that the last scan found, as flat JSON objects; undefined when JavaScript must see one. */
  jsonLeaves(count: number, leaves: Uint8Array = new Uint8Array(32 * count)): Uint8Array | undefined {
    return this.#leaves(count, leaves, (from) => this.#module.encode(from, count, this.#delta));
  }

  #leaves(count: number, leaves: Uint8Array, fillArena: (from: number) => number): Uint8Array | undefined {
    const [arena, offsets, out] = [this.#at("ARENA"), this.#at("OFFSETS"), this.#at("LEAVES")];
    for (let done = 0; done < count; ) {
      const n = fillArena(done);
      if (n === 0) return undefined;
      this.#lanes.hashRecords(arena, offsets, n, 0x00, LANES_LONGEST, out);
      leaves.set(this.#bytes.subarray(out, out + 32 * n), 32 * done);
      for (let i = 0; i < n; i++) {
        const [begin, end] = [this.#words[offsets / 4 + i] as number, this.#words[offsets / 4 + i + 1] as number];
        if (end - begin <= LANES_LONGEST) continue;
        leaves.set(leafOf(this.#bytes.subarray(arena + begin, arena + end)), 32 * (done + i));
      }
      done += n;
    }
    return leaves;
  }

  /** Kinds of the members that {@link jsonLeaves} saw and that were not told before. */
  newKinds(): Kinds {
    const kinds: Record<string, Kind> = Object.create(null);
    for (let key = 0; key < this.#at("keys"); key++) {
      const entry = (this.#at("KEY_ENTRIES") + 32 * key) / 4;
      const [at, length, head, bits] = this.#words.subarray(entry, entry + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      this.#names[key] ??= decodeUtf8(this.#bytes, at + head, at + length);
      // Null gives way to any other kind.
      const others = bits & ~1;
      if (bits === 0) continue;
      const kind =
        others === 0 ? "null" : (others & (others - 1)) !== 0 ? "mixed" : (KINDS[31 - Math.clz32(others)] as Kind);
      const name = this.#names[key] as string;
      if (this.#toldKinds[name] !== kind) kinds[name] = kind;
    }
    this.#toldKinds = Object.assign(Object.create(null), this.#toldKinds, kinds);
    return kinds;
  }
}
