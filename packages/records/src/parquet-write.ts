/**
 * Column chunks and the footer of a Parquet file (Apache Parquet `README.md`, `Encodings.md`): data pages of version 1 with
 * plain values, compressed with Snappy where that makes them smaller. What is written are levels and stored values, so that
 * every type, also one that nobody reads here, stays what it was, to the bit.
 */

import { CompactWriter } from "./compact-writer.js";
import { byteWidth, type LeafValues } from "./parquet-encoding.js";
import { CODECS } from "./parquet-footer.js";
import { grown } from "./parquet-page-bytes.js";
import type { LeafColumn } from "./parquet-pages.js";
import { type LeafNode, PHYSICAL_TYPES } from "./parquet-schema.js";
import type { StoredField } from "./parquet-thrift.js";
import { compressSnappy } from "./snappy-compression.js";

/** A page is closed when it has this many bytes of values or this many levels; records are never parted. */
const PAGE_BYTES = 1024 * 1024;
const PAGE_LEVELS = 65_536;
/** Sizes of pages have 32 bits and a sign. */
const MAX_PAGE_BYTES = 2 ** 31 - 1;

const PLAIN = 0;
const RLE = 3;

/** Levels `[begin, end)` of a chunk and its values from `value` on: records that lie one behind the other. */
interface LevelRun {
  begin: number;
  end: number;
  value: number;
  valueEnd: number;
}

/** A chunk that was written, for the footer. */
export interface WrittenChunk {
  readonly leaf: LeafNode;
  readonly codec: "SNAPPY" | "UNCOMPRESSED";
  readonly levels: number;
  readonly begin: number;
  /** Bytes of pages and their headers. */
  readonly storedBytes: number;
  readonly decodedBytes: number;
}

export interface WrittenGroup {
  readonly records: number;
  readonly chunks: readonly WrittenChunk[];
}

/**
 * Writes the records of a chunk that stay.
 *
 * @param removed One byte a record: whether it leaves.
 * @param begin Offset in the file of the first page.
 * @throws Error when the chunk has not as many records, or a record is larger than a page can be.
 */
export function writeChunk(
  column: LeafColumn,
  removed: Uint8Array,
  begin: number,
): { readonly chunk: WrittenChunk; readonly pages: readonly Uint8Array[] } {
  const { leaf } = column;
  const plain: { levels: number; body: Uint8Array }[] = [];
  for (const runs of pagesOf(column, removed)) {
    const levels = runs.reduce((sum, run) => sum + run.end - run.begin, 0);
    plain.push({ levels, body: pageBody(column, runs, levels) });
  }
  const packed = plain.map(({ body }) => compressSnappy(body));
  const sum = (bodies: readonly Uint8Array[]) => bodies.reduce((total, body) => total + body.length, 0);
  const plainBytes = sum(plain.map(({ body }) => body));
  const isPacked = sum(packed) < plainBytes;
  const pages: Uint8Array[] = [];
  let headerBytes = 0;
  for (const [i, { levels, body }] of plain.entries()) {
    const stored = isPacked ? (packed[i] as Uint8Array) : body;
    const header = pageHeader(levels, body.length, stored.length);
    headerBytes += header.length;
    pages.push(header, stored);
  }
  const chunk: WrittenChunk = {
    leaf,
    codec: isPacked ? "SNAPPY" : "UNCOMPRESSED",
    levels: plain.reduce((total, { levels }) => total + levels, 0),
    begin,
    storedBytes: sum(pages),
    decodedBytes: plainBytes + headerBytes,
  };
  return { chunk, pages };
}

/** The footer with its length and the magic behind it. `stored` are fields of the parent's that hold here too. */
export function writeFooter(stored: readonly StoredField[], groups: readonly WrittenGroup[]): Uint8Array {
  const writer = new CompactWriter();
  for (const field of stored) if (field.id < 3) writer.stored(field);
  writer.int64(
    3,
    groups.reduce((sum, { records }) => sum + records, 0),
  );
  writer.structs(4, groups, writeGroup);
  for (const field of stored) if (field.id === 5) writer.stored(field);
  writer.text(6, "assay version 1");
  for (const field of stored) if (field.id === 7) writer.stored(field);
  const metadata = writer.finish();
  const footer = new Uint8Array(metadata.length + 8);
  footer.set(metadata);
  new DataView(footer.buffer).setUint32(metadata.length, metadata.length, true);
  footer.set([0x50, 0x41, 0x52, 0x31], metadata.length + 4);
  return footer;
}

