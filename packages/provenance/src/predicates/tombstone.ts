/**
 * `urn:assay:predicate:tombstone/v1`: these records were erased from the parent, every occurrence of them, and nothing else
 * was. It is about the child. What was said about the parent stays true of the parent; who holds its data no longer may.
 *
 * The statement holds no record and no leaf. Leaves stand in the list that it names by digest: where they are not keyed,
 * a record that is easy to guess can be recognised by its leaf.
 */

import { assayDataset, assaySet, type Parent } from "@assay/manifest";
import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { PREDICATE_BASE, STATEMENT_TYPE, type Statement } from "../statement.js";
import { count, digest, folderPath, instant, tool, words } from "./fields.js";
import type { Artefact, PredicateKind, Tool } from "./predicate.js";

export const TOMBSTONE = `${PREDICATE_BASE}tombstone/v1`;

export interface TombstonePredicate {
  /** The data set that the records were in, by the digests that statements about it have. */
  readonly parent: { readonly manifest: string; readonly assayDataset: string; readonly assaySet: string };
  readonly erased: {
    /** Different records. */
    readonly distinct: number;
    /** Occurrences of them: all that there were. */
    readonly records: number;
  };
  /** The ground for it, in words: a request, a law, a contract. */
  readonly reason: string;
  readonly erasedAt: string;
  readonly tool: Tool;
  /** The list of what was removed and, when it was written, the set update that proves it. */
  readonly artefacts: readonly Artefact[];
}

const schema = z.strictObject({
  parent: z.strictObject({ manifest: digest, assayDataset: digest, assaySet: digest }),
  erased: z.strictObject({ distinct: count.min(1), records: count.min(1) }),
  reason: words,
  erasedAt: instant,
  tool,
  artefacts: z.array(z.strictObject({ path: folderPath, sha256: digest })).min(1),
});

export const tombstone: PredicateKind<TombstonePredicate> = {
  predicateType: TOMBSTONE,
  schema,
  faultOf({ erased, artefacts }) {
    if (erased.records < erased.distinct) return "fewer records were erased than different ones";
    const paths = artefacts.map(({ path }) => path);
    if (new Set(paths).size < paths.length) return "an artefact is named twice";
    return undefined;
  },
  timeOf: ({ erasedAt }) => erasedAt,
  artefactsOf: ({ artefacts }) => artefacts,
};

export interface TombstoneInput
  extends Pick<TombstonePredicate, "erased" | "reason" | "erasedAt" | "tool" | "artefacts"> {
  /** As the child's manifest names it. */
  readonly parent: Parent;
}

/** Builds the statement that says what was erased. */
export function buildTombstoneStatement(
  heads: ManifestHeads,
  { parent, ...input }: TombstoneInput,
): Statement<TombstonePredicate> {
  const named = { manifest: parent.manifest, assayDataset: assayDataset(parent), assaySet: assaySet(parent) };
  return {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(heads),
    predicateType: TOMBSTONE,
    predicate: { parent: named, ...input },
  };
}
