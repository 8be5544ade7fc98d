/**
 * The first thing a reader sees. It is built so that taking evidence away never makes it better: calm needs a run in which
 * something completed, nothing failed and no gate was closed.
 */

import { countText, plural } from "./number-text.js";
import type { Headline, ReportFindings, ReportOutcome, ReportTrust } from "./report-model.js";

export interface HeadlineInput {
  readonly trust: ReportTrust;
  readonly gate?: { readonly gate: "pass" | "fail"; readonly reasons: readonly string[] } | undefined;
  readonly outcomes: readonly ReportOutcome[];
  readonly findings: ReportFindings;
}

export function headlineOf({ trust, gate, outcomes, findings }: HeadlineInput): Headline {
  const completed = outcomes.filter(({ status }) => status === "completed").length;
  const failed = outcomes.filter(({ status }) => status === "failed").length;
  const ran = `${completed} of ${plural(outcomes.length, "check")} completed.`;
  const { high, medium, low } = findings.bySeverity;
  if (trust.state === "refused") {
    return { tone: "bad", title: "Verification failed", text: `${trust.line} Nothing below may be relied on.` };
  }
  if (gate?.gate === "fail") {
    return {
      tone: "bad",
      title: "The gate is closed",
      text: `${gate.reasons.join(". ")}. ${ran}`.replaceAll("..", "."),
    };
  }
  if (failed > 0) {
    return {
      tone: "bad",
      title: plural(failed, "check failed", "checks failed"),
      text: `A check that failed is never a pass. ${ran}`,
    };
  }
  if (completed === 0) {
    return {
      tone: "attention",
      title: "Nothing was looked for",
      text: "No check completed, so nothing is known about the records beyond what they are.",
    };
  }
  if (high + medium > 0) {
    return {
      tone: "attention",
      title: `${plural(high + medium, "finding")} to look at`,
      text: `${countText(high)} high, ${countText(medium)} medium, ${countText(low)} low. ${ran}`,
    };
  }
  if (low > 0) {
    return {
      tone: "calm",
      title: `${plural(low, "finding")} of low severity`,
      text: `True, and usual in honest data. ${ran} That is not the same as free of poison.`,
    };
  }
  return {
    tone: "calm",
    title: "No findings",
    text: `Nothing was found in what was looked at. ${ran} That is not the same as free of poison.`,
  };
}
