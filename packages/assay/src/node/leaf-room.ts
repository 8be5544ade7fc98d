/** Room on disk for leaves, for the time of one operation. */

import { statSync } from "node:fs";
import type { LeafPoolOptions } from "@assay/manifest";
import { existingFolderAround, openLeafSpace } from "@assay/manifest/node";
import { SourceError } from "@assay/merkle";
import type { Output } from "./options.js";

/** Where leaves go, as building a manifest takes it. */
export type LeafRoom = LeafPoolOptions;

/**
 * Runs `use` with room for leaves and gives it back, whatever happens.
 *
 * @param folder that is written: the room is around it, on the same disk, unless `temp` says otherwise.
 * @throws SourceError `not-found`, `cannot-write` for a `temp` that is no folder; what `use` throws.
 */
export async function withLeafRoom<T>(
  folder: string,
  { temp, maxLeafBytes }: Output,
  use: (room: LeafRoom) => Promise<T>,
): Promise<T> {
  if (temp !== undefined) refuseNoFolder(temp);
  const space = openLeafSpace(temp ?? (await existingFolderAround(folder)));
  try {
    return await use({ space, ...(maxLeafBytes !== undefined && { maxLeafBytes }) });
  } finally {
    await space.close();
  }
}

/** A wrong name is told before an hour of work, not after. */
function refuseNoFolder(temp: string): void {
  const found = statSync(temp, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  throw found === undefined
    ? new SourceError("not-found", `--temp ${temp}: there is no such folder`, { details: { path: temp } })
    : new SourceError("cannot-write", `--temp ${temp}: it is no folder`, { details: { path: temp } });
}
