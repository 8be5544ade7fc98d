/**
 * Findings as SARIF 2.1.0 (OASIS standard), for code hosts: one rule for each check, one result for each finding, checks that
 * did not complete as notifications.
 */

import type { Severity } from "@assay/checks";
import { plural } from "./number-text.js";
import type { Report, ReportFinding } from "./report-model.js";
import { stableJson } from "./stable-json.js";
import { visibleText } from "./unseen-characters.js";

export interface ToSarifOptions {
  /** Most results. Default 5,000, which is what GitHub shows; it refuses more than 25,000. */
  readonly maxFindings?: number;
}

const LEVEL: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  high: "error",
  medium: "warning",
  low: "note",
};

/**
 * Renders a SARIF log with one run.
 *
 * @example
 * JSON.parse(toSarif(report)).version; // "2.1.0"
 */
export function toSarif(report: Report, options: ToSarifOptions = {}): string {
  const { maxFindings = 5_000 } = options;
  const { findings, outcomes, tool, dataset } = report;
  const shown = findings.shown.slice(0, maxFindings);
  const checks = [...new Set([...outcomes.map(({ check }) => check), ...findings.byCheck.map(({ check }) => check)])];
  const indexes = new Map(checks.map((check, index) => [check, index]));
  const versions = new Map(outcomes.map(({ check, version }) => [check, version]));
  const notifications = outcomes.flatMap(({ check, status, reason }) =>
    status === "completed"
      ? []
      : [
          {
            level: status === "failed" ? "error" : "note",
            associatedRule: { id: check, index: indexes.get(check) },
            message: { text: messageText(`The check ${check} was ${status}: ${reason ?? "no reason was given"}`) },
          },
        ],
  );
  if (shown.length < findings.total) {
    const text = `${plural(shown.length, "result")} of ${plural(findings.total, "finding")}: the gravest of each check. All are in findings.jsonl.`;
    notifications.push({ level: "warning", message: { text } } as (typeof notifications)[number]);
  }
  const log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Assay",
            ...(tool === undefined ? {} : { version: visibleText(tool.version) }),
            rules: checks.map((check) => ({
              id: check,
              shortDescription: { text: messageText(`Findings of the check ${check}`) },
              properties: { version: versions.get(check) },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful: outcomes.every(({ status }) => status !== "failed"),
            toolExecutionNotifications: notifications,
          },
        ],
        properties: { dataset: dataset.datasetHead, set: dataset.setHead, findings: findings.total },
        results: shown.map((finding) => resultOf(finding, indexes.get(finding.check) ?? 0)),
      },
    ],
  };
  return `${stableJson(log)}\n`;
}

function resultOf(finding: ReportFinding, ruleIndex: number): Readonly<Record<string, unknown>> {
  const { check, kind, severity, file, ordinal, record, line, leaf, score, p, q, message } = finding;
  const artifactLocation = { uri: uriOf(file) };
  return {
    ruleId: check,
    ruleIndex,
    level: LEVEL[severity],
    message: { text: messageText(message) },
    locations: [
      {
        physicalLocation: line === undefined ? { artifactLocation } : { artifactLocation, region: { startLine: line } },
        logicalLocations: [{ name: `record ${ordinal}`, kind: "element" }],
      },
    ],
    partialFingerprints: { "assayLeaf/v1": leaf },
    properties: { kind, record, ordinal, score, p, q },
  };
}

/** A relative URI reference; every part is encoded, so that no path can be a scheme, a host or a query. */
function uriOf(path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return encoded.startsWith("/") ? `.${encoded}` : encoded;
}

/** SARIF reads `[text](target)` in messages as a link; brackets are escaped (section 3.11.6). */
function messageText(text: string): string {
  return visibleText(text).replace(/[\\[\]]/g, (character) => `\\${character}`);
}
