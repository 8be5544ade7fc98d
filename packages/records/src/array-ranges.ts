/** Where the records of an array stand in its file. */

import type { StoredArray } from "./array-column.js";
import type { ByteRange } from "./file-windows.js";

/** Bytes of one record. */
export function bytesOfRow({ shape, element }: StoredArray): number {
  return shape.slice(1).reduce((product, length) => product * length, element.size);
}

/** Runs of consecutive bytes in which some of its records stand. */
export function runsOf({ shape, fortran }: StoredArray): number {
  return fortran === true ? shape.slice(1).reduce((product, length) => product * length, 1) : 1;
}

/** The bytes of consecutive records, ascending: one range, or one for each element of a record where the first axis runs fastest. */
export function rangesOf(array: StoredArray, begin: number, end: number): ByteRange[] {
  const { offset, shape, element } = array;
  const bytes = bytesOfRow(array);
  const records = shape[0] as number;
  if (array.fortran !== true || end - begin === records)
    return [{ begin: offset + begin * bytes, end: offset + end * bytes }];
  return Array.from({ length: runsOf(array) }, (_, run) => {
    const first = offset + element.size * records * run;
    return { begin: first + element.size * begin, end: first + element.size * end };
  });
}
