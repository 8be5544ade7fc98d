/** A.7.4 Quality of data: were the stated requirements measured, and are they met? */

import type { CheckRunPredicate } from "@assay/provenance";
import { configured, type Facts, type Stated } from "../facts.js";
import { type Answer, notEvaluated, type Rule } from "../rule.js";

interface Requirement {
  readonly id: string;
  readonly level: "shall" | "should";
  readonly check: string;
  readonly maxRate?: number;
  readonly maxFindings?: number;
}

function requirementsOf(run: Stated<CheckRunPredicate> | undefined): Requirement[] {
  const stated = configured(run, "requirements");
  if (!Array.isArray(stated)) return [];
  return stated.flatMap((value: unknown) => {
    const { id, level, check, maxRate, maxFindings } = (value ?? {}) as Record<string, unknown>;
    if (typeof id !== "string" || typeof check !== "string") return [];
    return [
      {
        id,
        check,
        level: level === "should" ? ("should" as const) : ("shall" as const),
        ...(typeof maxRate === "number" && { maxRate }),
        ...(typeof maxFindings === "number" && { maxFindings }),
      },
    ];
  });
}

type OutcomeOf = CheckRunPredicate["outcomes"][number];

const completedOutcome = (run: Stated<CheckRunPredicate>, check: string): OutcomeOf | undefined =>
  run.predicate.outcomes.find((outcome) => outcome.check === check && outcome.status === "completed");

/** Least share of planted poison that a check must have caught where its power was measured. */
const LEAST_RECALL = 0.5;

/** Whether a check missed its own planted poison on this data, in every share that was tried: then its silence says nothing. */
function isBlind({ predicate }: Stated<CheckRunPredicate>, check: string): boolean {
  const power = (predicate.power ?? []).filter((result) => result.check === check);
  if (power.length > 0 && power.every((result) => result.recall < LEAST_RECALL)) return true;
  return predicate.outcomes.some((outcome) => outcome.check === check && outcome.power?.smallest === null);
}

/** Why a requirement is not met, or `undefined` when it is. */
function shortfall(
  run: Stated<CheckRunPredicate>,
  { id, check, maxRate, maxFindings }: Requirement,
): string | undefined {
  const outcome = completedOutcome(run, check);
  if (outcome === undefined) return `${id}: ${check} did not complete`;
  if (isBlind(run, check)) return `${id}: ${check} did not catch its own planted poison on this data`;
  if (maxRate === undefined && maxFindings === undefined) return `${id} sets no bound`;
  if (maxFindings !== undefined && outcome.findings > maxFindings)
    return `${id}: ${outcome.findings} findings of ${check}, at most ${maxFindings}`;
  if (maxRate !== undefined) {
    if (outcome.estimate === undefined) return `${id}: ${check} gave no estimate`;
    if (outcome.estimate.rate > maxRate)
      return `${id}: ${check} estimates ${outcome.estimate.rate}, at most ${maxRate}`;
  }
  return undefined;
}

export const requirementsMeasured: Rule = {
  id: "P74-2",
  version: "1",
  control: "A.7.4",
  question: "Was every stated quality requirement measured, and met?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Which quality the data needs is for people to state.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    const requirements = requirementsOf(run);
    if (run === undefined || requirements.length === 0)
      return notEvaluated("No quality requirement is stated.", run ? [run.digest] : []);
    const short = requirements
      .map((requirement) => ({ requirement, why: shortfall(run, requirement) }))
      .filter(({ why }) => why !== undefined);
    return {
      verdict:
        short.length === 0
          ? "pass"
          : short.every(({ requirement }) => requirement.level === "should")
            ? "partial"
            : "gap",
      numerator: requirements.length - short.length,
      denominator: requirements.length,
      counterexamples: short.map(({ why }) => why as string),
      reason: short.length === 0 ? "Every requirement was measured and is met." : `Not met: ${short[0]?.why}.`,
      inputs: [run.digest],
    };
  },
};

