/**
 * Record proofs (`docs/spec/proofs.md`): this record is number *index* of that file of the data set. Two inclusion
 * proofs, and the file entry between them. Checked against the header of a verified manifest, never against what the
 * proof brings along.
 */

import {
  equalBytes,
  fromHex,
  type InclusionProof,
  isDigestHex,
  parseProofFile,
  readInclusionProof,
  toHex,
  type UnreadProof,
  VerificationError,
  verifyInclusion,
} from "@assay/merkle";
import { leafKeyId, leafOf, saltOf } from "@assay/records";
import { readBound } from "./bound.js";
import { checkEntry, entryLeaf, type FileEntry } from "./entry.js";
import { faultOfFields, isJsonObject } from "./fields.js";
import type { ManifestHeader } from "./header.js";

export const RECORD_PROOF_FORMAT = "assay-record-proof/v1";

/** The content of a record proof file. Not verified. */
export interface RecordProof {
  readonly format: typeof RECORD_PROOF_FORMAT;
  /** The entry is in the data set. */
  readonly dataset: InclusionProof;
  readonly entry: FileEntry;
  /** The record is in the file. */
  readonly record: InclusionProof;
  /** Salt of a keyed leaf, 64 hex digits: shows one record without the key. */
  readonly salt?: string;
}

export interface VerifyRecordProofOptions {
  /** Bytes of the record that the caller holds; several where files differ in type: one of them must be it. */
  readonly record?: Uint8Array | readonly Uint8Array[];
  /** The leaf that the caller holds, when it holds no record: 32 bytes. */
  readonly leaf?: Uint8Array;
  /** The leaf key, when the caller has it. */
  readonly leafKey?: Uint8Array;
}

/** What a record proof that holds says. Only {@link verifyRecordProof} makes it. */
export interface VerifiedRecord {
  readonly path: string;
  /** Number of the record in its file, from 0. */
  readonly ordinal: number;
  /** 32 bytes. */
  readonly leaf: Uint8Array;
  readonly entry: FileEntry;
  /** Whether it was compared with what the caller holds. Without that, `leaf` is an answer and confirms nothing. */
  readonly confirmed: boolean;
}

/**
 * Reads a record proof file. Says nothing about its truth.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`; codes of the entry.
 */
export function parseRecordProof(bytes: Uint8Array): RecordProof {
  return checkRecordProof(parseProofFile(bytes));
}

/** Takes a JSON value for a record proof, or throws as {@link parseRecordProof} does. */
export function checkRecordProof(value: unknown): RecordProof {
  const fields = checkProofFormat(value, RECORD_PROOF_FORMAT);
  const fault = faultOfFields(fields, ["format", "dataset", "entry", "record"], ["salt"]);
  if (fault !== undefined) throw malformedRecordProof(fault);
  if (fields.salt !== undefined && !isDigestHex(fields.salt)) throw malformedSalt();
  if (!isJsonObject(fields.entry)) throw malformedRecordProof("entry is not an object");
  const dataset = readInclusionProof(fields.dataset);
  const record = readInclusionProof(fields.record);
  const entry = readBound(() => checkEntry(fields.entry));
  const salt = fields.salt === undefined ? {} : { salt: checkSalt(fields.salt, entry) };
  return { format: RECORD_PROOF_FORMAT, dataset, entry, record, ...salt };
}

/** The object of a proof with the format that is expected: `malformed-proof`, `unknown-format`. */
export function checkProofFormat(value: unknown, format: string): Record<string, unknown> {
  if (!isJsonObject(value)) throw malformedRecordProof("it is not an object");
  if (!Object.hasOwn(value, "format")) throw malformedRecordProof('field "format" is missing');
  if (value.format === format) return value;
  throw new VerificationError(
    "unknown-format",
    `The proof has the format ${JSON.stringify(value.format)}; expected is ${format}`,
    { details: { format: value.format, expected: [format] } },
  );
}

/** A salt, which only a keyed leaf has. */
export function checkSalt(value: unknown, entry: FileEntry): string {
  if (!isDigestHex(value)) throw malformedSalt();
  if (entry.leafKey === undefined) throw malformedRecordProof("it has a salt, and its entry no leaf key");
  return value;
}

