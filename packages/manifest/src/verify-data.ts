/**
 * Verification of a manifest with the data at hand, steps 3 and 4 (`docs/spec/manifest.md`, "Verification"). Stored bytes
 * are compared first: what then fails in reading is the consequence of that difference, never an error of its own.
 */

import { equalBytes, isAssayError, type SetTree, toHex, treeRoot, VerificationError } from "@assay/merkle";
import { BLOCK_RECORDS, leafKeyId, matchesPattern, type Source, type SourceFile } from "@assay/records";
import type { FileEntry } from "./entry.js";
import type { ManifestHeader } from "./header.js";
import { blockRoots } from "./kept.js";
import { compareText } from "./path.js";
import { collectAsStated, type ReadDataOptions, readData, scanAsStated } from "./read-data.js";
import { verifySet } from "./verify.js";

export interface InspectDataOptions extends ReadDataOptions {
  /** Ask only whether the records are the same, however they are stored. Default false. */
  readonly onlySet?: boolean;
  /** Roots of the blocks of 65,536 records of a file, when tiles were kept: they tell where a difference begins. */
  readonly blocksOf?: (entry: FileEntry) => Promise<Uint8Array | undefined>;
}

/** What was found out about one file. */
export interface FileVerdict {
  readonly path: string;
  /** `unexpected`: not in the manifest, nor ignored by it. `none`: a stream, which has no stored bytes. */
  readonly bytes: "same" | "changed" | "missing" | "unexpected" | "none";
  readonly records: "same" | "changed" | "not-checked";
  /** The first block of 65,536 records that differs, when tiles were kept: records begin … end (exclusive). */
  readonly block?: { readonly begin: number; readonly end: number };
}

/** What was found out about the data. */
export interface DataVerdict {
  /** Ascending by path. */
  readonly files: readonly FileVerdict[];
  /** Whether the set (and each split) was computed from the data and is the one of the manifest. */
  readonly set: "same" | "changed" | "not-checked";
  /** The first fault, in the order of the specification; absent when the data are those of the manifest. */
  readonly fault?: VerificationError;
  /** Leaves of each file that was read, 32 bytes each. */
  readonly leaves: ReadonlyMap<string, Uint8Array>;
}

/**
 * Compares data with a verified manifest and says what is different. A difference is a verdict, not an exception.
 *
 * @param entries of {@link verifyEntries}.
 * @param source the data, as they are now. They are read with the `reading` of the manifest, whatever the source says.
 * @throws VerificationError `leaf-key-missing`, `leaf-key-mismatch`; SourceError when a file cannot be read or changes
 *   while it is read; FormatError `limit-exceeded`, `unsupported-type`, `unknown-format`; the reason of `signal`.
 * @example
 * const { fault, files } = await inspectData(header, entries, source);
 */
export async function inspectData(
  header: ManifestHeader,
  entries: readonly FileEntry[],
  source: Source,
  options: InspectDataOptions = {},
): Promise<DataVerdict> {
  checkLeafKeyOf(header, options.leafKey);
  return options.onlySet === true
    ? inspectSet(header, source, options)
    : inspectFiles(header, entries, source, options);
}

/**
 * {@link inspectData} that throws its first fault.
 *
 * @throws VerificationError `file-missing`, `file-unexpected`, `bytes-mismatch`, `records-root-mismatch`,
 *   `set-root-mismatch`, `count-mismatch`, `split-root-mismatch`; and what {@link inspectData} throws.
 */
export async function verifyData(
  header: ManifestHeader,
  entries: readonly FileEntry[],
  source: Source,
  options: InspectDataOptions = {},
): Promise<DataVerdict> {
  const verdict = await inspectData(header, entries, source, options);
  if (verdict.fault !== undefined) throw verdict.fault;
  return verdict;
}

/** Refuses to check keyed leaves without their key. */
export function checkLeafKeyOf({ leaf }: ManifestHeader, leafKey: Uint8Array | undefined): void {
  if (leaf.keyId === undefined) return;
  if (leafKey === undefined) {
    throw new VerificationError(
      "leaf-key-missing",
      "The leaves are keyed: give the leaf key (--leaf-key) to check the data",
      {
        details: { leafKey: leaf.keyId },
      },
    );
  }
  const actual = leafKeyId(leafKey);
  if (actual === leaf.keyId) return;
  throw new VerificationError(
    "leaf-key-mismatch",
    `The leaf key has the id ${actual}, and the leaves were made with ${leaf.keyId}`,
    {
      details: { expected: leaf.keyId, actual },
    },
  );
}

/** Only the set: files may have other names, formats and orders. */
async function inspectSet(header: ManifestHeader, source: Source, options: InspectDataOptions): Promise<DataVerdict> {
  const scanned = await scanAsStated(header, source, options);
  const { leaves, set } = await collectAsStated(header, scanned, options, false);
  const byPath = new Map(scanned.files.map(({ file }, i) => [file.path, leaves[i] as Uint8Array]));
  const fault = faultOf(() => verifySet(header, set));
  return {
    files: [],
    set: fault === undefined ? "same" : "changed",
    leaves: byPath,
    ...(fault === undefined ? {} : { fault }),
  };
}

