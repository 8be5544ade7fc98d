/**
 * Snappy, decompressing: in WebAssembly with vectors (`assembly/snappy.ts`) where the runtime has them, else by
 * hyparquet-compressors, whose module is loaded anew for every call.
 */

import { compileWasm } from "@assay/merkle";
import { decompressSnappy as portable } from "hyparquet-compressors";
import { SNAPPY } from "./generated/snappy.js";

interface SnappyModule {
  readonly INPUT: WebAssembly.Global;
  decompress(from: number, length: number, to: number, size: number): number;
}

interface Snappy {
  readonly module: SnappyModule;
  readonly memory: WebAssembly.Memory;
}

const PAGE_BYTES = 65_536;
/** Largest memory that is kept: a few times what writers put into a page. */
const MOST_BYTES = 64 * 1024 * 1024;

let opened: Snappy | null | undefined;

function openSnappy(): Snappy | null {
  if (typeof WebAssembly !== "object") return null;
  try {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_BYTES / PAGE_BYTES });
    const { exports } = new WebAssembly.Instance(compileWasm(SNAPPY), { env: { memory } });
    return { module: exports as unknown as SnappyModule, memory };
  } catch {
    return null;
  }
}

/** The `size` bytes that `input` stands for: good until the next call. Throws an Error when the bytes are damaged. */
export function decompressSnappy(input: Uint8Array, size: number): Uint8Array {
  if (opened === undefined) opened = openSnappy();
  if (opened === null) return portable(input, size);
  const { module, memory } = opened;
  const from = module.INPUT.value as number;
  const to = from + input.length + 64;
  const needed = to + size + 64;
  if (needed > MOST_BYTES || !hasRoom(memory, needed)) return portable(input, size);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(input, from);
  if (!module.decompress(from, input.length, to, size)) throw new Error("the bytes are damaged");
  return bytes.subarray(to, to + size);
}

/** Makes room for so many bytes, if there is memory for them. */
function hasRoom(memory: WebAssembly.Memory, bytes: number): boolean {
  const more = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  try {
    if (more > 0) memory.grow(more);
    return true;
  } catch {
    return false;
  }
}
