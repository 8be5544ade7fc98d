/** `assay prove`: proofs that somebody else can check with nothing but the proof and the manifest that they trust. */

import {
  type FileEntry,
  type FolderReader,
  type LineageSide,
  type OpenedManifest,
  openManifest,
  type ProvableRecords,
  packLeaves,
  pageReader,
  proveLeaves,
  proveRecord as proveRecordOf,
  proveRecords as proveRecordsOf,
  type RecordProof,
  type RecordsProof,
  tileReader,
  verifyLeavesOfEach,
  withKeptSets,
} from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { formatProof, isAssayError, type LeafRange, SourceError, toHex } from "@assay/merkle";
import { type Batch, encodeBatch, readRecords, type ScannedSource } from "@assay/records";
import { UsageError } from "../usage-error.js";
import { rebuild } from "./compare-data-sets.js";
import { folderOf } from "./data.js";
import { withExecutor } from "./executor.js";
import { readJsonRecords } from "./json-records.js";
import { writeProof } from "./named-file.js";
import type { Work } from "./options.js";

export interface ProveOptions extends Work {
  /** Path of a file in the data set, with `record`. */
  readonly file?: string;
  /** Ordinal in that file, from 0. */
  readonly record?: number;
  /** Many records at once, instead of `file` and `record`; each file once. */
  readonly places?: readonly FilePlaces[];
  /** Path of a JSON file with the record that is there; `.jsonl` holds many, all of which are there. */
  readonly present?: string;
  /** Path of a JSON file with the record that is not there; `.jsonl` holds many, none of which is there. */
  readonly absent?: string;
  /** Where the proof goes. Default: only returned. */
  readonly output?: string;
  readonly data?: string;
  readonly leafKey?: Uint8Array;
}

/** Records of one file. */
export interface FilePlaces {
  /** Path in the data set. */
  readonly file: string;
  /** Ordinals from 0, ends exclusive; at least one range, ascending, none touching the next. */
  readonly ranges: readonly LeafRange[];
}

export interface ProveResult {
  readonly kind: "inclusion" | "presence" | "absence";
  /** The bytes of the proof file, as text. */
  readonly proof: string;
  readonly leaves: readonly string[];
  /** Presence and absence of one record: how often it occurs. */
  readonly count?: number;
  /** Presence and absence of many: how often each occurs, in the order of the file. */
  readonly counts?: readonly number[];
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
  const { file, record, places, present, absent, output } = options;
  const asked = [
    file !== undefined || record !== undefined,
    places !== undefined,
    present !== undefined,
    absent !== undefined,
  ].filter(Boolean);
  if (asked.length !== 1)
    throw new UsageError(
      "What should be proven? Give --file F --record N, or --present RECORD.json, or --absent RECORD.json",
    );
  if ((file === undefined) !== (record === undefined))
    throw new UsageError("--file and --record go together: which record of which file?");
  const one =
    file === undefined || record === undefined ? undefined : [{ file, ranges: [[record, record + 1]] as const }];
  const chosen = places ?? one;
  if (chosen?.length === 0) throw new UsageError("Which records? Give at least one place");
  const result = await (chosen !== undefined
    ? provePlacesOf(target, chosen, options)
    : proveCountOf(target, present ?? (absent as string), absent === undefined, options));
  if (output !== undefined) await writeProof(output, result.proof);
  return { ...result, ...(output !== undefined && { output }) };
}

const cancelOf = ({ signal }: Work): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

/** A folder and the files of it that a proof is about, with one number each for what it asks. */
async function openFor(
  target: string,
  places: readonly FilePlaces[],
  options: ProveOptions,
): Promise<{ opened: OpenedManifest; directory: string; folder: FolderReader }> {
  const directory = folderOf(target);
  const folder = await openFolderReader(directory);
  const opened = await openManifest(folder, cancelOf(options));
  for (const { file, ranges } of places) {
    const entry = opened.entries.find(({ path }) => path === file);
    if (entry === undefined)
      throw new UsageError(
        `--file ${file}: there is no such file in the data set${opened.entries.length <= 10 ? `; there are ${opened.entries.map(({ path }) => path).join(", ")}` : ""}`,
      );
    const last = (ranges.at(-1) as LeafRange)[1] - 1;
    if (last >= entry.records)
      throw new UsageError(`--record ${last}: ${file} has ${entry.records} records, numbered from 0`);
  }
  return { opened, directory, folder };
}

/** Uses the leaves of a folder's data, made again. */
function withDataOf<T>(
  opened: OpenedManifest,
  directory: string,
  options: ProveOptions,
  use: (side: Awaited<ReturnType<typeof rebuild>>) => Promise<T>,
): Promise<T> {
  const { leafKey } = options;
  return withExecutor(options, async (executor, spool) =>
    use(
      await rebuild(opened, directory, executor, {
        ...options,
        spool,
        ...(leafKey !== undefined && { reading: { leafKey } }),
      }),
    ),
  );
}

