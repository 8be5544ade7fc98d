/** The column that names the splits must be there: said before the data is hashed. */

import { columnsOf, isJson, type ScannedSource, type SplitRule } from "@assay/records";
import { UsageError } from "./usage-error.js";

/** Refuses a split rule by a column that no file can have, naming those there are. */
export function refuseUnknownSplit({ files }: ScannedSource, splits: SplitRule | undefined): void {
  if (splits === undefined || !("column" in splits)) return;
  // What columns a JSON file has is known only when it is read.
  if (files.some(({ index }) => isJson(index.format)) || files.every(({ index }) => index.records === 0)) return;
  const names = [...new Set(files.flatMap(({ index }) => columnsOf(index).map(({ name }) => name)))].sort();
  if (!names.includes(splits.column))
    throw new UsageError(
      `split: there is no column ${JSON.stringify(splits.column)}; the columns are ${names.map((name) => JSON.stringify(name)).join(", ")}`,
    );
}
