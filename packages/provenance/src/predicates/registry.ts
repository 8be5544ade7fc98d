/** The types of predicate that are known here. Others are carried, and never satisfy a requirement. */

import { FormatError } from "@assay/merkle";
import { isJsonObject, type Statement } from "../statement.js";
import { acquisition } from "./acquisition.js";
import { checkRun } from "./check-run.js";
import { controlEvidence } from "./control-evidence.js";
import { datasetManifest } from "./dataset-manifest.js";
import type { PredicateKind } from "./predicate.js";
import { review } from "./review.js";
import { slsaProvenance } from "./slsa-provenance.js";
import { testResult } from "./test-result.js";
import { tombstone } from "./tombstone.js";

// biome-ignore lint/suspicious/noExplicitAny: the kinds have different predicates; each is only given what its own schema accepted
const KINDS: readonly PredicateKind<any>[] = [
  acquisition,
  checkRun,
  controlEvidence,
  datasetManifest,
  review,
  slsaProvenance,
  testResult,
  tombstone,
];

/** The types of predicate that a policy can require. */
export const PREDICATE_TYPES: readonly string[] = KINDS.map(({ predicateType }) => predicateType);

/** What is known about a type of predicate; undefined when it is unknown here. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function predicateKind(predicateType: string): PredicateKind<any> | undefined {
  return KINDS.find((kind) => kind.predicateType === predicateType);
}

/**
 * Validates the predicate of a statement, when its type is known here.
 *
 * @returns what is known about the type; undefined for a type that is unknown here
 * @throws FormatError `malformed-statement` naming the member
 */
export function checkPredicate(statement: Statement, place = "statement"): PredicateKind | undefined {
  const kind = predicateKind(statement.predicateType);
  if (kind === undefined) return undefined;
  const fault = faultOf(kind, statement);
  if (fault === undefined) return kind;
  throw new FormatError(
    "malformed-statement",
    `Cannot read the predicate of ${place} (${statement.predicateType}): ${fault}.`,
    {
      details: { place, predicateType: statement.predicateType },
    },
  );
}

function faultOf(kind: PredicateKind, statement: Statement): string | undefined {
  if (!isJsonObject(statement.predicate)) return "it is missing";
  const result = kind.schema.safeParse(statement.predicate);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    return `${issue.path.length === 0 ? "it" : `"${issue.path.join(".")}"`}: ${issue.message}`;
  }
  return kind.faultOf?.(statement.predicate, statement);
}
