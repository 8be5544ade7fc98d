import { type FilePlaces, type LeafRange, proveAppend, proveRecord, UsageError } from "@assay/assay/commands";
import { parsers, readingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { bytes, paint, safe } from "../terminal.js";

export const addProve: AddCommand = (program, act) => {
  const command = program
    .command("prove")
    .summary("make a proof that records are in the data set, or that they are not, or that it was only appended to")
    .description(
      `Makes a proof that somebody else can check with nothing but the proof and the manifest they trust.

Examples:
  assay prove train.assay --file train.csv --record 17 -o 17.proof
  assay prove train.assay --file train.csv --record 0-99,500 --file test.csv --record 3 -o many.proof
  assay prove train.assay --present record.json -o present.proof
  assay prove train.assay --absent records.jsonl -o absent.proof
  assay prove v2.assay --append-from v1.assay -o append.proof
  assay check-proof append.proof --manifest v1.assay/manifest.json --second-manifest v2.assay/manifest.json`,
    )
    .argument("<folder>", "a folder <name>.assay")
    .option("--file <path>", "path of a file in the data set (repeatable, each with its --record)", parsers.repeated)
    .option(
      "--record <list>",
      "ordinals in that file, from 0, and ranges of them, both ends included: 3,17,100-199 (repeatable)",
      parsers.ordinals,
    )
    .option("--present <record.json>", "prove that this record is there (.jsonl: each of these records)")
    .option("--absent <record.json>", "prove that this record is not there (.jsonl: none of these records)")
    .option(
      "--append-from <dir>",
      "prove that nothing in this earlier version was changed or taken away: each of its files (or those of --file) has its records first and in their order",
    )
    .option("-o, --output <file>", "where the proof goes (default: stdout)")
    .option("--data <path>", "where the data is: a path, an http(s) URL, s3://…, or -, for what was not kept")
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  act(command, async (context, [folder], values) => {
    const { leafKey } = await readingChoice({ leafKey: values.leafKey });
    const common = {
      ...context.work,
      ...(values.output !== undefined && { output: values.output as string }),
      ...(values.data !== undefined && { data: values.data as string }),
      ...(leafKey !== undefined && { leafKey }),
    };
    const files = values.file as string[] | undefined;
    const records = values.record as LeafRange[][] | undefined;
    if (values.appendFrom !== undefined && [records, values.present, values.absent].some((one) => one !== undefined))
      throw new UsageError("--append-from is about whole files: --record, --present and --absent ask something else");
    const result =
      values.appendFrom !== undefined
        ? await proveAppend(folder as string, { ...common, from: values.appendFrom as string, ...(files && { files }) })
        : await proveRecord(folder as string, {
            ...common,
            ...placesOf(files, records),
            ...(values.present !== undefined && { present: values.present as string }),
            ...(values.absent !== undefined && { absent: values.absent as string }),
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

/** The n-th --file goes with the n-th --record. */
function placesOf(
  files: readonly string[] | undefined,
  records: readonly LeafRange[][] | undefined,
): { places?: readonly FilePlaces[] } {
  if (files === undefined && records === undefined) return {};
  if (files?.length !== records?.length)
    throw new UsageError("--file and --record go together: which records of which file?");
  const places = (files ?? []).map((file, i) => ({ file, ranges: records?.[i] ?? [] }));
  if (new Set(files).size < places.length)
    throw new UsageError("--file names a file twice: give all its records in one --record list");
  return { places };
}
