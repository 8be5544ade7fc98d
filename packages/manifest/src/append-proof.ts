/**
 * Append proofs (`docs/spec/proofs.md`): files of one data set are in a later one, each with its records first and in their
 * order, and perhaps others behind them. Where they are all files of the first, nothing of it was changed or taken away.
 *
 * Two range proofs of entries, and a consistency proof for each file that grew: checked against the headers of two verified
 * manifests, without either data set.
 */

import {
  type ConsistencyProof,
  fromHex,
  isAssayError,
  type LeafRange,
  proveConsistency,
  proveConsistencyFromTiles,
  proveRanges,
  type RangeProof,
  type ReadTile,
  rangesOf,
  readConsistencyProof,
  readRangeProof,
  type UnreadProof,
  VerificationError,
  verifyConsistency,
  verifyRanges,
} from "@assay/merkle";
import { readBound } from "./bound.js";
import { checkEntry, entryLeaf, entryLeaves, type FileEntry } from "./entry.js";
import { faultOfFields, isJsonObject } from "./fields.js";
import type { LeafSpec, ManifestHeader } from "./header.js";
import { isSameLeaf } from "./lineage.js";
import { compareText } from "./path.js";
import { checkProofFormat } from "./record-proof.js";

export const APPEND_PROOF_FORMAT = "assay-append-proof/v1";

/** A file in both data sets. */
export interface AppendedFile {
  readonly earlier: FileEntry;
  readonly later: FileEntry;
  /** Where the later file has more records, and the earlier had some. */
  readonly consistency?: ConsistencyProof;
}

/** The content of an append proof file. Not verified. */
export interface AppendProof {
  readonly format: typeof APPEND_PROOF_FORMAT;
  /** The earlier entries are in the first data set. */
  readonly earlier: RangeProof;
  /** At least one, ascending by path. */
  readonly files: readonly AppendedFile[];
  /** The later entries are in the second data set. */
  readonly later: RangeProof;
}

/** A side of the proof that is to be made. */
export interface AppendedSide {
  readonly header: ManifestHeader;
  readonly entries: readonly FileEntry[];
  /** Reads the tiles of a records root; rejects with `not-kept` where there is none. */
  readonly tilesOf?: (root: string) => ReadTile;
  readonly leavesOf?: (path: string) => Promise<Uint8Array | undefined>;
}

/** What an append proof that holds says. Only {@link verifyAppend} makes it. */
export interface VerifiedAppend {
  readonly files: readonly { readonly path: string; readonly before: number; readonly after: number }[];
  /** Whether these are all files of the first data set. */
  readonly isWhole: boolean;
}

/**
 * Proves that files were only appended to, from tiles where they are kept, else from the leaves of the files that grew.
 *
 * @param paths files of the first data set. Default all.
 * @throws RangeError for a path that the first data set has not, or none; VerificationError `file-missing`, `size-order`,
 *   `root-mismatch` where something else was done to a file; SourceError `not-kept`.
 */
export async function proveAppend(
  first: Pick<AppendedSide, "header" | "entries">,
  second: AppendedSide,
  paths?: readonly string[],
): Promise<AppendProof> {
  const chosen = paths === undefined ? first.entries : first.entries.filter(({ path }) => paths.includes(path));
  if (chosen.length === 0 || (paths !== undefined && chosen.length !== new Set(paths).size))
    throw new RangeError("proveAppend() paths must be of files that the first data set has, at least one");
  const placeOf = new Map(second.entries.map(({ path }, i) => [path, i]));
  const files: AppendedFile[] = [];
  for (const earlier of chosen) {
    const later = second.entries[placeOf.get(earlier.path) ?? -1];
    if (later === undefined)
      throw new VerificationError("file-missing", `The second data set has no ${JSON.stringify(earlier.path)}`, {
        details: { path: earlier.path },
      });
    if (isGrown(earlier, later))
      files.push({ earlier, later, consistency: await consistencyOf(earlier, later, second) });
    else files.push({ earlier, later });
  }
  const places = (side: readonly FileEntry[], some: readonly FileEntry[]): readonly LeafRange[] => {
    const wanted = new Set(some.map(({ path }) => path));
    return rangesOf(side.flatMap(({ path }, i) => (wanted.has(path) ? [i] : [])));
  };
  const tree = { tree: "dataset" } as const;
  const proof: AppendProof = {
    format: APPEND_PROOF_FORMAT,
    earlier: proveRanges(entryLeaves(first.entries), places(first.entries, chosen), tree),
    files,
    later: proveRanges(entryLeaves(second.entries), places(second.entries, chosen), tree),
  };
  verifyAppend(proof, first.header, second.header);
  return proof;
}

/** There is something to prove: records were there, and there are more. */
function isGrown(earlier: FileEntry, later: FileEntry): boolean {
  return later.records > earlier.records && earlier.records > 0;
}

const headOf = ({ records, root }: FileEntry) => ({ size: records, root: fromHex(root) });

async function consistencyOf(earlier: FileEntry, later: FileEntry, second: AppendedSide): Promise<ConsistencyProof> {
  let missing: unknown;
  try {
    if (second.tilesOf !== undefined)
      return await proveConsistencyFromTiles(second.tilesOf(later.root), headOf(later), headOf(earlier));
  } catch (error) {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
    missing = error;
  }
  const leaves = await second.leavesOf?.(later.path);
  if (leaves === undefined) throw missing ?? new RangeError("proveAppend() second must have tilesOf or leavesOf");
  return proveConsistency(leaves, earlier.records);
}

