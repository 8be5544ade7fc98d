/**
 * `.npz` archives without some of their records: each array loses them, in the order and, deflated or not, in the way in which it is
 * stored. What a member has of bytes and checksum stands behind it (PKWARE APPNOTE 4.3.9), so that nothing is read twice; the
 * sizes have 64 bits, as NumPy writes them. Deflated by pako, the same bytes on every machine.
 */

import type { StoredArray } from "./array-column.js";
import { limitsOf } from "./limits.js";
import { openMember } from "./npz-member.js";
import type { ByteSource, FileIndex, IndexOptions } from "./reader.js";
import { compressAgain } from "./recompression.js";
import { arraysOf, elementsWithout, npyHead } from "./remove-arrays.js";
import { readZipMembers } from "./zip-members.js";

interface WrittenMember {
  readonly name: Uint8Array;
  readonly isDeflated: boolean;
  readonly header: number;
  readonly stored: number;
  readonly size: number;
  readonly crc: number;
}

/** The bytes of the archive without these records. */
export async function* removeNpzRecords(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const arrays = arraysOf(index);
  const removed = new Set(ordinals);
  const written: WrittenMember[] = [];
  let offset = 0;
  const members = await readZipMembers(source, limitsOf(options));
  for (const member of members.sort((a, b) => a.begin - b.begin)) {
    const wanted = arrays.findIndex(({ name }) => name === member.name);
    const { packed } = arrays[wanted] as StoredArray;
    const plain =
      packed === undefined
        ? partOf(source, member.begin, member.end)
        : openMember(source, packed, { cursor: null }, false, options);
    const pieces = arrayWithout(packed === undefined ? source : plain, plain, index, wanted, removed, options);
    const name = new TextEncoder().encode(`${member.name}.npy`);
    const head = localHeader(name, member.isDeflated);
    yield head;
    const header = offset;
    offset += head.length;
    const tail = { size: 0, crc: 0, stored: 0 };
    for await (const piece of member.isDeflated ? deflated(pieces, tail) : counted(pieces, tail)) {
      yield piece;
      tail.stored += piece.length;
    }
    yield descriptor(tail);
    offset += tail.stored + DESCRIPTOR_BYTES;
    written.push({ ...tail, name, header, isDeflated: member.isDeflated });
  }
  const list = written.map(listed);
  yield* list;
  yield ending(
    written.length,
    offset,
    list.reduce((sum, { length }) => sum + length, 0),
  );
}

async function* arrayWithout(
  source: ByteSource,
  member: ByteSource,
  index: FileIndex,
  wanted: number,
  removed: ReadonlySet<number>,
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  yield await npyHead(member, index.records - removed.size);
  yield* elementsWithout(source, index, wanted, removed, options);
}

/** A part of a file as a file. */
function partOf(source: ByteSource, begin: number, end: number): ByteSource {
  return { path: source.path, size: end - begin, read: (from, to) => source.read(begin + from, begin + to) };
}

interface Tail {
  size: number;
  crc: number;
}

async function* counted(pieces: AsyncIterable<Uint8Array>, tail: Tail): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    tail.crc = crc32(piece, tail.crc);
    tail.size += piece.length;
    yield piece;
  }
}

const GZIP_HEAD_BYTES = 10;
const GZIP_TAIL_BYTES = 8;

/** What stands between the head and the tail of gzip. */
async function* deflated(pieces: AsyncIterable<Uint8Array>, tail: Tail): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(0);
  let skip = GZIP_HEAD_BYTES;
  for await (const piece of compressAgain("gzip", counted(pieces, tail))) {
    const bytes = new Uint8Array(held.length + piece.length);
    bytes.set(held);
    bytes.set(piece, held.length);
    const end = Math.max(0, bytes.length - GZIP_TAIL_BYTES);
    if (end > skip) yield bytes.slice(skip, end);
    skip = Math.max(0, skip - end);
    held = bytes.slice(end);
  }
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

/** Version 4.5 (fields of 64 bits); sizes behind the member, names in UTF-8; the first day that there is. */
const VERSION = 45;
const FLAGS = (1 << 3) | (1 << 11);
const FIRST_DAY = (1 << 5) | 1;
const DESCRIPTOR_BYTES = 24;
const ELSEWHERE = 0xffffffff;

function localHeader(name: Uint8Array, isDeflated: boolean): Uint8Array {
  const { bytes, view } = room(30 + name.length + 20);
  view.setUint32(0, 0x04034b50, true);
  for (const [at, value] of [VERSION, FLAGS, isDeflated ? 8 : 0, 0, FIRST_DAY].entries())
    view.setUint16(4 + 2 * at, value, true);
  view.setUint32(18, ELSEWHERE, true);
  view.setUint32(22, ELSEWHERE, true);
  view.setUint16(26, name.length, true);
  view.setUint16(28, 20, true);
  bytes.set(name, 30);
  view.setUint16(30 + name.length, 1, true);
  view.setUint16(32 + name.length, 16, true);
  return bytes;
}

function descriptor({ crc, stored, size }: Tail & { readonly stored: number }): Uint8Array {
  const { bytes, view } = room(DESCRIPTOR_BYTES);
  view.setUint32(0, 0x08074b50, true);
  view.setUint32(4, crc, true);
  view.setBigUint64(8, BigInt(stored), true);
  view.setBigUint64(16, BigInt(size), true);
  return bytes;
}

/** The line of the list for a member; only what does not fit into 32 bits stands in its field of 64 bits. */
function listed({ name, isDeflated, header, stored, size, crc }: WrittenMember): Uint8Array {
  const large = [size, stored, header].filter((value) => value >= ELSEWHERE);
  const extra = large.length === 0 ? 0 : 4 + 8 * large.length;
  const { bytes, view } = room(46 + name.length + extra);
  view.setUint32(0, 0x02014b50, true);
  for (const [at, value] of [VERSION, VERSION, FLAGS, isDeflated ? 8 : 0, 0, FIRST_DAY].entries())
    view.setUint16(4 + 2 * at, value, true);
  view.setUint32(16, crc, true);
  for (const [at, value] of [
    [20, stored],
    [24, size],
    [42, header],
  ] as const)
    view.setUint32(at, Math.min(value, ELSEWHERE), true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, extra, true);
  bytes.set(name, 46);
  if (extra > 0) {
    view.setUint16(46 + name.length, 1, true);
    view.setUint16(48 + name.length, extra - 4, true);
    for (const [i, value] of large.entries()) view.setBigUint64(50 + name.length + 8 * i, BigInt(value), true);
  }
  return bytes;
}

/** The last records of the archive. */
function ending(count: number, begin: number, length: number): Uint8Array {
  const isLarge = count >= 0xffff || begin >= ELSEWHERE || length >= ELSEWHERE;
  const { bytes, view } = room((isLarge ? 76 : 0) + 22);
  let at = 0;
  if (isLarge) {
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, VERSION, true);
    view.setUint16(14, VERSION, true);
    for (const [i, value] of [count, count, length, begin].entries())
      view.setBigUint64(24 + 8 * i, BigInt(value), true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(begin + length), true);
    view.setUint32(72, 1, true);
    at = 76;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, Math.min(count, 0xffff), true);
  view.setUint16(at + 10, Math.min(count, 0xffff), true);
  view.setUint32(at + 12, Math.min(length, ELSEWHERE), true);
  view.setUint32(at + 16, Math.min(begin, ELSEWHERE), true);
  return bytes;
}

function room(length: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
}
