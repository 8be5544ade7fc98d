/**
 * Evidence for every control of the annex. A control's verdict is the worst of its mandatory rules; nothing is averaged,
 * because a good mean must not hide one failed gate. A control without a rule is not evaluated, never passed.
 */

import type { ControlResult, RuleResult } from "@assay/provenance";
import { CONTROLS } from "./catalogue.js";
import { type Evidence, factsOf } from "./facts.js";
import { evaluateRule, type Verdict } from "./rule.js";
import { RULES } from "./rules/registry.js";

/** From worst to best. */
const WORST_FIRST: readonly Verdict[] = ["gap", "not-evaluated", "partial", "pass"];

/** The worst verdict of the mandatory rules; `not-evaluated` when there is none. */
export function worstVerdict(rules: readonly RuleResult[]): Verdict {
  const mandatory = rules.filter((rule) => rule.mandatory);
  if (mandatory.length === 0) return "not-evaluated";
  return WORST_FIRST.find((verdict) => mandatory.some((rule) => rule.verdict === verdict)) ?? "not-evaluated";
}

/**
 * What of each of the 38 controls the evidence supports. Pure: the same evidence gives the same results.
 *
 * @example
 * const results = evaluateControls(evidence);
 * results.find(({ control }) => control === "A.7.4")?.verdict; // "partial"
 */
export function evaluateControls(evidence: Evidence): ControlResult[] {
  const facts = factsOf(evidence);
  return CONTROLS.map(({ id }) => {
    const rules = RULES.filter((rule) => rule.control === id).map((rule) => evaluateRule(rule, facts));
    return { control: id, verdict: worstVerdict(rules), rules };
  });
}

/** Whether a verdict satisfies a gate that requires the control: anything but a gap or nothing. */
export function meetsRequirement(verdict: ControlResult["verdict"]): boolean {
  return verdict === "pass" || verdict === "partial" || verdict === "not-applicable";
}