function writeGroup(writer: CompactWriter, { records, chunks }: WrittenGroup): void {
  writer.structs(1, chunks, (inner, { begin, ...chunk }) => {
    inner.int64(2, 0);
    inner.struct(3, (meta) => {
      meta.int32(1, PHYSICAL_TYPES.indexOf(chunk.leaf.physical));
      meta.int32s(2, [PLAIN, RLE]);
      meta.texts(3, chunk.leaf.path);
      meta.int32(4, CODECS.indexOf(chunk.codec));
      meta.int64(5, chunk.levels);
      meta.int64(6, chunk.decodedBytes);
      meta.int64(7, chunk.storedBytes);
      meta.int64(9, begin);
    });
  });
  writer.int64(
    2,
    chunks.reduce((sum, { decodedBytes }) => sum + decodedBytes, 0),
  );
  writer.int64(3, records);
}

function pageHeader(levels: number, decodedBytes: number, storedBytes: number): Uint8Array {
  const writer = new CompactWriter();
  writer.int32(1, 0);
  writer.int32(2, decodedBytes);
  writer.int32(3, storedBytes);
  writer.struct(5, (page) => {
    page.int32(1, levels);
    page.int32(2, PLAIN);
    page.int32(3, RLE);
    page.int32(4, RLE);
  });
  return writer.finish();
}

/** The levels and values of the records that stay, page by page. */
function* pagesOf(column: LeafColumn, removed: Uint8Array): Iterable<LevelRun[]> {
  const { leaf, levels, definition, repetition, values } = column;
  let runs: LevelRun[] = [];
  let heldBytes = 0;
  let heldLevels = 0;
  let end = 0;
  let valueEnd = 0;
  for (let record = 0; record < removed.length; record++) {
    const begin = end;
    const value = valueEnd;
    if (begin >= levels) throw new Error(`it holds ${record} records where there are ${removed.length}`);
    do {
      if (definition === null || definition[end] === leaf.definition) valueEnd++;
      end++;
    } while (repetition !== null && end < levels && repetition[end] !== 0);
    if (removed[record] === 1) continue;
    const last = runs[runs.length - 1];
    if (last?.end === begin) {
      last.end = end;
      last.valueEnd = valueEnd;
    } else runs.push({ begin, end, value, valueEnd });
    heldBytes += plainBytes(leaf, values, value, valueEnd);
    heldLevels += end - begin;
    if (heldBytes < PAGE_BYTES && heldLevels < PAGE_LEVELS) continue;
    yield runs;
    runs = [];
    heldBytes = 0;
    heldLevels = 0;
  }
  if (end !== levels) throw new Error(`it holds more than ${removed.length} records`);
  if (runs.length > 0) yield runs;
}

/** Bytes of plain values; booleans, of which eight share one, count as if they did not. */
function plainBytes(leaf: LeafNode, { numbers, offsets }: LeafValues, from: number, to: number): number {
  if (leaf.physical === "binary") return 4 * (to - from) + (offsets[to] as number) - (offsets[from] as number);
  return (numbers === null ? byteWidth(leaf) : numbers.BYTES_PER_ELEMENT) * (to - from);
}