/** Takes a JSON value for an append proof: `malformed-proof`, `unknown-format`, codes of the entries. */
export function checkAppendProof(value: unknown): AppendProof {
  const fields = checkProofFormat(value, APPEND_PROOF_FORMAT);
  const fault = faultOfFields(fields, ["format", "earlier", "files", "later"]);
  if (fault !== undefined) throw malformed(fault);
  const [earlier, later] = [readRangeProof(fields.earlier), readRangeProof(fields.later)];
  if (!Array.isArray(fields.files) || fields.files.length === 0) throw malformed("files is no array of at least one");
  const files = fields.files.map(checkFile);
  for (const [name, { leaves, tree }] of Object.entries({ earlier, later })) {
    if (tree !== "dataset") throw malformed(`${name}.tree must be "dataset"`);
    if (leaves.length !== files.length)
      throw malformed(`it has ${files.length} files, and ${name} ${leaves.length} leaves`);
  }
  for (let i = 1; i < files.length; i++) {
    const [before, { earlier: entry }] = [files[i - 1], files[i]] as [AppendedFile, AppendedFile];
    if (compareText(before.earlier.path, entry.path) >= 0) throw malformed("files do not ascend by path");
  }
  return { format: APPEND_PROOF_FORMAT, earlier, files, later };
}

function checkFile(value: unknown): AppendedFile {
  if (!isJsonObject(value)) throw malformed("a file is not an object");
  const fault = faultOfFields(value, ["earlier", "later"], ["consistency"]);
  if (fault !== undefined) throw malformed(fault);
  const [earlier, later] = [value.earlier, value.later].map((entry) => {
    if (!isJsonObject(entry)) throw malformed("an entry is not an object");
    return readBound(() => checkEntry(entry));
  }) as [FileEntry, FileEntry];
  if (earlier.path !== later.path) throw malformed("the entries of a file have two paths");
  if ((value.consistency !== undefined) !== isGrown(earlier, later))
    throw malformed("consistency is for files that had records and have more, and for these always");
  return value.consistency === undefined
    ? { earlier, later }
    : { earlier, later, consistency: readConsistencyProof(value.consistency) };
}

function malformed(fault: string): VerificationError {
  return new VerificationError("malformed-proof", `The append proof is malformed: ${fault}`);
}

/**
 * Verifies an append proof, in the order of the specification.
 *
 * @param proof as it was read; its form is checked here.
 * @param first `leaf` and `dataset` of the verified manifest of the first data set; `second` of the later one.
 * @throws VerificationError `malformed-proof`, `unknown-format`, codes of the entries, `leaf-format-mismatch`, `size-mismatch`,
 *   `leaf-mismatch`, `index-out-of-range`, `proof-length`, `root-mismatch`, `size-order`.
 * @example
 * const { files, isWhole } = verifyAppend(parseProofFile(bytes), before.header, after.header);
 */
export function verifyAppend(
  proof: AppendProof | UnreadProof,
  first: Pick<ManifestHeader, "leaf" | "dataset">,
  second: Pick<ManifestHeader, "leaf" | "dataset">,
): VerifiedAppend {
  const { earlier, files, later } = checkAppendProof(proof);
  if (!isSameLeaf(first.leaf, second.leaf)) throw otherLeaves(first, second.leaf);
  checkEntries(
    files.map((file) => file.earlier),
    earlier,
    first,
  );
  checkEntries(
    files.map((file) => file.later),
    later,
    second,
  );
  for (const { earlier: before, later: after, consistency } of files) {
    const path = before.path;
    if (after.records < before.records)
      throw new VerificationError("size-order", `${path} had ${before.records} records, and has ${after.records}`, {
        details: { path, from: before.records, to: after.records },
      });
    if (consistency !== undefined) verifyConsistency(consistency, headOf(before), headOf(after));
    else if (before.records > 0 && before.root !== after.root)
      throw new VerificationError("root-mismatch", `The records of ${path} are others`, {
        details: { path, expected: before.root, actual: after.root },
      });
  }
  return {
    files: files.map(({ earlier: { path, records }, later: { records: after } }) => ({ path, before: records, after })),
    isWhole: files.length === first.dataset.files,
  };
}

/** The entries are in the data set, and their leaves made as it says. */
function checkEntries(
  entries: readonly FileEntry[],
  proof: RangeProof,
  header: Pick<ManifestHeader, "leaf" | "dataset">,
): void {
  const leaves = new Uint8Array(32 * entries.length);
  for (const [i, entry] of entries.entries()) {
    const made = { format: entry.leafFormat, ...(entry.leafKey === undefined ? {} : { keyId: entry.leafKey }) };
    if (!isSameLeaf(made, header.leaf)) throw otherLeaves(header, made);
    leaves.set(entryLeaf(entry), 32 * i);
  }
  verifyRanges(proof, { size: header.dataset.files, root: fromHex(header.dataset.root) }, { leaves });
}

function otherLeaves({ leaf }: Pick<ManifestHeader, "leaf">, actual: LeafSpec): VerificationError {
  return new VerificationError("leaf-format-mismatch", "The leaves of the two data sets are not made alike", {
    details: { expected: leaf, actual },
  });
}
