/**
 * Findings as CSV (RFC 4180: CRLF, quotes doubled). Spreadsheets run cells that begin with `=`, `+`, `-`, `@` or a control
 * character as formulas, so such texts get a leading apostrophe.
 */

import type { Report } from "./report-model.js";
import { stableJson } from "./stable-json.js";
import { visibleText } from "./unseen-characters.js";

const HEAD = "severity,check,kind,file,ordinal,record,line,leaf,score,p,q,message,evidence";

/**
 * Renders the findings that the report holds, gravest first; to have all, make it with `maxFindings: Infinity`.
 *
 * @example
 * toCsv(report).split("\r\n")[0]; // "severity,check,kind,file,ordinal,record,line,leaf,score,p,q,message,evidence"
 */
export function toCsv({ findings }: Report): string {
  const rows = findings.shown.map((finding) => {
    const { severity, check, kind, file, ordinal, record, line, leaf, score, p, q, message } = finding;
    const evidence = stableJson(finding.evidence.map(({ name, value }) => [name, value]));
    return [severity, check, kind, file, ordinal, record, line, leaf, score, p, q, message, evidence]
      .map(cell)
      .join(",");
  });
  return `${[HEAD, ...rows].join("\r\n")}\r\n`;
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const visible = visibleText(value);
  // The wide forms of the signs are taken for signs by spreadsheets of East Asia.
  const guarded = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(visible) ? `'${visible}` : visible;
  return /[",\r\n']/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
