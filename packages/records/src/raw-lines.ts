/** Lines as they stand, for `raw/v1`: their bytes, and their leaves. */

import { type LineRun, scanLinePart } from "./line-part.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type PlacedBatch,
  type PlacedLeaves,
  type ReadOptions,
} from "./reader.js";

/** The leaves of the lines of a part: by the kernel, or as batches where it cannot. */
export async function* hashRawLines(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedLeaves | PlacedBatch> {
  let { begin } = part;
  for await (const run of scanLinePart(source, index, part, options, () => BLOCK_RECORDS)) {
    const { records, kernel } = run.scanner;
    const leaves = kernel?.rawLeaves(records);
    yield leaves === undefined ? rawBatch(run, begin) : { leaves, kinds: {} };
    begin += records;
  }
}

function rawBatch({ bytes, scanner }: LineRun, begin: number): PlacedBatch {
  const raw = new RawLines();
  for (let i = 0; i < scanner.records; i++) raw.append(bytes, scanner.begins[i] as number, scanner.ends[i] as number);
  return { begin, batch: { length: scanner.records, columns: [] }, raw: raw.finish() };
}

export class RawLines {
  #offsets: number[] = [0];
  #data = new Uint8Array(65_536);
  #length = 0;

  append(bytes: Uint8Array, begin: number, end: number): void {
    const needed = this.#length + end - begin;
    if (needed > this.#data.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#data.length));
      larger.set(this.#data.subarray(0, this.#length));
      this.#data = larger;
    }
    this.#data.set(bytes.subarray(begin, end), this.#length);
    this.#length = needed;
    this.#offsets.push(needed);
  }

  /** The lines so far; the next ones start afresh. */
  finish(): { offsets: Float64Array; data: Uint8Array } {
    const lines = { offsets: Float64Array.from(this.#offsets), data: this.#data.slice(0, this.#length) };
    this.#offsets = [0];
    this.#length = 0;
    return lines;
  }
}
