/**
 * `urn:assay:predicate:acquisition/v1`: where records came from, under which licence, and the digest that their objects
 * had when they were fetched. One statement for each source.
 */

import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { parseInstant } from "../instant.js";
import { PREDICATE_BASE, STATEMENT_TYPE, type Statement } from "../statement.js";
import { count, digest, instant, words } from "./fields.js";
import type { PredicateKind } from "./predicate.js";

export const ACQUISITION = `${PREDICATE_BASE}acquisition/v1`;

/** Something that was fetched, as it was then. */
export interface AcquiredObject {
  /** Where it was fetched. */
  readonly uri?: string;
  /** Its path in the data set, when it is a file of it. */
  readonly path?: string;
  /** SHA-256 of its bytes when it was fetched. */
  readonly sha256: string;
  readonly fetchedAt: string;
}

/** Which records of the data set the source accounts for. */
export type Coverage =
  | { readonly kind: "all"; readonly records: number }
  /** Path patterns, as in the manifest's `reading.splits.paths`. */
  | { readonly kind: "paths"; readonly patterns: readonly string[]; readonly records: number }
  /** Records whose column has this value. */
  | { readonly kind: "column"; readonly column: string; readonly value: string; readonly records: number };

export interface AcquisitionPredicate {
  readonly source: {
    readonly name: string;
    readonly kind: "internal" | "purchased" | "shared" | "open" | "synthetic";
    readonly uri?: string;
    /** Synthetic sources: what made the records. */
    readonly generator?: { readonly name: string; readonly version: string };
  };
  readonly acquiredAt: string;
  /** How, such as `download`, `export`, `survey`. */
  readonly method: string;
  /** Who; a name or role. */
  readonly acquirer: string;
  readonly rights: {
    /** SPDX expression, or a name that the contract defines. */
    readonly licence: string;
    /** Uses that are not allowed. Empty: none is known. */
    readonly restrictions: readonly string[];
    /** SHA-256 of the contract or licence text. */
    readonly contract?: string;
  };
  readonly objects: readonly AcquiredObject[];
  readonly coverage: Coverage;
}

const schema = z.strictObject({
  source: z.strictObject({
    name: words,
    kind: z.enum(["internal", "purchased", "shared", "open", "synthetic"]),
    uri: words.optional(),
    generator: z.strictObject({ name: words, version: words }).optional(),
  }),
  acquiredAt: instant,
  method: words,
  acquirer: words,
  rights: z.strictObject({ licence: words, restrictions: z.array(words), contract: digest.optional() }),
  objects: z.array(
    z.strictObject({ uri: words.optional(), path: words.optional(), sha256: digest, fetchedAt: instant }),
  ),
  coverage: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("all"), records: count }),
    z.strictObject({ kind: z.literal("paths"), patterns: z.array(words).min(1), records: count }),
    z.strictObject({ kind: z.literal("column"), column: z.string(), value: z.string(), records: count }),
  ]),
});

export const acquisition: PredicateKind<AcquisitionPredicate> = {
  predicateType: ACQUISITION,
  schema,
  faultOf({ acquiredAt, objects }) {
    const late = objects.findIndex(({ fetchedAt }) => parseInstant(fetchedAt)! > parseInstant(acquiredAt)!);
    return late === -1 ? undefined : `object ${late} was fetched after acquiredAt`;
  },
  timeOf: ({ acquiredAt }) => acquiredAt,
};

/** Builds the statement that says where records of a data set came from. */
export function buildAcquisitionStatement(
  heads: ManifestHeads,
  predicate: AcquisitionPredicate,
): Statement<AcquisitionPredicate> {
  return { _type: STATEMENT_TYPE, subject: subjectsOf(heads), predicateType: ACQUISITION, predicate };
}
