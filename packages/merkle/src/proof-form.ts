/**
 * The form that all proof files share (`docs/spec/proofs.md`, "Form"), and the order in which its faults are reported:
 * not an object or no format, another format, then fields that are missing, unknown or wrong.
 */

import type { JsonValue } from "./canonical-json.js";
import { VerificationError } from "./errors.js";
import { isDigestHex } from "./hex.js";

/** A proof as it was read from its file: an object with a `format`, of which nothing else is known. */
export interface UnreadProof {
  readonly format: JsonValue;
  readonly [field: string]: JsonValue;
}

/** The fields of a proof whose names have been checked, and nothing else about them. */
export type ProofFields<Name extends string> = { readonly [name in Name]: unknown };

/**
 * Checks that a value is an object of a format with exactly these fields.
 *
 * @throws VerificationError `malformed-proof`, `unknown-format`.
 */
export function readProofFields<Name extends string>(
  value: unknown,
  format: string,
  names: readonly Name[],
): ProofFields<Name> {
  const actual = proofFormatOf(value);
  if (actual !== format) throw unknownFormat(actual, [format]);
  const fields = value as Record<string, unknown>;
  for (const name of names) {
    if (!Object.hasOwn(fields, name)) throw malformedProof(`field ${JSON.stringify(name)} is missing`, { field: name });
  }
  for (const name of Object.keys(fields)) {
    if (name !== "format" && !(names as readonly string[]).includes(name)) {
      throw malformedProof(`field ${JSON.stringify(name)} is unknown`, { field: name });
    }
  }
  return fields as ProofFields<Name>;
}

/** The `format` of a proof, whatever it is; `malformed-proof` if the value is no object or has none. */
export function proofFormatOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformedProof("it is not an object");
  }
  if (!Object.hasOwn(value, "format")) throw malformedProof('field "format" is missing', { field: "format" });
  return (value as { readonly format: unknown }).format;
}

export function unknownFormat(actual: unknown, expected: readonly string[]): VerificationError {
  const shown = typeof actual === "string" ? actual : typeof actual;
  return new VerificationError(
    "unknown-format",
    `The proof has the format ${JSON.stringify(shown)}; expected is ${expected.join(" or ")}.`,
    { details: { format: shown, expected } },
  );
}

export function malformedProof(
  reason: string,
  details: { readonly [name: string]: JsonValue } = {},
): VerificationError {
  return new VerificationError("malformed-proof", `The proof is malformed: ${reason}.`, { details });
}

/** An integer 0 … 2⁵³−1. */
export function readSize(value: unknown, field: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) return value;
  throw malformedProof(`${field} is not an integer from 0 to 2^53-1`, { field });
}

/** 64 lower-case hex digits. */
export function readDigest(value: unknown, field: string): string {
  if (isDigestHex(value)) return value;
  throw malformedProof(`${field} is not a digest of 64 lower-case hex digits`, { field });
}

/** At most 64 digests. */
export function readPath(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw malformedProof("path is not an array", { field: "path" });
  if (value.length > 64) throw malformedProof(`path has ${value.length} hashes, more than 64`, { field: "path" });
  return value.map((hash, i) => readDigest(hash, `path[${i}]`));
}
