/** `assay check`: the checks and nothing else; nothing is written but scores and suggested labels that were asked for. */

import { writeFile } from "node:fs/promises";
import { type CheckRun, type Finding, formatScores, formatSuggested, judgeGate, type Outcome } from "@assay/checks";
import { SourceError } from "@assay/merkle";
import { refuseOtherOptions, runChecksOn } from "../checks-of-job.js";
import type { AssayConfig } from "../config.js";
import { readTrustedRecords } from "../trusted-records.js";
import { UsageError } from "../usage-error.js";
import { inputsOf, openInputs } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import { buildFrom } from "./make-manifest.js";
import { matrixPaths, readMatrices } from "./matrix-files.js";
import type { CheckingChoice, ReadingChoice, Work } from "./options.js";
import { baselineOf } from "./read-baseline.js";
import { assayOptions } from "./run-main-job.js";
import { trustOf } from "./trusted-file.js";

export interface CheckDataOptions extends Work {
  readonly reading?: ReadingChoice;
  readonly checking?: CheckingChoice;
  /** Only the files and the folder that it names under `checks` are taken from it; everything else is in the choices. */
  readonly config?: AssayConfig;
  readonly configPath?: string;
}

export interface CheckDataResult {
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  readonly gate: "pass" | "fail";
  readonly gateReasons: readonly string[];
  readonly run: CheckRun;
}

/** Runs the checks on some data. */
export async function checkData(inputs: readonly string[], options: CheckDataOptions = {}): Promise<CheckDataResult> {
  const { config, configPath, ...rest } = options;
  const { reading = {}, checking = {} } = rest;
  refuseOtherOptions(checking.checkOptions, checking.checks);
  const baseline = await baselineOf(checking, options, config, configPath);
  return withExecutor(options, async (executor, spool) => {
    const matrices = await readMatrices(matrixPaths(checking, config, configPath), executor, options);
    const trust = await trustOf(checking, options, config, configPath);
    const source = await openInputs(inputsOf(inputs, config, configPath, reading), reading, { ...options, spool });
    const { scanned, built } = await buildFrom(source, executor, rest);
    const { trustedRecords, ...marked } = trust;
    const trusted =
      trustedRecords &&
      (await readTrustedRecords(trustedRecords, scanned, {
        executor,
        ...(reading.leafKey !== undefined && { leafKey: reading.leafKey }),
        ...(options.signal !== undefined && { signal: options.signal }),
      }));
    const run = await runChecksOn(scanned, built, {
      ...assayOptions(reading, checking),
      ...marked,
      ...(trusted !== undefined && { trustedLeaves: trusted.leaves }),
      ...matrices,
      executor,
      ...workOf(options),
      ...(baseline !== undefined && { baseline }),
    });
    const { gate, reasons } = judgeGate(run.outcomes, run.findings, {
      ...(checking.require !== undefined && { require: checking.require }),
      ...(checking.failOn !== undefined && { failOn: checking.failOn }),
    });
    return { outcomes: run.outcomes, findings: run.findings, gate, gateReasons: reasons, run };
  });
}

/** Writes every record's score per check as CSV. */
export async function writeScores(path: string, { run }: CheckDataResult): Promise<void> {
  await writeTable("--scores", path, formatScores(run));
}

/**
 * Writes the label that checks would give every record as CSV.
 *
 * @throws UsageError where no check suggests any.
 */
export async function writeSuggested(path: string, { run }: CheckDataResult): Promise<void> {
  if (run.suggested.size === 0) {
    throw new UsageError(
      "--suggested: no check of this run suggests labels. annotators, label-flips and label-flips.confident-learning do, of one label, and of keyed records with --show-values",
    );
  }
  await writeTable("--suggested", path, formatSuggested(run));
}

async function writeTable(option: string, path: string, text: Iterable<string>): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new SourceError("cannot-write", `${option} ${path}: ${(cause as Error).message}`, {
      cause,
      details: { path },
    });
  }
}
