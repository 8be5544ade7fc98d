import { initConfig } from "@assay/assay/commands";
import { addReadingOptions, DATA_ARGUMENT, readingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, safe } from "../terminal.js";

export const addInit: AddCommand = (program, act) => {
  const command = program
    .command("init")
    .summary("write a config file with what is found in the data")
    .description(
      `Looks at the data and writes a config file: the types that were found, columns that look like labels or ids, and empty
places for what only people know. Nothing is guessed silently: every guess is printed.

Examples:
  assay init train.csv
  assay init data/ -o assay.config.json`,
    )
    .argument("<data...>", DATA_ARGUMENT)
    .option("-o, --output <file>", "where it goes", "assay.config.json")
    .option("--overwrite", "replace an existing file");
  addReadingOptions(command);
  act(command, async (context, [data], values) => {
    const result = await initConfig(data as string[], {
      ...context.work,
      reading: await readingChoice(values),
      output: values.output as string,
      ...(values.overwrite === true && { overwrite: true }),
    });
    context.result(result, [
      `${safe(result.path)}`,
      ...result.remarks.map((remark) => `  ${paint.dim(safe(remark))}`),
      `next: fill in what only you know, then  assay run --config ${safe(result.path)}`,
    ]);
    return 0;
  });
};
