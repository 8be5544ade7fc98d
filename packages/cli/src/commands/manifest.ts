import { type ManifestSummary, makeManifest } from "@assay/assay/commands";
import {
  addOutputOptions,
  addReadingOptions,
  addTempOption,
  addUrlOptions,
  configChoice,
  DATA_ARGUMENT,
  dataChoice,
  outputChoice,
  parsers,
  readingChoice,
} from "../options.js";
import type { AddCommand } from "../program.js";
import { bytes, plural, safe } from "../terminal.js";

export const addManifest: AddCommand = (program, act) => {
  const command = program
    .command("manifest")
    .summary("say exactly what is in the data, and nothing else")
    .description(
      `Writes the manifest of a data set: the digest of every file's bytes, the root of its records, the root of the data
set as laid out, and the root of the set of its records, which is the same in CSV, JSONL, Arrow and Parquet.

Examples:
  assay manifest train.csv
  assay manifest shards/ --name corpus --keep leaves
  assay manifest shards/ --since corpus.assay -o corpus-2.assay
  assay manifest --urls images.csv                 pins what is behind each URL
  assay manifest train.csv --json | jq -r .set`,
    )
    .argument("[data...]", DATA_ARGUMENT)
    .option("--config <file>", "config file")
    .option("--name <name>", "name of the data set (default: of the first input)")
    .option(
      "--since <dir>",
      "folder of an earlier run: files with the size and modification time that it saw are not read again (claimed, until verify reads them)",
    )
    .option(
      "--unf",
      "print the UNF (version 6) too, by which archives cite data; it is part of no manifest and proves nothing",
    )
    .option("--version-of-data <version>", "MAJOR.MINOR.PATCH of this data set", parsers.version);
  addReadingOptions(command);
  addUrlOptions(command);
  addOutputOptions(command);
  addTempOption(command);
  act(command, async (context, [data], values) => {
    const config = await configChoice(values);
    const result = await makeManifest(dataChoice(data as string[], values), {
      ...context.work,
      reading: await readingChoice(values, config?.config),
      output: outputChoice(values),
      ...(config !== undefined && { config: config.config, configPath: config.path }),
      ...(values.unf === true && { unf: true }),
      ...(values.since !== undefined && { since: values.since as string }),
      ...(values.name !== undefined && { name: values.name as string }),
      ...(values.versionOfData !== undefined && { version: values.versionOfData as string }),
    });
    context.result(result, [
      `${safe(result.manifest)}  ${plural(result.records, "record")} in ${plural(result.files, "file")}, ${bytes(result.bytes)}`,
      `  dataset      ${result.dataset}`,
      `  set          ${result.set}`,
      `  datasetHead  ${result.datasetHead}`,
      `  setHead      ${result.setHead}`,
      ...(result.unf === undefined ? [] : unfLines(result.unf)),
      ...(result.urls === undefined ? [] : urlLines(result.urls)),
      ...(result.claimed === undefined || result.claimed.length === 0
        ? []
        : [
            `  claimed      ${plural(result.claimed.length, "file")} not read again: same size and modification time; \`assay verify\` reads them`,
          ]),
    ]);
    return 0;
  });
};

/** What was found behind the URLs of a list. */
export function urlLines({ urls, pinned, faults, lied, sha256 }: NonNullable<ManifestSummary["urls"]>): string[] {
  const dead = Object.entries(faults).map(([fault, number]) => `${number} ${fault}`);
  return [
    `  urls         ${pinned} of ${plural(urls, "URL")} pinned${dead.length === 0 ? "" : `; ${dead.join(", ")}`}${lied === 0 ? "" : `; ${lied} not what the list promises`}`,
    `  urls.jsonl   ${sha256}`,
  ];
}

function unfLines({ unf, files }: NonNullable<ManifestSummary["unf"]>): string[] {
  const refused = files.flatMap(({ path, reason }) =>
    reason === undefined ? [] : [`  no UNF       ${safe(path)}: ${safe(reason)}`],
  );
  return unf === undefined ? refused : [`  unf          ${unf}`];
}
