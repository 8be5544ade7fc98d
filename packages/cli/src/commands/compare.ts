import { compareDataSets, type LeafChange } from "@assay/assay/commands";
import { addReadingOptions, readingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { count, paint, plural, safe } from "../terminal.js";

export const addCompare: AddCommand = (program, act) => {
  const command = program
    .command("compare")
    .summary("what changed between two versions, record by record")
    .description(
      `Compares two data sets by their records, however they are stored: what was added, removed and moved between files,
and the semantic version that the change deserves (PATCH: same records and splits; MINOR: only added; MAJOR: otherwise).

Examples:
  assay compare v1.assay v2.assay
  assay compare train.csv train.parquet          the same records? 
  assay compare old.csv new.csv --exit-code      exit 1 when the sets differ
  assay compare v1.assay v2.assay --proof v2.proof
  assay check-proof v2.proof --manifest v1.assay/manifest.json --second-manifest v2.assay/manifest.json`,
    )
    .argument("<a>", "folder, manifest or data")
    .argument("<b>", "folder, manifest or data")
    .option("--exit-code", "exit 1 when the sets differ, or when the stated versions do not follow the change")
    .option("--places", "say where every changed record stands, also where that needs reading all leaves")
    .option("--proof <file>", "write the proof that exactly these records came and went")
    .option("--show <n>", "show at most this many added and removed records (default: 10)", Number, 10);
  addReadingOptions(command);
  act(command, async (context, [a, b], values) => {
    const result = await compareDataSets(a as string, b as string, {
      ...context.work,
      reading: await readingChoice(values),
      ...(values.places === true && { places: true }),
      ...(values.proof !== undefined && { proof: values.proof as string }),
    });
    const limit = Number.isInteger(values.show) ? (values.show as number) : 10;
    const place = ({ leaf, count: times, places }: LeafChange): string =>
      `${places?.[0] === undefined ? "" : `${safe(places[0].file)} record ${places[0].ordinal}  `}${leaf}${times > 1 ? ` ×${times}` : ""}`;
    context.result(result, [
      result.equal
        ? paint.green("the same data set, file by file")
        : result.sameSet
          ? `${paint.green("the same records")}, stored differently`
          : `${paint.yellow("different records")}: ${count(result.added)} added, ${count(result.removed)} removed`,
      ...(result.moved === null
        ? ["whether records moved to another file is not known: --places looks"]
        : result.moved > 0
          ? [`${plural(result.moved, "record")} moved to another file`]
          : []),
      ...result.addedLeaves.slice(0, limit).map((record) => `  ${paint.green("+")} ${place(record)}`),
      ...result.removedLeaves.slice(0, limit).map((record) => `  ${paint.red("-")} ${place(record)}`),
      ...result.splits
        .filter(({ change }) => change !== "same")
        .map(({ split, change }) => `  split ${safe(split)}: ${change}`),
      ...(result.stated === undefined
        ? []
        : result.stated.holds
          ? [`stated versions ${safe(result.stated.from)} and ${safe(result.stated.to)} follow the change`]
          : [paint.red(`stated version ${safe(result.stated.to)} after ${safe(result.stated.from)} hides the change`)]),
      ...(values.proof !== undefined && result.sameSet ? ["no proof is needed: the set heads are equal"] : []),
      `version: ${result.version === "none" ? "no change" : (result.version ?? "not known").toUpperCase()}`,
    ]);
    return values.exitCode === true && (!result.sameSet || result.stated?.holds === false) ? 1 : 0;
  });
};
