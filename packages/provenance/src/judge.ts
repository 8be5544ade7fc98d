/**
 * The verification procedure, in order (docs/spec/envelope-and-policy.md, "Verification"):
 *
 *   1. read     manifest, lines and envelopes, strictly                    (exhibit.ts)
 *   2. verify   each signature by the key whose computed id it names       (signatures.ts)
 *   3. compare  lines with envelopes, subjects with the manifest's heads   (agreement.ts)
 *   4. compare  files with the statements that name them                   (artefacts.ts)
 *   5. require  people, roles, ages, checks, controls, lineage             (requirements.ts)
 *
 * Without a policy it ends after step 4 and says so. The judge reads nothing and knows no clock.
 */

import { isAssayError } from "@assay/merkle";
import { examineAgreement } from "./agreement.js";
import { faultsOfArtefacts, faultsOfFolder } from "./artefacts.js";
import { faultsOfLineage, type ParentResult } from "./derivation-rules.js";
import { type ExaminedExhibit, type Exhibit, type FolderEvidence, failureOf, readExhibits } from "./exhibit.js";
import type { ReadManifest } from "./heads.js";
import type { Policy } from "./policy.js";
import { REVIEW, type ReviewPredicate } from "./predicates/review.js";
import { examineRequirements } from "./requirements.js";
import { examineSignatures } from "./signatures.js";
import type { StatementSigner, VerifiedStatement } from "./statement.js";
import { faultsOfTombstones } from "./tombstone-rules.js";
import type { Failure, FailureClass, StatementReport, Verdict } from "./verdict.js";

export interface JudgeOptions {
  /** Whom to trust and what to demand. Default: integrity only. Never from the folder that is judged. */
  readonly policy?: Policy;
  /** The trusted time at which keys and ages are judged. Needed with a policy. */
  readonly at?: Date;
  /** What verifying the edges to the parents gave, in the order of the manifest's parents; needed when the policy has `derivations`. */
  readonly parents?: readonly ParentResult[];
  /** Most signatures by known keys that are verified; each takes milliseconds. Default 1,000. */
  readonly maxSignatures?: number;
}

/**
 * Judges a folder: whether it is intact and, with a policy, whether it may be trusted. Never throws for what is in the
 * folder; the verdict says it.
 *
 * @throws TypeError when a policy is given without `at`
 * @example
 * const verdict = judge(evidence, { policy, at: new Date("2026-03-01T00:00:00Z") });
 * if (!verdict.ok) console.error(verdict.failures[0].message);
 */
export function judge(evidence: FolderEvidence, options: JudgeOptions = {}): Verdict {
  const { policy, at, parents, maxSignatures = 1000 } = options;
  if (policy !== undefined && (at === undefined || Number.isNaN(at.getTime()))) {
    throw new TypeError("at: judging by a policy needs the trusted time, a valid Date");
  }
  const atMs = at?.getTime() ?? 0;
  const trust = policy === undefined ? "not-judged" : "judged";

  const { manifest, exhibits, signers, failures: malformed, warnings } = readExhibits(evidence);
  // What cannot be read cannot be judged; whatever else then fails is a consequence.
  if (manifest === undefined || malformed.length > 0) return refuse(trust, malformed, exhibits, warnings);

  const failures: Failure[] = [];
  let examined: ExaminedExhibit[];
  try {
    const known = policy === undefined ? {} : { policy };
    const { reports, failures: wrong } = examineSignatures(exhibits, { ...known, atMs, signers, maxSignatures });
    failures.push(...wrong, ...examineAgreement(exhibits));
    examined = exhibits.map((exhibit) => {
      const faults = exhibit.about === "this" ? faultsOfArtefacts(exhibit, evidence.digests) : [];
      // A statement that only others signed may name files of theirs; a line names files of this folder.
      if (exhibit.line !== undefined) failures.push(...faults);
      const usable = exhibit.kind !== undefined && exhibit.about === "this" && faults.length === 0;
      return { ...exhibit, signatures: reports.get(exhibit)!, usable };
    });
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return refuse(trust, [failureOf(error)], exhibits, warnings);
  }
  const usable = examined.filter((exhibit) => exhibit.usable);
  failures.push(...faultsOfFolder(manifest.header, usable, evidence.digests));
  failures.push(...faultsOfTombstones(manifest.header, examined));

  if (policy !== undefined) {
    failures.push(...examineRequirements(examined, policy, { atMs, columns: columnsOfManifest(manifest) }));
    failures.push(...faultsOfLineage(manifest.header, policy, parents));
  }
  const sorted = byGravity(failures);
  const ok = sorted.length === 0;
  return {
    ok,
    code: sorted[0]?.code ?? "ok",
    trust,
    summary: ok ? summaryOf(examined, trust) : sorted[0]!.message,
    statements: examined.map(reportOf),
    failures: sorted,
    warnings: [...warnings, ...warningsOf(examined)],
    verified: isTampered(sorted) ? [] : verifiedOf(examined, trust),
  };
}

