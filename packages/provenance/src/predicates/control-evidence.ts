/**
 * `urn:assay:predicate:control-evidence/v1`: for each control, what of it this data set's evidence supports. Evidence
 * verdicts, not certification.
 */

import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { PREDICATE_BASE, STATEMENT_TYPE, type Statement } from "../statement.js";
import { count, digest, instant, tool, words } from "./fields.js";
import type { PredicateKind, Tool } from "./predicate.js";

export const CONTROL_EVIDENCE = `${PREDICATE_BASE}control-evidence/v1`;

/** From best to worst; `not-applicable` stands apart and needs a justification. */
export type ControlVerdict = "pass" | "partial" | "not-evaluated" | "gap" | "not-applicable";

/** The result of one rule that can fail. */
export interface RuleResult {
  /** Stable id of the rule, such as `P73-1`. */
  readonly id: string;
  readonly version: string;
  /** A control's verdict is never better than that of its mandatory rules. */
  readonly mandatory: boolean;
  readonly verdict: ControlVerdict;
  /** How many of `denominator` satisfy the rule. Nothing to judge, 0 of 0, is `not-evaluated`. */
  readonly numerator: number;
  readonly denominator: number;
  /** What does not satisfy it, as far as it is short enough to list. */
  readonly counterexamples: readonly string[];
  /** One sentence: why this verdict. */
  readonly reason: string;
  /** Statements that were read: SHA-256 of their bytes, ascending. */
  readonly inputs: readonly string[];
  /** When the result must be computed again. */
  readonly validUntil?: string;
}

export interface ControlResult {
  /** Clause number, such as `A.7.3`. */
  readonly control: string;
  readonly verdict: ControlVerdict;
  readonly rules: readonly RuleResult[];
  /** Only and always with `not-applicable`. */
  readonly justification?: { readonly reason: string; readonly approver: string; readonly approvedAt: string };
}

export interface ControlEvidencePredicate {
  readonly catalogue: { readonly name: string; readonly version: string };
  readonly tool: Tool;
  readonly computedAt: string;
  readonly controls: readonly ControlResult[];
}

const verdict = z.enum(["pass", "partial", "not-evaluated", "gap", "not-applicable"]);

const schema = z.strictObject({
  catalogue: z.strictObject({ name: words, version: words }),
  tool,
  computedAt: instant,
  controls: z.array(
    z.strictObject({
      control: words,
      verdict,
      rules: z.array(
        z.strictObject({
          id: words,
          version: words,
          mandatory: z.boolean(),
          verdict,
          numerator: count,
          denominator: count,
          counterexamples: z.array(z.string()),
          reason: words,
          inputs: z.array(digest),
          validUntil: instant.optional(),
        }),
      ),
      justification: z.strictObject({ reason: words, approver: words, approvedAt: instant }).optional(),
    }),
  ),
});

export const controlEvidence: PredicateKind<ControlEvidencePredicate> = {
  predicateType: CONTROL_EVIDENCE,
  schema,
  faultOf: ({ controls }) => faultOfControls(controls),
  timeOf: ({ computedAt }) => computedAt,
};

/** Verdicts from best to worst. */
const ORDER: readonly ControlVerdict[] = ["pass", "partial", "not-evaluated", "gap"];

/** Whether a verdict is at least as good as another. `not-applicable` is as good as `pass`: a person justified it. */
export function isAtLeast(verdict: ControlVerdict, least: "pass" | "partial"): boolean {
  return verdict === "not-applicable" || ORDER.indexOf(verdict) <= ORDER.indexOf(least);
}

function faultOfControls(controls: readonly ControlResult[]): string | undefined {
  const seen = new Set<string>();
  for (const { control, verdict, rules, justification } of controls) {
    if (seen.has(control)) return `control "${control}" has two verdicts`;
    seen.add(control);
    if ((verdict === "not-applicable") !== (justification !== undefined)) {
      return `control "${control}": a justification belongs to not-applicable, and only there`;
    }
    if (verdict === "not-applicable") continue;
    const mandatory = rules.filter((rule) => rule.mandatory && rule.verdict !== "not-applicable");
    if (mandatory.length === 0 && ORDER.indexOf(verdict) < ORDER.indexOf("not-evaluated")) {
      return `control "${control}" is ${verdict} without a mandatory rule`;
    }
    for (const rule of rules) {
      if (rule.numerator > rule.denominator) return `rule "${rule.id}" has a numerator above its denominator`;
      if (rule.verdict === "pass" && rule.denominator === 0) return `rule "${rule.id}" passes on nothing, 0 of 0`;
    }
    for (const rule of mandatory) {
      if (ORDER.indexOf(verdict) < ORDER.indexOf(rule.verdict)) {
        return `control "${control}" is ${verdict}, its mandatory rule "${rule.id}" only ${rule.verdict}`;
      }
    }
  }
  return undefined;
}

/** Builds the statement that carries control evidence. */
export function buildControlEvidenceStatement(
  heads: ManifestHeads,
  predicate: ControlEvidencePredicate,
): Statement<ControlEvidencePredicate> {
  return { _type: STATEMENT_TYPE, subject: subjectsOf(heads), predicateType: CONTROL_EVIDENCE, predicate };
}
