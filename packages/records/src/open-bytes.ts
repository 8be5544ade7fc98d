/** Opens a file of a source wherever it is: in memory, or by its location. Used by tasks, here and on workers. */

import { askUrl, isHttpUrl, isS3Location } from "./http-request.js";
import { openContent } from "./memory-source.js";
import type { ByteSource } from "./reader.js";
import { openRemote } from "./remote-file.js";
import type { SourceFile } from "./source.js";

/** A file of a source as a file of random access. Close it in the end. */
export async function openFile(file: SourceFile, signal?: AbortSignal): Promise<ByteSource> {
  if (file.content !== undefined) return openContent(file.path, file.content);
  const remote = { ...file.remote, ...(signal === undefined ? {} : { signal }) };
  if (isS3Location(file.location)) {
    const { askS3 } = await import("./s3-request.js");
    // Storage replaces objects as a whole: what carries the entity tag is of that object, and need not be asked for again.
    const { check: _, ...bytes } = openRemote(askS3(file.location), file, remote);
    return bytes;
  }
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
