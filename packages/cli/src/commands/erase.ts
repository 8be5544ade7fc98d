import { eraseRecords } from "@assay/assay/commands";
import { addSigningOptions, readingChoice, signingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, plural, safe, short } from "../terminal.js";

export const addErase: AddCommand = (program, act) => {
  const command = program
    .command("erase")
    .summary("take records out for good, with a tombstone")
    .description(
      `Writes a copy of the data without any occurrence of the records, and its folder with a tombstone statement and the
proof that only these records left. The old folder stays true of the old version; delete its data yourself.

Examples:
  assay erase people.assay --record person.json --reason "erasure request 17" -o people-2
  assay erase people.assay --record leaving.jsonl --reason "end of contract" --key dpo.pem --role dpo
  assay verify people-2.assay --parent people.assay
  assay prove people-2.assay --absent person.json`,
    )
    .argument("<folder>", "a folder <name>.assay")
    .requiredOption("--record <record.json>", "the record to erase (.jsonl: each of these records)")
    .requiredOption("--reason <text>", "on which ground; goes into the tombstone, so name nobody in it")
    .option("-o, --output <dir>", "folder for the child data; <dir>.assay is written beside it")
    .option("--overwrite", "replace existing folders")
    .option("--data <path>", "where the data is (default: beside the folder)")
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  addSigningOptions(command);
  act(command, async (context, [folder], values) => {
    const { leafKey } = await readingChoice({ leafKey: values.leafKey });
    const signing = await signingChoice(values);
    const result = await eraseRecords(folder as string, {
      ...context.work,
      record: values.record as string,
      reason: values.reason as string,
      ...(values.output !== undefined && { output: values.output as string }),
      ...(values.overwrite === true && { overwrite: true }),
      ...(values.data !== undefined && { data: values.data as string }),
      ...(leafKey !== undefined && { leafKey }),
      ...(signing !== undefined && { signing }),
    });
    context.result(result, [
      `${paint.green("✓")} ${plural(result.distinct, "record")} erased (${plural(result.removed, "occurrence")}), ${plural(result.records, "record")} left`,
      `  parent ${short(result.parentSetHead)} → child ${short(result.setHead)}`,
      `data    ${safe(result.data)}`,
      `folder  ${safe(result.folder)}`,
      `check   assay verify ${safe(result.folder)} --parent ${safe(folder as string)}`,
      "The data of the parent still holds the records: delete it, and whatever was made of it.",
    ]);
    return 0;
  });
};
