import { deriveFolder } from "@assay/assay/commands";
import { Argument } from "commander";
import {
  addOutputOptions,
  addSigningOptions,
  outputChoice,
  parsers,
  readingChoice,
  signingChoice,
} from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, plural, safe, short } from "../terminal.js";

export const addDerive: AddCommand = (program, act) => {
  const command = program
    .command("derive")
    .summary("say how data came from its parents, and prove it")
    .description(
      `Writes the manifest of a child data set that names its parents and the operation. Where the operation is set algebra
it is proven from the committed leaves before anything is written: a claim that does not hold is refused.

Operations:
  reformat, shuffle, reshard   the same records     append    every file grew or stayed
  filter                       records were removed  concat    the sum of the parents
  split                        parts of a parent     dedupe    every record once
  sample                       drawn by a seed       map       a transformation; claimed, not proven

Examples:
  assay derive reformat train.parquet --parent train.assay
  assay derive concat all/ --parent a.assay --parent b.assay
  assay derive sample sample.csv --parent train.assay --seed 00…00 --fraction 0.1
  assay derive split parts/ --parent all.assay --split-paths train=train/** --split-paths test=test/**
  assay derive split test.csv --parent all.assay --sibling train.assay`,
    )
    .addArgument(
      new Argument("<operation>", "what was done").choices([
        "reformat",
        "shuffle",
        "reshard",
        "filter",
        "append",
        "concat",
        "split",
        "dedupe",
        "sample",
        "map",
      ]),
    )
    .argument("<data...>", "the child data")
    .requiredOption(
      "--parent <dir>",
      "folder of a parent (repeatable, in the order of the operation)",
      parsers.repeated,
    )
    .option("--split <column>", "split: column that names the part of a record")
    .option("--split-paths <name=glob>", "split: files of a part (repeatable)", parsers.repeated)
    .option("--sibling <dir>", "split: folder of another part, written before (repeatable)", parsers.repeated)
    .option("--seed <hex>", "sample: the seed, 64 hex digits", parsers.hex64)
    .option("--fraction <decimal>", "sample: the fraction, for example 0.25")
    .option("--reason <text>", "filter: why records were removed")
    .option(
      "--version-of-data <version>",
      "MAJOR.MINOR.PATCH of the child; checked against the parent",
      parsers.version,
    )
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  addOutputOptions(command);
  addSigningOptions(command);
  act(command, async (context, [operation, data], values) => {
    const { leafKey, splits } = await readingChoice({
      leafKey: values.leafKey,
      split: values.split,
      splitPaths: values.splitPaths,
    });
    const signing = await signingChoice(values);
    const result = await deriveFolder(operation as "reformat", data as string[], {
      ...context.work,
      parents: values.parent as string[],
      output: outputChoice(values),
      ...(values.sibling !== undefined && { siblings: values.sibling as string[] }),
      ...(splits !== undefined && { splits }),
      ...(values.seed !== undefined && { seed: values.seed as string }),
      ...(values.fraction !== undefined && { fraction: values.fraction as string }),
      ...(values.reason !== undefined && { reason: values.reason as string }),
      ...(values.versionOfData !== undefined && { version: values.versionOfData as string }),
      ...(leafKey !== undefined && { leafKey }),
      ...(signing !== undefined && { signing }),
    });
    context.result(result, [
      `${paint.green("✓")} ${operation}: ${result.edge}; ${plural(result.records, "record")}`,
      `  child ${short(result.setHead)}`,
      `folder  ${safe(result.folder)}`,
    ]);
    return 0;
  });
};
