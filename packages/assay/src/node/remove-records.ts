/**
 * A copy of the data without some records, and its folder with the list of them and the proof that nothing else left: what
 * `quarantine` and `erase` share. Nothing is written before the edge to the parent was verified.
 */

import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import {
  assaySet,
  type BuiltManifest,
  buildManifest,
  type Derivation,
  formatRemoved,
  type LineageSide,
  manifestFiles,
  type OpenedManifest,
  type Operation,
  parentOf,
  proveRemoval,
  REMOVED_FILE,
  type RemovedRecord,
  UPDATE_FILE,
  verifyDerivation,
} from "@assay/manifest";
import { makeFolders, writeFolder } from "@assay/manifest/node";
import { formatProof, SourceError, sha256, toHex, VerificationError } from "@assay/merkle";
import type { Artefact, Signer, Statement } from "@assay/provenance";
import { type ScannedSource, scanSource } from "@assay/records";
import { openSource, writeWithoutRecords } from "@assay/records/node";
import { instant } from "../main-job.js";
import { artefactsOf, manifestStatements, provenanceFiles } from "../statements.js";
import { UsageError } from "../usage-error.js";
import { rebuild } from "./compare-data-sets.js";
import { withExecutor, workOf } from "./executor.js";
import type { Work } from "./options.js";

export interface RemovalOptions extends Work {
  /** Folder for the child data; `<output>.assay` is written beside it. */
  readonly output: string;
  readonly overwrite?: boolean;
  readonly data?: string;
  readonly leafKey?: Uint8Array;
  readonly signer?: Signer | undefined;
  /** The clock. Default: the system's. */
  readonly now?: () => Date;
}

export interface RemovalSummary {
  /** Folder of the child data. */
  readonly data: string;
  readonly folder: string;
  readonly removed: number;
  readonly records: number;
  readonly dataset: string;
  readonly set: string;
  readonly datasetHead: string;
  readonly setHead: string;
  readonly parentSetHead: string;
}

/** What is removed, and what is said of it besides. */
export interface Removal {
  readonly operation: Extract<Operation, "quarantine" | "filter">;
  /** Finds the records in the parent, whose leaves were made again from its data. */
  readonly find: (parent: LineageSide) => Promise<readonly RemovedRecord[]> | readonly RemovedRecord[];
  /** Statements about the child besides its manifest and derivation. */
  readonly statementsOf?: (
    child: BuiltManifest,
    removed: readonly RemovedRecord[],
    artefacts: Artefact[],
    at: string,
  ) => Statement[];
}

/**
 * Writes the child of a data set: its data and its folder, both or neither.
 *
 * @throws VerificationError when the data is not the parent's; SourceError when data is missing or the output exists;
 *   UsageError for an output that would replace what is read.
 */
