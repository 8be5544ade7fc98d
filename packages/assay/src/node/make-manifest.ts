/** `assay manifest`: only what is in the data. */

import { join } from "node:path";
import {
  buildStoredManifest,
  type FolderFile,
  type Keep,
  keepsSet,
  type SealedManifest,
  type StoredManifest,
  storedManifestFiles,
  takenOverFiles,
} from "@assay/manifest";
import { writeFolder } from "@assay/manifest/node";
import { isAssayError } from "@assay/merkle";
import {
  type Executor,
  inlineExecutor,
  type ScannedSource,
  type Source,
  type SourceUnf,
  scanSource,
  unfOf,
} from "@assay/records";
import type { AssayConfig } from "../config.js";
import { refuseUnknownSplit } from "../split-column.js";
import { UsageError } from "../usage-error.js";
import { defaultFolder, inputsOf, openInputs, warnOfScan } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import { type LeafRoom, withLeafRoom } from "./leaf-room.js";
import type { Output, ReadingChoice, Work } from "./options.js";
import { formatSeen, SEEN_FILE } from "./seen.js";
import type { PinSummary } from "./url-list-pins.js";

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
  /** With `unf`: the fingerprint of all files together, where there is one, and of each. Part of no manifest. */
  readonly unf?: SourceUnf;
  /** Of a list of URLs: what was found behind them. */
  readonly urls?: PinSummary;
  /** With `since`: files that were not read again. Their records are claimed until `assay verify` reads them. */
  readonly claimed?: readonly string[];
}

