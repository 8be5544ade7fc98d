/** The pages of a column chunk (Apache Parquet `README.md`, "Data Pages"): levels, and the values that are there. */

import { type Compression, decompress } from "./decompression.js";
import { appendDelta, appendDeltaBytes, appendDeltaLength } from "./parquet-delta.js";
import {
  appendByteStreamSplit,
  appendFromDictionary,
  appendPlain,
  emptyValues,
  GroupTooLarge,
  type LeafValues,
} from "./parquet-encoding.js";
import type { Codec, ColumnChunk } from "./parquet-footer.js";
import { grown, isOneRun, PageBytes, readHybrid } from "./parquet-page-bytes.js";
import type { LeafNode } from "./parquet-schema.js";
import { parseThrift, type ThriftStruct } from "./parquet-thrift.js";

/** A decoded column chunk. Levels are `null` where they can only be 0; those of definition also where a top column has no null. */
export interface LeafColumn {
  readonly leaf: LeafNode;
  readonly levels: number;
  readonly definition: Uint8Array | null;
  readonly repetition: Uint8Array | null;
  readonly values: LeafValues;
}

const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const DELTA_BINARY_PACKED = 5;
const DELTA_LENGTH_BYTE_ARRAY = 6;
const DELTA_BYTE_ARRAY = 7;
const RLE_DICTIONARY = 8;
const BYTE_STREAM_SPLIT = 9;

/** Decodes a whole column chunk. Throws Errors that say what is wrong, and {@link GroupTooLarge}. */
export function decodeChunk(bytes: Uint8Array, chunk: ColumnChunk, leaf: LeafNode, maxBytes: number): LeafColumn {
  const maxDefinition = leaf.definition;
  const maxRepetition = leaf.repetition;
  const values = emptyValues(leaf, chunk.levels);
  const definitions = maxDefinition > 0 ? new LevelStore() : null;
  const repetitions = maxRepetition > 0 ? new LevelStore() : null;
  let dictionary: LeafValues | null = null;
  let levels = 0;
  let at = 0;
  let decoded = 0;
  while (levels < chunk.levels) {
    if (at >= bytes.length) throw new Error(`its pages end after ${levels} of ${chunk.levels} values`);
    const { struct: header, end } = parseThrift(bytes, at);
    const size = sizeOf(header.field_2, "page size");
    const stored = sizeOf(header.field_3, "stored page size");
    if (stored > bytes.length - end) throw new Error(`a page of ${stored} bytes where ${bytes.length - end} are left`);
    decoded += size;
    if (decoded > maxBytes) throw new GroupTooLarge(decoded);
    const body = bytes.subarray(end, end + stored);
    at = end + stored;
    switch (header.field_1) {
      case 2: {
        if (dictionary !== null || levels > 0) throw new Error("a second dictionary page, or one behind the data");
        const { field_1: count, field_2: encoding } = partOf(header.field_7);
        if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY)
          throw new Error(`a dictionary in the encoding ${String(encoding ?? "none")}`);
        dictionary = emptyValues(leaf);
        appendPlain(
          new PageBytes(unpacked(chunk.codec, body, size)),
          leaf,
          sizeOf(count, "dictionary size"),
          dictionary,
          maxBytes,
        );
        break;
      }
      case 0: {
        const data = partOf(header.field_5);
        const count = sizeOf(data.field_1, "number of values");
        if (count > chunk.levels - levels)
          throw new Error(`its pages hold more than the ${chunk.levels} values of the footer`);
        const page = new PageBytes(unpacked(chunk.codec, body, size));
        if (repetitions !== null) readLevels(page, data.field_4, maxRepetition, count, repetitions);
        let present = count;
        if (definitions !== null) present = readLevels(page, data.field_3, maxDefinition, count, definitions);
        appendValues(page, data.field_2, leaf, present, dictionary, values, maxBytes);
        levels += count;
        break;
      }
      case 3: {
        const data = partOf(header.field_8);
        const count = sizeOf(data.field_1, "number of values");
        const definitionBytes = sizeOf(data.field_5, "length of levels");
        const repetitionBytes = sizeOf(data.field_6, "length of levels");
        const levelBytes = definitionBytes + repetitionBytes;
        if (count > chunk.levels - levels)
          throw new Error(`its pages hold more than the ${chunk.levels} values of the footer`);
        if (levelBytes > body.length || levelBytes > size)
          throw new Error(`levels of ${levelBytes} bytes in a page of ${body.length}`);
        if (repetitions !== null) {
          repetitions.read(body.subarray(0, repetitionBytes), maxRepetition, count);
        }
        let present = count;
        if (definitions !== null) {
          present = definitions.read(body.subarray(repetitionBytes, levelBytes), maxDefinition, count);
        }
        if (present !== count - sizeOf(data.field_2, "number of nulls"))
          throw new Error("a page counts its nulls wrongly");
        const rest = body.subarray(levelBytes);
        const raw = data.field_7 === false ? rest : unpacked(chunk.codec, rest, size - levelBytes);
        appendValues(new PageBytes(raw), data.field_4, leaf, present, dictionary, values, maxBytes);
        levels += count;
        break;
      }
      default:
        // Index pages and what later versions add stand beside the data.
        break;
    }
  }
  // Where a column that is in no other has no null, levels say nothing.
  const isFlat = maxRepetition === 0 && leaf.path.length === 1;
  const definition = definitions === null || (isFlat && definitions.isFull) ? null : definitions.levels();
  return { leaf, levels, definition, repetition: repetitions?.levels() ?? null, values };
}

