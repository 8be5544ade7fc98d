/** A file that the user named by an option: what is wrong with it is told by the option's name. */

import { readFile, writeFile } from "node:fs/promises";
import { isAssayError, SourceError } from "@assay/merkle";

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

/**
 * Opens a file that an option names.
 *
 * @throws SourceError with the option in front and in its details; whatever else `open` throws, as it is.
 */
export async function openNamedFile<T>(option: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (!isAssayError(cause) || cause.name !== "SourceError") throw cause;
    throw new SourceError(cause.code as "not-found", `${option}: ${cause.message}`, {
      cause,
      details: { ...cause.details, option },
    });
  }
}

const REASONS = {
  ENOENT: ["not-found", "there is no such file"],
  EISDIR: ["is-a-directory", "it is a folder, and a file is wanted"],
  EACCES: ["permission-denied", "the system does not allow it to be read"],
} as const;

/** Writes a proof where `-o` says. */
export async function writeProof(path: string, proof: string): Promise<void> {
  try {
    await writeFile(path, proof);
  } catch (cause) {
    throw new SourceError("cannot-write", `-o ${path}: ${(cause as Error).message}`, { cause, details: { path } });
  }
}
