/** Findings for a page: counted in full, sorted by gravity, cut without hiding any check. */

import type { Finding, Severity } from "@assay/checks";
import { compareTexts } from "./code-point-order.js";
import { cutText, fieldsOf } from "./plain-json.js";
import type { ReportFinding, ReportFindings } from "./report-model.js";
import { shellOption, shellWord } from "./shell-word.js";

export const SEVERITIES: readonly Severity[] = ["high", "medium", "low"];
const RANK: Readonly<Record<Severity, number>> = { high: 0, medium: 1, low: 2 };

export interface ShownFindingsOptions {
  /** Most findings that the model holds. */
  readonly maxFindings: number;
  /** Folder of the manifest, for commands. */
  readonly folder: string;
  /** Records by ordinal over all files. */
  readonly records?: ReadonlyMap<number, Readonly<Record<string, unknown>>> | undefined;
}

/**
 * Sorts by severity, score and place, and keeps `maxFindings`. When there are more, each check keeps an equal share of its
 * own gravest first, so that ten thousand findings of one check never push out the three of another.
 */
export function shownFindings(findings: readonly Finding[], options: ShownFindingsOptions): ReportFindings {
  const sorted = [...findings].sort(compareGravity);
  const bySeverity = { high: 0, medium: 0, low: 0 };
  const counts = new Map<string, { check: string; high: number; medium: number; low: number }>();
  for (const { check, severity } of sorted) {
    bySeverity[severity]++;
    const count = counts.get(check) ?? { check: cutText(check, 200), high: 0, medium: 0, low: 0 };
    count[severity]++;
    counts.set(check, count);
  }
  const byCheck = [...counts.values()].sort((a, b) => compareTexts(a.check, b.check));
  const shown = keepShares(sorted, options.maxFindings, counts.size).map((finding) => shownFinding(finding, options));
  return { total: sorted.length, bySeverity, byCheck, shown };
}

function compareGravity(a: Finding, b: Finding): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    b.score - a.score ||
    (a.q ?? 1) - (b.q ?? 1) ||
    compareTexts(a.check, b.check) ||
    a.record - b.record ||
    compareTexts(a.kind, b.kind) ||
    compareTexts(a.message, b.message)
  );
}

function keepShares(sorted: readonly Finding[], most: number, checks: number): readonly Finding[] {
  if (sorted.length <= most) return sorted;
  const share = Math.floor(most / checks);
  const kept = new Set<number>();
  const used = new Map<string, number>();
  sorted.forEach(({ check }, index) => {
    const count = used.get(check) ?? 0;
    if (count >= share) return;
    used.set(check, count + 1);
    kept.add(index);
  });
  for (let index = 0; kept.size < most && index < sorted.length; index++) kept.add(index);
  return [...kept].sort((a, b) => a - b).map((index) => sorted[index] as Finding);
}

function shownFinding(finding: Finding, { folder, records }: ShownFindingsOptions): ReportFinding {
  const { line, p, q, ordinal, record, score, severity } = finding;
  const values = records?.get(record);
  const file = cutText(finding.file);
  return {
    check: cutText(finding.check, 200),
    kind: cutText(finding.kind, 200),
    severity,
    file,
    ordinal,
    record,
    ...(line === undefined ? {} : { line }),
    leaf: cutText(finding.leaf, 64),
    score,
    ...(p === undefined ? {} : { p }),
    ...(q === undefined ? {} : { q }),
    message: cutText(finding.message),
    evidence: fieldsOf(finding.evidence),
    ...(values === undefined ? {} : { values: fieldsOf(values, "given") }),
    prove: `assay prove ${shellWord(folder)} ${shellOption("--file", finding.file)} --record ${ordinal}`,
  };
}
