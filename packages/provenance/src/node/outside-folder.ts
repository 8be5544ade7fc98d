/** Trust never comes from what is judged: a policy, a trusted key or a leaf key may not lie in the folder, nor in its parents' folders. */

import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { SourceError, TrustError } from "@assay/merkle";

/**
 * Throws when a file lies inside one of the folders, also by way of links.
 *
 * @param file policy, trusted key or leaf key
 * @param folders the folder that is judged and its parents' folders
 * @param what for the message, such as `the policy`
 * @throws TrustError `unknown-signer` when it lies inside; SourceError when one of the paths is not there
 * @example
 * await assertOutsideFolder("policy.json", ["train.assay"], "the policy");
 */
export async function assertOutsideFolder(file: string, folders: readonly string[], what = "the file"): Promise<void> {
  // Both the place where the name stands and where a link leads: an adversary in the folder controls either.
  const target = await real(file);
  const place = resolve(await real(dirname(resolve(file))), resolve(file).split(sep).at(-1)!);
  for (const folder of folders) {
    const root = await real(folder);
    if (!isInside(target, root) && !isInside(place, root)) continue;
    throw new TrustError(
      "unknown-signer",
      `Cannot trust ${what} "${file}": it lies in the folder that is judged, "${folder}". Whoever made the folder could have made it too; keep it elsewhere.`,
      { details: { path: file, folder } },
    );
  }
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

async function real(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = (error as { code?: string }).code === "ENOENT" ? "not-found" : "cannot-read";
    throw new SourceError(code, `Cannot find "${path}": ${(error as Error).message}.`, {
      details: { path },
      cause: error,
    });
  }
}
