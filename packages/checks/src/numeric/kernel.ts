/**
 * The inner loops of numeric kernels in WebAssembly SIMD (`assembly/numeric.ts`). Where the runtime has no vectors, or forbids
 * compiling (a page whose content security policy has no `wasm-unsafe-eval`), there is no kernel, and JavaScript gives the
 * same bytes more slowly; tests hold the two against each other.
 */

import { compileWasm } from "@assay/merkle";
import { NUMERIC_KERNEL } from "../generated/numeric.js";

/** The functions of the module. Addresses are not checked; see `assembly`. */
interface KernelModule {
  growTree(trees: number, a: number, b: number, c: number, d: number): void;
  searchNearest(search: number): void;
  fillTiles(values: number, rows: number, columns: number, tiles: number): void;
  leastDistances(
    tiles: number,
    count: number,
    columns: number,
    references: number,
    draws: number,
    size: number,
    out: number,
  ): void;
  logisticSlopes(
    values: number,
    rows: number,
    columns: number,
    classes: number,
    labels: number,
    exampleWeights: number,
    weights: number,
    gradient: number,
    own: number,
    slopes: number,
  ): number;
  addWeightedRows(values: number, rows: number, columns: number, weights: number, sums: number): void;
  addCentredProducts(
    values: number,
    rows: number,
    columns: number,
    weights: number,
    mean: number,
    products: number,
  ): void;
  squaredLengths(
    values: number,
    rows: number,
    columns: number,
    mean: number,
    lower: number,
    tile: number,
    out: number,
  ): void;
  deconvolve(
    observed: number,
    count: number,
    size: number,
    transition: number,
    transposed: number,
    rounds: number,
    ratios: number,
    out: number,
  ): void;
  addPaths(
    values: number,
    rows: number,
    columns: number,
    nodes: number,
    lengths: number,
    trees: number,
    perTree: number,
    height: number,
    sums: number,
  ): void;
}

/** Memory, and where each part begins in it. */
interface Room<Parts extends readonly number[]> {
  readonly buffer: ArrayBuffer;
  readonly at: { readonly [Part in keyof Parts]: number };
}

export interface NumericKernel {
  readonly module: KernelModule;
  /**
   * Room for parts of so many bytes, each at a multiple of 16, and the memory that they are in. What was there is lost.
   * Undefined where there is not that much memory.
   */
  room<Parts extends readonly number[]>(...bytes: Parts): Room<Parts> | undefined;
}

const PAGE_BYTES = 65_536;
/** The start of the memory is the module's own. */
const RESERVED = 1024;
/** Callers work in pieces of a few megabytes; this is what very wide data may need. */
const MOST_BYTES = 256 * 1024 * 1024;

let opened: NumericKernel | null | undefined;

/** The kernel of this thread, opened once; null where the runtime has none. */
export function numericKernel(): NumericKernel | null {
  if (opened === undefined) opened = openKernel();
  return opened;
}

function openKernel(): NumericKernel | null {
  // Views of the memory have the byte order of the machine, the kernel has its own.
  if (typeof WebAssembly !== "object" || new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) return null;
  try {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_BYTES / PAGE_BYTES });
    const { exports } = new WebAssembly.Instance(compileWasm(NUMERIC_KERNEL), { env: { memory } });
    return {
      module: exports as unknown as KernelModule,
      room<Parts extends readonly number[]>(...bytes: Parts): Room<Parts> | undefined {
        const at: number[] = [];
        let end = RESERVED;
        for (const part of bytes) {
          at.push(end);
          end += Math.ceil(part / 16) * 16;
        }
        const more = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
        try {
          if (more > 0) memory.grow(more);
        } catch {
          return undefined;
        }
        return { buffer: memory.buffer, at: at as unknown as Room<Parts>["at"] };
      },
    };
  } catch {
    return null;
  }
}
