/** What the judge answers. A verdict is plain JSON data, apart from the verified statements that it carries. */

import type { AssayErrorCode } from "@assay/merkle";
import type { VerifiedStatement } from "./statement.js";

/** The class of error that a failure stands for, and so its exit code. */
export type FailureClass = "VerificationError" | "TrustError" | "FormatError" | "SourceError" | "CheckError";

export interface Failure {
  readonly code: AssayErrorCode;
  readonly class: FailureClass;
  /** A sentence a person can act on. Holds data: escape it. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What became of one signature. Only `counted` means something for trust. */
export type SignatureStatus =
  /** Right, and by a key of the policy within its time. */
  | "counted"
  /** Right, by a key that only the folder names; without a policy. */
  | "not-judged"
  /** No key with this id in the policy, nor (without a policy) in the folder. Not looked at. */
  | "unknown-signer"
  | "bad-signature"
  /** Right, but before `from` or not before `until`. */
  | "expired-key"
  | "revoked-key";

export interface SignatureReport {
  /** As the envelope says; a hint. */
  readonly keyId: string;
  readonly status: SignatureStatus;
  /** The person of the policy. */
  readonly person?: string;
  readonly roles?: readonly string[];
}

export interface StatementReport {
  /** SHA-256 of the statement's bytes, lower-case hex. */
  readonly digest: string;
  readonly predicateType: string;
  /** Whether the type is known here. Unknown ones are carried and never satisfy a requirement. */
  readonly known: boolean;
  /** Whether its subjects are this data set. */
  readonly about: "this" | "other";
  /** Line in `statements.jsonl`, from 1; absent when it is only in an envelope. */
  readonly line?: number;
  readonly signatures: readonly SignatureReport[];
}

export interface Verdict {
  readonly ok: boolean;
  /** `ok`, or the code of the gravest failure. */
  readonly code: "ok" | AssayErrorCode;
  /** `judged` by a policy or a trusted key; otherwise only integrity was looked at. */
  readonly trust: "judged" | "not-judged";
  /** One line for people, such as `intact; unsigned`. */
  readonly summary: string;
  readonly statements: readonly StatementReport[];
  /** Everything that is wrong, gravest first. */
  readonly failures: readonly Failure[];
  /** What a person should know and no rule turns into a failure, such as a rejection. Holds data: escape it. */
  readonly warnings: readonly string[];
  /** Statements that may be used. Empty unless `ok`. */
  readonly verified: readonly VerifiedStatement[];
}
