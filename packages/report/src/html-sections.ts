/** Sections of the page, in the order in which a reader needs them. */

import { digestMarkup, html, type Markup, quoted } from "./html-escape.js";
import { fieldList } from "./html-findings.js";
import { lineageSvg } from "./lineage-svg.js";
import { bytesText, countText, plural, shareText } from "./number-text.js";
import { estimateSvg, plotFigure, shareSvg } from "./plots-svg.js";
import type { Report, ReportOutcome, Shown } from "./report-model.js";

/** A part of the page and its entry in the navigation. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly count?: number;
  readonly content: Markup;
}

export function section(id: string, title: string, content: Markup, about?: string): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${about !== undefined && html`<p class="soft">${about}</p>`}
${content}
</section>
`;
}

/** A table that scrolls sideways on its own, reachable by keyboard. */
export function scrolling(label: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>\n`;
}

/** Says how much of a list is left out. */
export function more({ total, shown }: Shown<unknown>, what: string): Markup | undefined {
  return total > shown.length
    ? html`<p class="soft small">${countText(total - shown.length)} more ${what} not shown.</p>`
    : undefined;
}

export function identitySection({ dataset }: Report): Markup {
  const { files } = dataset;
  const only = files.total === 1 ? files.shown[0] : undefined;
  const perFile =
    files.shown.length > 0
      ? html`<p>One for each of ${plural(files.total, "file")}: see <a href="#files">files</a>.</p>`
      : html`<p>One for each of ${plural(files.total, "file")}, in <code>files.jsonl</code>.</p>`;
  const card = (name: string, question: string, digest: Markup, changes: string) => html`<article>
<h3>${name} <em>${question}</em></h3>
${digest}
<p>${changes}</p>
</article>
`;
  return section(
    "identity",
    "What this data set is",
    html`<div class="digests">
${card("set", "are these the same records, however stored?", digestMarkup(dataset.setHead), "Changes when a record is added, removed, altered or repeated. Stays when the data are shuffled, re-sharded or converted.")}
${card("dataset", "is this the data set as laid out?", digestMarkup(dataset.datasetHead), "Changes when a file is renamed, added or removed, or any entry changes.")}
${card("records", "are these the records of a file, in this order?", only ? digestMarkup(only.root) : perFile, "Changes with a value, a record or the order. Stays when a file is rewritten as Parquet, compressed or quoted otherwise.")}
${card("bytes", "are these the bytes that were stored?", only?.bytes ? digestMarkup(only.bytes) : perFile, "Plain SHA-256 of each file. Changes with any byte.")}
</div>
<p class="soft small after">The first two are head digests: they bind the root, the counts and how leaves were made (${dataset.leafFormat}${dataset.leafKey !== undefined && `, keyed by ${dataset.leafKey}`}), and are what gets signed.</p>`,
    "Four digests that answer four questions. To say “the same data”, compare the first.",
  );
}

export function filesSection({ dataset }: Report): Markup | undefined {
  const { files, splits, schemas } = dataset;
  if (files.shown.length + splits.length + schemas.length === 0) return undefined;
  const [only] = schemas;
  return section(
    "files",
    "Files, splits and columns",
    html`${
      files.shown.length > 0 &&
      html`${scrolling(
        "Files",
        html`<table><caption>${plural(files.total, "file")}, ${bytesText(dataset.bytes)}</caption><thead><tr><th scope="col">Path</th><th scope="col">Format</th><th scope="col" class="num">Records</th><th scope="col" class="num">Size</th><th scope="col">Digests</th></tr></thead><tbody>
${files.shown.map(({ path, format, records, size, bytes, root }) => html`<tr><th scope="row">${quoted(path)}</th><td>${quoted(format)}</td><td class="num">${countText(records)}</td><td class="num">${bytesText(size)}</td><td class="pair"><div><span class="soft small">bytes</span> ${bytes ? digestMarkup(bytes) : "none are stored"}</div><div><span class="soft small">records</span> ${digestMarkup(root)}</div></td></tr>\n`)}</tbody></table>`,
      )}${more(files, "files")}`
    }
${
  splits.length > 0 &&
  html`<h3>Splits</h3>${scrolling(
    "Splits",
    html`<table><caption>Each split is a set of records with a root of its own</caption><thead><tr><th scope="col">Split</th><th scope="col" class="num">Records</th><th scope="col" class="num">Different</th><th scope="col">Set root</th></tr></thead><tbody>
${splits.map(({ name, records, distinct, root }) => html`<tr><th scope="row">${quoted(name)}</th><td class="num">${countText(records)}</td><td class="num">${countText(distinct)}</td><td>${digestMarkup(root)}</td></tr>\n`)}</tbody></table>`,
  )}`
}
${
  only &&
  html`<h3>Columns</h3>
${schemas.map(({ digest, columns }) => html`${schemas.length > 1 && html`<p class="small soft">Schema ${digestMarkup(digest)}</p>`}<ul class="columns">${columns.shown.map(({ name, kind }) => html`<li>${quoted(name)} <span class="soft">${quoted(kind)}</span></li>`)}</ul>${more(columns, "columns")}`)}`
}`,
  );
}

export function trustSection({ trust, data }: Report): Markup {
  const { signers, failures, warnings, line, state } = trust;
  return section(
    "trust",
    "Who stands behind it",
    html`<p><span class="chip ${state}">${state.replace("-", " ")}</span> ${quoted(line)}</p>
<p class="small">Data: ${data === "checked" ? "every root was computed again from the data." : "not checked. The roots are those that the manifest claims."}</p>
${
  signers.length > 0 &&
  scrolling(
    "Signers",
    html`<table><caption>Keys that envelopes name. Only “counted” means something for trust</caption><thead><tr><th scope="col">Key id</th><th scope="col">Signature</th><th scope="col">Person and roles</th><th scope="col">Statements</th></tr></thead><tbody>
${signers.map(({ keyId, status, person, roles, statements }) => html`<tr><td>${digestMarkup(keyId)}</td><td><span class="chip ${status}">${status.replace("-", " ")}</span></td><td>${person === undefined ? "nobody of a policy" : quoted([person, ...roles].join(", "))}</td><td class="small">${statements.map((type) => html`<div>${quoted(type)}</div>`)}</td></tr>\n`)}</tbody></table>`,
  )
}
${failures.total > 0 && html`<h3>What is wrong</h3><ul>${failures.shown.map(({ code, message }) => html`<li><code>${code}</code> ${quoted(message)}</li>`)}</ul>${more(failures, "failures")}`}
${warnings.total > 0 && html`<h3>What a person should know</h3><ul>${warnings.shown.map((warning) => html`<li>${quoted(warning)}</li>`)}</ul>${more(warnings, "warnings")}`}`,
  );
}

export function checksSection({ outcomes, power }: Report): Markup {
  const most = outcomes.reduce((high, { estimate }) => Math.max(high, estimate?.high ?? 0), 0);
  const rows = outcomes.map((outcome) => outcomeRow(outcome, most));
  const powerRows = power.map(
    ({ check, attack, fraction, recall, falseDiscovery }) =>
      html`<tr><th scope="row">${quoted(check)}</th><td>${quoted(attack)}</td><td class="num">${shareText(fraction)}</td><td class="num">${shareText(recall)}</td><td class="num">${shareText(falseDiscovery)}</td></tr>\n`,
  );
  return section(
    "checks",
    "What was looked for",
    html`${
      outcomes.length === 0
        ? html`<p class="note">No check ran.</p>`
        : scrolling(
            "Outcomes of checks",
            html`<table><caption>Skipped and failed are never a pass</caption><thead><tr><th scope="col">Check</th><th scope="col">Outcome</th><th scope="col" class="num">Findings</th><th scope="col">Estimated share of bad records${most > 0 && html`<br><span class="small">0 to ${shareText(most)}</span>`}</th><th scope="col">Claim</th><th scope="col">Notes</th></tr></thead><tbody>
${rows}</tbody></table>`,
          )
    }
${
  power.length > 0 &&
  html`<h3>What this run could have caught</h3>${scrolling(
    "Power",
    html`<table><caption>Known poison was planted in a copy of this data. A check that caught none of it could not have seen any</caption><thead><tr><th scope="col">Check</th><th scope="col">Poison</th><th scope="col" class="num">Planted</th><th scope="col" class="num">Caught</th><th scope="col" class="num">False among findings</th></tr></thead><tbody>
${powerRows}</tbody></table>`,
  )}`
}`,
  );
}

function outcomeRow(outcome: ReportOutcome, most: number): Markup {
  const {
    check,
    version,
    status,
    reason,
    examined,
    findings,
    estimate,
    calibration,
    fdr,
    notes,
    columns,
    label,
    seed,
    details,
  } = outcome;
  const ran = status === "completed";
  const claim = ran
    ? html`${calibration.replace("-", " ")}${fdr !== undefined && html`<br><span class="soft small">at most ${shareText(fdr)} false</span>`}`
    : html`<span class="soft">none</span>`;
  return html`<tr><th scope="row">${quoted(check)}</th>
<td><span class="chip ${status}">${status}</span><br><span class="soft small">${ran ? plural(examined, "record") : ""}</span></td>
<td class="num">${ran ? countText(findings) : "–"}</td>
<td>${estimate === undefined ? html`<span class="soft">none</span>` : html`${estimateSvg(estimate, most)}<br><span class="small">${shareText(estimate.rate)} <span class="soft">(${shareText(estimate.low)} to ${shareText(estimate.high)})</span></span>`}</td>
<td>${claim}</td>
<td class="wide small">${reason !== undefined && html`<div>${quoted(reason)}</div>`}${notes.map((note) => html`<div>${quoted(note)}</div>`)}
<details class="more"><summary>details</summary>
<dl class="fields"><dt>columns</dt><dd>${columns.total === 0 ? "none" : columns.shown.map((column, index) => html`${index > 0 && ", "}${quoted(column)}`)}${more(columns, "columns")}</dd>${label !== undefined && html`<dt>label</dt><dd>${quoted(label)}</dd>`}<dt>seed</dt><dd>${seed.origin}: <code>${quoted(seed.value)}</code></dd><dt>version</dt><dd>${quoted(version)}</dd></dl>${details.length > 0 && fieldList(details)}</details></td></tr>
`;
}

export function sourcesSection({ outcomes }: Report): Markup | undefined {
  const answers = outcomes.filter(({ sources }) => sources.total > 0);
  if (answers.length === 0) return undefined;
  return section(
    "sources",
    "Which source",
    html`${answers.map(({ check, sources }) => {
      const most = sources.shown.reduce((high, { rate }) => Math.max(high, rate), 0);
      return html`<h3>${quoted(check)}</h3>${scrolling(
        `Sources, ${check}`,
        html`<table><caption>Worst first</caption><thead><tr><th scope="col">Source</th><th scope="col" class="num">Records</th><th scope="col" class="num">Findings</th><th scope="col" class="num">Suspects</th><th scope="col" class="num">Rate</th><th scope="col"><span class="soft">0 to ${shareText(most)}</span></th></tr></thead><tbody>
${sources.shown.map((answer) => html`<tr><th scope="row">${quoted(answer.source)}</th><td class="num">${countText(answer.records)}</td><td class="num">${countText(answer.findings)}</td><td class="num">${countText(answer.suspects)}</td><td class="num">${shareText(answer.rate)}</td><td>${shareSvg(answer.rate, most)}</td></tr>\n`)}</tbody></table>`,
      )}${more(sources, "sources")}`;
    })}`,
    "Each check answers for each source too: a supplier, a site, an annotator.",
  );
}

export function plotsSection({ plots }: Report): Markup | undefined {
  return plots.length === 0
    ? undefined
    : section("plots", "How it looks", html`<div class="plots">${plots.map(plotFigure)}</div>`);
}

export function lineageSection(report: Report): Markup {
  const { lineage } = report;
  if (lineage === undefined)
    return section("lineage", "Where it came from", html`<p class="note">The manifest names no parent.</p>`);
  return section(
    "lineage",
    "Where it came from",
    html`${scrolling("Lineage graph", lineageSvg(lineage, report))}
<br>${scrolling(
      "Parents",
      html`<table><caption>Parents as the manifest names them</caption><thead><tr><th scope="col">Manifest (SHA-256)</th><th scope="col" class="num">Records</th><th scope="col">Parent</th><th scope="col">Operation</th></tr></thead><tbody>
${lineage.parents.map(({ manifest, records, parent, edge }) => html`<tr><td>${digestMarkup(manifest)}</td><td class="num">${countText(records)}</td><td><span class="chip ${parent}">${parent.replace("-", " ")}</span></td><td><span class="chip ${edge}">${edge.replace("-", " ")}</span></td></tr>\n`)}</tbody></table>`,
    )}
${lineage.parameters.length > 0 && html`<h3>Parameters</h3>${fieldList(lineage.parameters)}`}`,
    "“Proven” means recomputed from the leaves of both; “claimed” that somebody says so.",
  );
}

export function notLookedAtSection({ notLookedAt, reading }: Report): Markup {
  const { columns, excluded, checks, files } = notLookedAt;
  const names = ({ shown }: Shown<string>) =>
    html`<ul class="columns">${shown.map((name) => html`<li>${quoted(name)}</li>`)}</ul>`;
  return section(
    "unread",
    "What was not looked at",
    html`<h3>${plural(columns.total, "column")} that no check read</h3>
${columns.total === 0 ? html`<p class="soft">None: every column was read by a check that completed.</p>` : html`${names(columns)}${more(columns, "columns")}`}
${excluded.total > 0 && html`<p class="small">Excluded by the user: ${excluded.shown.map((name, index) => html`${index > 0 && ", "}${quoted(name)}`)}.</p>`}
${checks.length > 0 && html`<h3>Checks that did not complete</h3>${scrolling("Checks that did not complete", html`<table><caption>And what they would need</caption><thead><tr><th scope="col">Check</th><th scope="col">Outcome</th><th scope="col">Why</th></tr></thead><tbody>${checks.map(({ check, status, reason }) => html`<tr><th scope="row">${quoted(check)}</th><td><span class="chip ${status}">${status}</span></td><td>${quoted(reason)}</td></tr>\n`)}</tbody></table>`)}`}
${files.total > 0 && html`<h3>Files whose records were not read</h3>${names(files)}${more(files, "files")}`}
<h3>How the data were read</h3>
${reading.warnings.total > 0 && html`<ul>${reading.warnings.shown.map((warning) => html`<li>${quoted(warning)}</li>`)}</ul>${more(reading.warnings, "warnings")}`}
<p class="soft small">${reading.inferred.total === 0 ? "No type was inferred." : html`Inferred, not declared: ${reading.inferred.shown.map(({ column, type }, index) => html`${index > 0 && ", "}${quoted(column)} as <code>${quoted(type)}</code>`)}.`}${more(reading.inferred, "columns")}</p>`,
  );
}

export function limitsSection({ limits, outcomes }: Report): Markup {
  const notes = outcomes.filter((outcome) => outcome.notes.length > 0);
  return section(
    "limits",
    "What this cannot see",
    html`${scrolling(
      "What this cannot see",
      html`<table><caption>True of every report, whatever was found</caption><thead><tr><th scope="col">Blind to</th><th scope="col">Why</th><th scope="col">What helps</th></tr></thead><tbody>
${limits.map(({ what, why, instead }) => html`<tr><th scope="row">${what}</th><td class="wide">${why}</td><td class="wide">${instead}</td></tr>\n`)}</tbody></table>`,
    )}
${notes.length > 0 && html`<h3>On this data</h3><dl class="fields">${notes.map(({ check, notes }) => html`<dt>${quoted(check)}</dt><dd>${notes.map((note) => html`<div>${quoted(note)}</div>`)}</dd>`)}</dl>`}`,
  );
}

export function verifySection({ commands, dataset }: Report): Markup {
  return section(
    "verify",
    "How to check this yourself",
    html`<div class="note"><p><strong>A page that came with the data proves nothing about itself.</strong> Whoever could alter the data could alter this page. Get the head digests from somewhere else (a signed statement, a log, the person who made them) and compare them by hand with what your own copy of the tool computes:</p></div>
<dl class="fields"><dt>set head</dt><dd>${digestMarkup(dataset.setHead)}</dd><dt>dataset head</dt><dd>${digestMarkup(dataset.datasetHead)}</dd><dt>manifest</dt><dd>${digestMarkup(dataset.manifest)}</dd></dl>
${commands.map(({ purpose, command }) => html`<h3>${purpose}</h3><code class="cmd">${command}</code>`)}`,
  );
}

/** Facts in large figures. */
export function factsList({ dataset, findings, outcomes }: Report): Markup {
  const of = (status: string) => outcomes.filter((outcome) => outcome.status === status).length;
  const { high, medium, low } = findings.bySeverity;
  return html`<dl class="facts">
<div><dt>Records</dt><dd>${countText(dataset.records)}</dd><dd class="small">${dataset.records > 0 && dataset.distinct === dataset.records ? "all different" : `${countText(dataset.distinct)} different`}</dd></div>
<div><dt>Files</dt><dd>${countText(dataset.files.total)}</dd><dd class="small">${bytesText(dataset.bytes)}</dd></div>
<div><dt>Checks completed</dt><dd>${countText(of("completed"))} of ${countText(outcomes.length)}</dd><dd class="small">${countText(of("skipped"))} skipped, ${countText(of("failed"))} failed</dd></div>
<div><dt>Findings</dt><dd>${countText(findings.total)}</dd><dd class="small">${countText(high)} high, ${countText(medium)} medium, ${countText(low)} low</dd></div>
</dl>
`;
}
