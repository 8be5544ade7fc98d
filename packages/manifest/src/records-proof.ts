/**
 * Proofs of many records at once (`docs/spec/proofs.md`, "Records proof"): these records are at these places of these
 * files of the data set. One range proof over the file entries, and for each file its entry and one range proof over its
 * leaves, so that every node that two records share is shown once.
 */

import {
  fromHex,
  type LeafRange,
  parseProofFile,
  type RangeProof,
  readRangeProof,
  toHex,
  type UnreadProof,
  VerificationError,
  verifyRanges,
} from "@assay/merkle";
import { readBound } from "./bound.js";
import { checkEntry, entryLeaf, type FileEntry } from "./entry.js";
import { faultOfFields, isJsonObject } from "./fields.js";
import type { ManifestHeader } from "./header.js";
import { checkProofFormat, checkSalt, malformedRecordProof, recordTest } from "./record-proof.js";

export const RECORDS_PROOF_FORMAT = "assay-records-proof/v1";

/** The proven records of one file. */
export interface ProvenFile {
  readonly entry: FileEntry;
  /** The records are in the file. */
  readonly records: RangeProof;
  /** Salts of keyed leaves, one for each record, 64 hex digits: shows these records without the key. */
  readonly salts?: readonly string[];
}

/** The content of a records proof file. Not verified. */
export interface RecordsProof {
  readonly format: typeof RECORDS_PROOF_FORMAT;
  /** The entries are in the data set. */
  readonly dataset: RangeProof;
  /** In the order of their places in the dataset tree, each once. */
  readonly files: readonly ProvenFile[];
}

export interface VerifyRecordsProofOptions {
  /**
   * What the caller holds, in the order of the places: for each record its bytes, or several readings of which one must
   * be it. Default: nothing; then the leaves are an answer and confirm nothing.
   */
  readonly records?: readonly (Uint8Array | readonly Uint8Array[])[];
  /** The leaf key, when the caller has it. */
  readonly leafKey?: Uint8Array;
}

/** One of the records that a records proof shows. */
export interface VerifiedPlace {
  readonly path: string;
  /** Number of the record in its file, from 0. */
  readonly ordinal: number;
  /** 32 bytes. */
  readonly leaf: Uint8Array;
}

/** What a records proof that holds says. Only {@link verifyRecordsProof} makes it. */
export interface VerifiedRecords {
  /** Ascending by file, then ordinal. */
  readonly places: readonly VerifiedPlace[];
  /** Whether all of them were compared with what the caller holds. */
  readonly confirmed: boolean;
}

/**
 * Reads a records proof file. Says nothing about its truth.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`; codes of the entries.
 */
export function parseRecordsProof(bytes: Uint8Array): RecordsProof {
  return checkRecordsProof(parseProofFile(bytes));
}

/** Takes a JSON value for a records proof, or throws as {@link parseRecordsProof} does. */
export function checkRecordsProof(value: unknown): RecordsProof {
  const fields = checkProofFormat(value, RECORDS_PROOF_FORMAT);
  const fault = faultOfFields(fields, ["format", "dataset", "files"]);
  if (fault !== undefined) throw malformedRecordProof(fault);
  const dataset = readRangeProof(fields.dataset);
  if (!Array.isArray(fields.files)) throw malformedRecordProof("files is not an array");
  const files = fields.files.map(checkFile);
  if (files.length !== dataset.leaves.length)
    throw malformedRecordProof(`it has ${files.length} files, and dataset ${dataset.leaves.length} leaves`);
  return { format: RECORDS_PROOF_FORMAT, dataset, files };
}

function checkFile(value: unknown): ProvenFile {
  if (!isJsonObject(value)) throw malformedRecordProof("a file is not an object");
  const fault = faultOfFields(value, ["entry", "records"], ["salts"]);
  if (fault !== undefined) throw malformedRecordProof(fault);
  if (!isJsonObject(value.entry)) throw malformedRecordProof("entry is not an object");
  const records = readRangeProof(value.records);
  const entry = readBound(() => checkEntry(value.entry));
  if (value.salts === undefined) return { entry, records };
  if (!Array.isArray(value.salts) || value.salts.length !== records.leaves.length)
    throw malformedRecordProof("salts are not one for each record");
  return { entry, records, salts: value.salts.map((salt) => checkSalt(salt, entry)) };
}

/**
 * Verifies a records proof, in the order of the specification.
 *
 * @param proof as it was read; its form is checked here.
 * @param header `leaf` and `dataset` of a verified manifest.
 * @throws VerificationError with the codes of `verifyRecordProof`; `leaf-mismatch` also when the caller holds another
 *   number of records than the proof shows.
 * @example
 * const { places } = verifyRecordsProof(parseRecordsProof(bytes), header, { records });
 */
export function verifyRecordsProof(
  proof: RecordsProof | UnreadProof,
  header: Pick<ManifestHeader, "leaf" | "dataset">,
  { records, leafKey }: VerifyRecordsProofOptions = {},
): VerifiedRecords {
  const { dataset, files } = checkRecordsProof(proof);
  for (const { entry } of files) {
    if (entry.leafFormat === header.leaf.format && entry.leafKey === header.leaf.keyId) continue;
    throw new VerificationError("leaf-format-mismatch", "The leaves of the proof are not made as the manifest says", {
      details: { expected: header.leaf, actual: { format: entry.leafFormat, keyId: entry.leafKey ?? null } },
    });
  }
  if (dataset.tree !== "dataset" || files.some((file) => file.records.tree !== "records")) {
    throw malformedRecordProof('dataset.tree must be "dataset", and records.tree "records"');
  }
  const entries = new Uint8Array(32 * files.length);
  for (const [i, { entry }] of files.entries()) entries.set(entryLeaf(entry), 32 * i);
  verifyRanges(dataset, { size: header.dataset.files, root: fromHex(header.dataset.root) }, { leaves: entries });
  const places: VerifiedPlace[] = [];
  for (const { entry, records: inFile } of files) {
    const head = { size: entry.records, root: fromHex(entry.root) };
    const { ranges, leaves } = verifyRanges(inFile, head);
    for (const [i, ordinal] of [...ordinalsOf(ranges)].entries())
      places.push({ path: entry.path, ordinal, leaf: leaves.subarray(32 * i, 32 * i + 32) });
  }
  if (records === undefined) return { places, confirmed: false };
  if (records.length !== places.length) {
    throw new VerificationError(
      "leaf-mismatch",
      `The proof is about ${places.length} records, and ${records.length} are held against it`,
      { details: { expected: records.length, actual: places.length } },
    );
  }
  let next = 0;
  for (const { entry, records: inFile, salts } of files) {
    for (const [i] of inFile.leaves.entries()) {
      const place = places[next] as VerifiedPlace;
      const held = records[next++] as Uint8Array | readonly Uint8Array[];
      const isProven = recordTest(entry, salts?.[i], place.leaf, leafKey);
      if ((held instanceof Uint8Array ? [held] : held).some(isProven)) continue;
      throw new VerificationError(
        "leaf-mismatch",
        `Record ${place.ordinal} of ${JSON.stringify(place.path)} is another one than the ${next}. that is held: its leaf is ${toHex(place.leaf)}`,
        { details: { path: place.path, ordinal: place.ordinal, actual: toHex(place.leaf) } },
      );
    }
  }
  return { places, confirmed: true };
}

/** The ordinals of ranges, one by one. */
export function* ordinalsOf(ranges: readonly LeafRange[]): Generator<number> {
  for (const [begin, end] of ranges) for (let ordinal = begin; ordinal < end; ordinal++) yield ordinal;
}
