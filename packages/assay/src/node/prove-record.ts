/** `assay prove`: proofs that somebody else can check with nothing but the proof and the manifest that they trust. */

import { writeFile } from "node:fs/promises";
import {
  type LineageSide,
  leavesOfJsonRecord,
  openManifest,
  packLeaves,
  pageReader,
  proveLeaves,
  proveRecord as proveRecordOf,
  tileReader,
  withKeptSets,
} from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { formatProof, isAssayError, SourceError, toHex } from "@assay/merkle";
import { encodeBatch, readRecords } from "@assay/records";
import { UsageError } from "../usage-error.js";
import { rebuild } from "./compare-data-sets.js";
import { folderOf } from "./data.js";
import { withExecutor } from "./executor.js";
import { readNamedFile } from "./named-file.js";
import type { Work } from "./options.js";

export interface ProveOptions extends Work {
  /** Path of a file in the data set, with `record`. */
  readonly file?: string;
  /** Ordinal in that file, from 0. */
  readonly record?: number;
  /** Path of a JSON file with the record that is there. */
  readonly present?: string;
  /** Path of a JSON file with the record that is not there. */
  readonly absent?: string;
  /** Where the proof goes. Default: only returned. */
  readonly output?: string;
  readonly data?: string;
  readonly leafKey?: Uint8Array;
}

export interface ProveResult {
  readonly kind: "inclusion" | "presence" | "absence";
  /** The bytes of the proof file, as text. */
  readonly proof: string;
  readonly leaves: readonly string[];
  readonly count?: number;
  readonly output?: string;
  /** One sentence. Holds data: escape it. */
  readonly says: string;
}

/**
 * Makes a proof and checks it before it is handed out.
 *
 * @throws UsageError when it is not said what to prove, or when the claim is false: what is there cannot be proven absent.
 */
export async function proveRecord(target: string, options: ProveOptions): Promise<ProveResult> {
  const { file, record, present, absent, output } = options;
  const asked = [file !== undefined || record !== undefined, present !== undefined, absent !== undefined].filter(
    Boolean,
  );
  if (asked.length !== 1)
    throw new UsageError(
      "What should be proven? Give --file F --record N, or --present RECORD.json, or --absent RECORD.json",
    );
  if ((file === undefined) !== (record === undefined))
    throw new UsageError("--file and --record go together: which record of which file?");
  const result = await (file !== undefined && record !== undefined
    ? proveInclusionOf(target, file, record, options)
    : proveCountOf(target, present ?? (absent as string), absent === undefined, options));
  if (output !== undefined) await writeProof(output, result.proof);
  return { ...result, ...(output !== undefined && { output }) };
}

async function writeProof(path: string, proof: string): Promise<void> {
  try {
    await writeFile(path, proof);
  } catch (cause) {
    throw new SourceError("cannot-write", `-o ${path}: ${(cause as Error).message}`, { cause, details: { path } });
  }
}

const cancelOf = ({ signal }: Work): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

async function proveInclusionOf(
  target: string,
  file: string,
  record: number,
  options: ProveOptions,
): Promise<ProveResult> {
  const directory = folderOf(target);
  const folder = await openFolderReader(directory);
  const opened = await openManifest(folder, cancelOf(options));
  const entry = opened.entries.find(({ path }) => path === file);
  if (entry === undefined)
    throw new UsageError(
      `--file ${file}: there is no such file in the data set${opened.entries.length <= 10 ? `; there are ${opened.entries.map(({ path }) => path).join(", ")}` : ""}`,
    );
  if (record >= entry.records)
    throw new UsageError(`--record ${record}: ${file} has ${entry.records} records, numbered from 0`);
  const { leafKey } = options;
  const withData = <T>(use: (side: Awaited<ReturnType<typeof rebuild>>) => Promise<T>): Promise<T> =>
    withExecutor(options, async (executor, spool) =>
      use(
        await rebuild(opened, directory, executor, {
          ...options,
          spool,
          ...(leafKey !== undefined && { reading: { leafKey } }),
        }),
      ),
    );
  let proof: Awaited<ReturnType<typeof proveRecordOf>>;
  if (leafKey !== undefined && opened.header.leaf.keyId !== undefined) {
    // A keyed record is shown with its salt, so that it can be checked without the key: that needs its bytes.
    proof = await withData(async (side) => {
      for await (const found of readRecords(side.scanned, [{ file: opened.entries.indexOf(entry), ordinal: record }])) {
        const { arena, offsets } = encodeBatch(found.batch);
        const bytes = found.raw ?? arena.slice(offsets[found.index], offsets[found.index + 1]);
        return proveRecordOf(
          { ...opened, leavesOf: side.leavesOf as NonNullable<LineageSide["leavesOf"]> },
          file,
          record,
          { shown: { record: bytes, leafKey } },
        );
      }
      throw new SourceError("data-missing", `Record ${record} of ${file} cannot be read`, {
        details: { file, record },
      });
    });
  } else {
    const from = { ...opened, tilesOf: (root: string) => tileReader(folder, root) };
    try {
      proof = await proveRecordOf(from, file, record);
    } catch (error) {
      if (!isAssayError(error) || error.code !== "not-kept") throw error;
      proof = await withData((side) =>
        proveRecordOf({ ...opened, leavesOf: side.leavesOf as NonNullable<LineageSide["leavesOf"]> }, file, record),
      );
    }
  }
  return {
    kind: "inclusion",
    proof: new TextDecoder().decode(formatProof(proof)),
    leaves: [proof.record.leaf],
    says: `${proof.record.leaf} is record ${record} of ${file}`,
  };
}

async function proveCountOf(
  target: string,
  path: string,
  present: boolean,
  options: ProveOptions,
): Promise<ProveResult> {
  const option = present ? "--present" : "--absent";
  const json = await readNamedFile(option, path);
  const directory = folderOf(target);
  const folder = await openFolderReader(directory);
  const opened = await openManifest(folder, cancelOf(options));
  const readings = leavesOfJsonRecord(opened.header, json, options.leafKey);
  const leaves = packLeaves(readings);
  let proven: Awaited<ReturnType<typeof proveLeaves>>;
  try {
    proven = await proveLeaves({ ...opened, readPage: pageReader(folder) }, leaves);
  } catch (error) {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
    const kept = await withKeptSets(opened, cancelOf(options));
    proven =
      kept.set !== undefined
        ? await proveLeaves(kept, leaves)
        : await withExecutor(options, async (executor, spool) =>
            proveLeaves(
              await rebuild(opened, directory, executor, {
                ...options,
                spool,
                ...(options.leafKey !== undefined && { reading: { leafKey: options.leafKey } }),
              }),
              leaves,
            ),
          );
  }
  const { proof, count } = proven;
  if (present && count === 0)
    throw new UsageError("The record is not in the data set, so its presence cannot be proven", { count });
  if (!present && count > 0)
    throw new UsageError(
      `The record is in the data set ${count === 1 ? "once" : `${count} times`}, so its absence cannot be proven`,
      { count },
    );
  return {
    kind: present ? "presence" : "absence",
    proof: new TextDecoder().decode(formatProof(proof)),
    leaves: readings.map(({ leaf }) => toHex(leaf)),
    count,
    says: present ? `the record occurs ${count === 1 ? "once" : `${count} times`}` : "the record does not occur",
  };
}
