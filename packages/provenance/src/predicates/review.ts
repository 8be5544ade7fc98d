/**
 * `urn:assay:predicate:review/v1`: what a person decided about a data set, a check, a control or single findings, and why.
 *
 * Only `approved` with the scope `dataset` counts for a policy. A rejection is shown and never counts, but it does not
 * block either: whoever holds the folder could delete it, and deleting must never help.
 */

import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { parseInstant } from "../instant.js";
import { PREDICATE_BASE, STATEMENT_TYPE, type Statement } from "../statement.js";
import { digest, instant, words } from "./fields.js";
import type { PredicateKind } from "./predicate.js";

export const REVIEW = `${PREDICATE_BASE}review/v1`;

/** What the decision is about. */
export type ReviewScope =
  | { readonly kind: "dataset" }
  | { readonly kind: "check"; readonly check: string }
  | { readonly kind: "control"; readonly control: string }
  | { readonly kind: "findings"; readonly findings: readonly { readonly check: string; readonly leaf: string }[] };

export interface ReviewPredicate {
  readonly scope: ReviewScope;
  /** `waived`: known, and accepted for the time until `validUntil`. */
  readonly decision: "approved" | "rejected" | "waived";
  readonly reason: string;
  readonly reviewer: {
    /** As what the person decided; the policy must give the signer this role. */
    readonly role: string;
    readonly name?: string;
  };
  readonly reviewedAt: string;
  readonly validUntil?: string;
  /** Statements that were read for the decision: SHA-256 of their bytes. */
  readonly statements: readonly string[];
  /** Documents that were read for the decision. */
  readonly documents: readonly { readonly name: string; readonly sha256: string }[];
}

const schema = z.strictObject({
  scope: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("dataset") }),
    z.strictObject({ kind: z.literal("check"), check: words }),
    z.strictObject({ kind: z.literal("control"), control: words }),
    z.strictObject({
      kind: z.literal("findings"),
      findings: z.array(z.strictObject({ check: words, leaf: digest })).min(1),
    }),
  ]),
  decision: z.enum(["approved", "rejected", "waived"]),
  reason: words,
  reviewer: z.strictObject({ role: words, name: words.optional() }),
  reviewedAt: instant,
  validUntil: instant.optional(),
  statements: z.array(digest),
  documents: z.array(z.strictObject({ name: words, sha256: digest })),
});

export const review: PredicateKind<ReviewPredicate> = {
  predicateType: REVIEW,
  schema,
  faultOf({ decision, reviewedAt, validUntil }) {
    if (decision === "waived" && validUntil === undefined) return "a waiver needs validUntil";
    if (validUntil !== undefined && parseInstant(validUntil)! <= parseInstant(reviewedAt)!) {
      return "validUntil is not after reviewedAt";
    }
    return undefined;
  },
  timeOf: ({ reviewedAt }) => reviewedAt,
};

/** Builds the statement that says what a person decided. */
export function buildReviewStatement(heads: ManifestHeads, predicate: ReviewPredicate): Statement<ReviewPredicate> {
  return { _type: STATEMENT_TYPE, subject: subjectsOf(heads), predicateType: REVIEW, predicate };
}
