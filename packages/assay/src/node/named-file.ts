/** A file that the user named by an option: what is wrong with it is told by the option's name. */

import { readFile } from "node:fs/promises";
import { SourceError } from "@assay/merkle";

/**
 * Reads a file that an option names.
 *
 * @throws SourceError `not-found`, `is-a-directory`, `permission-denied`, `cannot-read`.
 */
export async function readNamedFile(option: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const [name, why] = Object.hasOwn(REASONS, code ?? "")
      ? (REASONS[code as keyof typeof REASONS] as (typeof REASONS)["ENOENT"])
      : (["cannot-read", message] as const);
    throw new SourceError(name, `${option} ${path}: ${why}`, { cause, details: { option, path } });
  }
}

const REASONS = {
  ENOENT: ["not-found", "there is no such file"],
  EISDIR: ["is-a-directory", "it is a folder, and a file is wanted"],
  EACCES: ["permission-denied", "the system does not allow it to be read"],
} as const;
