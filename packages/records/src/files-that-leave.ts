/** What leaves a data set with records of its metadata files: the pictures that nothing else names. */

import { type ReadSourceOptions, readBatches } from "./hash-source.js";
import { filesOfNames } from "./named-files.js";
import type { ScannedSource } from "./source.js";

/**
 * Indices of the files that only records name which leave: nobody who reads what stays would find them, and whoever lists the folder
 * would.
 *
 * @param removed Index of a file in the source → its records that leave.
 * @throws as `readBatches` does.
 */
export async function filesThatLeave(
  scanned: ScannedSource,
  removed: ReadonlyMap<number, readonly number[]>,
  options: ReadSourceOptions,
): Promise<Set<number>> {
  const leaving = new Set<number>();
  const isConcerned = [...removed].some(([i, ordinals]) => ordinals.length > 0 && scanned.files[i]?.index.named);
  if (!isConcerned) return leaving;
  const staying = new Set<number>();
  const files = new Map(scanned.files.map(({ file }, i) => [file.path, i]));
  for (const [i, { file, index }] of scanned.files.entries()) {
    const { named, ...plain } = index;
    if (named === undefined) continue;
    const gone = new Set(removed.get(i));
    const columns = named.map(({ from }) => from);
    for await (const placed of readBatches({ ...scanned, files: [{ file, index: plain }] }, { ...options, columns })) {
      const isGone = (row: number): boolean => gone.has(placed.begin + row);
      for (const meant of filesOfNames(file.path, named, placed, files, isGone).values()) leaving.add(meant);
      for (const meant of filesOfNames(file.path, named, placed, files, (row) => !isGone(row)).values())
        staying.add(meant);
    }
  }
  for (const i of staying) leaving.delete(i);
  for (const i of leaving) if (scanned.files[i]?.file.format !== "other") leaving.delete(i);
  return leaving;
}
