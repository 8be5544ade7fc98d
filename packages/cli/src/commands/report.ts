import { reportOf } from "@assay/assay/commands";
import { Option } from "commander";
import type { AddCommand } from "../program.js";
import { safe } from "../terminal.js";

export const addReport: AddCommand = (program, act) => {
  const command = program
    .command("report")
    .summary("a view of a folder: HTML, Markdown, JSON, SARIF or CSV")
    .description(
      `Checks the folder and renders what it says. The HTML report is one file that opens from disk with no network.

Examples:
  assay report train.assay -o report.html
  assay report train.assay --to md > summary.md
  assay report train.assay --to sarif -o findings.sarif`,
    )
    .argument("<folder>", "a folder <name>.assay")
    .addOption(new Option("--to <view>", "which view").choices(["html", "md", "json", "sarif", "csv"]).default("html"))
    .option("-o, --output <file>", "where it goes (default: stdout)")
    .option("--policy <file>", "judge signatures by this policy")
    .option("--trust <pub.pem>", "trust one public key")
    .option("--at <time>", "trusted time (default: now)");
  act(command, async (context, [folder], values) => {
    const result = await reportOf(folder as string, {
      ...context.work,
      to: values.to as "html",
      ...(values.output !== undefined && { output: values.output as string }),
      ...(values.policy !== undefined && { policy: values.policy as string }),
      ...(values.trust !== undefined && { trust: values.trust as string }),
      ...(values.at !== undefined && { at: values.at as string }),
    });
    if (result.output === undefined && !context.json) process.stdout.write(result.text);
    else
      context.result(
        { output: result.output ?? null, to: values.to, ...(result.output === undefined && { text: result.text }) },
        [safe(result.output ?? "")],
      );
    return 0;
  });
};