async function inspectFiles(
  header: ManifestHeader,
  entries: readonly FileEntry[],
  source: Source,
  options: InspectDataOptions,
): Promise<DataVerdict> {
  const stored = new Map(source.files.map((file) => [file.path, file]));
  const known = new Set(entries.map(({ path }) => path));
  const present: { entry: FileEntry; file: SourceFile }[] = [];
  for (const entry of entries) {
    const file = stored.get(entry.path);
    if (file !== undefined) present.push({ entry, file: storedFile(entry, file) });
  }
  const files = present.map(({ file }) => file);
  const found = await readData(
    header,
    { ...source, files },
    present.map(({ entry }) => entry),
    options,
  );
  const verdicts: FileVerdict[] = [];
  // In the order of the specification: all of one step before the next.
  const faults: VerificationError[] = [];
  for (const entry of entries) {
    const { path } = entry;
    if (entry.format === "stream") verdicts.push({ path, bytes: "none", records: "not-checked" });
    else if (!stored.has(path)) {
      verdicts.push({ path, bytes: "missing", records: "not-checked" });
      faults.push(fileMissing(entry));
    }
  }
  const ignored = header.reading.ignored ?? [];
  for (const { path } of source.files) {
    if (known.has(path) || ignored.some((pattern) => matchesPattern(pattern, path))) continue;
    verdicts.push({ path, bytes: "unexpected", records: "not-checked" });
    faults.push(
      new VerificationError("file-unexpected", `The file ${path} is not in the manifest`, { details: { path } }),
    );
  }
  const recordFaults: VerificationError[] = [];
  for (const [i, { entry }] of present.entries()) {
    const { path } = entry;
    const bytes = found.digests[i] as { size: number; bytes: string };
    const isSame = bytes.size === entry.size && bytes.bytes === entry.bytes;
    if (!isSame) faults.push(bytesMismatch(entry, bytes));
    const leaves = found.leaves.get(path);
    if (leaves === undefined) {
      verdicts.push({ path, bytes: isSame ? "same" : "changed", records: "not-checked" });
      continue;
    }
    const root = toHex(treeRoot(leaves));
    const records = leaves.length / 32 === entry.records && root === entry.root ? "same" : "changed";
    const block = records === "same" ? undefined : await firstDifference(entry, leaves, options);
    if (records === "changed") recordFaults.push(recordsMismatch(entry, leaves.length / 32, root, block));
    verdicts.push({ path, bytes: isSame ? "same" : "changed", records, ...(block === undefined ? {} : { block }) });
  }
  if (found.unreadable !== undefined) recordFaults.push(found.unreadable);
  const isWhole = verdicts.every(({ records }) => records !== "not-checked");
  const setFault =
    isWhole && found.set !== undefined
      ? faultOf(() => verifySet(header, found.set as SetTree, found.splits))
      : undefined;
  const fault = [...faults, ...recordFaults, setFault].find((error) => error !== undefined);
  return {
    files: verdicts.sort((a, b) => compareText(a.path, b.path)),
    set: !isWhole || found.set === undefined ? "not-checked" : setFault === undefined ? "same" : "changed",
    leaves: found.leaves,
    ...(fault === undefined ? {} : { fault }),
  };
}

/** The refusal of a file of the manifest that is not there. */
export function fileMissing({ path }: FileEntry): VerificationError {
  return new VerificationError("file-missing", `The file ${path} of the manifest is not there`, { details: { path } });
}

/** A stored file as the manifest says it is read: a renamed or guessed format would read other records. */
export function storedFile({ format }: FileEntry, file: SourceFile): SourceFile {
  return { ...file, format: format as SourceFile["format"] };
}

/** The refusal of stored bytes that are not those of the manifest. */
export function bytesMismatch(
  { path, size, bytes }: FileEntry,
  actual: { readonly size: number; readonly bytes: string },
): VerificationError {
  const what =
    actual.size === size ? `the digest ${actual.bytes}, expected ${bytes}` : `${actual.size} bytes, expected ${size}`;
  return new VerificationError("bytes-mismatch", `The file ${path} is not the one of the manifest: it has ${what}`, {
    details: { path, expected: { size, bytes: bytes ?? null }, actual: { size: actual.size, bytes: actual.bytes } },
  });
}

/** The refusal of records that are not those of the manifest; `block` is where they differ first. */
export function recordsMismatch(
  entry: FileEntry,
  records: number,
  root: string,
  block: FileVerdict["block"],
): VerificationError {
  const { path } = entry;
  const where = block === undefined ? "" : `. The first difference is in records ${block.begin} to ${block.end - 1}`;
  return new VerificationError(
    "records-root-mismatch",
    `The ${records} records of ${path} have the root ${root}, expected ${entry.records} with ${entry.root}${where}`,
    {
      details: {
        path,
        expected: { records: entry.records, root: entry.root },
        actual: { records, root },
        ...(block === undefined ? {} : { block }),
      },
    },
  );
}

/** The first block whose root is another, or that only one side has. */
async function firstDifference(
  entry: FileEntry,
  leaves: Uint8Array,
  { blocksOf }: InspectDataOptions,
): Promise<FileVerdict["block"]> {
  const kept = await blocksOf?.(entry);
  if (kept === undefined) return undefined;
  const actual = blockRoots(leaves);
  const blocks = Math.max(kept.length, actual.length) / 32;
  for (let i = 0; i < blocks; i++) {
    if (equalBytes(kept.subarray(32 * i, 32 * i + 32), actual.subarray(32 * i, 32 * i + 32))) continue;
    const begin = BLOCK_RECORDS * i;
    return { begin, end: Math.min(begin + BLOCK_RECORDS, Math.max(entry.records, leaves.length / 32)) };
  }
  return undefined;
}

function faultOf(verify: () => void): VerificationError | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (isAssayError(error) && error.name === "VerificationError") return error as VerificationError;
    throw error;
  }
}
