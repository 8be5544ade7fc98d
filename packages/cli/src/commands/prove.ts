import { proveRecord } from "@assay/assay/node";
import type { AddCommand } from "../main.js";
import { parsers, readingChoice } from "../options.js";
import { bytes, paint, safe } from "../terminal.js";

export const addProve: AddCommand = (program, act) => {
  const command = program
    .command("prove")
    .summary("make a proof that a record is in the data set, or that it is not")
    .description(
      `Makes a proof that somebody else can check with nothing but the proof and the manifest they trust.

Examples:
  assay prove train.assay --file train.csv --record 17 -o 17.proof
  assay prove train.assay --present record.json -o present.proof
  assay prove train.assay --absent record.json -o absent.proof`,
    )
    .argument("<folder>", "a folder <name>.assay")
    .option("--file <path>", "path of a file in the data set")
    .option("--record <n>", "ordinal of a record in that file, from 0", parsers.ordinal)
    .option("--present <record.json>", "prove that this record is there")
    .option("--absent <record.json>", "prove that this record is not there")
    .option("-o, --output <file>", "where the proof goes (default: stdout)")
    .option("--data <path>", "where the data is: a path, an http(s) URL, s3://…, or -, for what was not kept")
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  act(command, async (context, [folder], values) => {
    const { leafKey } = await readingChoice({ leafKey: values.leafKey });
    const result = await proveRecord(folder as string, {
      ...context.work,
      ...(values.file !== undefined && { file: values.file as string }),
      ...(values.record !== undefined && { record: values.record as number }),
      ...(values.present !== undefined && { present: values.present as string }),
      ...(values.absent !== undefined && { absent: values.absent as string }),
      ...(values.output !== undefined && { output: values.output as string }),
      ...(values.data !== undefined && { data: values.data as string }),
      ...(leafKey !== undefined && { leafKey }),
    });
    if (values.output === undefined && !context.json) {
      process.stdout.write(result.proof);
      return 0;
    }
    const { proof, ...document } = result;
    context.result(values.output === undefined ? { ...document, proof: JSON.parse(proof) } : document, [
      `${paint.green("✓")} ${safe(result.says)}  ${bytes(proof.length)} → ${safe(result.output ?? "")}`,
    ]);
    return 0;
  });
};
