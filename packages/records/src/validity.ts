/** Bitmaps of which values are present, as Arrow lays them out, and checks of what a file calls text. */

import { FormatError } from "@assay/merkle";
import { findInvalidUtf8 } from "./utf8.js";

/** Where a value stands, for messages. */
export interface ColumnPlace {
  readonly path: string;
  readonly column: string;
  /** Ordinal in the file of the first record that is looked at; inside lists values have none. */
  readonly firstRecord: number | null;
}

/** Bits `[begin, end)` moved to the front; `null` when all of them are set. */
export function sliceBits(bits: Uint8Array, begin: number, end: number): Uint8Array | null {
  const count = end - begin;
  const out = new Uint8Array((count + 7) >> 3);
  const shift = begin & 7;
  const from = Math.floor(begin / 8);
  for (let index = 0; index < out.length; index++) {
    out[index] =
      ((bits[from + index] as number) >> shift) | (shift === 0 ? 0 : (bits[from + index + 1] ?? 0) << (8 - shift));
  }
  if ((count & 7) !== 0) out[out.length - 1] = (out[out.length - 1] as number) & (0xff >> (8 - (count & 7)));
  for (let index = 0; index < count >> 3; index++) if (out[index] !== 0xff) return out;
  if ((count & 7) !== 0 && out[out.length - 1] !== 0xff >> (8 - (count & 7))) return out;
  return null;
}

/** A refusal of one value of a column. */
export function badValue(
  code: FormatError["code"],
  { path, column, firstRecord }: ColumnPlace,
  index: number,
  reason: string,
): FormatError {
  const record = firstRecord === null ? {} : { record: firstRecord + index };
  const where = firstRecord === null ? "" : `, record ${firstRecord + index}`;
  return new FormatError(code, `${path}, column ${JSON.stringify(column)}${where}: ${reason}`, {
    details: { path, column, ...record },
  });
}

/** Refuses text that is not UTF-8 (`invalid-utf8`). Value i is `data[offsets[i], offsets[i+1])`. */
export function refuseInvalidUtf8(
  data: Uint8Array,
  offsets: Int32Array,
  validity: Uint8Array | null,
  place: ColumnPlace,
): void {
  const count = offsets.length - 1;
  const begin = offsets[0] as number;
  const end = offsets[count] as number;
  if (findInvalidUtf8(data, begin, end) < 0) {
    // All of it is UTF-8; what is left is a value that ends inside a character.
    let whole = true;
    for (let index = 1; index < count; index++) {
      if (((data[offsets[index] as number] ?? 0) & 0xc0) === 0x80 && (offsets[index] as number) < end) whole = false;
    }
    if (whole) return;
  }
  for (let index = 0; index < count; index++) {
    if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
    if (findInvalidUtf8(data, offsets[index] as number, offsets[index + 1] as number) >= 0) {
      throw badValue("invalid-utf8", place, index, "the text is not UTF-8; store it as bytes, or as UTF-8");
    }
  }
}

/** Values that are no time of a day are refused: 24:00:00 and beyond, and negative ones. */
export function refuseOutsideDay(seconds: BigInt64Array, validity: Uint8Array | null, place: ColumnPlace): void {
  for (let index = 0; index < seconds.length; index++) {
    const second = seconds[index] as bigint;
    if (second >= 0n && second < 86_400n) continue;
    if (validity !== null && ((validity[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
    throw badValue("bad-value", place, index, `${second} seconds is no time of a day`);
  }
}
