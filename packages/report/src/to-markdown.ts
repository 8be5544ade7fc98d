/**
 * The report for a pull request: short, and safe to post. Texts from data go through {@link markdownText} or
 * {@link markdownCode}: no HTML, no table pipes, no links, and no @mention that would call somebody.
 */

import { bytesText, countText, measureText, plural, shareText } from "./number-text.js";
import type { Report } from "./report-model.js";
import { visibleText } from "./unseen-characters.js";

export interface ToMarkdownOptions {
  /** Most findings in the table. Default 20. */
  readonly maxFindings?: number;
}

/** GitHub refuses comments above 65,536 characters. */
const MAX_LENGTH = 60_000;
const MAX_CELL = 300;
const MAX_ROWS = 60;

/**
 * Renders GitHub-flavoured Markdown of at most 60,000 characters.
 *
 * @example
 * toMarkdown(report).startsWith("## Assay: ");
 */
export function toMarkdown(report: Report, options: ToMarkdownOptions = {}): string {
  const { maxFindings = 20 } = options;
  const text = join(report, maxFindings);
  if (text.length <= MAX_LENGTH) return text;
  // Cells of many findings may be long: fewer findings always fit, because all else is bounded.
  for (let most = Math.floor(maxFindings / 2); most > 0; most = Math.floor(most / 2)) {
    const shorter = join(report, most);
    if (shorter.length <= MAX_LENGTH) return shorter;
  }
  return join(report, 0);
}

