/**
 * The report as one HTML file that works from disk with no network and, apart from filters, without its script. All texts
 * of the model are escaped by the template; a content security policy forbids whatever would get past it.
 */

import { CONTENT_SECURITY_POLICY } from "./content-security.js";
import { controlsSection } from "./html-controls.js";
import { html, jsonBlock, type Markup, quoted, trustedText } from "./html-escape.js";
import { findingsSection, rankingSection } from "./html-findings.js";
import {
  checksSection,
  factsList,
  filesSection,
  identitySection,
  limitsSection,
  lineageSection,
  notLookedAtSection,
  plotsSection,
  sourcesSection,
  trustSection,
  verifySection,
} from "./html-sections.js";
import { countText } from "./number-text.js";
import { PAGE_SCRIPT } from "./page-script.js";
import type { Report } from "./report-model.js";
import { STYLE } from "./style.js";
import { toJson } from "./to-json.js";

export interface ToHtmlOptions {
  /** Most findings on the page. Default 1,000: a page with more is slow to open. */
  readonly maxFindings?: number;
}

/**
 * Renders one self-contained page.
 *
 * @example
 * await writeFile("report.html", toHtml(createReport(input)));
 */
export function toHtml(report: Report, options: ToHtmlOptions = {}): string {
  const { maxFindings = 1_000 } = options;
  const { dataset, findings, headline, trust, data, outcomes, plots, tool, createdAt } = report;
  const shown = findings.shown.slice(0, maxFindings);
  const carried: Report = { ...report, findings: { ...findings, shown } };
  const sources = sourcesSection(report);
  const suspects = rankingSection(report);
  const plotted = plotsSection(report);
  const files = filesSection(report);
  const entries: readonly (readonly [string, string, number?] | undefined)[] = [
    ["summary", "Summary"],
    ["identity", "Identity"],
    ["findings", "Findings", findings.total],
    suspects && ["suspects", "Suspects"],
    ["checks", "Looked for", outcomes.length],
    sources && ["sources", "Sources"],
    plotted && ["plots", "Plots", plots.length],
    ["trust", "Trust"],
    ["lineage", "Lineage"],
    files && ["files", "Files", dataset.files.total],
    ["controls", "Controls"],
    ["unread", "Not looked at", report.notLookedAt.columns.total],
    ["limits", "Cannot see"],
    ["verify", "Check it yourself"],
  ];
  const links = entries.map(
    (entry) =>
      entry &&
      html`<li><a href="#${entry[0]}"><span>${entry[1]}</span>${entry[2] !== undefined && html`<span class="n">${countText(entry[2])}</span>`}</a></li>`,
  );
  const made = [
    tool && html`Made by ${quoted(`${tool.name} ${tool.version}`)}`,
    createdAt !== undefined && html`${tool ? ", " : "Made at "}${quoted(createdAt)}`,
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trustedText(CONTENT_SECURITY_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${dataset.name} – Assay report</title>
<style>${trustedText(STYLE)}</style>
</head>
<body>
<a class="skip" href="#summary">Skip to the summary</a>
<div class="page">
<nav aria-label="Sections"><div><div class="brand">${MARK}Assay report</div>
<ol>${links}</ol></div></nav>
<header id="summary">
<p class="kicker">Data set${dataset.version !== undefined && html`, version ${quoted(dataset.version)}`}</p>
<h1>${quoted(dataset.name)}</h1>
<div class="banner ${headline.tone}" role="note">${BANNER[headline.tone]}<div><p class="title">${headline.title}</p><p>${quoted(headline.text)}</p></div></div>
<p class="small soft"><span class="chip ${trust.state}">${trust.state.replace("-", " ")}</span> ${quoted(trust.line)} &ensp;<span class="chip ${data === "checked" ? "completed" : "none"}">data ${data.replace("-", " ")}</span></p>
${factsList(report)}
</header>
<main>
${identitySection(report)}${findingsSection(report, shown)}${suspects}${checksSection(report)}${sources}${plotted}${trustSection(report)}${lineageSection(report)}${files}${controlsSection(report)}${notLookedAtSection(report)}${limitsSection(report)}${verifySection(report)}
</main>
<footer>
<p>Evidence, not certification. This report says what was looked for, how, and what was found. It certifies nothing, and nobody who did not run the commands above should rely on it.</p>
<p>${made}${(tool !== undefined || createdAt !== undefined) && ". "}The model that this page renders is in it as JSON, under the id <code>report</code>.</p>
</footer>
</div>
<script type="application/json" id="report">${jsonBlock(toJson(carried).trimEnd())}</script>
<script>${trustedText(PAGE_SCRIPT)}</script>
</body>
</html>
`.html;
}

/** A touchstone's mark: a square on its corner in a ring. */
const MARK: Markup = html`<svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="14" fill="none" stroke="currentColor" stroke-width="2"/><path d="M16 6.5 25.5 16 16 25.5 6.5 16Z" fill="none" stroke="currentColor" stroke-width="2"/><path d="M16 11.5 20.5 16 16 20.5 11.5 16Z" fill="currentColor"/></svg>`;

const BANNER: Readonly<Record<Report["headline"]["tone"], Markup>> = {
  bad: html`<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M10.5 3h11L29 10.500v11L21.500 29h-11L3 21.500v-11Z" fill="none" stroke="currentColor" stroke-width="2.200"/><path d="m11 11 10 10m0-10L11 21" stroke="currentColor" stroke-width="2.600" stroke-linecap="round"/></svg>`,
  attention: html`<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M16 4 29.500 28h-27Z" fill="none" stroke="currentColor" stroke-width="2.200" stroke-linejoin="round"/><path d="M16 13v7" stroke="currentColor" stroke-width="2.600" stroke-linecap="round"/><circle cx="16" cy="24" r="1.500" fill="currentColor"/></svg>`,
  calm: html`<svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="13" fill="none" stroke="currentColor" stroke-width="2.200"/><path d="M10 16h12" stroke="currentColor" stroke-width="2.600" stroke-linecap="round"/></svg>`,
};
