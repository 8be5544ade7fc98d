/**
 * What control rules may look at: verified statements, read once and typed, and what verifying the folder gave. Nothing
 * unverified gets in: the verifier alone makes a {@link VerifiedStatement}.
 */

import type { FileEntry, ManifestHeader } from "@assay/manifest";
import {
  ACQUISITION,
  type AcquisitionPredicate,
  CHECK_RUN,
  type CheckRunPredicate,
  DATASET_MANIFEST,
  type DatasetManifestPredicate,
  type ParentResult,
  REVIEW,
  type ReviewPredicate,
  SLSA_PROVENANCE,
  type SlsaProvenancePredicate,
  type VerifiedStatement,
} from "@assay/provenance";

/** What verifying a folder gave. Plain data apart from the statements. */
export interface Evidence {
  readonly header: ManifestHeader;
  /** Lines of `files.jsonl`; absent when they were not read. */
  readonly entries?: readonly FileEntry[];
  readonly statements: readonly VerifiedStatement[];
  /** `judged` by a policy or a trusted key. */
  readonly trust: "judged" | "not-judged";
  /** Whether bytes and records were compared with the data. A mismatch never gets this far. */
  readonly data: "checked" | "not-checked";
  /** One for each parent that was given. */
  readonly parents: readonly ParentResult[];
  /** Trusted time, milliseconds since 1970. */
  readonly atMs: number;
}

/** Statements of one predicate type. */
export interface Stated<Predicate> {
  readonly digest: string;
  readonly predicate: Predicate;
  readonly statement: VerifiedStatement<Predicate>;
}

export interface Facts extends Evidence {
  readonly manifests: readonly Stated<DatasetManifestPredicate>[];
  readonly checkRuns: readonly Stated<CheckRunPredicate>[];
  readonly acquisitions: readonly Stated<AcquisitionPredicate>[];
  readonly reviews: readonly Stated<ReviewPredicate>[];
  readonly derivations: readonly Stated<SlsaProvenancePredicate>[];
  /** The newest check run: the one that rules about checks are judged by. */
  readonly latestRun: Stated<CheckRunPredicate> | undefined;
}

/** Sorts verified statements by type. */
export function factsOf(evidence: Evidence): Facts {
  const of = <Predicate>(predicateType: string): Stated<Predicate>[] =>
    evidence.statements
      .filter(({ statement }) => statement.predicateType === predicateType)
      .map((statement) => ({
        digest: statement.digest,
        predicate: statement.statement.predicate as Predicate,
        statement: statement as VerifiedStatement<Predicate>,
      }));
  const checkRuns = of<CheckRunPredicate>(CHECK_RUN);
  const latestRun = [...checkRuns].sort(
    (left, right) =>
      instantOf(right.predicate.finishedAt) - instantOf(left.predicate.finishedAt) ||
      (left.digest < right.digest ? -1 : 1),
  )[0];
  return {
    ...evidence,
    manifests: of(DATASET_MANIFEST),
    checkRuns,
    acquisitions: of(ACQUISITION),
    reviews: of(REVIEW),
    derivations: of(SLSA_PROVENANCE),
    latestRun,
  };
}

/** Milliseconds since 1970 of an instant that was validated when its statement was read. */
export function instantOf(text: string): number {
  return Date.parse(text);
}

/** A member of the signed configuration, whatever it holds. */
export function configured(run: Stated<CheckRunPredicate> | undefined, ...path: readonly string[]): unknown {
  let value: unknown = run?.predicate.config.value;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Words that stand where an answer should: a descriptor that holds one is missing. */
export function isPlaceholder(text: string): boolean {
  return /^\s*(|tbd|tba|to ?do|to be (done|defined|determined|decided)|n\/?a|none|null|unknown|xxx+|\?+|-+|\.+|…|<[^>]*>|lorem ipsum.*)\s*$/i.test(
    text,
  );
}
