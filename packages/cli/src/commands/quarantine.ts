import { quarantineFolder } from "@assay/assay/commands";
import { Option } from "commander";
import { addSigningOptions, parsers, readingChoice, signingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, plural, safe, short } from "../terminal.js";

export const addQuarantine: AddCommand = (program, act) => {
  const command = program
    .command("quarantine")
    .summary("take the accused records out, provably")
    .description(
      `Writes a copy of the data without the accused records, and its folder. Anyone can check that exactly these records
left and nothing else did. The findings are checked against the statement that names them before they are used.

Examples:
  assay quarantine train.assay -o train-clean
  assay quarantine train.assay -o train-clean --severity high --checks label-flips,outliers
  assay verify train-clean.assay --parent train.assay`,
    )
    .argument("<folder>", "a folder <name>.assay with findings")
    .option("-o, --output <dir>", "folder for the child data; <dir>.assay is written beside it")
    .option("--overwrite", "replace existing folders")
    .addOption(
      new Option("--severity <severity>", "take out findings from here up (default: medium)").choices([
        "low",
        "medium",
        "high",
      ]),
    )
    .option("--checks <ids>", "only findings of these checks", parsers.list)
    .option("--reason <text>", "why, for the list of what was removed")
    .option("--data <path>", "where the data is: a path, an http(s) URL, s3://…, or - (default: beside the folder)")
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  addSigningOptions(command);
  act(command, async (context, [folder], values) => {
    const { leafKey } = await readingChoice({ leafKey: values.leafKey });
    const signing = await signingChoice(values);
    const result = await quarantineFolder(folder as string, {
      ...context.work,
      ...(values.output !== undefined && { output: values.output as string }),
      ...(values.overwrite === true && { overwrite: true }),
      ...(values.severity !== undefined && { severity: values.severity as "high" }),
      ...(values.checks !== undefined && { checks: values.checks as string[] }),
      ...(values.reason !== undefined && { reason: values.reason as string }),
      ...(values.data !== undefined && { data: values.data as string }),
      ...(leafKey !== undefined && { leafKey }),
      ...(signing !== undefined && { signing }),
    });
    context.result(result, [
      `${paint.green("✓")} ${plural(result.removed, "record")} taken out, ${plural(result.records, "record")} left`,
      `  parent ${short(result.parentSetHead)} → child ${short(result.setHead)}`,
      `data    ${safe(result.data)}`,
      `folder  ${safe(result.folder)}`,
      `check   assay verify ${safe(result.folder)} --parent ${safe(folder as string)}`,
    ]);
    return 0;
  });
};
