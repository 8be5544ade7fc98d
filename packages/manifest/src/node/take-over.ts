/** Files of an earlier folder that belong into the one that is written as they are: linked where that goes, never read. */

import { closeSync, constants, copyFileSync, fsyncSync, linkSync, lstatSync, openSync } from "node:fs";
import { SourceError } from "@assay/merkle";
import type { TakenOverFile } from "../earlier.js";
import { checkPath, checkWritablePath } from "../path.js";
import { type FoldersMade, placeIn } from "./folders-made.js";

/** Files of another folder that belong into one as they are. */
export interface TakenOver {
  readonly directory: string;
  readonly files: Iterable<TakenOverFile>;
}

/**
 * Takes over files of another folder, and yields the path of each before it does. A link costs the system a name; where there can be none (another file system, too
 * many), the bytes are copied, which some file systems do without copying.
 */
export function* takeOver(
  folders: FoldersMade,
  { directory, files }: TakenOver,
  signal: AbortSignal | undefined,
): Generator<string> {
  let canLink = true;
  for (const { path, from } of files) {
    signal?.throwIfAborted();
    for (const name of [path, from]) checkPath(name);
    checkWritablePath(path);
    yield path;
    const [source, target] = [placeIn(directory, from), folders.placeFor(path)];
    canLink &&= linked(source, target);
    if (canLink) continue;
    // A copy would follow what became a link since it was listed.
    if (!lstatSync(source).isFile())
      throw new SourceError("cannot-read", `Cannot take over ${source}: it is no regular file`, {
        details: { path: source },
      });
    copyFileSync(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = openSync(target, "r+");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

/** Whether a link could be made; not where the file system has none, or not that many. */
function linked(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "ENOSYS", "EACCES"].includes(code ?? "")) return false;
    throw error;
  }
}
