/**
 * The arrays of `.npy` files, and of `.npz` archives as `numpy.savez` and `numpy.savez_compressed` write them. Stored records are
 * read where they stand.
 */

import type { ArrayElement, StoredArray } from "./array-column.js";
import { badMatrix } from "./matrix-refusals.js";
import { readNpyLiteral } from "./npy.js";
import { parseNpyArray } from "./npy-header.js";
import { checkInflation, openMember } from "./npz-member.js";
import type { ByteSource, Limits } from "./reader.js";
import { readZipMembers, type ZipMember } from "./zip-members.js";

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

/** The arrays of a `.npz` file, by name without `.npy`. Throws FormatError `bad-matrix`, `duplicate-key`, `limit-exceeded`. */
export async function readNpzArrays(source: ByteSource, limits: Limits): Promise<StoredArray[]> {
  const { path } = source;
  const arrays: StoredArray[] = [];
  for (const member of await readZipMembers(source, limits)) arrays.push(await readMember(source, member, limits));
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

async function readMember(source: ByteSource, member: ZipMember, limits: Limits): Promise<StoredArray> {
  const { name, begin, end, isDeflated, size, crc } = member;
  if (!isDeflated) return readArray(source, name, begin, end);
  const packed = { begin, end, size, crc };
  checkInflation(source.path, packed, limits);
  const plain = openMember(source, packed, { cursor: null }, true, { limits });
  return { ...(await readArray(plain, name, 0, size)), packed };
}
