/**
 * Proof files: the RFC 8785 form of one object and one LF, UTF-8 without BOM. A reader accepts no other bytes, so a
 * proof has one spelling (`docs/spec/proofs.md`, "Form").
 */

import { canonicalJson } from "./canonical-json.js";
import { CONSISTENCY_PROOF_FORMAT, type ConsistencyProof, readConsistencyProof } from "./consistency-proof.js";
import { VerificationError } from "./errors.js";
import { INCLUSION_PROOF_FORMAT, type InclusionProof, readInclusionProof } from "./inclusion-proof.js";
import { proofFormatOf, type UnreadProof, unknownFormat } from "./proof-form.js";
import { RANGE_PROOF_FORMAT, type RangeProof, readRangeProof } from "./range-proof.js";
import { readSetProof, SET_PROOF_FORMAT, type SetProof } from "./set-proof.js";
import { readSetUpdate, SET_UPDATE_FORMAT, type SetUpdate } from "./set-update.js";
import { parseCanonicalJson } from "./strict-json.js";

/** A proof of one of the formats of this package. Not verified. */
export type Proof = InclusionProof | RangeProof | ConsistencyProof | SetProof | SetUpdate;

export interface ParseProofOptions {
  /** How many bytes the file may have. Default 268435456 (256 MiB). */
  readonly maxBytes?: number;
}

/** Nesting of a proof: 256 bits of a key, and room for the object around. */
const MAX_DEPTH = 300;

/**
 * Reads the bytes of a proof file of any format, and its `format` only. This is what the verifying functions want: they
 * check the rest themselves, in the order of the specification.
 *
 * @throws VerificationError `malformed-proof`.
 * @example
 * const proof = parseProofFile(bytes);
 * if (proof.format === "assay-set-proof/v1") verifySetProof(proof, root, asked);
 */
export function parseProofFile(bytes: Uint8Array, options: ParseProofOptions = {}): UnreadProof {
  const value = parseCanonicalJson(bytes, {
    code: "malformed-proof",
    errorClass: VerificationError,
    subject: "the proof file",
    maxDepth: MAX_DEPTH,
    ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
  });
  proofFormatOf(value);
  return value as UnreadProof;
}

/**
 * Reads a proof file and all of its form and grammar, for looking at it. Says nothing about the truth of the proof.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`; for sets also `key-order`, `count-out-of-range`, `tree-order`.
 * @example
 * const proof = parseProof(bytes);
 * if (proof.format === "assay-set-proof/v1") console.log(proof.keys.length);
 */
export function parseProof(bytes: Uint8Array, options: ParseProofOptions = {}): Proof {
  const value = parseProofFile(bytes, options);
  switch (value.format) {
    case INCLUSION_PROOF_FORMAT:
      return readInclusionProof(value);
    case RANGE_PROOF_FORMAT:
      return readRangeProof(value);
    case CONSISTENCY_PROOF_FORMAT:
      return readConsistencyProof(value);
    case SET_PROOF_FORMAT:
      return readSetProof(value);
    case SET_UPDATE_FORMAT:
      return readSetUpdate(value);
    default:
      throw unknownFormat(value.format, [
        INCLUSION_PROOF_FORMAT,
        RANGE_PROOF_FORMAT,
        CONSISTENCY_PROOF_FORMAT,
        SET_PROOF_FORMAT,
        SET_UPDATE_FORMAT,
      ]);
  }
}

/** The bytes of a proof file. Takes any plain object, so that other packages can write their formats. */
export function formatProof(proof: object): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson(proof)}\n`);
}
