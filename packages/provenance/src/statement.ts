/**
 * in-toto Statement v1, and the two types that keep unverified and verified statements apart. Only the verifier
 * (`verify-statements.ts`) makes a {@link VerifiedStatement}.
 */

/** One thing that a statement is about: a name and exactly one digest. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PREDICATE_BASE = "urn:assay:predicate:";

export interface Statement<Predicate = unknown> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Predicate;
}

/** A person of the policy who signed, and as what. */
export interface StatementSigner {
  readonly person: string;
  readonly keyId: string;
  readonly roles: readonly string[];
}

declare const verified: unique symbol;

/** A statement whose signatures were verified over the very bytes that were parsed, and judged by a policy. */
export interface VerifiedStatement<Predicate = unknown> {
  readonly [verified]: true;
  readonly statement: Statement<Predicate>;
  /** SHA-256 of the statement's bytes, lower-case hex. */
  readonly digest: string;
  /** Distinct people; empty when nothing was judged (integrity only). */
  readonly signers: readonly StatementSigner[];
  /** `judged` by a policy or a trusted key; `intact` when only artefacts and digests were checked. */
  readonly trust: "judged" | "intact";
}
