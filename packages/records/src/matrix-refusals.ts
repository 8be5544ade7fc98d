/** The refusals of a file of numbers. */

import { FormatError } from "@assay/merkle";

/** A matrix that cannot be taken. `reason` is a clause that says why, and the way out. */
export function badMatrix(path: string, reason: string, details: Readonly<Record<string, unknown>> = {}): FormatError {
  return new FormatError("bad-matrix", `${path} cannot be read as a matrix: ${reason}`, {
    details: { path, ...details },
  });
}

/** Refuses a matrix that would take more memory than is allowed, before it is allocated. */
export function refuseLargeMatrix(path: string, rows: number, columns: number, bytes: number, maxBytes: number): void {
  if (rows * columns * bytes <= maxBytes) return;
  throw new FormatError(
    "limit-exceeded",
    `${path}: ${rows} rows of ${columns} columns need ${rows * columns * bytes} bytes, more than maxMatrixBytes (${maxBytes}). Raise it, or store fewer columns`,
    { details: { path, limit: "maxMatrixBytes", value: maxBytes } },
  );
}