export interface MakeManifestOptions extends Work {
  readonly reading?: ReadingChoice;
  readonly output?: Output;
  readonly config?: AssayConfig;
  readonly configPath?: string;
  readonly name?: string;
  readonly version?: string;
  /** Compute UNF v6 too, for citations: another read of the data. Default false. */
  readonly unf?: boolean;
  /** Folder of an earlier run: files with the size and modification time that it saw are not read again. Default none. */
  readonly since?: string;
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

/** Data up to this size is sealed about as soon as a thread has started. */
const SMALL_BYTES = 2 ** 22;
/** One table up to this size is read by one thread. */
const SMALL_TABLE_BYTES = 2 ** 25;

/** Whether threads would cost more than they help, where nobody asks for them. */
function isSmall({ files }: Source): boolean {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const isTable = files.length === 1 && /\.(csv|tsv)$/i.test(files[0]?.path ?? "");
  return bytes <= (isTable ? SMALL_TABLE_BYTES : SMALL_BYTES);
}

/** Leaves of the scan that are held until they are wanted: those of five million records. */
const EARLY_LEAF_BYTES = 5 * 2 ** 25;

/** A manifest and what it was built from. */
export interface BuiltFrom {
  readonly scanned: ScannedSource;
  readonly built: StoredManifest;
  /** With `since`, where something could be taken over: the earlier folder, and the files that were not read at all. */
  readonly since?: { readonly directory: string; readonly claimed: readonly string[] };
}

/** Scans a source and builds its manifest; with `readsOnce`, so that nothing but leaves is read of it. */
export async function buildFrom(
  source: Source,
  executor: Executor,
  options: Omit<MakeManifestOptions, "output"> & {
    readonly keep?: Keep;
    readonly pages?: boolean;
    readonly readsOnce?: boolean;
  },
  room: LeafRoom = {},
): Promise<BuiltFrom> {
  const { reading = {}, config, since } = options;
  const work = { executor, ...workOf(options) };
  // Who makes a first manifest does not wait for what judges an earlier one.
  const taken =
    since === undefined
      ? undefined
      : await (await import("./since.js")).scanSince(source, since, reading, executor, options);
  // Leaves of the scan have no key, and are not told apart by a value.
  const isPlain = reading.leafKey === undefined && !(reading.splits !== undefined && "column" in reading.splits);
  const scanned =
    taken?.scanned ??
    (await scanSource(source, {
      ...work,
      ...(reading.leafFormat !== undefined && { leafFormat: reading.leafFormat }),
      leafBytes: isPlain ? Math.min(EARLY_LEAF_BYTES, room.maxLeafBytes ?? EARLY_LEAF_BYTES) : 0,
      readsOnce: isPlain && options.readsOnce === true,
    }));
  refuseUnknownSplit(scanned, reading.splits);
  warnOfScan(scanned, options);
  const name = options.name ?? config?.name;
  const version = options.version ?? config?.version;
  const sealing = {
    ...work,
    ...room,
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(reading.leafKey !== undefined && { leafKey: reading.leafKey }),
    ...(reading.splits !== undefined && { splits: reading.splits }),
    ...(options.pages !== undefined && { pages: options.pages }),
  };
  if (taken === undefined) return { scanned, built: await buildStoredManifest(scanned, sealing) };
  try {
    const built = await buildStoredManifest(scanned, { ...sealing, earlier: taken.run });
    return { scanned, built, since: { directory: taken.directory, claimed: taken.claimed } };
  } catch (error) {
    // Only when it is read does it show that a value does not fit the earlier types: then all types are inferred anew.
    const isUnfit = isAssayError(error) && error.name === "FormatError";
    if (!isUnfit && !(isAssayError(error) && error.code === "not-kept")) throw error;
    const why = isUnfit ? "what is new does not fit the earlier types" : `${since} does not keep what is needed`;
    options.onWarning?.(`everything is read again, because ${why}: ${error.message}`);
    const { since: _, ...anew } = options;
    return buildFrom(source, executor, anew, room);
  }
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
  if (options.unf === true && options.since !== undefined)
    throw new UsageError("--unf reads every value, and --since reads nothing of what did not change: use one of them");
  const { output = {}, reading = {}, signal, onWarning } = options;
  if (reading.urls === true && options.since !== undefined)
    throw new UsageError("--urls fetches every URL, and --since reads nothing of what did not change: use one of them");
  const named = inputsOf(inputs, options.config, options.configPath, reading);
  return withExecutor({ ...options, isInline: options.workers === 1 }, async (threads, spool) => {
    const source = await openInputs(named, reading, { ...options, spool });
    const executor = options.workers === undefined && isSmall(source) ? inlineExecutor() : threads;
    const name = options.name ?? options.config?.name ?? source.name;
    const folder = output.directory ?? (await defaultFolder(named, name));
    return withLeafRoom(folder, output, async (room) => {
      const keep = output.keep === undefined ? {} : { keep: output.keep };
      const pages = output.keep === undefined || keepsSet(output.keep);
      // Fingerprints and pins look at the records once more.
      const readsOnce = options.unf !== true && reading.urls !== true;
      const asked = { ...options, ...keep, pages, readsOnce };
      const { scanned, built, since } = await buildFrom(source, executor, asked, room);
      const claimed = since?.claimed ?? [];
      const unf = options.unf === true ? await unfOf(scanned, { executor, ...workOf(options) }) : undefined;
      const pins = reading.urls === true ? await pinsFor(folder, scanned, executor, options) : undefined;
      const files = withSeen(
        storedManifestFiles(built, {
          ...keep,
          ...(signal !== undefined && { signal }),
        }),
        source,
        claimed,
        pins?.bytes,
      );
      await writeFolder(folder, files, {
        ...(since && { takenOver: { directory: since.directory, files: takenOverFiles(built, keep) } }),
        ...(output.overwrite === true && { overwrite: true }),
        ...(signal !== undefined && { signal }),
        ...(onWarning !== undefined && { onNote: onWarning }),
      });
      return {
        ...summaryOf(built, folder),
        ...(options.since !== undefined && { claimed }),
        ...(unf !== undefined && { unf }),
        ...(pins !== undefined && { urls: pins.summary }),
      };
    });
  });
}

/** Pins of a list of URLs. Who has none loads nothing that fetches. */
async function pinsFor(
  folder: string,
  scanned: ScannedSource,
  executor: Executor,
  options: MakeManifestOptions,
): Promise<{ bytes: Uint8Array; summary: PinSummary }> {
  const { pinList, refuseOtherPins } = await import("./url-list-pins.js");
  const pins = await pinList(scanned, options.reading?.urlColumn, executor, options);
  await refuseOtherPins(folder, pins.bytes, options.output ?? {});
  return pins;
}

/** The files of a folder, what was seen of the data, and pins of URLs. */
export async function* withSeen(
  files: AsyncIterable<FolderFile>,
  source: Source,
  claimed: readonly string[] = [],
  pins?: Uint8Array,
): AsyncGenerator<FolderFile> {
  if (pins !== undefined) yield { path: "urls.jsonl", bytes: pins };
  yield { path: SEEN_FILE, bytes: formatSeen(source.files, new Set(claimed)) };
  yield* files;
}
