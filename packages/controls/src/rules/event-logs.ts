/** A.6.2.8 Recording of event logs: do the statements record what happened to the data, in order? */

import { configured, type Facts, instantOf, type Stated } from "../facts.js";
import { notEvaluated, type Rule } from "../rule.js";

interface Event {
  readonly phase: string;
  readonly atMs: number;
  readonly digest: string;
  readonly signed: boolean;
}

/** The phases that the statements record, in the order of a run. */
const PHASES = ["acquire", "manifest", "check", "review"] as const;

function eventsOf(facts: Facts): Event[] {
  const event =
    <P>(phase: string, time: (predicate: P) => string) =>
    ({ predicate, digest, statement }: Stated<P>): Event => ({
      phase,
      atMs: instantOf(time(predicate)),
      digest,
      signed: statement.signers.length > 0,
    });
  return [
    ...facts.acquisitions.map(event("acquire", ({ acquiredAt }) => acquiredAt)),
    ...facts.manifests.map(event("manifest", ({ createdAt }) => createdAt)),
    ...facts.checkRuns.map(event("check", ({ finishedAt }) => finishedAt)),
    ...facts.reviews.map(event("review", ({ reviewedAt }) => reviewedAt)),
  ];
}

export const eventLog: Rule = {
  id: "P628",
  version: "1",
  control: "A.6.2.8",
  question: "Is every phase that the process declares recorded by a statement, in order, and signed?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "It sees phases of the data set's own folder, not of the system that uses the data.",
  evaluate(facts: Facts) {
    const events = eventsOf(facts);
    if (events.length === 0) return notEvaluated("There are no verified statements.");
    const sources = configured(facts.latestRun, "sources");
    const approver = configured(facts.latestRun, "approver");
    const required = PHASES.filter(
      (phase) =>
        phase === "manifest" ||
        phase === "check" ||
        (phase === "acquire" && Array.isArray(sources) && sources.length > 0) ||
        (phase === "review" && approver !== undefined),
    );
    const missing = required.filter((phase) => !events.some((event) => event.phase === phase));
    const disordered = PHASES.flatMap((phase, index) =>
      PHASES.slice(index + 1).flatMap((later) => {
        const firsts = events.filter((event) => event.phase === phase).map((event) => event.atMs);
        const lasts = events.filter((event) => event.phase === later).map((event) => event.atMs);
        return firsts.length > 0 && lasts.length > 0 && Math.min(...firsts) > Math.max(...lasts)
          ? [`${later} is recorded before ${phase}`]
          : [];
      }),
    );
    const unsigned = events.filter((event) => !event.signed);
    const problems = [...missing.map((phase) => `no statement records the phase "${phase}"`), ...disordered];
    return {
      verdict: problems.length > 0 ? "gap" : unsigned.length > 0 ? "partial" : "pass",
      numerator: required.length - missing.length,
      denominator: required.length,
      counterexamples:
        problems.length > 0
          ? problems
          : unsigned.map((event) => `the ${event.phase} statement is not signed by anyone who is trusted`),
      reason:
        problems.length > 0
          ? `The record is broken: ${problems[0]}.`
          : unsigned.length > 0
            ? "Every phase is recorded, but not every record is signed by someone who is trusted."
            : "Every declared phase is recorded, in order, and signed.",
      inputs: events.map((event) => event.digest),
    };
  },
};
