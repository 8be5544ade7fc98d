/**
 * Reading data for verification: with the `reading` and the leaf format of the manifest, and where that fails by stored
 * bytes alone, so that a changed file is found to be changed even when it cannot be parsed any more.
 */

import { isAssayError, type SetTree, toHex, treeRoot, VerificationError } from "@assay/merkle";
import {
  type Executor,
  type Kinds,
  type Progress,
  type ScannedSource,
  type Source,
  scanSource,
  schemaDigest,
} from "@assay/records";
import { collectLeaves } from "./collect-leaves.js";
import type { FileEntry } from "./entry.js";
import type { ManifestHeader } from "./header.js";
import { setOfLeaves } from "./kept.js";

export interface ReadDataOptions {
  /** Needed for keyed leaves. */
  readonly leafKey?: Uint8Array;
  /** Where the work runs. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What could be read, file by file. */
export interface ReadFiles {
  /** Of each file of the source. */
  readonly digests: readonly { readonly size: number; readonly bytes: string }[];
  readonly leaves: ReadonlyMap<string, Uint8Array>;
  /** Over all files; absent when some could not be read. */
  readonly set?: SetTree;
  readonly splits?: ReadonlyMap<string, SetTree>;
  /** Stored bytes are those of the manifest, and its `reading` cannot read them. */
  readonly unreadable?: VerificationError;
}

/**
 * Reads every file with the reading of the manifest; where that fails, compares stored bytes alone and reads what is intact.
 *
 * @param entries of the files of the source, in their order.
 */
export async function readData(
  header: ManifestHeader,
  source: Source,
  entries: readonly FileEntry[],
  options: ReadDataOptions,
): Promise<ReadFiles> {
  let failure: unknown;
  try {
    const scanned = await scanAsStated(header, source, options);
    const digests = scanned.files.map(({ index }) => ({ size: index.size, bytes: index.bytes }));
    return { digests, ...(await readScanned(header, scanned, entries, options)) };
  } catch (error) {
    if (!isAssayError(error) || error.name !== "FormatError") throw error;
    failure = error;
  }
  const digests = await digestFiles(source, options);
  const intact = entries.map((entry, i) => digests[i]?.size === entry.size && digests[i]?.bytes === entry.bytes);
  if (intact.every((same) => same)) return { digests, leaves: new Map(), unreadable: unreadable(failure) };
  try {
    const files = source.files.filter((_, i) => intact[i]);
    const scanned = await scanAsStated(header, { ...source, files }, options);
    const { leaves } = await readScanned(
      header,
      scanned,
      entries.filter((_, i) => intact[i]),
      options,
    );
    return { digests, leaves };
  } catch (error) {
    if (!isAssayError(error) || error.name !== "FormatError") throw error;
    return { digests, leaves: new Map() };
  }
}

async function readScanned(
  header: ManifestHeader,
  scanned: ScannedSource,
  entries: readonly FileEntry[],
  options: ReadDataOptions,
): Promise<Omit<ReadFiles, "digests">> {
  const { leaves, kinds, set, splits } = await collectAsStated(header, scanned, options, true);
  const wrong = entries.find(
    ({ schema }, i) => schema !== undefined && toHex(schemaDigest(kinds[i] as Kinds)) !== schema,
  );
  const isSameRecords = (entry: FileEntry, i: number) => toHex(treeRoot(leaves[i] as Uint8Array)) === entry.root;
  const lie = wrong !== undefined && isSameRecords(wrong, entries.indexOf(wrong)) ? schemaMismatch(wrong) : undefined;
  const byPath = new Map(scanned.files.map(({ file }, i) => [file.path, leaves[i] as Uint8Array]));
  return { leaves: byPath, set, splits, ...(lie === undefined ? {} : { unreadable: lie }) };
}

function schemaMismatch({ path, schema }: FileEntry): VerificationError {
  return new VerificationError(
    "schema-digest-mismatch",
    `The columns of ${path} are not of the kinds that the manifest says`,
    {
      details: { path, expected: schema ?? null },
    },
  );
}

function unreadable(cause: unknown): VerificationError {
  // What this version cannot read, and caps, say nothing about the manifest.
  const { code, message, details } = cause as VerificationError;
  if (["limit-exceeded", "unknown-format", "unsupported-leaf-format", "unsupported-type"].includes(code)) throw cause;
  return new VerificationError(
    "records-root-mismatch",
    `The stored bytes are those of the manifest, but cannot be read as it says: ${message}`,
    {
      details,
      cause,
    },
  );
}

/** Scans data as the manifest says they are read. */
export async function scanAsStated(
  header: ManifestHeader,
  source: Source,
  { executor, signal, onProgress }: ReadDataOptions,
): Promise<ScannedSource> {
  return scanSource(source, {
    reading: header.reading,
    leafFormat: header.leaf.format,
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/** Hashes all records as the manifest says leaves are made. */
export async function collectAsStated(
  header: ManifestHeader,
  scanned: ScannedSource,
  options: ReadDataOptions,
  withSplits: boolean,
) {
  const { leafKey, executor, signal, onProgress } = options;
  const rule = withSplits ? header.reading.splits : undefined;
  const { leaves, kinds, splits } = await collectLeaves(scanned, {
    leafFormat: header.leaf.format,
    ...(leafKey === undefined || header.leaf.keyId === undefined ? {} : { leafKey }),
    ...(rule === undefined ? {} : { splits: rule }),
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const splitSets = new Map([...splits].map(([name, pieces]) => [name, setOfLeaves(pieces)]));
  return { leaves, kinds, set: setOfLeaves(leaves), splits: splitSets };
}

/** Sizes and digests of stored files, whatever is in them. */
async function digestFiles(source: Source, { executor, signal }: ReadDataOptions): Promise<ReadFiles["digests"]> {
  const files = source.files.map((file) => ({ ...file, format: "other" as const }));
  const scanned = await scanSource(
    { ...source, files, schema: {} },
    {
      ...(executor === undefined ? {} : { executor }),
      ...(signal === undefined ? {} : { signal }),
    },
  );
  return scanned.files.map(({ index }) => ({ size: index.size, bytes: index.bytes }));
}
