/** What a policy demands of control evidence: for each control that it names, a verdict that is good enough. */

import type { Policy } from "./policy.js";
import { type ControlEvidencePredicate, isAtLeast } from "./predicates/control-evidence.js";
import type { Failure } from "./verdict.js";

export function faultsOfControls({ controls }: ControlEvidencePredicate, policy: Policy): Failure[] {
  return Object.entries(policy.controls ?? {}).flatMap(([control, least]) => {
    const verdict = controls.find((result) => result.control === control)?.verdict ?? "not-evaluated";
    if (isAtLeast(verdict, least)) return [];
    const message = `Control ${control} is ${verdict}; the policy wants ${least}.`;
    return [{ code: "control-gap", class: "CheckError", message, details: { control, verdict, expected: least } }];
  });
}
