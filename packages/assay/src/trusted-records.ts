/** Records that are trusted to be good, in files of their own: the data hold each of them too. */

import type { CheckRunPredicate } from "@assay/provenance";
import { type Executor, hashSource, type ScannedSource, type Source, scanSource } from "@assay/records";
import { UsageError } from "./usage-error.js";

export interface ReadTrustedRecords {
  /** 32 bytes a record. */
  readonly leaves: Uint8Array;
  /** The files by name and digest, as the check-run statement lists what was read besides the data. */
  readonly inputs: CheckRunPredicate["inputs"];
}

/**
 * Reads trusted records with the types, nulls and dialect of the data, so that equal records have equal leaves whatever a few
 * of them would be inferred to be.
 *
 * Cost: the files are read twice; 32 bytes of memory a record.
 *
 * @throws UsageError when they hold no record; FormatError for what cannot be read with the types of the data.
 */
export async function readTrustedRecords(
  source: Source,
  data: ScannedSource,
  { leafKey, ...work }: { readonly leafKey?: Uint8Array; readonly executor: Executor; readonly signal?: AbortSignal },
): Promise<ReadTrustedRecords> {
  // Splits belong to the data; a part of them need not have any.
  const { splits: _, ...reading } = data.reading;
  const scanned = await scanSource(source, { ...work, leafFormat: data.leafFormat, reading });
  if (scanned.records === 0) throw new UsageError(`trusted: ${source.name} holds no record`);
  const leaves = new Uint8Array(32 * scanned.records);
  let end = 0;
  for await (const part of hashSource(scanned, { ...work, ...(leafKey !== undefined && { leafKey }) })) {
    leaves.set(part.leaves, end);
    end += part.leaves.length;
  }
  return {
    leaves,
    inputs: scanned.files.map(({ file, index }) => ({ name: file.path, use: "trusted", sha256: index.bytes })),
  };
}
