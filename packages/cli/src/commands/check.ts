import { checkData, type Finding, type Outcome, writeScores, writeSuggested } from "@assay/assay/commands";
import {
  addCheckingOptions,
  addReadingOptions,
  checkingChoice,
  configChoice,
  DATA_ARGUMENT,
  readingChoice,
} from "../options.js";
import type { AddCommand } from "../program.js";
import { count, paint, plural, safe } from "../terminal.js";

const MARKS = { completed: paint.green("✓"), skipped: paint.dim("–"), failed: paint.red("✗") };
const SEVERITY = { high: paint.red("high  "), medium: paint.yellow("medium"), low: paint.dim("low   ") };

/** One line for each outcome: what ran, what it found, what it estimates. */
export function outcomeLines(outcomes: readonly Outcome[]): string[] {
  const width = Math.max(0, ...outcomes.map((outcome) => outcome.check.length));
  return outcomes.map((outcome) => {
    const parts =
      outcome.status === "completed"
        ? [
            plural(outcome.findings, "finding"),
            ...(outcome.suspects ? [plural(outcome.suspects.length, "suspect")] : []),
            ...(outcome.estimate
              ? [
                  `about ${percent(outcome.estimate.rate)} (${percent(outcome.estimate.low)}–${percent(outcome.estimate.high)}) bad`,
                ]
              : []),
            ...powerWords(outcome.power),
            ...(outcome.otherPower?.some(({ smallest }) => smallest === null)
              ? [paint.yellow("blind to some poison")]
              : []),
            ...(outcome.fdr === undefined
              ? []
              : [`${outcome.calibration}: at most ${percent(outcome.fdr)} of findings expected false`]),
            ...(outcome.calibration === "uncalibrated" ? [paint.yellow("uncalibrated: a ranking, no claim")] : []),
          ]
        : [safe(outcome.reason ?? outcome.status)];
    return `  ${MARKS[outcome.status]} ${outcome.check.padEnd(width)}  ${parts.join(", ")}`;
  });
}

/** What it could have seen, where that was measured. */
function powerWords(power: Outcome["power"]): string[] {
  if (power === undefined || power.tried.length === 0) return [];
  return power.smallest === null
    ? [paint.yellow("blind to its own planted poison")]
    : [`would see ${percent(power.smallest)} poison`];
}

const percent = (rate: number): string => `${(rate * 100).toFixed(rate < 0.1 ? 1 : 0)} %`;

/** The most severe findings, at most ten of them. */
export function findingLines(findings: readonly Finding[], limit = 10): string[] {
  const rank = { high: 0, medium: 1, low: 2 };
  const worst = findings
    .filter((finding) => finding.severity !== "low")
    .sort((a, b) => rank[a.severity] - rank[b.severity] || b.score - a.score || a.record - b.record)
    .slice(0, limit);
  if (findings.length === 0) return [];
  const low = findings.filter((finding) => finding.severity === "low").length;
  const rest = findings.length - low - worst.length;
  return [
    "",
    ...worst.map(
      (finding) =>
        `  ${SEVERITY[finding.severity]} ${safe(finding.file)}${finding.line === undefined ? ` record ${finding.ordinal}` : `:${finding.line}`}  ${safe(finding.message)}`,
    ),
    ...(rest > 0 ? [paint.dim(`  … and ${count(rest)} more of severity medium or high`)] : []),
    ...(low > 0 ? [paint.dim(`  ${plural(low, "finding")} of severity low`)] : []),
  ];
}

export const addCheck: AddCommand = (program, act) => {
  const command = program
    .command("check")
    .summary("look for poison; write nothing")
    .description(
      `Runs the checks and prints outcomes and findings. Findings carry an error-rate claim that holds; suspects are a
ranking without one. What could not run says why and what it would need.

Examples:
  assay check train.csv --label label
  assay check train.csv --label label --json | jq '.findings[] | select(.severity == "high")'
  assay check train.parquet --label y --checks label-flips --scores scores.csv
  assay check train.csv --label y --probabilities out-of-fold.npy --embeddings vectors.npy`,
    )
    .argument("[data...]", DATA_ARGUMENT)
    .option("--config <file>", "config file")
    .option("--scores <file>", "write every record's score per check as CSV")
    .option(
      "--suggested <file>",
      "write the label that checks would give every record as CSV: the consensus of annotators, the most probable class",
    );
  addReadingOptions(command);
  addCheckingOptions(command);
  act(command, async (context, [data], values) => {
    const config = await configChoice(values);
    const result = await checkData(data as string[], {
      ...context.work,
      reading: await readingChoice(values, config?.config),
      checking: checkingChoice(values, config?.config),
      ...(config !== undefined && { config: config.config, configPath: config.path }),
    });
    if (values.scores !== undefined) await writeScores(values.scores as string, result);
    if (values.suggested !== undefined) await writeSuggested(values.suggested as string, result);
    const { outcomes, findings, gate, gateReasons } = result;
    context.result({ outcomes, findings, gate, gateReasons }, [
      ...outcomeLines(outcomes),
      ...findingLines(findings),
      "",
      gate === "pass" ? paint.green("gate passed") : `${paint.red("gate failed")}  ${gateReasons.map(safe).join("; ")}`,
    ]);
    return gate === "pass" ? 0 : 1;
  });
};
