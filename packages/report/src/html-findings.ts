/** Findings on the page: each a line that opens to its evidence, its record and the command that proves it. */

import { digestMarkup, html, type Markup, quoted } from "./html-escape.js";
import { countText, measureText, plural, shareText } from "./number-text.js";
import type { Field } from "./plain-json.js";
import type { Report, ReportFinding } from "./report-model.js";
import { SEVERITIES } from "./shown-findings.js";
import { stableJson } from "./stable-json.js";

export function findingsSection({ findings, dataset, notLookedAt }: Report, shown: readonly ReportFinding[]): Markup {
  const { total, bySeverity, byCheck } = findings;
  const unread = new Set(notLookedAt.columns.shown);
  const chips = SEVERITIES.filter((severity) => bySeverity[severity] > 0).map(
    (severity) => html`<li><span class="chip ${severity}">${countText(bySeverity[severity])} ${severity}</span></li>`,
  );
  const cut =
    shown.length < total &&
    html`<div class="note"><p><strong>${countText(shown.length)} of ${countText(total)} findings are shown</strong>, the gravest of each check first. All of them are in <code>findings.jsonl</code>.</p></div>`;
  const keyed =
    dataset.leafKey !== undefined &&
    html`<p class="soft small">Leaves are keyed, so values of records are not shown.</p>`;
  return html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
<p class="soft">A finding is a record that is accused with an error-rate claim that holds. <em>q</em> is the smallest false discovery rate at which it would be made: among findings with q ≤ 0.05, at most 5 % are expected to be innocent.</p>
<ul class="chips" aria-label="Findings by severity">${chips}</ul>
${cut}${keyed}
${total === 0 ? html`<p class="note">No finding. That speaks for what was looked at, and for nothing else.</p>` : ""}
${shown.length > 0 && tools(byCheck.map(({ check }) => check))}
${
  shown.length > 0 &&
  html`<ol class="findings" id="finding-list">
${shown.map((finding, index) => findingItem(finding, index, unread))}</ol>
<p class="empty" id="find-none" hidden>No finding matches.</p>`
}
</section>
`;
}

function tools(checks: readonly string[]): Markup {
  return html`<div class="tools" id="tools" role="search" aria-label="Filter findings" hidden>
<label class="grow">Text<input type="search" id="find-text" autocomplete="off" placeholder="file, value, message, leaf"></label>
<label>Check<select id="find-check"><option value="">all</option>${checks.map((check) => html`<option value="${check}">${check}</option>`)}</select></label>
<label>Severity<select id="find-severity"><option value="">all</option>${SEVERITIES.map((severity) => html`<option value="${severity}">${severity}</option>`)}</select></label>
<label>Order<select id="find-sort"><option value="gravity">gravity</option><option value="score">score</option><option value="q">q</option><option value="record">record</option></select></label>
<button type="button" id="find-open" aria-pressed="false">Open all</button>
<span class="soft small" id="find-status" role="status"></span>
</div>
`;
}

function findingItem(finding: ReportFinding, index: number, unread: ReadonlySet<string>): Markup {
  const { check, kind, severity, file, ordinal, record, line, leaf, score, p, q, message, evidence, values, prove } =
    finding;
  const place = line === undefined ? `record ${ordinal}` : `line ${line}`;
  const quality = q === undefined ? undefined : html` data-q="${q}"`;
  return html`<li id="finding-${index}" data-index="${index}" data-check="${check}" data-severity="${severity}" data-score="${score}" data-record="${record}"${quality}>
<details>
<summary><span><span class="chip ${severity}">${severity}</span></span><span class="check">${quoted(check)}${kind !== check && html`<br><span class="soft small">${quoted(kind)}</span>`}</span><span class="message">${quoted(message)}</span><span class="place">${quoted(file)}, ${place}</span></summary>
<div class="opened">
<div><h3>How sure</h3>
<dl class="fields"><dt>score</dt><dd>${measureText(score, 9)}</dd>${p !== undefined && html`<dt>p</dt><dd>${measureText(p, 9)}</dd>`}${q !== undefined && html`<dt>q</dt><dd>${measureText(q, 9)}</dd>`}</dl>
<h3>Evidence</h3>
${evidence.length > 0 ? fieldList(evidence) : html`<p class="soft small">None was recorded.</p>`}</div>
<div><h3>Record ${countText(record)}</h3>
${values === undefined ? html`<p class="soft small">The values are not in this report.</p>` : fieldList(values, unread)}</div>
<div class="full"><h3>Where, and which</h3>
<dl class="fields"><dt>file</dt><dd>${quoted(file)}</dd><dt>ordinal</dt><dd>${countText(ordinal)} in the file, ${countText(record)} over all files, from 0</dd>${line !== undefined && html`<dt>line</dt><dd>${line}</dd>`}<dt>leaf</dt><dd>${digestMarkup(leaf)}</dd></dl>
<h3>Prove that this record is in the data set</h3>
<code class="cmd">${prove}</code></div>
</div>
</details>
</li>
`;
}

/** Names and values. Names in `unread`, columns that no check read, are marked. */
export function fieldList(fields: readonly Field[], unread?: ReadonlySet<string>): Markup {
  const rows = fields.map(({ name, value }) => {
    const text = typeof value === "string" ? value : stableJson(value);
    return html`<dt>${quoted(name)}${unread?.has(name) === true && html` <span class="small">(not looked at)</span>`}</dt><dd>${value === "" ? html`<span class="soft">(empty text)</span>` : html`<code>${quoted(text)}</code>`}</dd>`;
  });
  return html`<dl class="fields">${rows}</dl>`;
}

/** Bad records estimated, suspects and disputed records: rankings without a claim. */
export function rankingSection({ outcomes }: Report): Markup | undefined {
  const ranked = outcomes.filter(({ suspects, disputed }) => suspects.total + disputed.total > 0);
  if (ranked.length === 0) return undefined;
  const list = (
    name: string,
    about: string,
    { total, shown }: { total: number; shown: readonly number[] },
    reasons: Markup | false,
  ) =>
    total > 0 &&
    html`<details class="more"><summary>${plural(total, name)}${total > shown.length && `, the first ${countText(shown.length)}`}</summary><p class="soft small">${about}</p>${reasons}<p class="small">${shown.join(", ")}</p></details>`;
  const whys = (reasons: Report["outcomes"][number]["reasons"]) =>
    reasons.length > 0 &&
    html`<dl class="fields">${reasons.map(({ record, message }) => html`<dt>${countText(record)}</dt><dd>${quoted(message)}</dd>`)}</dl>`;
  return html`<section id="suspects" aria-labelledby="suspects-title">
<h2 id="suspects-title">Suspects and disputed records</h2>
<p class="soft">These carry no error-rate claim and close no gate. Suspects are ranked, as many as the estimate says are bad. Disputed records merely disagree with what was expected of them. Numbers are ordinals over all files, from 0.</p>
${ranked.map(
  ({
    check,
    suspects,
    reasons,
    disputed,
    estimate,
  }) => html`<h3>${quoted(check)}${estimate && html` <span class="soft small">estimated ${shareText(estimate.rate)}</span>`}</h3>
${list("suspect", "Most suspicious first.", suspects, whys(reasons))}${list("disputed record", "In the order of the check.", disputed, false)}`,
)}
</section>
`;
}
