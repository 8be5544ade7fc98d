/** What a policy demands of a check run: completed checks, few findings, no column left out, power, seed. */

import type { Policy } from "./policy.js";
import { type CheckRunPredicate, columnsOf } from "./predicates/check-run.js";
import type { Failure } from "./verdict.js";

/**
 * Everything in a run that the policy does not accept.
 *
 * @param columns columns of the data set, from its manifest: what a run says was not looked at is not believed, but
 * computed from what completed checks read
 */
export function faultsOfRun(run: CheckRunPredicate, policy: Policy, columns: readonly string[]): Failure[] {
  const { checks, seed } = policy;
  const failures: Failure[] = [];
  const fail = (code: Failure["code"], message: string, details: Readonly<Record<string, unknown>>): void => {
    failures.push({ code, class: "CheckError", message, details });
  };
  if (seed !== undefined) {
    const actual = run.seed.origin === "derived" ? "derived" : run.seed.value;
    if (actual !== seed)
      fail("gate-failed", `The checks ran with seed "${actual}", the policy wants "${seed}".`, {
        expected: seed,
        actual,
      });
  }
  if (checks === undefined) return failures;
  for (const check of checks.mustComplete) {
    const outcome = run.outcomes.find((candidate) => candidate.check === check);
    if (outcome?.status === "completed" && outcome.examined > 0) continue;
    const why =
      outcome === undefined
        ? "did not run"
        : outcome.status === "completed"
          ? "examined no record"
          : `was ${outcome.status}: ${outcome.reason}`;
    fail("check-not-completed", `Check "${check}" must complete and ${why}.`, {
      check,
      status: outcome?.status ?? "absent",
    });
  }
  for (const [severity, allowed] of Object.entries(checks.maxFindings)) {
    const found = run.findings.reduce((sum, entry) => (entry.severity === severity ? sum + entry.count : sum), 0);
    if (found > allowed) {
      fail("too-many-findings", `There are ${found} findings of severity ${severity}; the policy allows ${allowed}.`, {
        severity,
        found,
        allowed,
      });
    }
  }
  for (const column of columnsNotLookedAt(run, columns)) {
    if (checks.mayExclude.includes(column)) continue;
    const why = run.excluded.includes(column) ? "was excluded" : "was looked at by no completed check";
    fail("excluded-column", `Column "${column}" ${why}, and the policy does not allow that.`, { column });
  }
  if (checks.minPower !== undefined) {
    for (const check of checks.mustComplete) {
      const results = (run.power ?? []).filter((result) => result.check === check);
      if (results.length === 0) {
        fail(
          "power-too-low",
          `The power of "${check}" was not measured; the policy wants at least ${checks.minPower}.`,
          { check },
        );
      }
      // Results go down to the share that the check misses, so the best of each kind of poison is what counts.
      for (const attack of new Set(results.map((result) => result.attack))) {
        const ofAttack = results.filter((result) => result.attack === attack);
        const { fraction, recall } = ofAttack.reduce((best, result) => (result.recall > best.recall ? result : best));
        if (recall >= checks.minPower) continue;
        const message = `Check "${check}" found at best ${recall} of planted ${attack} (${fraction} of the records); the policy wants at least ${checks.minPower}.`;
        fail("power-too-low", message, { check, attack, fraction, recall });
      }
    }
  }
  return failures;
}

function columnsNotLookedAt(run: CheckRunPredicate, columns: readonly string[]): string[] {
  const completed = run.outcomes.filter(({ status }) => status === "completed");
  const examined = new Set(completed.flatMap(({ lookedAt }) => columnsOf(lookedAt)));
  return [...new Set([...columns, ...run.notLookedAt, ...run.excluded])].filter((column) => !examined.has(column));
}