function join(report: Report, maxFindings: number): string {
  const blocks = [
    ...summaryBlocks(report),
    ...findingBlocks(report, maxFindings),
    ...outcomeBlocks(report),
    ...powerBlocks(report),
    ...lineageBlocks(report),
    ...controlBlocks(report),
    ...closingBlocks(report),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function summaryBlocks({ dataset, headline, trust, data, tool }: Report): string[] {
  const sign = { bad: "❌", attention: "⚠️", calm: "🔎" }[headline.tone];
  const version = dataset.version === undefined ? "" : ` ${markdownCode(dataset.version)}`;
  const files = plural(dataset.files.total, "file");
  return [
    `## Assay: ${markdownCode(dataset.name)}${version}`,
    `${sign} **${markdownText(headline.title)}.** ${markdownText(headline.text)}`,
    `${plural(dataset.records, "record")} (${countText(dataset.distinct)} different), ${files}, ${bytesText(dataset.bytes)} · ${markdownText(trust.line)} · data ${data.replace("-", " ")}${tool ? ` · ${markdownText(`${tool.name} ${tool.version}`)}` : ""}`,
    table(
      ["Digest", "Value"],
      [
        ["set head (same records, however stored)", markdownCode(dataset.setHead)],
        ["dataset head (as laid out)", markdownCode(dataset.datasetHead)],
        ["manifest", markdownCode(dataset.manifest)],
      ],
    ),
  ];
}

function findingBlocks({ findings }: Report, most: number): string[] {
  const { total, bySeverity, byCheck } = findings;
  if (total === 0) return ["### Findings", "None in what was looked at."];
  const rows = findings.shown
    .slice(0, most)
    .map(({ severity, check, file, ordinal, line, message, q, score }) => [
      severity,
      markdownCode(check),
      `${markdownCode(shorten(file))} ${line === undefined ? `record ${ordinal}` : `line ${line}`}`,
      markdownText(shorten(message)),
      q === undefined ? "" : measureText(q),
      measureText(score),
    ]);
  const counts = byCheck
    .slice(0, MAX_ROWS)
    .map(({ check, high, medium, low }) => [markdownCode(check), countText(high), countText(medium), countText(low)]);
  const blocks = [
    "### Findings",
    `${plural(total, "finding")}: ${countText(bySeverity.high)} high, ${countText(bySeverity.medium)} medium, ${countText(bySeverity.low)} low.`,
    table(["Check", "High", "Medium", "Low"], counts, [1, 2, 3]),
  ];
  if (rows.length > 0) blocks.push(table(["Severity", "Check", "Where", "What", "q", "Score"], rows, [4, 5]));
  if (rows.length < total)
    blocks.push(`The ${countText(rows.length)} gravest are listed; all are in \`findings.jsonl\`.`);
  return blocks;
}

function outcomeBlocks({ outcomes }: Report): string[] {
  const rows = outcomes
    .slice(0, MAX_ROWS)
    .map(({ check, status, reason, findings, estimate, calibration }) => [
      markdownCode(check),
      status,
      status === "completed" ? countText(findings) : "–",
      estimate === undefined
        ? ""
        : `${shareText(estimate.rate)} (${shareText(estimate.low)} to ${shareText(estimate.high)})`,
      status === "completed" ? calibration : markdownText(shorten(reason ?? "")),
    ]);
  const heading = "### What was looked for";
  return rows.length === 0
    ? [heading, "No check ran."]
    : [heading, table(["Check", "Outcome", "Findings", "Estimated bad", "Claim, or why not"], rows, [2])];
}

function powerBlocks({ power }: Report): string[] {
  if (power.length === 0) return [];
  const rows = power
    .slice(0, MAX_ROWS)
    .map(({ check, attack, fraction, recall, falseDiscovery }) => [
      markdownCode(shorten(check)),
      markdownCode(shorten(attack)),
      shareText(fraction),
      shareText(recall),
      shareText(falseDiscovery),
    ]);
  return [
    "### What this run could have caught",
    "Known poison was planted in a copy of this data.",
    table(["Check", "Poison", "Planted", "Caught", "False among findings"], rows, [2, 3, 4]),
  ];
}

function lineageBlocks({ lineage }: Report): string[] {
  if (lineage === undefined) return [];
  const rows = lineage.parents
    .slice(0, MAX_ROWS)
    .map(({ manifest, records, parent, edge }) => [markdownCode(manifest), countText(records), parent, edge]);
  return [
    "### Where it came from",
    `Operation: ${markdownCode(lineage.operation)}`,
    table(["Parent manifest", "Records", "Parent", "Lineage"], rows, [1]),
  ];
}

function controlBlocks({ controls }: Report): string[] {
  if (controls === undefined) return [];
  const rows = controls.objectives
    .flatMap((objective) => objective.controls)
    .filter(({ rules, justification }) => rules.length > 0 || justification !== undefined)
    .map(({ id, title, verdict, rules }) => {
      const worst = rules.find((rule) => rule.mandatory && rule.verdict === verdict);
      return [id, markdownText(title), `**${verdict}**`, worst ? markdownText(shorten(worst.reason)) : ""];
    });
  const counts = Object.entries(controls.counts)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`);
  return [
    "### ISO/IEC 42001 Annex A controls",
    `${counts.join(", ")}. Evidence, not certification.`,
    ...(rows.length > 0 ? [table(["Control", "Title", "Verdict", "Why"], rows)] : []),
  ];
}

function closingBlocks({ notLookedAt, limits, commands }: Report): string[] {
  const { columns } = notLookedAt;
  const names = columns.shown.slice(0, 40).map((column) => markdownCode(shorten(column)));
  const left = columns.total - names.length;
  const unread =
    columns.total === 0
      ? "Every column was read by a check that completed."
      : `${plural(columns.total, "column")}: ${names.join(", ")}${left > 0 ? ` and ${countText(left)} more` : ""}.`;
  const blind = limits.map(({ what, why }) => `- **${markdownText(what)}.** ${markdownText(why)}`);
  return [
    "### What was not looked at",
    unread,
    `<details><summary>What this cannot see</summary>\n\n${blind.join("\n")}\n\n</details>`,
    `Check it yourself: ${markdownCode(commands[0]?.command ?? "assay verify")}`,
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[], numbers: readonly number[] = []): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (numbers.includes(index) ? "---:" : "---"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function shorten(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_CELL));
  return characters.length <= MAX_CELL && text.length <= 2 * MAX_CELL
    ? text
    : `${characters.slice(0, MAX_CELL).join("")}…`;
}

/**
 * Text from data as Markdown text: what has a meaning becomes an entity; what makes links and mentions is broken by a
 * zero-width space, because code hosts look for those after entities are decoded.
 */
export function markdownText(text: string): string {
  return visibleText(text)
    .replace(/[&<>`*_~[\]|\\#$!{}()]/g, entity)
    .replace(/@/g, "&#64;\u200B")
    .replace(/:\/\//g, ":\u200B//")
    .replace(/\b(www)\./gi, "$1\u200B.")
    .replace(/^(\s*)([-+=]|\d+[.])/, (_, space: string, mark: string) => `${space}${mark.replace(/[-+=.]/, entity)}`);
}

/** Text from data as code, also within a table: plainly where that is safe, otherwise as an element full of entities. */
export function markdownCode(text: string): string {
  const visible = visibleText(text);
  if (visible.trim() !== "" && visible === visible.trim() && !/[`|\\<&]/.test(visible)) return `\`${visible}\``;
  return `<code>${visible.replace(/[^A-Za-z0-9 \u00A0-\u{10FFFF}]/gu, entity)}</code>`;
}

function entity(character: string): string {
  return `&#${character.codePointAt(0)};`;
}