export async function removeRecords(
  directory: string,
  opened: OpenedManifest,
  removal: Removal,
  options: RemovalOptions,
): Promise<RemovalSummary> {
  const { overwrite = false, signer, now = () => new Date(), onWarning, signal } = options;
  const output = resolve(options.output);
  const folder = `${output}.assay`;
  refuseOutput(output, folder, directory, overwrite);

  return withExecutor(options, async (executor, spool) => {
    const work = { executor, ...workOf(options) };
    const parent = await rebuild(opened, directory, executor, {
      ...options,
      spool,
      ...(options.leafKey !== undefined && { reading: { leafKey: options.leafKey } }),
    });
    for (const { file } of parent.scanned.files)
      if (`${resolve(file.location)}${sep}`.startsWith(`${output}${sep}`))
        throw new UsageError(`-o ${output} holds the data that records are taken out of: choose another place`);
    const removed = await removal.find(parent);
    const removedBytes = formatRemoved(removed);
    const beside = join(dirname(output), `.${basename(output)}.without`);
    await rm(beside, { recursive: true, force: true });
    let isPlaced = false;
    try {
      await makeFolders(dirname(output)).catch((cause: Error) => {
        throw new SourceError("cannot-write", `Cannot write ${output}: ${cause.message}`, {
          cause,
          details: { path: output },
        });
      });
      await writeWithoutRecords(parent.scanned, ordinalsByFile(removed, parent), beside, {
        ...(signal !== undefined && { signal }),
      });
      const derivation: Derivation = {
        operation: removal.operation,
        parents: [parentOf(opened)],
        parameters: { removed: toHex(sha256(removedBytes)) },
      };
      const child = await buildChild(beside, basename(output), derivation);
      const proof = await proveRemoval(parent, removed);
      const update = proof === undefined ? undefined : formatProof(proof);
      await verifyDerivation(child, {
        parents: [parent],
        removed: removedBytes,
        ...(update !== undefined && { update }),
      });
      const derivationFiles = new Map([
        [REMOVED_FILE, removedBytes] as const,
        ...(update === undefined ? [] : [[UPDATE_FILE, update] as const]),
      ]);
      const createdAt = instant(now());
      const statements = [
        ...manifestStatements({ built: child, createdAt, derivation, derivationFiles }),
        ...(removal.statementsOf?.(child, removed, artefactsOf(derivationFiles), createdAt) ?? []),
      ];
      const files = await provenanceFiles(statements, signer);
      signal?.throwIfAborted();
      if (overwrite) await rm(output, { recursive: true, force: true });
      await rename(beside, output);
      isPlaced = true;
      await writeFolder(
        folder,
        [
          ...[...files].map(([path, content]) => ({ path, bytes: content })),
          ...manifestFiles(child, { removed: removedBytes, ...(update !== undefined && { update }) }),
        ],
        {
          ...(overwrite && { overwrite: true }),
          ...(signal !== undefined && { signal }),
          ...(onWarning !== undefined && { onNote: onWarning }),
        },
      );
      isPlaced = false;
      return {
        data: output,
        folder,
        removed: removed.length,
        records: child.header.set.records,
        dataset: child.header.dataset.root,
        set: child.header.set.root,
        datasetHead: child.datasetHead,
        setHead: child.setHead,
        parentSetHead: assaySet(parentOf(opened)),
      };
    } finally {
      await rm(beside, { recursive: true, force: true });
      // Data without its folder is half of an answer.
      if (isPlaced) await rm(output, { recursive: true, force: true });
    }

    async function buildChild(place: string, name: string, derivation: Derivation): Promise<BuiltManifest> {
      const { header } = opened;
      const source = await openSource(
        [place],
        header.reading.ignored === undefined ? {} : { ignore: header.reading.ignored },
      );
      const formats = new Map(opened.entries.map((entry) => [entry.path, entry.format]));
      const scanned = await scanSource(
        {
          ...source,
          ...(options.limits !== undefined && { limits: options.limits }),
          files: source.files.map((file) => ({
            ...file,
            format: (formats.get(file.path) ?? file.format) as typeof file.format,
          })),
        },
        { ...work, reading: header.reading, leafFormat: header.leaf.format },
      );
      return buildManifest(scanned, {
        ...work,
        name,
        derivation,
        ...(options.leafKey !== undefined && { leafKey: options.leafKey }),
      });
    }
  });
}

/** Nothing is replaced but an earlier answer of this command, and never the parent. */
function refuseOutput(output: string, folder: string, parent: string, overwrite: boolean): void {
  if (folder === parent || `${parent}${sep}`.startsWith(`${output}${sep}`))
    throw new UsageError(`-o ${output} is the place of the folder that is read: choose another`);
  for (const path of [output, folder])
    if (!overwrite && existsSync(path))
      throw new SourceError("exists", `${path} exists. Choose another place with -o, or say --overwrite`, {
        details: { path },
      });
  if (existsSync(output) && !existsSync(join(folder, "manifest.json")))
    throw new SourceError(
      "exists",
      `${output} exists and ${folder} is no folder of Assay, so it is never replaced. Choose another place with -o`,
      { details: { path: output } },
    );
}

function ordinalsByFile(
  removed: readonly RemovedRecord[],
  { scanned }: { readonly scanned: ScannedSource },
): Map<number, number[]> {
  const indices = new Map(scanned.files.map(({ file }, index) => [file.path, index]));
  const byFile = new Map<number, number[]>();
  for (const { file, ordinal } of removed) {
    const index = indices.get(file);
    if (index === undefined)
      throw new VerificationError("file-missing", `A removed record names ${file}, which is not in the data set`, {
        details: { path: file },
      });
    const list = byFile.get(index);
    if (list === undefined) byFile.set(index, [ordinal]);
    else list.push(ordinal);
  }
  return byFile;
}
