/** Room on disk for leaves, for the time of one operation. */

import type { LeafPoolOptions } from "@assay/manifest";
import { existingFolderAround, openLeafSpace } from "@assay/manifest/node";
import type { Output } from "./options.js";

/** Where leaves go, as building a manifest takes it. */
export type LeafRoom = LeafPoolOptions;

/**
 * Runs `use` with room for leaves and gives it back, whatever happens.
 *
 * @param folder that is written: the room is around it, on the same disk, unless `temp` says otherwise.
 * @throws SourceError `not-found`, `cannot-write`, `permission-denied` for a `temp` that cannot be used; what `use` throws.
 */
export async function withLeafRoom<T>(
  folder: string,
  { temp, maxLeafBytes }: Output,
  use: (room: LeafRoom) => Promise<T>,
): Promise<T> {
  const space = openLeafSpace(temp ?? (await existingFolderAround(folder)));
  // A folder that was named and cannot be used is told before an hour of work, not after.
  if (temp !== undefined) await space.reserve(0);
  try {
    return await use({ space, ...(maxLeafBytes !== undefined && { maxLeafBytes }) });
  } finally {
    await space.close();
  }
}
