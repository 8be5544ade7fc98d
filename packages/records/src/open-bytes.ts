/** Opens a file of a source wherever it is: in memory, or by its location. Used by tasks, here and on workers. */

import { askUrl, isHttpUrl } from "./http-request.js";
import { openContent } from "./memory-source.js";
import type { ByteSource } from "./reader.js";
import { openRemote } from "./remote-file.js";
import type { SourceFile } from "./source.js";

/** A file of a source as a file of random access. Close it in the end. */
export async function openFile(file: SourceFile, signal?: AbortSignal): Promise<ByteSource> {
  if (file.content !== undefined) return openContent(file.path, file.content);
  const remote = { ...file.remote, ...(signal === undefined ? {} : { signal }) };
  if (isHttpUrl(file.location)) return openRemote(askUrl(file.location), file, remote);
  // Found at run time only, so that a bundle for browsers does not hold what needs Node.
  const node = (await import(
    /* @vite-ignore */ new URL("./node.js", import.meta.url).href
  )) as typeof import("./node.js");
  return node.openBytes(file);
}

/** Opens a file, runs some work on it, and lets it go whatever happens. */
export async function withFile<T>(
  file: SourceFile,
  work: (bytes: ByteSource) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const bytes = await openFile(file, signal);
  try {
    return await work(bytes);
  } finally {
    await bytes.close?.();
  }
}
