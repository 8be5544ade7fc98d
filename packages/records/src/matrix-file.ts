/** Opens a local file that holds a matrix. */

import { open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { SourceError } from "@assay/merkle";
import { formatByContent, formatByName, HEAD_BYTES } from "./format-detection.js";
import { identityOf, systemError } from "./local-file.js";
import type { Source } from "./source.js";

/**
 * A file as a source of one file for `readMatrix`. A name that says nothing is no reason to refuse it: its first bytes are
 * looked at when it is read.
 *
 * @param path A file of the local file system; relative to the working directory.
 * @throws SourceError `not-found`, `is-a-directory`, `permission-denied`, `cannot-read`.
 */
export async function openMatrixFile(path: string): Promise<Source> {
  const location = resolve(path);
  const stats = await stat(location, { bigint: true }).catch((error) => Promise.reject(systemError(error, path)));
  if (stats.isDirectory())
    throw new SourceError("is-a-directory", `Cannot read ${path}: it is a folder where a file is expected`, {
      details: { path },
    });
  if (!stats.isFile())
    throw new SourceError("cannot-read", `Cannot read ${path}: it is no file. Write what it gives to a file first`, {
      details: { path },
    });
  const handle = await open(location, "r").catch((error) => Promise.reject(systemError(error, path)));
  const head = new Uint8Array(HEAD_BYTES);
  try {
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const name = basename(location);
    const format = formatByName(name) ?? (await formatByContent(head.subarray(0, bytesRead))) ?? "other";
    const file = { path: name, format, size: Number(stats.size), location, identity: identityOf(stats) };
    return { name, files: [file], schema: {}, dialect: {}, ignored: [], warnings: [] };
  } catch (error) {
    throw systemError(error, path);
  } finally {
    await handle.close();
  }
}