async function provePlacesOf(
  target: string,
  places: readonly FilePlaces[],
  options: ProveOptions,
): Promise<ProveResult> {
  const { opened, directory, folder } = await openFor(target, places, options);
  const { leafKey } = options;
  const { file, ranges } = places[0] as FilePlaces;
  const [ordinal, end] = ranges[0] as LeafRange;
  const isOne = places.length === 1 && ranges.length === 1 && end === ordinal + 1;
  const byFile = new Map(places.map((place) => [place.file, place.ranges]));
  type Shown = { readonly leafKey: Uint8Array; readonly recordOf: (path: string, ordinal: number) => Uint8Array };
  const prove = (from: ProvableRecords, shown?: Shown): Promise<RecordProof | RecordsProof> => {
    if (!isOne) return proveRecordsOf(from, byFile, shown === undefined ? {} : { shown });
    return shown === undefined
      ? proveRecordOf(from, file, ordinal)
      : proveRecordOf(from, file, ordinal, {
          shown: { record: shown.recordOf(file, ordinal), leafKey: shown.leafKey },
        });
  };
  const fromData = (side: LineageSide): ProvableRecords => ({
    ...opened,
    leavesOf: side.leavesOf as NonNullable<LineageSide["leavesOf"]>,
  });
  let proof: RecordProof | RecordsProof;
  if (leafKey !== undefined && opened.header.leaf.keyId !== undefined) {
    // Keyed records are shown with their salts, so that they can be checked without the key: that needs their bytes.
    proof = await withDataOf(opened, directory, options, async (side) => {
      const bytes = await recordBytesOf(side.scanned, opened.entries, places);
      return prove(fromData(side), {
        leafKey,
        recordOf: (path, number) => bytes.get(`${number} ${path}`) as Uint8Array,
      });
    });
  } else {
    try {
      proof = await prove({ ...opened, tilesOf: (root: string) => tileReader(folder, root) });
    } catch (error) {
      if (!isAssayError(error) || error.code !== "not-kept") throw error;
      proof = await withDataOf(opened, directory, options, (side) => prove(fromData(side)));
    }
  }
  const leaves = "record" in proof ? [proof.record.leaf] : proof.files.flatMap(({ records }) => records.leaves);
  return {
    kind: "inclusion",
    proof: new TextDecoder().decode(formatProof(proof)),
    leaves,
    says: isOne
      ? `${leaves[0]} is record ${ordinal} of ${file}`
      : `${leaves.length} records of ${places.length === 1 ? file : `${places.length} files`} are where they are said to be`,
  };
}

/** The bytes of records by ordinal and path. */
async function recordBytesOf(
  scanned: ScannedSource,
  entries: readonly FileEntry[],
  places: readonly FilePlaces[],
): Promise<Map<string, Uint8Array>> {
  const wanted = places.flatMap(({ file, ranges }) => {
    const index = entries.findIndex(({ path }) => path === file);
    return ranges.flatMap(([begin, end]) =>
      Array.from({ length: end - begin }, (_, i) => ({ file: index, ordinal: begin + i })),
    );
  });
  const bytes = new Map<string, Uint8Array>();
  let encoded: ({ readonly batch: Batch } & ReturnType<typeof encodeBatch>) | undefined;
  for await (const found of readRecords(scanned, wanted)) {
    if (encoded?.batch !== found.batch) encoded = { batch: found.batch, ...encodeBatch(found.batch) };
    const { arena, offsets } = encoded;
    const record = found.raw ?? arena.slice(offsets[found.index], offsets[found.index + 1]);
    bytes.set(`${found.ordinal} ${entries[found.file]?.path}`, record);
  }
  const missing = wanted.find(({ file, ordinal }) => !bytes.has(`${ordinal} ${entries[file]?.path}`));
  if (missing !== undefined) {
    const path = entries[missing.file]?.path;
    throw new SourceError("data-missing", `Record ${missing.ordinal} of ${path} cannot be read`, {
      details: { file: path, record: missing.ordinal },
    });
  }
  return bytes;
}

async function proveCountOf(
  target: string,
  path: string,
  present: boolean,
  options: ProveOptions,
): Promise<ProveResult> {
  const directory = folderOf(target);
  const folder = await openFolderReader(directory);
  const opened = await openManifest(folder, cancelOf(options));
  const records = await readJsonRecords(present ? "--present" : "--absent", path, opened.header, options.leafKey);
  const leaves = packLeaves(records.flat());
  let proven: Awaited<ReturnType<typeof proveLeaves>>;
  try {
    proven = await proveLeaves({ ...opened, readPage: pageReader(folder) }, leaves);
  } catch (error) {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
    const kept = await withKeptSets(opened, cancelOf(options));
    proven =
      kept.set !== undefined
        ? await proveLeaves(kept, leaves)
        : await withDataOf(opened, directory, options, (side) => proveLeaves(side, leaves));
  }
  const counts = verifyLeavesOfEach(proven.proof, opened.header, records);
  refuseFalseClaim(counts, present);
  const [count, others] = [counts[0] as number, counts.length - 1];
  const times = count === 1 ? "once" : `${count} times`;
  const one = present ? `the record occurs ${times}` : "the record does not occur";
  const many = present ? `all ${counts.length} records occur` : `none of the ${counts.length} records occurs`;
  return {
    kind: present ? "presence" : "absence",
    proof: new TextDecoder().decode(formatProof(proven.proof)),
    leaves: records.flat().map(({ leaf }) => toHex(leaf)),
    ...(others === 0 ? { count } : { counts }),
    says: others === 0 ? one : many,
  };
}

/** What is there cannot be proven absent, and what is not there cannot be proven present. */
function refuseFalseClaim(counts: readonly number[], present: boolean): void {
  const at = counts.findIndex((count) => count > 0 !== present);
  if (at < 0) return;
  const count = counts[at] as number;
  const which = counts.length === 1 ? "The record" : `Record ${at + 1} of the ${counts.length}`;
  throw new UsageError(
    present
      ? `${which} is not in the data set, so its presence cannot be proven`
      : `${which} is in the data set ${count === 1 ? "once" : `${count} times`}, so its absence cannot be proven`,
    { count, ...(counts.length > 1 && { record: at + 1 }) },
  );
}
