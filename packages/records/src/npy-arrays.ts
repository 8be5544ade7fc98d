/**
 * The arrays of `.npy` files, and of `.npz` archives as `numpy.savez` and `numpy.savez_compressed` write them (PKWARE APPNOTE: stored or
 * deflated). Stored records are read where they stand.
 */

import { FormatError } from "@assay/merkle";
import type { ArrayElement, StoredArray } from "./array-column.js";
import { checkColumnCount } from "./array-limits.js";
import { badMatrix } from "./matrix-refusals.js";
import { readNpyLiteral } from "./npy.js";
import { parseNpyArray } from "./npy-header.js";
import { checkInflation, openMember } from "./npz-member.js";
import type { ByteSource, Limits } from "./reader.js";
import { decodeUtf8 } from "./utf8.js";

const KINDS = { f: "float", i: "int", u: "uint" } as const;

/** The one array of a `.npy` file. Throws FormatError `bad-matrix`. */
export async function readNpyArrays(source: ByteSource): Promise<StoredArray[]> {
  return [await readArray(source, "values", 0, source.size)];
}

async function readArray(source: ByteSource, name: string, begin: number, end: number): Promise<StoredArray> {
  const { path } = source;
  const { literal, begin: offset } = await readNpyLiteral(source, begin, end);
  const { type, fortran, shape } = parseNpyArray(literal, path);
  const element = {
    type: (type.kind === "b" ? "boolean" : `${KINDS[type.kind]}${8 * type.size}`) as ArrayElement["type"],
    size: type.size,
    littleEndian: type.littleEndian,
  };
  const bytes = shape.reduce((product, length) => product * length, type.size);
  if (bytes !== end - offset) {
    const what = bytes > end - offset ? "it is cut off" : "there are bytes behind its data";
    throw badMatrix(
      path,
      `${what}: the shape (${shape.join(", ")}) needs ${bytes} bytes, and ${end - offset} follow its header`,
      {
        expected: bytes,
        actual: end - offset,
      },
    );
  }
  return { name, element, shape, offset, ...(fortran && shape.length > 1 ? { fortran: true } : {}) };
}

/** Bytes of the last record of a zip archive, without its comment; and the longest comment. */
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
/** Longest list of members that is read. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

/** The arrays of a `.npz` file, by name without `.npy`. Throws FormatError `bad-matrix`, `duplicate-key`, `limit-exceeded`. */
export async function readNpzArrays(source: ByteSource, limits: Limits): Promise<StoredArray[]> {
  const { path, size } = source;
  const tailBegin = Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES);
  const tail = await source.read(tailBegin, size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let end = tail.length - END_BYTES;
  while (
    end >= 0 &&
    !(view.getUint32(end, true) === 0x06054b50 && view.getUint16(end + 20, true) === tail.length - end - END_BYTES)
  )
    end--;
  if (end < 0) throw badMatrix(path, "it is no zip archive, or is cut off");
  const count = view.getUint16(end + 10, true);
  const bytes = view.getUint32(end + 12, true);
  const begin = view.getUint32(end + 16, true);
  if (count === 0xffff || bytes === 0xffffffff || begin === 0xffffffff)
    throw badMatrix(
      path,
      "it is a zip archive of more than 4 GiB, which is not read. Save each array as .npy, or as safetensors",
    );
  if (view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count)
    throw badMatrix(path, "it is one of several volumes");
  if (begin + bytes !== tailBegin + end || bytes > MAX_DIRECTORY_BYTES)
    throw badMatrix(path, "its list of members is not where it says");
  checkColumnCount(path, count, limits.maxColumns);
  const arrays: StoredArray[] = [];
  const names = new Set<string>();
  for (const member of membersOf(path, await source.read(begin, begin + bytes), count)) {
    if (names.has(member.name))
      throw new FormatError("duplicate-key", `${path}: the array ${JSON.stringify(member.name)} is there twice`, {
        details: { path },
      });
    names.add(member.name);
    arrays.push(await readMember(source, member, begin, limits));
  }
  arrays.sort((a, b) => placeOf(a).begin - placeOf(b).begin);
  for (const [i, array] of arrays.entries()) {
    const before = arrays[i - 1];
    if (before !== undefined && placeOf(array).begin < placeOf(before).end)
      throw badMatrix(path, `the arrays ${JSON.stringify(before.name)} and ${JSON.stringify(array.name)} overlap`);
  }
  return arrays;
}

/** Bytes of the archive. */
function placeOf({ shape, element, offset, packed }: StoredArray): { readonly begin: number; readonly end: number } {
  return packed ?? { begin: offset, end: offset + shape.reduce((product, length) => product * length, element.size) };
}

interface ZipMember {
  readonly name: string;
  /** Bytes of the archive, and those that they stand for. */
  readonly stored: number;
  readonly size: number;
  readonly header: number;
  readonly isDeflated: boolean;
  readonly crc: number;
}

function membersOf(path: string, directory: Uint8Array, count: number): ZipMember[] {
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength);
  const members: ZipMember[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || view.getUint32(at, true) !== 0x02014b50)
      throw badMatrix(path, "its list of members is damaged");
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > directory.length) throw badMatrix(path, "its list of members is damaged");
    const file = decodeUtf8(directory, at + 46, nameEnd);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [stored, size, header] = [20, 24, 42].map((field) => view.getUint32(at + field, true)) as [
      number,
      number,
      number,
    ];
    if (!file.endsWith(".npy")) throw badMatrix(path, `its member ${JSON.stringify(file.slice(0, 100))} is no .npy`);
    if ([stored, size, header].includes(0xffffffff))
      throw badMatrix(
        path,
        "it has an array of more than 2 GiB, which is not read. Save each array as .npy, or as safetensors",
      );
    if ((flags & 1) !== 0) throw badMatrix(path, "it is encrypted");
    if (method !== 8 && (method !== 0 || stored !== size))
      throw badMatrix(
        path,
        `its member ${JSON.stringify(file.slice(0, 100))} is compressed in a way that NumPy never uses`,
      );
    const crc = view.getUint32(at + 16, true);
    members.push({ name: file.slice(0, -4), stored, size, header, isDeflated: method === 8, crc });
    at = next;
  }
  if (at !== directory.length) throw badMatrix(path, "its list of members is damaged");
  return members;
}

async function readMember(source: ByteSource, member: ZipMember, end: number, limits: Limits): Promise<StoredArray> {
  const { path } = source;
  const { name, stored, size, header, isDeflated, crc } = member;
  if (header + 30 > end) throw badMatrix(path, "a member is not where it says");
  const bytes = await source.read(header, header + 30);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 30);
  const begin = header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (view.getUint32(0, true) !== 0x04034b50 || begin + stored > end)
    throw badMatrix(path, "a member is not where it says");
  if (!isDeflated) return readArray(source, name, begin, begin + size);
  const packed = { begin, end: begin + stored, size, crc };
  checkInflation(path, packed, limits);
  const plain = openMember(source, packed, { cursor: null }, true, { limits });
  return { ...(await readArray(plain, name, 0, size)), packed };
}
