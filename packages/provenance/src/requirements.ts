/**
 * What a policy requires, and whether the evidence meets it. Everything is of the form "there is a statement such that
 * …", so more evidence never makes a verdict worse, and taking some away never makes it better.
 */

import { faultsOfRun } from "./check-rules.js";
import { faultsOfControls } from "./control-rules.js";
import { type ExaminedExhibit, nameOf } from "./exhibit.js";
import { parseInstant } from "./instant.js";
import type { Policy, Requirement } from "./policy.js";
import { CHECK_RUN, type CheckRunPredicate } from "./predicates/check-run.js";
import { CONTROL_EVIDENCE, type ControlEvidencePredicate } from "./predicates/control-evidence.js";
import { DATASET_MANIFEST } from "./predicates/dataset-manifest.js";
import { REVIEW, type ReviewPredicate } from "./predicates/review.js";
import { canSeparate, type Demand } from "./separation.js";
import type { Failure, SignatureReport } from "./verdict.js";

const DAY_MS = 86_400_000;
/** Clocks of two machines differ; a statement may be dated this much after the trusted time. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** A requirement of the policy, or one that follows from it: then any role will do. */
type Need = Omit<Requirement, "role"> & { readonly role: string | undefined };

/**
 * The requirements of a policy. Whatever it says, somebody of it must have signed the manifest; rules about checks
 * and controls need the statements that they are about.
 */
function needsOf({ require, checks, seed, controls }: Policy): Need[] {
  const implied = [DATASET_MANIFEST];
  if (checks !== undefined || seed !== undefined) implied.push(CHECK_RUN);
  if (controls !== undefined) implied.push(CONTROL_EVIDENCE);
  const missing = implied.filter((predicate) => !require.some((requirement) => requirement.predicate === predicate));
  return [...missing.map((predicate): Need => ({ predicate, role: undefined, people: 1 })), ...require];
}

/**
 * Statements whose content does not matter beyond their subject or that each person makes alone: several of them add
 * up. For all others the people of a requirement must have signed the same statement.
 */
const ADDING_UP: readonly string[] = [DATASET_MANIFEST, REVIEW];

/** What judging the evidence needs to know besides it. */
export interface Facts {
  readonly atMs: number;
  /** Columns of the data set, from the schemas of its manifest. */
  readonly columns: readonly string[];
}

/** Everything that the policy requires and the evidence does not give. */
export function examineRequirements(exhibits: readonly ExaminedExhibit[], policy: Policy, facts: Facts): Failure[] {
  const needs = needsOf(policy);
  const failures: Failure[] = [];
  const candidates = new Map<string, (readonly ExaminedExhibit[])[]>();
  for (const predicate of new Set(needs.map((need) => need.predicate))) {
    const signed = exhibits.filter(
      (exhibit) => exhibit.usable && exhibit.kind?.predicateType === predicate && exhibit.signatures.some(counts),
    );
    const { passing, faults } = applyRules(signed, predicate, policy, facts);
    failures.push(...faults);
    // When no run passes the rules, that was said; whether enough people signed is a question of its own.
    const open = passing.length > 0 ? passing : signed;
    candidates.set(predicate, ADDING_UP.includes(predicate) ? [open] : open.map((exhibit) => [exhibit]));
  }

  const met = (need: Need, group: readonly ExaminedExhibit[]) => peopleFor(need, group, facts.atMs).size >= need.people;
  const unmet = needs.filter((need) => !candidates.get(need.predicate)!.some((group) => met(need, group)));
  failures.push(...unmet.map((need) => shortfall(need, exhibits, candidates.get(need.predicate)!, facts.atMs)));
  if (unmet.length > 0) return failures;

  const fault = faultOfWhole(needs, candidates, policy, facts.atMs);
  return fault === undefined ? failures : [...failures, fault];
}

function counts({ status }: SignatureReport): boolean {
  return status === "counted";
}

/** The statements that the rules of the policy accept; when none is, what is wrong with the one that comes closest. */
function applyRules(
  signed: readonly ExaminedExhibit[],
  predicate: string,
  policy: Policy,
  facts: Facts,
): { passing: readonly ExaminedExhibit[]; faults: readonly Failure[] } {
  const judged = signed.map((exhibit) => {
    const content = exhibit.read.statement.predicate;
    if (predicate === CHECK_RUN)
      return { exhibit, faults: faultsOfRun(content as CheckRunPredicate, policy, facts.columns) };
    if (predicate === CONTROL_EVIDENCE)
      return { exhibit, faults: faultsOfControls(content as ControlEvidencePredicate, policy) };
    return { exhibit, faults: [] };
  });
  const passing = judged.filter(({ faults }) => faults.length === 0).map(({ exhibit }) => exhibit);
  if (passing.length > 0 || judged.length === 0) return { passing, faults: [] };
  const closest = judged.reduce((best, next) => (next.faults.length < best.faults.length ? next : best));
  return { passing, faults: closest.faults };
}

/** The people who count for a requirement over some statements. */
function peopleFor(need: Need, group: readonly ExaminedExhibit[], atMs: number): Set<string> {
  const people = new Set<string>();
  for (const exhibit of group) {
    if (whyNot(need, exhibit, atMs) !== undefined) continue;
    for (const { status, person, roles } of exhibit.signatures) {
      if (status === "counted" && (need.role === undefined || roles!.includes(need.role))) people.add(person!);
    }
  }
  return people;
}

