/**
 * The members of a `.npz` archive (PKWARE APPNOTE 6.3, with the fields of 64 bits of archives and arrays beyond 4 GiB): stored or
 * deflated, in one volume, as NumPy writes them. Read strictly, since what readers disagree on could hide data.
 */

import { FormatError } from "@assay/merkle";
import { checkColumnCount } from "./array-limits.js";
import { badMatrix } from "./matrix-refusals.js";
import type { ByteSource, Limits } from "./reader.js";
import { decodeUtf8 } from "./utf8.js";

/** One array of the archive. */
export interface ZipMember {
  /** Its name without `.npy`. */
  readonly name: string;
  /** Its bytes in the archive: [begin, end). */
  readonly begin: number;
  readonly end: number;
  readonly isDeflated: boolean;
  /** Bytes that they stand for, and their CRC-32. */
  readonly size: number;
  readonly crc: number;
}

/** Bytes of the last record of an archive, without its comment; the longest comment. */
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
/** Bytes of the last record of 64 bits, and of the one behind it that says where it is. */
const END_64_BYTES = 56;
const LOCATOR_BYTES = 20;
/** Longest list of members that is read. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
/** What stands in a field of 32 bits whose value is in one of 64. */
const ELSEWHERE = 0xffffffff;

/** The members, in the order of the archive's list. Throws FormatError `bad-matrix`, `duplicate-key`, `limit-exceeded`. */
export async function readZipMembers(source: ByteSource, limits: Limits): Promise<ZipMember[]> {
  const { path } = source;
  const { begin, end, count } = await findDirectory(source);
  if (end - begin > MAX_DIRECTORY_BYTES) throw badMatrix(path, "its list of members is not where it says");
  checkColumnCount(path, count, limits.maxColumns);
  const members: ZipMember[] = [];
  const names = new Set<string>();
  for (const { header, stored, ...member } of listedMembers(path, await source.read(begin, end), count)) {
    if (names.has(member.name))
      throw new FormatError("duplicate-key", `${path}: the array ${JSON.stringify(member.name)} is there twice`, {
        details: { path },
      });
    names.add(member.name);
    const from = await beginOf(source, header, begin);
    if (from + stored > begin) throw badMatrix(path, "a member is not where it says");
    members.push({ ...member, begin: from, end: from + stored });
  }
  return members;
}

interface Directory {
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

async function findDirectory(source: ByteSource): Promise<Directory> {
  const { path, size } = source;
  const tailBegin = Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES);
  const view = viewOf(await source.read(tailBegin, size));
  let at = view.byteLength - END_BYTES;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === 0x06054b50 && view.getUint16(at + 20, true) === view.byteLength - at - END_BYTES)
  )
    at--;
  if (at < 0) throw badMatrix(path, "it is no zip archive, or is cut off");
  const count = view.getUint16(at + 10, true);
  if (view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== count)
    throw badMatrix(path, "it is one of several volumes");
  const bytes = view.getUint32(at + 12, true);
  const begin = view.getUint32(at + 16, true);
  const place = tailBegin + at;
  const large = await findDirectory64(source, place);
  const agrees = (field: number, said: number, all: number): boolean =>
    large === null ? said !== all : said === all || said === field;
  const found = large ?? { begin, bytes, count, end: place };
  if (
    found.begin + found.bytes !== found.end ||
    !agrees(found.begin, begin, ELSEWHERE) ||
    !agrees(found.bytes, bytes, ELSEWHERE) ||
    !agrees(found.count, count, 0xffff)
  )
    throw badMatrix(path, "its list of members is not where it says");
  return { begin: found.begin, end: found.end, count: found.count };
}

/** The same from the fields of 64 bits, in two records in front of the last one; `null` where there are none. */
async function findDirectory64(
  source: ByteSource,
  place: number,
): Promise<(Directory & { readonly bytes: number }) | null> {
  const { path } = source;
  if (place < LOCATOR_BYTES + END_64_BYTES) return null;
  const end = place - LOCATOR_BYTES - END_64_BYTES;
  const view = viewOf(await source.read(end, place));
  const locator = END_64_BYTES;
  if (view.getUint32(locator, true) !== 0x07064b50) return null;
  if (
    view.getUint32(locator + 4, true) !== 0 ||
    count64(path, view, locator + 8) !== end ||
    view.getUint32(locator + 16, true) !== 1 ||
    view.getUint32(0, true) !== 0x06064b50 ||
    count64(path, view, 4) !== END_64_BYTES - 12 ||
    view.getUint32(16, true) !== 0 ||
    count64(path, view, 24) !== count64(path, view, 32)
  )
    throw badMatrix(path, "its list of members is not where it says");
  const [count, bytes, begin] = [32, 40, 48].map((field) => count64(path, view, field)) as [number, number, number];
  return { count, bytes, begin, end };
}

interface ListedMember extends Omit<ZipMember, "begin" | "end"> {
  readonly header: number;
  readonly stored: number;
}

function* listedMembers(path: string, directory: Uint8Array, count: number): Generator<ListedMember> {
  const view = viewOf(directory);
  const damaged = (): Error => badMatrix(path, "its list of members is damaged");
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || view.getUint32(at, true) !== 0x02014b50) throw damaged();
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > directory.length) throw damaged();
    const file = nameOf(path, directory.subarray(at + 46, nameEnd));
    const what = `its member ${JSON.stringify(file.slice(0, 100))}`;
    if (!file.endsWith(".npy")) throw badMatrix(path, `${what} is no .npy`);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const extra = viewOf(directory.subarray(nameEnd, extraEnd));
    const [size, stored, header] = sizesOf(
      path,
      [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      extra,
    );
    if ((flags & 1) !== 0) throw badMatrix(path, "it is encrypted");
    if (method !== 8 && (method !== 0 || stored !== size))
      throw badMatrix(path, `${what} is compressed in a way that NumPy never uses`);
    const crc = view.getUint32(at + 16, true);
    yield { name: file.slice(0, -4), stored, size, header, isDeflated: method === 8, crc };
    at = next;
  }
  if (at !== directory.length) throw damaged();
}

function nameOf(path: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes, 0, bytes.length);
  } catch {
    throw badMatrix(path, "a name in its list of members is not UTF-8");
  }
}

/** Size, stored size and place of the header; those that do not fit into 32 bits stand in the extra field 1, in this order. */
function sizesOf(path: string, fields: readonly number[], extra: DataView): readonly [number, number, number] {
  const wanted = fields.filter((field) => field === ELSEWHERE).length;
  if (wanted === 0) return fields as unknown as readonly [number, number, number];
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) !== 1 || length < 8 * wanted || at + 4 + length > extra.byteLength) continue;
    let place = at + 4;
    return fields.map((field) => {
      if (field !== ELSEWHERE) return field;
      place += 8;
      return count64(path, extra, place - 8);
    }) as unknown as readonly [number, number, number];
  }
  throw badMatrix(path, "its list of members is damaged");
}

/** Where the bytes of a member begin: behind its header, which has a name and extra fields of its own. */
async function beginOf(source: ByteSource, header: number, end: number): Promise<number> {
  if (header + 30 > end) throw badMatrix(source.path, "a member is not where it says");
  const view = viewOf(await source.read(header, header + 30));
  if (view.getUint32(0, true) !== 0x04034b50) throw badMatrix(source.path, "a member is not where it says");
  return header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
}

function count64(path: string, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw badMatrix(path, `it states ${value} bytes`);
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
