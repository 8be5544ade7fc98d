/** A plain summary for terminals and notebooks without HTML. Nothing in it can move a cursor. */

import { bytesText, countText, plural, shareText } from "./number-text.js";
import type { Report } from "./report-model.js";
import { visibleText } from "./unseen-characters.js";

const MAX_FINDINGS = 10;

/**
 * Renders a summary of some twenty lines.
 *
 * @example
 * console.log(toText(report));
 */
export function toText(report: Report): string {
  const { dataset, headline, trust, data, outcomes, findings, power, notLookedAt, controls } = report;
  const lines = [
    `${dataset.name}${dataset.version === undefined ? "" : ` ${dataset.version}`}: ${headline.title}`,
    headline.text,
    "",
    `  ${plural(dataset.records, "record")}, ${plural(dataset.files.total, "file")}, ${bytesText(dataset.bytes)}`,
    `  set      ${dataset.setHead}`,
    `  dataset  ${dataset.datasetHead}`,
    `  ${trust.line}; data ${data.replace("-", " ")}`,
    "",
  ];
  for (const { severity, check, message, file, line, ordinal } of findings.shown.slice(0, MAX_FINDINGS)) {
    const place = line === undefined ? `record ${ordinal}` : `line ${line}`;
    lines.push(`  ${severity.padEnd(6)}  ${check}  ${file}, ${place}: ${message}`);
  }
  if (findings.total > MAX_FINDINGS)
    lines.push(`  … ${countText(findings.total - Math.min(MAX_FINDINGS, findings.shown.length))} more findings`);
  for (const { check, status, reason } of outcomes) {
    if (status !== "completed") lines.push(`  ${status}  ${check}: ${reason ?? ""}`);
  }
  for (const check of new Set(power.map((result) => result.check))) {
    const tried = power.filter((result) => result.check === check);
    const shares = tried.map(({ fraction, recall }) => `${shareText(recall)} of ${shareText(fraction)}`);
    lines.push(`  power  ${check} caught of planted ${tried[0]?.attack}: ${shares.join(", ")}`);
  }
  if (notLookedAt.columns.total > 0)
    lines.push(`  not looked at: ${notLookedAt.columns.shown.slice(0, 20).join(", ")}`);
  if (controls !== undefined) {
    const { pass, partial, gap } = controls.counts;
    lines.push(`  controls: ${pass} pass, ${partial} partial, ${gap} gap (evidence, not certification)`);
  }
  return `${lines.map(visibleText).join("\n")}\n`;
}
