import { runMainJob } from "@assay/assay/commands";
import {
  addCheckingOptions,
  addOutputOptions,
  addReadingOptions,
  addSigningOptions,
  addTempOption,
  addUrlOptions,
  checkingChoice,
  configChoice,
  DATA_ARGUMENT,
  dataChoice,
  outputChoice,
  readingChoice,
  signingChoice,
} from "../options.js";
import type { AddCommand } from "../program.js";
import { bytes, paint, plural, safe, short } from "../terminal.js";
import { findingLines, outcomeLines } from "./check.js";
import { urlLines } from "./manifest.js";

export const addRun: AddCommand = (program, act) => {
  const command = program
    .command("run")
    .summary("the main job: manifest, checks, statements, evidence, report")
    .description(
      `The main job. Says exactly what is in the data, looks for poison, states what was found (signed when there is a
key), maps it to ISO/IEC 42001 controls and writes a report, all into one folder.

Examples:
  assay run train.csv --label label
  assay run data/ --label class --source supplier --key release.pem -o data.assay
  assay run train.csv --config assay.config.json --fail-on medium`,
    )
    .argument("[data...]", DATA_ARGUMENT)
    .option("--config <file>", "config file (`assay init` writes one): options, and what only people know");
  addReadingOptions(command);
  addUrlOptions(command);
  addCheckingOptions(command);
  addOutputOptions(command);
  addTempOption(command);
  addSigningOptions(command);
  act(command, async (context, [data], values) => {
    const config = await configChoice(values);
    const signing = await signingChoice(values);
    const result = await runMainJob(dataChoice(data as string[], values), {
      ...context.work,
      reading: await readingChoice(values, config?.config),
      checking: checkingChoice(values, config?.config),
      output: outputChoice(values),
      ...(config !== undefined && { config: config.config, configPath: config.path }),
      ...(signing !== undefined && { signing }),
    });
    const { findings, gateReasons, ...rest } = result;
    const lines = [
      `${paint.bold(safe(result.name))}  ${plural(result.records, "record")} in ${plural(result.files, "file")}, ${bytes(result.bytes)}`,
      `  data set  ${short(result.datasetHead)}   records ${short(result.setHead)}   ${result.signed ? paint.green("signed") : paint.dim("unsigned")}`,
      ...(result.urls === undefined ? [] : urlLines(result.urls)),
      "",
      ...outcomeLines(result.outcomes),
      ...findingLines(findings),
      "",
      result.gate === "pass"
        ? `${paint.green("gate passed")}`
        : `${paint.red("gate failed")}  ${gateReasons.map(safe).join("; ")}`,
      `folder  ${safe(result.folder)}`,
      `report  ${safe(result.report)}`,
    ];
    context.result({ ...rest, findings: findings.length, gateReasons }, lines);
    return result.gate === "pass" ? 0 : 1;
  });
};
