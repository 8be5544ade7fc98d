/** A.7.2 Data for development and enhancement: was the data set handled by the declared process? */

import { configured, type Facts, instantOf } from "../facts.js";
import { notEvaluated, type Rule } from "../rule.js";

export const processObeyed: Rule = {
  id: "P72-2",
  version: "1",
  control: "A.7.2",
  question: "Did every check that the process requires complete, on this data set, after the data set was fixed?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "The process itself, and whether it is the right one, is for people.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    const required = configured(run, "checks", "require");
    if (run === undefined || !Array.isArray(required) || required.length === 0)
      return notEvaluated(
        "No process is declared: the signed configuration requires no check.",
        run ? [run.digest] : [],
      );
    const manifest = facts.manifests[0];
    if (manifest === undefined) return notEvaluated("No verified statement fixes the data set.", [run.digest]);
    const completed = new Set(
      run.predicate.outcomes.filter((outcome) => outcome.status === "completed").map((outcome) => outcome.check),
    );
    const missing = required.map(String).filter((check) => !completed.has(check));
    const early = instantOf(run.predicate.finishedAt) < instantOf(manifest.predicate.createdAt);
    const reviewed = facts.reviews.some(({ predicate }) => predicate.decision === "approved");
    const problems = [
      ...missing.map((check) => `required check "${check}" did not complete`),
      ...(early ? ["the checks ended before the data set was fixed"] : []),
    ];
    const denominator = required.length + 1;
    return {
      verdict: problems.length > 0 ? "gap" : reviewed ? "pass" : "partial",
      numerator: denominator - missing.length - (reviewed ? 0 : 1),
      denominator,
      counterexamples: [...problems, ...(reviewed ? [] : ["nobody has approved the data set"])],
      reason:
        problems.length > 0
          ? `The process was not followed: ${problems[0]}.`
          : reviewed
            ? "Every required check completed, and the data set was approved."
            : "Every required check completed; nobody has approved the data set yet.",
      inputs: [run.digest, manifest.digest, ...facts.reviews.map(({ digest }) => digest)],
    };
  },
};

/** Exposure of a data set → checks that look for what it invites. Ids of MITRE ATLAS techniques are in the documentation. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  "user-contributed": ["label-flips", "outliers", "near-duplicates"],
  "crowd-labels": ["label-flips", "conflicting-duplicates"],
  "third-party": ["bad-sources", "outliers"],
  "web-crawled": ["exact-duplicates", "near-duplicates", "outliers"],
  "writable-store": ["exact-duplicates", "outliers"],
};

export const exposureAnswered: Rule = {
  id: "P72-3",
  version: "1",
  control: "A.7.2",
  question: "Is each exposure that was declared for the data answered by checks that ran?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: false,
  limits: "It sees exposures that were declared, and only those with a check: clean-label poison has none.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    const exposure = configured(run, "risk", "exposure");
    if (run === undefined || !Array.isArray(exposure) || exposure.length === 0)
      return notEvaluated("No exposure is declared.", run ? [run.digest] : []);
    const completed = new Set(
      run.predicate.outcomes.filter((outcome) => outcome.status === "completed").map((outcome) => outcome.check),
    );
    const answered: string[] = [];
    const partly: string[] = [];
    const open: string[] = [];
    for (const name of exposure.map(String)) {
      const checks = Object.hasOwn(ANSWERS, name) ? (ANSWERS[name] as readonly string[]) : [];
      const done = checks.filter((check) => completed.has(check));
      (done.length === 0 ? open : done.length < checks.length ? partly : answered).push(name);
    }
    return {
      verdict: open.length > 0 ? "gap" : partly.length > 0 ? "partial" : "pass",
      numerator: answered.length,
      denominator: exposure.length,
      counterexamples: [
        ...open.map((name) => `${name}: no check ran`),
        ...partly.map((name) => `${name}: only some checks ran`),
      ],
      reason:
        open.length > 0
          ? `No check answers the exposure "${open[0]}".`
          : partly.length > 0
            ? `Only some of the checks for "${partly[0]}" completed.`
            : "Every declared exposure is answered by checks that completed.",
      inputs: [run.digest],
    };
  },
};
