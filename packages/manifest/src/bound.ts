/**
 * What a root or a digest binds and does not parse does not match it: its format error becomes a verification error with
 * the same code, so that a damaged artefact ends with exit code 2 and never looks like a mere mistake in the input.
 */

import { type FormatError, isAssayError, VerificationError } from "@assay/merkle";

/** The error to throw for a bound artefact: a `FormatError` as `VerificationError`, everything else as it is. */
export function asMismatch(error: unknown): unknown {
  if (!isAssayError(error) || error.name !== "FormatError") return error;
  const { code, message, details } = error as FormatError;
  return new VerificationError(code, message, { details, cause: error });
}

/**
 * Reads a bound artefact.
 *
 * @example
 * const entries = readBound(() => parseEntries(bytes)); // VerificationError malformed-entry
 */
export function readBound<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asMismatch(error);
  }
}

/** {@link readBound} for what is read step by step. */
export async function readBoundAsync<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asMismatch(error);
  }
}
