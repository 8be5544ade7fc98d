/** Control results beside the catalogue, objective by objective. A control without a result is not evaluated. */

import { CONTROLS, OBJECTIVES } from "@assay/controls";
import type { ControlResult, ControlVerdict } from "@assay/provenance";
import { cutText } from "./plain-json.js";
import type { ReportControl, ReportControls } from "./report-model.js";

const MAX_COUNTEREXAMPLES = 20;

/** @throws RangeError when a result names a control that the annex does not have, or names one twice */
export function controlsOf(results: readonly ControlResult[]): ReportControls {
  const byId = new Map<string, ControlResult>();
  for (const result of results) {
    if (!CONTROLS.some(({ id }) => id === result.control) || byId.has(result.control)) {
      throw new RangeError(
        `controls: ${JSON.stringify(result.control)} is not a control of the annex, or stands twice`,
      );
    }
    byId.set(result.control, result);
  }
  const counts: Record<ControlVerdict, number> = {
    pass: 0,
    partial: 0,
    "not-evaluated": 0,
    gap: 0,
    "not-applicable": 0,
  };
  const objectives = OBJECTIVES.map(({ id, title, paraphrase }) => ({
    id,
    title,
    paraphrase,
    controls: CONTROLS.filter(({ objective }) => objective === id).map((control): ReportControl => {
      const result = byId.get(control.id);
      const verdict = result?.verdict ?? "not-evaluated";
      counts[verdict]++;
      return {
        id: control.id,
        title: control.title,
        paraphrase: control.paraphrase,
        relevance: control.relevance,
        automation: control.automation,
        artefact: control.artefact,
        verdict,
        rules: (result?.rules ?? []).map((rule) => ({
          id: cutText(rule.id, 200),
          mandatory: rule.mandatory,
          verdict: rule.verdict,
          numerator: rule.numerator,
          denominator: rule.denominator,
          reason: cutText(rule.reason),
          counterexamples: {
            total: rule.counterexamples.length,
            shown: rule.counterexamples.slice(0, MAX_COUNTEREXAMPLES).map((text) => cutText(text, 300)),
          },
          ...(rule.validUntil === undefined ? {} : { validUntil: cutText(rule.validUntil, 60) }),
        })),
        ...(result?.justification === undefined
          ? {}
          : {
              justification: {
                reason: cutText(result.justification.reason),
                approver: cutText(result.justification.approver, 200),
                approvedAt: cutText(result.justification.approvedAt, 60),
              },
            }),
      };
    }),
  }));
  return { counts, objectives };
}