/** Why a statement does not count for a requirement, whoever signed it. */
function whyNot(
  need: Need,
  exhibit: ExaminedExhibit,
  atMs: number,
): "stale" | "decision" | "reviewer-role" | undefined {
  const { predicate } = exhibit.read.statement;
  if (need.notOlderThanDays !== undefined) {
    const time = exhibit.kind?.timeOf(predicate);
    const ageMs = time === undefined ? Number.POSITIVE_INFINITY : atMs - parseInstant(time)!;
    if (ageMs > need.notOlderThanDays * DAY_MS || ageMs < -CLOCK_SKEW_MS) return "stale";
  }
  if (need.predicate !== REVIEW) return undefined;
  const { decision, scope, reviewer, validUntil } = predicate as ReviewPredicate;
  if (decision !== "approved" || scope.kind !== "dataset") return "decision";
  if (validUntil !== undefined && parseInstant(validUntil)! <= atMs) return "stale";
  return need.role === undefined || reviewer.role === need.role ? undefined : "reviewer-role";
}

/** Each requirement can be met alone; whether all can be met together. */
function faultOfWhole(
  needs: readonly Need[],
  candidates: ReadonlyMap<string, readonly (readonly ExaminedExhibit[])[]>,
  policy: Policy,
  atMs: number,
): Failure | undefined {
  let together = false;
  const choose = (predicates: readonly string[], demands: readonly Demand[]): boolean => {
    const [predicate, ...rest] = predicates;
    if (predicate === undefined) {
      together = true;
      return canSeparate(demands, policy.separate);
    }
    const own = needs.filter((need) => need.predicate === predicate);
    return candidates.get(predicate)!.some((group) => {
      const added = own.map((need): Demand => ({ ...need, able: peopleFor(need, group, atMs) }));
      return added.every(({ people, able }) => able.size >= people) && choose(rest, [...demands, ...added]);
    });
  };
  if (choose([...candidates.keys()], [])) return undefined;
  if (!together) {
    return trust(
      "threshold-not-met",
      "The requirements on one predicate are met by different statements only; the same statement must have all the signatures.",
    );
  }
  const pairs = policy.separate.map(([left, right]) => `${left} and ${right}`).join(", ");
  return trust(
    "not-separate",
    `The same person would have to count for two roles that must be apart (${pairs}); one more person must sign.`,
  );
}

/** The failure that says most about why a requirement is not met. */
function shortfall(
  need: Need,
  exhibits: readonly ExaminedExhibit[],
  candidates: readonly (readonly ExaminedExhibit[])[],
  atMs: number,
): Failure {
  const { predicate, role, people, notOlderThanDays } = need;
  const who = `${people} ${people === 1 ? "person" : "people"}${role === undefined ? " of the policy" : ` with the role "${role}"`}`;
  const wanted = `${predicate} needs a signature by ${who}`;
  const best = candidates.map((group) => peopleFor(need, group, atMs)).sort((a, b) => b.size - a.size)[0];
  const details = { predicate, ...(role === undefined ? {} : { role }), people, counted: [...(best ?? [])] };
  if (best !== undefined && best.size > 0) {
    const names = [...best].map((person) => `"${person}"`).join(", ");
    return trust(
      "threshold-not-met",
      `${wanted}; ${best.size} signed: ${names}. Several keys of one person count once.`,
      details,
    );
  }
  const ours = exhibits.filter(({ read, about }) => read.statement.predicateType === predicate && about === "this");
  const envelopes = ours.filter((exhibit) => exhibit.envelopes.length > 0);
  if (envelopes.length === 0) {
    const what = ours.length > 0 ? "it is there without a signature" : "there is none about this data set";
    return trust("missing-statement", `${wanted}; ${what}.`, details);
  }
  const usable = envelopes.filter((exhibit) => exhibit.usable);
  if (usable.length === 0) {
    return trust(
      "missing-statement",
      `${wanted}; ${nameOf(envelopes[0]!)} cannot be used: a file that it names does not match.`,
      details,
    );
  }
  const why = usable.map((exhibit) => whyNot(need, exhibit, atMs));
  const statuses = usable.flatMap(({ signatures }) => signatures);
  if (statuses.some(counts)) {
    if (why.includes("stale")) {
      const age =
        notOlderThanDays === undefined
          ? "its time is over"
          : `it is older than ${notOlderThanDays} days, undated, or from later than the trusted time`;
      return trust("stale-statement", `${wanted}; ${age}.`, details);
    }
    if (why.every((reason) => reason === "decision")) {
      return trust(
        "missing-statement",
        `${wanted}, deciding "approved" for the data set; the reviews that are there say otherwise.`,
        details,
      );
    }
    const signers = [...new Set(statuses.filter(counts).map(({ person }) => `"${person}"`))].join(", ");
    return trust("wrong-role", `${wanted}; ${signers} signed, without that role.`, details);
  }
  const at = new Date(atMs).toISOString();
  const reason = (["revoked-key", "expired-key", "bad-signature"] as const).find((code) =>
    statuses.some(({ status }) => status === code),
  );
  const keys = [...new Set(statuses.map(({ keyId }) => keyId || "without an id"))].join(", ");
  switch (reason) {
    case "revoked-key":
      return trust(reason, `${wanted}; the key that signed is revoked at ${at}.`, details);
    case "expired-key":
      return trust(reason, `${wanted}; the key that signed is not in its time at ${at}.`, details);
    case "bad-signature":
      return trust(reason, `${wanted}; the signature that is there is wrong.`, details);
    default:
      return trust(
        "unknown-signer",
        `${wanted}; it is signed only by keys that are not in the policy: ${keys}.`,
        details,
      );
  }
}

function trust(code: Failure["code"], message: string, details?: Readonly<Record<string, unknown>>): Failure {
  return { code, class: "TrustError", message, ...(details === undefined ? {} : { details }) };
}