function pageBody(column: LeafColumn, runs: readonly LevelRun[], levels: number): Uint8Array {
  const { leaf, definition, repetition, values } = column;
  const repetitions = repetition === null ? null : encodeLevels(gather(repetition, runs, levels), leaf.repetition);
  const highest = () => new Uint8Array(levels).fill(leaf.definition);
  const definitions =
    leaf.definition === 0
      ? null
      : encodeLevels(definition === null ? highest() : gather(definition, runs, levels), leaf.definition);
  const present = runs.reduce((sum, { value, valueEnd }) => sum + valueEnd - value, 0);
  const size =
    leaf.physical === "boolean"
      ? (present + 7) >> 3
      : runs.reduce((sum, { value, valueEnd }) => sum + plainBytes(leaf, values, value, valueEnd), 0);
  const total = [repetitions, definitions].reduce((sum, part) => sum + (part === null ? 0 : 4 + part.length), size);
  if (total > MAX_PAGE_BYTES) throw new Error(`a page of ${total} bytes, which is more than Parquet can hold`);
  const body = new Uint8Array(total);
  const view = new DataView(body.buffer);
  let at = 0;
  for (const part of [repetitions, definitions]) {
    if (part === null) continue;
    view.setUint32(at, part.length, true);
    body.set(part, at + 4);
    at += 4 + part.length;
  }
  if (leaf.physical === "boolean") packBooleans(values.bytes, runs, body, at);
  else if (leaf.physical === "binary") putBinary(values, runs, body, at);
  else {
    const { numbers, bytes } = values;
    const raw = numbers === null ? bytes : new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const width = numbers === null ? byteWidth(leaf) : numbers.BYTES_PER_ELEMENT;
    for (const { value, valueEnd } of runs) {
      body.set(raw.subarray(value * width, valueEnd * width), at);
      at += (valueEnd - value) * width;
    }
  }
  return body;
}

function gather(source: Uint8Array, runs: readonly LevelRun[], count: number): Uint8Array {
  const out = new Uint8Array(count);
  let at = 0;
  for (const { begin, end } of runs) {
    out.set(source.subarray(begin, end), at);
    at += end - begin;
  }
  return out;
}

function packBooleans(values: Uint8Array, runs: readonly LevelRun[], body: Uint8Array, begin: number): void {
  let bit = 0;
  for (const { value, valueEnd } of runs) {
    for (let i = value; i < valueEnd; i++, bit++) {
      const at = begin + (bit >> 3);
      body[at] = (body[at] as number) | ((values[i] as number) << (bit & 7));
    }
  }
}

function putBinary({ bytes, offsets }: LeafValues, runs: readonly LevelRun[], body: Uint8Array, begin: number): void {
  const view = new DataView(body.buffer);
  let at = begin;
  for (const { value, valueEnd } of runs) {
    for (let i = value; i < valueEnd; i++) {
      const [from, to] = [offsets[i] as number, offsets[i + 1] as number];
      view.setUint32(at, to - from, true);
      body.set(bytes.subarray(from, to), at + 4);
      at += 4 + to - from;
    }
  }
}

/** Fewest equal levels that are written as a run. */
const SHORTEST_RUN = 8;

/** The RLE/bit-packing hybrid: long runs as runs, the rest in groups of eight. Levels have one byte at most. */
export function encodeLevels(levels: Uint8Array, highest: number): Uint8Array {
  const width = 32 - Math.clz32(highest);
  let out = new Uint8Array(64);
  let length = 0;
  const put = (byte: number): void => {
    out = grown(out, length + 1);
    out[length++] = byte;
  };
  const putVarint = (value: number): void => {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) put((rest % 128) + 128);
    put(rest);
  };
  const runAt = (begin: number, most: number): number => {
    let end = begin + 1;
    while (end < levels.length && end - begin < most && levels[end] === levels[begin]) end++;
    return end - begin;
  };
  for (let at = 0; at < levels.length; ) {
    const run = runAt(at, levels.length);
    if (run >= SHORTEST_RUN || at + run === levels.length) {
      putVarint(run * 2);
      put(levels[at] as number);
      at += run;
      continue;
    }
    let end = at + 8;
    while (end < levels.length && runAt(end, SHORTEST_RUN) < SHORTEST_RUN) end += 8;
    putVarint(((end - at) / 8) * 2 + 1);
    let bits = 0;
    let held = 0;
    for (; at < end; at++) {
      // Behind the last level a group is padded.
      bits |= (levels[at] ?? 0) << held;
      for (held += width; held >= 8; held -= 8) {
        put(bits & 0xff);
        bits >>= 8;
      }
    }
  }
  return out.subarray(0, length);
}
