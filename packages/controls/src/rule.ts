/** A rule: one question about one control that the evidence can answer with no. A rule that cannot fail is refused by the tests. */

import type { ControlVerdict, RuleResult } from "@assay/provenance";
import type { Facts } from "./facts.js";

export type Verdict = Exclude<ControlVerdict, "not-applicable">;

/** What a rule answers; the rest of the result follows from the rule itself. */
export interface Answer {
  readonly verdict: Verdict;
  /** How many of `denominator` satisfy the rule. */
  readonly numerator: number;
  readonly denominator: number;
  /** What does not, at most ten are listed. Holds data: escape it. */
  readonly counterexamples?: readonly string[];
  /** One sentence: why this verdict. Holds data: escape it. */
  readonly reason: string;
  /** Digests of the statements that were read. */
  readonly inputs: readonly string[];
}

export interface Rule {
  /** Stable id: `P74-3` is the third rule of A.7.4. */
  readonly id: string;
  readonly version: string;
  /** Id of the control. */
  readonly control: string;
  /** What is asked. */
  readonly question: string;
  /** Verdicts that it can give. Each has a fixture. */
  readonly verdicts: readonly Verdict[];
  /** The control is never better than its mandatory rules. */
  readonly mandatory: boolean;
  /** What stays with people, or what the rule cannot see. */
  readonly limits: string;
  evaluate(facts: Facts): Answer;
}

const MAX_COUNTEREXAMPLES = 10;

/** Missing input or an empty population: never a pass. */
export function notEvaluated(reason: string, inputs: readonly string[] = []): Answer {
  return { verdict: "not-evaluated", numerator: 0, denominator: 0, reason, inputs };
}

/** Evaluates one rule. */
export function evaluateRule(rule: Rule, facts: Facts): RuleResult {
  const { verdict, numerator, denominator, counterexamples = [], reason, inputs } = rule.evaluate(facts);
  return {
    id: rule.id,
    version: rule.version,
    mandatory: rule.mandatory,
    // 0 of 0 is nothing, however the rule came to it.
    verdict: denominator === 0 && verdict !== "gap" ? "not-evaluated" : verdict,
    numerator,
    denominator,
    counterexamples: counterexamples.slice(0, MAX_COUNTEREXAMPLES),
    reason,
    inputs: [...new Set(inputs)].sort(),
  };
}
