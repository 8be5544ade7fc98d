/** Reads the numbers of a `.npy` file piece by piece, and digests its bytes on the way: it is read once. */

import { createSha256, toHex } from "@assay/merkle";
import { fromHalf } from "./half-float.js";
import { DEFAULT_LIMITS } from "./limits.js";
import type { Matrix, ReadMatrixOptions } from "./matrix.js";
import { badMatrix, refuseLargeMatrix } from "./matrix-refusals.js";
import { type NpyHeader, type NpyType, npyLiteralRange, PREAMBLE_BYTES, parseNpyLiteral } from "./npy-header.js";
import type { ByteSource } from "./reader.js";

/** Bytes that are read at once: a whole number of elements of any type. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Reads a `.npy` file. Both byte orders, C and Fortran order, one or two dimensions; halves and singles become a
 * `Float32Array`, everything else a `Float64Array` (64-bit integers as the nearest double).
 *
 * @throws FormatError `bad-matrix` for what is no such file, is cut off or too long, or holds anything but finite numbers;
 * `limit-exceeded` for `maxMatrixBytes`. SourceError as `source.read`.
 */
export async function readNpy(source: ByteSource, options: ReadMatrixOptions, maxBytes: number): Promise<Matrix> {
  const { path, size } = source;
  const { header, begin } = await readHeader(source);
  const { rows, columns, type, fortran } = header;
  if (columns === 0) throw badMatrix(path, "it has no columns");
  if (columns > DEFAULT_LIMITS.maxColumns)
    throw badMatrix(path, `it has ${columns} columns; at most ${DEFAULT_LIMITS.maxColumns} can be read`);
  // Below 10¹⁶ times 10⁵ times 8: exact enough to differ from any size of a file that a product does not fit.
  const wanted = rows * columns * type.size;
  if (wanted !== size - begin) {
    const what = wanted > size - begin ? "it is cut off" : "there are bytes behind its data";
    throw badMatrix(
      path,
      `${what}: ${rows} rows of ${columns} columns are ${wanted} bytes, and ${size - begin} follow its header`,
      { expected: wanted, actual: size - begin },
    );
  }
  const single = type.kind === "f" && type.size <= 4;
  refuseLargeMatrix(path, rows, columns, single ? 4 : 8, maxBytes);
  const values = single ? new Float32Array(rows * columns) : new Float64Array(rows * columns);
  const hash = createSha256();
  hash.update(await source.read(0, begin));
  let element = 0;
  for (let at = begin; at < size; at += PIECE_BYTES) {
    options.signal?.throwIfAborted();
    const bytes = await source.read(at, Math.min(size, at + PIECE_BYTES));
    hash.update(bytes);
    const numberAt = elementReader(type, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    for (let i = 0; i < bytes.length; i += type.size, element++) {
      const row = fortran ? element % rows : Math.floor(element / columns);
      const column = fortran ? Math.floor(element / rows) : element % columns;
      const value = numberAt(i);
      if (!Number.isFinite(value)) throw notFinite(path, row, column, value, type);
      values[row * columns + column] = value + 0;
    }
  }
  await source.check?.();
  return { name: path, rows, columns, values, sha256: toHex(hash.digest()) };
}

async function readHeader(source: ByteSource): Promise<{ header: NpyHeader; begin: number }> {
  const { literal, begin } = await readNpyLiteral(source, 0, source.size);
  return { header: parseNpyLiteral(literal, source.path), begin };
}

/**
 * The literal of an array in `[begin, end)` of a file, and where its data begins.
 *
 * @throws FormatError `bad-matrix`.
 */
export async function readNpyLiteral(
  source: ByteSource,
  begin: number,
  end: number,
): Promise<{ literal: string; begin: number }> {
  const range = npyLiteralRange(await source.read(begin, Math.min(end, begin + PREAMBLE_BYTES)), source.path);
  if (begin + range.end > end) throw badMatrix(source.path, "it ends inside its header");
  const bytes = await source.read(begin + range.begin, begin + range.end);
  // The literal of plain numbers is ASCII in every version.
  const literal = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return { literal, begin: begin + range.end };
}

/** The element that begins at a byte; NaN for what no writer of booleans writes. */
function elementReader({ kind, size, littleEndian }: NpyType, view: DataView): (at: number) => number {
  switch (`${kind}${size}`) {
    case "f2":
      return (at) => fromHalf(view.getUint16(at, littleEndian));
    case "f4":
      return (at) => view.getFloat32(at, littleEndian);
    case "f8":
      return (at) => view.getFloat64(at, littleEndian);
    case "i1":
      return (at) => view.getInt8(at);
    case "i2":
      return (at) => view.getInt16(at, littleEndian);
    case "i4":
      return (at) => view.getInt32(at, littleEndian);
    case "i8":
      return (at) => Number(view.getBigInt64(at, littleEndian));
    case "u2":
      return (at) => view.getUint16(at, littleEndian);
    case "u4":
      return (at) => view.getUint32(at, littleEndian);
    case "u8":
      return (at) => Number(view.getBigUint64(at, littleEndian));
    case "b1":
      return (at) => (view.getUint8(at) <= 1 ? view.getUint8(at) : Number.NaN);
    default:
      return (at) => view.getUint8(at);
  }
}

function notFinite(path: string, row: number, column: number, value: number, { kind }: NpyType): Error {
  const what = kind === "b" ? "no boolean" : `${value}`;
  return badMatrix(path, `row ${row}, column ${column} (both from 0) is ${what}; every value must be a finite number`, {
    row,
    column,
  });
}