function refuse(
  trust: Verdict["trust"],
  failures: readonly Failure[],
  exhibits: readonly Exhibit[],
  warnings: readonly string[],
): Verdict {
  const sorted = byGravity(failures);
  return {
    ok: false,
    code: sorted[0]!.code,
    trust,
    summary: sorted[0]!.message,
    statements: exhibits.map((exhibit) => reportOf({ ...exhibit, signatures: [], usable: false })),
    failures: sorted,
    warnings,
    verified: [],
  };
}

/** The order of exit codes: cannot read, tampered, untrusted, malformed, gate. */
const GRAVITY: readonly FailureClass[] = [
  "SourceError",
  "VerificationError",
  "TrustError",
  "FormatError",
  "CheckError",
];

function byGravity(failures: readonly Failure[]): Failure[] {
  return [...failures].sort((left, right) => GRAVITY.indexOf(left.class) - GRAVITY.indexOf(right.class));
}

/** After tampering nothing of the folder is used; after a "no" of a policy what is trusted stays usable as evidence. */
function isTampered(failures: readonly Failure[]): boolean {
  return failures.some((failure) => failure.class === "VerificationError" || failure.code === "bad-signature");
}

function columnsOfManifest({ header }: ReadManifest): string[] {
  return [...new Set(Object.values(header.schemas).flatMap((kinds) => Object.keys(kinds)))];
}

function reportOf({ read, kind, about, line, signatures }: ExaminedExhibit): StatementReport {
  return {
    digest: read.digest,
    predicateType: read.statement.predicateType,
    known: kind !== undefined,
    about,
    ...(line === undefined ? {} : { line }),
    signatures,
  };
}

/** The only place where verified statements are made. */
function verifiedOf(examined: readonly ExaminedExhibit[], trust: Verdict["trust"]): VerifiedStatement[] {
  return examined.flatMap(({ read, usable, signatures }) => {
    const signers = signersOf(signatures);
    if (!usable || (trust === "judged" && signers.length === 0)) return [];
    const { statement, digest } = read;
    return [
      { statement, digest, signers, trust: trust === "judged" ? "judged" : "intact" } as unknown as VerifiedStatement,
    ];
  });
}

function signersOf(signatures: ExaminedExhibit["signatures"]): StatementSigner[] {
  const byPerson = new Map<string, StatementSigner>();
  for (const { status, person, roles, keyId } of signatures) {
    if (status === "counted" && !byPerson.has(person!))
      byPerson.set(person!, { person: person!, keyId, roles: roles! });
  }
  return [...byPerson.values()];
}

function summaryOf(examined: readonly ExaminedExhibit[], trust: Verdict["trust"]): string {
  const signatures = examined.flatMap((exhibit) => exhibit.signatures);
  if (trust === "judged") return `trusted; signed by ${unique(signersOf(signatures).map(({ person }) => person))}`;
  if (signatures.length === 0) return "intact; unsigned";
  return `intact; signed by ${unique(signatures.map(({ keyId }) => shortId(keyId)))}, not judged`;
}

function unique(names: readonly string[]): string {
  return [...new Set(names)].join(", ");
}

/** Key ids are random hex; eight digits tell them apart for people. A foreign id may be any text. */
function shortId(keyId: string): string {
  return /^[0-9a-f]{64}$/.test(keyId)
    ? `${keyId.slice(0, 8)}…`
    : keyId === ""
      ? "a key without id"
      : JSON.stringify(keyId);
}

function warningsOf(examined: readonly ExaminedExhibit[]): string[] {
  return examined.flatMap((exhibit) => {
    const { read, kind, about, signatures, line } = exhibit;
    const warnings: string[] = [];
    if (kind !== undefined && about === "other" && line === undefined) {
      warnings.push(`An envelope with ${kind.predicateType} is about another data set and is ignored.`);
    }
    if (kind?.predicateType === REVIEW && about === "this") {
      const { decision, reason } = read.statement.predicate as ReviewPredicate;
      const people = unique(signersOf(signatures).map(({ person }) => person));
      if (decision === "rejected" && people !== "") warnings.push(`${people} rejected this data set: ${reason}`);
    }
    return warnings;
  });
}
