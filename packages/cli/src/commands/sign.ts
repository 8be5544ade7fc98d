import { signFolder, UsageError } from "@assay/assay/commands";
import { addSigningOptions, signingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, plural, safe, short } from "../terminal.js";

export const addSign: AddCommand = (program, act) => {
  const command = program
    .command("sign")
    .summary("add your signature to the statements of a folder")
    .description(
      `Checks the folder, then signs each of its statements in a DSSE envelope and adds it to those of others.

Examples:
  assay sign train.assay --key approver.pem --role approver`,
    )
    .argument("<folder>", "a folder <name>.assay");
  addSigningOptions(command);
  act(command, async (context, [folder], values) => {
    const signing = await signingChoice(values);
    if (signing === undefined)
      throw new UsageError("Which key should sign? Give --key FILE (`assay keygen` makes one)");
    const result = await signFolder(folder as string, { ...context.work, signing });
    context.result(result, [
      `${paint.green("✓")} ${plural(result.signed, "statement")} signed by ${short(result.keyId)} as ${safe(result.role)}`,
    ]);
    return 0;
  });
};
