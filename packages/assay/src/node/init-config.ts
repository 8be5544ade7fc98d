/** `assay init`: a config file with what was found, and empty places for what only people know. */

import { writeFile } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { SourceError } from "@assay/merkle";
import { type ColumnType, formatColumnType, isS3Location, scanSource, shownUrl } from "@assay/records";
import type { AssayConfig } from "../config.js";
import { isElsewhere, openInputs, warnOfScan } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import type { ReadingChoice, Work } from "./options.js";

export interface InitOptions extends Work {
  readonly reading?: ReadingChoice;
  readonly output?: string;
  readonly overwrite?: boolean;
}

export interface InitResult {
  readonly path: string;
  /** What was found and guessed. Holds data: escape it. */
  readonly remarks: readonly string[];
}

const LABEL_NAMES = /^(label|labels|target|class|y|category|species|outcome)$/i;
const SOURCE_NAMES = /^(source|supplier|site|hospital|vendor|provider|origin)$/i;
const ID_NAMES = /(^|_)(id|uuid|guid|key)$/i;

/** An input as the config file names it: relative to the file, and a URL without what may be a secret. */
function namedInConfig(input: string, output: string, remarks: string[]): string {
  if (!isElsewhere(input))
    return (
      relative(dirname(resolve(output)), resolve(input))
        .split(sep)
        .join("/") || "."
    );
  if (isS3Location(input)) return input;
  const shown = shownUrl(input);
  if (shown !== new URL(input).href)
    remarks.push(`${shown}: its query and password are left out of the config file, because they may be secret`);
  return shown;
}

/** Looks at data and writes a config file for it. */
export async function initConfig(inputs: readonly string[], options: InitOptions = {}): Promise<InitResult> {
  const { reading = {}, output = "assay.config.json", overwrite = false } = options;
  return withExecutor(options, async (executor, spool) => {
    const source = await openInputs(inputs, reading, { ...options, spool });
    const scanned = await scanSource(source, { executor, ...workOf(options) });
    warnOfScan(scanned, options);
    const columns = Object.keys(scanned.reading.types);
    const remarks = columns.map((column) => {
      const type = scanned.reading.types[column] as ColumnType | readonly ColumnType[];
      return `${column}: ${(Array.isArray(type) ? type : [type as ColumnType])
        .map((one) => formatColumnType(one))
        .join(" or ")
        .replaceAll('"', "")}`;
    });
    const guess = (names: RegExp): string | undefined => columns.find((column) => names.test(column));
    const label = guess(LABEL_NAMES);
    const supplier = guess(SOURCE_NAMES);
    const ids = columns.filter((column) => ID_NAMES.test(column));
    if (label !== undefined) remarks.push(`guessed: "${label}" is the label`);
    if (supplier !== undefined) remarks.push(`guessed: "${supplier}" names who supplied a record`);
    if (ids.length > 0)
      remarks.push(`guessed: ${ids.map((id) => `"${id}"`).join(", ")} identify records and are not looked at`);
    const config: AssayConfig = {
      name: source.name,
      data: inputs.filter((input) => input !== "-").map((input) => namedInConfig(input, output, remarks)),
      checks: {
        ...(label !== undefined && { label }),
        ...(supplier !== undefined && { source: supplier }),
        ...(ids.length > 0 && { exclude: ids }),
        failOn: "high",
      },
      owner: { name: "TBD" },
      approver: { name: "TBD" },
      category: "train",
      intendedUse: "TBD",
      labeling: "TBD",
      preparation: "TBD",
      knownBias: "TBD",
      sources: [],
      requirements: [],
      declared: { records: scanned.records, columns },
    };
    try {
      await writeFile(output, `${JSON.stringify(config, null, 2)}\n`, { flag: overwrite ? "w" : "wx" });
    } catch (cause) {
      const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
      throw new SourceError(
        exists ? "exists" : "cannot-write",
        exists
          ? `${output} exists. Choose another name with -o, or say --overwrite`
          : `Cannot write ${output}: ${(cause as Error).message}`,
        { cause, details: { path: output } },
      );
    }
    return { path: output, remarks };
  });
}
