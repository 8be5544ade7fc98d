/** Controls by objective, with the reasons for each verdict. */

import { html, type Markup, quoted } from "./html-escape.js";
import { more, section } from "./html-sections.js";
import { countText } from "./number-text.js";
import type { Report, ReportControl, ReportControls } from "./report-model.js";

const ORDER = ["pass", "partial", "gap", "not-evaluated", "not-applicable"] as const;
const AUTOMATION: Readonly<Record<string, string>> = {
  full: "A machine can make all of its evidence.",
  part: "A machine can make part of its evidence; people the rest.",
  human: "Only people can answer it. Nothing here does.",
};

export function controlsSection({ controls }: Report): Markup {
  const title = "ISO/IEC 42001 Annex A controls";
  if (controls === undefined) return section("controls", title, html`<p class="note">Controls were not evaluated.</p>`);
  const chips = ORDER.map(
    (verdict) =>
      html`<li><span class="chip ${verdict}">${countText(controls.counts[verdict])} ${verdict.replace("-", " ")}</span></li>`,
  );
  return section(
    "controls",
    title,
    html`<ul class="chips" aria-label="Controls by verdict">${chips}</ul>
${controls.objectives.map(objectiveItem)}`,
    "What of each control the evidence of this data set supports. A control is as good as the worst of its mandatory rules; nothing is averaged, and nothing to judge is “not evaluated”, never a pass.",
  );
}

/** Open when there is something to read in it. */
function objectiveItem({ id, title, paraphrase, controls }: ReportControls["objectives"][number]): Markup {
  const counts = ORDER.map((verdict) => ({
    verdict,
    count: controls.filter((control) => control.verdict === verdict).length,
  }));
  const isOpen = controls.some(({ verdict }) => verdict !== "not-evaluated");
  return html`<details class="objective"${isOpen && html` open`}><summary><span class="id">${id}</span><h3 class="title">${title} <span>– ${paraphrase}</span></h3><span class="chips">${counts.map(({ verdict, count }) => count > 0 && html`<span class="chip ${verdict}">${count} ${verdict.replace("-", " ")}</span>`)}</span></summary>
${controls.map(controlItem)}</details>
`;
}

function controlItem(control: ReportControl): Markup {
  const { id, title, paraphrase, automation, artefact, verdict, rules, justification } = control;
  return html`<details><summary><span class="id">${id}</span><span class="title">${title}</span><span class="chip ${verdict}">${verdict.replace("-", " ")}</span></summary>
<div class="rules"><p class="soft">${paraphrase}. ${AUTOMATION[automation] ?? ""}${artefact !== null && ` Evidence here: ${artefact}.`}</p>
${justification && html`<p>Not applicable: ${quoted(justification.reason)} (${quoted(justification.approver)}, ${quoted(justification.approvedAt)})</p>`}
${rules.length === 0 && !justification && html`<p>No rule of this tool speaks to it.</p>`}
${rules.map(
  (
    rule,
  ) => html`<p><span class="chip ${rule.verdict}">${rule.verdict.replace("-", " ")}</span> <code>${quoted(rule.id)}</code>${!rule.mandatory && html` <span class="soft">(not mandatory)</span>`} ${quoted(rule.reason)} <span class="soft">${countText(rule.numerator)} of ${countText(rule.denominator)}${rule.validUntil !== undefined && html`, valid until ${quoted(rule.validUntil)}`}</span></p>
${rule.counterexamples.total > 0 && html`<ul>${rule.counterexamples.shown.map((one) => html`<li>${quoted(one)}</li>`)}</ul>${more(rule.counterexamples, "counter-examples")}`}`,
)}</div></details>
`;
}