/** Largest estimated share of bad records when the requirements name no bound. */
const DEFAULT_MAX_RATE = 0.02;
/** Rate of a check against its bound, with what is known of the check's power. */
function rateWithinBound(facts: Facts, check: string): Answer {
  const run = facts.latestRun;
  const outcome = run && completedOutcome(run, check);
  if (run === undefined || outcome === undefined)
    return notEvaluated(`${check} did not complete.`, run ? [run.digest] : []);
  if (outcome.calibration === "uncalibrated")
    return notEvaluated(`${check} is uncalibrated on this data: it ranks, and claims nothing.`, [run.digest]);
  if (outcome.examined === 0) return notEvaluated(`${check} examined nothing.`, [run.digest]);
  const bound = requirementsOf(run).find((requirement) => requirement.check === check)?.maxRate ?? DEFAULT_MAX_RATE;
  const found = outcome.findings / outcome.examined;
  const estimate = outcome.estimate ?? { rate: found, low: found, high: found };
  const power = (run.predicate.power ?? []).filter((result) => result.check === check);
  if (isBlind(run, check))
    return notEvaluated(`${check} did not catch its own planted poison on this data.`, [run.digest]);
  const numbers = `${check}: estimated share ${estimate.rate} (up to ${estimate.high}), bound ${bound}`;
  const verdict = estimate.rate > bound ? "gap" : estimate.high > bound || power.length === 0 ? "partial" : "pass";
  return {
    verdict,
    numerator: Math.max(0, outcome.examined - Math.round(estimate.rate * outcome.examined)),
    denominator: outcome.examined,
    counterexamples: verdict === "gap" ? [numbers] : [],
    reason:
      verdict === "partial" && estimate.high <= bound
        ? `${numbers}; what the check could not have seen was not measured.`
        : `${numbers}.`,
    inputs: [run.digest],
  };
}

export const labelNoise: Rule = {
  id: "P74-3",
  version: "1",
  control: "A.7.4",
  question: "Is the share of flipped labels within its bound, as measured by a check that could have seen them?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Clean-label poison leaves labels right: this is blind to it.",
  evaluate: (facts: Facts) => rateWithinBound(facts, "label-flips"),
};

export const outlierShare: Rule = {
  id: "P74-4",
  version: "1",
  control: "A.7.4",
  question: "Is the share of outliers within its bound, as measured by a check that could have seen them?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "A poisoned record that looks like the rest is no outlier.",
  evaluate: (facts: Facts) => rateWithinBound(facts, "outliers"),
};

/** Largest share of surplus copies when the requirements name no bound. */
const DEFAULT_MAX_COPIES = 0.01;

export const repeats: Rule = {
  id: "P74-5",
  version: "1",
  control: "A.7.4",
  question: "Is the share of repeated records within its bound?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "It counts repeats in the data set as a whole; leakage between splits is another question.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    const exact = run && completedOutcome(run, "exact-duplicates");
    const { records, distinct } = facts.header.set;
    if (run === undefined || exact === undefined)
      return notEvaluated("exact-duplicates did not complete.", run ? [run.digest] : []);
    if (records === 0) return notEvaluated("The data set is empty.", [run.digest]);
    const bound =
      requirementsOf(run).find((requirement) => requirement.check === "exact-duplicates")?.maxRate ??
      DEFAULT_MAX_COPIES;
    const surplus = (records - distinct) / records;
    const blind = isBlind(run, "near-duplicates");
    const near = blind ? undefined : completedOutcome(run, "near-duplicates");
    const nearShare = near === undefined ? 0 : near.findings / records;
    const verdict = surplus > bound ? "gap" : nearShare > bound || near === undefined ? "partial" : "pass";
    return {
      verdict,
      numerator: distinct,
      denominator: records,
      counterexamples: verdict === "gap" ? [`${records - distinct} surplus copies`] : [],
      reason:
        near === undefined
          ? `${records - distinct} surplus copies among ${records} records; near duplicates ${blind ? "could not have been seen" : "were not looked for"}.`
          : `${records - distinct} surplus copies and ${near.findings} near duplicates among ${records} records, bound ${bound}.`,
      inputs: [run.digest],
    };
  },
};
