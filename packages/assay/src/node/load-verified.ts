/** Records of a sealed data set for code that learns from them: each is proven before it is handed out. */

import { type ProvenRecord, readKeptBlocks, verifiedRecords } from "@assay/manifest";
import { matchesPattern } from "@assay/records";
import { openDataOf } from "./data.js";
import { openIntact, type TrustChoice } from "./open-folder.js";

export interface LoadVerifiedOptions extends TrustChoice {
  /** Where the data are. Default: beside the folder, as `assay run` found them. */
  readonly data?: string;
  /** Patterns of paths: only these files. Default all. */
  readonly only?: readonly string[];
  /** For keyed leaves. */
  readonly leafKey?: Uint8Array;
  readonly signal?: AbortSignal;
}

/**
 * Opens a folder that `assay run` or `assay manifest` wrote and yields the records of its data, in file and record order, each
 * after it was proven; stops at the first lie.
 *
 * With `policy` or `trust`, the folder must be trusted before the first record is read; without, it must be intact.
 *
 * @param target The folder, or its manifest.json.
 * @throws TrustError, VerificationError or FormatError for a folder that may not be trusted, before any record; while iterating, what
 * `verifiedRecords` of `@assay/manifest` throws.
 * @example
 * for await (const record of loadVerified("train.assay", { trust: "release.pub.pem" })) train(record.value());
 */
export async function* loadVerified(
  target: string,
  { data, only, leafKey, signal, ...trust }: LoadVerifiedOptions = {},
): AsyncGenerator<ProvenRecord, void, undefined> {
  const work = signal === undefined ? {} : { signal };
  const { directory, opened } = await openIntact(target, trust, work);
  const { header, entries, folder } = opened;
  // A server is asked only for what is wanted; what a metadata file names is among the others.
  const wanted =
    only === undefined || header.reading.metadata === true
      ? entries
      : entries.filter(({ path }) => only.some((pattern) => matchesPattern(pattern, path)));
  const { source } = await openDataOf(directory, header, wanted.length > 0 ? wanted : entries, data, work);
  yield* verifiedRecords(header, entries, source, {
    blocksOf: (entry) => readKeptBlocks(folder, entry, work),
    ...(only !== undefined && { only }),
    ...(leafKey !== undefined && { leafKey }),
    ...work,
  });
}
