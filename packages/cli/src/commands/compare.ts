import { compareDataSets, type LeafChange } from "@assay/assay/commands";
import type { AddCommand } from "../main.js";
import { addReadingOptions, readingChoice } from "../options.js";
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
  assay compare old.csv new.csv --exit-code      exit 1 when the sets differ`,
    )
    .argument("<a>", "folder, manifest or data")
    .argument("<b>", "folder, manifest or data")
    .option("--exit-code", "exit 1 when the sets differ")
    .option("--show <n>", "show at most this many added and removed records (default: 10)", Number, 10);
  addReadingOptions(command);
  act(command, async (context, [a, b], values) => {
    const result = await compareDataSets(a as string, b as string, {
      ...context.work,
      reading: await readingChoice(values),
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
        ? ["whether records moved to another file is not known: leaves were not kept"]
        : result.moved > 0
          ? [`${plural(result.moved, "record")} moved to another file`]
          : []),
      ...result.addedLeaves.slice(0, limit).map((record) => `  ${paint.green("+")} ${place(record)}`),
      ...result.removedLeaves.slice(0, limit).map((record) => `  ${paint.red("-")} ${place(record)}`),
      ...result.splits
        .filter(({ change }) => change !== "same")
        .map(({ split, change }) => `  split ${safe(split)}: ${change}`),
      `version: ${result.version === "none" ? "no change" : (result.version ?? "not known").toUpperCase()}`,
    ]);
    return values.exitCode === true && !result.sameSet ? 1 : 0;
  });
};
