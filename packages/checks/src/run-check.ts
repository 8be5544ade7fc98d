/** One check on some data: an outcome, never silence and never a crash. */

import { canonicalJson, isAssayError } from "@assay/merkle";
import type { Check, CheckContext, CheckData, CheckResult, DataShape, Outcome } from "./check.js";
import { checkedFinding } from "./findings.js";
import { roundScore } from "./scores.js";

/** What bounds a check. */
export interface RunLimits {
  readonly shape: DataShape;
  readonly maxMemoryBytes: number;
  readonly maxFindings: number;
}

/**
 * Runs one check: skipped when the data do not allow it, failed when it goes wrong, and held to its word otherwise.
 *
 * @throws RangeError for wrong options of the check; AssayError when the data cannot be read; the reason of the signal.
 */
export async function runCheck(
  check: Check,
  options: unknown,
  data: CheckData,
  context: CheckContext,
  { shape, maxMemoryBytes, maxFindings }: RunLimits,
): Promise<CheckResult> {
  if (shape.records === 0) return without(check, "skipped", "The data set has no records.");
  // Thrown by wrong options: the caller's mistake, so it is not turned into an outcome.
  const reads = check.reads(shape, options);
  if ("skip" in reads) return without(check, "skipped", reads.skip);
  const memory = check.memory(shape);
  if (memory > maxMemoryBytes) {
    return without(
      check,
      "failed",
      `memory-exceeded: it needs ${memory} bytes and maxMemoryBytes is ${maxMemoryBytes}.`,
    );
  }
  try {
    const result = await check.run(data, options, context);
    if (result.findings.length > maxFindings) {
      return without(
        check,
        "failed",
        `too-many-findings: ${result.findings.length} findings are more than maxFindings, ${maxFindings}.`,
      );
    }
    return checkedResult(check, result, shape);
  } catch (error) {
    if (context.signal?.aborted) throw context.signal.reason;
    if (isAssayError(error) && error.name !== "CheckError") throw error;
    if (isAssayError(error)) return without(check, "failed", `${error.code}: ${error.message}`);
    const text = error instanceof Error ? `${error.name}: ${error.message}` : "it threw what is no error";
    return without(check, "failed", `Unexpected error, a bug in Assay: ${text}`);
  }
}

/** An answer of a check that did not run to its end. */
function without(check: Check, status: "skipped" | "failed", reason: string): CheckResult {
  const outcome: Outcome = {
    check: check.id,
    version: check.version,
    status,
    reason,
    examined: 0,
    findings: 0,
    calibration: "not-applicable",
    lookedAt: { columns: [], records: 0 },
    seed: { value: "", origin: "derived" },
    passes: 0,
    notes: [],
  };
  return { outcome, findings: [] };
}

/** Holds a check to its word: numbers are finite and short, findings are its own, nothing is said when nothing was done. */
function checkedResult(check: Check, result: CheckResult, { records }: DataShape): CheckResult {
  const { outcome, scores, clusters } = result;
  if (outcome.check !== check.id) throw new TypeError(`its outcome is one of ${outcome.check}`);
  if (outcome.status === "failed" && result.findings.length > 0) throw new TypeError("it failed and has findings");
  if (scores && scores.length !== records) throw new TypeError(`it has ${scores.length} scores for ${records} records`);
  if (scores?.some((score) => score === Number.POSITIVE_INFINITY || score === Number.NEGATIVE_INFINITY)) {
    throw new TypeError("it has an infinite score");
  }
  if (clusters && clusters.length !== records)
    throw new TypeError(`it has ${clusters.length} clusters for ${records} records`);
  const findings = result.findings.map((finding) => {
    if (finding.check !== check.id) throw new TypeError(`it has a finding of ${finding.check}`);
    if (!(finding.record < records)) throw new TypeError(`it accuses record ${finding.record} of ${records}`);
    return checkedFinding(finding);
  });
  const { estimate } = outcome;
  const rounded: Outcome = estimate
    ? {
        ...outcome,
        estimate: { rate: roundScore(estimate.rate), low: roundScore(estimate.low), high: roundScore(estimate.high) },
      }
    : outcome;
  canonicalJson(rounded);
  return { ...result, outcome: rounded, findings };
}
