/** The gate: what of a run stops a release. Removing evidence never opens it. */

import type { Finding, Outcome, Severity } from "./check.js";

export interface GateOptions {
  /** Lowest severity of a finding that closes the gate, or `"none"`. Default `"high"`. */
  readonly failOn?: Severity | "none";
  /** Ids of checks that must have completed. Default none. */
  readonly require?: readonly string[];
}

export interface GateVerdict {
  readonly gate: "pass" | "fail";
  /** One sentence for each reason that closes it. */
  readonly reasons: readonly string[];
  /** Why in the words of error codes: `check-not-completed` before `check-failed` before `gate-failed`. */
  readonly codes: readonly ("check-not-completed" | "check-failed" | "gate-failed")[];
}

const RANK: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2 };

/**
 * Judges a run. The gate is closed by a finding at or above `failOn`, by a required check that did not complete or is not
 * there, and by any check that failed: skipped and failed are never a pass, but what the data do not allow is no fault unless
 * it was required. Suspects and uncalibrated rankings neither open nor close it.
 *
 * @example
 * judgeGate(run.outcomes, run.findings, { failOn: "medium", require: ["label-flips"] }).gate; // "pass"
 */
export function judgeGate(
  outcomes: readonly Outcome[],
  findings: readonly Finding[],
  { failOn = "high", require = [] }: GateOptions = {},
): GateVerdict {
  if (failOn !== "none" && !Object.hasOwn(RANK, failOn)) {
    throw new RangeError(`failOn: ${JSON.stringify(failOn)} is not low, medium, high or none`);
  }
  const reasons: string[] = [];
  const codes = new Set<GateVerdict["codes"][number]>();
  for (const id of [...new Set(require)]) {
    const outcome = outcomes.find(({ check }) => check === id);
    if (outcome?.status === "completed") continue;
    codes.add("check-not-completed");
    const why = outcome ? `was ${outcome.status}: ${outcome.reason ?? "no reason given"}` : "did not run";
    reasons.push(`The required check ${id} ${why}`);
  }
  for (const outcome of outcomes) {
    if (outcome.status !== "failed" || require.includes(outcome.check)) continue;
    codes.add("check-failed");
    reasons.push(`The check ${outcome.check} failed: ${outcome.reason ?? "no reason given"}`);
  }
  if (failOn !== "none") {
    const counts = new Map<string, number>();
    for (const { check, severity } of findings) {
      if (RANK[severity] < RANK[failOn]) continue;
      const key = `${check}\n${severity}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) {
      const [check, severity] = key.split("\n");
      codes.add("gate-failed");
      reasons.push(`${count} ${severity} ${count === 1 ? "finding" : "findings"} of ${check}`);
    }
  }
  return { gate: reasons.length === 0 ? "pass" : "fail", reasons, codes: [...codes] };
}