/** Levels of a chunk, one byte each: no schema here is nested deeper than that. */
class LevelStore {
  #bytes = new Uint8Array(64);
  #length = 0;
  /** Levels that come before those, all of them the highest. */
  #leading = 0;
  #highest = 0;

  /** Whether every level is the highest. */
  get isFull(): boolean {
    return this.#length === 0;
  }

  /** Appends `count` levels as they are encoded, and counts those that equal `highest`. */
  read(encoded: Uint8Array, highest: number, count: number): number {
    this.#highest = highest;
    if (this.#length === 0 && isOneRun(encoded, count, highest)) {
      this.#leading += count;
      return count;
    }
    this.#settle();
    return this.#append(readHybrid(new PageBytes(encoded), bitsFor(highest), count), highest);
  }

  #append(read: Uint32Array, highest: number): number {
    this.#grow(this.#length + read.length);
    let count = 0;
    const from = this.#length;
    for (let index = 0; index < read.length; index++) {
      const level = read[index] as number;
      if (level > highest) throw new Error(`level ${level} where ${highest} is the highest`);
      this.#bytes[from + index] = level;
      if (level === highest) count++;
    }
    this.#length += read.length;
    return count;
  }

  #settle(): void {
    if (this.#leading === 0) return;
    this.#grow(this.#leading);
    this.#bytes.fill(this.#highest, 0, this.#leading);
    this.#length = this.#leading;
    this.#leading = 0;
  }

  #grow(needed: number): void {
    this.#bytes = grown(this.#bytes, needed);
  }

  levels(): Uint8Array {
    this.#settle();
    return this.#bytes.subarray(0, this.#length);
  }
}

function readLevels(page: PageBytes, encoding: unknown, highest: number, count: number, into: LevelStore): number {
  if (encoding !== RLE) throw new Error(`levels in the encoding ${String(encoding ?? "none")}, which is not supported`);
  return into.read(page.take(page.uint32()), highest, count);
}

function appendValues(
  page: PageBytes,
  encoding: unknown,
  leaf: LeafNode,
  count: number,
  dictionary: LeafValues | null,
  into: LeafValues,
  maxBytes: number,
): void {
  if (count === 0) return;
  switch (encoding) {
    case PLAIN:
      appendPlain(page, leaf, count, into, maxBytes);
      return;
    case PLAIN_DICTIONARY:
    case RLE_DICTIONARY: {
      if (dictionary === null) throw new Error("a page refers to a dictionary that is not there");
      const width = page.byte();
      appendFromDictionary(dictionary, readHybrid(page, width, count), leaf, into, maxBytes);
      return;
    }
    case RLE: {
      if (leaf.physical !== "boolean") throw new Error(`runs of ${leaf.physical}`);
      const bits = readHybrid(new PageBytes(page.take(page.uint32())), 1, count);
      const packed = new Uint8Array(Math.ceil(count / 8));
      for (let index = 0; index < count; index++)
        packed[index >> 3] = (packed[index >> 3] as number) | (((bits[index] as number) & 1) << (index & 7));
      appendPlain(new PageBytes(packed), leaf, count, into, maxBytes);
      return;
    }
    case DELTA_BINARY_PACKED:
      appendDelta(page, leaf, count, into);
      return;
    case DELTA_LENGTH_BYTE_ARRAY:
      appendDeltaLength(page, leaf, count, into, maxBytes);
      return;
    case DELTA_BYTE_ARRAY:
      appendDeltaBytes(page, leaf, count, into, maxBytes);
      return;
    case BYTE_STREAM_SPLIT:
      appendByteStreamSplit(page, leaf, count, into, maxBytes);
      return;
    default:
      throw new Error(`values in the encoding ${String(encoding ?? "none")}, which is not supported`);
  }
}

/** The bytes of a page: good until the next one. Nothing of it may be kept but copies. */
function unpacked(codec: Codec, body: Uint8Array, size: number): Uint8Array {
  if (codec !== "UNCOMPRESSED") return decompress(codec as Compression, body, size);
  if (body.length !== size) throw new Error(`an uncompressed page has ${body.length} bytes, but says ${size}`);
  return body;
}

function bitsFor(highest: number): number {
  return 32 - Math.clz32(highest);
}

function partOf(value: unknown): ThriftStruct {
  if (typeof value !== "object" || value === null) throw new Error("a page header lacks its part");
  return value as ThriftStruct;
}

function sizeOf(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
    throw new Error(value === undefined ? `a page lacks its ${what}` : `a page has the ${what} ${String(value)}`);
  return value;
}
