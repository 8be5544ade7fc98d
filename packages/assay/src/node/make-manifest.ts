/** `assay manifest`: only what is in the data. */

import { join } from "node:path";
import { buildStoredManifest, type SealedManifest, type StoredManifest, storedManifestFiles } from "@assay/manifest";
import { writeFolder } from "@assay/manifest/node";
import { type Executor, type ScannedSource, type Source, scanSource } from "@assay/records";
import type { AssayConfig } from "../config.js";
import { refuseUnknownSplit } from "../main-job.js";
import { defaultFolder, inputsOf, openInputs, warnOfTypes } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import { type LeafRoom, withLeafRoom } from "./leaf-room.js";
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
export function summaryOf(built: SealedManifest, folder: string): ManifestSummary {
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
  source: Source,
  executor: Executor,
  options: Omit<MakeManifestOptions, "output">,
  room: LeafRoom = {},
): Promise<{ scanned: ScannedSource; built: StoredManifest }> {
  const { reading = {}, config } = options;
  const work = { executor, ...workOf(options) };
  const scanned = await scanSource(source, {
    ...work,
    ...(reading.leafFormat !== undefined && { leafFormat: reading.leafFormat }),
  });
  refuseUnknownSplit(scanned, reading.splits);
  warnOfTypes(scanned.warnings, options);
  const name = options.name ?? config?.name;
  const version = options.version ?? config?.version;
  const built = await buildStoredManifest(scanned, {
    ...work,
    ...room,
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
  const named = inputsOf(inputs, options.config, options.configPath, options.reading ?? {});
  const { output = {}, signal, onWarning } = options;
  return withExecutor(options, async (executor, spool) => {
    const source = await openInputs(named, options.reading ?? {}, { ...options, spool });
    const name = options.name ?? options.config?.name ?? source.name;
    const folder = output.directory ?? defaultFolder(named, name);
    return withLeafRoom(folder, output, async (room) => {
      const { built } = await buildFrom(source, executor, options, room);
      const files = storedManifestFiles(built, {
        ...(output.keep !== undefined && { keep: output.keep }),
        ...(signal !== undefined && { signal }),
      });
      await writeFolder(folder, files, {
        ...(output.overwrite === true && { overwrite: true }),
        ...(signal !== undefined && { signal }),
        ...(onWarning !== undefined && { onNote: onWarning }),
      });
      return summaryOf(built, folder);
    });
  });
}
