/**
 * Rows of bytes put together from columns: file entries, the records of files, the lines of a list. There may be millions of them
 * in which little differs, so nothing is made for each: texts of a column are encoded in one call, and rows are joined by one loop.
 */

import { FormatError } from "@assay/merkle";
import { encodeUtf8 } from "./utf8.js";

/** Byte strings: value i is `data[offsets[i], offsets[i+1])`. */
export interface ByteColumn {
  readonly data: Uint8Array;
  readonly offsets: Uint32Array;
}

/** Most bytes of a column: what its offsets can say. */
const MAX_COLUMN_BYTES = 2 ** 32 - 1;

/**
 * Texts as UTF-8.
 *
 * @throws FormatError `invalid-utf8` for a lone surrogate, `limit-exceeded` from 4 GiB on.
 */
export function utf8Column(texts: readonly string[]): ByteColumn {
  const offsets = new Uint32Array(texts.length + 1);
  const joined = texts.join("");
  if (/[\ud800-\udfff]/.test(joined)) return joinedColumn(texts.map(encodeUtf8));
  const data = encodeUtf8(joined);
  if (data.length > MAX_COLUMN_BYTES) throw tooLong();
  const isAscii = data.length === joined.length;
  let at = 0;
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] as string;
    at += isAscii ? text.length : utf8Length(text);
    offsets[i + 1] = at;
  }
  return { data, offsets };
}

/** Bytes of a text without surrogates. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) length += unit > 0x7ff ? 2 : 1;
  }
  return length;
}

function joinedColumn(values: readonly Uint8Array[]): ByteColumn {
  const offsets = new Uint32Array(values.length + 1);
  let size = 0;
  for (const [i, value] of values.entries()) {
    size += value.length;
    if (size > MAX_COLUMN_BYTES) throw tooLong();
    offsets[i + 1] = size;
  }
  const data = new Uint8Array(size);
  for (const [i, value] of values.entries()) data.set(value, offsets[i]);
  return { data, offsets };
}

function tooLong(): FormatError {
  return new FormatError("limit-exceeded", "The texts of a column have more than 4 GiB", {
    details: { limit: "columnBytes", value: MAX_COLUMN_BYTES },
  });
}

/** What a row is made of: bytes that are the same in each row, or a value of a column. */
export type RowPiece = Uint8Array | ByteColumn;

/**
 * Rows, one behind the other: row i is `arena[offsets[i], offsets[i+1])`.
 *
 * @param pieces of each row, in order.
 */
export function joinRows(
  count: number,
  pieces: readonly RowPiece[],
): { readonly arena: Uint8Array; readonly offsets: Float64Array } {
  const data = pieces.map((piece) => (piece instanceof Uint8Array ? piece : piece.data));
  const tables = pieces.map((piece) => (piece instanceof Uint8Array ? null : piece.offsets));
  const size = tables.reduce((sum, table, k) => sum + (table?.[count] ?? count * (data[k] as Uint8Array).length), 0);
  const arena = new Uint8Array(size);
  const offsets = new Float64Array(count + 1);
  for (let i = 0, at = 0; i < count; i++) {
    for (let k = 0; k < data.length; k++)
      at = copyPiece(data[k] as Uint8Array, tables[k] as Uint32Array | null, i, arena, at);
    offsets[i + 1] = at;
  }
  return { arena, offsets };
}

function copyPiece(data: Uint8Array, table: Uint32Array | null, i: number, arena: Uint8Array, begin: number): number {
  const end = table === null ? data.length : (table[i + 1] as number);
  let at = begin;
  // A call costs more than copying a few bytes here.
  for (let from = table === null ? 0 : (table[i] as number); from < end; from++) arena[at++] = data[from] as number;
  return at;
}