function malformedSalt(): VerificationError {
  return malformedRecordProof("salt is not 64 lower-case hex digits");
}

/** The form of a record proof, or of a records proof, is broken. */
export function malformedRecordProof(fault: string): VerificationError {
  return new VerificationError("malformed-proof", `The record proof is malformed: ${fault}`);
}

/**
 * Verifies a record proof, in the order of the specification.
 *
 * @param proof as it was read; its form is checked here.
 * @param header `leaf` and `dataset` of a verified manifest.
 * @throws VerificationError `malformed-proof`, `unknown-format`, `malformed-entry`, `bad-path`,
 *   `unsupported-leaf-format`, `leaf-format-mismatch`, `size-mismatch`, `leaf-mismatch`, `index-out-of-range`,
 *   `proof-length`, `root-mismatch`, `leaf-key-mismatch`, `leaf-key-missing`; `FormatError` `leaf-key-too-short`.
 * @example
 * const { path, ordinal } = verifyRecordProof(parseRecordProof(bytes), header, { record: recordBytes });
 */
export function verifyRecordProof(
  proof: RecordProof | UnreadProof,
  header: Pick<ManifestHeader, "leaf" | "dataset">,
  { record, leaf, leafKey }: VerifyRecordProofOptions = {},
): VerifiedRecord {
  const checked = checkRecordProof(proof);
  const { entry } = checked;
  if (entry.leafFormat !== header.leaf.format || entry.leafKey !== header.leaf.keyId) {
    throw new VerificationError("leaf-format-mismatch", "The leaves of the proof are not made as the manifest says", {
      details: { expected: header.leaf, actual: { format: entry.leafFormat, keyId: entry.leafKey ?? null } },
    });
  }
  if (checked.dataset.tree !== "dataset" || checked.record.tree !== "records") {
    throw malformedRecordProof('dataset.tree must be "dataset", and record.tree "records"');
  }
  const datasetHead = { size: header.dataset.files, root: fromHex(header.dataset.root) };
  verifyInclusion(checked.dataset, datasetHead, { leaf: entryLeaf(entry) });
  const verified = verifyInclusion(checked.record, { size: entry.records, root: fromHex(entry.root) });
  const found = { path: entry.path, ordinal: verified.index, leaf: verified.leaf, entry };
  if (leaf !== undefined && !equalBytes(leaf, verified.leaf)) throw anotherLeaf(verified.leaf);
  if (record === undefined) return { ...found, confirmed: leaf !== undefined };
  const candidates = record instanceof Uint8Array ? [record] : record;
  const isProven = recordTest(entry, checked.salt, verified.leaf, leafKey);
  if (!candidates.some(isProven)) throw anotherLeaf(verified.leaf);
  return { ...found, confirmed: true };
}

/** Whether a record has the proven leaf: plainly, by the key (and a salt that is shown must be right), or by the salt. */
export function recordTest(
  entry: FileEntry,
  salt: string | undefined,
  leaf: Uint8Array,
  leafKey: Uint8Array | undefined,
): (record: Uint8Array) => boolean {
  if (entry.leafKey === undefined) return (record) => equalBytes(leafOf(record), leaf);
  if (leafKey !== undefined) {
    const id = leafKeyId(leafKey);
    if (id !== entry.leafKey) {
      throw new VerificationError(
        "leaf-key-mismatch",
        `The leaf key has the id ${id}, and the leaves were made with ${entry.leafKey}`,
        {
          details: { expected: entry.leafKey, actual: id },
        },
      );
    }
    return (record) => {
      const right = saltOf(record, leafKey);
      return (salt === undefined || toHex(right) === salt) && equalBytes(leafOf(record, right), leaf);
    };
  }
  if (salt === undefined) {
    throw new VerificationError(
      "leaf-key-missing",
      "The leaves are keyed: neither the leaf key nor a salt in the proof is at hand",
      {
        details: { leafKey: entry.leafKey },
      },
    );
  }
  const shown = fromHex(salt);
  return (record) => equalBytes(leafOf(record, shown), leaf);
}

function anotherLeaf(actual: Uint8Array): VerificationError {
  return new VerificationError("leaf-mismatch", `The proof is about another record: its leaf is ${toHex(actual)}`, {
    details: { actual: toHex(actual) },
  });
}
