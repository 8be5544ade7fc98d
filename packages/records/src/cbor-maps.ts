/**
 * Many maps in deterministic CBOR (`cbor.ts`) that all have the same keys, from a column for each key: nothing is made for each
 * map. File entries and the records of files are such maps, and there may be millions.
 */

import { fromHex } from "@assay/merkle";
import { ByteArena } from "./byte-arena.js";
import { type ByteColumn, joinRows, type RowPiece, utf8Column } from "./byte-rows.js";
import { encodeCbor, encodeKey, MAJOR, writeHead } from "./cbor.js";
import { compareBytes } from "./utf8.js";

/** One key and its value in each map: texts, integers that are safe and not negative, or digests as lower-case hex digits. */
export type CborField =
  | { readonly name: string; readonly texts: readonly string[] }
  | { readonly name: string; readonly integers: readonly number[] }
  | { readonly name: string; readonly digests: readonly string[] };

/**
 * Encodes maps.
 *
 * @param fields in any order, each of as many values as there are maps.
 * @returns Map i is `arena[offsets[i], offsets[i+1])`.
 * @throws RangeError for a number that is no safe integer from 0 on, for what is no digest, and for columns of different lengths;
 * FormatError `invalid-utf8`.
 * @example
 * encodeCborMaps([{ name: "a", integers: [1, 2] }]).arena; // a1 6161 01 a1 6161 02
 */
export function encodeCborMaps(fields: readonly CborField[]): {
  readonly arena: Uint8Array;
  readonly offsets: Float64Array;
} {
  const columns = fields
    .map((field) => ({ key: encodeKey(field.name), values: valuesOf(field), field }))
    .sort((left, right) => compareBytes(left.key, right.key));
  const count = columns[0]?.values.length ?? 0;
  if (columns.some(({ values }) => values.length !== count))
    throw new RangeError("fields: their columns must have the same length");
  const head = new ByteArena(9);
  writeHead(head, MAJOR.map, columns.length);
  const pieces = [head.toBytes(), ...columns.flatMap(({ key, field }): RowPiece[] => [key, ...piecesOf(field)])];
  return joinRows(count, pieces);
}

function valuesOf(field: CborField): readonly (string | number)[] {
  return "texts" in field ? field.texts : "digests" in field ? field.digests : field.integers;
}

function piecesOf(field: CborField): RowPiece[] {
  if ("integers" in field) {
    const { integers } = field;
    const wrong = integers.find((value) => !Number.isSafeInteger(value) || value < 0);
    if (wrong !== undefined) throw new RangeError(`fields: ${wrong} is no safe integer from 0 on`);
    return isConstant(integers) ? [encodeCbor(integers[0])] : [headColumn(MAJOR.unsigned, integers)];
  }
  if ("digests" in field) {
    const { digests } = field;
    return [DIGEST_HEAD, isConstant(digests) ? digestColumn(digests.slice(0, 1)).data : digestColumn(digests)];
  }
  // Formats and schemas are mostly the same everywhere.
  if (isConstant(field.texts)) return [encodeCbor(field.texts[0])];
  const texts = utf8Column(field.texts);
  const lengths = field.texts.map((_, i) => (texts.offsets[i + 1] as number) - (texts.offsets[i] as number));
  return [headColumn(MAJOR.text, lengths), texts];
}

function isConstant<T>(values: readonly T[]): values is readonly [T, ...T[]] {
  return values.length > 0 && values.every((value) => value === values[0]);
}

function headColumn(major: number, values: readonly number[]): ByteColumn {
  const arena = new ByteArena(2 * values.length);
  const offsets = new Uint32Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    writeHead(arena, major, values[i] as number);
    offsets[i + 1] = arena.length;
  }
  return { data: arena.bytes, offsets };
}

const DIGEST_BYTES = 32;
const DIGEST_HEAD = new Uint8Array([MAJOR.bytes | 24, DIGEST_BYTES]);

function digestColumn(digests: readonly string[]): ByteColumn {
  const wrong = digests.find((digest) => digest.length !== 2 * DIGEST_BYTES);
  if (wrong !== undefined)
    throw new RangeError(`fields: ${JSON.stringify(wrong)} is no digest of ${DIGEST_BYTES} bytes`);
  const offsets = Uint32Array.from({ length: digests.length + 1 }, (_, i) => DIGEST_BYTES * i);
  return { data: fromHex(digests.join("")), offsets };
}
