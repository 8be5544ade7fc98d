/** Stored numbers as columns: elements of every type and byte order, and further axes as nested lists. */

import { FormatError } from "@assay/merkle";
import type { Column } from "./batch.js";
import type { ColumnType, FloatType, IntegerType } from "./column-type.js";
import { fromHalf } from "./half-float.js";
import type { PackedMember } from "./npz-member.js";

/**
 * How an element is stored. bfloat16 is the upper half of a float32, float8_e5m2 that of a float16; float8_e4m3fn has four bits of
 * exponent, no infinities, and one NaN (Micikevicius et al., "FP8 formats for deep learning", 2022).
 */
export interface ArrayElement {
  readonly type: IntegerType | FloatType | "bfloat16" | "float8_e4m3fn" | "float8_e5m2" | "boolean";
  readonly size: 1 | 2 | 4 | 8;
  readonly littleEndian: boolean;
}

/** An array in a file. Plain data. */
export interface StoredArray {
  readonly name: string;
  readonly element: ArrayElement;
  readonly shape: readonly number[];
  /** Offset of its first element in the file, or in what a compressed member stands for. */
  readonly offset: number;
  /** Whether the first axis runs fastest (Fortran order); else the last one does (C order). */
  readonly fortran?: true;
  /** The compressed member that it is in. */
  readonly packed?: PackedMember;
}

/** Types that no column has, and the narrowest that holds their values. */
const WIDER: ReadonlyMap<ArrayElement["type"], FloatType> = new Map([
  ["bfloat16", "float32"],
  ["float8_e4m3fn", "float16"],
  ["float8_e5m2", "float16"],
]);

/** The type of the column of an array. */
export function columnTypeOf({ element, shape }: StoredArray): ColumnType {
  const own = WIDER.get(element.type) ?? (element.type as IntegerType | FloatType | "boolean");
  return shape
    .slice(1)
    .reverse()
    .reduce<ColumnType>((type, size) => ({ list: type, size }), own);
}

/**
 * The column of consecutive records of an array.
 *
 * @param begin Ordinal of the first record, for messages.
 * @throws FormatError `bad-value` for a boolean that is neither 0 nor 1.
 */
export function arrayColumn(
  path: string,
  { name, element, shape }: StoredArray,
  bytes: Uint8Array,
  begin: number,
  length: number,
): Column {
  const count = bytes.length / element.size;
  let column = elementColumn(path, name, element, bytes, begin, length);
  let rows = count;
  for (const width of shape.slice(1).reverse()) {
    rows /= width;
    const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * width);
    column = { name, type: "list", length: rows, validity: null, offsets, child: column };
  }
  return column;
}

function elementColumn(
  path: string,
  name: string,
  { type, size, littleEndian }: ArrayElement,
  bytes: Uint8Array,
  begin: number,
  records: number,
): Column {
  const length = bytes.length / size;
  const base = { name, length, validity: null };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = <T extends { [index: number]: unknown }>(values: T, at: (offset: number) => T[number]): T => {
    for (let i = 0; i < length; i++) values[i] = at(i * size);
    return values;
  };
  switch (type) {
    case "boolean": {
      const wrong = bytes.findIndex((byte) => byte > 1);
      if (wrong < 0) return { ...base, type, values: bytes.slice() };
      const record = begin + Math.floor((wrong * records) / length);
      throw new FormatError(
        "bad-value",
        `${path}, record ${record}, column ${JSON.stringify(name)}: ${bytes[wrong]} is no boolean`,
        {
          details: { path, record, column: name },
        },
      );
    }
    case "int8":
      return { ...base, type, values: numbers(new Int8Array(length), (at) => view.getInt8(at)) };
    case "int16":
      return { ...base, type, values: numbers(new Int16Array(length), (at) => view.getInt16(at, littleEndian)) };
    case "int32":
      return { ...base, type, values: numbers(new Int32Array(length), (at) => view.getInt32(at, littleEndian)) };
    case "int64":
      return { ...base, type, values: numbers(new BigInt64Array(length), (at) => view.getBigInt64(at, littleEndian)) };
    case "uint8":
      return { ...base, type, values: bytes.slice() };
    case "uint16":
      return { ...base, type, values: numbers(new Uint16Array(length), (at) => view.getUint16(at, littleEndian)) };
    case "uint32":
      return { ...base, type, values: numbers(new Uint32Array(length), (at) => view.getUint32(at, littleEndian)) };
    case "uint64":
      return {
        ...base,
        type,
        values: numbers(new BigUint64Array(length), (at) => view.getBigUint64(at, littleEndian)),
      };
    case "float16":
      return {
        ...base,
        type,
        values: numbers(new Float32Array(length), (at) => fromHalf(view.getUint16(at, littleEndian))),
      };
    case "bfloat16": {
      const bits = numbers(new Uint32Array(length), (at) => (view.getUint16(at, littleEndian) << 16) >>> 0);
      return { ...base, type: "float32", values: new Float32Array(bits.buffer) };
    }
    case "float8_e4m3fn":
    case "float8_e5m2": {
      const values = numbers(new Float32Array(length), (at) =>
        type === "float8_e5m2" ? fromHalf((bytes[at] as number) << 8) : fromFloat8(bytes[at] as number),
      );
      return { ...base, type: "float16", values };
    }
    case "float32":
      return { ...base, type, values: numbers(new Float32Array(length), (at) => view.getFloat32(at, littleEndian)) };
    case "float64":
      return { ...base, type, values: numbers(new Float64Array(length), (at) => view.getFloat64(at, littleEndian)) };
  }
}

/** The exact value of a float8_e4m3fn. */
function fromFloat8(bits: number): number {
  const exponent = (bits >> 3) & 0xf;
  const fraction = bits & 0x7;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  const size = exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10);
  return bits & 0x80 ? -size : size;
}
