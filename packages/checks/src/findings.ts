/**
 * Findings in order, and `findings.jsonl`: one RFC 8785 object a line, ascending by (check, file, ordinal, kind), read
 * exactly as it is written.
 */

import { canonicalJson, FormatError, isAssayError, parseCanonicalJson } from "@assay/merkle";
import type { Finding, RecordPlace, Severity } from "./check.js";
import { compareTexts } from "./code-point-order.js";
import { roundScore } from "./scores.js";

/**
 * The severity of a finding with an error-rate claim: `high` when it would be made at a false discovery rate of .01,
 * `medium` otherwise. What is true but usual in honest data is `low`, whatever its q; what is exact and never honest is
 * `high` (DESIGN, section 4).
 */
export function severityOf(q: number): Severity {
  return q <= 0.01 ? "high" : "medium";
}

/**
 * Whether a finding accuses the record it stands at. Findings about a source, an annotator or a column must stand somewhere; that
 * record is no worse than others, so it is neither taken out nor counted.
 */
export function accusesRecord({ check }: Pick<Finding, "check">): boolean {
  return check !== "bad-sources" && check !== "annotators" && check !== "drift";
}

/** A place for evidence: without the line, which is known only after the file was read as text. */
export function referenceTo({ file, ordinal, record, leaf }: RecordPlace): Omit<RecordPlace, "line"> {
  return { file, ordinal, record, leaf };
}

/** Ascending by check, file (code points), ordinal, kind, then by all the rest, so that the order is never an accident. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareTexts(a.check, b.check) ||
    compareTexts(a.file, b.file) ||
    a.ordinal - b.ordinal ||
    compareTexts(a.kind, b.kind) ||
    compareTexts(canonicalJson(a), canonicalJson(b))
  );
}

/**
 * A finding as it leaves the framework: numbers with 9 significant digits.
 *
 * @throws TypeError when something is not finite, not plain JSON or not allowed: a bug of the check that made it.
 */
export function checkedFinding(finding: Finding): Finding {
  const { p, q } = finding;
  const rounded: Finding = {
    ...finding,
    score: roundScore(finding.score),
    ...(p === undefined ? {} : { p: roundScore(p) }),
    ...(q === undefined ? {} : { q: roundScore(q) }),
  };
  canonicalJson(rounded);
  const fault = faultOf(rounded);
  if (fault !== undefined) throw new TypeError(`A finding of ${finding.check} is malformed: ${fault}`);
  return rounded;
}

/**
 * `findings.jsonl`, in order whatever the order of the argument.
 *
 * @example
 * parseFindings(formatFindings(run.findings)); // the same findings
 */
export function formatFindings(findings: readonly Finding[]): Uint8Array {
  // Rounded first: the order of two findings at one place is that of their lines.
  const lines = findings
    .map(checkedFinding)
    .sort(compareFindings)
    .map((finding) => `${canonicalJson(finding)}\n`);
  return new TextEncoder().encode(lines.join(""));
}

/**
 * Reads `findings.jsonl`; accepts exactly what {@link formatFindings} writes. What it holds are texts from data: escape them.
 *
 * @throws FormatError `malformed-findings`; details name the line, from 1.
 */
export function parseFindings(bytes: Uint8Array): Finding[] {
  const findings: Finding[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const line = findings.length + 1;
    const end = bytes.indexOf(0x0a, begin);
    if (end < 0) throw malformed(line, "it does not end with LF");
    const value = parseLine(bytes.subarray(begin, end), line);
    const fault = faultOf(value);
    if (fault !== undefined) throw malformed(line, fault);
    const finding = value as Finding;
    const last = findings[findings.length - 1];
    if (last && compareFindings(last, finding) > 0) throw malformed(line, "it does not ascend");
    findings.push(finding);
    begin = end + 1;
  }
  return findings;
}

const REQUIRED = ["check", "evidence", "file", "kind", "leaf", "message", "ordinal", "record", "score", "severity"];
const OPTIONAL = ["line", "p", "q"];

function parseLine(bytes: Uint8Array, line: number): unknown {
  try {
    return parseCanonicalJson(bytes, { finalNewline: "forbidden" });
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw malformed(line, cause.message, cause);
  }
}

/** What is wrong with a finding, if anything. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is not an object";
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    if (!REQUIRED.includes(name) && !OPTIONAL.includes(name)) return `it has a member ${JSON.stringify(name)}`;
  }
  for (const name of REQUIRED) if (!Object.hasOwn(members, name)) return `${name} is missing`;
  for (const name of ["check", "kind", "file", "message"])
    if (typeof members[name] !== "string") return `${name} is not text`;
  if (members.check === "" || members.kind === "" || members.file === "") return "check, kind or file is empty";
  for (const name of ["ordinal", "record"]) if (!isCount(members[name], 0)) return `${name} is not a count`;
  if (Object.hasOwn(members, "line") && !isCount(members.line, 1)) return "line is not a line number";
  if (typeof members.leaf !== "string" || !/^[0-9a-f]{64}$/.test(members.leaf)) return "leaf is not 64 hex digits";
  if (!isWritten(members.score)) return "score is not a number of 9 significant digits";
  for (const name of ["p", "q"]) {
    if (!Object.hasOwn(members, name)) continue;
    const value = members[name];
    if (!isWritten(value) || value < 0 || value > 1) return `${name} is not a probability of 9 significant digits`;
  }
  if (!["low", "medium", "high"].includes(members.severity as string)) return "severity is not low, medium or high";
  const evidence = members.evidence;
  if (typeof evidence !== "object" || evidence === null || Array.isArray(evidence)) return "evidence is not an object";
  return undefined;
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isWritten(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && Object.is(roundScore(value), value);
}

function malformed(line: number, reason: string, cause?: unknown): FormatError {
  const options = { details: { line }, ...(cause === undefined ? {} : { cause }) };
  return new FormatError("malformed-findings", `Cannot read findings, line ${line}: ${reason}.`, options);
}
