/** Opens a file of a source wherever it is: in memory, or by its location. Used by tasks, here and on workers. */

import { SourceError } from "@assay/merkle";
import { openContent } from "./memory-source.js";
import type { ByteSource } from "./reader.js";
import type { SourceFile } from "./source.js";

/** A file of a source as a file of random access. Close it in the end. */
export async function openFile(file: SourceFile): Promise<ByteSource> {
  if (file.content !== undefined) return openContent(file.path, file.content);
  if (/^https?:/.test(file.location)) {
    throw new SourceError(
      "cannot-read",
      `${file.path}: sources behind ${file.location} cannot be read yet. Download the file first`,
      {
        details: { path: file.path, location: file.location },
      },
    );
  }
  // Found at run time only, so that a bundle for browsers does not hold what needs Node.
  const node = (await import(
    /* @vite-ignore */ new URL("./node.js", import.meta.url).href
  )) as typeof import("./node.js");
  return node.openBytes(file);
}

/** Opens a file, runs some work on it, and lets it go whatever happens. */
export async function withFile<T>(file: SourceFile, work: (bytes: ByteSource) => Promise<T>): Promise<T> {
  const bytes = await openFile(file);
  try {
    return await work(bytes);
  } finally {
    await bytes.close?.();
  }
}
