/** The cap on arrays of a file, each of which is a column. */

import { FormatError } from "@assay/merkle";

/** Refuses more arrays than `maxColumns`. */
export function checkColumnCount(path: string, count: number, maxColumns: number): void {
  if (count <= maxColumns) return;
  throw new FormatError(
    "limit-exceeded",
    `${path} has ${count} arrays, more than maxColumns (${maxColumns}). Raise it`,
    {
      details: { path, limit: "maxColumns", value: maxColumns },
    },
  );
}
