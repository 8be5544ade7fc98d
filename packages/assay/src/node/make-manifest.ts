/** `assay manifest`: only what is in the data. */

import { join } from "node:path";
import { type BuiltManifest, buildManifest, manifestFiles } from "@assay/manifest";
import { writeFolder } from "@assay/manifest/node";
import { type Executor, type ScannedSource, scanSource } from "@assay/records";
import type { AssayConfig } from "../config.js";
import { refuseUnknownSplit } from "../main-job.js";
import { defaultFolder, inputsOf, openInputs, warnOfTypes } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import type { Output, ReadingChoice, Work } from "./options.js";

/** What every command that builds a manifest says of it. */
export interface ManifestSummary {
  /** Path of manifest.json. */
  readonly manifest: string;
  readonly dataset: string;
  readonly set: string;
  readonly datasetHead: string;
  readonly setHead: string;
  readonly records: number;
  readonly files: number;
  readonly bytes: number;
}

export interface MakeManifestOptions extends Work {
  readonly reading?: ReadingChoice;
  readonly output?: Output;
  readonly config?: AssayConfig;
  readonly configPath?: string;
  readonly name?: string;
  readonly version?: string;
}

/** The figures of a manifest that was written into a folder. */
export function summaryOf(built: BuiltManifest, folder: string): ManifestSummary {
  const { header, datasetHead, setHead } = built;
  return {
    manifest: join(folder, "manifest.json"),
    dataset: header.dataset.root,
    set: header.set.root,
    datasetHead,
    setHead,
    records: header.set.records,
    files: header.dataset.files,
    bytes: header.size,
  };
}

/** Scans a source and builds its manifest. */
export async function buildFrom(
  inputs: readonly string[],
  executor: Executor,
  options: Omit<MakeManifestOptions, "output">,
): Promise<{ scanned: ScannedSource; built: BuiltManifest }> {
  const { reading = {}, config } = options;
  const work = { executor, ...workOf(options) };
  const source = await openInputs(inputs, reading, options);
  const scanned = await scanSource(source, {
    ...work,
    ...(reading.leafFormat !== undefined && { leafFormat: reading.leafFormat }),
  });
  refuseUnknownSplit(scanned, reading.splits);
  warnOfTypes(scanned.warnings, options);
  const name = options.name ?? config?.name;
  const version = options.version ?? config?.version;
  const built = await buildManifest(scanned, {
    ...work,
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(reading.leafKey !== undefined && { leafKey: reading.leafKey }),
    ...(reading.splits !== undefined && { splits: reading.splits }),
  });
  return { scanned, built };
}

/**
 * Writes the manifest of some data into a folder.
 *
 * @throws UsageError without data; AssayError for data that cannot be read or a folder that cannot be written.
 */
export async function makeManifest(
  inputs: readonly string[],
  options: MakeManifestOptions = {},
): Promise<ManifestSummary> {
  const named = inputsOf(inputs, options.config, options.configPath);
  const { output = {}, signal, onWarning } = options;
  return withExecutor(options, async (executor) => {
    const { built } = await buildFrom(named, executor, options);
    const folder = output.directory ?? defaultFolder(named, built.header.name);
    await writeFolder(folder, manifestFiles(built, output.keep === undefined ? {} : { keep: output.keep }), {
      ...(output.overwrite === true && { overwrite: true }),
      ...(signal !== undefined && { signal }),
      ...(onWarning !== undefined && { onNote: onWarning }),
    });
    return summaryOf(built, folder);
  });
}
