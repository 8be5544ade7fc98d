/** Which records are trusted to be good: `COLUMN=VALUE`, or a file that holds them. */

import { existsSync, lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SourceError } from "@assay/merkle";
import type { Source } from "@assay/records";
import type { AssayConfig } from "../config.js";
import type { AssayOptions } from "../job-options.js";
import { UsageError } from "../usage-error.js";
import { openInputs } from "./data.js";
import { openNamedFile } from "./named-file.js";
import type { CheckingChoice, Work } from "./options.js";

/**
 * What the option says, else the config file, whose path is relative to it. What is there as a file is a file; anything else is
 * `COLUMN=VALUE`.
 *
 * @throws UsageError for a text that is neither; SourceError where the file cannot be read.
 */
export async function trustOf(
  { trusted: given }: Pick<CheckingChoice, "trusted">,
  work: Work,
  config?: AssayConfig,
  configPath?: string,
): Promise<Pick<AssayOptions, "trusted" | "trustedRecords">> {
  const text = given ?? config?.checks?.trusted;
  if (text === undefined) return {};
  const path = given === undefined ? resolve(dirname(configPath ?? "."), text) : text;
  if (existsSync(path)) return { trustedRecords: await openTrusted(path, work) };
  const at = text.indexOf("=");
  if (at <= 0)
    throw new UsageError(
      `--trusted ${text}: there is no such file, and it is not COLUMN=VALUE, for example reviewed=yes`,
    );
  return { trusted: { column: text.slice(0, at), value: text.slice(at + 1) } };
}

/** Opens a file of trusted records; what is said of it names the option. */
export async function openTrusted(path: string, work: Work): Promise<Source> {
  if (lstatSync(path).isDirectory())
    throw new SourceError("is-a-directory", `--trusted ${path}: it is a folder; name the file that holds the records`, {
      details: { path, option: "--trusted" },
    });
  return openNamedFile("--trusted", () => openInputs([path], {}, work));
}
